//! Undocumented responses, and contacts at which the platform fails.

use super::*;

/// Serves posts with `answer`, which gets the created and the refused contacts of the batch.
fn answering(
    mut answer: impl FnMut(&[Value], &[Value]) -> Reply + Send + 'static,
) -> impl FnMut(&mut Model, &Asked) -> Reply + Send + 'static {
    move |model, asked| {
        let reply = model.answer(Manner::PerContact, asked);
        let Reply::Answer(200, body) = &reply else { return reply };
        if asked.method == "GET" {
            return reply;
        }
        let body: Value = serde_json::from_str(body).unwrap();
        let list = |name: &str| body[name].as_array().unwrap().clone();
        let refused: Vec<Value> =
            list("failedRecords").into_iter().map(|record| record["contact"].clone()).collect();
        answer(&list("successfulRecords"), &refused)
    }
}

#[test]
fn failure_with_a_success_status_is_a_refusal() {
    type BatchAnswer = Box<dyn FnMut(&[Value], &[Value]) -> Reply + Send>;
    let each: BatchAnswer = Box::new(|created, refused| {
        let created = created.iter().map(|contact| json!({"status": 201, "contact": contact}));
        let refused = refused.iter().map(|contact| json!({"status": 400, "error": "no", "contact": contact}));
        Reply::Answer(207, json!(created.chain(refused).collect::<Vec<_>>()).to_string())
    });
    let keyed: BatchAnswer = Box::new(|created, refused| {
        let errors =
            if refused.is_empty() { json!({}) } else { json!({"0": {"message": "no", "code": 400}}) };
        Reply::json(&json!({"contacts": created, "errors": errors}))
    });
    for (name, answer) in [("each", each), ("keyed", keyed)] {
        let posted = post_with(poisoned([2, 7]), 10, 5, answering(answer));
        posted.ended.as_ref().unwrap();
        assert_eq!((posted.count(Outcome::Created), posted.count(Outcome::Failed)), (8, 2), "{name}");
        assert!(posted.results.of(e164(7)).unwrap().detail.contains("no"), "{name}");
    }
    // The failure is for the whole batch: nothing was stored.
    let posted =
        post_with(poisoned([2]), 10, 5, |model, asked| match model.answer(Manner::RejectBatch, asked) {
            Reply::Answer(400, body) => {
                Reply::Answer(200, body.replace("{\"errors", "{\"status\": \"failed\", \"errors"))
            }
            other => other,
        });
    posted.ended.as_ref().unwrap();
    assert_eq!((posted.count(Outcome::Created), posted.count(Outcome::Failed)), (9, 1));
}

#[test]
fn created_contacts_inside_an_object_count_in_every_batch() {
    let answer = answering(|created, _| Reply::json(&json!({"status": "success", "data": created})));
    let posted = post_with(Model::default(), 40, 1, answer);
    posted.ended.as_ref().unwrap();
    assert_eq!((posted.count(Outcome::Created), posted.posts(), posted.gets), (40, 40, 0));
}

#[test]
fn answer_with_the_previous_holder_of_a_number_creates_nothing() {
    let mut model = Model::default();
    model.held.insert(number(3), "theirs".to_owned());
    let posted = post_with(model, 5, 5, |model, asked| {
        let theirs = |answer: String| answer.replacen("Asha", "Somebody", 1);
        match (asked.method.as_str(), model.answer(Manner::PerContact, asked)) {
            ("POST", Reply::Answer(200, body)) => {
                let body: Value = serde_json::from_str(&body).unwrap();
                let mut created = body["successfulRecords"].as_array().unwrap().clone();
                let held = shown(&number(3), "theirs").to_string();
                created.push(serde_json::from_str(&theirs(held)).unwrap());
                Reply::json(&json!(created))
            }
            (_, Reply::Answer(200, body)) => {
                let mut page: Value = serde_json::from_str(&body).unwrap();
                for contact in page["results"].as_array_mut().unwrap() {
                    if contact["id"] == "theirs" {
                        contact["firstName"] = "Somebody".into();
                    }
                }
                Reply::json(&page)
            }
            (_, other) => other,
        }
    });
    posted.ended.as_ref().unwrap();
    assert_eq!((posted.outcome(3), posted.count(Outcome::Created)), (Some(Outcome::Existing), 4));
}

#[test]
fn accepted_batches_are_confirmed_when_shown() {
    let mut gets = 0;
    let posted = post_with(Model::default(), 20, 5, move |model, asked| {
        let is_post = asked.method == "POST";
        gets += u64::from(!is_post);
        match model.answer(Manner::PerContact, asked) {
            Reply::Answer(200, _) if is_post => {
                Reply::Answer(202, "{\"message\": \"in progress\"}".to_owned())
            }
            // The first read comes too early.
            Reply::Answer(200, _) if gets == 1 => Reply::json(&json!({"results": [], "hasMore": false})),
            other => other,
        }
    });
    posted.ended.as_ref().unwrap();
    assert_eq!((posted.count(Outcome::Confirmed), posted.posts(), posted.gets), (20, 4, 2));
}

