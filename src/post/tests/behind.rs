//! Reconciliation of unacknowledged posts by reading only after the known contacts.

use super::*;
use crate::{
    contact::StoredContact,
    journal::{Purge, Snapshots},
};

/// Contacts per page.
const PAGE: usize = 7;

fn snapshots(journal: &Journal) -> Snapshots {
    journal.snapshots("acc-1", "st-1", None)
}

/// The numbers of other programs' contacts.
fn of_others(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|n| format!("44207946{n:04}")).collect()
}

/// Simulates another program that reads an account with these numbers.
fn read_by_another(journal: &Journal, numbers: &[String]) {
    let mut writer = snapshots(journal).begin("fetch").unwrap();
    for number in numbers {
        let numbers = vec![E164::from_digits(number).unwrap()];
        writer.push(StoredContact { numbers, ..StoredContact::default() }).unwrap();
    }
    writer.finish(Some(numbers.len() as u64), PAGE as u64).unwrap();
}

/// An account that shows contacts in the order of creation.
struct Account {
    numbers: Vec<String>,
    /// The numbers with an old creation time.
    old: usize,
}

impl Account {
    fn of(numbers: Vec<String>) -> Self {
        let old = numbers.len();
        Self { numbers, old }
    }

    fn page(&self, asked: &Asked) -> Reply {
        let skip = usize::try_from(asked.query("skip").unwrap()).unwrap();
        let shown = |(place, number): (usize, &String)| {
            let mut contact = shown(number, &format!("id-{number}"));
            if place < self.old {
                contact["createdAt"] = "2019-01-01T00:00:00.000Z".into();
            }
            contact
        };
        let results: Vec<Value> = self.numbers.iter().enumerate().skip(skip).take(PAGE).map(shown).collect();
        let total = self.numbers.len();
        Reply::json(&json!({
            "skip": skip, "limit": PAGE, "hasMore": skip + results.len() < total, "totalResults": total,
            "results": results
        }))
    }

    /// Stores a batch.
    fn post(&mut self, asked: &Asked) -> Reply {
        let numbers: Vec<String> = asked.body.as_array().unwrap().iter().map(number_of).collect();
        assert!(numbers.iter().all(|number| !self.numbers.contains(number)), "nothing is sent that is there");
        let created: Vec<Value> =
            numbers.iter().map(|number| shown(number, &format!("id-{number}"))).collect();
        self.numbers.extend(numbers);
        Reply::json(&json!(created))
    }
}

/// Posts `count` contacts in batches of ten, with the contacts `known` in the journal. The platform may change the
/// journal, as another program does.
fn post_to(
    known: &[String],
    count: u64,
    mut answer: impl FnMut(&Journal, &Asked) -> Reply + Send + 'static,
) -> Posted {
    let shared: Arc<Mutex<Option<Journal>>> = Arc::default();
    let of_platform = Arc::clone(&shared);
    let prepare = |journal: &Journal| {
        read_by_another(journal, known);
        *shared.lock().unwrap() = Some(journal.clone());
    };
    let answer = move |model: &mut Model, asked: &Asked| {
        if asked.method == "POST" {
            model.posts.push(Vec::new());
        }
        answer(&of_platform.lock().unwrap().clone().unwrap(), asked)
    };
    let posted = Stage::new().post_prepared(Model::default(), count, 10, prepare, answer);
    posted.ended.as_ref().unwrap();
    posted
}

/// An account with many contacts and one lost response, with all, some or none of the batch stored.
#[test]
fn unacknowledged_posts_are_reconciled_after_the_known_contacts() {
    // If the count does not decide, all 81 or 71 contacts are read.
    for (stored, others, gets) in [(0, 0, 1), (10, 0, 2), (4, 0, 1), (10, 1, 1 + 12), (0, 1, 1 + 11)] {
        let mut account = Account::of(of_others(0..60));
        let mut posts = 0;
        let posted = post_to(&of_others(0..60), 30, move |_, asked| {
            if asked.method == "GET" {
                return account.page(asked);
            }
            posts += 1;
            let before = account.numbers.len();
            let answer = account.post(asked);
            if posts != 2 {
                return answer;
            }
            account.numbers.truncate(before + stored);
            account.numbers.extend(of_others(60..60 + others));
            Reply::HangUp
        });
        let what = format!("{stored} stored, {others} of others");
        assert_eq!(
            (posted.count(Outcome::Created), posted.count(Outcome::Confirmed)),
            (30 - stored, stored),
            "{what}"
        );
        assert_eq!(posted.gets, gets, "{what}");
        let expected = snapshots(&posted.journal).latest().unwrap().unwrap().expected;
        assert_eq!(expected, Some(90 + others as u64), "{what}: nothing is to be read again");
    }
}

