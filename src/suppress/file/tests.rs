use std::{path::PathBuf, sync::atomic::Ordering};

use super::*;
use crate::parse::Fault;

const NOW: &str = "2026-11-21T12:00:00Z";

fn read_path(path: &Path, region: &str) -> Result<SuppressionFile, ReadError> {
    let aliases = Aliases::default();
    SuppressionFile::read(path, Region::new(region), &aliases, NOW.parse().unwrap(), &Interrupt::default())
}

fn try_read(content: &[u8], region: &str) -> Result<SuppressionFile, ReadError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dnc");
    std::fs::write(&path, content).unwrap();
    read_path(&path, region)
}

fn read(content: impl AsRef<[u8]>, region: &str) -> SuppressionFile {
    try_read(content.as_ref(), region).unwrap()
}

fn listed(list: &SuppressionFile) -> impl Iterator<Item = &(E164, u64)> {
    list.sheets.iter().flat_map(|part| &part.numbers)
}

/// Returns each number with its row.
fn numbers(list: &SuppressionFile) -> Vec<String> {
    listed(list).map(|(number, row)| format!("{row}:{number}")).collect()
}

#[test]
fn every_phone_column_and_every_number_in_a_cell_counts() {
    let list = read(
        "Name,Mobile,Home Phone,Work Phone,Phone 1 - Type,Phone 1 - Value\n\
         Asha,98765 43210,011 2345 6789,\"98765 43211 / 98765 43212\",,\n\
         Li,,,,Home Fax,98765 43213\n",
        "IN",
    );
    assert_eq!(
        numbers(&list),
        ["2:919876543210", "2:919876543211", "2:919876543212", "2:911123456789", "3:919876543213"]
    );
    assert_eq!((list.unread, list.partly_unread, list.assumed), (0, 0, 0));
    assert_eq!(list.notes(), [""; 0]);
}

#[test]
fn file_with_only_a_header_is_empty_but_one_with_expired_rows_is_not() {
    assert!(read("Phone,Expires\n", "IN").is_empty());
    assert!(read("Phone,Expires\n\n,\n", "IN").is_empty(), "blank rows are no entries");
    let expired = read("Phone,Expires\n98765 43210,2026-11-21T12:00:00Z\n", "IN");
    assert_eq!((expired.is_empty(), expired.expired), (false, 1), "at that instant");
    assert_eq!(read("Phone,Expires\n98765 43210,2026-11-21T12:00:01Z\n", "IN").expired, 0);
}

#[test]
fn country_of_the_row_wins_over_the_region() {
    let list = read(
        "Phone,Country\n020 7946 0018,UK\n98765 43210,\n030 231250,Germoney\n+49 30 231250,Germoney\n",
        "IN",
    );
    assert_eq!(numbers(&list), ["2:442079460018", "3:919876543210", "5:4930231250"]);
    assert_eq!(list.first_unread, Some((4, "a country that is not known: `Germoney`".to_owned())));
}

#[test]
fn international_numbers_need_no_plus() {
    let list = read("Phone\n919876543210\n91 98765 43211\n+919876543212\n9876543213\n", "");
    assert_eq!(numbers(&list), ["2:919876543210", "3:919876543211", "4:919876543212"]);
    assert_eq!(list.first_assumed, Some((2, "+919876543210".to_owned())));
    assert_eq!((list.assumed, list.unread), (2, 1));
    assert!(list.notes().iter().any(|note| note.contains("row 2 (+919876543210)")), "{:?}", list.notes());

    let list = read("Phone\n919876543210\n2015550123\n442079460018\n", "US");
    assert_eq!(numbers(&list), ["2:919876543210", "3:12015550123", "3:2015550123", "4:442079460018"]);
    assert_eq!(list.assumed, 0, "the region says that they are not its own");
}

