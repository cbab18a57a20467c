//! Nothing lost, nothing twice: imports that are killed, cut off and lied to, and then run again.
//!
//! `ROLLCALL_TRIALS` says how many trials are made, `ROLLCALL_SEED` with which the first is. No result depends on how busy the
//! machine is: an answer may take minutes, and what has to happen in an order is held back until it is its turn.

mod ablations;
mod answers;
mod platform;
mod points;
mod sharing;
#[cfg(unix)]
mod watched;

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, Command},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use self::platform::{Fault, Manner, TestPlatform, at_random};
use crate::{
    random::{Random, setting, size},
    sealed::{Ended, Sealed, ended},
};

/// Contacts of a list; a few rows more are duplicates, wrong, or of people the platform holds.
const CONTACTS: u64 = 60;

/// How long a program may take that nothing keeps: no machine is so busy that it takes longer.
const PATIENCE: Duration = Duration::from_mins(2);

/// Window, first and longest wait, how long an answer may take, and how long what was not answered may still be carried out,
/// in milliseconds. The last one is short, since a scene lets nothing be on its way any more when the next run begins.
const PACE: &str = "1,1,2,120000,1";

fn number(index: u64) -> String {
    format!("91987654{index:04}")
}

/// The last name of the contact with a number.
fn last_name(number: &str) -> String {
    format!("Rao {}", &number[number.len() - 4..])
}

/// The list: new contacts, then two rows of numbers that come before, one that is wrong, and three that are held.
fn list() -> String {
    let mut list = "First Name,Last Name,Salutation,Mobile\n".to_owned();
    for index in 0..CONTACTS {
        let number = number(index);
        writeln!(list, "Asha,{},Mrs,+{number}", last_name(&number)).unwrap();
    }
    for index in [3, 7] {
        writeln!(list, "Other,Name,Mr,+{}", number(index)).unwrap();
    }
    writeln!(list, "Wrong,Number,Mr,12").unwrap();
    for index in 9000..9003 {
        let number = number(index);
        writeln!(list, "Asha,{},Mrs,+{number}", last_name(&number)).unwrap();
    }
    list
}

/// A list, a platform that holds three of its people, and a place for the journal.
struct Scene {
    sealed: Sealed,
    platform: TestPlatform,
    /// A safeguard that is taken out.
    without: Option<&'static str>,
}

impl Scene {
    fn new(manner: Manner, plan: impl FnMut(bool, u64) -> Fault + Send + 'static) -> Self {
        let sealed = Sealed::new();
        sealed.write("list.csv", list());
        let platform = TestPlatform::serve(manner, plan);
        let held = (9000..9003).map(|index| (number(index), format!("id-{index}")));
        platform.world().held.extend(held);
        Self { sealed, platform, without: None }
    }

    fn command(&self) -> Command {
        self.command_with(&[])
    }

    /// The import with these options in place of the usual ones.
    fn command_with(&self, options: &[&str]) -> Command {
        let mut args = vec!["import", "list.csv"];
        for [name, value] in
            [["--batch-size", "7"], ["--rate", "1000000"], ["--out", "out"], ["--max-attempts", "100"]]
        {
            if !options.contains(&name) {
                args.extend([name, value]);
            }
        }
        args.extend(options);
        let mut command = self.sealed.command(&args);
        self.platform.point(&mut command);
        command.env("ROLLCALL_PACE", PACE);
        command.envs(self.without.map(|without| ("ROLLCALL_WITHOUT", without)));
        command
    }

    /// What is in the files of the journal.
    fn state_files(&self) -> Vec<String> {
        let folder = self.sealed.home().join(".local/state/rollcall");
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        files.map(|path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()).collect()
    }

    /// Runs a command to its end, and until nothing of it is on its way any more.
    fn run(&self, command: Command) -> Ended {
        let ended = ended(command);
        self.platform.drain();
        ended
    }

    /// Starts an import and kills it after this time, unless it has ended before.
    fn killed_after(&self, wait: Duration) -> Option<Ended> {
        let started = Started::new(self.command());
        let ended = started.end_after(wait, "KILL");
        self.platform.drain();
        if ended.code >= 0 {
            return Some(ended);
        }
        // Killed when everything was done: what it left is what counts.
        self.is_reported().then_some(Ended { code: 1, ..ended })
    }

    /// Whether a run was finished and its files are in place.
    fn is_reported(&self) -> bool {
        self.sealed.path("out/report.json").exists() && self.sealed.report("out")["complete"] == true
    }

    /// Runs it to its end, and again as long as it says that it can be resumed.
    fn finish(&self, what: &str) -> Ended {
        for _ in 0..40 {
            let ended = self.run(self.command());
            match ended.code {
                4 | 5 => {}
                _ => return ended,
            }
        }
        panic!("{what}: it never ends")
    }

