//! The cryptography of the program: TLS and the signatures of tokens use the same library.

use std::sync::Once;

use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, EncodingKey,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{Error, ErrorKind},
    signature::{Error as SignatureError, Signer, Verifier},
};
use ring::hmac;

/// Signs tokens with HS256, the algorithm of the platform.
static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

/// Chooses the library for this process, unless the process has chosen one. Without a choice, `rustls` and
/// `jsonwebtoken` panic.
pub(crate) fn install() {
    static INSTALLED: Once = Once::new();

    INSTALLED.call_once(|| {
        // An error means that another one is installed, which serves as well.
        _ = rustls::crypto::ring::default_provider().install_default();
        _ = PROVIDER.install_default();
    });
}

/// A key for HS256.
struct Hs256(hmac::Key);

impl Hs256 {
    fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, SignatureError> {
        Ok(hmac::sign(&self.0, message).as_ref().to_vec())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), SignatureError> {
        hmac::verify(&self.0, message, signature).map_err(|_| SignatureError::new())
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the library prescribes the signature")]
fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>, Error> {
    match (algorithm, key.family()) {
        (Algorithm::HS256, AlgorithmFamily::Hmac) => Ok(Box::new(Hs256::new(key.as_bytes()))),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the library prescribes the signature")]
fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    match (algorithm, key.family()) {
        (Algorithm::HS256, AlgorithmFamily::Hmac) => Ok(Box::new(Hs256::new(key.try_get_as_bytes()?))),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

    use super::*;

    /// The token of RFC 7515, appendix A.1.
    const TOKEN: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvb\
                         S9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const KEY: &str =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";

    #[test]
    fn signature_of_the_standards_example_is_made_and_verified() {
        install();
        let key = BASE64_URL_SAFE_NO_PAD.decode(KEY).unwrap();
        let (message, signature) = TOKEN.rsplit_once('.').unwrap();
        let signer = EncodingKey::from_secret(&key);
        let made = jsonwebtoken::crypto::sign(message.as_bytes(), &signer, Algorithm::HS256).unwrap();
        assert_eq!(made, signature);
        let is_valid = |message: &str| {
            let verifier = DecodingKey::from_secret(&key);
            jsonwebtoken::crypto::verify(signature, message.as_bytes(), &verifier, Algorithm::HS256).unwrap()
        };
        assert!(is_valid(message));
        assert!(!is_valid(&message.replace('I', "J")));
        assert!(jsonwebtoken::crypto::sign(b"", &signer, Algorithm::HS512).is_err(), "only HS256");
    }
}