#[test]
fn list_of_numbers_needs_no_header() {
    let list = read("919876543210\n+91 98765 43211\nn/a\n", "");
    assert_eq!(numbers(&list), ["1:919876543210", "2:919876543211"]);
    assert_eq!(list.first_unread.as_ref().map(|(row, _)| *row), Some(3));
    assert!(list.notes()[0].starts_with("there is no header"), "{:?}", list.notes());
    let list = read("DNC\n98765 43210\n98765 43211\n", "IN");
    assert_eq!(numbers(&list), ["2:919876543210", "3:919876543211"]);
    assert!(list.notes()[0].ends_with("column `DNC`"), "{:?}", list.notes());
    let list = read("Blocked,Until\n98765 43210,31.12.2026\n98765 43211,01.02.2026\n", "IN");
    assert_eq!((numbers(&list), list.expired), (vec!["2:919876543210".to_owned()], 1));
    assert_eq!(numbers(&read("+919876543210", "")), ["1:919876543210"]);
}

#[test]
fn national_numbers_without_a_region_are_reported_per_row() {
    let list = read("98765 43210\n98765 43211\n+91 98765 43212\n", "");
    assert_eq!((listed(&list).count(), list.unread), (1, 2));
    assert!(list.notes()[1].contains("the first is row 1"), "{:?}", list.notes());
}

