//! Outcomes of rows: the ten outcomes, and the stable codes with the texts that every report uses for them.
//!
//! Scripts of users depend on these names: new ones may be added, but existing ones never change.

use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap as _};

use crate::contact::{Contact, PhoneNumber};

/// The outcome of a row. Every data row ends in exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Outcome {
    /// `check`: the row may be imported.
    Valid,
    /// A dry run would have posted the row.
    Planned,
    /// The platform created the contact and acknowledged it.
    Created,
    /// The platform created the contact without acknowledging it; a later read found it.
    Confirmed,
    /// The platform already had the number.
    Existing,
    /// An earlier (or, with `--keep last`, a later) row of the input has the same number.
    Duplicate,
    /// Suppressed on purpose.
    Suppressed,
    /// The row cannot be posted.
    Rejected,
    /// The platform refused the contact.
    Failed,
    /// Not reached: the run ended before this row.
    Pending,
}

impl Outcome {
    /// All outcomes, in the order of the report's totals.
    pub const ALL: [Self; 10] = [
        Self::Valid,
        Self::Planned,
        Self::Created,
        Self::Confirmed,
        Self::Existing,
        Self::Duplicate,
        Self::Suppressed,
        Self::Rejected,
        Self::Failed,
        Self::Pending,
    ];

    /// The name used in `outcomes.csv` and `report.json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Planned => "planned",
            Self::Created => "created",
            Self::Confirmed => "confirmed",
            Self::Existing => "existing",
            Self::Duplicate => "duplicate",
            Self::Suppressed => "suppressed",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::Pending => "pending",
        }
    }

    /// Returns whether the row belongs in `rejected.csv`, because a person has to fix it.
    pub const fn needs_fixing(self) -> bool {
        matches!(self, Self::Rejected | Self::Failed)
    }
}

/// The reason for an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is described by its title")]
pub enum Code {
    MissingPhone,
    MissingFirstName,
    MissingLastName,
    MissingSalutation,
    UnknownSalutation,
    UnclearName,
    NoRegion,
    UnknownCountry,
    NotANumber,
    AmbiguousNumber,
    InvalidCountryCode,
    TooShort,
    TooLong,
    InvalidLength,
    InvalidNumber,
    WrongType,
    HasExtension,
    SeveralNumbers,
    ExcelScientific,
    ExcelPrecision,
    FieldTooLong,
    BadEncoding,
    RaggedRow,
    ControlCharacters,
    SameName,
    OtherName,
    Refused,
    StoredDifferently,
    InList,
    InCampaign,
    InFile,
    HiddenRow,
    DoNotCallColumn,
}

/// The texts for one code.
struct Wording {
    code: Code,
    name: &'static str,
    title: &'static str,
    hint: &'static str,
}

