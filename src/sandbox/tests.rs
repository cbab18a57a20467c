use std::{fs, path::Path};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::*;

/// A running sandbox and a client that follows the platform's pages.
struct Caller {
    sandbox: RunningSandbox,
    token: String,
    http: reqwest::Client,
}

impl Caller {
    fn new(settings: &SandboxSettings) -> Self {
        let sandbox = Sandbox::open(settings).unwrap();
        let token = sandbox.token();
        Self { sandbox: sandbox.serve_in_background(), token, http: reqwest::Client::new() }
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.sandbox.host))
            .header("auth", &self.token)
            .header("accountId", ACCOUNT_ID)
            .header("iid", STREAM_ID)
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        answer(self.request(Method::GET, path)).await
    }

    async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        answer(self.request(Method::POST, path).body(body.to_string())).await
    }

    async fn create(&self, contacts: &[Value]) -> (StatusCode, Value) {
        self.post(&contacts_path(), &json!(contacts)).await
    }

    /// Returns the numbers that the sandbox shows.
    async fn numbers(&self) -> Vec<String> {
        let (_, page) = self.get(&format!("{}?limit=100", contacts_path())).await;
        let number = |contact: &Value| contact["cellPhone"]["phoneNumber"].as_str().unwrap().to_owned();
        page["results"].as_array().unwrap().iter().map(number).collect()
    }
}

async fn answer(request: reqwest::RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.unwrap();
    let status = response.status();
    (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap())
}

fn contacts_path() -> String {
    format!("/agentassist/api/v1/public/{STREAM_ID}/contacts")
}

fn contact(national: &str) -> Value {
    json!({
        "firstName": "John", "lastName": "Doe", "salutation": "Mr",
        "cellPhone": {"phoneNumber": national, "countryCode": "+91", "extension": "+"}
    })
}

fn message(answer: &Value) -> &str {
    answer["errors"][0]["msg"].as_str().unwrap()
}

fn quick() -> SandboxSettings {
    SandboxSettings { rate_limit: 100_000, ..SandboxSettings::default() }
}

#[tokio::test]
async fn created_contact_is_shown_as_documented() {
    let caller = Caller::new(&quick());
    let (status, created) = caller.create(&[contact("9876543210")]).await;
    assert_eq!(status, StatusCode::OK);
    let created = &created[0];
    assert_eq!(
        created["cellPhone"],
        json!({"phoneNumber": "+919876543210", "countryCode": "+91", "extension": "+"})
    );
    assert_eq!(
        (created["fullName"].as_str(), created["status"].as_str()),
        (Some("John Doe"), Some("ACTIVE"))
    );
    let sample: Value =
        serde_json::from_str(include_str!("../platform/samples/create-contact.json")).unwrap();
    let mut names: Vec<&String> = sample[0].as_object().unwrap().keys().collect();
    names.retain(|name| created.get(name.as_str()).is_none());
    assert_eq!(names, [""; 0], "fields of the page that are missing");

    let (_, page) = caller.get(&contacts_path()).await;
    assert_eq!(page["results"][0]["id"], created["id"]);
    assert_eq!(
        (&page["skip"], &page["limit"], &page["hasMore"], &page["totalPages"], &page["totalResults"]),
        (&json!(0), &json!(10), &json!(false), &json!(1), &json!(1))
    );
}

#[tokio::test]
async fn pages_are_capped() {
    let caller = Caller::new(&SandboxSettings { page_cap: 3, ..quick() });
    let contacts: Vec<Value> = (0..7).map(|n| contact(&format!("987654321{n}"))).collect();
    caller.create(&contacts).await;
    let (_, page) = caller.get(&format!("{}?skip=0&limit=1000", contacts_path())).await;
    assert_eq!(
        (page["limit"].as_u64(), page["hasMore"].as_bool(), page["totalPages"].as_u64()),
        (Some(3), Some(true), Some(3))
    );
    let (_, page) = caller.get(&format!("{}?skip=6&limit=3", contacts_path())).await;
    assert_eq!((page["results"].as_array().unwrap().len(), page["hasMore"].as_bool()), (1, Some(false)));
    let (_, page) = caller.get(&format!("{}?skip=99", contacts_path())).await;
    assert_eq!((page["results"].as_array().unwrap().len(), page["hasMore"].as_bool()), (0, Some(false)));
}

