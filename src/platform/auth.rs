//! Tokens: JSON Web Tokens signed with the app's client secret, or a token that the user provides.
//!
//! The platform's page "Generating the JWT token" asks for HS256 and a payload with `sub` and `appId`; an app can
//! require a `jti`. rollcall makes a token for every request, so that each has a fresh `jti` and none expires in
//! between. Signing one takes microseconds.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::PlatformError;
use crate::cryptography;

/// Lifetime of a token: longer than any request takes, even with a clock that is off by a few minutes.
const LIFETIME_SECS: u64 = 10 * 60;

/// The credentials of the account.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// A token from elsewhere.
    Token(SecretString),
    /// An app, for which rollcall makes the tokens.
    App {
        /// The app's client id.
        client_id: String,
        /// The app's client secret.
        client_secret: SecretString,
    },
}

#[derive(Serialize)]
struct Claims<'a> {
    sub: &'a str,
    #[serde(rename = "appId")]
    app_id: &'a str,
    jti: String,
    iat: u64,
    exp: u64,
}

impl Credentials {
    /// Returns whether a refused token can be replaced.
    pub(super) fn can_renew(&self) -> bool {
        matches!(self, Self::App { .. })
    }

    /// Returns why a provided token may be refused, by its own claims. The token is not verified, and only a time is
    /// shown.
    pub fn about(&self, now: SystemTime) -> Option<String> {
        let expiry = self.expires_at()?;
        let now = Timestamp::try_from(now).unwrap_or_default();
        (expiry <= now).then(|| format!("it expired at {expiry}"))
    }

    /// Returns the expiry of a provided token.
    pub fn expires_at(&self) -> Option<Timestamp> {
        let Self::Token(token) = self else { return None };
        Timestamp::from_second(i64::try_from(expiry(token.expose_secret())?).ok()?).ok()
    }

    /// Returns the client secret. It is never sent, but the platform may know it.
    pub(super) fn secret(&self) -> Option<&[u8]> {
        let Self::App { client_secret, .. } = self else { return None };
        Some(client_secret.expose_secret().as_bytes())
    }

    /// Returns the value of the `auth` header of one request.
    pub(super) fn header(&self) -> Result<HeaderValue, PlatformError> {
        let token = match self {
            Self::Token(token) => token.expose_secret().trim().to_owned(),
            Self::App { client_id, client_secret } => signed(client_id, client_secret)?,
        };
        let mut header = HeaderValue::try_from(token).map_err(|_| PlatformError::MalformedToken)?;
        header.set_sensitive(true);
        Ok(header)
    }
}

/// Returns whether the text can be a JSON Web Token (RFC 7519): three parts in base64url, the first two of them JSON
/// objects. Does not check the signature.
pub fn is_jwt(token: &str) -> bool {
    let parts: Vec<Option<Vec<u8>>> =
        token.split('.').map(|part| BASE64_URL_SAFE_NO_PAD.decode(part).ok()).collect();
    let is_object = |part: &[u8]| serde_json::from_slice::<Map<String, Value>>(part).is_ok();
    matches!(parts.as_slice(), [Some(header), Some(payload), Some(_)] if is_object(header) && is_object(payload))
}

/// Returns the expiry of a token, in seconds since 1970.
fn expiry(token: &str) -> Option<u64> {
    #[derive(Deserialize)]
    struct Expiring {
        exp: f64,
    }
    let claims = jsonwebtoken::dangerous::insecure_decode::<Expiring>(token.trim()).ok()?.claims;
    // Fractions are allowed (RFC 7519, NumericDate).
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time is neither")]
    Some(claims.exp as u64)
}

fn signed(client_id: &str, client_secret: &SecretString) -> Result<String, PlatformError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let claims = Claims {
        sub: client_id,
        app_id: client_id,
        jti: Uuid::new_v4().to_string(),
        iat: now,
        exp: now + LIFETIME_SECS,
    };
    cryptography::install();
    let key = EncodingKey::from_secret(client_secret.expose_secret().as_bytes());
    // The library's error could quote the secret.
    encode(&Header::new(Algorithm::HS256), &claims, &key).map_err(|_| PlatformError::MalformedToken)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use std::time::Duration;

    use jsonwebtoken::{DecodingKey, Validation, decode};

    use super::*;

    #[derive(Deserialize)]
    struct Read {
        sub: String,
        #[serde(rename = "appId")]
        app_id: String,
        jti: String,
        iat: u64,
        exp: u64,
    }

    #[test]
    fn tokens_are_signed_short_lived_and_unique() {
        let app = Credentials::App { client_id: "cs-1".to_owned(), client_secret: "a secret".into() };
        let mut seen = HashSet::new();
        for _ in 0..3 {
            let header = app.header().unwrap();
            assert!(header.is_sensitive());
            let mut validation = Validation::new(Algorithm::HS256);
            validation.set_required_spec_claims(&["exp", "sub"]);
            let key = DecodingKey::from_secret(b"a secret");
            let read = decode::<Read>(header.to_str().unwrap(), &key, &validation).unwrap().claims;
            assert_eq!((read.sub.as_str(), read.app_id.as_str()), ("cs-1", "cs-1"));
            assert_eq!(read.exp - read.iat, LIFETIME_SECS);
            assert!(seen.insert(read.jti));
        }
    }

    #[test]
    fn expired_token_is_reported() {
        let token = signed("cs-1", &"a secret".into()).unwrap();
        let ready = Credentials::Token(token.into());
        let now = SystemTime::now();
        assert_eq!(ready.about(now), None);
        let later = ready.about(now + Duration::from_secs(LIFETIME_SECS + 1)).unwrap();
        assert!(later.starts_with("it expired at 20") && later.ends_with('Z'), "{later}");
        assert_eq!(Credentials::Token("no token".into()).about(now), None);
    }

    #[test]
    fn provided_token_is_sent_unchanged_and_never_shown() {
        let ready = Credentials::Token("canary.token.x\n".into());
        assert_eq!(ready.header().unwrap(), "canary.token.x");
        assert!(!format!("{ready:?} {:?}", ready.header().unwrap()).contains("canary"));
        assert!(Credentials::Token("two\nlines".into()).header().is_err());
    }
}
