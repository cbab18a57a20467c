//! Imports that are interrupted by kills and platform faults, then run again. They lose no row and create no duplicate.
//!
//! `ROLLCALL_TRIALS` sets the number of trials, `ROLLCALL_SEED` the first seed. No result depends on the load of the
//! machine: an answer may take minutes, and the test platform holds back events that need an order until their turn.

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

use self::platform::{BatchMode, Fault, TestPlatform, at_random};
use crate::{
    random::{Random, setting, size},
    sealed::{Ended, Sealed, ended},
};

/// The number of new contacts in a list. A few more rows are duplicates, invalid or existing contacts.
const CONTACTS: u64 = 60;

/// The time limit for each step of a program. No machine is so busy that a step takes longer.
const TIMEOUT: Duration = Duration::from_mins(2);

/// Rate-limit window, first wait, longest wait, request timeout, and the time in which the platform may still carry out
/// an unanswered request, in milliseconds. The last is short because a scene drains all requests before the next run.
const PACE: &str = "1,1,2,120000,1";

fn number(index: u64) -> String {
    format!("91987654{index:04}")
}

/// Returns the last name of the contact with this number.
fn last_name(number: &str) -> String {
    format!("Rao {}", &number[number.len() - 4..])
}

/// Returns a list: new contacts, then two duplicates, one invalid row and three existing contacts.
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

/// A list, a platform on which three of its contacts exist, and an environment with a journal.
struct Scene {
    sealed: Sealed,
    platform: TestPlatform,
    /// The safeguard that is disabled.
    without: Option<&'static str>,
}

impl Scene {
    fn new(mode: BatchMode, plan: impl FnMut(bool, u64) -> Fault + Send + 'static) -> Self {
        let sealed = Sealed::new();
        sealed.write("list.csv", list());
        let platform = TestPlatform::serve(mode, plan);
        let existing = (9000..9003).map(|index| (number(index), format!("id-{index}")));
        platform.world().contacts.extend(existing);
        Self { sealed, platform, without: None }
    }

    fn command(&self) -> Command {
        self.command_with(&[])
    }

    /// Returns the import command. `options` replace the default ones.
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

    /// Returns the contents of the journal's files.
    fn state_files(&self) -> Vec<String> {
        let folder = self.sealed.home().join(".local/state/rollcall");
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        files.map(|path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()).collect()
    }

    /// Runs a command to its end, then waits until the platform has received all its requests.
    fn run(&self, command: Command) -> Ended {
        let output = ended(command);
        self.platform.drain();
        output
    }

    /// Starts an import and kills it after this time. Returns its result if it finished before.
    fn killed_after(&self, wait: Duration) -> Option<Ended> {
        let started = Started::new(self.command());
        let output = started.end_after(wait, "KILL");
        self.platform.drain();
        if output.code >= 0 {
            return Some(output);
        }
        // It was killed after the report was complete, so the import counts as finished.
        self.is_reported().then_some(Ended { code: 1, ..output })
    }

    /// Returns whether a run has written a complete report.
    fn is_reported(&self) -> bool {
        self.sealed.path("out/report.json").exists() && self.sealed.report("out")["complete"] == true
    }

    /// Runs the import again until it does not stop with a resumable exit code.
    fn finish(&self, what: &str) -> Ended {
        for _ in 0..40 {
            let output = self.run(self.command());
            match output.code {
                4 | 5 => {}
                _ => return output,
            }
        }
        panic!("{what}: the import never finishes")
    }

    /// Asserts that every row has the expected outcome, that the platform stores every number once, and that no post
    /// was needless.
    fn check(&self, output: &Ended, what: &str) {
        assert_eq!(output.code, 1, "{what}: one row is invalid\n{}", output.stderr);
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
        let stored: BTreeSet<&String> = world.contacts.keys().collect();
        let expected: BTreeSet<String> = (0..CONTACTS).chain(9000..9003).map(number).collect();
        assert_eq!(stored, expected.iter().collect(), "{what}");
        assert_eq!(world.needless, [""; 0], "{what}: rollcall posted numbers that a read would have shown");
        assert_eq!(self.platform.most_posts_at_once(), 1, "{what}");
    }
}

