use std::{
    cell::RefCell,
    collections::{BTreeMap, HashSet},
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    contact::{NumberType, PhoneNumber, Salutation},
    journal::{ContactState, Fate, Journal, NewRun},
    platform::{
        PageInfo, RecordSink as _,
        scripted::{Asked, Reply, Scripted},
    },
};

mod behind;
mod odd_answers;

/// How the platform of a test handles a batch with refused contacts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    RejectBatch,
    Skip,
    PerContact,
    /// Drops the refused contacts, and refuses a batch that has no others.
    SkipOrReject,
}

/// A platform that refuses some numbers and records what it received.
#[derive(Default)]
struct Model {
    /// The numbers that it has and shows.
    held: BTreeMap<String, String>,
    /// The numbers that it refuses and does not have.
    poison: HashSet<String>,
    /// Every batch that it received.
    posts: Vec<Vec<String>>,
}

fn number(index: u64) -> String {
    format!("91987654{index:04}")
}

fn e164(index: u64) -> E164 {
    E164::from_digits(&number(index)).unwrap()
}

fn shown(number: &str, id: &str) -> Value {
    json!({
        "id": id, "firstName": "Asha", "lastName": "Rao",
        "cellPhone": {"phoneNumber": format!("+{number}"), "countryCode": "+91", "extension": "+"}
    })
}

impl Manner {
    const ALL: [Self; 4] = [Self::RejectBatch, Self::Skip, Self::PerContact, Self::SkipOrReject];

    /// Returns whether the response omits refused contacts.
    fn is_silent(self) -> bool {
        matches!(self, Self::Skip | Self::SkipOrReject)
    }
}

impl Model {
    fn answer(&mut self, manner: Manner, asked: &Asked) -> Reply {
        if asked.method == "GET" {
            let results: Vec<Value> = self.held.iter().map(|(number, id)| shown(number, id)).collect();
            let total = results.len();
            return Reply::json(
                &json!({"results": results, "skip": 0, "limit": 1000, "hasMore": false, "totalResults": total}),
            );
        }
        let batch: Vec<String> = asked.body.as_array().unwrap().iter().map(number_of).collect();
        self.posts.push(batch.clone());
        let is_taken = |number: &String| self.poison.contains(number) || self.held.contains_key(number);
        let (refused, fine): (Vec<String>, Vec<String>) = batch.into_iter().partition(is_taken);
        let is_rejected = match manner {
            Manner::RejectBatch => !refused.is_empty(),
            Manner::SkipOrReject => fine.is_empty(),
            Manner::Skip | Manner::PerContact => false,
        };
        if is_rejected {
            return Reply::Answer(400, "{\"errors\": [{\"msg\": \"not this one\"}]}".to_owned());
        }
        for number in &fine {
            assert!(
                self.held.insert(number.clone(), format!("id-{number}")).is_none(),
                "{number} was created twice"
            );
        }
        // In another order than requested.
        let created: Vec<Value> =
            fine.iter().rev().map(|number| shown(number, &format!("id-{number}"))).collect();
        if manner == Manner::PerContact {
            let failed: Vec<Value> = refused
                .iter()
                .map(|number| json!({"contact": shown(number, ""), "error": "not this one"}))
                .collect();
            return Reply::json(&json!({"successfulRecords": created, "failedRecords": failed}));
        }
        Reply::json(&json!(created))
    }
}

fn number_of(item: &Value) -> String {
    let phone = &item["cellPhone"];
    let text = |name: &str| phone[name].as_str().unwrap().to_owned();
    text("countryCode").trim_start_matches('+').to_owned() + &text("phoneNumber")
}

fn contacts(count: u64) -> Vec<NewContact> {
    let contact = |ordinal| {
        let number = PhoneNumber::new(91, &number(ordinal)[2..], None, NumberType::Mobile).unwrap();
        NewContact { contact: Contact::new("Asha", "Rao", Salutation::Mrs, number) }
    };
    (0..count).map(contact).collect()
}

/// The outcome of a run.
struct Posted {
    ended: Result<(), PostError>,
    results: PostResults,
    gets: u64,
    /// The batches that were sent.
    posts: Vec<Vec<String>>,
    /// The final state of the journal.
    notes: Vec<ContactState>,
    journal: Journal,
}

