//! Each safeguard is needed: with it taken out, a trial fails.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;

/// Whether one of a few trials fails.
fn fails(count: u64, trial: impl Fn(u64)) -> bool {
    (1..=count).any(|seed| catch_unwind(AssertUnwindSafe(|| trial(seed))).is_err())
}

/// An import that is killed in the middle, and run again.
fn killed_in_the_middle(without: Option<&'static str>) -> impl Fn(u64) {
    move |seed| {
        let mut scene = Scene::new(Manner::PerContact, |_, _| Fault::None);
        scene.without = without;
        let mut command = scene.command();
        command.env("ROLLCALL_FAIL_AT", format!("{}!", 30 + seed * 3));
        _ = scene.run(command);
        scene.check(&scene.finish("killed"), "killed");
    }
}

/// An import of which one post meets a fault.
fn met_by(without: Option<&'static str>, fault: Fault) -> impl Fn(u64) {
    move |seed| {
        let mut posts = 0;
        let mut scene = Scene::new(Manner::PerContact, move |is_post, _| {
            posts += u64::from(is_post);
            if is_post && posts == 1 + seed { fault } else { Fault::None }
        });
        scene.without = without;
        scene.check(&scene.finish("met by a fault"), "met by a fault");
    }
}

#[test]
fn without_noting_before_sending_outcomes_are_wrong() {
    assert!(!fails(8, killed_in_the_middle(None)));
    assert!(fails(8, killed_in_the_middle(Some("noting before sending"))));
}

#[test]
fn without_going_on_where_it_ended_outcomes_are_wrong() {
    assert!(fails(8, killed_in_the_middle(Some("going on where it ended"))));
}

#[test]
fn without_settling_by_reading_posts_are_needless() {
    assert!(!fails(3, met_by(None, Fault::DropAfter)));
    assert!(fails(3, met_by(Some("settling by reading"), Fault::DropAfter)));
}

#[test]
fn without_remembering_what_was_unanswered_late_contacts_are_taken_for_others() {
    assert!(!fails(3, met_by(None, Fault::Late)));
    assert!(fails(3, met_by(Some("remembering what was unanswered"), Fault::Late)));
}

#[test]
fn without_the_lock_two_imports_post_the_same() {
    assert!(!fails(1, |_| sharing::two_at_once(None)));
    assert!(fails(1, |_| sharing::two_at_once(Some("one import at a time"))));
}

#[test]
fn without_shared_requests_the_limit_is_exceeded() {
    assert!(!fails(1, |_| sharing::one_after_another(false, None)));
    assert!(fails(1, |_| sharing::one_after_another(false, Some("shared requests"))));
}
