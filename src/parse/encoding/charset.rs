//! Charsets in which every line can be read by itself.

use encoding_rs::{GB18030, GBK};

use super::code_page::CodePage;

/// A charset in which every line can be read by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Charset {
    /// A charset of the web.
    Standard(&'static encoding_rs::Encoding),
    CodePage(&'static CodePage),
}

impl Charset {
    pub(super) fn name(self) -> String {
        match self {
            Self::Standard(encoding) => encoding.name().to_lowercase(),
            Self::CodePage(page) => page.name.to_owned(),
        }
    }
}

/// Replaces GBK by GB18030, which contains it.
pub(super) fn superset(encoding: &'static encoding_rs::Encoding) -> &'static encoding_rs::Encoding {
    if encoding == GBK { GB18030 } else { encoding }
}