impl Posted {
    fn outcome(&self, ordinal: u64) -> Option<Outcome> {
        self.results.of(e164(ordinal)).map(|result| result.outcome)
    }

    fn count(&self, outcome: Outcome) -> usize {
        (0..1000).filter(|ordinal| self.outcome(*ordinal) == Some(outcome)).count()
    }

    fn posts(&self) -> usize {
        self.posts.len()
    }
}

/// How a platform answers a request.
type BatchAnswer = Box<dyn FnMut(&mut Model, &Asked) -> Reply + Send>;

/// A platform and a client of it, for all runs of a test. Each run has its own model, journal and results. A new
/// client reads the certificates of the machine, which takes longer than most runs.
struct Stage {
    answer: Arc<Mutex<BatchAnswer>>,
    model: Arc<Mutex<Model>>,
    client: Client<'static>,
    runtime: tokio::runtime::Runtime,
    _platform: Scripted,
}

impl Stage {
    fn new() -> Self {
        let nobody: BatchAnswer = Box::new(|_, _| Reply::HangUp);
        let answer = Arc::new(Mutex::new(nobody));
        let model = Arc::new(Mutex::new(Model::default()));
        let (answers, models) = (Arc::clone(&answer), Arc::clone(&model));
        let platform = Scripted::serve(move |asked| {
            let mut answer = answers.lock().unwrap();
            answer(&mut models.lock().unwrap(), &asked)
        });
        let client = platform.client();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { answer, model, client, runtime, _platform: platform }
    }

    /// Posts `count` contacts to a platform that answers with `answer`, with a journal prepared by `prepare`.
    fn post_prepared(
        &mut self,
        model: Model,
        count: u64,
        batch_size: usize,
        prepare: impl FnOnce(&Journal),
        answer: impl FnMut(&mut Model, &Asked) -> Reply + Send + 'static,
    ) -> Posted {
        *self.model.lock().unwrap() = model;
        *self.answer.lock().unwrap() = Box::new(answer);
        let mut results = PostResults::default();
        let journal = Journal::in_memory().unwrap();
        prepare(&journal);
        let (id, folder) = ("run", Path::new("/out"));
        let run = NewRun { id, account: "acc", stream: "st", fingerprint: "f", command: "{}", folder };
        journal.open_run(&run).unwrap();
        let snapshots = journal.snapshots("acc-1", "st-1", None);
        let mut record = RunJournal::new(journal.clone(), id, snapshots, Duration::from_millis(1));
        let gets_before = self.client.counts().get;
        let poster = Poster::new(&mut self.client, &mut results, &mut record, batch_size, count, count);
        let ended = self.runtime.block_on(poster.post(contacts(count).into_iter().map(Ok)));
        let gets = self.client.counts().get - gets_before;
        let notes = journal.contact_states(id).unwrap();
        for note in &notes {
            let result = results.of(note.number).filter(|result| result.outcome != Outcome::Pending);
            let outcome = match note.fate {
                Fate::Ended(outcome) => Some(outcome),
                Fate::Pending | Fate::InFlight => None,
            };
            let mut expected = result.map(|result| result.outcome);
            if matches!(ended, Err(PostError::TooManyRefused { .. })) && expected == Some(Outcome::Failed) {
                // Other settings may help.
                expected = None;
            }
            assert_eq!(outcome, expected, "{} is recorded as it ended", note.number);
        }
        let posts = take(&mut self.model.lock().unwrap().posts);
        Posted { ended, results, gets, posts, notes, journal }
    }

    fn post(&mut self, model: Model, manner: Manner, count: u64, batch_size: usize) -> Posted {
        let answer = move |model: &mut Model, asked: &Asked| model.answer(manner, asked);
        self.post_prepared(model, count, batch_size, |_| (), answer)
    }
}

/// Posts `count` contacts to a platform that answers with `answer`.
fn post_with(
    model: Model,
    count: u64,
    batch_size: usize,
    answer: impl FnMut(&mut Model, &Asked) -> Reply + Send + 'static,
) -> Posted {
    Stage::new().post_prepared(model, count, batch_size, |_| (), answer)
}

