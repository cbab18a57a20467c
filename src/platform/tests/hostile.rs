//! Responses made to fill memory or disk or to keep the program busy, and responses that repeat a secret.

use std::{io::Write as _, time::Duration};

use flate2::{Compression, write::GzEncoder};

use super::*;
use crate::platform::{
    ByteLimit, Doubt,
    test_client::{client, settings},
};

/// Runs `work` to its end and closes all connections, which ends endless responses.
fn done<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// Serves the same reply to every request.
fn always(reply: Reply) -> Scripted {
    Scripted::serve(move |_| reply.clone())
}

fn ok(body: impl Into<String>) -> Reply {
    Reply::Answer(200, body.into())
}

/// The head of a chunked response without an end.
const ENDLESS: &str = "HTTP/1.1 200 -\r\ntransfer-encoding: chunked\r\n\r\n";

fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

fn packed(times: usize, body: &[u8]) -> Reply {
    let mut bytes = body.to_vec();
    for _ in 0..times {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&bytes).unwrap();
        bytes = encoder.finish().unwrap();
    }
    let head = format!(
        "HTTP/1.1 200 -\r\nconnection: close\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        bytes.len()
    );
    Reply::Raw([head.into_bytes(), bytes].concat())
}

// Source: ffuf/ffuf issue 897, symfony/symfony issue 65751 (answers that fill the memory of the client).
#[test]
fn too_large_answers_are_abandoned() {
    let megabyte = " ".repeat(1 << 20);
    for (name, reply, said) in [
        (
            "ten million records",
            ok(format!("{{\"results\": [{}{{}}]}}", "{},".repeat(1_000_000))),
            "more than 1,000,000 values",
        ),
        ("a list of no contacts", ok(format!("[{}0]", "0,".repeat(1_000_001))), "more than 1,000,000 values"),
        ("lists in lists", ok("[".repeat(1_100_000)), "more than 1,000,000 values"),
        (
            "no end",
            Reply::Endless(ENDLESS.to_owned(), chunk(megabyte.as_bytes())),
            "larger than 33554432 bytes",
        ),
        (
            "a header of megabytes",
            Reply::Endless("HTTP/1.1 200 -\r\nx: ".to_owned(), megabyte.into_bytes()),
            "failed",
        ),
        (
            "a thousand headers",
            Reply::Raw(format!("HTTP/1.1 200 -\r\n{}\r\n", "x: y\r\n".repeat(1000)).into_bytes()),
            "failed",
        ),
        ("packed twice", packed(2, &vec![b' '; 33 << 20]), "larger than 33554432 bytes when decompressed"),
    ] {
        let platform = always(reply);
        let limits = || ClientSettings { max_attempts: 1, ..settings(platform.host()) };
        let read = done(async {
            let mut client = client(limits(), Interrupt::default());
            client.read(&Collection::Contacts, None, &mut Collected::default()).await
        });
        let message = read.unwrap_err().to_string();
        assert!(message.contains(said), "{name}: {message}");
        // In response to a batch: its result is unknown, so it is not posted again.
        let created = done(async {
            client(limits(), Interrupt::default())
                .create(&[&contact(9_876_543_210)], &mut Unnoted)
                .await
                .unwrap()
        });
        let Created::Unknown(unacknowledged) = created else { panic!("{name}: {created:?}") };
        assert_ne!(unacknowledged.doubt, Doubt::ServerError, "{name}");
    }
}

#[test]
fn dripping_answer_is_abandoned_after_the_timeout() {
    let platform = always(Reply::Endless(ENDLESS.to_owned(), chunk(b" ")));
    let limits =
        ClientSettings { max_attempts: 1, timeout: Duration::from_millis(100), ..settings(platform.host()) };
    let read = done(async {
        let mut client = client(limits, Interrupt::default());
        client.read(&Collection::Contacts, None, &mut Collected::default()).await
    });
    assert!(read.unwrap_err().to_string().contains("no answer in time"));
}

#[tokio::test]
async fn page_with_too_many_records_is_refused() {
    let records = |count: u64| {
        let records: Vec<String> =
            (0..count).map(|n| format!("{{\"id\": {n}, \"phoneNumber\": \"\"}}")).collect();
        format!("[{}]", records.join(","))
    };
    for (collection, name) in [
        (Collection::Contacts, "results"),
        (Collection::List { id: "cl-1".to_owned(), api: Api::V2 }, "data"),
        (Collection::Campaign { id: "cm-1".to_owned(), api: Api::V2 }, "contacts"),
    ] {
        let platform = always(ok(format!("{{\"{name}\": {}}}", records(10_001))));
        let mut client = platform.client();
        let mut collected = Collected::default();
        let message = client.read(&collection, None, &mut collected).await.unwrap_err().to_string();
        assert!(message.contains("it lists more than 10,000 records"), "{collection}: {message}");
        assert!(collected.0.is_empty(), "{collection}");
    }
    // A platform without paging lists all contacts.
    let platform = always(ok(format!("{{\"results\": {}, \"totalResults\": 10000}}", records(10_000))));
    let mut client = platform.client();
    let mut collected = Collected::default();
    client.read(&Collection::Contacts, None, &mut collected).await.unwrap();
    assert_eq!(collected.0.len(), 10_000);
}

