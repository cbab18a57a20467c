//! What was sent without an answer, looked for behind what is known.

use super::*;
use crate::diff::StoredContact;

/// An account with many contacts, in the order in which they came, and one answer that is lost: before or after the batch was
/// stored, or a part of it.
#[test]
fn what_was_not_answered_is_settled_behind_what_is_known() {
    const KNOWN: usize = 60;
    const PAGE: usize = 7;
    // Where the count does not allow it, all of the 81 or 71 are read.
    for (stored, others, gets) in [(0, 0, 1), (10, 0, 2), (4, 0, 1), (10, 1, 1 + 12), (0, 1, 1 + 11)] {
        let theirs = |n: usize| shown(&format!("44207946{n:04}"), &format!("k{n}"));
        let mut shown_contacts: Vec<Value> = (0..KNOWN).map(theirs).collect();
        let mut posts = 0;
        let prepare = |journal: &Journal| {
            let mut writer = journal.snapshots("acc-1", "st-1", None).begin("import").unwrap();
            writer.push(StoredContact::default()).unwrap();
            writer.finish(Some(KNOWN as u64), PAGE as u64).unwrap();
        };
        let posted = post_prepared(Model::default(), 30, 10, prepare, move |_, asked| {
            if asked.method == "GET" {
                let skip = usize::try_from(asked.query("skip").unwrap()).unwrap();
                let total = shown_contacts.len();
                let page: Vec<&Value> = shown_contacts.iter().skip(skip).take(PAGE).collect();
                return Reply::json(&json!({
                    "results": page, "skip": skip, "limit": PAGE, "hasMore": skip + page.len() < total, "totalResults": total
                }));
            }
            posts += 1;
            let batch: Vec<Value> = asked
                .body
                .as_array()
                .unwrap()
                .iter()
                .map(|item| {
                    let number = number_of(item);
                    shown(&number, &format!("id-{number}"))
                })
                .collect();
            let is_lost = posts == 2;
            shown_contacts.extend(batch.iter().take(if is_lost { stored } else { batch.len() }).cloned());
            if is_lost {
                shown_contacts.extend((0..others).map(|n| theirs(KNOWN + n)));
                return Reply::HangUp;
            }
            Reply::json(&json!(batch))
        });
        posted.ended.as_ref().unwrap();
        let what = format!("{stored} stored, {others} of others");
        assert_eq!(
            (posted.count(Outcome::Created), posted.count(Outcome::Confirmed)),
            (30 - stored, stored),
            "{what}"
        );
        assert_eq!(posted.gets, gets, "{what}");
        let expected = posted.journal.snapshots("acc-1", "st-1", None).latest().unwrap().unwrap().expected;
        assert_eq!(expected, Some((KNOWN + 30 + others) as u64), "{what}: nothing is to be read again");
    }
}

/// Another program reads the account between the batch and the look behind what is known.
#[test]
fn what_was_not_answered_may_be_known_already() {
    let shared: Arc<Mutex<Option<Journal>>> = Arc::default();
    let of_other = Arc::clone(&shared);
    let prepare = |journal: &Journal| *shared.lock().unwrap() = Some(journal.clone());
    let posted = post_prepared(Model::default(), 3, 3, prepare, move |model, asked| {
        if asked.method == "GET" {
            let rest = json!({"results": [], "skip": asked.query("skip").unwrap(), "limit": 2, "hasMore": false, "totalResults": 3});
            return Reply::json(&rest);
        }
        assert!(model.posts.is_empty(), "it is not sent again");
        model.posts.push(Vec::new());
        let journal = of_other.lock().unwrap().clone().unwrap();
        let mut writer = journal.snapshots("acc-1", "st-1", None).begin("fetch").unwrap();
        for n in 0..3 {
            let (name, numbers) = ("Asha Rao".to_owned(), vec![e164(n)]);
            writer.push(StoredContact { name, numbers, ..Default::default() }).unwrap();
        }
        writer.finish(Some(3), 2).unwrap();
        Reply::HangUp
    });
    posted.ended.as_ref().unwrap();
    assert_eq!((posted.count(Outcome::Confirmed), posted.gets), (3, 1));
}
