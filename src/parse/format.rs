//! The file formats that rollcall reads.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The supported file formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub enum Format {
    /// Delimited text.
    Csv,
    /// One JSON document.
    Json,
    /// One JSON document per line.
    Ndjson,
    /// vCards.
    Vcard,
    /// Entries of a directory in the LDAP Data Interchange Format.
    Ldif,
    /// An Excel workbook.
    Xlsx,
    /// A binary Excel workbook.
    Xlsb,
    /// An Excel 97 workbook.
    Xls,
    /// A spreadsheet in the Open Document Format.
    Ods,
    /// A table in a web page.
    Html,
    /// An XML spreadsheet of Excel 2003.
    XmlSpreadsheet,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 11] = [
        Self::Csv,
        Self::Json,
        Self::Ndjson,
        Self::Vcard,
        Self::Ldif,
        Self::Xlsx,
        Self::Xlsb,
        Self::Xls,
        Self::Ods,
        Self::Html,
        Self::XmlSpreadsheet,
    ];

    /// Returns the name shown to people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Json => "JSON",
            Self::Ndjson => "JSON, one object on each line",
            Self::Vcard => "vCard",
            Self::Ldif => "LDIF",
            Self::Xlsx => "Excel workbook",
            Self::Xlsb => "binary Excel workbook",
            Self::Xls => "Excel 97 workbook",
            Self::Ods => "OpenDocument spreadsheet",
            Self::Html => "a table of a web page (HTML)",
            Self::XmlSpreadsheet => "XML spreadsheet (Excel 2003)",
        }
    }

    /// Returns the name used by `--format` and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Vcard => "vcard",
            Self::Ldif => "ldif",
            Self::Xlsx => "xlsx",
            Self::Xlsb => "xlsb",
            Self::Xls => "xls",
            Self::Ods => "ods",
            Self::Html => "html",
            Self::XmlSpreadsheet => "xml",
        }
    }
}

impl From<Format> for &'static str {
    fn from(format: Format) -> Self {
        format.name()
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Delimited text, whatever the delimiter is.
        let name = if text == "tsv" { "csv" } else { text };
        Self::ALL.into_iter().find(|format| format.name() == name).ok_or_else(|| {
            let known = Self::ALL.map(Self::name).join(", ");
            format!("unknown format `{text}`; formats are {known}")
        })
    }
}

impl TryFrom<String> for Format {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}
