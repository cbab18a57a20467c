//! Suggestion of a mapping for a table whose phone column is not known. It relies on the values: a column is suggested
//! for the phone number only if its values are numbers that can be dialed.

use super::{
    doubt,
    folding::fold,
    is_never_called, likeliest_phone,
    mapping::{HeaderNames, Mapping},
    synonyms::NEVER_PHONE_WORDS,
};
use crate::{
    contact::{Field, Region},
    normalize::{
        label,
        phone::{Accept, Origin, count_digits, is_number},
        region, salutation,
    },
    parse::info::InputInfo,
    row::CellKind,
};

/// The columns of a table without a known phone column, and the mapping that fits best.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unmatched {
    /// All columns.
    pub columns: Vec<UnmatchedColumn>,
    /// Mappings with which the table can be read. Empty if no column holds phone numbers.
    pub mappings: Vec<Mapping>,
    /// Whether the first row seems to be data.
    pub has_no_header: bool,
}

/// A column of a table without a known phone column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnmatchedColumn {
    /// Its header.
    pub header: String,
    /// Its first values, shortened.
    pub values: Vec<String>,
    /// The field that fits best.
    pub field: Option<Field>,
}

/// Values shown of a column.
const SHOWN_VALUES: usize = 2;
const SHOWN_CHARS: usize = 64;

/// Words in the headers of columns that do not hold the names of people.
const NEVER_NAME_WORDS: [&str; 45] = [
    "account",
    "address",
    "agent",
    "area",
    "branch",
    "business",
    "campaign",
    "category",
    "city",
    "comment",
    "comments",
    "company",
    "country",
    "department",
    "employer",
    "firm",
    "firma",
    "group",
    "industry",
    "job",
    "list",
    "location",
    "manager",
    "note",
    "notes",
    "ort",
    "organisation",
    "organization",
    "owner",
    "place",
    "plan",
    "position",
    "product",
    "reason",
    "region",
    "remark",
    "remarks",
    "role",
    "service",
    "source",
    "stadt",
    "state",
    "status",
    "street",
    "town",
];

/// Suggests a mapping. `values` returns the filled cells of a column below the header, or of all rows if
/// `has_no_header`.
pub(in crate::parse) fn suggest(
    headers: &[String],
    has_no_header: bool,
    given: &[Mapping],
    region: Option<Region>,
    values: &dyn Fn(usize) -> Vec<String>,
) -> Unmatched {
    let numbered: Vec<String> = (1..=headers.len()).map(|number| format!("column {number}")).collect();
    let names = if has_no_header { &numbered } else { headers };
    let header_names = HeaderNames::new(names);
    let mapping = |field, column: usize| {
        let header = &names[column];
        let can_be_typed = !has_no_header && header.trim() == header && !header.chars().any(char::is_control);
        let by_header = can_be_typed.then(|| header_names.by_header(field, column)).flatten();
        by_header.or_else(|| header_names.by_number(field, column))
    };
    let mut mappings = Vec::new();
    let mut columns = None;
    if let Some(phone) = phone(names, region, values).and_then(|phone| mapping(Field::Phone, phone)) {
        mappings.push(phone);
        let all = [given, &mappings].concat();
        columns = super::recognize(names, &all, values).ok();
    }
    let Some(mut columns) = columns else {
        let columns = seen(headers, &|_| None, values);
        return Unmatched { columns, mappings: Vec::new(), has_no_header };
    };
    let has_name = columns.first_name.or(columns.last_name).or(columns.full_name).is_some();
    if !has_name
        && let Some(name) = full_name(names, &|column| columns.is_used(column), values)
        && let Some(mapping) = mapping(Field::FullName, name)
    {
        mappings.push(mapping);
        columns.add(Field::FullName, name);
    }
    if columns.salutation.is_none() {
        let is_salutation =
            |column: &usize| !columns.is_used(*column) && doubt::holds_salutations(&values(*column));
        let mut found = (0..names.len()).filter(is_salutation);
        if let (Some(column), None) = (found.next(), found.next())
            && let Some(mapping) = mapping(Field::Salutation, column)
        {
            mappings.push(mapping);
            columns.add(Field::Salutation, column);
        }
    }
    let field = |column: usize| Field::ALL.into_iter().find(|field| columns.of(*field).contains(&column));
    Unmatched { columns: seen(headers, &field, values), mappings, has_no_header }
}

/// Returns the column that most likely holds full names, judged by the first values.
pub(crate) fn likely_full_name(info: &InputInfo) -> Option<usize> {
    let values = |column: usize| info.samples.get(column).cloned().unwrap_or_default();
    full_name(&info.headers, &|column| info.columns.is_used(column), &values)
}

