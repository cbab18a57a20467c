//! The suppressed numbers and their sources.

use std::{collections::HashMap, fmt::Write as _};

use crate::{
    contact::E164,
    failpoint,
    normalize::phone::{ByMask, Mask, suppressed_forms},
    outcome::Code,
};

/// The source of suppressed numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SuppressionSource {
    /// A file.
    File {
        /// The path as given.
        path: String,
        /// The sheet, if the file has several.
        sheet: Option<String>,
    },
    /// A contact list of the platform.
    List(String),
    /// A campaign of the platform.
    Campaign(String),
    /// Rows of the list itself, in this file.
    Rows(String),
}

impl SuppressionSource {
    /// Returns the outcome code of rows that the source suppresses.
    pub const fn code(&self) -> Code {
        match self {
            Self::File { .. } => Code::InFile,
            Self::List(_) => Code::InList,
            Self::Campaign(_) => Code::InCampaign,
            Self::Rows(_) => Code::DoNotCallColumn,
        }
    }

    /// Returns the name of the file, or the id of the list or campaign.
    pub fn name(&self) -> &str {
        let (Self::File { path: name, .. } | Self::List(name) | Self::Campaign(name) | Self::Rows(name)) =
            self;
        name
    }
}

/// The suppressed numbers. Suppression wins over everything else.
#[derive(Debug, Default)]
pub struct SuppressionSet {
    sources: Vec<SuppressionSource>,
    /// The index of the source, and the row in it; 0 if it has no rows. The first source of a number counts.
    numbers: HashMap<E164, (u32, u64)>,
    /// The same for masked numbers.
    masks: ByMask<(u32, u64)>,
}

impl SuppressionSet {
    /// Starts a source. Numbers added from now on belong to it.
    pub fn begin(&mut self, source: SuppressionSource) {
        self.sources.push(source);
    }

    /// Adds a number in all its forms, with its row if the source has rows.
    pub fn add(&mut self, number: E164, row: Option<u64>) {
        let place = (self.last_source(), row.unwrap_or_default());
        for number in suppressed_forms(number) {
            self.numbers.entry(number).or_insert(place);
        }
    }

    /// Adds a masked number. If only its middle is masked, it suppresses every number that matches.
    pub fn add_mask(&mut self, mask: Mask, row: Option<u64>) {
        if mask.is_hidden_inside() && !failpoint::is_without("masks") {
            self.masks.add(mask, (self.last_source(), row.unwrap_or_default()));
        }
    }

    fn last_source(&self) -> u32 {
        u32::try_from(self.sources.len().saturating_sub(1)).unwrap_or(u32::MAX)
    }

    /// Removes everything added since the source started.
    pub fn restart(&mut self) {
        let last = self.last_source();
        self.numbers.retain(|_, (source, _)| *source != last);
        self.masks.retain(|(source, _)| *source != last);
    }

    /// Returns the first source that suppresses a number, if any, and the place in it in words.
    pub fn reason(&self, number: E164) -> Option<(&SuppressionSource, String)> {
        let whole = self.numbers.get(&number);
        let masks = self.masks.matching(number);
        let masked = masks.reduce(|first, other| if other.1.0 < first.1.0 { other } else { first });
        let is_earlier =
            |(_, (source, _)): &&(Mask, (u32, u64))| whole.is_none_or(|(whole, _)| source < whole);
        let Some((mask, place)) = masked.filter(is_earlier) else {
            return self.place(whole?);
        };
        let (source, place) = self.place(place)?;
        Some((
            source,
            format!("{place}, as {}: digits are masked there, and it may be this number", mask.written()),
        ))
    }

    fn place(&self, (source, row): &(u32, u64)) -> Option<(&SuppressionSource, String)> {
        let source = self.sources.get(*source as usize)?;
        let place = match source {
            SuppressionSource::File { path, sheet } => {
                let mut place = format!("in {path}");
                // Writing to a string cannot fail.
                if let Some(sheet) = sheet {
                    _ = write!(place, ", sheet {sheet}");
                }
                if *row > 0 {
                    _ = write!(place, ", row {row}");
                }
                place
            }
            SuppressionSource::List(id) => format!("in contact list {id}"),
            SuppressionSource::Campaign(id) => format!("in campaign {id}"),
            SuppressionSource::Rows(path) => format!("row {row} of {path} says not to call this number"),
        };
        Some((source, place))
    }

    /// Returns whether there are no numbers.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty() && self.masks.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(digits: &str) -> E164 {
        E164::from_digits(digits).unwrap()
    }

    fn file(path: &str, sheet: Option<&str>) -> SuppressionSource {
        SuppressionSource::File { path: path.to_owned(), sheet: sheet.map(str::to_owned) }
    }

    #[test]
    fn first_source_of_a_number_is_named() {
        let mut suppression_set = SuppressionSet::default();
        suppression_set.begin(file("dnc.csv", None));
        suppression_set.add(number("911"), Some(7));
        suppression_set.begin(file("dnc.xlsx", Some("`Old`")));
        suppression_set.add(number("911"), Some(8));
        suppression_set.add(number("914"), Some(9));
        suppression_set.begin(SuppressionSource::List("cl-1".to_owned()));
        suppression_set.add(number("913"), None);
        suppression_set.restart();
        suppression_set.add(number("911"), None);
        suppression_set.add(number("912"), None);
        suppression_set.begin(SuppressionSource::Rows("list.csv".to_owned()));
        suppression_set.add(number("915"), Some(3));
        let reason = |digits| {
            let (source, place) = suppression_set.reason(number(digits))?;
            Some((source.code(), place))
        };
        assert_eq!(reason("911"), Some((Code::InFile, "in dnc.csv, row 7".to_owned())));
        assert_eq!(reason("914"), Some((Code::InFile, "in dnc.xlsx, sheet `Old`, row 9".to_owned())));
        assert_eq!(reason("912"), Some((Code::InList, "in contact list cl-1".to_owned())));
        assert_eq!(reason("913"), None);
        let said = "row 3 of list.csv says not to call this number".to_owned();
        assert_eq!(reason("915"), Some((Code::DoNotCallColumn, said)));
    }

    #[test]
    fn mask_of_an_earlier_source_is_named_before_a_number_of_a_later_one() {
        let mask = |text: &str| serde_json::from_value::<Mask>(text.into()).unwrap();
        let mut suppression_set = SuppressionSet::default();
        suppression_set.begin(file("dnc.csv", None));
        suppression_set.add_mask(mask("91987***3210"), Some(2));
        suppression_set.add(number("919870003211"), Some(3));
        suppression_set.add_mask(mask("91987***3211"), Some(4));
        suppression_set.begin(SuppressionSource::Rows("list.csv".to_owned()));
        suppression_set.add(number("919870003210"), Some(5));
        let reason = |digits| suppression_set.reason(number(digits)).unwrap().1;
        assert!(reason("919870003210").starts_with("in dnc.csv, row 2, as +91987***3210"));
        assert_eq!(reason("919870003211"), "in dnc.csv, row 3");
    }

    #[test]
    fn number_is_suppressed_in_either_form() {
        let mut suppression_set = SuppressionSet::default();
        suppression_set.begin(file("dnc.csv", None));
        for digits in ["5215512345678", "541123456789", "919876543210"] {
            suppression_set.add(number(digits), None);
        }
        let is_suppressed = |digits| suppression_set.reason(number(digits)).is_some();
        assert!(
            ["5215512345678", "525512345678", "541123456789", "5491123456789"].into_iter().all(is_suppressed)
        );
        assert!(!is_suppressed("9119876543210"));
    }
}
