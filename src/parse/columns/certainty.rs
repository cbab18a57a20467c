//! Certainty of column matches, and its reason: the header, the first values, or a mapping.

use serde::Serialize;

use super::{doubt, folding::fold, mapping::Mapping, means, names};
use crate::{
    contact::Field,
    normalize::{region, salutation},
    row::Columns,
};

/// The certainty of a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// The user named the column.
    Named,
    /// Header and values agree.
    Sure,
    /// Only the header or only the values speak for the match, and nothing against it.
    Likely,
    /// Many values speak against the match.
    Doubtful,
}

impl Certainty {
    /// Returns the name shown to people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Named => "named",
            Self::Sure => "sure",
            Self::Likely => "likely",
            Self::Doubtful => "doubtful",
        }
    }
}

/// A column matched to a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnMatch {
    /// The field.
    pub field: Field,
    /// The column.
    pub column: usize,
    /// The certainty.
    pub certainty: Certainty,
    /// The reason, as words that follow a colon.
    pub reason: String,
}

/// The evidence for a match in the first values of a column.
#[derive(Clone, Copy, Debug)]
struct Evidence {
    field: Field,
    /// The number of values.
    values: usize,
    /// The number of values that the field cannot have.
    others: usize,
    /// Whether the column may have more values below.
    are_first: bool,
}

impl Evidence {
    fn of(field: Field, values: &[String], are_first: bool) -> Self {
        let is_other: &dyn Fn(&str) -> bool = match field {
            Field::Phone => &|value| !doubt::is_trace(value),
            Field::FirstName | Field::LastName | Field::FullName => &doubt::is_no_text,
            Field::Salutation => &|value| salutation::recognize(value).is_none(),
            Field::Country => &|value| region::country(value).is_none(),
            // These values are passed on unchanged.
            Field::TimeZone | Field::UniqueId | Field::Priority => &|_| false,
        };
        let others = doubt::filled(values).filter(|value| is_other(value)).count();
        Self { field, values: doubt::filled(values).count(), others, are_first }
    }

    /// Returns whether enough values disagree to doubt the match.
    fn is_against(self) -> bool {
        self.others * 5 > self.values
    }

    fn nouns(self) -> &'static str {
        match self.field {
            Field::Phone => "phone numbers",
            Field::FirstName | Field::LastName | Field::FullName => "names",
            Field::Salutation => "salutations that rollcall knows",
            Field::Country => "countries that rollcall knows",
            Field::TimeZone | Field::UniqueId | Field::Priority => "values",
        }
    }

    /// Returns text such as `3 of its first 5 values`.
    fn counted(self, count: usize) -> String {
        let first = if self.are_first { "first " } else { "" };
        format!("{count} of its {first}{} values", self.values)
    }

    fn noun(self) -> &'static str {
        match self.field {
            Field::Phone => "a phone number",
            Field::FirstName | Field::LastName | Field::FullName => "a name",
            Field::Salutation => "a salutation that rollcall knows",
            Field::Country => "a country that rollcall knows",
            Field::TimeZone | Field::UniqueId | Field::Priority => "a value",
        }
    }

    /// Returns the text of what speaks against the match.
    fn others(self) -> String {
        match self.others {
            1 => format!("{} is not {}", self.counted(1), self.noun()),
            many => format!("{} are not {}", self.counted(many), self.nouns()),
        }
    }
}

/// Returns the certainty of each match. `values` returns the contents of a column in the first rows, with aliases
/// replaced by their meanings. `are_first` says that there may be more rows.
pub(in crate::parse) fn matches(
    headers: &[String],
    columns: &Columns,
    mappings: &[Mapping],
    values: &dyn Fn(usize) -> Vec<String>,
    are_first: bool,
) -> Vec<ColumnMatch> {
    let of_field = |field: Field| columns.of(field).iter().map(move |column| (field, *column));
    let all = Field::ALL.into_iter().flat_map(of_field);
    all.map(|(field, column)| {
        let evidence = Evidence::of(field, &values(column), are_first);
        let header = headers.get(column).map_or("", String::as_str);
        let mapping = mappings.iter().find(|mapping| mapping.field == field);
        let (certainty, reason) = if let Some(mapping) = mapping {
            named(evidence, if mapping.is_remembered { "it is remembered" } else { "--map names it" })
        } else if means(header, field) || field == Field::FullName && names::is_whole(&fold(header)) {
            by_known_header(evidence)
        } else {
            by_values(evidence)
        };
        ColumnMatch { field, column, certainty, reason }
    })
    .collect()
}

