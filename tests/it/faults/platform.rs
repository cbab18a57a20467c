//! A platform for the fault tests: it keeps its rule, loses answers, and remembers everything that it was sent.
//!
//! What happens late happens before a later request, never after a time.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
    sync::{Arc, Condvar, Mutex, MutexGuard},
};

use serde_json::{Value, json};

use crate::{
    random::Random,
    scripted::{Asked, Gate, Reply, Scripted},
};

/// What the platform does with a batch that holds a contact it refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    AllOrNothing,
    PerContact,
}

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// The connection ends before anything is stored.
    DropBefore,
    /// The connection ends when everything is stored.
    DropAfter,
    /// The connection ends, and the batch is stored before a later request.
    Late,
    /// An error of the server, with nothing stored.
    ErrorBefore(u16),
    /// An error of the server, with everything stored.
    ErrorAfter(u16),
    /// Everything is stored, and the answer ends after so many bytes.
    Cut(usize),
    /// Everything is stored, and the answer is this page.
    Html,
    /// Everything is stored, and the answer never ends.
    TooMuch,
    /// Everything is stored, and the answer comes byte by byte.
    Drip,
    /// Nothing is stored: the account's requests are used up.
    RateLimited,
    /// Nothing is stored, and the request is to go elsewhere.
    Redirect,
    /// Nothing is stored, and this is the status.
    Status(u16),
    /// Nothing is stored, and no answer comes as long as anybody waits for one.
    Hang,
    /// Everything is stored, and the answer comes when the test lets it.
    Hold,
}

/// All that the platform knows.
pub(super) struct World {
    manner: Manner,
    /// Contacts by number: their ids.
    pub(super) held: BTreeMap<String, String>,
    /// Numbers of which nobody could know when they were sent again that they are there.
    stored_late: BTreeSet<String>,
    /// Numbers that are refused.
    pub(super) poison: Vec<String>,
    /// Requests so far.
    pub(super) requests: u64,
    pub(super) posts: u64,
    /// Numbers that were sent although a reading would have shown them.
    pub(super) needless: Vec<String>,
    late: Vec<(u64, Vec<Value>)>,
    /// What happens to a request, by its kind and number.
    plan: Box<dyn FnMut(bool, u64) -> Fault + Send>,
    /// Keeps back the answers that are to be held.
    gate: Gate,
    pub(super) page_cap: usize,
}

/// A running platform.
pub(super) struct TestPlatform {
    world: Arc<(Mutex<World>, Condvar)>,
    server: Scripted,
}

impl TestPlatform {
    /// Serves; `plan` says what happens to each request, told whether it posts, and its number from 1.
    pub(super) fn serve(manner: Manner, plan: impl FnMut(bool, u64) -> Fault + Send + 'static) -> Self {
        let world = World {
            manner,
            held: BTreeMap::new(),
            poison: Vec::new(),
            requests: 0,
            stored_late: BTreeSet::new(),
            posts: 0,
            needless: Vec::new(),
            late: Vec::new(),
            plan: Box::new(plan),
            gate: Gate::default(),
            page_cap: 50,
        };
        let world = Arc::new((Mutex::new(world), Condvar::new()));
        let shared = Arc::clone(&world);
        let server = Scripted::serve(move |asked| {
            let (world, has_changed) = &*shared;
            let reply = world.lock().unwrap().answer(&asked);
            has_changed.notify_all();
            reply
        });
        Self { world, server }
    }

    /// Says what happens to each request from now on.
    pub(super) fn plan(&self, plan: impl FnMut(bool, u64) -> Fault + Send + 'static) {
        self.world().plan = Box::new(plan);
    }

    /// Waits until this is so.
    pub(super) fn wait_until(&self, is_so: impl Fn(&World) -> bool) {
        let (_, has_changed) = &*self.world;
        drop(has_changed.wait_while(self.world(), |world| !is_so(world)).unwrap());
    }

    /// Waits until nothing that was sent is still on its way: what a dead process had sent cannot be stored any later.
    pub(super) fn drain(&self) {
        self.server.drain();
    }

    /// Lets the answers go that were held back.
    pub(super) fn release(&self) {
        self.world().gate.open();
    }

    /// The most posts that were under way at once.
    pub(super) fn most_posts_at_once(&self) -> usize {
        self.server.traffic().most_posts_at_once
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.0.lock().unwrap()
    }

    /// Has a command use this platform.
    pub(super) fn point(&self, command: &mut Command) {
        command
            .env("ROLLCALL_HOST", format!("http://{}", self.server.address()))
            .env("ROLLCALL_STREAM_ID", "st-1")
            .env("ROLLCALL_ACCOUNT_ID", "acc-1")
            .env("ROLLCALL_CLIENT_ID", "cs-1")
            .env("ROLLCALL_CLIENT_SECRET", "a-secret-of-no-use-elsewhere");
    }
}

impl Drop for TestPlatform {
    fn drop(&mut self) {
        // The server's threads end with what they hold back.
        if let Ok(world) = self.world.0.lock() {
            world.gate.open();
        }
    }
}

/// Faults at random: one request in `every`.
pub(super) fn at_random(seed: u64, every: usize) -> impl FnMut(bool, u64) -> Fault + Send + 'static {
    let mut random = Random(seed);
    move |posts, _| {
        if random.below(every) > 0 {
            return Fault::None;
        }
        let faults: &[Fault] = if posts {
            &[
                Fault::DropBefore,
                Fault::DropAfter,
                Fault::Late,
                Fault::ErrorBefore(503),
                Fault::ErrorAfter(500),
                Fault::ErrorAfter(502),
                Fault::Cut(40),
                Fault::Html,
                Fault::Drip,
                Fault::RateLimited,
            ]
        } else {
            &[Fault::DropBefore, Fault::ErrorBefore(500), Fault::Cut(30), Fault::Html, Fault::RateLimited]
        };
        faults[random.below(faults.len())]
    }
}

