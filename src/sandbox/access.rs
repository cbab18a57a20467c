//! Access control: the token, the account, and the requests per minute.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    middleware::Next,
    response::Response,
};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use tracing::info;
use uuid::Uuid;

use super::{Platform, failure};
use crate::cryptography;

/// The account id of every sandbox.
pub const ACCOUNT_ID: &str = "5f5a0d0c0000000000000001";
/// The stream (bot) id of every sandbox.
pub const STREAM_ID: &str = "st-00000000-0000-4000-8000-000000000001";
/// The client id of the app of every sandbox.
pub const CLIENT_ID: &str = "cs-00000000-0000-4000-8000-000000000001";

/// The platform's own words.
const RATE_LIMIT_TEXT: &str =
    "You've exceeded the per-minute rate limit. Please wait for sometime before retrying.";

const WINDOW: Duration = Duration::from_mins(1);

/// Lifetime of a token printed for other tools.
const TOKEN_LIFETIME_SECS: u64 = 24 * 60 * 60;

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    #[serde(rename = "appId")]
    app_id: String,
    jti: String,
    exp: u64,
}

/// Generates a new client secret.
pub(super) fn new_secret() -> SecretString {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()).into()
}

/// The app's secret, and the requests of the last minute.
pub(super) struct Access {
    secret: SecretString,
    rate_limit: usize,
    requests: VecDeque<Instant>,
}

impl Access {
    pub(super) fn new(secret: &SecretString, rate_limit: u32) -> Self {
        cryptography::install();
        Self { secret: secret.clone(), rate_limit: rate_limit as usize, requests: VecDeque::new() }
    }

    /// Returns a token like those that the app makes.
    pub(super) fn token(&self) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let claims = Claims {
            sub: CLIENT_ID.to_owned(),
            app_id: CLIENT_ID.to_owned(),
            jti: Uuid::new_v4().to_string(),
            exp: now + TOKEN_LIFETIME_SECS,
        };
        let key = EncodingKey::from_secret(self.secret.expose_secret().as_bytes());
        encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap_or_default()
    }

    /// Counts a request. Returns `false` if the minute's requests are used up.
    fn count(&mut self, now: Instant) -> bool {
        while self.requests.front().is_some_and(|request| now.duration_since(*request) >= WINDOW) {
            self.requests.pop_front();
        }
        let is_within = self.requests.len() < self.rate_limit;
        if is_within {
            self.requests.push_back(now);
        }
        is_within
    }

    fn check_token(&self, headers: &HeaderMap) -> Result<(), &'static str> {
        let token =
            headers.get("auth").and_then(|token| token.to_str().ok()).ok_or("the header auth is missing")?;
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_required_spec_claims(&["exp", "sub"]);
        let key = DecodingKey::from_secret(self.secret.expose_secret().as_bytes());
        let claims = decode::<Claims>(token, &key, &validation).map_err(|_| "the token is not valid")?.claims;
        match (claims.app_id == CLIENT_ID, claims.jti.is_empty()) {
            (false, _) => Err("the token is of another app"),
            (true, true) => Err("the token has no jti"),
            (true, false) => Ok(()),
        }
    }
}

/// Lets a request through or returns the reason why not; checks in the order of a gateway.
pub(super) async fn check(State(platform): State<Arc<Platform>>, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let refusal = {
        let mut access = platform.access.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(message) = access.check_token(request.headers()) {
            Some((StatusCode::UNAUTHORIZED, message))
        } else if !access.count(Instant::now()) {
            Some((StatusCode::TOO_MANY_REQUESTS, RATE_LIMIT_TEXT))
        } else {
            check_account(&request).err()
        }
    };
    let response = match refusal {
        Some((status, message)) => failure(status, message),
        None => next.run(request).await,
    };
    info!(%method, path, status = response.status().as_u16(), "request");
    response
}

/// Checks the account and the application, in the headers and, for contact lists, in the query.
fn check_account(request: &Request) -> Result<(), (StatusCode, &'static str)> {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    match header("accountId") {
        None => return Err((StatusCode::BAD_REQUEST, "the header accountId is missing")),
        Some(ACCOUNT_ID) => {}
        Some(_) => return Err((StatusCode::FORBIDDEN, "the account is another")),
    }
    let path = request.uri().path();
    let stream = path.split("/public/").nth(1).and_then(|rest| rest.split('/').next());
    if stream.is_some_and(|stream| stream != STREAM_ID) {
        return Err((StatusCode::NOT_FOUND, "there is no such stream"));
    }
    if path.contains("/campaign/") {
        match header("iid") {
            None => return Err((StatusCode::BAD_REQUEST, "the header iid is missing")),
            Some(STREAM_ID) => {}
            Some(_) => return Err((StatusCode::FORBIDDEN, "the application is another")),
        }
    }
    if path.contains("/contactList/") {
        let query: HashMap<String, String> = axum::extract::Query::try_from_uri(request.uri())
            .map_or_else(|_| HashMap::new(), |query| query.0);
        if query.get("accountId").map(String::as_str) != Some(ACCOUNT_ID) {
            return Err((StatusCode::BAD_REQUEST, "the query must name the accountId"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_counts_for_a_minute_but_refused_ones_do_not() {
        let mut access = Access::new(&"s".into(), 2);
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!(access.count(at(0)));
        assert!(access.count(at(30)));
        assert!(!access.count(at(59)));
        assert!(access.count(at(60)));
        assert!(!access.count(at(89)));
        assert!(access.count(at(90)));
    }

    #[test]
    fn generated_secrets_differ() {
        assert_ne!(new_secret().expose_secret(), new_secret().expose_secret());
    }
}
