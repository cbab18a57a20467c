//! Every row of the answer table, for a read and for the first, a middle and the last batch.

use super::*;

/// How the first run of an import ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Every row has the expected outcome.
    Finished,
    /// It stops with exit code 4. The next run finishes the import.
    Stopped,
}

/// Returns a plan with a fault at the `which`th read or post, and at all later ones if it is `lasting`.
fn fault_at(
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

fn import_with(mode: BatchMode, posts: bool, which: u64, fault: Fault, expected: End) {
    let what = format!("{fault:?} at {} {which}, {mode:?}", if posts { "POST" } else { "GET" });
    let scene = Scene::new(mode, fault_at(posts, which, fault, false));
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
    // Nine batches of seven, the last of four. By default, each fault is tested at one of them.
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
            for (turn, mode) in [BatchMode::AllOrNothing, BatchMode::PerContact].into_iter().enumerate() {
                if all || (index + turn) % 3 == position {
                    import_with(mode, true, which, fault, expected);
                }
            }
        }
    }
}

#[test]
fn answers_to_a_read_have_the_documented_consequence() {
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
        // rollcall requests a smaller page.
        (Fault::Status(400), End::Finished),
        (Fault::Status(409), End::Finished),
    ] {
        import_with(BatchMode::PerContact, false, 1, fault, expected);
    }
}

#[test]
fn lasting_faults_stop_the_run_and_the_next_run_finishes_it() {
    for fault in [Fault::DropAfter, Fault::ErrorBefore(503), Fault::Html, Fault::Redirect, Fault::Status(401)]
    {
        let what = format!("lasting {fault:?}");
        let scene = Scene::new(BatchMode::PerContact, fault_at(true, 4, fault, true));
        let stopped = scene.run(scene.command_with(&["--max-attempts", "3"]));
        assert_eq!(stopped.code, 4, "{what}: {}", stopped.stderr);
        scene.platform.plan(|_, _| Fault::None);
        scene.check(&scene.finish(&what), &what);
    }
}

#[test]
fn earlier_created_contacts_are_reported_while_the_platform_fails() {
    let scene = Scene::new(BatchMode::PerContact, fault_at(true, 5, Fault::Status(403), true));
    assert_eq!(scene.run(scene.command()).code, 4);
    let created = || scene.sealed.report("out")["totals"]["created"].as_u64();
    assert_eq!(created(), Some(28));
    scene.platform.plan(|_, _| Fault::Status(403));
    assert_eq!(scene.run(scene.command()).code, 4);
    assert_eq!(created(), Some(28), "created contacts stay in the report");
    scene.platform.plan(|_, _| Fault::None);
    scene.check(&scene.finish("platform fails"), "platform fails");
}
