//! Signals, and several processes at once.

use std::fs;

use super::*;

#[test]
fn a_run_that_a_signal_ends_is_finished_by_the_next_one() {
    let usual = usual();
    trials("SIGTERM", size(16, 50, 200), |what, seed| {
        let mut random = Random(seed);
        let scene = Scene::new(Manner::PerContact, at_random(seed, 6));
        let wait = usual * u32::try_from(random.below(1000)).unwrap() / 1000;
        let first = Started::new(scene.command()).end_after(wait, "TERM");
        scene.platform.drain();
        // Before it listens, a signal ends it as it ends any program.
        assert!(matches!(first.code, 143 | 1 | -1), "{what}: {} {}", first.code, first.stderr);
        let last = if scene.is_reported() { Ended { code: 1, ..first } } else { scene.finish(what) };
        scene.check(&last, what);
    });
}

/// An import that keeps to what the plan says for an hour, unless a signal ends it.
fn for_an_hour(scene: &Scene) -> Command {
    let mut command = scene.command();
    command.env("ROLLCALL_PACE", "3600000,1,2,3600000,3600000");
    command
}

#[test]
fn a_signal_ends_a_run_whose_post_is_never_answered() {
    let mut posts = 0;
    let scene = Scene::new(Manner::PerContact, move |is_post, _| {
        posts += u32::from(is_post);
        if is_post && posts == 2 { Fault::Hang } else { Fault::None }
    });
    let started = Started::new(for_an_hour(&scene));
    scene.platform.wait_until(|world| world.posts == 2);
    started.signal("TERM");
    let ended = started.end();
    assert_eq!(ended.code, 143, "{}", ended.stderr);
    let report = scene.sealed.report("out");
    assert_eq!((&report["totals"]["created"], &report["complete"]), (&7.into(), &false.into()));
}

#[test]
fn a_signal_ends_a_run_whose_reading_is_never_answered() {
    let scene = Scene::new(Manner::PerContact, |_, _| Fault::Hang);
    let started = Started::new(for_an_hour(&scene));
    scene.platform.wait_until(|world| world.requests == 1);
    started.signal("TERM");
    let ended = started.end();
    assert_eq!(ended.code, 143, "{}", ended.stderr);
}

#[test]
fn a_signal_ends_a_run_that_waits_for_the_rate_limit() {
    let scene =
        Scene::new(Manner::PerContact, |is_post, _| if is_post { Fault::RateLimited } else { Fault::None });
    let mut started = Started::new(for_an_hour(&scene));
    started.wait_until_it_says("because the account's request quota is used up");
    started.signal("TERM");
    let ended = started.end();
    assert_eq!(ended.code, 143, "{}", ended.stderr);
    assert_eq!(scene.platform.world().posts, 1);
}

#[test]
fn a_signal_ends_a_run_that_waits_for_another() {
    let scene = Scene::new(Manner::PerContact, |is_post, _| if is_post { Fault::Hold } else { Fault::None });
    let first = Started::new(scene.command_with(&["--out", "first"]));
    scene.platform.wait_until(|world| world.posts == 1);
    let mut second = Started::new(scene.command_with(&["--out", "second"]));
    second.wait_until_it_says("waiting for another import to this account");
    second.signal("TERM");
    let ended = second.end();
    assert_eq!(ended.code, 143, "{}", ended.stderr);
    scene.platform.plan(|_, _| Fault::None);
    scene.platform.release();
    assert_eq!(first.end().code, 1);
}

/// Two imports of one list: while a post of the first one is under way, the second one waits for its end.
pub(super) fn two_at_once(without: Option<&'static str>) {
    let mut scene =
        Scene::new(Manner::PerContact, |is_post, _| if is_post { Fault::Hold } else { Fault::None });
    scene.without = without;
    let first = Started::new(scene.command_with(&["--out", "first"]));
    scene.platform.wait_until(|world| world.posts == 1);
    let mut second = Started::new(scene.command_with(&["--out", "second"]));
    match without {
        None => second.wait_until_it_says("waiting for another import to this account"),
        Some(_) => scene.platform.wait_until(|world| world.posts == 2),
    }
    scene.platform.plan(|_, _| Fault::None);
    scene.platform.release();
    for ended in [first.end(), second.end()] {
        assert_eq!(ended.code, 1, "{}", ended.stderr);
    }
    let needless = scene.platform.world().needless.len();
    assert_eq!((scene.platform.most_posts_at_once(), needless), (1, 0));
}

