//! Signals, and several processes at once.

use std::{fs, thread};

use super::*;

#[test]
fn a_signal_ends_a_run_soon_and_the_next_one_finishes_it() {
    let usual = usual();
    trials("SIGTERM", size(50, 200), |what, seed| {
        let mut random = Random(seed);
        let scene = Scene::new(Manner::PerContact, at_random(seed, 6));
        let wait = usual * u32::try_from(random.below(1000)).unwrap() / 1000;
        let mut child = scene.command().spawn().unwrap();
        let end = Instant::now() + wait;
        while Instant::now() < end && child.try_wait().unwrap().is_none() {
            thread::yield_now();
        }
        let signalled = Instant::now();
        let id = child.id().to_string();
        _ = Command::new("kill").args(["-s", "TERM", &id]).output().unwrap();
        let first = output(child);
        assert!(
            signalled.elapsed() < Duration::from_secs(5),
            "{what}: it stays for {:?}",
            signalled.elapsed()
        );
        // Before it listens, a signal ends it as it ends any program.
        assert!(matches!(first.code, 143 | 1 | -1), "{what}: {} {}", first.code, first.stderr);
        let last = if scene.is_reported() { Ended { code: 1, ..first } } else { scene.finish(what) };
        scene.check(&last, what);
    });
}

#[test]
fn a_signal_ends_a_run_whose_post_is_never_answered() {
    let mut posts = 0;
    let scene = Scene::new(Manner::PerContact, move |is_post, _| {
        posts += u32::from(is_post);
        if is_post && posts == 2 { Fault::Hang } else { Fault::None }
    });
    let mut command = scene.command();
    // An answer may take a minute.
    command.env("ROLLCALL_PACE", "1,1,2,60000");
    let child = command.spawn().unwrap();
    scene.platform.wait_for_post(2);
    let signalled = Instant::now();
    assert!(Command::new("kill").args(["-s", "TERM", &child.id().to_string()]).status().unwrap().success());
    let first = output(child);
    assert!(signalled.elapsed() < Duration::from_secs(5), "it stays for {:?}", signalled.elapsed());
    assert_eq!(first.code, 143, "{}", first.stderr);
    let report = scene.sealed.report("out");
    assert_eq!((&report["totals"]["created"], &report["complete"]), (&7.into(), &false.into()));
}

#[test]
fn two_processes_take_turns() {
    trials("two processes", size(20, 200), |what, seed| {
        let scene = Scene::new(Manner::PerContact, at_random(seed, 20));
        let start = |out: &str| scene.command_with(&["--out", out]).spawn().unwrap();
        let (first, second) = (start("first"), start("second"));
        let (first, second) = (output(first), output(second));
        assert_eq!((first.code, second.code), (1, 1), "{what}: {} {}", first.stderr, second.stderr);
        let count = |out: &str, outcome: &str| scene.sealed.report(out)["totals"][outcome].as_u64().unwrap();
        let ours = |out| count(out, "created") + count(out, "confirmed");
        let mut created = [ours("first"), ours("second")];
        created.sort_unstable();
        assert_eq!(created, [0, CONTACTS], "{what}");
        assert_eq!(count("first", "existing") + count("second", "existing"), CONTACTS + 6, "{what}");
        let world = scene.platform.world();
        assert_eq!((world.most_posts_at_once, world.needless.len()), (1, 0), "{what}");
    });
}

#[test]
fn processes_share_the_requests_of_an_account() {
    for dies in [false, true] {
        share_the_requests(dies, size(6, 40), None);
    }
}

/// No window may hold more requests than the limit, whoever makes them.
#[expect(clippy::print_stdout, reason = "shown on demand")]
pub(super) fn share_the_requests(dies: bool, seconds: u64, without: Option<&'static str>) {
    const RATE: usize = 40;
    const WINDOW: Duration = Duration::from_secs(1);
    // A busy machine must not read a request later than it may be under way: nobody would know of it any more.
    const LIMIT: Duration = Duration::from_secs(1);

    let mut scene = Scene::new(Manner::PerContact, |_, _| Fault::None);
    scene.without = without;
    scene.platform.world().page_cap = 1;
    let until = Instant::now() + Duration::from_secs(seconds);
    thread::scope(|scope| {
        for process in 0..8 {
            let scene = &scene;
            scope.spawn(move || {
                let mut random = Random(process);
                while Instant::now() < until {
                    let out = format!("out-{process}");
                    let args = ["--dry-run", "--refresh", "--out", &out, "--rate", &RATE.to_string()];
                    let mut command = scene.command_with(&args);
                    command.env("ROLLCALL_PACE", format!("{},1,2,{}", WINDOW.as_millis(), LIMIT.as_millis()));
                    let mut child = command.spawn().unwrap();
                    let end = Instant::now() + Duration::from_millis(random.below(1500) as u64);
                    while child.try_wait().unwrap().is_none() {
                        if dies && Instant::now() > end || Instant::now() > until {
                            child.kill().unwrap();
                        }
                        thread::yield_now();
                    }
                    child.wait().unwrap();
                }
            });
        }
    });
    let world = scene.platform.world();
    let times = &world.times;
    for (first, over) in times.iter().zip(times.iter().skip(RATE)) {
        assert!(*over - *first >= WINDOW, "{RATE} requests and one more within {:?}", *over - *first);
    }
    let possible = RATE * usize::try_from(seconds).unwrap();
    println!(
        "8 processes, killed: {dies}: {} of {possible} requests in {seconds} s, never over the limit",
        times.len()
    );
    assert!(times.len() > RATE, "only {} requests", times.len());
}

#[test]
fn a_secret_is_found_nowhere() {
    const SECRET: &str = "canary+secret/with=signs&that%change";
    // The same in base64, and as it stands in an address.
    const HIDDEN: [&str; 3] =
        [SECRET, "Y2FuYXJ5K3NlY3JldC93aXRoPXNpZ25zJnRoYXQlY2hhbmdl", "canary%2Bsecret%2Fwith"];

    trials("canary", size(50, 500), |what, seed| {
        let scene = Scene::new(Manner::PerContact, at_random(seed, 3));
        let mut command = scene.command_with(&["-vv", "--max-attempts", "4"]);
        command.env("ROLLCALL_CLIENT_SECRET", SECRET);
        let ended = ended(command);
        let mut texts = vec![ended.stdout, ended.stderr];
        let files = scene.sealed.files();
        let files = files.iter().map(|name| scene.sealed.path(name)).filter(|path| path.is_file());
        texts.extend(files.map(|path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()));
        texts.extend(scene.state_files());
        for text in texts {
            for hidden in HIDDEN.into_iter().chain(["eyJ0eXAi", "eyJhbGci"]) {
                assert!(!text.contains(hidden), "{what}: {hidden} is found");
            }
        }
    });
}