fn poisoned(indexes: impl IntoIterator<Item = u64>) -> Model {
    Model { poison: indexes.into_iter().map(number).collect(), ..Model::default() }
}

#[test]
fn contacts_are_posted_in_batches_and_matched_by_number() {
    let mut stage = Stage::new();
    for manner in Manner::ALL {
        let posted = stage.post(Model::default(), manner, 25, 10);
        posted.ended.as_ref().unwrap();
        assert_eq!(posted.count(Outcome::Created), 25, "{manner:?}");
        assert_eq!((posted.posts(), posted.gets), (3, 0), "{manner:?}");
        assert_eq!(posted.results.of(e164(7)).unwrap().detail, format!("id id-{}", number(7)));
    }
}

#[test]
fn one_refused_contact_is_isolated_at_any_position() {
    let mut stage = Stage::new();
    // At every position of a small batch, and at the ends or every position of a large one.
    let places_of_large = (0..128).step_by(size(127, 1, 1));
    for (levels, index) in (0..32).map(|index| (5, index)).chain(places_of_large.map(|index| (7, index))) {
        let count = 1 << levels;
        let posted = stage.post(poisoned([index]), Manner::RejectBatch, count, 1 << levels);
        posted.ended.as_ref().unwrap();
        assert_eq!(posted.outcome(index), Some(Outcome::Failed), "{index} of {count}");
        assert_eq!(posted.results.of(e164(index)).unwrap().detail, "HTTP 400, \"not this one\"");
        assert_eq!(posted.count(Outcome::Created) as u64, count - 1, "{index} of {count}");
        // The batch itself, and two halves per level.
        assert!(posted.posts() <= 1 + 2 * levels, "{index} of {count}: {} posts", posted.posts());
        assert_eq!(posted.gets, 2, "{index} of {count}");
    }
}

#[test]
fn one_refused_of_a_hundred_costs_at_most_fourteen_more_posts() {
    let mut stage = Stage::new();
    for index in [0, 1, 49, 50, 98, 99] {
        let posted = stage.post(poisoned([index]), Manner::RejectBatch, 100, 100);
        assert_eq!((posted.count(Outcome::Failed), posted.count(Outcome::Created)), (1, 99), "{index}");
        assert!(posted.posts() <= 1 + 14, "{index}: {} posts", posted.posts());
    }
}

#[test]
fn refused_contacts_are_distinguished_from_existing_ones() {
    let mut stage = Stage::new();
    for manner in Manner::ALL {
        // Another program created two of them after the contacts were read.
        let mut model = poisoned([3, 17]);
        model.held.extend([5, 12].map(|index| (number(index), format!("theirs-{index}"))));
        let posted = stage.post(model, manner, 20, 10);
        posted.ended.as_ref().unwrap();
        assert_eq!(posted.count(Outcome::Created), 16, "{manner:?}");
        assert_eq!(posted.count(Outcome::Failed), 2, "{manner:?}");
        let other = [5, 12].map(|index| posted.outcome(index).unwrap());
        // A platform that omits them silently does not say that they are not ours.
        let expected = if manner.is_silent() { Outcome::Confirmed } else { Outcome::Existing };
        assert_eq!(other, [expected; 2], "{manner:?}");
        assert!(posted.results.of(e164(5)).unwrap().detail.contains("theirs-5"));
    }
}

#[test]
fn omitted_older_contacts_are_existing() {
    for (created_at, outcome) in
        [("2020-01-01T00:00:00.000Z", Outcome::Existing), ("2999-01-01T00:00:00.000Z", Outcome::Confirmed)]
    {
        let mut model = Model::default();
        model.held.insert(number(5), "theirs".to_owned());
        let posted = post_with(model, 10, 10, move |model, asked| match model.answer(Manner::Skip, asked) {
            Reply::Answer(200, body) => {
                let before = format!("\"createdAt\":\"{created_at}\",\"id\":\"theirs\"");
                Reply::Answer(200, body.replace("\"id\":\"theirs\"", &before))
            }
            other => other,
        });
        posted.ended.as_ref().unwrap();
        assert_eq!((posted.outcome(5), posted.count(Outcome::Created)), (Some(outcome), 9), "{created_at}");
    }
}

