//! Hints for files that cannot be read.

use std::{fmt::Write as _, io};

use crate::{
    cli::nearest::nearest,
    parse::{self, Content, Fault, ParseError, Unmatched, UnmatchedColumn, UnpackError},
    report::terminal::printable,
};

/// Returns what to do about an input that cannot be read.
pub(in crate::cli) fn of(error: &ParseError) -> Option<String> {
    of_fault(&error.fault)
}

#[expect(clippy::too_many_lines, reason = "a table: one arm for each fault")]
fn of_fault(fault: &Fault) -> Option<String> {
    let hint = match fault {
        Fault::Io(error) if error.kind() == io::ErrorKind::NotFound => {
            "Check the path; `-` reads from standard input.".to_owned()
        }
        Fault::MissingFile(_) => "Check the path.".to_owned(),
        Fault::Io(_) | Fault::NoSuchSheet { .. } | Fault::MappedTwice { .. } => {
            return None;
        }
                Fault::Device => "Name a file, or `-` for standard input.".to_owned(),
        Fault::NoFile => "Name a file.".to_owned(),
        Fault::Unpack(UnpackError::Damaged(_)) => "Copy or download it again.".to_owned(),
        Fault::Unpack(UnpackError::TooMuch) => {
            "Unpack it, check its contents, and pass the list itself.".to_owned()
        }
        Fault::NotUtf8(_) => {
            "Name the encoding of the list with --encoding, such as --encoding windows-1252, and pass the list again."
                .to_owned()
        }
        Fault::LateField { .. } => {
            "Name a file whose records have all fields with --like, or put such a record first.".to_owned()
        }
        Fault::NotWhileWritten(_) => {
            "Pass CSV, or JSON with one record per line. `rollcall check` reads all other formats, from files.".to_owned()
        }
        Fault::OtherHeaderThan { .. } => {
            "Pass a list with the columns of that file, in the same order, or omit --like.".to_owned()
        }
        Fault::PipeTooLong { .. } => "Save it to a file and name that.".to_owned(),
        Fault::NobodyWrites { .. } => "Start the program that writes to it first, or name a file.".to_owned(),
        Fault::Changed => {
            "Wait until the program that writes it has finished, and run the same command again.".to_owned()
        }
        Fault::Folder => "Name the files inside it.".to_owned(),
        Fault::EmptySheet { .. } => "Find the sheet that holds the list, and choose it with --sheet.".to_owned(),
        Fault::Empty | Fault::Blank | Fault::HeaderOnly => {
            "Export it again, and check that you export the right sheet or view.".to_owned()
        }
        Fault::NothingToFix => {
            "There is nothing to import from it: that run rejected no rows, or all of them were deleted. Run the \
             command without this file."
                .to_owned()
        }
        Fault::Unsupported(content) => of_content(*content).to_owned(),
        Fault::Password => {
            "Open it in the spreadsheet program, remove the password (File > Info > Protect Workbook), and \
             save it."
                .to_owned()
        }
        Fault::DamagedWorkbook(_) => {
            "Copy or download it again; if that does not help, open it in the spreadsheet program and save it \
             under a new name."
                .to_owned()
        }
        Fault::NoSheet => {
            "Check that this is the right file; charts, macros and text documents hold no rows.".to_owned()
        }
        Fault::RecordTooLong { .. } => {
            "Remove the column with the long text from the file; it is not needed.".to_owned()
        }
        Fault::SheetCellTooLong { .. } => {
            "Shorten that cell, or remove its column if it is not needed, and save the workbook.".to_owned()
        }
        Fault::OpenQuote { .. } => "Look for a stray quotation mark on that line.".to_owned(),
        Fault::SwallowedRows { .. } => {
            "If those lines are rows, remove the stray quotation mark where that cell begins. If they are one \
             cell, remove its column from the file; it is not needed."
                .to_owned()
        }
        Fault::OtherHeader { .. } => "Save the two lists as separate files, and name both.".to_owned(),
        Fault::OneColumn { likeliest, .. } => match likeliest {
            Some(letter) if letter.is_ascii() && *letter != ' ' => {
                format!("If `{letter}` separates the cells, use --delimiter {}", shell_quoted(&letter.to_string()))
            }
            _ => "Export the list with commas. If one ASCII character separates the cells, name it: --delimiter C."
                .to_owned(),
        },
        Fault::TooManyCells { .. } => {
            "Check --delimiter, and remove the columns that are not needed.".to_owned()
        }
        Fault::NoSuchColumn { mapping, headers } => {
            let correct = "Correct --map, or `map` in rollcall.toml.";
            match nearest(&mapping.column, headers.iter().map(String::as_str), 0.8) {
                Some(header) => format!("{correct} Did you mean `{header}`?"),
                None => correct.to_owned(),
            }
        }
        Fault::TooWide(_) => "Remove the columns that are not needed.".to_owned(),
        Fault::TooManyPhones { .. } => {
            "Check --delimiter, and remove the columns that are not needed. --map phone=COLUMN names the column \
             to read."
                .to_owned()
        }
        Fault::TooManyFields { .. } => "Export the list with fewer fields: only names and numbers are needed.".to_owned(),
        Fault::SheetsToChoose { sheets, .. } => {
            format!("Choose one: {}", options("--sheet", sheets.iter().map(|sheet| &*sheet.name)))
        }
        Fault::Hostile(_) => {
            "If you trust it, open it in the spreadsheet program and save only that sheet under a new name.".to_owned()
        }
        Fault::TooMuchInRows { .. } => {
            "Look for a row or a cell that is repeated to the end of the sheet, or for a long text in every row, and \
             delete it. If the contents are right, save the list as CSV without compressing it."
                .to_owned()
        }
        Fault::OtherFormat { .. } => "Omit --format: rollcall detects the format from the content.".to_owned(),
        Fault::NoWorkbook => "Export the list as XLSX or CSV.".to_owned(),
        Fault::Json { .. } => {
            "rollcall reads a list of objects, an object that contains such a list, or one object per line.".to_owned()
        }
        Fault::DamagedText { .. } => {
            "Export it again and copy it as a file, not as text, or save it as UTF-8 in a text editor.".to_owned()
        }
        Fault::OpenCard { .. } => {
            "Write END:VCARD below its last line, or export the cards again: the file may have been cut off."
                .to_owned()
        }
        Fault::CardTooLong { .. } => "Look for a missing END:VCARD, and remove long notes from the card.".to_owned(),
        Fault::OutsideCard { .. } => {
            "Write BEGIN:VCARD above and END:VCARD below the lines of each card.".to_owned()
        }
        Fault::JoinedCards { .. } => {
            "Write END:VCARD and BEGIN:VCARD between the two, or export the cards again.".to_owned()
        }
        Fault::BrokenEntry { .. } => "Correct the line, or export the entries again.".to_owned(),
        Fault::EntryTooLong { .. } => {
            "Look for a missing blank line between two entries, and remove long texts from the entry.".to_owned()
        }
        Fault::ChangeRecord { .. } => {
            "Export the entries themselves, from the address book or with `ldapsearch -LLL`.".to_owned()
        }
        Fault::OtherEncoding { .. } => "Save the parts as UTF-8, or pass them as separate files.".to_owned(),
        Fault::SeveralLists { names, is_choosable: true } => {
            format!("Choose one: {}", options("--member", names.iter().map(String::as_str)))
        }
        Fault::NoSuchMember { .. } => {
            "Correct --member, or `member` in rollcall.toml. The name without its folders is enough if only one list has it."
                .to_owned()
        }
        Fault::LockedArchive | Fault::SeveralLists { .. } => "Unpack it and pass the list itself.".to_owned(),
        Fault::DamagedArchive(_) => "Copy or download it again.".to_owned(),
        Fault::SeveralTables { sheets } => {
            format!("Choose one: {}", options("--sheet", sheets.iter().take(1).map(String::as_str)))
        }
        Fault::SeveralJsonLists { names, .. } => {
            format!("Choose one: {}", options("--sheet", names.iter().map(String::as_str)))
        }
        Fault::NoSuchList { .. } => "Name one of these lists, or omit --sheet.".to_owned(),
        Fault::TableTooLong { .. } => {
            "Open it in the spreadsheet program and save it as XLSX or CSV.".to_owned()
        }
        Fault::NoRecords(_) => "Export it again, and check that you export the right list.".to_owned(),
        Fault::RowsOutOfOrder { .. } | Fault::OutsideSheet { .. } => "Open it in the spreadsheet program and save it again.".to_owned(),
        Fault::InSheet { fault, .. } => {
            let way_out =
                "If that sheet holds no do-not-call numbers, delete it, or save the others as separate files.";
            let hint = of_fault(fault).into_iter().chain([way_out.to_owned()]);
            hint.collect::<Vec<_>>().join(" ")
        }
        Fault::NoNumbers { .. } => {
            "If the numbers belong to one country, name it with --region; otherwise check the file.".to_owned()
        }
        Fault::NoNumberColumn { .. } => {
            "Give the column with the numbers the header `Phone`. If the numbers are split, such as an area code in a \
             column of its own, join the parts in one column first."
                .to_owned()
        }
        Fault::NotFetched { .. } => "Create it again with `rollcall fetch contacts -o FILE`.".to_owned(),
        Fault::NoPhoneColumn { unmatched, .. } => mapping_hint(unmatched),
    };
    Some(hint)
}

