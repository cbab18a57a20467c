//! A platform for the fault tests. It never stores a number twice, loses answers, and records needless posts.
//!
//! Late events happen before a later request, never after a fixed time.

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

/// How the platform treats a batch that contains a refused contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BatchMode {
    /// It refuses the whole batch.
    AllOrNothing,
    /// It refuses only that contact.
    PerContact,
}

/// What happens to a request and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// The connection ends before anything is stored.
    DropBefore,
    /// The connection ends after everything is stored.
    DropAfter,
    /// The connection ends, and the batch is stored before a later request.
    Late,
    /// A server error with this status. Nothing is stored.
    ErrorBefore(u16),
    /// A server error with this status. Everything is stored.
    ErrorAfter(u16),
    /// Everything is stored, and the answer ends after this number of bytes.
    Cut(usize),
    /// Everything is stored, and the answer is an HTML page.
    Html,
    /// Everything is stored, and the answer is larger than allowed.
    TooMuch,
    /// Everything is stored, and the answer arrives byte by byte.
    Drip,
    /// Nothing is stored: the account's request quota is used up.
    RateLimited,
    /// Nothing is stored, and the answer is a redirect.
    Redirect,
    /// Nothing is stored, and the answer has this status.
    Status(u16),
    /// Nothing is stored, and no answer comes while the client waits.
    Hang,
    /// Everything is stored, and the answer comes when the test releases it.
    Hold,
}

/// The state of the platform.
pub(super) struct World {
    mode: BatchMode,
    /// The ids of the stored contacts, by number.
    pub(super) contacts: BTreeMap<String, String>,
    /// Numbers stored after a lost answer. The client could not know of them, so posting them again is not needless.
    stored_late: BTreeSet<String>,
    /// Numbers that the platform refuses.
    pub(super) refused: Vec<String>,
    /// The number of requests so far.
    pub(super) requests: u64,
    pub(super) posts: u64,
    /// Numbers that were posted although a read would have shown them.
    pub(super) needless: Vec<String>,
    late: Vec<(u64, Vec<Value>)>,
    /// Returns the fault of a request. Its arguments are whether the request posts, and its number from 1.
    plan: Box<dyn FnMut(bool, u64) -> Fault + Send>,
    /// Holds back the answers of `Fault::Hold`.
    gate: Gate,
    pub(super) page_cap: usize,
}

/// A running platform.
pub(super) struct TestPlatform {
    world: Arc<(Mutex<World>, Condvar)>,
    server: Scripted,
}

impl TestPlatform {
    /// Starts the platform. `plan` returns the fault of each request, from whether it posts and its number from 1.
    pub(super) fn serve(mode: BatchMode, plan: impl FnMut(bool, u64) -> Fault + Send + 'static) -> Self {
        let world = World {
            mode,
            contacts: BTreeMap::new(),
            refused: Vec::new(),
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
        let server = Scripted::serve(move |request| {
            let (world, has_changed) = &*shared;
            let reply = world.lock().unwrap().answer(&request);
            has_changed.notify_all();
            reply
        });
        Self { world, server }
    }

    /// Sets the faults of all further requests.
    pub(super) fn plan(&self, plan: impl FnMut(bool, u64) -> Fault + Send + 'static) {
        self.world().plan = Box::new(plan);
    }

    /// Waits until the state meets this condition.
    pub(super) fn wait_until(&self, is_met: impl Fn(&World) -> bool) {
        let (_, has_changed) = &*self.world;
        drop(has_changed.wait_while(self.world(), |world| !is_met(world)).unwrap());
    }

    /// Waits until the platform has handled every request that was sent. A request of a killed process cannot be stored
    /// later.
    pub(super) fn drain(&self) {
        self.server.drain();
    }

    /// Releases the held answers.
    pub(super) fn release(&self) {
        self.world().gate.open();
    }

    /// Returns the maximum of concurrent posts.
    pub(super) fn most_posts_at_once(&self) -> usize {
        self.server.traffic().most_posts_at_once
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.0.lock().unwrap()
    }

    /// Sets the platform's address and credentials in the environment of a command.
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
        // The server's threads end only after they have sent the held answers.
        if let Ok(world) = self.world.0.lock() {
            world.gate.open();
        }
    }
}

/// Returns a plan with a random fault for one in `every` requests.
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
    fn answer(&mut self, request: &Asked) -> Reply {
        self.requests += 1;
        self.store_late();
        let fault = (self.plan)(request.is_post(), self.requests);
        let (status, body) = if request.is_post() { self.post(request, fault) } else { self.page(request) };
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
            if self.mode == BatchMode::PerContact || fine.len() == batch.len() {
                self.store(&fine);
                self.stored_late.extend(fine.iter().map(number_of));
            }
        }
    }

    /// Splits a batch into refused and accepted contacts.
    fn judged(&self, batch: &[Value]) -> (Vec<Value>, Vec<Value>) {
        let mut seen = Vec::new();
        batch.iter().cloned().partition(|contact| {
            let number = number_of(contact);
            let is_taken = self.contacts.contains_key(&number) || seen.contains(&number);
            seen.push(number.clone());
            is_taken || self.refused.contains(&number)
        })
    }

    fn store(&mut self, batch: &[Value]) {
        for contact in batch {
            let number = number_of(contact);
            let id = format!("id-{number}");
            assert!(self.contacts.insert(number, id).is_none(), "the platform stores a number only once");
        }
    }

    fn post(&mut self, request: &Asked, fault: Fault) -> (u16, String) {
        let batch = request.body.as_array().unwrap();
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
            if self.contacts.contains_key(&number) && !self.stored_late.contains(&number) {
                self.needless.push(number);
            }
        }
        if !is_stored {
            return (500, String::new());
        }
        let (refused, fine) = self.judged(batch);
        if self.mode == BatchMode::AllOrNothing && !refused.is_empty() {
            return (409, "{\"errors\": [{\"msg\": \"one of them exists\"}]}".to_owned());
        }
        self.store(&fine);
        let shown = |contact: &Value| self.shown(&number_of(contact));
        let created: Vec<Value> = fine.iter().map(shown).collect();
        if self.mode == BatchMode::AllOrNothing {
            return (200, json!(created).to_string());
        }
        let failed: Vec<Value> =
            refused.iter().map(|contact| json!({"contact": contact, "error": "not this one"})).collect();
        (200, json!({"successfulRecords": created, "failedRecords": failed}).to_string())
    }

    fn shown(&self, number: &str) -> Value {
        let id = self.contacts.get(number).map_or("", String::as_str);
        json!({
            "id": id, "firstName": "Asha", "lastName": super::last_name(number),
            "cellPhone": {"phoneNumber": format!("+{number}"), "countryCode": "+91", "extension": "+91"}
        })
    }

    fn page(&self, request: &Asked) -> (u16, String) {
        let query = |name| usize::try_from(request.query(name).unwrap()).unwrap();
        let (skip, limit) = (query("skip"), query("limit").min(self.page_cap));
        let numbers: Vec<&String> = self.contacts.keys().skip(skip).take(limit).collect();
        let results: Vec<Value> = numbers.iter().map(|number| self.shown(number)).collect();
        let total = self.contacts.len();
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
