//! A local platform: the documented API with its rules and its rate limit, on a loopback address.
//!
//! It is written from the platform's pages and shares no code with the client, so that a misreading in one of them
//! shows up in the other. Where the pages leave a question open, a setting decides.

mod access;
mod campaign_routes;
mod contact;
mod contact_routes;
mod database;
mod seed;
mod store;

use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
    str::FromStr,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicU64},
    thread::JoinHandle,
};

use axum::{
    Router,
    http::StatusCode,
    middleware,
    response::{IntoResponse, Json, Response},
    routing::{get, post},
};
use secrecy::SecretString;
use serde_json::json;
use thiserror::Error;
use tokio::sync::oneshot;

use self::{access::Access, store::Store};
pub use self::{
    access::{ACCOUNT_ID, CLIENT_ID, STREAM_ID},
    seed::SeedError,
};
use crate::parse::ParseError;

/// Maximum bytes of a request body.
const MAX_BODY_BYTES: usize = 2 * 1024 * 1024;

/// The handling of a batch with a refused contact; the platform's pages do not define it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Duplicates {
    /// Refuses the whole batch and stores nothing.
    #[default]
    RejectBatch,
    /// Stores the other contacts and lists them in the response.
    Skip,
    /// Stores the other contacts and gives the result of each.
    PerContact,
}

impl Duplicates {
    /// All values.
    pub const ALL: [Self; 3] = [Self::RejectBatch, Self::Skip, Self::PerContact];

    /// Returns the name used by `--duplicates`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RejectBatch => "reject-batch",
            Self::Skip => "skip",
            Self::PerContact => "per-contact",
        }
    }
}

impl FromStr for Duplicates {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = || Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|choice| choice.name() == text)
            .ok_or_else(|| format!("use one of {}", known()))
    }
}

/// The settings of a sandbox.
#[derive(Clone, Debug)]
pub struct SandboxSettings {
    /// The port; 0 for any free one.
    pub port: u16,
    /// Maximum contacts per page.
    pub page_cap: u64,
    /// Requests per minute.
    pub rate_limit: u32,
    /// The handling of a batch with a refused contact.
    pub duplicates: Duplicates,
    /// The secret that signs tokens, unless saved data has one.
    pub client_secret: SecretString,
    /// The initial contacts.
    pub seed: Seed,
    /// Contact lists, by id.
    pub lists: Vec<(String, PathBuf)>,
    /// Campaigns, by id.
    pub campaigns: Vec<(String, PathBuf)>,
    /// The file that keeps contacts and the secret across restarts.
    pub data: Option<PathBuf>,
    /// Every n-th batch is stored, and its connection is closed without a response.
    pub drop_every: Option<u64>,
}

/// The initial contacts of a sandbox.
#[derive(Clone, Debug, Default)]
pub enum Seed {
    /// None.
    #[default]
    Empty,
    /// Contacts for the sample files, so that each outcome occurs.
    Samples,
    /// The contacts of a file: the platform's JSON, or any contact file; and the region of its national numbers.
    File(PathBuf, Option<crate::contact::Region>),
}

impl Default for SandboxSettings {
    fn default() -> Self {
        Self {
            port: 0,
            page_cap: 100,
            rate_limit: crate::platform::DOCUMENTED_RATE,
            duplicates: Duplicates::default(),
            client_secret: access::new_secret(),
            seed: Seed::default(),
            lists: Vec::new(),
            campaigns: Vec::new(),
            data: None,
            drop_every: None,
        }
    }
}

