//! Hints about problems, from the cell's value, the row's other cells, and the format of the file.
//!
//! The hint of a [`Code`] applies to every row with that code. This module replaces it if the row tells more, or if
//! the hint mentions something that the file does not have.

use std::borrow::Cow;

use super::ReportedRow;
use crate::{
    contact::Field,
    normalize::phone::is_date,
    outcome::{Code, Problem},
    parse::{self, Format, InputInfo},
    row::{CellKind, Ragged, RaggedCause, Row},
};

/// A phone number has at least this many digits.
const MIN_PHONE_DIGITS: usize = 7;

/// A phone number has at most this many digits (E.164).
const MAX_PHONE_DIGITS: usize = 15;

/// Returns the hint for one problem of a row.
pub(super) fn of_problem(problem: &Problem, row: &ReportedRow<'_>, input: &InputInfo) -> Cow<'static, str> {
    let code = problem.code;
    let hint = match code {
        Code::MissingPhone => missing_phone(row.row, input),
        Code::MissingFirstName => missing_name(Field::FirstName, problem, row.row, input),
        Code::MissingLastName => missing_name(Field::LastName, problem, row.row, input),
        Code::MissingSalutation => Some(missing_salutation(problem, row.row, input)),
        Code::UnclearName => unclear_name(problem, row.row, input),
        Code::NoRegion => no_region(input),
        Code::NotANumber => not_a_number(problem, row.row, input),
        Code::TooShort if !is_of_spreadsheet(input.format) => {
            Some("Digits are missing, often the area code: look the number up.".to_owned())
        }
        Code::FieldTooLong if input.format != Format::Csv => Some("Shorten it.".to_owned()),
        Code::BadEncoding => bad_encoding(problem, row.row, input),
        Code::RaggedRow => row.row.ragged.map(|ragged| ragged_row(ragged, input)),
        _ => None,
    };
    hint.map_or(Cow::Borrowed(code.hint()), Cow::Owned)
}

/// Returns whether a spreadsheet program may have written the file.
fn is_of_spreadsheet(format: Format) -> bool {
    match format {
        Format::Csv
        | Format::Xlsx
        | Format::Xlsb
        | Format::Xls
        | Format::Ods
        | Format::Html
        | Format::XmlSpreadsheet => true,
        Format::Json | Format::Ndjson | Format::Vcard | Format::Ldif => false,
    }
}

/// Returns the header of a column, shortened if very long, because many rows may show it.
fn header(input: &InputInfo, column: usize) -> &str {
    const MAX_CHARS: usize = 100;

    let name = input.headers.get(column).map_or("", String::as_str);
    name.char_indices().nth(MAX_CHARS).map_or(name, |(end, _)| &name[..end])
}

/// What the records of a format without columns of its own are made of.
struct RecordWords {
    record: &'static str,
    /// A line with a phone number, and one that is not a fax.
    phone: &'static str,
    other_phone: &'static str,
    /// Where the fields belong.
    first_name: &'static str,
    last_name: &'static str,
    both_names: &'static str,
    salutation: &'static str,
    /// What adds a country, if the records can have one.
    country: Option<&'static str>,
}

impl RecordWords {
    fn of(format: Format) -> Option<Self> {
        match format {
            Format::Vcard => Some(Self {
                record: "card",
                phone: "a TEL line",
                other_phone: "a TEL line of another type",
                first_name: "in its N line",
                last_name: "in its N line",
                both_names: "an N line with the last and the first name",
                salutation: "as the prefix of the card's N line",
                country: None,
            }),
            Format::Ldif => Some(Self {
                record: "entry",
                phone: "a line such as `mobile:`",
                other_phone: "a line such as `mobile:`",
                first_name: "in a line `givenName:`",
                last_name: "in a line `sn:`",
                both_names: "the lines `sn:` and `givenName:` with the last and the first name",
                salutation: "into a line `personalTitle:` of the entry",
                country: Some("add a line `c:` with it"),
            }),
            _ => None,
        }
    }
}

/// Returns a hint about a number in a column that is not read.
fn missing_phone(row: Row<'_>, input: &InputInfo) -> Option<String> {
    if let Some(words) = RecordWords::of(input.format) {
        let filled = |name: &str| {
            let column = input.headers.iter().position(|header| header == name)?;
            row.text(column).ok().map(str::trim).filter(|text| !text.is_empty())
        };
        let RecordWords { record, phone, other_phone, .. } = words;
        return Some(match (filled("Unclear Number"), filled("Fax")) {
            (Some(number), _) => {
                format!("`{number}` is not in {phone}: move it into one to call it, or remove the {record}.")
            }
            (None, Some(number)) => {
                format!(
                    "`{number}` is a fax or similar: add {other_phone} to the {record}, or remove the {record}."
                )
            }
            (None, None) => format!("Add a phone number ({phone}) to the {record}, or remove the {record}."),
        });
    }
    let columns = &input.columns;
    let looks_like_phone = |column: &usize| row.text(*column).is_ok_and(looks_like_phone);
    let unread =
        (0..input.headers.len()).filter(|column| looks_like_phone(column) && !columns.is_used(*column));
    let unread: Vec<usize> = unread.collect();
    let may_be_phone = |column: &&usize| parse::may_be_phone(header(input, **column));
    let Some(column) = unread.iter().find(may_be_phone).copied() else {
        let fax = unread.into_iter().find(|column| parse::is_never_called(header(input, *column)))?;
        return Some(format!(
            "`{}` holds `{}`, but rollcall does not import numbers of a fax, pager, assistant or similar: fill in another number, or remove the \
             row.",
            header(input, fax),
            row.text(fax).ok()?.trim()
        ));
    };
    let (name, value) = (header(input, column), row.text(column).ok()?.trim());
    Some(format!(
        "`{name}` holds `{value}`: if that is the number to call, also map that column: {}",
        mapping(&[columns.phone.as_slice(), &[column]].concat())
    ))
}

/// Returns the options that map these columns.
fn mapping(columns: &[usize]) -> String {
    let option = |column: &usize| format!("--map phone={}", column + 1);
    columns.iter().map(option).collect::<Vec<_>>().join(" ")
}

/// Returns whether a cell contains only the digits of a phone number and separators.
fn looks_like_phone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let is_plain = |letter: char| letter.is_ascii_digit() || "+-()/. \u{a0}".contains(letter);
    (MIN_PHONE_DIGITS..=MAX_PHONE_DIGITS).contains(&digits)
        && text.trim().chars().all(is_plain)
        && !is_date(text.trim())
}