#[tokio::test]
async fn number_is_stored_once_whatever_happens_to_its_batch() {
    let batch = ["9876543210", "9876543211", "9876543210"].map(contact);
    let taken = contact("9876543299");
    for (duplicates, status, stored) in [
        (Duplicates::RejectBatch, StatusCode::CONFLICT, 1),
        (Duplicates::Skip, StatusCode::OK, 3),
        (Duplicates::PerContact, StatusCode::OK, 3),
    ] {
        let caller = Caller::new(&SandboxSettings { duplicates, ..quick() });
        assert_eq!(caller.create(std::slice::from_ref(&taken)).await.0, StatusCode::OK);
        let mut sent = batch.to_vec();
        sent.push(taken.clone());
        let (answered, answer) = caller.create(&sent).await;
        assert_eq!(answered, status, "{duplicates:?}");
        match duplicates {
            Duplicates::RejectBatch => assert!(message(&answer).contains("already exists")),
            Duplicates::Skip => assert_eq!(answer.as_array().unwrap().len(), 2),
            Duplicates::PerContact => {
                assert_eq!((answer["successful"].as_u64(), answer["failed"].as_u64()), (Some(2), Some(2)));
                let failed = &answer["failedRecords"][1]["contact"]["cellPhone"]["phoneNumber"];
                assert_eq!(failed, "+919876543299");
            }
        }
        assert_eq!(caller.numbers().await.len(), stored, "{duplicates:?}");
    }
}

#[tokio::test]
async fn every_field_is_required() {
    let caller = Caller::new(&quick());
    for field in ["firstName", "lastName", "salutation", "cellPhone"] {
        let mut incomplete = contact("9876543210");
        incomplete.as_object_mut().unwrap().remove(field);
        let (status, answer) = caller.create(&[contact("9876543219"), incomplete]).await;
        assert_eq!(
            (status, message(&answer)),
            (StatusCode::BAD_REQUEST, &*format!("contact 1: {field} is required"))
        );
    }
    for (field, value) in [
        ("phoneNumber", json!("+919876543210")),
        ("phoneNumber", json!(9_876_543_210_u64)),
        ("countryCode", json!("India")),
        ("extension", json!("")),
    ] {
        let mut wrong = contact("9876543210");
        wrong["cellPhone"][field] = value;
        assert_eq!(caller.create(&[wrong]).await.0, StatusCode::BAD_REQUEST, "{field}");
    }
    assert_eq!(caller.post(&contacts_path(), &json!({"contacts": []})).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(caller.numbers().await.len(), 0, "nothing of a refused batch is stored");
}

#[tokio::test]
async fn the_sandbox_refuses_other_accounts() {
    let caller = Caller::new(&quick());
    let list = format!("/agentassist/api/v1/public/{STREAM_ID}/campaign/contactList/l/getAllContacts");
    let url = |path: &str| format!("{}{path}", caller.sandbox.host);
    let http = &caller.http;
    let other = Caller::new(&quick());
    for (request, status, says) in [
        (http.get(url(&contacts_path())), 401, "auth is missing"),
        (http.get(url(&contacts_path())).header("auth", "x.y.z"), 401, "not valid"),
        (http.get(url(&contacts_path())).header("auth", &other.token), 401, "not valid"),
        (http.get(url(&contacts_path())).header("auth", &caller.token), 400, "accountId is missing"),
        (
            http.get(url(&contacts_path())).header("auth", &caller.token).header("accountId", "x"),
            403,
            "another",
        ),
        (caller.request(Method::GET, "/agentassist/api/v1/public/st-other/contacts"), 404, "no such stream"),
        (caller.request(Method::GET, "/agentassist/api/v1/other"), 404, "no such call"),
        (caller.request(Method::PUT, &contacts_path()), 405, "not with this method"),
        (
            http.get(url(&list)).header("auth", &caller.token).header("accountId", ACCOUNT_ID),
            400,
            "iid is missing",
        ),
        (caller.request(Method::GET, &list), 400, "query must name the accountId"),
        (caller.request(Method::GET, &format!("{list}?accountId={ACCOUNT_ID}")), 404, "no such contact list"),
    ] {
        let (answered, answer) = answer(request).await;
        assert_eq!(answered.as_u16(), status, "{answer}");
        assert!(message(&answer).contains(says), "{answer}");
    }
}

#[tokio::test]
async fn requests_per_minute_are_limited() {
    let caller = Caller::new(&SandboxSettings { rate_limit: 3, ..quick() });
    for _ in 0..3 {
        assert_eq!(caller.get(&contacts_path()).await.0, StatusCode::OK);
    }
    let (status, answer) = caller.get(&contacts_path()).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        message(&answer),
        "You've exceeded the per-minute rate limit. Please wait for sometime before retrying."
    );
}