/// Returns the hint for a file with this content.
fn of_content(content: Content) -> &'static str {
    match content {
        Content::Numbers => {
            "Open it in Numbers and choose File > Export To > CSV or Excel; in iCloud, Download a Copy."
        }
        Content::Compressed | Content::Zip => "Unpack it and pass the file inside.",
        Content::Html | Content::WebArchive => {
            "If the page asks for a login, export the list again; otherwise, open it in the spreadsheet program and \
             save it as XLSX or CSV."
        }
        Content::FlatOds | Content::Sylk | Content::Dif | Content::Lotus => {
            "Open it in the spreadsheet program and save it as XLSX or CSV."
        }
        Content::Document | Content::Rtf | Content::Pdf | Content::PostScript => {
            "Export the list as XLSX or CSV from the program it comes from, or copy its table into a spreadsheet \
             and save that."
        }
        Content::JsonCards => "Export the address book as vCard or CSV.",
        Content::Ldif => {
            "If it is a list of contacts, add --format ldif. Otherwise, export the address book as vCard or CSV."
        }
        Content::Script => "Remove the text before and after the data, and save the rest as JSON.",
        Content::Sql | Content::Database | Content::Parquet => "Export the table with the contacts as CSV.",
        Content::Mailbox => "Export the contacts from Outlook as CSV.",
        Content::Mail => "Save the attachment with the list, and pass that file.",
        Content::Calendar => "Export the contacts as vCard or CSV, not the calendar.",
        Content::Link => "Open it, download the document as XLSX or CSV, and pass that file.",
        Content::LfsPointer => "Run `git lfs pull`.",
        Content::LockFile => "Pass the file without `~$` before its name.",
        Content::Zeros => "Copy or download it again.",
        _ => {
            "rollcall reads CSV, Excel and OpenDocument sheets, JSON and vCards: export the list as one of these."
        }
    }
}