#[tokio::test]
async fn endless_pages_are_limited_in_records_and_bytes() {
    let endless = |text: &'static str| {
        let mut n = 0;
        Scripted::serve(move |_| {
            n += 1;
            let mut record = stored(n);
            record["note"] = text.into();
            Reply::json(&json!({"results": [record], "hasMore": true}))
        })
    };
    let platform = endless("");
    let message = read_all(&platform).await.0.unwrap_err();
    assert!(message.contains("more than 100 contacts without reaching an end"), "{message}");
    let platform = endless("a note that is far too long");
    let mut client = platform.client();
    client.byte_limit = ByteLimit::of(1000, 100, 100_000);
    let mut collected = Collected::default();
    let error = client.read(&Collection::Contacts, None, &mut collected).await.unwrap_err();
    assert!(matches!(error, ClientError::Platform(PlatformError::TooManyBytes { .. })), "{error}");
    assert!(error.to_string().contains("too much data"), "{error}");
    assert!(collected.0.len() < 100, "{}", collected.0.len());
}

#[tokio::test]
async fn odd_values_of_a_record_are_truncated_or_skipped() {
    let deep = format!("{{\"a\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let giant = format!(
        "{{\"id\": \"{}\", \"cellPhone\": {{\"phoneNumber\": \"+919876543210\"}}}}",
        "x".repeat(5 << 20)
    );
    let number = format!(
        "{{\"id\": 1e{}, \"cellPhone\": {{\"phoneNumber\": {}}}}}",
        "9".repeat(1000),
        "9".repeat(100_000)
    );
    let platform = always(ok(format!("{{\"results\": [{deep}, {giant}, {number}], \"totalResults\": 3}}")));
    let mut client = platform.client();
    let mut collected = Collected::default();
    let readout = client.read(&Collection::Contacts, None, &mut collected).await.unwrap();
    assert_eq!(readout.records, 3);
    let ids: Vec<usize> = collected.0.iter().map(|contact| contact.id.len()).collect();
    assert!(ids.iter().all(|length| *length <= 4096) && ids.contains(&4096), "{ids:?}");
}

#[tokio::test]
async fn answer_to_a_batch_is_limited_to_the_contacts_sent() {
    let failed =
        |count: usize| format!("{{\"failedRecords\": [{}1]}}", r#"{"id":1,"phoneNumber":""},"#.repeat(count));
    let platform = always(ok(failed(301)));
    let created = create(&platform).await.0.unwrap();
    let Created::Unknown(unacknowledged) = created else { panic!("{created:?}") };
    assert_eq!(unacknowledged.doubt, Doubt::BrokenAnswer);
    let platform = always(ok(failed(299)));
    assert!(matches!(create(&platform).await.0.unwrap(), Created::Listed(_)));
    // The words for one contact are limited to a sentence.
    let words = "x".repeat(1 << 20);
    let platform = always(ok(format!(
        "{{\"failedRecords\": [{{\"phoneNumber\": \"+911234567\", \"error\": \"{words}\"}}]}}"
    )));
    let Created::Listed(listed) = create(&platform).await.0.unwrap() else { panic!("not listed") };
    assert_eq!(listed.refused[0].1.len(), 4096);
}

// Source: open-telemetry/opentelemetry-collector-contrib issue 46200, highflame-ai/zeroid issue 191 (tokens that a server repeats).
#[tokio::test]
async fn repeated_token_is_masked_in_body_and_headers() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    let mut first = None;
    let platform = Scripted::serve(move |asked| {
        let token = asked.header("auth").unwrap().to_owned();
        let earlier = first.get_or_insert_with(|| token.clone()).clone();
        let hidden = STANDARD.encode(format!("auth: {token}"));
        let mut record = stored(1);
        record["note"] = format!("{token} {earlier} {hidden}").into();
        if asked.is_post() {
            let head = format!(
                "HTTP/1.1 401 -\r\nconnection: close\r\nx-ratelimit-of: {token}\r\ndate: {token}\r\nlocation: /{token}\r\ncontent-length: {}\r\n\r\n{hidden}",
                hidden.len()
            );
            return Reply::Raw(head.into_bytes());
        }
        Reply::json(&json!({"results": [record], "totalResults": 1}))
    });
    let mut client = platform.client();
    let mut shown = Whole::default();
    client.read(&Collection::Contacts, None, &mut shown).await.unwrap();
    client.read(&Collection::Contacts, None, &mut shown).await.unwrap();
    let error = client.create(&[&contact(9_876_543_210)], &mut Unnoted).await.unwrap_err();
    let texts = [shown.0.join(" "), error.to_string(), format!("{error:?} {:?}", client.response_info())];
    let encoded = STANDARD.encode("eyJ0eXAi");
    for text in texts {
        assert!(text.contains("***"), "{text}");
        for hidden in ["eyJ0eXAi", "eyJhbGci", &encoded[1..10]] {
            assert!(!text.contains(hidden), "{text}");
        }
    }
}

/// Records as received.
#[derive(Default)]
struct Whole(Vec<String>);

impl RecordSink for Whole {
    type Error = ClientError;

    fn record(&mut self, record: &Record<'_>) -> Result<(), ClientError> {
        self.0.push(record.json().to_owned());
        Ok(())
    }

    fn restart(&mut self) -> Result<(), ClientError> {
        Ok(())
    }
}