fn missing_name(field: Field, problem: &Problem, row: Row<'_>, input: &InputInfo) -> Option<String> {
    let (this, default) = match field {
        Field::LastName => ("last name", ", or choose one for all such rows with --default-last-name"),
        _ => ("first name", ""),
    };
    let full = input.columns.full_name.and_then(|column| row.text(column).ok()).map(str::trim);
    // If the cell contains something other than a name, the problem itself names it.
    if let Some(full) = full.filter(|full| !full.is_empty() && problem.value.is_empty()) {
        return Some(format!("`{full}` is only one name: add the {this}{default}."));
    }
    if let Some(RecordWords { record, first_name, last_name, .. }) = RecordWords::of(input.format) {
        let place = if field == Field::LastName { last_name } else { first_name };
        return Some(format!("Add a {this} to the {record} ({place}){default}."));
    }
    let column = problem.column.map(|column| header(input, column as usize))?;
    Some(format!("A {this} is required: fill in `{column}`{default}."))
}

fn unclear_name(problem: &Problem, row: Row<'_>, input: &InputInfo) -> Option<String> {
    let parts = [input.columns.first_name, input.columns.last_name];
    let has_part = parts.into_iter().flatten().any(|column| !row.cell(column).is_blank());
    if !has_part && !problem.value.trim().contains(char::is_whitespace) {
        return Some(format!(
            "`{}` is only one name: add the other one, or choose a last name for all such rows with --default-last-name.",
            problem.value.trim()
        ));
    }
    RecordWords::of(input.format).map(|RecordWords { record, both_names, .. }| {
        format!(
            "Add {both_names} to the {record}, or take the last word as the last name with --split-names last-word."
        )
    })
}

fn missing_salutation(problem: &Problem, row: Row<'_>, input: &InputInfo) -> String {
    const CHOOSE: &str = "or choose one for all such rows with --default-salutation.";

    if let Some(RecordWords { salutation, .. }) = RecordWords::of(input.format) {
        return format!("Write Mr or Mrs {salutation}, {CHOOSE}");
    }
    match problem.column {
        Some(column) => format!("Write Mr or Mrs into `{}`, {CHOOSE}", header(input, column as usize)),
        None => match title(row, input) {
            Some((column, text)) => format!(
                "`{}` holds `{text}` but is not read as the salutation: if it is one, use --map salutation={}, {CHOOSE}",
                header(input, column),
                column + 1
            ),
            None => {
                "Choose one for all such rows with --default-salutation, or name the column with --map salutation=COLUMN."
                    .to_owned()
            }
        },
    }
}

