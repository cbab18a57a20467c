//! Trusted certificate authorities, and why a certificate is not trusted.

use std::{error::Error, fmt, io, path::Path};

use reqwest::Certificate;
use rustls::{
    CertificateError, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use thiserror::Error as ThisError;

use crate::private_file;

/// Certificate authorities that are trusted in addition to those of the system.
#[derive(Clone, Debug, Default)]
pub struct Authorities(Vec<Certificate>);

/// The reason why a file of authorities cannot be used.
#[derive(Debug, ThisError)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum AuthoritiesError {
    #[error("{0}")]
    Unreadable(#[from] io::Error),
    #[error("it contains no certificate in PEM (`-----BEGIN CERTIFICATE-----`) or DER")]
    NoCertificate,
    #[error("certificate {place} in the file cannot be read ({reason})")]
    Malformed { place: usize, reason: rustls::Error },
    #[error("it contains a private key; a file of authorities must contain certificates only")]
    PrivateKey,
}

impl Authorities {
    /// Reads the certificates of a file: one or several in PEM, or one in DER.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be read or contains something else.
    pub fn read(path: &Path) -> Result<Self, AuthoritiesError> {
        /// Every certificate in DER is a sequence with a two-byte length.
        const DER: [u8; 2] = [0x30, 0x82];
        /// The authorities of a whole system take less.
        const MAX_BYTES: u64 = 16 << 20;

        let bytes = private_file::read_bounded(path, MAX_BYTES).map_err(io::Error::from)?;
        if memchr::memmem::find(&bytes, b"PRIVATE KEY-----").is_some() {
            return Err(AuthoritiesError::PrivateKey);
        }
        let ders = if bytes.starts_with(&DER) {
            vec![CertificateDer::from(bytes)]
        } else {
            let ders = CertificateDer::pem_slice_iter(&bytes).collect::<Result<Vec<_>, _>>();
            ders.map_err(|_| AuthoritiesError::NoCertificate)?
        };
        let mut certificates = Vec::with_capacity(ders.len());
        for der in ders {
            let place = certificates.len() + 1;
            let certificate = Certificate::from_der(&der).map_err(|_| AuthoritiesError::NoCertificate)?;
            // The client accepts any bytes as a certificate, and trusts none if they are invalid.
            RootCertStore::empty()
                .add(der)
                .map_err(|reason| AuthoritiesError::Malformed { place, reason })?;
            certificates.push(certificate);
        }
        if certificates.is_empty() { Err(AuthoritiesError::NoCertificate) } else { Ok(Self(certificates)) }
    }

    pub(super) fn certificates(&self) -> impl Iterator<Item = Certificate> {
        self.0.iter().cloned()
    }
}

/// The reason why a certificate is not trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Distrust {
    /// Issued by an authority that this machine does not trust.
    UnknownAuthority,
    /// Expired, by this machine's clock.
    Expired,
    /// Not valid yet, by this machine's clock.
    NotYetValid,
    /// Issued for other hosts.
    OtherHost(Vec<String>),
    /// Any other reason.
    Other(String),
}

impl Distrust {
    /// Returns the reason if a request failed because of the certificate.
    pub(super) fn of(error: &reqwest::Error) -> Option<Self> {
        let mut cause: Option<&(dyn Error + 'static)> = Some(error);
        while let Some(error) = cause {
            if let Some(rustls::Error::InvalidCertificate(problem)) = error.downcast_ref() {
                return Some(Self::from(problem));
            }
            // An I/O error does not include the error that it wraps in its chain.
            let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            cause = wrapped.map_or_else(|| error.source(), |wrapped| Some(wrapped));
        }
        None
    }
}

impl From<&CertificateError> for Distrust {
    fn from(problem: &CertificateError) -> Self {
        match problem {
            CertificateError::UnknownIssuer => Self::UnknownAuthority,
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Self::NotYetValid,
            CertificateError::NotValidForName => Self::OtherHost(Vec::new()),
            CertificateError::NotValidForNameContext { presented, .. } => Self::OtherHost(presented.clone()),
            other => Self::Other(other.to_string()),
        }
    }
}

/// Completes "its certificate …".
impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownAuthority => {
                f.write_str("was issued by a certificate authority that this machine does not trust")
            }
            Self::Expired => f.write_str("has expired, by the clock of this machine"),
            Self::NotYetValid => f.write_str("is not valid yet, by the clock of this machine"),
            Self::OtherHost(names) if names.is_empty() => f.write_str("is for another host"),
            Self::OtherHost(names) => write!(f, "is for another host: {}", names.join(", ")),
            Self::Other(problem) => write!(f, "cannot be trusted: {problem}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn file_of_authorities_must_contain_certificates() {
        let folder = tempfile::tempdir().unwrap();
        let read = |name: &str, content: &[u8]| {
            let path = folder.path().join(name);
            fs::write(&path, content).unwrap();
            Authorities::read(&path).map(|authorities| authorities.0.len()).map_err(|error| error.to_string())
        };
        assert!(read("list.csv", b"First Name,Mobile\n").unwrap_err().contains("no certificate in PEM"));
        assert!(read("empty.pem", b"").unwrap_err().contains("no certificate"));
        let key = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert!(read("key.pem", key).unwrap_err().contains("private key"));
        assert!(matches!(
            Authorities::read(&folder.path().join("none.pem")),
            Err(AuthoritiesError::Unreadable(_))
        ));
        let pem = include_bytes!("samples/authority.pem");
        assert_eq!(read("one.pem", pem), Ok(1));
        assert_eq!(read("two.pem", &[&pem[..], &pem[..]].concat()), Ok(2));
        let der = CertificateDer::from_pem_slice(pem).unwrap();
        assert_eq!(read("one.der", &der), Ok(1));
        assert!(read("junk.der", b"\x30\x82 and no certificate").unwrap_err().contains("certificate 1"));
        let junk = b"-----BEGIN CERTIFICATE-----\nMIIAAAAA\n-----END CERTIFICATE-----\n";
        assert!(read("junk.pem", &[&pem[..], junk].concat()).unwrap_err().contains("certificate 2"));
    }
}