/// Returns whether the first row seems to be data: it has a number above other numbers.
pub(in crate::parse) fn has_no_header(headers: &[String], values: &dyn Fn(usize) -> Vec<String>) -> bool {
    let is_data = |(column, header): (usize, &String)| {
        doubt::is_number(header) && (doubt::holds_numbers(&values(column)) || values(column).is_empty())
    };
    headers.iter().enumerate().any(is_data)
}

fn seen(
    headers: &[String],
    field: &dyn Fn(usize) -> Option<Field>,
    values: &dyn Fn(usize) -> Vec<String>,
) -> Vec<UnmatchedColumn> {
    let shown = |column| {
        let mut shown: Vec<String> = Vec::new();
        for value in values(column) {
            let value: String = value.trim().chars().take(SHOWN_CHARS).collect();
            if shown.len() < SHOWN_VALUES && !shown.contains(&value) {
                shown.push(value);
            }
        }
        shown
    };
    let column = |(column, header): (usize, &String)| UnmatchedColumn {
        header: header.clone(),
        values: shown(column),
        field: field(column),
    };
    headers.iter().enumerate().map(column).collect()
}

/// Returns the column that most likely holds the phone number, judged by its values first.
fn phone(headers: &[String], region: Option<Region>, values: &dyn Fn(usize) -> Vec<String>) -> Option<usize> {
    let likeliest = likeliest_phone(headers);
    let rank = |column: &usize| {
        let header = &headers[*column];
        let is_likeliest = likeliest.as_ref() == Some(header);
        (is_likeliest, is_free_of_ids(header), std::cmp::Reverse(*column))
    };
    let is_phone = |column: &usize| {
        let header = &headers[*column];
        !is_never_called(header) && holds_dialable(&values(*column), region, is_free_of_ids(header))
    };
    (0..headers.len()).filter(is_phone).max_by_key(rank)
}

/// Returns whether a header does not say that the column holds other numbers, such as those of accounts.
fn is_free_of_ids(header: &str) -> bool {
    let folded = fold(header);
    let is_phone = |word: &str| label::meaning(word).is_some_and(|meaning| meaning.is_phone);
    !folded.split(' ').any(|word| NEVER_PHONE_WORDS.contains(&word)) || folded.split(' ').any(is_phone)
}

/// Returns whether nearly all values are numbers that can be dialed. A bare number of few digits may be any number,
/// and so may one below a header such as `Account`, unless its country proves it.
fn holds_dialable(values: &[String], region: Option<Region>, is_free_of_ids: bool) -> bool {
    const MIN_BARE_DIGITS: usize = 10;

    if !doubt::holds_numbers(values) {
        return false;
    }
    let origin = region.map(Origin::Region);
    let is_valid = |value: &&str| is_number(value, CellKind::Text, origin, Accept::Valid);
    let is_formatted = |value: &&str| {
        value.starts_with('0')
            || value.contains([' ', '-', '(', '.', '/'])
            || count_digits(value) >= MIN_BARE_DIGITS
    };
    let needs_proof = region.is_some() || !is_free_of_ids;
    let is_dialable = |value: &&str| match (value.starts_with('+'), needs_proof) {
        (true, _) => is_valid(value),
        (false, true) => region.is_some() && is_valid(value),
        (false, false) => is_formatted(value),
    };
    let all = doubt::filled(values).count();
    doubt::filled(values).filter(is_dialable).count() * 5 >= all * 4
}

/// Returns the only column whose values look like names of people, or the only one whose header says so, too.
fn full_name(
    headers: &[String],
    is_used: &dyn Fn(usize) -> bool,
    values: &dyn Fn(usize) -> Vec<String>,
) -> Option<usize> {
    let words = |column: usize| fold(&headers[column]);
    let is_never = |column: usize| words(column).split(' ').any(|word| NEVER_NAME_WORDS.contains(&word));
    let all = (0..headers.len()).filter(|column| !is_used(*column) && !is_never(*column));
    let likely: Vec<usize> = all.filter(|column| holds_full_names(&values(*column))).collect();
    let says_name =
        |column: &&usize| words(**column).split(' ').any(|word| matches!(word, "name" | "nm" | "names"));
    let mut named = likely.iter().filter(says_name);
    match (likely.as_slice(), named.next(), named.next()) {
        ([only], ..) => Some(*only),
        (_, Some(column), None) => Some(*column),
        _ => None,
    }
}

