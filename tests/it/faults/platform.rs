//! A platform for the fault tests: it keeps its rule, loses answers, and remembers everything that it was sent.
//!
//! Plain sockets, so that an answer can be lost, cut, or dripped. What happens late happens before a later request, never
//! after a time.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    process::Command,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Instant,
};

use serde_json::{Value, json};

use crate::random::Random;

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
    requests: u64,
    pub(super) posts: u64,
    /// Numbers that were sent although a reading would have shown them.
    pub(super) needless: Vec<String>,
    late: Vec<(u64, Vec<Value>)>,
    /// What happens to a request, by its kind and number.
    plan: Box<dyn FnMut(bool, u64) -> Fault + Send>,
    /// When each request came.
    pub(super) times: Vec<Instant>,
    posts_at_once: u32,
    pub(super) most_posts_at_once: u32,
    pub(super) page_cap: usize,
}

/// A running platform.
pub(super) struct TestPlatform {
    address: SocketAddr,
    world: Arc<Mutex<World>>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
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
            times: Vec::new(),
            posts_at_once: 0,
            most_posts_at_once: 0,
            page_cap: 50,
        };
        let world = Arc::new(Mutex::new(world));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let ended = Arc::new(AtomicBool::new(false));
        let (is_over, shared) = (Arc::clone(&ended), Arc::clone(&world));
        let thread = std::thread::spawn(move || {
            std::thread::scope(|scope| {
                for stream in listener.incoming() {
                    if is_over.load(Ordering::SeqCst) {
                        break;
                    }
                    let Ok(stream) = stream else { continue };
                    let world = &*shared;
                    // A client that is killed in the middle is what is tested.
                    scope.spawn(move || _ = converse(stream, world));
                }
            });
        });
        Self { address, world, ended, thread: Some(thread) }
    }

    /// Says what happens to each request from now on.
    pub(super) fn plan(&self, plan: impl FnMut(bool, u64) -> Fault + Send + 'static) {
        self.world().plan = Box::new(plan);
    }

    /// Waits until so many batches have arrived.
    pub(super) fn wait_for_post(&self, count: u64) {
        while self.world().posts < count {
            std::thread::yield_now();
        }
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// Has a command use this platform.
    pub(super) fn point(&self, command: &mut Command) {
        command
            .env("ROLLCALL_HOST", format!("http://{}", self.address))
            .env("ROLLCALL_STREAM_ID", "st-1")
            .env("ROLLCALL_ACCOUNT_ID", "acc-1")
            .env("ROLLCALL_CLIENT_ID", "cs-1")
            .env("ROLLCALL_CLIENT_SECRET", "a-secret-of-no-use-elsewhere");
    }
}

impl Drop for TestPlatform {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
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

struct Asked {
    posts: bool,
    skip: usize,
    limit: usize,
    body: Vec<Value>,
}

fn ask(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let mut length = 0;
    loop {
        line.clear();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let query = |name: &str| {
        let (_, query) = target.split_once('?')?;
        query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
    };
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    Some(Asked {
        posts: method == "POST",
        skip: query("skip").unwrap_or(0),
        limit: query("limit").unwrap_or(10),
        body: body.as_array().cloned().unwrap_or_default(),
    })
}

/// One request on a connection of its own.
fn converse(mut stream: TcpStream, world: &Mutex<World>) -> std::io::Result<()> {
    let Some(asked) = ask(&stream) else { return Ok(()) };
    let fault = {
        let mut world = world.lock().unwrap();
        world.requests += 1;
        world.times.push(Instant::now());
        let number = world.requests;
        world.store_late();
        if asked.posts {
            world.posts_at_once += 1;
            world.most_posts_at_once = world.most_posts_at_once.max(world.posts_at_once);
        }
        (world.plan)(asked.posts, number)
    };
    let (status, body) = {
        let mut world = world.lock().unwrap();
        if asked.posts { world.post(&asked, fault) } else { world.page(&asked) }
    };
    if asked.posts {
        world.lock().unwrap().posts_at_once -= 1;
    }
    let (status, body) = match fault {
        Fault::DropBefore | Fault::DropAfter | Fault::Late => return Ok(()),
        Fault::Hang => {
            // Ends with the client's end of the connection.
            _ = stream.read(&mut [0]);
            return Ok(());
        }
        Fault::ErrorBefore(status) | Fault::ErrorAfter(status) | Fault::Status(status) => {
            (status, "{\"errors\": [{\"msg\": \"not now\"}]}".to_owned())
        }
        Fault::RateLimited => (429, "You've exceeded the per-minute rate limit.".to_owned()),
        Fault::Redirect => (302, String::new()),
        Fault::Html => (200, "<html>gateway</html>".to_owned()),
        Fault::TooMuch => (200, " ".repeat(33 << 20)),
        Fault::None | Fault::Cut(_) | Fault::Drip => (status, body),
    };
    let head = format!("HTTP/1.1 {status} -\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    let whole = (head + &body).into_bytes();
    let len = match fault {
        Fault::Cut(len) => len.min(whole.len() - 1),
        _ => whole.len(),
    };
    match fault {
        Fault::Drip => whole.iter().try_for_each(|byte| stream.write_all(&[*byte])),
        _ => stream.write_all(&whole[..len]),
    }
}

impl World {
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
        let is_stored = match fault {
            Fault::DropBefore
            | Fault::ErrorBefore(_)
            | Fault::RateLimited
            | Fault::Redirect
            | Fault::Status(_)
            | Fault::Hang => false,
            Fault::Late => {
                self.late.push((self.requests + 2, asked.body.clone()));
                false
            }
            _ => true,
        };
        self.posts += 1;
        for contact in &asked.body {
            let number = number_of(contact);
            if self.held.contains_key(&number) && !self.stored_late.contains(&number) {
                self.needless.push(number);
            }
        }
        if !is_stored {
            return (500, String::new());
        }
        let (refused, fine) = self.judged(&asked.body);
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
            "id": id, "firstName": "Asha", "lastName": format!("Rao {number}"),
            "cellPhone": {"phoneNumber": format!("+{number}"), "countryCode": "+91", "extension": "+91"}
        })
    }

    fn page(&self, asked: &Asked) -> (u16, String) {
        let limit = asked.limit.min(self.page_cap);
        let numbers: Vec<&String> = self.held.keys().skip(asked.skip).take(limit).collect();
        let results: Vec<Value> = numbers.iter().map(|number| self.shown(number)).collect();
        let total = self.held.len();
        let page = json!({
            "results": results, "skip": asked.skip, "limit": limit,
            "hasMore": asked.skip + results.len() < total, "totalResults": total,
        });
        (200, page.to_string())
    }
}

fn number_of(contact: &Value) -> String {
    let text = |name: &str| contact["cellPhone"][name].as_str().unwrap_or_default().to_owned();
    text("countryCode").trim_start_matches('+').to_owned() + &text("phoneNumber")
}