/// Two processes, one after the other, of which each would make as many requests as the account has in an hour.
pub(super) fn one_after_another(dies: bool, without: Option<&'static str>) {
    const RATE: u64 = 4;

    let mut scene =
        Scene::new(
            Manner::PerContact,
            move |_, number| {
                if dies && number == RATE { Fault::Hang } else { Fault::None }
            },
        );
    scene.without = without;
    // Three contacts in pages of one, and the page behind them that the total does not announce.
    scene.platform.world().page_cap = 1;
    let start = |out: &str| {
        let rate = RATE.to_string();
        let mut command = scene.command_with(&["--dry-run", "--refresh", "--out", out, "--rate", &rate]);
        command.env("ROLLCALL_PACE", "3600000,1,2,3600000,3600000");
        Started::new(command)
    };
    scene.platform.world().held.extend([(number(9003), "id-9003".to_owned())]);
    let first = start("first");
    if dies {
        scene.platform.wait_until(|world| world.requests == RATE);
        first.signal("KILL");
    }
    let first = first.end();
    assert_eq!(first.code, if dies { -1 } else { 1 }, "{}", first.stderr);
    assert_eq!(scene.platform.world().requests, RATE);
    let mut second = start("second");
    match without {
        None => second.wait_until_it_says("for the rate limit"),
        Some(_) => scene.platform.wait_until(|world| world.requests > RATE),
    }
    second.signal("KILL");
    second.end();
    scene.platform.drain();
    assert_eq!(scene.platform.world().requests, RATE, "more requests than the account has");
}

#[test]
fn the_requests_of_a_process_that_ended_or_died_count_for_the_next_one() {
    one_after_another(false, None);
    one_after_another(true, None);
}

#[test]
fn two_processes_take_turns() {
    trials("two processes", size(16, 20, 200), |what, seed| {
        let scene = Scene::new(Manner::PerContact, at_random(seed, 20));
        let start = |out: &str| Started::new(scene.command_with(&["--out", out]));
        let (first, second) = (start("first"), start("second"));
        let (first, second) = (first.end(), second.end());
        assert_eq!((first.code, second.code), (1, 1), "{what}: {} {}", first.stderr, second.stderr);
        let count = |out: &str, outcome: &str| scene.sealed.report(out)["totals"][outcome].as_u64().unwrap();
        let ours = |out| count(out, "created") + count(out, "confirmed");
        let mut created = [ours("first"), ours("second")];
        created.sort_unstable();
        assert_eq!(created, [0, CONTACTS], "{what}");
        assert_eq!(count("first", "existing") + count("second", "existing"), CONTACTS + 6, "{what}");
        let needless = scene.platform.world().needless.len();
        assert_eq!((scene.platform.most_posts_at_once(), needless), (1, 0), "{what}");
    });
}

#[test]
fn a_secret_is_found_nowhere() {
    const SECRET: &str = "canary+secret/with=signs&that%change";
    // The same in base64, and as it stands in an address.
    const HIDDEN: [&str; 3] =
        [SECRET, "Y2FuYXJ5K3NlY3JldC93aXRoPXNpZ25zJnRoYXQlY2hhbmdl", "canary%2Bsecret%2Fwith"];

    trials("canary", size(16, 50, 500), |what, seed| {
        let scene = Scene::new(Manner::PerContact, at_random(seed, 3));
        let mut command = scene.command_with(&["-vv", "--max-attempts", "4"]);
        command.env("ROLLCALL_CLIENT_SECRET", SECRET);
        let ended = scene.run(command);
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