#[test]
fn batch_refused_for_existing_contacts_is_posted_again_without_them() {
    let mut model = Model::default();
    model.held.extend([2, 5].map(|index| (number(index), format!("theirs-{index}"))));
    let posted = Stage::new().post(model, Manner::RejectBatch, 10, 10);
    posted.ended.as_ref().unwrap();
    assert_eq!((posted.count(Outcome::Created), posted.count(Outcome::Existing)), (8, 2));
    assert_eq!((posted.posts(), posted.gets), (2, 1));
}

#[test]
fn refusal_that_names_the_first_of_several_is_for_the_whole_batch() {
    let posted = post_with(poisoned([3, 12, 47]), 60, 60, |model, asked| {
        match model.answer(Manner::RejectBatch, asked) {
            Reply::Answer(400, _) => {
                let batch = asked.body.as_array().unwrap();
                let first = batch.iter().map(number_of).find(|number| model.poison.contains(number)).unwrap();
                let record = json!({"contact": shown(&first, ""), "error": "not this one"});
                Reply::Answer(400, json!({"failedRecords": [record]}).to_string())
            }
            other => other,
        }
    });
    posted.ended.as_ref().unwrap();
    assert_eq!((posted.count(Outcome::Failed), posted.count(Outcome::Created)), (3, 57));
}

#[test]
fn stored_but_unmentioned_contact_is_confirmed() {
    let posted = post_with(Model::default(), 10, 10, |model, asked| {
        let answer = model.answer(Manner::Skip, asked);
        match (asked.method.as_str(), answer) {
            ("POST", Reply::Answer(status, body)) => {
                let mut created: Vec<Value> = serde_json::from_str(&body).unwrap();
                created.retain(|contact| number_of_shown(contact) != number(4));
                Reply::Answer(status, json!(created).to_string())
            }
            (_, answer) => answer,
        }
    });
    posted.ended.as_ref().unwrap();
    assert_eq!(posted.outcome(4), Some(Outcome::Confirmed));
    assert_eq!((posted.count(Outcome::Created), posted.posts(), posted.gets), (9, 1, 1));
}

fn number_of_shown(contact: &Value) -> String {
    contact["cellPhone"]["phoneNumber"].as_str().unwrap().trim_start_matches('+').to_owned()
}

/// Loses the response to this post, after the batch was stored or without storing it.
fn lost(which: usize, is_stored: bool) -> impl FnMut(&mut Model, &Asked) -> Reply + Send + 'static {
    move |model, asked| {
        if asked.method == "POST" && model.posts.len() + 1 == which {
            if is_stored {
                _ = model.answer(Manner::Skip, asked);
            } else {
                model.posts.push(vec!["lost".to_owned()]);
            }
            return Reply::HangUp;
        }
        model.answer(Manner::RejectBatch, asked)
    }
}

#[test]
fn stored_unacknowledged_batch_is_confirmed_by_reading() {
    let posted = post_with(Model::default(), 30, 10, lost(2, true));
    posted.ended.as_ref().unwrap();
    assert_eq!((posted.count(Outcome::Created), posted.count(Outcome::Confirmed)), (20, 10));
    assert_eq!((posted.posts(), posted.gets), (3, 1), "it was not sent again");
    assert_eq!(posted.outcome(15), Some(Outcome::Confirmed));
}

#[test]
fn unstored_unacknowledged_batch_is_sent_again() {
    let posted = post_with(Model::default(), 30, 10, lost(2, false));
    posted.ended.as_ref().unwrap();
    assert_eq!(posted.count(Outcome::Created), 30);
    assert_eq!((posted.posts(), posted.gets), (4, 1));
}

#[test]
fn batch_that_is_stored_late_is_confirmed_when_it_is_refused() {
    let mut late: Option<Asked> = None;
    let posted = post_with(Model::default(), 20, 10, move |model, asked| {
        if asked.method == "POST" && model.posts.is_empty() {
            model.posts.push(vec!["late".to_owned()]);
            late = Some(asked.clone());
            return Reply::HangUp;
        }
        // After the read that does not find it, and before it is sent again.
        if let Some(late) = late.take_if(|_| asked.method == "POST") {
            _ = model.answer(Manner::Skip, &late);
            model.posts.pop();
        }
        model.answer(Manner::RejectBatch, asked)
    });
    posted.ended.as_ref().unwrap();
    assert_eq!((posted.count(Outcome::Confirmed), posted.count(Outcome::Created)), (10, 10));
}

