//! A platform for tests that answers whatever a test wants, also what no well-behaved server would.
//!
//! Plain sockets, one request for each connection, on a thread that ends with the value.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use serde_json::Value;

use super::{Client, ClientSettings, Credentials, Host, Pace};
use crate::{interrupt::Interrupt, journal::Journal, progress::Silent};

/// A request, as far as tests look at it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    /// Header lines, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// The body; null where there is none.
    pub(crate) body: Value,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// A number in the query.
    pub(crate) fn query(&self, name: &str) -> Option<u64> {
        let (_, query) = self.target.split_once('?')?;
        query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
    }
}

/// What comes back.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Status and body.
    Answer(u16, String),
    /// The same, with a header.
    WithHeader(u16, &'static str, String),
    /// Says that there will be so many bytes, and sends these.
    Cut(usize, String),
    /// Closes the connection without a word.
    HangUp,
}

impl Reply {
    pub(crate) fn json(body: &Value) -> Self {
        Self::Answer(200, body.to_string())
    }
}

/// A running platform.
pub(crate) struct Scripted {
    address: SocketAddr,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Scripted {
    /// Serves with `answer`, which may remember what it was asked.
    pub(crate) fn serve(mut answer: impl FnMut(Asked) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let ended = Arc::new(AtomicBool::new(false));
        let is_over = Arc::clone(&ended);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if is_over.load(Ordering::SeqCst) {
                    break;
                }
                // A client that goes away in the middle is one of the things that are tested.
                _ = stream.and_then(|stream| converse(stream, &mut answer));
            }
        });
        Self { address, ended, thread: Some(thread) }
    }

    pub(crate) fn host(&self) -> Host {
        format!("http://{}", self.address).parse().unwrap()
    }

    /// A client of this platform which waits for next to nothing.
    pub(crate) fn client(&self) -> Client<'static> {
        client(settings(self.host()), Interrupt::default())
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

/// A client whose requests nobody shares.
pub(crate) fn client(settings: ClientSettings, interrupt: Interrupt) -> Client<'static> {
    let quota = Journal::in_memory().unwrap().quota("acc-1");
    Client::new(settings, quota, &Silent, interrupt).unwrap()
}

pub(crate) fn settings(host: Host) -> ClientSettings {
    ClientSettings {
        host,
        stream_id: "st-1".to_owned(),
        account_id: "acc-1".to_owned(),
        credentials: Credentials::App { client_id: "cs-1".to_owned(), client_secret: "secret".into() },
        rate: 100_000,
        timeout: Duration::from_secs(20),
        max_attempts: 3,
        region: None,
        pace: Pace {
            window: Duration::from_millis(1),
            first_wait: Duration::from_millis(1),
            longest_wait: Duration::from_millis(1),
        },
    }
}

fn converse(mut stream: TcpStream, answer: &mut dyn FnMut(Asked) -> Reply) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
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
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
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
    let (status, header, length, body) = match answer(asked) {
        Reply::Answer(status, body) => (status, String::new(), body.len(), body),
        Reply::WithHeader(status, name, body) => (status, format!("{name}\r\n"), body.len(), body),
        Reply::Cut(length, body) => (200, String::new(), length, body),
        Reply::HangUp => return Ok(()),
    };
    let head =
        format!("HTTP/1.1 {status} -\r\nconnection: close\r\n{header}content-length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())
}