/// Returns the options to paste. Says so if no column holds phone numbers.
fn mapping_hint(unmatched: &Unmatched) -> String {
    let Unmatched { mappings, has_no_header, .. } = unmatched;
    if mappings.is_empty() {
        return "No column holds phone numbers that rollcall can read: check that this is the right file and sheet. If the \
                numbers belong to one country, name it with --region. To name their column, use --map phone=COLUMN"
            .to_owned();
    }
    let maps = mappings
        .iter()
        .map(|mapping| format!("--map {}={}", mapping.field.name(), shell_quoted(&mapping.column)));
    let maps = maps.collect::<Vec<_>>().join(" ");
    if *has_no_header {
        format!("If the file has no header, use --no-header {maps}")
    } else {
        format!("Name the columns: {maps}")
    }
}

/// Returns the message of an error, without what [`table`] shows.
pub(super) fn message(error: &ParseError) -> String {
    match &error.fault {
        Fault::NoPhoneColumn { unmatched, .. } if !unmatched.columns.is_empty() => {
            format!("{}: no column is known to hold phone numbers", error.path.display())
        }
        _ => error.to_string(),
    }
}

/// Returns a line for each column of a table whose phone column is not known: its number, header, first values and
/// likeliest field.
pub(super) fn table(error: &ParseError, width: usize) -> String {
    const SHOWN: usize = 20;
    const MAX_HEADER: usize = 24;
    const MAX_FIELD: usize = "probably salutation".len();

    let Fault::NoPhoneColumn { unmatched, .. } = &error.fault else { return String::new() };
    let cut = |text: &str, max: usize| {
        let text = printable(text);
        match text.char_indices().nth(max) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    };
    let columns = &unmatched.columns;
    // The columns with a field come first if there are too many.
    let mut shown: Vec<usize> = (0..columns.len()).collect();
    if columns.len() > SHOWN {
        shown.sort_by_key(|column| columns[*column].field.is_none());
        shown.truncate(SHOWN);
        shown.sort_unstable();
    }
    let headers: Vec<String> = shown.iter().map(|column| cut(&columns[*column].header, MAX_HEADER)).collect();
    let length = |text: &String| text.chars().count();
    let header_width = headers.iter().map(length).max().unwrap_or_default();
    let number_width = columns.len().to_string().len();
    let room = width.saturating_sub(2 + number_width + 2 + header_width + 2 + 2 + MAX_FIELD).max(16);
    let values: Vec<String> =
        shown.iter().map(|column| cut(&columns[*column].values.join(", "), room - 1)).collect();
    let values_width = values.iter().map(length).max().unwrap_or_default();
    let mut text = String::new();
    for ((column, header), values) in shown.iter().zip(&headers).zip(&values) {
        let UnmatchedColumn { field, .. } = &columns[*column];
        let field = field.map_or_else(
            || {
                let is_about_calls = parse::is_about_calls(&columns[*column].header);
                if is_about_calls { "do-not-call marks".to_owned() } else { "not used".to_owned() }
            },
            |field| format!("probably {}", field.name().replace('_', " ")),
        );
        // Writing to a string cannot fail.
        _ = writeln!(
            text,
            "  {:>number_width$}  {header:<header_width$}  {values:<values_width$}  {field}",
            column + 1
        );
    }
    let more = columns.len() - shown.len();
    if more > 0 {
        _ = writeln!(text, "  and {more} more, not used");
    }
    text
}