#[test]
fn posts_with_server_errors_end_the_run_as_unacknowledged() {
    let posted = post_with(Model::default(), 30, 10, |model, asked| {
        if asked.method == "GET" {
            return model.answer(Manner::Skip, asked);
        }
        model.posts.push(vec!["lost".to_owned()]);
        Reply::Answer(502, "bad gateway".to_owned())
    });
    // The batch twice, its halves, and two of theirs.
    assert!(matches!(posted.ended, Err(PostError::Unacknowledged { .. })), "{:?}", posted.ended);
    assert_eq!((posted.posts(), posted.gets), (6, 5));
    assert_eq!(posted.notes.len(), 10, "the next batch was not sent");
    assert!(posted.notes.iter().all(|note| note.was_unacknowledged));
    assert_eq!((posted.count(Outcome::Created), posted.count(Outcome::Failed)), (0, 0));
}

#[test]
fn posts_without_any_response_end_the_run_as_unacknowledged() {
    let posted = post_with(Model::default(), 30, 10, |model, asked| {
        if asked.method == "GET" {
            return model.answer(Manner::Skip, asked);
        }
        model.posts.push(vec!["lost".to_owned()]);
        Reply::HangUp
    });
    assert!(matches!(posted.ended, Err(PostError::Unacknowledged { contacts: 10, .. })));
    assert_eq!((posted.posts(), posted.gets), (3, 2));
    assert_eq!(posted.outcome(25), None, "the next batch was not sent");
    assert_eq!(posted.count(Outcome::Pending), 10);
    assert!(posted.results.of(e164(5)).unwrap().detail.contains("not known whether it was stored"));
    assert!(posted.notes.iter().all(|note| note.fate == Fate::InFlight && note.was_unacknowledged));
}

#[test]
fn too_large_batches_stay_halved() {
    let posted = post_with(Model::default(), 40, 16, |model, asked| {
        if asked.body.as_array().is_some_and(|batch| batch.len() > 5) {
            model.posts.push(vec!["too large".to_owned()]);
            return Reply::Answer(413, String::new());
        }
        model.answer(Manner::RejectBatch, asked)
    });
    posted.ended.as_ref().unwrap();
    assert_eq!(posted.count(Outcome::Created), 40);
    let too_large = posted.posts.iter().filter(|post| post[0] == "too large").count();
    // Sixteen, its two eights, and never again.
    assert_eq!(too_large, 3);
    assert_eq!(posted.gets, 0);
}

#[test]
fn setting_that_refuses_everything_stops_early() {
    let mut stage = Stage::new();
    for (batch_size, most_posts) in [(1, 21), (10, 5 + 4 * 20), (100, 5 + 80)] {
        let posted = stage.post(poisoned(0..900), Manner::RejectBatch, 900, batch_size);
        assert!(
            matches!(&posted.ended, Err(PostError::TooManyRefused { contacts: 21, answer }) if answer.contains("not this one")),
            "{:?}",
            posted.ended
        );
        assert!(posted.posts() <= most_posts, "{} posts", posted.posts());
        assert_eq!(posted.count(Outcome::Failed), 21);
    }

    let posted = stage.post(poisoned(0..40), Manner::RejectBatch, 100, 50);
    assert!(matches!(posted.ended, Err(PostError::TooManyRefused { contacts: 21, .. })));
    assert_eq!(posted.count(Outcome::Failed), 21);
}

#[test]
fn setting_that_refuses_everything_stops_even_if_the_words_vary() {
    let posted =
        post_with(poisoned(0..300), 300, 10, |model, asked| match model.answer(Manner::RejectBatch, asked) {
            Reply::Answer(400, _) => {
                let first = number_of(&asked.body[0]);
                Reply::Answer(
                    400,
                    json!({"message": format!("bad salutation for Asha, {first}")}).to_string(),
                )
            }
            other => other,
        });
    assert!(
        matches!(posted.ended, Err(PostError::TooManyRefused { contacts: 21, .. })),
        "{:?}",
        posted.ended
    );
}

