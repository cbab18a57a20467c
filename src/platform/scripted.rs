//! A scripted platform for tests, which can also answer as no well-behaved server would.
//!
//! Uses plain sockets, one connection per request. Concurrent requests are answered concurrently, but the script sees
//! one at a time. Nothing here waits for a time: tests wait for events.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

use serde_json::Value;

/// The path of a request that only checks that everything before it was received.
const FENCE: &str = "/fence";

/// A request, with the parts that tests check.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    /// Headers, with names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// The body, or null.
    pub(crate) body: Value,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// Returns a number from the query.
    pub(crate) fn query(&self, name: &str) -> Option<u64> {
        let (_, query) = self.target.split_once('?')?;
        query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
    }

    pub(crate) fn is_post(&self) -> bool {
        self.method == "POST"
    }
}

/// A scripted response.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Status and body.
    Answer(u16, String),
    /// Status, header and body.
    WithHeader(u16, &'static str, String),
    /// A success with this body, cut after this number of bytes, including the head.
    Cut(usize, String),
    /// Status and body, byte by byte.
    Drip(u16, String),
    /// Raw bytes, including the head.
    Raw(Vec<u8>),
    /// This head, then this chunk repeated until the client closes the connection.
    Endless(String, Vec<u8>),
    /// Closes the connection without a response.
    HangUp,
    /// Sends nothing until the client closes the connection.
    Hang,
    /// This reply, held until the test opens the gate.
    Held(Gate, Box<Reply>),
}

impl Reply {
    pub(crate) fn json(body: &Value) -> Self {
        Self::Answer(200, body.to_string())
    }
}

/// Holds responses back until it is opened. Clones share one gate.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    pub(crate) fn open(&self) {
        let (is_open, has_changed) = &*self.0;
        *is_open.lock().unwrap_or_else(PoisonError::into_inner) = true;
        has_changed.notify_all();
    }

    fn wait(&self) {
        let (is_open, has_changed) = &*self.0;
        let is_open = is_open.lock().unwrap_or_else(PoisonError::into_inner);
        drop(has_changed.wait_while(is_open, |is_open| !*is_open).unwrap_or_else(PoisonError::into_inner));
    }
}

/// The open connections and requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traffic {
    /// Open connections.
    connections: usize,
    /// Posts that were received but not answered yet.
    posts: usize,
    /// The maximum of concurrent posts.
    pub(crate) most_posts_at_once: usize,
}

#[derive(Default)]
struct Shared {
    traffic: Mutex<Traffic>,
    has_changed: Condvar,
}

impl Shared {
    fn traffic(&self) -> MutexGuard<'_, Traffic> {
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Traffic)) {
        change(&mut self.traffic());
        self.has_changed.notify_all();
    }
}

/// A running platform.
pub(crate) struct Scripted {
    address: SocketAddr,
    shared: Arc<Shared>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Scripted {
    /// Serves responses from `answer`, which may keep state.
    pub(crate) fn serve(answer: impl FnMut(Asked) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (ended, shared) = (Arc::new(AtomicBool::new(false)), Arc::new(Shared::default()));
        let (is_over, traffic) = (Arc::clone(&ended), Arc::clone(&shared));
        let answer = Mutex::new(answer);
        let thread = std::thread::spawn(move || {
            std::thread::scope(|scope| {
                for stream in listener.incoming() {
                    if is_over.load(Ordering::SeqCst) {
                        break;
                    }
                    let Ok(stream) = stream else { continue };
                    let (shared, answer) = (&*traffic, &answer);
                    shared.change(|traffic| traffic.connections += 1);
                    scope.spawn(move || {
                        // A client that disconnects is one of the tested cases.
                        _ = converse(stream, shared, answer);
                        shared.change(|traffic| traffic.connections -= 1);
                    });
                }
            });
        });
        Self { address, shared, ended, thread: Some(thread) }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn traffic(&self) -> Traffic {
        *self.shared.traffic()
    }

    /// Waits until everything sent so far was received and no connection is open. Nothing from a dead client can
    /// arrive later.
    pub(crate) fn drain(&self) {
        // Connections are accepted in order, and this one is the last.
        let mut fence = TcpStream::connect(self.address).unwrap();
        fence.write_all(format!("GET {FENCE} -\r\n\r\n").as_bytes()).unwrap();
        _ = fence.read_to_end(&mut Vec::new());
        let traffic = self.shared.traffic();
        let wait = self.shared.has_changed.wait_while(traffic, |traffic| traffic.connections > 0);
        drop(wait.unwrap_or_else(PoisonError::into_inner));
    }
}

/// An address with no listener. The open connection keeps others from using the port.
pub(crate) struct ClosedPort(TcpStream);

impl ClosedPort {
    pub(crate) fn new() -> Self {
        let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        Self(TcpStream::connect(other.local_addr().unwrap()).unwrap())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}

fn converse(
    mut stream: TcpStream,
    shared: &Shared,
    answer: &Mutex<impl FnMut(Asked) -> Reply>,
) -> std::io::Result<()> {
    let asked = read_request(&stream)?;
    if asked.target == FENCE || asked.target.is_empty() {
        return Ok(());
    }
    let is_post = asked.is_post();
    if is_post {
        shared.change(|traffic| {
            traffic.posts += 1;
            traffic.most_posts_at_once = traffic.most_posts_at_once.max(traffic.posts);
        });
    }
    let mut reply = answer.lock().unwrap_or_else(PoisonError::into_inner)(asked);
    while let Reply::Held(gate, next) = reply {
        gate.wait();
        reply = *next;
    }
    if is_post {
        // Before the client can see the response and send another request.
        shared.change(|traffic| traffic.posts -= 1);
    }
    let (status, header, body) = match &reply {
        Reply::Answer(status, body) | Reply::Drip(status, body) => (*status, String::new(), body),
        Reply::WithHeader(status, header, body) => (*status, format!("{header}\r\n"), body),
        Reply::Cut(_, body) => (200, String::new(), body),
        Reply::Raw(bytes) => return stream.write_all(bytes),
        Reply::Endless(head, piece) => {
            stream.write_all(head.as_bytes())?;
            loop {
                stream.write_all(piece)?;
            }
        }
        Reply::HangUp | Reply::Held(..) => return Ok(()),
        Reply::Hang => {
            stream.read_to_end(&mut Vec::new())?;
            return Ok(());
        }
    };
    let length = body.len();
    let whole =
        format!("HTTP/1.1 {status} -\r\nconnection: close\r\n{header}content-length: {length}\r\n\r\n{body}");
    let whole = whole.as_bytes();
    match &reply {
        Reply::Drip(..) => whole.chunks(1).try_for_each(|byte| stream.write_all(byte)),
        Reply::Cut(sent, _) => stream.write_all(&whole[..(*sent).min(whole.len() - 1)]),
        _ => stream.write_all(whole),
    }
}

fn read_request(stream: &TcpStream) -> std::io::Result<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let mut asked = Asked {
        method: words.next().unwrap_or_default(),
        target: words.next().unwrap_or_default(),
        ..Asked::default()
    };
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            // The client disconnected in the middle of a request.
            return Ok(Asked::default());
        }
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            asked.headers.push((name.to_lowercase(), value.trim().to_owned()));
        }
    }
    let length = asked.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    asked.body = serde_json::from_slice(&body).unwrap_or_default();
    Ok(asked)
}
