//! Each safeguard is necessary: if it is disabled, a trial fails.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;
use crate::{
    sandboxed::command,
    sealed::{Outcome, Running},
};

/// Returns whether one of `count` trials fails.
fn fails(count: u64, trial: impl Fn(u64)) -> bool {
    (1..=count).any(|seed| catch_unwind(AssertUnwindSafe(|| trial(seed))).is_err())
}

/// Returns a trial that kills an import halfway and runs it again.
fn killed_in_the_middle(without: Option<&'static str>) -> impl Fn(u64) {
    move |seed| {
        let mut scene = Scene::new(BatchMode::PerContact, |_, _| Fault::None);
        scene.without = without;
        let mut command = scene.command();
        command.env("ROLLCALL_FAIL_AT", format!("{}!", 30 + seed * 3));
        _ = scene.run(command);
        scene.check(&scene.finish("killed"), "killed");
    }
}

/// Returns a trial with a fault at one post.
fn fault_at_a_post(without: Option<&'static str>, fault: Fault) -> impl Fn(u64) {
    move |seed| {
        let mut posts = 0;
        let mut scene = Scene::new(BatchMode::PerContact, move |is_post, _| {
            posts += u64::from(is_post);
            if is_post && posts == 1 + seed { fault } else { Fault::None }
        });
        scene.without = without;
        scene.check(&scene.finish("fault"), "fault");
    }
}

#[test]
fn without_recording_before_sending_outcomes_are_wrong() {
    assert!(!fails(8, killed_in_the_middle(None)));
    assert!(fails(8, killed_in_the_middle(Some("recording before sending"))));
}

#[test]
fn without_resuming_at_the_last_batch_outcomes_are_wrong() {
    assert!(fails(8, killed_in_the_middle(Some("going on where it ended"))));
}

#[test]
fn without_reconciling_by_reading_posts_are_needless() {
    assert!(!fails(3, fault_at_a_post(None, Fault::DropAfter)));
    assert!(fails(3, fault_at_a_post(Some("reconciling by reading"), Fault::DropAfter)));
}

#[test]
fn without_recording_unacknowledged_contacts_late_ones_are_taken_for_others() {
    assert!(!fails(3, fault_at_a_post(None, Fault::Late)));
    assert!(fails(3, fault_at_a_post(Some("recording unacknowledged contacts"), Fault::Late)));
}

#[test]
fn without_the_lock_two_imports_post_the_same_contacts() {
    assert!(!fails(1, |_| sharing::two_at_once(None)));
    assert!(fails(1, |_| sharing::two_at_once(Some("one import at a time"))));
}

#[test]
fn without_a_shared_quota_the_rate_limit_is_exceeded() {
    assert!(!fails(1, |_| sharing::one_after_another(false, None)));
    assert!(fails(1, |_| sharing::one_after_another(false, Some("shared requests"))));
}

const INDIAN: [&str; 2] = ["+919876500001", "+919876500002"];

/// Imports two numbers. A suppressed contact list contains the first as `entry`, and the account the second as
/// `existing`. Returns the outcome of each row, or nothing if the import was refused.
fn import_two(
    numbers: [&str; 2],
    entry: &str,
    existing: &str,
    allowed: &str,
    without: Option<&str>,
) -> Vec<String> {
    let sealed = Sealed::new();
    let others = "919876500009\n919876500008\n919876500007\n";
    sealed.write("entries.csv", format!("phoneNumber\n{entry}\n{others}"));
    let phone = serde_json::json!({"phoneNumber": existing, "countryCode": "", "extension": "+"});
    let existing = serde_json::json!([{"firstName": "Bo", "lastName": "Li", "cellPhone": phone, "id": "b"}]);
    sealed.write("held.json", existing.to_string());
    sealed.write(
        "list.csv",
        format!(
            "First Name,Last Name,Salutation,Mobile\nAsha,Rao,Mrs,{}\nBo,Li,Mr,{}\n",
            numbers[0], numbers[1]
        ),
    );
    let options = ["--list", "entries=entries.csv", "--seed", "held.json", "--rate-limit", "100000"];
    let sandbox = Running::sandbox(&sealed, &options);
    let args = ["import", "list.csv", "--yes", "--exclude-list", "entries", "--out", "out"];
    let args = [&args[..], &["--allow-unreadable-suppressions", allowed]].concat();
    let mut import = command(&sealed, &sandbox, &args);
    import.envs(without.map(|safeguard| ("ROLLCALL_WITHOUT", safeguard)));
    match ended(import).code {
        0 => sealed.outcomes("out").iter().map(Outcome::brief).collect(),
        2 => Vec::new(),
        code => panic!("exit code {code}"),
    }
}

#[test]
fn without_all_forms_of_a_number_contacts_are_created_again() {
    let numbers = ["+442079460601", "+442079460602"];
    let run = |without| import_two(numbers, "442079460601", "+44 (0)20 7946 0602", "0", without);
    assert_eq!(run(None), ["2 suppressed in-list", "3 existing same-name"]);
    assert_eq!(run(Some("every form of a number")), ["2 suppressed in-list", "3 created"]);
}

#[test]
fn without_masks_suppressed_people_are_called() {
    let run = |allowed, without| import_two(INDIAN, "91987****001", "919876500003", allowed, without);
    // An allowed entry still suppresses every number that it can match.
    assert_eq!(run("1", None), ["2 suppressed in-list", "3 created"]);
    assert_eq!(run("1", Some("masks")), ["2 created", "3 created"]);
}

#[test]
fn without_stopping_at_unreadable_entries_suppressed_people_are_called() {
    let run = |without| import_two(INDIAN, "9198765000**", "919876500003", "0", without);
    assert_eq!(run(None), [""; 0]);
    assert_eq!(run(Some("stopping for unread entries")), ["2 created", "3 created"]);
}
