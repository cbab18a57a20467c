mod hostile;

use std::sync::{Arc, Mutex};

use serde_json::json;

use super::{
    scripted::{Asked, ClosedPort, Reply, Scripted},
    test_client::{client, settings},
    *,
};
use crate::{
    contact::{Contact, NumberType, PhoneNumber, Salutation, StoredContact},
    interrupt::Interrupt,
    journal::JournalError,
};

#[derive(Default)]
struct Collected(Vec<StoredContact>);

impl RecordSink for Collected {
    type Error = ClientError;

    fn record(&mut self, record: &Record<'_>) -> Result<(), ClientError> {
        self.0.push(record.stored());
        Ok(())
    }

    fn restart(&mut self) -> Result<(), ClientError> {
        self.0.clear();
        Ok(())
    }
}

/// Records nothing.
struct Unnoted;

impl Sending for Unnoted {
    fn sending(&mut self, _: &[u8]) -> Result<(), JournalError> {
        Ok(())
    }
}

fn contact(national: u64) -> Contact {
    let number = PhoneNumber::new(91, &national.to_string(), None, NumberType::Mobile).unwrap();
    Contact::new("Asha", "Rao", Salutation::Mrs, number)
}

fn stored(n: u64) -> serde_json::Value {
    json!({"id": format!("c{n}"), "cellPhone": {"phoneNumber": format!("+91987654{n:04}"), "countryCode": "+91"}})
}

/// Serves contacts `0..total` in pages of at most `cap`.
fn pages(total: u64, cap: u64) -> impl FnMut(Asked) -> Reply + Send {
    move |asked| {
        let (skip, limit) = (asked.query("skip").unwrap(), asked.query("limit").unwrap().min(cap));
        let end = (skip + limit).min(total);
        let results: Vec<_> = (skip..end).map(stored).collect();
        Reply::json(&json!({
            "results": results, "skip": skip, "limit": limit, "hasMore": end < total, "totalResults": total
        }))
    }
}

async fn read_all(platform: &Scripted) -> (Result<usize, String>, Counts) {
    let (read, counts) = read(platform, &Collection::Contacts, None).await;
    (read.map(|(contacts, _)| contacts).map_err(|error| error.to_string()), counts)
}

/// Reads a collection and returns its size and oddities.
async fn read(
    platform: &Scripted,
    collection: &Collection,
    page_size: Option<u64>,
) -> (Result<(usize, Vec<String>), ClientError>, Counts) {
    let mut client = platform.client();
    client.max_records = 100;
    let mut collected = Collected::default();
    let read = client.read(collection, page_size, &mut collected).await;
    (read.map(|readout| (collected.0.len(), readout.notes)), client.counts())
}

async fn create(platform: &Scripted) -> (Result<Created, String>, Counts) {
    let mut client = platform.client();
    let created = client.create(&[&contact(9_876_543_210)], &mut Unnoted).await;
    (created.map_err(|error| error.to_string()), client.counts())
}

/// Serves these replies in order and records the requests.
fn script(replies: Vec<Reply>) -> (Scripted, Arc<Mutex<Vec<Asked>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    let mut replies = replies.into_iter();
    let platform = Scripted::serve(move |request| {
        log.lock().unwrap().push(request);
        replies.next().unwrap_or(Reply::Answer(500, "the script is over".to_owned()))
    });
    (platform, asked)
}

fn answer(status: u16, body: &str) -> Reply {
    Reply::Answer(status, body.to_owned())
}