#[test]
fn taken_numbers_do_not_stop_a_run() {
    for status in [400, 409] {
        // Shown only after the first post: another program imports the same list.
        let mut model = Model::default();
        model.held.extend((0..60).map(|index| (number(index), format!("theirs-{index}"))));
        let posted =
            post_with(model, 100, 10, move |model, asked| match model.answer(Manner::RejectBatch, asked) {
                Reply::Answer(400, body) => Reply::Answer(status, body),
                other => other,
            });
        posted.ended.as_ref().unwrap();
        assert_eq!((posted.count(Outcome::Existing), posted.count(Outcome::Created)), (60, 40), "{status}");
    }
    // On the platform but not shown, so that only the refusals reveal them.
    let posted =
        post_with(poisoned(0..30), 100, 10, |model, asked| match model.answer(Manner::RejectBatch, asked) {
            Reply::Answer(400, body) => Reply::Answer(409, body),
            other => other,
        });
    posted.ended.as_ref().unwrap();
    assert_eq!((posted.count(Outcome::Failed), posted.count(Outcome::Created)), (30, 70));
}

#[test]
fn redirected_post_stays_unacknowledged() {
    let posted = post_with(Model::default(), 10, 10, |model, asked| {
        if asked.method == "GET" {
            return model.answer(Manner::Skip, asked);
        }
        model.posts.push(vec!["elsewhere".to_owned()]);
        Reply::Answer(302, String::new())
    });
    assert_eq!((posted.posts(), posted.gets), (2, 1));
    assert!(
        matches!(posted.ended, Err(PostError::Unacknowledged { contacts: 10, .. })),
        "{:?}",
        posted.ended
    );
}

#[test]
fn few_refused_contacts_among_many_do_not_stop_a_run() {
    let posted = Stage::new().post(poisoned((0..300).step_by(12)), Manner::RejectBatch, 300, 50);
    posted.ended.as_ref().unwrap();
    assert_eq!((posted.count(Outcome::Failed), posted.count(Outcome::Created)), (25, 275));
}

/// Selects the size of a test: small by default, larger if `ROLLCALL_TRIALS` is `ci` or `long`.
fn size<T>(default: T, ci: T, long: T) -> T {
    match std::env::var("ROLLCALL_TRIALS").as_deref() {
        Err(_) | Ok("") => default,
        Ok("ci") => ci,
        Ok("long") => long,
        Ok(other) => panic!("ROLLCALL_TRIALS is `ci` or `long`, not `{other}`"),
    }
}

#[test]
fn every_contact_has_one_result_and_none_is_created_twice() {
    let stage = RefCell::new(Stage::new());
    proptest!(ProptestConfig::with_cases(size(20, 100, 500)), |(
        count in 1u64..60,
        batch_size in 1usize..20,
        refused in prop::collection::hash_set(0u64..60, 0..5),
        held in prop::collection::hash_set(0u64..60, 0..5),
        manner in prop::sample::select(Manner::ALL.to_vec()),
    )| {
        let mut model = poisoned(refused.difference(&held).copied());
        model.held.extend(held.iter().map(|index| (number(*index), format!("theirs-{index}"))));
        let posted = stage.borrow_mut().post(model, manner, count, batch_size);
        // So few cannot mean a wrong setting, unless nearly all were sent alone.
        prop_assert!(posted.ended.is_ok(), "{:?}", posted.ended);
        for ordinal in 0..count {
            let expected = if held.contains(&ordinal) {
                // Alone, it is refused by name.
                let is_silent = manner == Manner::Skip
                    || manner.is_silent() && posted.outcome(ordinal) == Some(Outcome::Confirmed);
                if is_silent { Outcome::Confirmed } else { Outcome::Existing }
            } else if refused.contains(&ordinal) {
                Outcome::Failed
            } else {
                Outcome::Created
            };
            prop_assert_eq!(posted.outcome(ordinal), Some(expected), "contact {}", ordinal);
        }
    });
}