/// A process whose output is read line by line, so that a test can wait for a text or for its end.
struct Started {
    child: Child,
    /// The lines of standard error. The channel closes when the process ends.
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

    /// Waits until standard error contains this text.
    fn wait_for_text(&mut self, text: &str) {
        while !self.stderr.contains(text) {
            match self.lines.recv_timeout(TIMEOUT) {
                Ok(line) => self.add(&line),
                Err(_) => self.fail(text),
            }
        }
    }

    fn add(&mut self, line: &str) {
        self.stderr.push_str(line);
        self.stderr.push('\n');
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        // An ended process keeps its id until the test waits for it.
        assert!(Command::new("kill").args(["-s", name, &id]).output().unwrap().status.success());
    }

    /// Lets the process run for this time, then sends a signal unless it has ended.
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

    /// Waits for the process to end.
    fn end(mut self) -> Ended {
        loop {
            match self.lines.recv_timeout(TIMEOUT) {
                Ok(line) => self.add(&line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => self.fail("the end of the process"),
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
        panic!("timed out waiting for: {what}\n{}", self.stderr)
    }
}

/// Measures an import without faults.
fn usual_duration() -> Duration {
    let scene = Scene::new(BatchMode::PerContact, |_, _| Fault::None);
    let started = Instant::now();
    scene.check(&scene.run(scene.command()), "without faults");
    started.elapsed()
}

/// Runs `count` trials, each with its own seed. A failure names the seed that reproduces it.
#[expect(clippy::print_stdout, reason = "shown on demand")]
fn trials(name: &str, count: u64, mut trial: impl FnMut(&str, u64)) {
    let first = setting("ROLLCALL_SEED", 1);
    let started = Instant::now();
    for seed in first..first + count {
        trial(&format!("{name}, ROLLCALL_SEED={seed}"), seed);
    }
    let seconds = started.elapsed().as_secs_f64();
    // Shown with --nocapture. The table of the long run in tests/README.md uses these lines.
    println!("{name}: {count} trials from seed {first}, 0 lost, 0 duplicated, 0 wrong, {seconds:.0} s");
}

fn kill_and_run_again(name: &str, count: u64, kills: usize, faults: Option<(BatchMode, usize)>) {
    let usual = usual_duration();
    trials(name, count, |what, seed| {
        let mut random = Random(seed);
        let scene = match faults {
            None => Scene::new(BatchMode::PerContact, |_, _| Fault::None),
            Some((mode, every)) => Scene::new(mode, at_random(seed, every)),
        };
        let mut finished = None;
        for _ in 0..kills {
            let wait = usual * u32::try_from(random.below(1000)).unwrap() / 1000;
            finished = scene.killed_after(wait);
            if finished.is_some() {
                break;
            }
        }
        let finished = finished.filter(|output| output.code == 1).unwrap_or_else(|| scene.finish(what));
        scene.check(&finished, what);
    });
}

#[test]
fn killed_import_is_finished_by_the_next_run() {
    kill_and_run_again("killed", size(16, 200, 1000), 1, None);
}

#[test]
fn repeatedly_killed_import_is_finished() {
    kill_and_run_again("killed while recovering", size(16, 100, 500), 4, None);
}

#[test]
fn import_killed_during_faults_is_finished_if_batches_are_all_or_nothing() {
    kill_and_run_again(
        "killed during faults, all or nothing",
        size(16, 100, 1000),
        1,
        Some((BatchMode::AllOrNothing, 4)),
    );
}

#[test]
fn import_killed_during_faults_is_finished_if_contacts_are_judged_singly() {
    kill_and_run_again(
        "killed during faults, per contact",
        size(16, 100, 1000),
        1,
        Some((BatchMode::PerContact, 4)),
    );
}