#[tokio::test]
async fn lists_and_campaigns_are_loaded_from_files() {
    let folder = tempfile::tempdir().unwrap();
    let (csv, json_file) = (folder.path().join("list.csv"), folder.path().join("campaign.json"));
    fs::write(&csv, "phoneNumber,uniqueId\n919876543210,a\n919876543211,b\n").unwrap();
    fs::write(
        &json_file,
        r#"{"data": {"results": [{"phoneNumber": "919876543210", "dialerOutcome": "completed"}]}}"#,
    )
    .unwrap();
    let settings = SandboxSettings {
        lists: vec![("l1".to_owned(), csv)],
        campaigns: vec![("c1".to_owned(), json_file)],
        ..quick()
    };
    let caller = Caller::new(&settings);
    for version in ["/agentassist/api/v1", "/campaign/api/v2"] {
        let path = format!(
            "{version}/public/{STREAM_ID}/campaign/contactList/l1/getAllContacts?accountId={ACCOUNT_ID}&limit=1"
        );
        let (status, answer) = caller.get(&path).await;
        assert_eq!((status, answer["status"].as_str()), (StatusCode::OK, Some("success")));
        assert_eq!(answer["data"]["results"][0]["phoneNumber"], "919876543210");
        assert!(answer["data"]["results"][0]["_id"].is_string());
        assert_eq!(
            (answer["data"]["hasMore"].as_bool(), answer["data"]["totalResults"].as_u64()),
            (Some(true), Some(2))
        );

        let path = format!("{version}/public/{STREAM_ID}/campaign/c1/status?view=contacts");
        let (status, answer) = caller.post(&path, &json!({"page": 1, "limit": 100})).await;
        assert_eq!((status, answer["data"]["page"].as_u64()), (StatusCode::OK, Some(1)));
        assert_eq!(answer["data"]["results"][0]["dialerOutcome"], "completed");
        assert!(answer["data"].get("hasMore").is_none());
        for wrong in [json!({"page": 0}), json!({"limit": 101}), json!({"limit": "5"}), json!({"page": 1.5})]
        {
            assert_eq!(caller.post(&path, &wrong).await.0, StatusCode::BAD_REQUEST, "{wrong}");
        }
    }
}

fn seeded(path: &Path, content: &str) -> Result<Vec<String>, String> {
    fs::write(path, content).unwrap();
    let region = crate::contact::Region::new("IN");
    let settings = SandboxSettings { seed: Seed::File(path.to_owned(), region), ..quick() };
    let sandbox = Sandbox::open(&settings).map_err(|error| error.to_string())?;
    let store = sandbox.platform.store();
    Ok(store.shown().iter().map(|contact| contact.cell_phone.phone_number.clone()).collect())
}

#[test]
fn sandbox_starts_with_its_seed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("seed");
    let csv = "First,Last,Mobile\nAsha,Rao,98765 43210\nLi,Wei,+86 138 1234 5678\n";
    assert_eq!(seeded(&path, csv).unwrap(), ["+919876543210", "+8613812345678"]);
    // Contacts that an account may have from before the rule, in other shapes.
    let json = r#"[
        {"firstName": "a", "lastName": "b", "cellPhone": {"phoneNumber": "+919876543210"}},
        {"firstName": "c", "lastName": "d", "cellPhone": {"phoneNumber": "9876543210", "countryCode": "91"}},
        {"firstName": "e", "lastName": "f", "cellPhone": {"phoneNumber": "+915"}, "status": "INACTIVE"}
    ]"#;
    assert_eq!(seeded(&path, json).unwrap(), ["+919876543210", "9876543210"]);
    assert!(seeded(&path, "First,Last,Mobile\nAsha,Rao,12\n").unwrap_err().contains("row 2: too short"));
    assert!(seeded(&path, "[{}]").unwrap_err().contains("missing field"));
}

#[tokio::test]
async fn contacts_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let seed = folder.path().join("seed.csv");
    fs::write(&seed, "First,Last,Mobile\nAsha,Rao,+919876543210\n").unwrap();
    let settings = SandboxSettings {
        seed: Seed::File(seed, None),
        data: Some(folder.path().join("contacts.sqlite")),
        ..quick()
    };
    let caller = Caller::new(&settings);
    assert_eq!(caller.create(&[contact("9876543211")]).await.0, StatusCode::OK);
    let token = caller.token.clone();
    drop(caller);
    // Each start would generate its own secret.
    let settings = SandboxSettings { client_secret: access::new_secret(), ..settings };
    let caller = Caller { token, ..Caller::new(&settings) };
    assert_eq!(caller.numbers().await, ["+919876543210", "+919876543211"], "the seed goes in once");
    assert_eq!(caller.create(&[contact("9876543211")]).await.0, StatusCode::CONFLICT);
}

#[test]
fn error_names_the_port_in_use() {
    let first = Sandbox::open(&quick()).unwrap();
    let error = Sandbox::open(&SandboxSettings { port: first.address.port(), ..quick() }).unwrap_err();
    assert!(error.to_string().starts_with(&format!("cannot listen on {}", first.address)), "{error}");
}