/// The texts for every report, in the order of [`Code`].
const WORDINGS: &[Wording] = &[
    Wording {
        code: Code::MissingPhone,
        name: "missing-phone",
        title: "no phone number",
        hint: "Fill in the number, or remove the row.",
    },
    Wording {
        code: Code::MissingFirstName,
        name: "missing-first-name",
        title: "no first name",
        hint: "A first name is required: fill it in, or name its column with --map first_name=COLUMN.",
    },
    Wording {
        code: Code::MissingLastName,
        name: "missing-last-name",
        title: "no last name",
        hint: "A last name is required: fill it in, or choose one for all such rows with --default-last-name.",
    },
    Wording {
        code: Code::MissingSalutation,
        name: "missing-salutation",
        title: "no salutation",
        hint: "A salutation is required: fill in Mr or Mrs, or choose one for all such rows with \
               --default-salutation.",
    },
    Wording {
        code: Code::UnknownSalutation,
        name: "unknown-salutation",
        title: "an unknown salutation",
        hint: "Write Mr, Mrs, Ms, Miss, Mx, Dr or Prof, or choose one for all such rows with --default-salutation.",
    },
    Wording {
        code: Code::UnclearName,
        name: "unclear-name",
        title: "an unclear name",
        hint: "Write the first and the last name into columns of their own, or use --split-names last-word, which takes the \
               last word of a full name as the last name.",
    },
    Wording {
        code: Code::NoRegion,
        name: "no-region",
        title: "a national number without a country",
        hint: "Give the country of such numbers with --region (for example --region IN), add a country column, or \
               write the number with + and its country code.",
    },
    Wording {
        code: Code::UnknownCountry,
        name: "unknown-country",
        title: "a country that is not known",
        hint: "Write the country's two- or three-letter code, its name in any language, or its dialing code.",
    },
    Wording {
        code: Code::NotANumber,
        name: "not-a-number",
        title: "not a phone number",
        hint: "Put one phone number into the cell, in digits.",
    },
    Wording {
        code: Code::AmbiguousNumber,
        name: "ambiguous-number",
        title: "digits that can be two different numbers",
        hint: "Write the number with + and its country code, or as it is dialed inside its country, with the leading zero.",
    },
    Wording {
        code: Code::InvalidCountryCode,
        name: "invalid-country-code",
        title: "a country code that does not exist",
        hint: "Look at the digits after the +, or write the number as it is dialed inside its country and give the \
               country.",
    },
    Wording {
        code: Code::TooShort,
        name: "too-short",
        title: "too short for a phone number",
        hint: "Digits are missing, often the area code or a leading zero that a spreadsheet took away: look the \
               number up.",
    },
    Wording {
        code: Code::TooLong,
        name: "too-long",
        title: "too long for a phone number",
        hint: "Look for a repeated country code, an extension, or a second number in the cell.",
    },
    Wording {
        code: Code::InvalidLength,
        name: "invalid-length",
        title: "a length that no number in its country has",
        hint: "A digit is missing or extra: check the number.",
    },
    Wording {
        code: Code::InvalidNumber,
        name: "invalid-number",
        title: "not an assigned number in its country",
        hint: "Look for a mistyped digit or the wrong country. --accept possible lets such numbers pass.",
    },
    Wording {
        code: Code::WrongType,
        name: "wrong-type",
        title: "a number type that --types does not accept",
        hint: "Find another number for the person, or add this type to --types.",
    },
    Wording {
        code: Code::HasExtension,
        name: "has-extension",
        title: "a number with an extension",
        hint: "The platform cannot dial extensions: find a direct number, or import without them with \
               --drop-extensions.",
    },
    Wording {
        code: Code::SeveralNumbers,
        name: "several-numbers",
        title: "several numbers in one cell",
        hint: "Keep one number in the cell; give the others rows of their own.",
    },
    Wording {
        code: Code::ExcelScientific,
        name: "excel-scientific",
        title: "a spreadsheet replaced digits with scientific notation",
        hint: "The digits are gone from the file. Open the original, format the column as a number without decimals \
               (or as text), and export again.",
    },
    Wording {
        code: Code::ExcelPrecision,
        name: "excel-precision",
        title: "more digits than a spreadsheet keeps",
        hint: "A spreadsheet keeps 15 digits and writes zeros for the rest. Format the column as text before typing \
               or pasting such numbers, and export again.",
    },
    Wording {
        code: Code::FieldTooLong,
        name: "field-too-long",
        title: "a cell far longer than such a field can be",
        hint: "Shorten the cell; often several rows ran together because of a stray quotation mark.",
    },
    Wording {
        code: Code::BadEncoding,
        name: "bad-encoding",
        title: "letters in a wrong encoding",
        hint: "Export the list again in UTF-8, or type the letters again.",
    },
    Wording {
        code: Code::RaggedRow,
        name: "ragged-row",
        title: "cells that do not fit the header",
        hint: "Look for a comma that should stand in quotes, or a line broken in two. In rejected.xlsx or \
               rejected.csv, put the cells into their columns. If they are right as they are, empty rollcall_ragged.",
    },
    Wording {
        code: Code::ControlCharacters,
        name: "control-characters",
        title: "control characters in the number",
        hint: "Type the number again; the cell contains invisible characters.",
    },
    Wording {
        code: Code::SameName,
        name: "same-name",
        title: "the same number under the same name",
        hint: "Nothing to do.",
    },
    Wording {
        code: Code::OtherName,
        name: "other-name",
        title: "the same number under another name",
        hint: "The platform stores each number only once. Decide which contact it belongs to.",
    },
    Wording {
        code: Code::Refused,
        name: "refused",
        title: "refused by the platform",
        hint: "See the column rollcall_reason in rejected.csv for the platform's message.",
    },
    Wording {
        code: Code::StoredDifferently,
        name: "stored-differently",
        title: "stored by the platform with a different number than the one sent",
        hint: "Correct or delete that contact on the platform; otherwise, the wrong person may be called.",
    },
    Wording {
        code: Code::InList,
        name: "in-list",
        title: "in a contact list that you excluded",
        hint: "Nothing to do.",
    },
    Wording {
        code: Code::InCampaign,
        name: "in-campaign",
        title: "in a campaign that you excluded",
        hint: "Nothing to do.",
    },
    Wording { code: Code::InFile, name: "in-file", title: "in a suppression list", hint: "Nothing to do." },
    Wording {
        code: Code::HiddenRow,
        name: "hidden-row",
        title: "a row hidden in the sheet, by a filter or by hand",
        hint: "To call these people, show the rows in the sheet, or read them with --hidden-rows include.",
    },
    Wording {
        code: Code::DoNotCallColumn,
        name: "do-not-call-column",
        title: "a column of the list says not to call",
        hint: "To call these people, correct the column, or read them with --ignore-do-not-call-column.",
    },
];