#[test]
fn accepted_batch_that_is_never_shown_stays_pending() {
    let posted = post_with(Model::default(), 5, 5, |model, asked| {
        if asked.method == "GET" {
            return Reply::json(&json!({"results": [], "hasMore": false}));
        }
        _ = model.answer(Manner::PerContact, asked);
        Reply::Answer(202, String::new())
    });
    assert!(matches!(posted.ended, Err(PostError::NotShown { contacts: 5, .. })), "{:?}", posted.ended);
    assert_eq!((posted.count(Outcome::Pending), posted.posts()), (5, 1));
}

#[test]
fn accepted_batches_are_judged_separately() {
    let posted = post_with(Model::default(), 10, 5, |model, asked| {
        let is_post = asked.method == "POST";
        match model.answer(Manner::PerContact, asked) {
            Reply::Answer(200, _) if is_post => Reply::Answer(202, String::new()),
            // The second batch is never shown.
            _ if !is_post => {
                let results: Vec<Value> = (0..5).map(|index| shown(&number(index), "id")).collect();
                Reply::json(&json!({"results": results, "hasMore": false, "totalResults": 5}))
            }
            other => other,
        }
    });
    assert!(matches!(posted.ended, Err(PostError::NotShown { contacts: 5, .. })), "{:?}", posted.ended);
    assert_eq!((posted.count(Outcome::Confirmed), posted.count(Outcome::Pending)), (5, 5));
    assert_eq!((posted.posts(), posted.count(Outcome::Failed)), (2, 0), "nothing is posted again");
}

#[test]
fn contacts_missing_from_an_accepted_batch_are_posted_again() {
    let posted = post_with(poisoned([3]), 5, 5, |model, asked| {
        match (asked.method.as_str(), model.answer(Manner::Skip, asked)) {
            ("POST", Reply::Answer(200, _)) => Reply::Answer(202, String::new()),
            (_, other) => other,
        }
    });
    posted.ended.as_ref().unwrap();
    assert_eq!((posted.count(Outcome::Confirmed), posted.outcome(3)), (4, Some(Outcome::Failed)));
    assert_eq!(posted.posts(), 2);
}

/// Masks some digits of the numbers in a response.
fn hidden(reply: Reply) -> Reply {
    match reply {
        Reply::Answer(status, body) => Reply::Answer(status, body.replace("+919876540", "+91987****")),
        other => other,
    }
}

// Source: glific/glific issue 660 (masked numbers).
#[test]
fn contacts_with_masked_digits_are_confirmed() {
    for is_accepted in [false, true] {
        let posted = post_with(Model::default(), 4, 4, move |model, asked| {
            match hidden(model.answer(Manner::Skip, asked)) {
                Reply::Answer(200, _) if is_accepted && asked.method == "POST" => {
                    Reply::Answer(202, String::new())
                }
                other => other,
            }
        });
        posted.ended.as_ref().unwrap();
        assert_eq!(
            (posted.count(Outcome::Confirmed), posted.posts(), posted.gets),
            (4, 1, 1),
            "{is_accepted}"
        );
    }
}

// Source: HubSpot/hubspot-api-php issue 59 (what was written is read a little later).
#[test]
fn taken_number_that_is_not_shown_yet_is_not_refused() {
    for shown_at in [4, 1000] {
        let mut gets = 0;
        let posted = post_with(Model::default(), 4, 4, move |model, asked| {
            if asked.method == "POST" {
                let is_lost = model.posts.is_empty();
                let reply = model.answer(Manner::RejectBatch, asked);
                return match reply {
                    _ if is_lost => Reply::HangUp,
                    Reply::Answer(400, _) => {
                        Reply::Answer(409, "{\"message\": \"already exists\"}".to_owned())
                    }
                    other => other,
                };
            }
            gets += 1;
            let shown = model.answer(Manner::RejectBatch, asked);
            if gets < shown_at { Reply::json(&json!({"results": [], "hasMore": false})) } else { shown }
        });
        if shown_at == 4 {
            posted.ended.as_ref().unwrap();
            assert_eq!(posted.count(Outcome::Confirmed), 4);
        } else {
            assert!(
                matches!(posted.ended, Err(PostError::NotShown { contacts: 4, .. })),
                "{:?}",
                posted.ended
            );
            assert_eq!((posted.count(Outcome::Pending), posted.count(Outcome::Failed)), (4, 0));
        }
    }
}