/// Returns whether nearly all values have two to four words that can be parts of a name.
fn holds_full_names(values: &[String]) -> bool {
    let is_word = |word: &str| {
        word.chars().all(|letter| letter.is_alphabetic() || matches!(letter, '.' | ',' | '\'' | '’' | '-'))
            && word.chars().next().is_some_and(|first| first.is_alphabetic() && !first.is_lowercase())
    };
    let is_name = |value: &&str| {
        let value = value.trim();
        let parts = value.split_whitespace().count();
        (2..=4).contains(&parts)
            && value.split_whitespace().filter(|word| is_word(word)).count() >= 2
            && !value.chars().any(|letter| letter.is_numeric() || matches!(letter, '@' | '&'))
            && region::country(value).is_none()
            && salutation::recognize(value).is_none()
    };
    let all = doubt::filled(values).count();
    all > 0 && doubt::filled(values).filter(is_name).count() * 5 >= all * 4
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the suggested mapping for a table, as options.
    fn suggested(rows: &[&str], region: &str) -> String {
        let cells = |row: &str| row.split(',').map(str::to_owned).collect::<Vec<_>>();
        let headers = cells(rows[0]);
        let values = |from: usize, column: usize| -> Vec<String> {
            let values = rows[from..].iter().map(|row| cells(row)[column].clone());
            values.filter(|value| !value.is_empty()).collect()
        };
        let has_no_header = has_no_header(&headers, &|column| values(1, column));
        let of = |column| values(usize::from(!has_no_header), column);
        let found = suggest(&headers, has_no_header, &[], Region::new(region), &of);
        let mut options: Vec<String> = found
            .mappings
            .iter()
            .map(|mapping| format!("{}={}", mapping.field.name(), mapping.column))
            .collect();
        options.extend(found.has_no_header.then(|| "no header".to_owned()));
        options.join("; ")
    }

    #[test]
    fn column_of_numbers_is_suggested_with_a_name() {
        let rows = ["Who,Ring me,Town", "Asha Rao,+91 98765 43210,Pune", "Ben Low,+91 98765 43211,Agra"];
        assert_eq!(suggested(&rows, ""), "phone=Ring me; full_name=Who");
        let rows = ["Who,Ring me,Form", "Asha Rao,+91 98765 43210,Ms"];
        assert_eq!(suggested(&rows, ""), "phone=Ring me; full_name=Who; salutation=Form");
        let rows = ["Name,Ring Phone No.", "Asha,098765 43210"];
        assert_eq!(suggested(&rows, ""), "phone=Ring Phone No.", "the name is known by its header");
        let rows = ["Asha Rao,+91 98765 43210", "Ben Low,+91 98765 43211"];
        assert_eq!(suggested(&rows, ""), "phone=2; full_name=1; no header");
        let rows = ["A,A", "Asha Rao,+91 98765 43210"];
        assert_eq!(suggested(&rows, ""), "phone=2; full_name=1", "the header names two columns");
    }

    #[test]
    fn header_decides_between_columns_of_numbers() {
        let rows = ["Reach,Ring Phone Nr,x", "+91 98765 43210,+91 98765 43211,y"];
        assert_eq!(suggested(&rows, ""), "phone=Ring Phone Nr");
        let rows = ["Fax line,Reach", "+91 98765 43210,+91 98765 43211"];
        assert_eq!(suggested(&rows, ""), "phone=Reach");
    }

    #[test]
    fn column_of_other_numbers_is_never_suggested() {
        for (rows, region) in [
            (["Who,Ring Phone No.", "Asha Rao,1"], ""),
            (["Who,Ref", "Asha Rao,10023455"], ""),
            (["Who,Since", "Asha Rao,2026-01-31"], ""),
            (["Who,Account No", "Asha Rao,9876543210"], ""),
            (["Who,Ring at", "Asha Rao,0000000001"], "IN"),
            (["Who,Ring at", "Asha Rao,call the office"], "IN"),
            (["Who,Fax", "Asha Rao,+91 98765 43210"], "IN"),
        ] {
            assert_eq!(suggested(&rows, region), "", "{rows:?}");
        }
        assert_eq!(suggested(&["Who,Account", "Asha Rao,98765 43210"], "IN"), "phone=Account; full_name=Who");
    }

    #[test]
    fn places_and_firms_are_not_suggested_as_names() {
        let rows = ["Ring at,Town,Firm", "+91 98765 43210,New Delhi,Acme Tools"];
        assert_eq!(suggested(&rows, ""), "phone=Ring at");
        let rows = ["Ring at,Who,Friend", "+91 98765 43210,Asha Rao,Ben Low"];
        assert_eq!(suggested(&rows, ""), "phone=Ring at", "two columns may hold the name");
        let rows = ["Ring at,Who nm,Friend", "+91 98765 43210,Asha Rao,Ben Low"];
        assert_eq!(suggested(&rows, ""), "phone=Ring at; full_name=Who nm");
    }
}
