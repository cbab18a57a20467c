use std::{
    net::TcpListener,
    sync::{Arc, Mutex},
};

use serde_json::json;

use super::{
    scripted::{Asked, Reply, Scripted, client, settings},
    *,
};
use crate::{
    contact::{Contact, NumberType, PhoneNumber, Salutation},
    diff::StoredContact,
    interrupt::Interrupt,
    journal::JournalError,
};

#[derive(Default)]
struct Collected(Vec<StoredContact>);

impl ContactSink for Collected {
    fn contact(&mut self, contact: StoredContact) {
        self.0.push(contact);
    }

    fn restart(&mut self) {
        self.0.clear();
    }
}

/// Notes nothing.
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

/// Contacts `0..total` in pages of at most `cap`.
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
    let mut client = platform.client();
    let mut collected = Collected::default();
    let read = client.read_contacts(&mut collected).await;
    (read.map(|()| collected.0.len()).map_err(|error| error.to_string()), client.counts())
}

async fn create(platform: &Scripted) -> (Result<Created, String>, Counts) {
    let mut client = platform.client();
    let created = client.create(&[&contact(9_876_543_210)], &mut Unnoted).await;
    (created.map_err(|error| error.to_string()), client.counts())
}

/// Answers with these, in order, and notes what was asked.
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
async fn requests_are_those_of_the_pages() {
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
async fn the_page_size_granted_is_adopted() {
    let platform = Scripted::serve(pages(25, 10));
    let (read, counts) = read_all(&platform).await;
    assert_eq!((read, counts.get, counts.page_size), (Ok(25), 3, 10));
    let platform = Scripted::serve(pages(0, 10));
    let (read, counts) = read_all(&platform).await;
    assert_eq!((read, counts.get), (Ok(0), 1));
}

#[tokio::test]
async fn contacts_that_change_meanwhile_are_read_again() {
    let mut total = 24;
    let platform = Scripted::serve(move |asked| {
        // One is added while the first reading goes on.
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
async fn a_platform_that_ignores_skip_ends_in_an_error() {
    let page = json!({"results": [stored(1)], "skip": 0, "limit": 1, "hasMore": true});
    let platform = Scripted::serve(move |_| Reply::json(&page));
    let (read, counts) = read_all(&platform).await;
    assert!(read.unwrap_err().contains("ignores `skip`"));
    assert_eq!(counts.get, 2);
}

#[tokio::test]
async fn readings_are_repeated_and_posts_are_not() {
    for failure in [answer(500, "oops"), answer(408, ""), Reply::HangUp, Reply::Cut(900, "{".to_owned())] {
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
async fn attempts_are_bounded() {
    let platform = Scripted::serve(|_| Reply::Answer(503, "{\"errors\": [{\"msg\": \"down\"}]}".to_owned()));
    let (read, counts) = read_all(&platform).await;
    assert_eq!(read.unwrap_err(), "reading the contacts failed 3 times; last: HTTP 503, \"down\"");
    assert_eq!(counts.get, 3);
}

#[tokio::test]
async fn a_platform_that_cannot_be_reached_was_not_asked() {
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let host = format!("http://127.0.0.1:{port}").parse().unwrap();
    let mut client = client(settings(host), Interrupt::default());
    let error = client.create(&[&contact(9_876_543_210)], &mut Unnoted).await.unwrap_err();
    assert!(matches!(error, PlatformError::Unreachable { attempts: 3, .. }), "{error}");
}

#[tokio::test]
async fn the_rate_limit_is_waited_out_whatever_its_status() {
    const TEXT: &str = "You've exceeded the per-minute rate limit. Please wait for sometime before retrying.";
    let limited = [answer(429, ""), answer(400, TEXT), answer(200, TEXT), answer(503, TEXT)];
    let replies = limited.into_iter().chain([answer(200, "[]")]).collect();
    let (platform, asked) = script(replies);
    let (created, counts) = create(&platform).await;
    assert_eq!(created.unwrap(), Created::Listed { created: vec![], refused: vec![], is_refusal: false });
    assert_eq!((asked.lock().unwrap().len(), counts.rate_limited, counts.retries), (5, 4, 0));

    let platform = Scripted::serve(|_| Reply::WithHeader(429, "retry-after: rubbish", String::new()));
    let message = create(&platform).await.0.unwrap_err();
    assert!(message.contains("10 times in a row"), "{message}");
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
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
async fn nothing_is_followed_to_another_place() {
    for status in [301, 302, 307, 308] {
        let (platform, asked) =
            script(vec![Reply::WithHeader(status, "location: /elsewhere", String::new())]);
        let created = create(&platform).await.0.unwrap();
        assert!(
            matches!(&created, Created::Unknown(it) if it.is_redirect && it.reason.contains("elsewhere: HTTP 3")),
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
async fn endless_answers_are_not_read_to_the_end() {
    let huge = "x".repeat(33 * 1024 * 1024);
    let (platform, _) = script(vec![Reply::Answer(200, huge)]);
    let Created::Unknown(unsettled) = create(&platform).await.0.unwrap() else { panic!("believed") };
    let reason = unsettled.reason;
    assert!(reason.contains("larger than"), "{reason}");
}

#[tokio::test]
async fn what_cannot_be_understood_is_not_guessed() {
    for body in ["<html>", "{\"message\": \"in progress\"}", "[1]", "[{\"cellPhone\": {\"phoneNumber\""] {
        let (platform, _) = script(vec![answer(200, body)]);
        assert!(matches!(create(&platform).await.0.unwrap(), Created::Unknown(_)), "{body}");
        let platform = Scripted::serve(|_| Reply::Answer(200, body.to_owned()));
        let (read, counts) = read_all(&platform).await;
        let message = read.unwrap_err();
        // What is no JSON may have been cut short, or come from somebody on the way: it is asked for again.
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
async fn a_refusal_that_names_contacts_says_so_of_each() {
    let failed = json!({"failedRecords": [{"contact": {"cellPhone": {"phoneNumber": "9876543210", "countryCode": "+91"}}, "error": "exists"}]});
    for status in [200, 400, 409, 422] {
        let (platform, _) = script(vec![answer(status, &failed.to_string())]);
        let Created::Listed { created, refused, .. } = create(&platform).await.0.unwrap() else {
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
async fn an_interrupt_ends_a_run_before_its_next_request() {
    let (platform, asked) = script(vec![answer(200, "[]")]);
    let interrupt = Interrupt::default();
    interrupt.slot().store(15, std::sync::atomic::Ordering::Relaxed);
    let mut client = client(settings(platform.host()), interrupt);
    let error = client.create(&[&contact(9_876_543_210)], &mut Unnoted).await.unwrap_err();
    assert!(matches!(error, PlatformError::Interrupted(15)));
    assert!(asked.lock().unwrap().is_empty());
}
