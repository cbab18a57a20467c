//! Signals and concurrent processes.

use std::fs;

use super::*;

#[test]
fn run_ended_by_a_signal_is_finished_by_the_next_run() {
    let usual = usual_duration();
    trials("SIGTERM", size(16, 50, 200), |what, seed| {
        let mut random = Random(seed);
        let scene = Scene::new(BatchMode::PerContact, at_random(seed, 6));
        let wait = usual * u32::try_from(random.below(1000)).unwrap() / 1000;
        let first = Started::new(scene.command()).end_after(wait, "TERM");
        scene.platform.drain();
        // Before rollcall installs its handler, the signal ends it like any program.
        assert!(matches!(first.code, 143 | 1 | -1), "{what}: {} {}", first.code, first.stderr);
        let last = if scene.is_reported() { Ended { code: 1, ..first } } else { scene.finish(what) };
        scene.check(&last, what);
    });
}

/// Returns an import whose rate-limit window and timeouts last an hour.
fn slow_import(scene: &Scene) -> Command {
    let mut command = scene.command();
    command.env("ROLLCALL_PACE", "3600000,1,2,3600000,3600000");
    command
}

#[test]
fn signal_ends_a_run_whose_post_is_never_answered() {
    let mut posts = 0;
    let scene = Scene::new(BatchMode::PerContact, move |is_post, _| {
        posts += u32::from(is_post);
        if is_post && posts == 2 { Fault::Hang } else { Fault::None }
    });
    let started = Started::new(slow_import(&scene));
    scene.platform.wait_until(|world| world.posts == 2);
    started.signal("TERM");
    let output = started.end();
    assert_eq!(output.code, 143, "{}", output.stderr);
    let report = scene.sealed.report("out");
    assert_eq!((&report["totals"]["created"], &report["complete"]), (&7.into(), &false.into()));
}

#[test]
fn signal_ends_a_run_whose_read_is_never_answered() {
    let scene = Scene::new(BatchMode::PerContact, |_, _| Fault::Hang);
    let started = Started::new(slow_import(&scene));
    scene.platform.wait_until(|world| world.requests == 1);
    started.signal("TERM");
    let output = started.end();
    assert_eq!(output.code, 143, "{}", output.stderr);
}

#[test]
fn signal_ends_a_run_that_waits_for_the_rate_limit() {
    let scene = Scene::new(
        BatchMode::PerContact,
        |is_post, _| if is_post { Fault::RateLimited } else { Fault::None },
    );
    let mut started = Started::new(slow_import(&scene));
    started.wait_for_text("because the account's request quota is used up");
    started.signal("TERM");
    let output = started.end();
    assert_eq!(output.code, 143, "{}", output.stderr);
    assert_eq!(scene.platform.world().posts, 1);
}

#[test]
fn signal_ends_a_run_that_waits_for_another_import() {
    let scene =
        Scene::new(BatchMode::PerContact, |is_post, _| if is_post { Fault::Hold } else { Fault::None });
    let first = Started::new(scene.command_with(&["--out", "first"]));
    scene.platform.wait_until(|world| world.posts == 1);
    let mut second = Started::new(scene.command_with(&["--out", "second"]));
    second.wait_for_text("waiting for another import to this account");
    second.signal("TERM");
    let output = second.end();
    assert_eq!(output.code, 143, "{}", output.stderr);
    scene.platform.plan(|_, _| Fault::None);
    scene.platform.release();
    assert_eq!(first.end().code, 1);
}

/// Runs two imports of one list. The second one starts during a post of the first one and must wait for its end.
pub(super) fn two_at_once(without: Option<&'static str>) {
    let mut scene =
        Scene::new(BatchMode::PerContact, |is_post, _| if is_post { Fault::Hold } else { Fault::None });
    scene.without = without;
    let first = Started::new(scene.command_with(&["--out", "first"]));
    scene.platform.wait_until(|world| world.posts == 1);
    let mut second = Started::new(scene.command_with(&["--out", "second"]));
    match without {
        None => second.wait_for_text("waiting for another import to this account"),
        Some(_) => scene.platform.wait_until(|world| world.posts == 2),
    }
    scene.platform.plan(|_, _| Fault::None);
    scene.platform.release();
    for output in [first.end(), second.end()] {
        assert_eq!(output.code, 1, "{}", output.stderr);
    }
    let needless = scene.platform.world().needless.len();
    assert_eq!((scene.platform.most_posts_at_once(), needless), (1, 0));
}

/// Runs two processes, one after the other. Each one alone would use up the account's quota for an hour.
pub(super) fn one_after_another(is_killed: bool, without: Option<&'static str>) {
    const RATE: u64 = 4;

    let mut scene = Scene::new(BatchMode::PerContact, move |_, number| {
        if is_killed && number == RATE { Fault::Hang } else { Fault::None }
    });
    scene.without = without;
    // Four contacts in pages of one, so a run uses the whole quota.
    scene.platform.world().page_cap = 1;
    let start = |out: &str| {
        let rate = RATE.to_string();
        let mut command = scene.command_with(&["--dry-run", "--refresh", "--out", out, "--rate", &rate]);
        command.env("ROLLCALL_PACE", "3600000,1,2,3600000,3600000");
        Started::new(command)
    };
    scene.platform.world().contacts.extend([(number(9003), "id-9003".to_owned())]);
    let first = start("first");
    if is_killed {
        scene.platform.wait_until(|world| world.requests == RATE);
        first.signal("KILL");
    }
    let first = first.end();
    assert_eq!(first.code, if is_killed { -1 } else { 1 }, "{}", first.stderr);
    assert_eq!(scene.platform.world().requests, RATE);
    let mut second = start("second");
    match without {
        None => second.wait_for_text("for the rate limit"),
        Some(_) => scene.platform.wait_until(|world| world.requests > RATE),
    }
    second.signal("KILL");
    second.end();
    scene.platform.drain();
    assert_eq!(scene.platform.world().requests, RATE, "more requests than the quota of the account");
}

#[test]
fn requests_of_ended_and_killed_processes_count_for_the_next_one() {
    one_after_another(false, None);
    one_after_another(true, None);
}

#[test]
fn two_processes_take_turns() {
    trials("two processes", size(16, 20, 200), |what, seed| {
        let scene = Scene::new(BatchMode::PerContact, at_random(seed, 20));
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
fn secret_is_in_no_output_and_no_file() {
    const SECRET: &str = "canary+secret/with=signs&that%change";
    // The secret itself, in base64 and percent-encoded.
    const FORMS: [&str; 3] =
        [SECRET, "Y2FuYXJ5K3NlY3JldC93aXRoPXNpZ25zJnRoYXQlY2hhbmdl", "canary%2Bsecret%2Fwith"];

    trials("canary", size(16, 50, 500), |what, seed| {
        let scene = Scene::new(BatchMode::PerContact, at_random(seed, 3));
        let mut command = scene.command_with(&["-vv", "--max-attempts", "4"]);
        command.env("ROLLCALL_CLIENT_SECRET", SECRET);
        let output = scene.run(command);
        let mut texts = vec![output.stdout, output.stderr];
        let files = scene.sealed.files();
        let files = files.iter().map(|name| scene.sealed.path(name)).filter(|path| path.is_file());
        texts.extend(files.map(|path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()));
        texts.extend(scene.state_files());
        for text in texts {
            for form in FORMS.into_iter().chain(["eyJ0eXAi", "eyJhbGci"]) {
                assert!(!text.contains(form), "{what}: {form} is found");
            }
        }
    });
}