impl World {
    fn answer(&mut self, asked: &Asked) -> Reply {
        self.requests += 1;
        self.store_late();
        let fault = (self.plan)(asked.is_post(), self.requests);
        let (status, body) = if asked.is_post() { self.post(asked, fault) } else { self.page(asked) };
        match fault {
            Fault::DropBefore | Fault::DropAfter | Fault::Late => Reply::HangUp,
            Fault::Hang => Reply::Hang,
            Fault::Hold => Reply::Held(self.gate.clone(), Box::new(Reply::Answer(status, body))),
            Fault::ErrorBefore(status) | Fault::ErrorAfter(status) | Fault::Status(status) => {
                Reply::Answer(status, "{\"errors\": [{\"msg\": \"not now\"}]}".to_owned())
            }
            Fault::RateLimited => Reply::Answer(429, "You've exceeded the per-minute rate limit.".to_owned()),
            Fault::Redirect => Reply::Answer(302, String::new()),
            Fault::Html => Reply::Answer(200, "<html>gateway</html>".to_owned()),
            Fault::TooMuch => Reply::Answer(200, " ".repeat(33 << 20)),
            Fault::Cut(sent) => Reply::Cut(sent, body),
            Fault::Drip => Reply::Drip(status, body),
            Fault::None => Reply::Answer(status, body),
        }
    }

    fn store_late(&mut self) {
        let now = self.requests;
        let (due, later) = std::mem::take(&mut self.late).into_iter().partition(|(at, _)| *at <= now);
        self.late = later;
        for (_, batch) in due {
            let (_, fine) = self.judged(&batch);
            if self.manner == Manner::PerContact || fine.len() == batch.len() {
                self.store(&fine);
                self.stored_late.extend(fine.iter().map(number_of));
            }
        }
    }

    /// Refused and accepted contacts of a batch.
    fn judged(&self, batch: &[Value]) -> (Vec<Value>, Vec<Value>) {
        let mut seen = Vec::new();
        batch.iter().cloned().partition(|contact| {
            let number = number_of(contact);
            let is_taken = self.held.contains_key(&number) || seen.contains(&number);
            seen.push(number.clone());
            is_taken || self.poison.contains(&number)
        })
    }

    fn store(&mut self, batch: &[Value]) {
        for contact in batch {
            let number = number_of(contact);
            let id = format!("id-{number}");
            assert!(self.held.insert(number, id).is_none(), "the rule is the platform's own");
        }
    }

    fn post(&mut self, asked: &Asked, fault: Fault) -> (u16, String) {
        let batch = asked.body.as_array().unwrap();
        let is_stored = match fault {
            Fault::DropBefore
            | Fault::ErrorBefore(_)
            | Fault::RateLimited
            | Fault::Redirect
            | Fault::Status(_)
            | Fault::Hang => false,
            Fault::Late => {
                self.late.push((self.requests + 2, batch.clone()));
                false
            }
            _ => true,
        };
        self.posts += 1;
        for contact in batch {
            let number = number_of(contact);
            if self.held.contains_key(&number) && !self.stored_late.contains(&number) {
                self.needless.push(number);
            }
        }
        if !is_stored {
            return (500, String::new());
        }
        let (refused, fine) = self.judged(batch);
        if self.manner == Manner::AllOrNothing && !refused.is_empty() {
            return (409, "{\"errors\": [{\"msg\": \"one of them exists\"}]}".to_owned());
        }
        self.store(&fine);
        let shown = |contact: &Value| self.shown(&number_of(contact));
        let created: Vec<Value> = fine.iter().map(shown).collect();
        if self.manner == Manner::AllOrNothing {
            return (200, json!(created).to_string());
        }
        let failed: Vec<Value> =
            refused.iter().map(|contact| json!({"contact": contact, "error": "not this one"})).collect();
        (200, json!({"successfulRecords": created, "failedRecords": failed}).to_string())
    }

    fn shown(&self, number: &str) -> Value {
        let id = self.held.get(number).map_or("", String::as_str);
        json!({
            "id": id, "firstName": "Asha", "lastName": super::last_name(number),
            "cellPhone": {"phoneNumber": format!("+{number}"), "countryCode": "+91", "extension": "+91"}
        })
    }

    fn page(&self, asked: &Asked) -> (u16, String) {
        let query = |name| usize::try_from(asked.query(name).unwrap()).unwrap();
        let (skip, limit) = (query("skip"), query("limit").min(self.page_cap));
        let numbers: Vec<&String> = self.held.keys().skip(skip).take(limit).collect();
        let results: Vec<Value> = numbers.iter().map(|number| self.shown(number)).collect();
        let total = self.held.len();
        let page = json!({
            "results": results, "skip": skip, "limit": limit,
            "hasMore": skip + results.len() < total, "totalResults": total,
        });
        (200, page.to_string())
    }
}

fn number_of(contact: &Value) -> String {
    let text = |name: &str| contact["cellPhone"][name].as_str().unwrap_or_default().to_owned();
    text("countryCode").trim_start_matches('+').to_owned() + &text("phoneNumber")
}
