//! Whom this machine trusts: authorities beside those of the system, and why a certificate is not trusted.

use std::{error::Error, fmt, io, path::Path};

use reqwest::Certificate;
use rustls::{
    CertificateError, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use thiserror::Error as ThisError;

use crate::private_file;

/// Certificate authorities that are trusted beside those of the system.
#[derive(Clone, Debug, Default)]
pub struct Authorities(Vec<Certificate>);

/// Why a file of authorities cannot be used.
#[derive(Debug, ThisError)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum AuthoritiesError {
    #[error("{0}")]
    Unreadable(#[from] io::Error),
    #[error("it holds no certificate in PEM (`-----BEGIN CERTIFICATE-----`) or DER")]
    NoCertificate,
    #[error("certificate {place} in it cannot be read ({reason})")]
    Malformed { place: usize, reason: rustls::Error },
    #[error("it holds a private key; a file of authorities holds certificates only")]
    PrivateKey,
}

impl Authorities {
    /// Reads the certificates of a file: one or several in PEM, or one in DER.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read, or holds something else.
    pub fn read(path: &Path) -> Result<Self, AuthoritiesError> {
        /// Every certificate in DER is a sequence with a length of two bytes.
        const DER: [u8; 2] = [0x30, 0x82];
        /// The authorities of a whole system have less than one.
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
            // The client takes any bytes for a certificate, and trusts nobody for those that are none.
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

/// Why a certificate is not trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Distrust {
    /// Nobody that this machine trusts has issued it.
    UnknownAuthority,
    /// Its time is over, by this machine's clock.
    Expired,
    /// Its time has not come, by this machine's clock.
    NotYetValid,
    /// It is for other hosts.
    OtherHost(Vec<String>),
    /// Something else.
    Other(String),
}

impl Distrust {
    /// Why a request failed, if it is the certificate.
    pub(super) fn of(error: &reqwest::Error) -> Option<Self> {
        let mut cause: Option<&(dyn Error + 'static)> = Some(error);
        while let Some(error) = cause {
            if let Some(rustls::Error::InvalidCertificate(problem)) = error.downcast_ref() {
                return Some(Self::from(problem));
            }
            // An error of input or output hides the one that it wraps from the chain.
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

/// As in "its certificate …".
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
    fn a_file_of_authorities_holds_certificates() {
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