    /// Every row has the outcome it must have, the platform holds every number once, and no post was needless.
    fn check(&self, ended: &Ended, what: &str) {
        assert_eq!(ended.code, 1, "{what}: one row is wrong\n{}", ended.stderr);
        let report = self.sealed.report("out");
        assert_eq!(report["complete"], true, "{what}");
        let outcomes = self.sealed.outcomes("out");
        assert_eq!(outcomes.len() as u64, CONTACTS + 2 + 1 + 3, "{what}");
        for (index, row) in (0..).zip(&outcomes) {
            let is_right = match index {
                0..CONTACTS => matches!(row.outcome.as_str(), "created" | "confirmed"),
                60 | 61 => row.outcome == "duplicate",
                62 => row.outcome == "rejected",
                _ => row.outcome == "existing",
            };
            assert!(is_right, "{what}: row {} is {} ({})", row.row, row.outcome, row.detail);
        }
        let world = self.platform.world();
        let held: BTreeSet<&String> = world.held.keys().collect();
        let expected: BTreeSet<String> = (0..CONTACTS).chain(9000..9003).map(number).collect();
        assert_eq!(held, expected.iter().collect(), "{what}");
        assert_eq!(world.needless, [""; 0], "{what}: posted although a reading showed them");
        assert_eq!(self.platform.most_posts_at_once(), 1, "{what}");
    }
}

/// A process whose words are read as they come, so that a test can wait for them, or for its end.
struct Started {
    child: Child,
    /// The lines of standard error; it ends with the process.
    lines: mpsc::Receiver<String>,
    stderr: String,
}

impl Started {
    fn new(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let (sender, lines) = mpsc::channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines, stderr: String::new() }
    }

    /// Waits until a line holds these words.
    fn wait_until_it_says(&mut self, words: &str) {
        while !self.stderr.contains(words) {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => self.add(&line),
                Err(_) => self.fail(words),
            }
        }
    }

    fn add(&mut self, line: &str) {
        self.stderr.push_str(line);
        self.stderr.push('\n');
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        // It may be gone, and stays known by its id until it is waited for.
        assert!(Command::new("kill").args(["-s", name, &id]).output().unwrap().status.success());
    }

    /// Lets it run for this time, then sends it a signal, unless it has ended before.
    fn end_after(mut self, wait: Duration, signal: &str) -> Ended {
        let end = Instant::now() + wait;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            match self.lines.recv_timeout(left) {
                Ok(line) => self.add(&line),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self.end(),
            }
        }
        self.signal(signal);
        self.end()
    }

    /// Waits for its end, which nothing may keep.
    fn end(mut self) -> Ended {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => self.add(&line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => self.fail("to end"),
            }
        }
        let mut stdout = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        Ended { code, stdout, stderr: self.stderr }
    }

    fn fail(&mut self, what: &str) -> ! {
        _ = self.child.kill();
        _ = self.child.wait();
        panic!("nothing comes any more of what was waited for: {what}\n{}", self.stderr)
    }
}

/// How long an import takes that nobody disturbs.
fn usual() -> Duration {
    let scene = Scene::new(Manner::PerContact, |_, _| Fault::None);
    let started = Instant::now();
    scene.check(&scene.run(scene.command()), "undisturbed");
    started.elapsed()
}

/// Trials from a seed each; a failure names the seed that repeats it.
#[expect(clippy::print_stdout, reason = "shown on demand")]
fn trials(name: &str, count: u64, mut trial: impl FnMut(&str, u64)) {
    let first = setting("ROLLCALL_SEED", 1);
    let started = Instant::now();
    for seed in first..first + count {
        trial(&format!("{name}, ROLLCALL_SEED={seed}"), seed);
    }
    let seconds = started.elapsed().as_secs_f64();
    // Seen with --nocapture: the long run's table is made of these.
    println!("{name}: {count} trials from seed {first}, 0 lost, 0 doubled, 0 wrong, {seconds:.0} s");
}

fn killed_and_run_again(name: &str, count: u64, kills: usize, faults: Option<(Manner, usize)>) {
    let usual = usual();
    trials(name, count, |what, seed| {
        let mut random = Random(seed);
        let scene = match faults {
            None => Scene::new(Manner::PerContact, |_, _| Fault::None),
            Some((manner, every)) => Scene::new(manner, at_random(seed, every)),
        };
        let mut finished = None;
        for _ in 0..kills {
            let wait = usual * u32::try_from(random.below(1000)).unwrap() / 1000;
            finished = scene.killed_after(wait);
            if finished.is_some() {
                break;
            }
        }
        let finished = finished.filter(|ended| ended.code == 1).unwrap_or_else(|| scene.finish(what));
        scene.check(&finished, what);
    });
}

#[test]
fn an_import_that_is_killed_is_finished_by_running_it_again() {
    killed_and_run_again("killed", size(16, 200, 1000), 1, None);
}

#[test]
fn an_import_that_is_killed_again_and_again_is_finished() {
    killed_and_run_again("killed while recovering", size(16, 100, 500), 4, None);
}

#[test]
fn killed_under_faults_of_a_platform_that_takes_all_or_nothing() {
    killed_and_run_again(
        "killed under faults, all or nothing",
        size(16, 100, 1000),
        1,
        Some((Manner::AllOrNothing, 4)),
    );
}

#[test]
fn killed_under_faults_of_a_platform_that_judges_each_contact() {
    killed_and_run_again(
        "killed under faults, per contact",
        size(16, 100, 1000),
        1,
        Some((Manner::PerContact, 4)),
    );
}