#[tokio::test]
async fn requests_have_the_documented_shape() {
    let (platform, asked) =
        script(vec![answer(200, "[]"), answer(200, r#"{"results": [], "hasMore": false}"#)]);
    create(&platform).await.0.unwrap();
    read_all(&platform).await.0.unwrap();
    let asked = asked.lock().unwrap();
    assert_eq!(
        (asked[0].method.as_str(), asked[0].target.as_str()),
        ("POST", "/agentassist/api/v1/public/st-1/contacts")
    );
    assert_eq!(asked[0].body[0]["cellPhone"]["phoneNumber"], "9876543210");
    assert_eq!(asked[1].target, "/agentassist/api/v1/public/st-1/contacts?skip=0&limit=1000");
    for request in asked.iter() {
        assert_eq!(request.header("accountid"), Some("acc-1"));
        assert_eq!(request.header("content-type"), Some("application/json"));
        assert_eq!(request.header("auth").unwrap().split('.').count(), 3);
        assert_eq!(request.header("authorization"), None);
    }
    assert_ne!(asked[0].header("auth"), asked[1].header("auth"), "each request has a token of its own");
}

#[tokio::test]
async fn granted_page_size_is_used() {
    let platform = Scripted::serve(pages(25, 10));
    let (read, counts) = read_all(&platform).await;
    assert_eq!((read, counts.get, counts.page_size), (Ok(25), 3, 10));
    let platform = Scripted::serve(pages(0, 10));
    let (read, counts) = read_all(&platform).await;
    assert_eq!((read, counts.get), (Ok(0), 1));
}

#[tokio::test]
async fn contacts_that_change_during_the_read_are_read_again() {
    let mut total = 24;
    let platform = Scripted::serve(move |asked| {
        // A contact is added during the first read.
        if asked.query("skip") == Some(10) {
            total = 25;
        }
        pages(total, 10)(asked)
    });
    let (read, counts) = read_all(&platform).await;
    assert_eq!((read, counts.get), (Ok(25), 2 + 3));
    let mut total = 10;
    let platform = Scripted::serve(move |asked| {
        total += 1;
        pages(total, 5)(asked)
    });
    let message = read_all(&platform).await.0.unwrap_err();
    assert!(message.contains("kept changing"), "{message}");
}

#[tokio::test]
async fn contact_repeated_within_a_page_is_not_a_change() {
    let (platform, _) = script(vec![Reply::json(
        &json!({"results": [stored(1), stored(1), stored(2)], "skip": 0, "limit": 10, "totalResults": 3}),
    )]);
    let (read, counts) = read_all(&platform).await;
    assert_eq!((read, counts.get), (Ok(3), 1));
}

#[tokio::test]
async fn lists_and_campaigns_are_requested_as_documented() {
    let list = |api| Collection::List { id: "cl/1".to_owned(), api };
    let campaign = |api| Collection::Campaign { id: "cm-1".to_owned(), api };
    let results = json!([{"phoneNumber": "912233340001"}, {"phoneNumber": "912233340002"}]);
    let of_list = json!({"status": "success", "data": {"results": results, "skip": 0, "limit": 50, "hasMore": false, "totalResults": 2}});
    let of_campaign = json!({"status": "success", "data": {"results": results, "page": 1, "limit": 100, "totalPages": 1, "totalResults": 2}});
    for (collection, answer, method, target, body) in [
        (
            list(Api::V1),
            &of_list,
            "GET",
            "/agentassist/api/v1/public/st-1/campaign/contactList/cl%2F1/getAllContacts?accountId=acc-1&skip=0&limit=1000",
            json!(null),
        ),
        (
            list(Api::V2),
            &of_list,
            "GET",
            "/campaign/api/v2/public/st-1/campaign/contactList/cl%2F1/getAllContacts?accountId=acc-1&skip=0&limit=1000",
            json!(null),
        ),
        (
            campaign(Api::V1),
            &of_campaign,
            "POST",
            "/agentassist/api/v1/public/st-1/campaign/cm-1/status?view=contacts",
            json!({"page": 1, "limit": 100}),
        ),
        (
            campaign(Api::V2),
            &of_campaign,
            "POST",
            "/campaign/api/v2/public/st-1/campaign/cm-1/status?view=contacts",
            json!({"page": 1, "limit": 100}),
        ),
    ] {
        let (platform, asked) = script(vec![Reply::json(answer)]);
        let (read, counts) = read(&platform, &collection, None).await;
        assert_eq!((read.unwrap().0, counts.get, counts.post), (2, 1, 0));
        let asked = &asked.lock().unwrap()[0];
        assert_eq!((asked.method.as_str(), asked.target.as_str(), &asked.body), (method, target, &body));
        assert_eq!((asked.header("iid"), asked.header("accountid")), (Some("st-1"), Some("acc-1")));
    }
}

#[tokio::test]
async fn invalid_page_size_is_refused_without_a_request() {
    let (platform, asked) = script(vec![]);
    let campaign = Collection::Campaign { id: "cm-1".to_owned(), api: Api::V2 };
    for size in [0, 101] {
        let error = read(&platform, &campaign, Some(size)).await.0.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("invalid page size {size}: for the campaign cm-1, use 1 to 100")
        );
    }
    assert!(asked.lock().unwrap().is_empty());
}

/// Serves a campaign of `total` contacts in pages of at most `cap`.
fn campaign_pages(total: u64, cap: u64, alike: u64) -> impl FnMut(Asked) -> Reply + Send {
    move |asked| {
        let (page, limit) =
            (asked.body["page"].as_u64().unwrap(), asked.body["limit"].as_u64().unwrap().min(cap));
        let from = (page - 1) * limit;
        // The records are equal: nobody was called yet.
        let results: Vec<_> = (from..(from + limit).min(total))
            .map(|n| json!({"phoneNumber": format!("9198765{:05}", n / alike)}))
            .collect();
        Reply::json(
            &json!({"status": "success", "data": {"results": results, "page": page, "limit": limit, "totalResults": total}}),
        )
    }
}

#[tokio::test]
async fn campaign_that_changes_its_order_is_read_again() {
    // After the first page, the last contact moves to the front. The second page begins with a known contact, and the
    // moved contact is missed.
    let mut asked_before = 0;
    let platform = Scripted::serve(move |asked| {
        asked_before += 1;
        let order: Vec<u64> =
            if asked_before == 1 { (0..25).collect() } else { [24].into_iter().chain(0..24).collect() };
        let page = usize::try_from(asked.body["page"].as_u64().unwrap()).unwrap();
        let results: Vec<_> = order
            .iter()
            .skip((page - 1) * 10)
            .take(10)
            .map(|n| json!({"phoneNumber": format!("9198765{n:05}")}))
            .collect();
        Reply::json(&json!({"data": {"results": results, "page": page, "limit": 10, "totalResults": 25}}))
    });
    let campaign = Collection::Campaign { id: "cm-1".to_owned(), api: Api::V2 };
    let mut client = platform.client();
    let mut collected = Collected::default();
    client.read(&campaign, None, &mut collected).await.unwrap();
    let numbers: std::collections::BTreeSet<_> =
        collected.0.iter().flat_map(|contact| &contact.numbers).collect();
    assert_eq!((numbers.len(), client.counts().get), (25, 6));
}

#[tokio::test]
async fn one_request_is_made_for_each_page() {
    for (total, cap) in [(0_u64, 7_u64), (1, 7), (7, 7), (50, 7), (50, 1000)] {
        let gets = total.div_ceil(cap).max(1);
        let platform = Scripted::serve(pages(total, cap));
        let (contacts, counts) = read_all(&platform).await;
        assert_eq!((contacts.unwrap() as u64, counts.get), (total, gets), "{total} of {cap}");
        let campaign = Collection::Campaign { id: "cm-1".to_owned(), api: Api::V2 };
        // If several are equal, a second read must confirm that the records are the same.
        for (alike, readings) in [(1, 1), (3, if total > 1 { 2 } else { 1 })] {
            let platform = Scripted::serve(campaign_pages(total, cap, alike));
            let (read, counts) = read(&platform, &campaign, None).await;
            let read = read.unwrap().0 as u64;
            assert_eq!(
                (read, counts.get),
                (total, gets * readings),
                "campaign: {total} of {cap}, {alike} alike"
            );
        }
    }
}

#[tokio::test]
async fn refused_page_size_is_reduced() {
    for (words, gets) in [("limit must be at most 20", 4), ("too many", 2 + 6)] {
        let platform = Scripted::serve(move |asked| {
            if asked.query("limit").unwrap() > 20 {
                Reply::Answer(400, json!({"message": words}).to_string())
            } else {
                pages(60, 20)(asked)
            }
        });
        let (read, counts) = read_all(&platform).await;
        // After the refused sizes: pages of 20, or of 10.
        assert_eq!((read, counts.get), (Ok(60), gets), "{words}");
    }
    // After the first page, the size cannot be the problem.
    let platform = Scripted::serve(|asked| match asked.query("skip") {
        Some(0) => pages(60, 20)(asked),
        _ => answer(400, ""),
    });
    assert_eq!(read_all(&platform).await.1.get, 2);
    let platform = Scripted::serve(|_| Reply::Answer(400, "{\"message\": \"no\"}".to_owned()));
    let (read, counts) = read_all(&platform).await;
    assert_eq!(
        (read.unwrap_err().as_str(), counts.get),
        ("reading the contacts was refused: HTTP 400, \"no\"", 4)
    );
}

#[tokio::test]
async fn error_names_the_missing_list_or_campaign() {
    let (platform, _) = script(vec![answer(404, "{\"message\": \"not found\"}")]);
    let list = Collection::List { id: "cl-1".to_owned(), api: Api::V2 };
    let error = read(&platform, &list, None).await.0.unwrap_err();
    assert_eq!(error.to_string(), "the platform has no contact list cl-1: HTTP 404, \"not found\"");
}

#[tokio::test]
async fn empty_list_counts_only_in_the_documented_place() {
    let list = Collection::List { id: "cl-1".to_owned(), api: Api::V2 };
    for (collection, body, is_accepted) in [
        (&list, "{\"data\": []}", false),
        (&list, "{\"data\": null}", false),
        (&list, "{\"results\": []}", true),
        (&Collection::Contacts, "{\"data\": []}", true),
    ] {
        let (platform, _) = script(vec![answer(200, body)]);
        match read(&platform, collection, None).await.0 {
            Ok(_) => assert!(is_accepted, "{collection}: {body}"),
            Err(error) => {
                assert!(!is_accepted && error.to_string().contains("it shows nobody"), "{body}: {error}");
            }
        }
    }
    // After other pages, it is the end.
    let page = json!({"data": [stored(0)]}).to_string();
    let (platform, _) = script(vec![answer(200, &page), answer(200, "{\"data\": []}")]);
    assert_eq!(read(&platform, &list, None).await.0.unwrap().0, 1);
}

/// Each way in which pages can mislead has its own error, in bounded time.
#[tokio::test]
async fn each_untrustworthy_page_has_its_own_error() {
    type Answer = Box<dyn FnMut(Asked) -> Reply + Send>;
    let ignores_skip: Answer =
        Box::new(|_| pages(10, 5)(Asked { target: "/?skip=0&limit=5".to_owned(), ..Asked::default() }));
    let says_more: Answer = Box::new(|asked| {
        let skip = asked.query("skip").unwrap();
        let results: Vec<_> = (skip..(skip + 5).min(10)).map(stored).collect();
        Reply::json(
            &json!({"results": results, "skip": skip, "limit": 5, "hasMore": true, "totalResults": 10}),
        )
    });
    let says_no_more: Answer = Box::new(|asked| {
        let skip = asked.query("skip").unwrap();
        let results: Vec<_> = (skip..(skip + 5).min(10)).map(stored).collect();
        Reply::json(
            &json!({"results": results, "skip": skip, "limit": 5, "hasMore": false, "totalResults": 10}),
        )
    });
    let shows_less: Answer = Box::new(|asked| {
        let skip = asked.query("skip").unwrap();
        let results: Vec<_> = (skip..(skip + 5).min(10)).map(stored).collect();
        Reply::json(
            &json!({"results": results, "skip": skip, "limit": 5, "hasMore": skip < 10, "totalResults": 12}),
        )
    });
    let mut gets = 0;
    let once_twice: Answer = Box::new(move |asked| {
        gets += 1;
        let target = if gets == 3 { "/?skip=5&limit=5".to_owned() } else { asked.target.clone() };
        pages(15, 5)(Asked { target, ..asked })
    });
    let stuck: Answer = Box::new(|asked| {
        let skip = asked.query("skip").unwrap().min(5);
        pages(15, 5)(Asked { target: format!("/?skip={skip}&limit=5"), ..asked })
    });
    let never_ends: Answer = Box::new(|asked| {
        let skip = asked.query("skip").unwrap();
        let results: Vec<_> = (0..30_u64).map(|n| json!({"id": skip + n})).collect();
        Reply::json(&json!({"results": results, "hasMore": true}))
    });
    for (name, answer, expected, gets) in [
        ("ignores skip", ignores_skip, Err("(it ignores `skip`)"), 3),
        (
            "says that there is more",
            says_more,
            Ok((10, Some("the platform announced another page, but there was none"))),
            3,
        ),
        (
            "says that there is no more",
            says_no_more,
            Ok((10, Some("the platform announced the last page, but there were more"))),
            2,
        ),
        (
            "counts more than it shows",
            shows_less,
            Ok((10, Some("the platform counts 12 contacts but shows 10"))),
            4,
        ),
        (
            "shows a page twice",
            once_twice,
            Ok((15, Some("page 3 was not the requested one and was read again"))),
            4,
        ),
        ("is stuck at a page", stuck, Err("instead of the one after contact 10"), 4),
        ("never ends", never_ends, Err("more than 100 contacts without reaching an end"), 4),
    ] {
        let platform = Scripted::serve(answer);
        let (read, counts) = read(&platform, &Collection::Contacts, None).await;
        let read = read
            .map(|(contacts, notes)| (contacts, notes.first().cloned()))
            .map_err(|error| error.to_string());
        match (&read, expected) {
            (Ok((contacts, note)), Ok(expected)) => {
                assert_eq!((*contacts, note.as_deref()), expected, "{name}");
            }
            (Err(error), Err(expected)) => assert!(error.ends_with(expected), "{name}: {error}"),
            _ => panic!("{name}: {read:?}"),
        }
        assert_eq!(counts.get, gets, "{name}");
    }
}

#[tokio::test]
async fn reads_are_repeated_but_posts_are_not() {
    for failure in [answer(500, "oops"), answer(408, ""), Reply::HangUp, Reply::Cut(100, " ".repeat(900))] {
        let end = answer(200, r#"{"results": [], "hasMore": false}"#);
        let (platform, _) = script(vec![failure.clone(), failure.clone(), end]);
        let (read, counts) = read_all(&platform).await;
        assert_eq!((read, counts.get, counts.retries), (Ok(0), 3, 2), "{failure:?}");

        let (platform, asked) = script(vec![failure.clone(), answer(200, "[]")]);
        let (created, counts) = create(&platform).await;
        assert!(matches!(created.unwrap(), Created::Unknown(_)), "{failure:?}");
        assert_eq!((asked.lock().unwrap().len(), counts.post), (1, 1), "{failure:?}");
    }
}

#[tokio::test]
async fn attempts_are_limited() {
    let platform = Scripted::serve(|_| Reply::Answer(503, "{\"errors\": [{\"msg\": \"down\"}]}".to_owned()));
    let (read, counts) = read_all(&platform).await;
    assert_eq!(read.unwrap_err(), "reading the contacts failed 3 times; last: HTTP 503, \"down\"");
    assert_eq!(counts.get, 3);
}

#[tokio::test]
async fn unreachable_platform_received_nothing() {
    let closed = ClosedPort::new();
    let port = closed.address().port();
    let host = format!("http://127.0.0.1:{port}").parse().unwrap();
    let mut client = client(settings(host), Interrupt::default());
    let error = client.create(&[&contact(9_876_543_210)], &mut Unnoted).await.unwrap_err();
    assert!(
        matches!(error, ClientError::Platform(PlatformError::Unreachable { attempts: 3, .. })),
        "{error}"
    );
}

#[tokio::test]
async fn rate_limit_is_waited_out_whatever_its_status() {
    const TEXT: &str = "You've exceeded the per-minute rate limit. Please wait for sometime before retrying.";
    let limited = [answer(429, ""), answer(400, TEXT), answer(200, TEXT), answer(503, TEXT)];
    let replies = limited.into_iter().chain([answer(200, "[]")]).collect();
    let (platform, asked) = script(replies);
    let (created, counts) = create(&platform).await;
    assert_eq!(created.unwrap(), Created::Listed(Listed::default()));
    assert_eq!((asked.lock().unwrap().len(), counts.rate_limited, counts.retries), (5, 4, 0));

    let platform = Scripted::serve(|_| Reply::WithHeader(429, "retry-after: rubbish", String::new()));
    let message = create(&platform).await.0.unwrap_err();
    assert!(message.contains("10 times in a row"), "{message}");
}

#[tokio::test]
async fn refused_token_is_replaced_once() {
    let (platform, asked) = script(vec![answer(401, ""), answer(200, "[]")]);
    assert!(create(&platform).await.0.is_ok());
    let tokens: Vec<_> =
        asked.lock().unwrap().iter().map(|asked| asked.header("auth").unwrap().to_owned()).collect();
    assert_ne!(tokens[0], tokens[1]);

    let (platform, asked) =
        script(vec![answer(401, ""), answer(401, "{\"message\": \"expired\"}"), answer(200, "[]")]);
    let message = create(&platform).await.0.unwrap_err();
    assert_eq!(message, "the platform does not accept the credentials: HTTP 401, \"expired\"");
    assert_eq!(asked.lock().unwrap().len(), 2);

    let (platform, asked) = script(vec![answer(401, ""), answer(200, "[]")]);
    let ready =
        ClientSettings { credentials: Credentials::Token("a.b.c".into()), ..settings(platform.host()) };
    let mut client = client(ready, Interrupt::default());
    assert!(client.create(&[&contact(9_876_543_210)], &mut Unnoted).await.is_err());
    assert_eq!(asked.lock().unwrap().len(), 1, "a ready token cannot be replaced");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    for status in [301, 302, 307, 308] {
        let (platform, asked) =
            script(vec![Reply::WithHeader(status, "location: /elsewhere", String::new())]);
        let created = create(&platform).await.0.unwrap();
        assert!(
            matches!(&created, Created::Unknown(it) if it.doubt == Doubt::Redirect && it.reason.contains("redirects it: HTTP 3")),
            "{created:?}"
        );
        assert_eq!(asked.lock().unwrap().len(), 1);
        let (platform, asked) =
            script(vec![Reply::WithHeader(status, "location: /elsewhere", String::new())]);
        assert!(read_all(&platform).await.0.is_err());
        assert_eq!(asked.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn endless_answer_is_abandoned() {
    let huge = "x".repeat(33 * 1024 * 1024);
    let (platform, _) = script(vec![Reply::Answer(200, huge)]);
    let Created::Unknown(unacknowledged) = create(&platform).await.0.unwrap() else { panic!("believed") };
    let reason = unacknowledged.reason;
    assert!(reason.contains("larger than"), "{reason}");
}

#[tokio::test]
async fn unreadable_answers_to_a_post_are_unacknowledged() {
    for body in ["<html>", "[1]", "[{\"cellPhone\": {\"phoneNumber\""] {
        let (platform, _) = script(vec![answer(200, body)]);
        assert!(matches!(create(&platform).await.0.unwrap(), Created::Unknown(_)), "{body}");
        let platform = Scripted::serve(|_| Reply::Answer(200, body.to_owned()));
        let (read, counts) = read_all(&platform).await;
        let message = read.unwrap_err();
        // A response that is not JSON may be truncated or come from a gateway, so the request is repeated.
        let (expected, gets) = if serde_json::from_str::<serde_json::Value>(body).is_ok() {
            ("the answer to reading the contacts is not the documented one", 1)
        } else {
            ("reading the contacts failed 3 times; last: the answer is not JSON", 3)
        };
        assert!(message.starts_with(expected), "{message}");
        assert_eq!(counts.get, gets);
    }
}

#[tokio::test]
async fn refusal_that_names_contacts_gives_each_its_result() {
    let failed = json!({"failedRecords": [{"contact": {"cellPhone": {"phoneNumber": "9876543210", "countryCode": "+91"}}, "error": "exists"}]});
    for status in [200, 400, 409, 422] {
        let (platform, _) = script(vec![answer(status, &failed.to_string())]);
        let Created::Listed(Listed { created, refused, .. }) = create(&platform).await.0.unwrap() else {
            panic!("{status}")
        };
        assert_eq!((created.len(), refused[0].1.as_str()), (0, "exists"));
    }
    let (platform, _) = script(vec![answer(422, "{\"message\": \"no\"}")]);
    assert_eq!(
        create(&platform).await.0.unwrap(),
        Created::Refused { words: "HTTP 422, \"no\"".to_owned(), is_conflict: false }
    );
}

#[tokio::test]
async fn interrupt_ends_the_run_before_its_next_request() {
    let (platform, asked) = script(vec![answer(200, "[]")]);
    let interrupt = Interrupt::default();
    interrupt.slot().store(15, std::sync::atomic::Ordering::Relaxed);
    let mut client = client(settings(platform.host()), interrupt);
    let error = client.create(&[&contact(9_876_543_210)], &mut Unnoted).await.unwrap_err();
    assert!(matches!(error, ClientError::Interrupted(15)));
    assert!(asked.lock().unwrap().is_empty());
}