#[test]
fn number_stored_differently_is_a_failure() {
    let answer = answering(|created, _| {
        let text = json!(created).to_string();
        Reply::Answer(200, text.replace("+919876540003", "+91876540003"))
    });
    let posted = post_with(Model::default(), 1, 1, {
        let mut answer = answer;
        move |model, asked| match (asked.method.as_str(), answer(model, asked)) {
            ("POST", Reply::Answer(200, body)) => {
                Reply::Answer(200, body.replace("+919876540000", "+91876540000"))
            }
            (_, reply) => reply,
        }
    });
    posted.ended.as_ref().unwrap();
    let ended = posted.results.of(e164(0)).unwrap();
    assert_eq!((ended.outcome, ended.code), (Outcome::Failed, Some(Code::StoredDifferently)));
    assert!(
        ended.detail.contains("+919876540000") && ended.detail.contains("+91876540000"),
        "{}",
        ended.detail
    );
    assert_eq!(posted.posts(), 1, "it was not sent again");
}

#[test]
fn platform_that_changes_most_numbers_stops_the_run() {
    let answer =
        answering(|created, _| Reply::Answer(200, json!(created).to_string().replace("+9198", "+918")));
    let posted = post_with(Model::default(), 100, 1, answer);
    assert!(
        matches!(&posted.ended, Err(PostError::StoredDifferently { contacts: 21, .. })),
        "{:?}",
        posted.ended
    );
    assert_eq!((posted.posts(), posted.count(Outcome::Failed)), (21, 21));
}

/// Serves a platform that fails at a batch with one of these contacts, and stores nothing of it.
fn failing_at(indexes: &'static [u64]) -> impl FnMut(&mut Model, &Asked) -> Reply + Send + 'static {
    move |model, asked| {
        let is_of = |contact: &Value| indexes.iter().any(|index| number_of(contact) == number(*index));
        if asked.method == "POST" && asked.body.as_array().unwrap().iter().any(is_of) {
            model.posts.push(vec!["failed".to_owned()]);
            return Reply::Answer(500, "{\"message\": \"internal\"}".to_owned());
        }
        model.answer(Manner::RejectBatch, asked)
    }
}

#[test]
fn contact_at_which_the_platform_fails_is_found_in_halves() {
    for (indexes, count, batch_size, most_posts) in [
        (&[5][..], 32, 32, 2 + 2 * 5),
        (&[0], 32, 32, 2 + 2 * 5),
        (&[31], 32, 32, 2 + 2 * 5),
        (&[3, 20], 32, 32, 2 + 4 * 5),
        (&[2], 4, 1, 5),
    ] {
        let posted = post_with(Model::default(), count, batch_size, failing_at(indexes));
        posted.ended.as_ref().unwrap();
        let failed = indexes.len();
        assert_eq!(posted.count(Outcome::Failed), failed, "{indexes:?}");
        assert_eq!(posted.count(Outcome::Created) as u64, count - failed as u64, "{indexes:?}");
        assert!(posted.results.of(e164(indexes[0])).unwrap().detail.contains("HTTP 500"));
        assert!(posted.posts() <= most_posts, "{indexes:?}: {} posts", posted.posts());
    }
}

#[test]
fn platform_that_answers_nothing_is_not_blamed_on_a_contact() {
    let posted = post_with(Model::default(), 1, 1, failing_at(&[0]));
    assert!(matches!(posted.ended, Err(PostError::Unacknowledged { contacts: 1, .. })), "{:?}", posted.ended);
    assert_eq!((posted.count(Outcome::Pending), posted.count(Outcome::Failed)), (1, 0));
}

#[test]
fn contact_stored_after_a_platform_failure_is_confirmed() {
    let mut fails = failing_at(&[2]);
    let posted = post_with(Model::default(), 4, 4, move |model, asked| {
        // The last one is sent after the third one has failed alone.
        if asked.method == "POST" && asked.body.as_array().unwrap().iter().map(number_of).eq([number(3)]) {
            model.held.insert(number(2), "late".to_owned());
        }
        fails(model, asked)
    });
    posted.ended.as_ref().unwrap();
    assert_eq!((posted.outcome(2), posted.count(Outcome::Created)), (Some(Outcome::Confirmed), 3));
}

#[test]
fn refused_contacts_get_a_result_before_a_failure_ends_the_run() {
    let mut fails = failing_at(&[1]);
    let posted = post_with(poisoned([0]), 2, 1, move |model, asked| fails(model, asked));
    assert!(matches!(posted.ended, Err(PostError::Unacknowledged { contacts: 1, .. })), "{:?}", posted.ended);
    assert_eq!((posted.outcome(0), posted.outcome(1)), (Some(Outcome::Failed), Some(Outcome::Pending)));
}