impl Code {
    fn wording(self) -> &'static Wording {
        let wording = &WORDINGS[self as usize];
        debug_assert_eq!(wording.code, self, "the table is in the order of the codes");
        wording
    }

    /// The name used in reports.
    pub fn name(self) -> &'static str {
        self.wording().name
    }

    /// Returns all codes, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        WORDINGS.iter().map(|wording| wording.code)
    }

    /// Returns the code with this name.
    pub fn of_name(name: &str) -> Option<Self> {
        WORDINGS.iter().find(|wording| wording.name == name).map(|wording| wording.code)
    }

    /// A short description of the problem.
    pub fn title(self) -> &'static str {
        self.wording().title
    }

    /// A sentence that says what to do.
    pub fn hint(self) -> &'static str {
        self.wording().hint
    }
}

/// A problem with a row. It never stops the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The kind of problem.
    pub code: Code,
    /// The column with the problem, if it is in a single column.
    pub column: Option<u32>,
    /// The cell's text, shortened, for an example in the report.
    pub value: String,
    /// Details beyond the code.
    pub detail: String,
}

impl Problem {
    const MAX_VALUE_CHARS: usize = 60;

    /// Creates a problem of the whole row.
    pub fn of_row(code: Code, detail: impl Into<String>) -> Self {
        Self { code, column: None, value: String::new(), detail: detail.into() }
    }

    /// Creates a problem of one cell.
    pub fn of_cell(code: Code, column: usize, value: &[u8], detail: impl Into<String>) -> Self {
        let text = String::from_utf8_lossy(value);
        let mut chars = text.chars();
        let mut value: String = chars.by_ref().take(Self::MAX_VALUE_CHARS).collect();
        if chars.next().is_some() {
            value.push('…');
        }
        Self { code, column: u32::try_from(column).ok(), value, detail: detail.into() }
    }

    /// The problem in a few words: its title and its detail.
    pub fn message(&self) -> String {
        if self.detail.is_empty() {
            self.code.title().to_owned()
        } else {
            format!("{}: {}", self.code.title(), self.detail)
        }
    }
}

/// The result of normalizing a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// Everything that the platform requires is present.
    Contact(Contact),
    /// The row itself says not to use it.
    Suppressed {
        /// The reason.
        code: Code,
        /// The number, if it can be read.
        number: Option<PhoneNumber>,
        /// Details beyond the code.
        detail: String,
    },
    /// The row has problems.
    Rejected {
        /// The number, if it can be read although the row is rejected.
        number: Option<PhoneNumber>,
        /// The problems, in the order found; never empty.
        problems: Vec<Problem>,
    },
}

/// The number of rows by outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    by_outcome: [u64; Outcome::ALL.len()],
}

impl Totals {
    /// The number of rows with this outcome.
    pub fn of(&self, outcome: Outcome) -> u64 {
        self.by_outcome[outcome as usize]
    }

    /// The number of all rows.
    pub fn rows(&self) -> u64 {
        self.by_outcome.iter().sum()
    }

    /// Counts rows with the same outcome.
    pub fn add(&mut self, outcome: Outcome, rows: u64) {
        self.by_outcome[outcome as usize] += rows;
    }

    /// Adds other totals.
    pub fn add_all(&mut self, other: &Self) {
        self.by_outcome.iter_mut().zip(other.by_outcome).for_each(|(rows, more)| *rows += more);
    }
}

impl Serialize for Totals {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1 + Outcome::ALL.len()))?;
        map.serialize_entry("rows", &self.rows())?;
        for outcome in Outcome::ALL {
            map.serialize_entry(outcome.name(), &self.of(outcome))?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_table_has_the_order_of_the_codes() {
        for (index, wording) in WORDINGS.iter().enumerate() {
            assert_eq!(wording.code as usize, index, "{}", wording.name);
            assert_eq!(wording.code.name(), wording.name);
        }
    }

    #[test]
    fn hints_are_sentences_and_titles_are_not() {
        for wording in WORDINGS {
            assert!(wording.hint.ends_with('.'), "{}", wording.name);
            assert!(!wording.title.ends_with('.'), "{}", wording.name);
            assert!(!wording.hint.contains("  "), "{}", wording.name);
        }
    }

    #[test]
    fn long_value_is_shortened_at_a_character() {
        let long = "é".repeat(100);
        let problem = Problem::of_cell(Code::TooLong, 2, long.as_bytes(), "");
        assert_eq!(problem.value.chars().count(), 61);
        assert_eq!(problem.message(), "too long for a phone number");
    }
}