/// Returns why a file is refused.
fn refused(content: impl AsRef<[u8]>, region: &str) -> Fault {
    match try_read(content.as_ref(), region) {
        Err(ReadError::Parse(error)) => error.fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn file_without_a_readable_number_is_refused() {
    for content in ["98765 43210\n98765 43211\n", "Phone\n98765 43210\n98765 43211\n"] {
        let fault = refused(content, "");
        let message = fault.to_string();
        assert!(
            message.starts_with("none of its 2 rows") && message.contains("; the first is row "),
            "{message}"
        );
        assert!(matches!(fault, Fault::NoNumbers { .. }), "{message}");
    }
    let message = refused("Phone,Until\n+919876543210,2020-01-01\nno number,\n", "").to_string();
    assert!(message.contains("the first is row 3 (") && message.ends_with("`no number`)"), "{message}");
    let list = read("Phone,Until\n+919876543210,2020-01-01\n", "");
    assert_eq!((listed(&list).count(), list.expired), (0, 1));
}

#[test]
fn number_columns_count_whatever_their_header() {
    let list = read(
        "Phone,Zuhause,Reach at,Lab,Expires on,Added,Customer ID,Remark\n\
         98765 43210,98765 43211,,n/a,2099-12-31,2026-01-15,12345678,asked twice\n\
         98765 43212,,98765 43213,011 2345 6789,,2026-01-16,12345679,98765 43214\n",
        "IN",
    );
    assert_eq!(
        numbers(&list),
        ["2:919876543210", "2:919876543211", "3:919876543212", "3:919876543213", "3:911123456789"]
    );
    assert!(list.notes()[0].ends_with("say so: `Zuhause`, `Reach at`, `Lab`"), "{:?}", list.notes());
    // The country of the row decides how they are read.
    let list = read("Phone,Country,Home\n+44 20 7946 0018,UK,020 7946 0019\n", "");
    assert_eq!(numbers(&list), ["2:442079460018", "2:442079460019"]);
    let list = read("DNC,Other\n+919876543210,n/a\nn/a,+919876543211\n", "");
    assert_eq!(numbers(&list), ["2:919876543210", "3:919876543211"]);
    // Eight-digit numbers may look like dates.
    let list = read("Phone,Privat,Added,Until\n20123456,20123457,20260115,20991231\n", "DK");
    assert_eq!(numbers(&list), ["2:4520123456", "2:4520123457"]);
}

#[test]
fn suppression_files_without_a_number_column_are_refused() {
    for content in ["Name,City\nAsha,Pune\n", "+919876543210,+919876543211\n+919876543212,+919876543213\n"] {
        match try_read(content.as_bytes(), "") {
            Err(ReadError::Parse(error)) => {
                assert!(matches!(error.fault, Fault::NoNumberColumn { .. }), "{error}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn unreadable_numbers_are_reported() {
    let list = read(
        "Name,Mobile,Home Phone\nAsha,,\nLi,9.87654E+09,\nBo,98765 43210,9.87654E+09\nEve,98765 43211,n/a\n",
        "IN",
    );
    assert_eq!(numbers(&list), ["4:919876543210", "5:919876543211"]);
    assert_eq!((list.unread, list.first_unread.clone()), (2, Some((2, "no phone number".to_owned()))));
    assert_eq!((list.partly_unread, list.first_partly_unread.as_ref().map(|(row, _)| *row)), (1, Some(4)));
    // A row without any number is not an entry.
    assert_eq!(list.unread_entries.entries(), 2);
    assert_eq!(list.notes().len(), 3);
}

#[test]
fn unquoted_numbers_count() {
    let list = read("Phone\n98765 43210\n98765 43211,98765 43212\n", "IN");
    assert_eq!(numbers(&list), ["2:919876543210", "3:919876543211", "3:919876543212"]);
    let list = read("Name,Phone\n\"Rao\",98765 43210\nRao, Asha,98765 43211\nLi\n", "IN");
    assert_eq!(numbers(&list), ["2:919876543210", "3:919876543211"]);
    let (row, reason) = list.first_unread.unwrap();
    assert!(row == 4 && reason.contains("1 cells instead of 2"), "{reason}");
}

#[test]
fn invalid_bytes_do_not_spoil_a_number() {
    // Enough UTF-8 for the file to be detected as UTF-8.
    let mut content = b"Phone,Name\n".to_vec();
    content.extend("98765 43211,Jürgen Müller\n".repeat(40).bytes());
    content.extend(b"98765 43210 (B\xff),Li\n");
    let list = read(content, "IN");
    assert_eq!(list.unread, 0);
    assert_eq!(listed(&list).last().unwrap().0.to_string(), "919876543210");
}

#[test]
fn expired_entries_suppress_nobody() {
    let list = read(
        "Phone,Expiry Date\n\
         +919876543200,2026-11-20\n\
         +919876543201,2026-11-19\n\
         +919876543202,2026-11-21T11:00:00Z\n\
         +919876543203,2026-11-21T13:00:00Z\n\
         +919876543204,31.12.2026\n\
         +919876543205,12/31/2025\n\
         +919876543206,46387\n\
         +919876543207,45000.5\n\
         +919876543208,\"Dec 31, 2025\"\n\
         +919876543209,never\n\
         +919876543210,some day\n\
         +919876543211,\n\
         no number,2020-01-01\n",
        "",
    );
    let rows: Vec<u64> = listed(&list).map(|(_, row)| *row).collect();
    // A day ends twelve hours later at UTC-12: that of row 2 has just ended.
    assert_eq!(rows, [5, 6, 8, 11, 12, 13]);
    assert_eq!((list.expired, list.unread), (7, 0));
    assert_eq!(list.expiry_columns, ["Expiry Date"]);
    assert_eq!(
        (list.unread_expiries, list.first_unread_expiry.clone()),
        (1, Some((12, "`some day`".to_owned())))
    );
    let notes = list.notes();
    assert!(
        notes[0].contains("row 12 (`some day`)")
            && notes[1].ends_with("column `Expiry Date`, which suppress nobody: 7"),
        "{notes:?}"
    );
}

#[test]
fn row_expires_only_when_every_expiry_has_passed() {
    let list = read(
        "Phone,Expiry Date,Until\n\
         +919876543210,2020-01-01,2020-01-02\n\
         +919876543211,2020-01-01,2099-01-01\n\
         +919876543212,2099-01-01,2020-01-01\n\
         +919876543213,2020-01-01,\n\
         +919876543214,never,2020-01-01\n\
         +919876543215,2020-01-01,some day\n",
        "",
    );
    let rows: Vec<u64> = listed(&list).map(|(_, row)| *row).collect();
    assert_eq!((rows, list.expired, list.unread_expiries), (vec![3, 4, 5, 6, 7], 1, 1));
    assert_eq!(list.expiry_columns, ["Expiry Date", "Until"]);
    assert!(list.notes()[1].contains("by the columns `Expiry Date` and `Until`"), "{:?}", list.notes());
}

#[test]
fn placeholder_date_is_not_an_expiry() {
    let list = read(
        "Phone,Expires,End\n+919876543210,0001-01-01T00:00:00,2020-01-01\n+919876543211,1970-01-01T00:00:00Z,x\n",
        "",
    );
    assert_eq!((listed(&list).count(), list.expired, list.unread_expiries), (2, 0, 2));
    assert_eq!(list.expiry_columns, ["Expires"]);
}

#[test]
fn rows_with_shifted_cells_never_expire() {
    let list = read(
        "Name,Phone,Expires\nAsha,+919876543210,2020-01-01,x\nLi,+919876543211,\nBo,+919876543212\n",
        "",
    );
    assert_eq!(numbers(&list), ["2:919876543210", "3:919876543211", "4:919876543212"]);
    assert_eq!((list.expired, list.unread_expiries), (0, 1));
}

#[test]
fn workbook_dates_are_read() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let format = rust_xlsxwriter::Format::new().set_num_format("dd/mm/yyyy hh:mm");
    let page = workbook.add_worksheet();
    page.write_row(0, 0, ["Telefon", "Gültig bis"]).unwrap();
    for (row, day) in [(1, "2026-12-31"), (2, "2026-11-01"), (3, "2026-11-01T18:30:00")] {
        page.write(row, 0, 919_876_543_210.0 + f64::from(row)).unwrap();
        let moment = rust_xlsxwriter::ExcelDateTime::parse_from_str(day).unwrap();
        page.write_with_format(row, 1, &moment, &format).unwrap();
    }
    page.write(4, 0, 919_876_543_214.0).unwrap();
    page.write(4, 1, 46_387).unwrap();
    page.write(5, 0, 919_876_543_215.0).unwrap();
    page.write(5, 1, true).unwrap();
    workbook.add_worksheet().write(0, 0, "more").unwrap();
    let list = read(workbook.save_to_buffer().unwrap(), "IN");
    assert_eq!(numbers(&list), ["2:919876543211", "5:919876543214", "6:919876543215"]);
    assert_eq!(
        (list.expired, list.first_unread_expiry.clone()),
        (2, Some((6, "`TRUE`, sheet `Sheet1`".to_owned())))
    );
    assert_eq!(list.notes()[0], "other sheets are not read, because they have no numbers: `Sheet2`");
}

#[test]
fn all_sheets_with_numbers_are_read() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    workbook.add_worksheet();
    for (name, cells) in [
        ("Readme", ["Numbers to call never", "the contact is in the office"]),
        ("Old", ["Phone", "+919876543210"]),
        ("New", ["91 98765 43211", "98765"]),
    ] {
        workbook.add_worksheet().set_name(name).unwrap().write_column(0, 0, cells).unwrap();
    }
    let list = read(workbook.save_to_buffer().unwrap(), "");
    assert_eq!(numbers(&list), ["2:919876543210", "1:919876543211"]);
    let notes = list.notes();
    assert!(
        notes.contains(&"sheets that are read, each with its own row numbers: `Old`, `New`".to_owned()),
        "{notes:?}"
    );
    assert!(notes.iter().any(|note| note.ends_with("they have no numbers: `Readme`")), "{notes:?}");
    assert!(
        notes.iter().any(|note| note.contains("the first is row 2 (") && note.contains(", sheet `New`)"))
    );
    assert!(
        notes.iter().any(|note| note.contains("the first is row 1 (+919876543211, sheet `New`)")),
        "{notes:?}"
    );

    // Numbers in an unknown column.
    let page = workbook.add_worksheet().set_name("Pairs").unwrap();
    page.write_row(0, 0, ["98765 43215", "98765 43216"]).unwrap();
    let fault = refused(workbook.save_to_buffer().unwrap(), "");
    let message = fault.to_string();
    assert!(message.starts_with("sheet `Pairs`: no column is known"), "{message}");
    assert!(matches!(fault, Fault::InSheet { .. }), "{message}");
}

#[test]
fn hidden_sheets_are_read_and_marked_as_hidden() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    workbook.add_worksheet().write_column(0, 0, ["Phone", "+919876543210"]).unwrap();
    let page = workbook.add_worksheet().set_name("Old").unwrap();
    page.set_hidden(true).write_column(0, 0, ["Phone", "+919876543211"]).unwrap();
    let list = read(workbook.save_to_buffer().unwrap(), "");
    assert_eq!(numbers(&list), ["2:919876543210", "2:919876543211"]);
    assert_eq!(
        list.notes(),
        ["sheets that are read, each with its own row numbers: `Sheet1`, `Old` (hidden)"]
    );

    workbook.worksheet_from_name("Old").unwrap().write(1, 0, "98765").unwrap();
    let message = refused(workbook.save_to_buffer().unwrap(), "").to_string();
    assert!(message.starts_with("sheet `Old` (hidden): none of its 1 rows"), "{message}");
}

#[test]
fn sheet_without_a_readable_number_is_refused() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    workbook.add_worksheet().write_column(0, 0, ["Phone", "+919876543210"]).unwrap();
    workbook.add_worksheet().write_column(0, 0, ["Phone", "98765 43210"]).unwrap();
    let bytes = workbook.save_to_buffer().unwrap();
    let message = refused(&bytes, "").to_string();
    assert!(message.starts_with("sheet `Sheet2`: none of its 1 rows"), "{message}");
    assert_eq!(numbers(&read(&bytes, "IN")).len(), 2);
}

#[test]
fn workbook_without_any_number_is_refused() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    workbook.add_worksheet();
    workbook.add_worksheet().write(0, 0, "Name").unwrap();
    workbook.add_worksheet().write(0, 0, "City").unwrap();
    let message = refused(workbook.save_to_buffer().unwrap(), "").to_string();
    assert!(message.starts_with("sheet `Sheet2`: no column is known"), "{message}");
}

#[test]
fn workbook_may_count_days_from_1904() {
    use std::io::{Read as _, Write as _};

    let mut workbook = rust_xlsxwriter::Workbook::new();
    let page = workbook.add_worksheet();
    page.write_row(0, 0, ["Phone", "Expires"]).unwrap();
    // The last day of 2026, or of 2022 in the usual count.
    page.write(1, 0, "+919876543210").unwrap();
    page.write(1, 1, 44_925).unwrap();
    let usual = workbook.save_to_buffer().unwrap();
    assert_eq!(read(&usual, "").expired, 1);

    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(usual)).unwrap();
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).unwrap();
        let mut content = String::new();
        part.read_to_string(&mut content).unwrap();
        let name = part.name().unwrap().into_owned();
        writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        let content = content.replace("<workbookPr ", "<workbookPr date1904=\"1\" ");
        writer.write_all(content.as_bytes()).unwrap();
    }
    let list = read(writer.finish().unwrap().into_inner(), "");
    assert_eq!((listed(&list).count(), list.expired), (1, 0));
}