fn named(evidence: Evidence, why: &str) -> (Certainty, String) {
    if evidence.is_against() {
        return (Certainty::Doubtful, format!("{why}, but {}", evidence.others()));
    }
    (Certainty::Named, why.to_owned())
}

fn by_known_header(evidence: Evidence) -> (Certainty, String) {
    let Evidence { values, others, .. } = evidence;
    let (certainty, said) = if values == 0 {
        (Certainty::Likely, "but the first rows have no value in it".to_owned())
    } else if evidence.is_against() {
        (Certainty::Doubtful, format!("but {}", evidence.others()))
    } else if others > 0 {
        (Certainty::Sure, format!("and {} agree", evidence.counted(values - others)))
    } else {
        (Certainty::Sure, "and its values agree".to_owned())
    };
    (certainty, format!("its header is known, {said}"))
}

fn by_values(evidence: Evidence) -> (Certainty, String) {
    let Evidence { values, others, .. } = evidence;
    let (certainty, said) = if values == 0 {
        (Certainty::Likely, "and the first rows have no value in it".to_owned())
    } else if evidence.is_against() {
        (Certainty::Doubtful, format!("and {}", evidence.others()))
    } else if others > 0 {
        let agreeing = evidence.counted(values - others);
        (Certainty::Likely, format!("but {agreeing} are {}", evidence.nouns()))
    } else {
        (Certainty::Likely, format!("but its values are {}", evidence.nouns()))
    };
    (certainty, format!("its header alone is not enough, {said}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::columns::recognize;

    /// Returns the matches of a table whose first row is its header, each as `field: certainty: reason`.
    fn said(rows: &[&[&str]], mappings: &[&str]) -> Vec<String> {
        let headers: Vec<String> = rows[0].iter().map(|header| (*header).to_owned()).collect();
        let values = |column: usize| {
            let cells = rows[1..].iter().map(|row| row[column].to_owned());
            cells.filter(|cell| !cell.is_empty()).collect::<Vec<_>>()
        };
        let mappings: Vec<Mapping> = mappings.iter().map(|mapping| mapping.parse().unwrap()).collect();
        let columns = recognize(&headers, &mappings, &values).unwrap();
        let found = matches(&headers, &columns, &mappings, &values, rows.len() > 5);
        let brief = |found: &ColumnMatch| {
            format!("{}: {}: {}", found.field.name(), found.certainty.name(), found.reason)
        };
        found.iter().map(brief).collect()
    }

    #[test]
    fn header_and_values_make_a_match_sure_and_one_alone_likely() {
        let rows: &[&[&str]] = &[
            &["Vorname", "Name", "Anrede", "Home", "Land"],
            &["Asha", "Rao", "", "020 7946 0100", "GB"],
            &["Ben", "Low", "", "020 7946 0101", "n/a"],
        ];
        assert_eq!(
            said(rows, &[]),
            [
                "phone: likely: its header alone is not enough, but its values are phone numbers",
                "first_name: sure: its header is known, and its values agree",
                "last_name: likely: its header alone is not enough, but its values are names",
                "salutation: likely: its header is known, but the first rows have no value in it",
                "country: sure: its header is known, and its values agree",
            ]
        );
    }

    #[test]
    fn disagreeing_values_are_counted() {
        let rows: &[&[&str]] = &[
            &["Full name", "Mobile", "Country"],
            &["Asha Rao", "020 7946 0100", "GB"],
            &["Ben Low", "call the office", "Atlantis"],
            &["Eve Marsh", "n/a", "Xanadu"],
            &["Ida Hall", "020 7946 0101", "GB"],
            &["Ann Lee", "-", "GB"],
        ];
        assert_eq!(
            said(rows, &[]),
            [
                "phone: doubtful: its header is known, but 1 of its first 3 values is not a phone number",
                "full_name: sure: its header is known, and its values agree",
                "country: doubtful: its header is known, but 2 of its first 5 values are not countries that rollcall knows",
            ]
        );
        let rows: &[&[&str]] =
            &[&["who", "where"], &["Asha Rao", "Leeds"], &["Ben Low", "020 7946 0100"], &["Eve", "York"]];
        assert_eq!(
            said(rows, &["phone=where", "full_name=who", "unique_id=where"]),
            [
                "phone: doubtful: --map names it, but 2 of its 3 values are not phone numbers",
                "full_name: named: --map names it",
                "unique_id: named: --map names it",
            ]
        );
        let mut many: Vec<&[&str]> = vec![&["Phone"]];
        many.extend([&["020 7946 0100"][..]; 9]);
        many.push(&["none yet"]);
        assert_eq!(
            said(&many, &[]),
            ["phone: sure: its header is known, and 9 of its first 10 values agree"]
        );
    }
}