/// Returns a column of titles that is not read as the salutation, with its value in this row.
fn title<'r>(row: Row<'r>, input: &InputInfo) -> Option<(usize, &'r str)> {
    let column = input.title()?;
    let text = row.text(column).ok()?.trim();
    (!text.is_empty() && !input.columns.is_used(column)).then_some((column, text))
}

fn no_region(input: &InputInfo) -> Option<String> {
    const OPTION: &str = "Give the country of such numbers with --region (for example --region IN)";

    let words = RecordWords::of(input.format);
    if let Some(RecordWords { country: Some(country), .. }) = words {
        return Some(format!("{OPTION}, {country}, or write the number with + and its country code."));
    }
    if let Some(column) = input.columns.country.first() {
        let column = header(input, *column);
        return Some(format!(
            "{OPTION}, fill in `{column}`, or write the number with + and its country code."
        ));
    }
    words.map(|_| format!("{OPTION}, or write the number with + and its country code."))
}

fn not_a_number(problem: &Problem, row: Row<'_>, input: &InputInfo) -> Option<String> {
    let value = problem.value.trim();
    let column = problem.column.map(|column| header(input, column as usize))?;
    if problem.column.is_some_and(|column| row.cell(column as usize).kind == CellKind::Error) {
        let used = input
            .columns
            .phone
            .iter()
            .filter(|phone| Some(**phone) != problem.column.map(|column| column as usize));
        let other = used.copied().find(|phone| row.text(*phone).is_ok_and(looks_like_phone));
        let other = other.map_or_else(String::new, |phone| {
            format!(", or clear the cell to use the number in `{}`", header(input, phone))
        });
        return Some(format!("The formula in `{column}` fails: correct it{other}."));
    }
    let what = match () {
        () if value.contains('@') => "an e-mail address",
        () if !value.chars().any(char::is_numeric) => "text without a digit",
        () => return None,
    };
    let other = missing_phone(row, input).filter(|_| RecordWords::of(input.format).is_none());
    Some(
        other.unwrap_or_else(|| format!("`{column}` holds {what}: put the number there, or remove the row.")),
    )
}

fn bad_encoding(problem: &Problem, row: Row<'_>, input: &InputInfo) -> Option<String> {
    let column = problem.column? as usize;
    let name = header(input, column);
    if row.text(column).is_ok() {
        return Some(format!(
            "The letters were broken before the list came here: look the name up where the list comes from, and type it \
             into `{name}`."
        ));
    }
    match input.format {
        Format::Csv => Some(format!(
            "Type the cell of `{name}` again; or export the file as \"CSV UTF-8\", or name its encoding with --encoding."
        )),
        Format::Json | Format::Ndjson | Format::Vcard | Format::Ldif => Some(format!(
            "Correct `{name}`; or export the file in UTF-8, or name its encoding with --encoding."
        )),
        _ => Some(format!("Type the cell of `{name}` again.")),
    }
}