/// The reason why a sandbox cannot start.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum SandboxError {
    #[error("cannot listen on 127.0.0.1:{port}: {source}")]
    Listen { port: u16, source: io::Error },
    #[error("the network cannot be used: {0}")]
    Runtime(#[source] io::Error),
    #[error(transparent)]
    Seed(#[from] SeedError),
    #[error(transparent)]
    Parse(#[from] ParseError),
    #[error("{}: {source}", path.display())]
    Database { path: PathBuf, source: rusqlite::Error },
}

/// The state that the routes share.
struct Platform {
    store: Mutex<Store>,
    access: Mutex<Access>,
    page_cap: u64,
    duplicates: Duplicates,
    drop_every: Option<u64>,
    /// Batches received.
    batches: AtomicU64,
}

impl Platform {
    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the routes of the API.
fn app(platform: Arc<Platform>) -> Router {
    const CONTACT_LIST: &str = "/public/{stream_id}/campaign/contactList/{list_id}/getAllContacts";
    const CAMPAIGN: &str = "/public/{stream_id}/campaign/{campaign_id}/status";
    let contacts = post(contact_routes::create).get(contact_routes::get_all);
    let list = || get(campaign_routes::list_contacts);
    let campaign = || post(campaign_routes::campaign_contacts);
    Router::new()
        .route("/agentassist/api/v1/public/{stream_id}/contacts", contacts)
        .route(&format!("/agentassist/api/v1{CONTACT_LIST}"), list())
        .route(&format!("/campaign/api/v2{CONTACT_LIST}"), list())
        .route(&format!("/agentassist/api/v1{CAMPAIGN}"), campaign())
        .route(&format!("/campaign/api/v2{CAMPAIGN}"), campaign())
        .fallback(|| async { failure(StatusCode::NOT_FOUND, "there is no such call") })
        .method_not_allowed_fallback(|| async {
            failure(StatusCode::METHOD_NOT_ALLOWED, "not with this method")
        })
        .layer(axum::extract::DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(middleware::from_fn_with_state(Arc::clone(&platform), access::check))
        .with_state(platform)
}

/// Returns an error response, in the shape that all of them have.
fn failure(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({"errors": [{"msg": message, "code": status.as_u16()}]}))).into_response()
}

/// A sandbox that is ready to serve.
pub struct Sandbox {
    listener: TcpListener,
    address: SocketAddr,
    platform: Arc<Platform>,
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Loads the contacts and binds the port.
    ///
    /// # Errors
    ///
    /// Returns an error if a file cannot be used or the port is in use.
    pub fn open(settings: &SandboxSettings) -> Result<Self, SandboxError> {
        let store = Store::open(settings)?;
        let access = Access::new(&store.secret, settings.rate_limit);
        let listen = |source| SandboxError::Listen { port: settings.port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, settings.port)).map_err(listen)?;
        listener.set_nonblocking(true).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let platform = Platform {
            store: Mutex::new(store),
            access: Mutex::new(access),
            page_cap: settings.page_cap.max(1),
            duplicates: settings.duplicates,
            drop_every: settings.drop_every,
            batches: AtomicU64::new(0),
        };
        Ok(Self { listener, address, platform: Arc::new(platform) })
    }

    /// Returns the address for `--host`.
    pub fn host(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the secret that signs tokens.
    pub fn client_secret(&self) -> SecretString {
        self.platform.store().secret.clone()
    }

    /// Returns the number of contacts.
    pub fn contacts(&self) -> usize {
        self.platform.store().len()
    }

    /// Returns a token for tools that cannot make one, valid for a day.
    pub fn token(&self) -> String {
        self.platform.access.lock().unwrap_or_else(PoisonError::into_inner).token()
    }

    /// Serves until `end` is ready.
    ///
    /// # Errors
    ///
    /// Returns an error if the network cannot be used.
    pub fn serve(self, end: impl Future<Output = ()> + Send + 'static) -> Result<(), SandboxError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(SandboxError::Runtime)?;
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(self.listener).map_err(SandboxError::Runtime)?;
            let ended = async {
                // Connections that a client keeps open would otherwise keep the server running.
                tokio::select! {
                    served = axum::serve(listener, app(self.platform)) => served,
                    () = end => Ok(()),
                }
            };
            ended.await.map_err(SandboxError::Runtime)
        })
    }

    /// Serves on its own thread until the returned value is dropped.
    pub fn serve_in_background(self) -> RunningSandbox {
        let host = self.host();
        let (stop, stopped) = oneshot::channel::<()>();
        let serve = move || {
            self.serve(async {
                _ = stopped.await;
            })
        };
        RunningSandbox { host, stop: Some(stop), thread: Some(std::thread::spawn(serve)) }
    }
}

/// A sandbox on its own thread; it stops when this is dropped.
pub struct RunningSandbox {
    /// The address for `--host`.
    pub host: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<(), SandboxError>>>,
}

impl Drop for RunningSandbox {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests;
