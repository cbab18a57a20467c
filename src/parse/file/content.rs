//! The possible contents of a file.

use serde::{Deserialize, Serialize};

/// The detected content of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the formats'")]
pub enum Content {
    Csv,
    Text,
    Xlsx,
    EncryptedOrLegacyExcel,
    Xlsb,
    Ods,
    Zip,
    Document,
    Numbers,
    Compressed,
    Pdf,
    PostScript,
    Image,
    Json,
    JsonCards,
    Script,
    Vcard,
    Html,
    WebArchive,
    XmlSpreadsheet,
    FlatOds,
    Xml,
    Rtf,
    Ldif,
    Sql,
    Yaml,
    Sylk,
    Dif,
    Lotus,
    Parquet,
    Database,
    Mailbox,
    Mail,
    Calendar,
    Link,
    LfsPointer,
    LockFile,
    Zeros,
    Binary,
}

impl Content {
    /// Returns what rollcall does not do with it, for an error message.
    pub(in crate::parse) fn refusal(self) -> &'static str {
        if self == Self::Ldif { "reads only with --format ldif" } else { "does not read" }
    }

    /// Returns the words for an error message.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv | Self::Text => "a CSV file",
            Self::Xlsx => "an Excel workbook",
            Self::EncryptedOrLegacyExcel => "an Excel 97-2003 workbook or a workbook protected by a password",
            Self::Xlsb => "a binary Excel workbook (XLSB)",
            Self::Ods => "an OpenDocument file",
            Self::Zip => "a ZIP archive without a list in it",
            Self::Document => "a text document or presentation",
            Self::Numbers => "a document of Apple Numbers or Pages",
            Self::Compressed => "a compressed file or archive",
            Self::Pdf => "a PDF document",
            Self::PostScript => "a PostScript document",
            Self::Image => "an image",
            Self::Json => "JSON",
            Self::Script => "a script with data in it (JavaScript or JSONP)",
            Self::JsonCards => "vCards written as JSON (jCard)",
            Self::Vcard => "a vCard file",
            Self::Html => "a web page (HTML) without a table in it",
            Self::WebArchive => "a web archive (MHTML) without a table in it",
            Self::XmlSpreadsheet => "an XML spreadsheet (Excel 2003)",
            Self::FlatOds => "a flat OpenDocument file (XML)",
            Self::Xml => "XML",
            Self::Rtf => "an RTF document",
            Self::Ldif => "an LDIF directory export",
            Self::Sql => "an SQL dump",
            Self::Yaml => "YAML",
            Self::Sylk => "a SYLK spreadsheet",
            Self::Dif => "a DIF spreadsheet",
            Self::Lotus => "a Lotus 1-2-3 worksheet",
            Self::Parquet => "a Parquet file",
            Self::Database => "a database file",
            Self::Mailbox => "a mailbox of Outlook",
            Self::Mail => "an e-mail message",
            Self::Calendar => "a calendar or note (iCalendar, vNote)",
            Self::Link => "a link or shortcut to a document, not the document",
            Self::LfsPointer => "a Git LFS pointer to a file, not the file",
            Self::LockFile => "the lock file that Excel keeps while a workbook is open, not the workbook",
            Self::Zeros => "nothing but zero bytes, probably from a failed copy",
            Self::Binary => "neither text nor a workbook",
        }
    }
}
