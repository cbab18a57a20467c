//! Each row of the table of answers, to a reading and to the first, a middle and the last batch.

use super::*;

/// What an import comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Every row has the outcome it must have, in the same run.
    Finished,
    /// It stops with exit code 4, and the next run finishes it.
    Stopped,
}

/// The fault meets the `which`th request of its kind, and from then on all of them if it is `lasting`.
fn met(
    posts: bool,
    which: u64,
    fault: Fault,
    lasting: bool,
) -> impl FnMut(bool, u64) -> Fault + Send + 'static {
    let mut seen = 0;
    move |is_post, _| {
        if is_post != posts {
            return Fault::None;
        }
        seen += 1;
        if seen == which || lasting && seen > which { fault } else { Fault::None }
    }
}

fn import_with(manner: Manner, posts: bool, which: u64, fault: Fault, expected: End) {
    let what = format!("{fault:?} at {} {which}, {manner:?}", if posts { "POST" } else { "GET" });
    let scene = Scene::new(manner, met(posts, which, fault, false));
    let first = scene.run(scene.command());
    match expected {
        End::Finished => scene.check(&first, &what),
        End::Stopped => {
            assert_eq!(first.code, 4, "{what}: {}", first.stderr);
            assert_eq!(scene.sealed.report("out")["complete"], false, "{what}");
            scene.check(&scene.finish(&what), &what);
        }
    }
}

#[test]
fn answers_to_a_batch_have_the_documented_consequence() {
    // Nine batches of seven, the last of four; in an ordinary run each fault meets one of them.
    let all = size(0, 1, 1) > 0;
    for (position, which) in [1, 5, 9].into_iter().enumerate() {
        let faults = [
            (Fault::DropBefore, End::Finished),
            (Fault::DropAfter, End::Finished),
            (Fault::Late, End::Finished),
            (Fault::ErrorBefore(500), End::Finished),
            (Fault::ErrorBefore(408), End::Finished),
            (Fault::ErrorAfter(500), End::Finished),
            (Fault::ErrorAfter(502), End::Finished),
            (Fault::ErrorAfter(408), End::Finished),
            (Fault::Cut(60), End::Finished),
            (Fault::Cut(300), End::Finished),
            (Fault::Html, End::Finished),
            (Fault::TooMuch, End::Finished),
            (Fault::Drip, End::Finished),
            (Fault::RateLimited, End::Finished),
            (Fault::Redirect, End::Finished),
            (Fault::Status(401), End::Finished),
            (Fault::Status(403), End::Stopped),
            (Fault::Status(404), End::Stopped),
            (Fault::Status(405), End::Stopped),
            (Fault::Status(409), End::Finished),
            (Fault::Status(413), End::Finished),
            (Fault::Status(400), End::Finished),
            (Fault::Status(422), End::Finished),
        ];
        for (index, (fault, expected)) in faults.into_iter().enumerate() {
            for (turn, manner) in [Manner::AllOrNothing, Manner::PerContact].into_iter().enumerate() {
                if all || (index + turn) % 3 == position {
                    import_with(manner, true, which, fault, expected);
                }
            }
        }
    }
}

#[test]
fn answers_to_a_reading_have_the_documented_consequence() {
    for (fault, expected) in [
        (Fault::DropBefore, End::Finished),
        (Fault::ErrorBefore(500), End::Finished),
        (Fault::ErrorBefore(408), End::Finished),
        (Fault::Cut(60), End::Finished),
        (Fault::Html, End::Finished),
        (Fault::TooMuch, End::Finished),
        (Fault::Drip, End::Finished),
        (Fault::RateLimited, End::Finished),
        (Fault::Status(401), End::Finished),
        (Fault::Redirect, End::Stopped),
        (Fault::Status(403), End::Stopped),
        (Fault::Status(404), End::Stopped),
        // A smaller page is asked for.
        (Fault::Status(400), End::Finished),
        (Fault::Status(409), End::Finished),
    ] {
        import_with(Manner::PerContact, false, 1, fault, expected);
    }
}

#[test]
fn lasting_faults_stop_the_run_and_the_next_run_finishes_it() {
    for fault in [Fault::DropAfter, Fault::ErrorBefore(503), Fault::Html, Fault::Redirect, Fault::Status(401)]
    {
        let what = format!("{fault:?} for ever");
        let scene = Scene::new(Manner::PerContact, met(true, 4, fault, true));
        let stopped = scene.run(scene.command_with(&["--max-attempts", "3"]));
        assert_eq!(stopped.code, 4, "{what}: {}", stopped.stderr);
        scene.platform.plan(|_, _| Fault::None);
        scene.check(&scene.finish(&what), &what);
    }
}

#[test]
fn earlier_created_contacts_are_reported_while_the_platform_fails() {
    let scene = Scene::new(Manner::PerContact, met(true, 5, Fault::Status(403), true));
    assert_eq!(scene.run(scene.command()).code, 4);
    let created = || scene.sealed.report("out")["totals"]["created"].as_u64();
    assert_eq!(created(), Some(28));
    scene.platform.plan(|_, _| Fault::Status(403));
    assert_eq!(scene.run(scene.command()).code, 4);
    assert_eq!(created(), Some(28), "what is known is not forgotten");
    scene.platform.plan(|_, _| Fault::None);
    scene.check(&scene.finish("out of reach"), "out of reach");
}