/// One contact of others is deleted while a batch is stored: one fewer comes after the known contacts.
#[test]
fn changed_last_known_contact_causes_a_full_read() {
    let mut account = Account::of(of_others(0..60));
    let posted = post_to(&of_others(0..60), 10, move |_, asked| {
        if asked.method == "GET" {
            return account.page(asked);
        }
        account.post(asked);
        account.numbers.remove(3);
        account.old -= 1;
        Reply::HangUp
    });
    assert_eq!((posted.count(Outcome::Confirmed), posted.posts()), (10, 1));
}

/// The contacts to send are in the snapshot of another program: some were there before, some were deleted since.
#[test]
fn known_number_does_not_confirm_an_unacknowledged_post() {
    let sent: Vec<String> = (0..10).map(number).collect();
    for is_there in [true, false] {
        let known = [&sent[..2], &of_others(0..58)].concat();
        let mut account = Account::of(if is_there { known.clone() } else { of_others(0..60) });
        let mut posts = 0;
        let posted = post_to(&known, 10, move |_, asked| {
            if asked.method == "GET" {
                return account.page(asked);
            }
            posts += 1;
            if posts == 1 { Reply::HangUp } else { account.post(asked) }
        });
        let counts = [Outcome::Existing, Outcome::Confirmed, Outcome::Created].map(|what| posted.count(what));
        assert_eq!(counts, if is_there { [2, 0, 8] } else { [0, 0, 10] });
    }
}

/// Another program reads the account, between the batch and the partial read or during it, and replaces the snapshot.
#[test]
fn another_program_may_read_an_unacknowledged_batch() {
    for is_forgotten in [false, true] {
        let mut account = Account::of(of_others(0..60));
        let mut is_looked_for = false;
        let posted = post_to(&of_others(0..60), 10, move |journal, asked| {
            if asked.method == "GET" {
                if is_forgotten && !is_looked_for {
                    let snapshots = snapshots(journal);
                    snapshots.forget(&snapshots.latest().unwrap().unwrap()).unwrap();
                }
                is_looked_for = true;
                return account.page(asked);
            }
            account.post(asked);
            read_by_another(journal, &account.numbers);
            Reply::HangUp
        });
        assert_eq!((posted.count(Outcome::Confirmed), posted.posts()), (10, 1), "{is_forgotten}");
    }
}

/// Another program reads the account after a batch is stored and before its response arrives; the next batch gets no
/// response.
#[test]
fn repeated_page_is_counted_once() {
    let mut account = Account::of(of_others(0..60));
    let mut posts = 0;
    let posted = post_to(&of_others(0..60), 20, move |journal, asked| {
        if asked.method == "GET" {
            return account.page(asked);
        }
        posts += 1;
        let answer = account.post(asked);
        if posts == 2 {
            return Reply::HangUp;
        }
        read_by_another(journal, &account.numbers);
        answer
    });
    let counts = [Outcome::Created, Outcome::Confirmed].map(|what| posted.count(what));
    // The count is unknown: all 80 are read, without a partial read before.
    assert_eq!((counts, posted.posts(), posted.gets), ([10, 10], 2, 12));
}

#[test]
fn snapshot_purged_by_another_program_is_not_used() {
    for is_purged in [false, true] {
        let journal = Journal::in_memory().unwrap();
        read_by_another(&journal, &of_others(0..20));
        let latest = snapshots(&journal).latest().unwrap();
        if is_purged {
            journal.purge(&Purge::default()).unwrap();
        }
        let snapshots = snapshots(&journal);
        let mut sink = crate::existing::ExistingSink::new(&|_| true, &snapshots, "import", latest);
        let page = PageInfo { pages_before: 0, total: Some(20), page_size: 7, is_last: false };
        assert_eq!(sink.page(&page).unwrap().is_break(), !is_purged, "{is_purged}");
    }
}