/// Returns the options to paste for the first 10 names.
fn options<'a>(option: &str, names: impl Iterator<Item = &'a str>) -> String {
    const SHOWN: usize = 10;
    // A terminal does not show the other names as they are.
    let printable = names.filter(|name| printable(name) == *name);
    let options: Vec<String> = printable.take(SHOWN).map(|name| with_value(option, name)).collect();
    if options.is_empty() { format!("{option} NAME") } else { options.join(" or ") }
}

/// Returns an option with its value, to paste into a shell.
fn with_value(option: &str, value: &str) -> String {
    let separator = if value.starts_with('-') { '=' } else { ' ' };
    format!("{option}{separator}{}", shell_quoted(value))
}

/// Quotes a word for a shell if necessary.
pub(in crate::cli) fn shell_quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "._-/".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{contact::Field, parse::SheetName};

    fn no_phone(columns: &[(&str, &str)], maps: &[&str], has_no_header: bool) -> ParseError {
        let column = |(header, value): &(&str, &str)| UnmatchedColumn {
            header: (*header).to_owned(),
            values: vec![(*value).to_owned()],
            field: maps.iter().any(|map| map.ends_with(header)).then_some(Field::Phone),
        };
        let unmatched = Unmatched {
            columns: columns.iter().map(column).collect(),
            mappings: maps.iter().map(|map| map.parse().unwrap()).collect(),
            has_no_header,
        };
        let headers = columns.iter().map(|(header, _)| (*header).to_owned()).collect();
        ParseError {
            path: "list.csv".into(),
            fault: Fault::NoPhoneColumn { headers, unmatched: Box::new(unmatched) },
        }
    }

    #[test]
    fn hint_for_missing_phone_column_can_be_pasted() {
        let columns = [("Name", "Asha Rao"), ("Ring me, 'mornings'", "+91 98765 43210")];
        let error = no_phone(&columns, &["phone=Ring me, 'mornings'"], false);
        assert_eq!(
            error.to_string(),
            "list.csv: no column is known to hold phone numbers; the columns are `Name`, `Ring me, 'mornings'`"
        );
        assert!(of(&error).unwrap().ends_with(r"--map phone='Ring me, '\''mornings'\'''"));
        let none = of(&no_phone(&columns, &[], false)).unwrap();
        assert!(
            none.ends_with("--map phone=COLUMN") && none.contains("No column holds phone numbers"),
            "{none}"
        );
        assert_eq!(message(&error), "list.csv: no column is known to hold phone numbers");
        assert_eq!(
            table(&error, 100),
            "  1  Name                 Asha Rao         not used\n  2  Ring me, 'mornings'  +91 98765 43210  probably phone\n"
        );
    }

    #[test]
    fn table_of_columns_fits_and_is_safe() {
        let long = "x".repeat(300);
        let mut columns = vec![("A\u{1b}[2J", long.as_str()); 40];
        columns.push(("Ring", "+91 98765 43210"));
        let table = table(&no_phone(&columns, &["phone=Ring"], false), 80);
        assert!(table.lines().all(|line| line.chars().count() <= 80 && !line.contains('\u{1b}')), "{table}");
        assert_eq!(table.lines().count(), 21);
        assert!(table.contains("41  Ring") && table.ends_with("  and 21 more, not used\n"), "{table}");
    }

    #[test]
    fn hint_for_several_json_lists_can_be_pasted() {
        let fault = Fault::SeveralJsonLists {
            lists: vec!["`leads` (1 record)".to_owned(), "`do not call` (2 records)".to_owned()],
            names: vec!["leads".to_owned(), "do not call".to_owned()],
        };
        assert!(of_fault(&fault).unwrap().ends_with("--sheet leads or --sheet 'do not call'"));
    }

    #[test]
    fn hint_for_headerless_file_suggests_no_header() {
        let hint = of(&no_phone(&[("Asha", "Li"), ("+91 98765 43210", "")], &["phone=2"], true)).unwrap();
        assert!(hint.ends_with("--no-header --map phone=2"), "{hint}");
    }

    #[test]
    fn mistyped_column_gets_the_nearest_one() {
        let hint = |column: &str| {
            let mapping = format!("phone={column}").parse().unwrap();
            of_fault(&Fault::NoSuchColumn { mapping, headers: vec!["Name".to_owned(), "Mobile".to_owned()] })
                .unwrap()
        };
        assert!(hint("Mobil").ends_with("Did you mean `Mobile`?"), "{}", hint("Mobil"));
        assert_eq!(hint("Tel"), "Correct --map, or `map` in rollcall.toml.");
    }

    #[test]
    fn hint_for_a_sheet_includes_the_hint_for_its_fault() {
        let reason = "`12`".to_owned();
        let fault = Box::new(Fault::NoNumbers { rows: 2, row: 1, reason });
        let hint = of_fault(&Fault::InSheet { sheet: SheetName::default(), fault }).unwrap();
        assert!(hint.contains("--region") && hint.contains("delete it, or save"), "{hint}");
    }
}
