//! The status of the service: a page for people, health and metrics for programs.
//!
//! It responds to `GET` requests whose `Host` is an address of this machine. It contains no personal data from the
//! lists. The number and duration of connections are limited, so none blocks others.

mod page;

use std::{
    io,
    net::{IpAddr, SocketAddr, TcpListener},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::sync::Semaphore;

use super::{WatchError, board::Board};
use crate::{interrupt::Interrupt, journal::Journal, report::terminal::printable};

/// Maximum simultaneous connections.
const MAX_CONNECTIONS: usize = 32;

/// Maximum duration of a connection, and of its header.
const TIME: Duration = Duration::from_secs(10);
const HEADER_TIME: Duration = Duration::from_secs(5);

/// The state that the routes share.
#[derive(Clone)]
struct Shared {
    board: Arc<Mutex<Board>>,
    figures: PrometheusHandle,
    address: SocketAddr,
}

impl Shared {
    fn board(&self) -> Board {
        self.board.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A page that is served until the service ends.
pub struct StatusPage {
    board: Arc<Mutex<Board>>,
    address: SocketAddr,
}

impl StatusPage {
    /// Binds the address, and serves on its own thread.
    ///
    /// # Errors
    ///
    /// Returns an error if the address cannot be bound.
    pub fn serve(address: SocketAddr, journal: &Journal, interrupt: &Interrupt) -> Result<Self, WatchError> {
        let board = Arc::new(Mutex::new(Board::new(journal.clone())));
        let begin = || -> io::Result<SocketAddr> {
            let listener = TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?;
            let recorder = PrometheusBuilder::new().build_recorder();
            let shared = Shared { board: Arc::clone(&board), figures: recorder.handle(), address };
            // A program that uses the library may have its own recorder, which stays.
            _ = metrics::set_global_recorder(recorder);
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let ended = interrupt.clone();
            let serve = move || {
                runtime.block_on(async move {
                    if let Ok(listener) = tokio::net::TcpListener::from_std(listener) {
                        tokio::select! {
                            () = accept(listener, app(shared)) => {}
                            _ = ended.requested() => {}
                        }
                    }
                });
            };
            thread::Builder::new().name("status".to_owned()).spawn(serve)?;
            Ok(address)
        };
        let address = begin().map_err(|source| WatchError::Status { address, source })?;
        Ok(Self { board, address })
    }

    /// Returns the address of the page.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Shows these folders.
    pub(super) fn show(&self, board: Board) {
        *self.board.lock().unwrap_or_else(PoisonError::into_inner) = board;
    }
}

async fn accept(listener: tokio::net::TcpListener, app: Router) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            // For example, no file descriptors are left.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let service = TowerToHyperService::new(app.clone());
        tokio::spawn(async move {
            let mut builder = hyper::server::conn::http1::Builder::new();
            builder.timer(TokioTimer::new()).header_read_timeout(HEADER_TIME).keep_alive(false);
            _ = tokio::time::timeout(TIME, builder.serve_connection(TokioIo::new(stream), service)).await;
            drop(place);
        });
    }
}

fn app(shared: Shared) -> Router {
    Router::new()
        .route("/", get(status))
        .route("/healthz", get(health))
        .route("/readyz", get(readiness))
        .route("/metrics", get(figures))
        .fallback(|| async { StatusCode::NOT_FOUND })
        .layer(middleware::from_fn_with_state(shared.clone(), check))
        .with_state(shared)
}

/// Refuses requests for another host: a page elsewhere must not read this one through a browser.
async fn check(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    if !host.is_some_and(|host| is_allowed(host, shared.address)) {
        return (StatusCode::FORBIDDEN, "use an address of this machine for this page\n").into_response();
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let mut response = next.run(request).await;
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Returns whether a `Host` is an address of this page or the local machine name.
fn is_allowed(host: &str, address: SocketAddr) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (name, port.parse().ok()),
        _ => (host, Some(80)),
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    let is_own = match name.parse::<IpAddr>() {
        Ok(named) if address.ip().is_loopback() => named.is_loopback(),
        // A page that listens on all interfaces is requested by any of the machine's addresses.
        Ok(_) => true,
        Err(_) => name.eq_ignore_ascii_case("localhost"),
    };
    is_own && port == Some(address.port())
}

async fn status(State(shared): State<Shared>) -> Response {
    let page = page::page(&shared.board()).into_string();
    let policy = HeaderValue::from_str(&page::policy()).ok();
    let mut response = ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response();
    policy.map(|policy| response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy));
    response
}

async fn health(State(shared): State<Shared>) -> Response {
    match shared.board().illness() {
        None => "ok\n".into_response(),
        Some(illness) => (StatusCode::SERVICE_UNAVAILABLE, printable(&illness) + "\n").into_response(),
    }
}

async fn readiness(State(shared): State<Shared>) -> Response {
    let obstacles = shared.board().obstacles();
    if obstacles.is_empty() {
        return "ok\n".into_response();
    }
    let said: String = obstacles.iter().map(|obstacle| printable(obstacle) + "\n").collect();
    (StatusCode::SERVICE_UNAVAILABLE, said).into_response()
}

async fn figures(State(shared): State<Shared>) -> Response {
    shared.board().measure();
    let text = shared.figures.render();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpStream,
        time::Instant,
    };

    use super::*;

    #[test]
    fn only_hosts_of_this_machine_are_allowed() {
        let allowed = |host: &str| is_allowed(host, "127.0.0.1:9321".parse().unwrap());
        for host in ["127.0.0.1:9321", "localhost:9321", "[::1]:9321", "127.0.0.2:9321"] {
            assert!(allowed(host), "{host}");
        }
        for host in ["127.0.0.1", "127.0.0.1:80", "evil.example.com:9321", "192.0.2.1:9321", "", "localhost:"]
        {
            assert!(!allowed(host), "{host}");
        }
        assert!(is_allowed("192.0.2.1:9321", "0.0.0.0:9321".parse().unwrap()));
        assert!(!is_allowed("evil.example.com:9321", "0.0.0.0:9321".parse().unwrap()));
    }
    /// Serves a page without folders on this machine, and returns its address.
    async fn served() -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let board = Arc::new(Mutex::new(Board::new(Journal::in_memory().unwrap())));
        let figures = PrometheusBuilder::new().build_recorder().handle();
        tokio::spawn(accept(listener, app(Shared { board, figures, address })));
        address
    }

    /// Returns everything that the page sends before it closes the connection.
    async fn answer(mut connection: TcpStream, request: &str) -> String {
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn every_path_is_asked_for_with_get_and_shows_a_policy() {
        let address = served().await;
        for path in ["/", "/healthz", "/readyz", "/metrics", "/gone"] {
            let ask = async |method: &str, host: &str| {
                let connection = TcpStream::connect(address).await.unwrap();
                answer(connection, &format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n\r\n")).await
            };
            let own = address.to_string();
            let page = ask("GET", &own).await;
            assert!(
                page.contains("x-content-type-options: nosniff") && page.contains("cache-control: no-store"),
                "{page}"
            );
            for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"] {
                assert!(ask(method, &own).await.starts_with("HTTP/1.1 405"), "{method} {path}");
            }
            for host in ["rebind.example.com", "127.0.0.1.example.com", ""] {
                let host = format!("{host}:{}", address.port());
                assert!(ask("GET", &host).await.starts_with("HTTP/1.1 403"), "{host} {path}");
            }
        }
        let policy = page::policy();
        assert!(
            policy.starts_with("default-src 'none'; ")
                && !policy.contains("unsafe")
                && !policy.contains("http"),
            "{policy}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn connections_that_say_nothing_are_ended_and_keep_nobody_out_for_long() {
        let address = served().await;
        let begun = Instant::now();
        let mut idle = Vec::new();
        for _ in 0..MAX_CONNECTIONS {
            let mut connection = TcpStream::connect(address).await.unwrap();
            // Half of a header.
            connection.write_all(b"GET / HTTP/1.1\r\nHost: ").await.unwrap();
            idle.push(connection);
        }
        let late = TcpStream::connect(address).await.unwrap();
        let said = answer(late, &format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\n\r\n")).await;
        assert!(said.ends_with("\r\n\r\nok\n"), "{said}");
        assert!(begun.elapsed() >= HEADER_TIME, "more connections than the maximum");
        for mut connection in idle {
            _ = connection.read_to_end(&mut Vec::new()).await;
        }
        assert!(begun.elapsed() <= TIME, "a connection stayed open too long");
    }
}