#[test]
fn json_and_vcards_are_read() {
    let list = read(
        r#"[{"cellPhone": {"phoneNumber": "+919876543210"}, "expires_at": "2026-11-01T00:00:00Z"},
            {"cellPhone": {"phoneNumber": 919876543211}, "expires_at": null}]"#,
        "",
    );
    assert_eq!((numbers(&list), list.expired), (vec!["2:919876543211".to_owned()], 1));
    assert_eq!(numbers(&read(r#"[{"dnc": "+919876543210", "by": "Asha"}]"#, "")), ["1:919876543210"]);
    let list = read(
        "BEGIN:VCARD\nVERSION:3.0\nFN:Asha\nTEL;TYPE=CELL:+91 98765 43210\nTEL;TYPE=HOME:+91 98765 43211\nEND:VCARD\n\
         BEGIN:VCARD\nVERSION:3.0\nFN:Li\nEND:VCARD\n",
        "",
    );
    assert_eq!(numbers(&list), ["1:919876543210", "1:919876543211"]);
    assert_eq!(list.first_unread, Some((7, "no phone number".to_owned())));
}

#[test]
fn do_not_call_column_causes_no_warning() {
    assert_eq!(read("Phone,Do Not Call\n+919876543210,yes\n", "").notes(), [""; 0]);
}

#[test]
fn unreadable_files_are_errors() {
    match read_path(&PathBuf::from("no/such/file"), "") {
        Err(ReadError::Parse(error)) => {
            assert!(matches!(error.fault, Fault::MissingFile(_)), "{error}");
        }
        other => panic!("{other:?}"),
    }
    for content in [b"".as_slice(), b"Phone\n\"+91", b"%PDF-1.7"] {
        assert!(matches!(try_read(content, ""), Err(ReadError::Parse(_))), "{content:?}");
    }
}

#[test]
fn every_number_of_a_vcard_counts() {
    let numbers_of_card: Vec<String> = (0..5).map(|n| format!("TEL;TYPE=CELL:+91 98765 4321{n}\n")).collect();
    let numbers_of_card = numbers_of_card.concat();
    let card = read(format!("BEGIN:VCARD\nVERSION:3.0\nFN:Asha\n{numbers_of_card}END:VCARD\n"), "");
    assert_eq!(numbers(&card), (0..5).map(|n| format!("1:91987654321{n}")).collect::<Vec<_>>());
}

#[test]
fn empty_list_suppresses_nobody() {
    assert_eq!(numbers(&read("Phone\n", "")), [""; 0]);
}

#[test]
fn page_after_the_last_is_empty() {
    let interrupt = Interrupt::default();
    interrupt.slot().store(2, Ordering::Relaxed);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dnc");
    std::fs::write(&path, "Phone\n+919876543210\n").unwrap();
    for read in [SuppressionFile::read, SuppressionFile::read_here] {
        let read = read(&path, None, &Aliases::default(), NOW.parse().unwrap(), &interrupt);
        assert!(matches!(read, Err(ReadError::Interrupted(2))), "{read:?}");
    }
}

#[cfg(unix)]
#[test]
fn endless_pipe_is_interrupted() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let interrupt = Interrupt::default();
    let aliases = Aliases::default();
    std::thread::scope(|scope| {
        let read =
            scope.spawn(|| SuppressionFile::read(&pipe, None, &aliases, NOW.parse().unwrap(), &interrupt));
        // Returns when the pipe is opened for reading.
        let writer = std::fs::File::options().write(true).open(&pipe).unwrap();
        interrupt.slot().store(15, Ordering::Relaxed);
        assert!(matches!(read.join().unwrap(), Err(ReadError::Interrupted(15))));
        drop(writer);
    });
}

/// Source: glific/glific issue 660.
#[test]
fn masked_and_unreadable_numbers_are_counted() {
    let list = read(
        "Name,Phone\nAsha,+91 98765 43210\nBo,+91 98*****211\nCy,9876543XXX\nDi,+91 98765\nEd,n/a\nFlo,\nGus,see notes\n",
        "IN",
    );
    assert_eq!(numbers(&list), ["2:919876543210"]);
    let masks: Vec<(String, u64)> =
        list.sheets[0].masks.iter().map(|(mask, row)| (mask.written(), *row)).collect();
    assert!(
        masks.contains(&("+9198*****211".to_owned(), 3)) && masks.contains(&("+919876543***".to_owned(), 4))
    );
    assert_eq!((list.unread_entries.entries(), list.unread_entries.masked(), list.unread), (3, 2, 6));
}

#[test]
fn numbers_in_parts_are_joined() {
    for content in ["201,5550101\n312,5550105\n", "Area Code,Phone\n201,555-0101\n312,5550105\n"] {
        let list = read(content, "US");
        let found: Vec<String> = listed(&list).map(|(number, _)| number.to_string()).collect();
        assert_eq!(found, ["12015550101", "13125550105"], "{content}");
    }
    for content in ["Age,Phone\n201,5550101\n312,5550105\n", "101,5550101\n112,5550105\n"] {
        assert!(try_read(content.as_bytes(), "US").is_err(), "{content}");
    }
}

#[test]
fn country_values_are_read_by_their_aliases() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dnc.csv");
    // The second number column has a meaningless header: its contents identify it.
    let rows =
        "Phone,Country,Other one\n0171 1234567,Deutchland,030 123456\n020 7946 0100,deutchland,030 123457\n";
    std::fs::write(&path, rows).unwrap();
    let mut aliases = Aliases::default();
    let read = |aliases: &Aliases| {
        SuppressionFile::read(&path, None, aliases, NOW.parse().unwrap(), &Interrupt::default())
    };
    assert!(read(&aliases).is_err(), "not one number can be read");
    aliases.add_country("Deutchland", "DE").unwrap();
    let listed = read(&aliases).unwrap();
    assert!(numbers(&listed).contains(&"2:491711234567".to_owned()), "{:?}", numbers(&listed));
    assert!(numbers(&listed).contains(&"3:4930123457".to_owned()), "{:?}", numbers(&listed));
}