fn ragged_row(ragged: Ragged, input: &InputInfo) -> String {
    const WAY_BACK: &str = "In rejected.xlsx or rejected.csv, put the cells into their columns. If they are right as they are, empty \
         rollcall_ragged.";

    let delimiter = match input.delimiter {
        Some(b',') | None => "comma".to_owned(),
        Some(b';') => "semicolon".to_owned(),
        Some(b'\t') => "tab".to_owned(),
        Some(other) => format!("`{}`", char::from(other)),
    };
    match ragged.cause {
        RaggedCause::Quote => {
            format!("Remove the stray quotation mark, or close the cell that it opens. {WAY_BACK}")
        }
        RaggedCause::BrokenLine => {
            format!("Join the line to the next one, or look for a missing {delimiter}. {WAY_BACK}")
        }
        RaggedCause::JoinedLines => {
            format!(
                "Check whether a line end is missing. {WAY_BACK} If the row holds two people, give each a row."
            )
        }
        RaggedCause::Cells if ragged.found > ragged.expected => {
            format!("Look for a {delimiter} that should be in quotes. {WAY_BACK}")
        }
        RaggedCause::Cells => {
            format!("Look for a line broken in two, or a missing {delimiter}. {WAY_BACK}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        outcome::Outcome,
        row::{Columns, Rows},
    };

    fn input(format: Format, headers: &[&str], columns: Columns) -> InputInfo {
        InputInfo { format, ..InputInfo::example("list", headers, columns) }
    }

    fn hint(input: &InputInfo, cells: &[&[u8]], ragged: Option<Ragged>, problem: &Problem) -> String {
        let mut rows = Rows::new(0);
        for cell in cells {
            rows.push_cell(cell, CellKind::Text);
        }
        rows.end_row(2, ragged);
        let row =
            ReportedRow { code: Some(problem.code), ..ReportedRow::new(rows.row(0), Outcome::Rejected) };
        of_problem(problem, &row, input).into_owned()
    }

    fn columns() -> Columns {
        Columns { phone: vec![1], first_name: Some(0), ..Columns::default() }
    }

    #[test]
    fn number_in_an_unread_column_is_named_with_its_map_option() {
        let csv = input(Format::Csv, &["First Name", "Mobile", "Reach at"], columns());
        let missing = Problem::of_cell(Code::MissingPhone, 1, b"", "");
        let found = hint(&csv, &[b"Asha", b"", b"020 7946 0100"], None, &missing);
        assert!(
            found.contains("`Reach at` holds `020 7946 0100`")
                && found.contains("--map phone=2 --map phone=3"),
            "{found}"
        );
        for other in [&b"2026"[..], b"2024-03-01", b"01/03/2024"] {
            assert_eq!(hint(&csv, &[b"Asha", b"", other], None, &missing), Code::MissingPhone.hint());
        }
    }

    #[test]
    fn very_long_header_is_shortened() {
        let long = format!("Reach {}", "x".repeat(100_000));
        let csv = input(Format::Csv, &["First Name", "Mobile", &long], columns());
        let found = hint(
            &csv,
            &[b"Asha", b"", b"020 7946 0100"],
            None,
            &Problem::of_cell(Code::MissingPhone, 1, b"", ""),
        );
        assert!(found.contains("`Reach xxx") && found.len() < 300, "{found}");
    }

    #[test]
    fn hints_name_only_what_the_format_has() {
        let missing = Problem::of_cell(Code::MissingFirstName, 0, b"", "");
        let sheet = input(Format::Xlsx, &["Vorname", "Mobil"], columns());
        assert_eq!(
            hint(&sheet, &[b"", b"1"], None, &missing),
            "A first name is required: fill in `Vorname`."
        );
        for (format, other) in [(Format::Vcard, "entry"), (Format::Ldif, "card")] {
            let records = input(format, &["First Name", "Mobile Phone"], columns());
            for code in [
                Code::MissingPhone,
                Code::MissingFirstName,
                Code::MissingLastName,
                Code::MissingSalutation,
                Code::NoRegion,
                Code::TooShort,
                Code::UnclearName,
            ] {
                let found = hint(&records, &[b"", b"1"], None, &Problem::of_cell(code, 0, b"", ""));
                assert!(
                    ["--map", "column", "spreadsheet", other].iter().all(|word| !found.contains(word)),
                    "{found}"
                );
            }
        }
        let entries = input(Format::Ldif, &["First Name", "Mobile Phone"], columns());
        assert_eq!(
            hint(&entries, &[b"", b"1"], None, &Problem::of_cell(Code::MissingLastName, 0, b"", "")),
            "Add a last name to the entry (in a line `sn:`), or choose one for all such rows with \
             --default-last-name."
        );
    }

    #[test]
    fn only_hints_for_text_files_mention_delimiters() {
        for format in
            [Format::Xlsx, Format::Xls, Format::Xlsb, Format::Ods, Format::Json, Format::Vcard, Format::Ldif]
        {
            let input = input(format, &["First Name", "Phone"], columns());
            for code in
                [Code::FieldTooLong, Code::BadEncoding, Code::NotANumber, Code::MissingPhone, Code::TooShort]
            {
                let found = hint(&input, &[b"x", b"y"], None, &Problem::of_cell(code, 1, b"y", ""));
                let speaks_of = ["comma", "delimiter", "CSV", "quotation"];
                assert!(!speaks_of.iter().any(|word| found.contains(word)), "{format:?}: {found}");
            }
        }
        let mut csv = input(Format::Csv, &["First Name", "Phone"], columns());
        csv.delimiter = Some(b';');
        let ragged = Ragged { expected: 2, found: 3, cause: RaggedCause::Cells };
        let found = hint(&csv, &[b"x", b"y", b"z"], Some(ragged), &Problem::of_row(Code::RaggedRow, ""));
        assert!(found.starts_with("Look for a semicolon that should be in quotes."), "{found}");
    }

    #[test]
    fn broken_letters_are_retyped_and_foreign_bytes_exported_again() {
        let csv = input(Format::Csv, &["First Name", "Phone"], columns());
        let problem = Problem::of_cell(Code::BadEncoding, 0, b"x", "");
        assert!(hint(&csv, &["Jos\u{fffd}".as_bytes()], None, &problem).contains("look the name up"));
        assert!(hint(&csv, &[b"Jos\xe9"], None, &problem).contains("--encoding"));
    }
}
