use std::{path::PathBuf, sync::atomic::Ordering};

use super::*;
use crate::parse::Fault;

const NOW: &str = "2026-11-21T12:00:00Z";

fn read_path(path: &Path, region: &str) -> Result<DoNotCall, PipelineError> {
    DoNotCall::read(path, Region::new(region), NOW.parse().unwrap(), &Interrupt::default())
}

fn try_read(content: &[u8], region: &str) -> Result<DoNotCall, PipelineError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dnc");
    std::fs::write(&path, content).unwrap();
    read_path(&path, region)
}

fn read(content: impl AsRef<[u8]>, region: &str) -> DoNotCall {
    try_read(content.as_ref(), region).unwrap()
}

/// Each number with its row.
fn numbers(list: &DoNotCall) -> Vec<String> {
    list.numbers.iter().map(|(number, row)| format!("{row}:{number}")).collect()
}

#[test]
fn every_phone_column_and_every_number_of_a_cell_counts() {
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
fn the_rows_country_wins_over_the_region() {
    let list = read(
        "Phone,Country\n020 7946 0018,UK\n98765 43210,\n030 231250,Germoney\n+49 30 231250,Germoney\n",
        "IN",
    );
    assert_eq!(numbers(&list), ["2:442079460018", "3:919876543210", "5:4930231250"]);
    assert_eq!(list.first_unread, Some((4, "a country that is not known: `Germoney`".to_owned())));
}

#[test]
fn whole_numbers_need_no_plus() {
    let list = read("Phone\n919876543210\n91 98765 43211\n+919876543212\n9876543213\n", "");
    assert_eq!(numbers(&list), ["2:919876543210", "3:919876543211", "4:919876543212"]);
    assert_eq!(
        list.first_assumed.map(|(row, number)| (row, number.to_string())),
        Some((2, "919876543210".to_owned()))
    );
    assert_eq!((list.assumed, list.unread), (2, 1));
    assert!(
        list.notes().iter().any(|note| note.contains("row 2, read as +919876543210")),
        "{:?}",
        list.notes()
    );

    let list = read("Phone\n919876543210\n2015550123\n442079460018\n", "US");
    assert_eq!(numbers(&list), ["2:919876543210", "3:12015550123", "3:2015550123", "4:442079460018"]);
    assert_eq!(list.assumed, 0, "the region says that they are not its own");
}

#[test]
fn a_list_of_numbers_needs_no_header() {
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
fn without_a_region_national_numbers_are_told_row_by_row() {
    let list = read("98765 43210\n98765 43211\n", "");
    assert_eq!((list.numbers.len(), list.unread), (0, 2));
    assert!(list.notes()[1].contains("the first is row 1"), "{:?}", list.notes());
}

#[test]
fn where_no_column_holds_numbers_the_file_is_refused() {
    for content in ["Name,City\nAsha,Pune\n", "+919876543210,+919876543211\n+919876543212,+919876543213\n"] {
        match try_read(content.as_bytes(), "") {
            Err(PipelineError::Parse(error)) => {
                assert!(matches!(error.fault, Fault::NoNumberColumn { .. }), "{error}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn numbers_that_cannot_be_read_are_told() {
    let list = read(
        "Name,Mobile,Home Phone\nAsha,,\nLi,9.87654E+09,\nBo,98765 43210,9.87654E+09\nEve,98765 43211,n/a\n",
        "IN",
    );
    assert_eq!(numbers(&list), ["4:919876543210", "5:919876543211"]);
    assert_eq!((list.unread, list.first_unread.clone()), (2, Some((2, "no phone number".to_owned()))));
    assert_eq!((list.partly_unread, list.first_partly_unread.as_ref().map(|(row, _)| *row)), (1, Some(4)));
    assert_eq!(list.notes().len(), 2);
}

#[test]
fn numbers_without_quotation_marks_around_them_count() {
    let list = read("Phone\n98765 43210\n98765 43211,98765 43212\n", "IN");
    assert_eq!(numbers(&list), ["2:919876543210", "3:919876543211", "3:919876543212"]);
    let list = read("Name,Phone\n\"Rao\",98765 43210\nRao, Asha,98765 43211\nLi\n", "IN");
    assert_eq!(numbers(&list), ["2:919876543210", "3:919876543211"]);
    let (row, reason) = list.first_unread.unwrap();
    assert!(row == 4 && reason.contains("1 cells instead of 2"), "{reason}");
}

#[test]
fn bytes_that_are_no_text_do_not_spoil_a_number() {
    // Enough of UTF-8 that the file is taken for it.
    let mut content = b"Phone,Name\n".to_vec();
    content.extend("98765 43211,Jürgen Müller\n".repeat(40).bytes());
    content.extend(b"98765 43210 (B\xff),Li\n");
    let list = read(content, "IN");
    assert_eq!(list.unread, 0);
    assert_eq!(list.numbers.last().unwrap().0.to_string(), "919876543210");
}

#[test]
fn what_has_expired_leaves_nobody_out() {
    let list = read(
        "Phone,Expiry Date,Until\n\
         +919876543200,2026-11-20,never\n\
         +919876543201,2026-11-19,\n\
         +919876543202,2026-11-21T11:00:00Z,\n\
         +919876543203,2026-11-21T13:00:00Z,\n\
         +919876543204,31.12.2026,\n\
         +919876543205,12/31/2025,\n\
         +919876543206,46387,\n\
         +919876543207,45000.5,\n\
         +919876543208,\"Dec 31, 2025\",\n\
         +919876543209,never,2020-01-01\n\
         +919876543210,some day,\n\
         +919876543211,,\n\
         no number,2020-01-01,\n",
        "",
    );
    let rows: Vec<u64> = list.numbers.iter().map(|(_, row)| *row).collect();
    // A day ends twelve hours later on the other side of the Earth: that of row 2 has just ended.
    assert_eq!(rows, [5, 6, 8, 11, 12, 13]);
    assert_eq!((list.expired, list.unread), (7, 0));
    assert_eq!(list.expiry_column.as_deref(), Some("Expiry Date"));
    assert_eq!(
        (list.unread_expiries, list.first_unread_expiry.clone()),
        (1, Some((12, "some day".to_owned())))
    );
    let notes = list.notes();
    assert!(
        notes[0].contains("row 12 (`some day`)")
            && notes[1].ends_with("`Expiry Date`, so that nobody is left out by them: 7"),
        "{notes:?}"
    );
}

#[test]
fn shifted_cells_let_nothing_expire() {
    let list = read(
        "Name,Phone,Expires\nAsha,+919876543210,2020-01-01,x\nLi,+919876543211,\nBo,+919876543212\n",
        "",
    );
    assert_eq!(numbers(&list), ["2:919876543210", "3:919876543211", "4:919876543212"]);
    assert_eq!((list.expired, list.unread_expiries), (0, 1));
}

#[test]
fn dates_of_a_workbook_are_read() {
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
    assert_eq!((list.expired, list.first_unread_expiry.clone()), (2, Some((6, "TRUE".to_owned()))));
    assert_eq!(list.notes()[0], "other sheets are not read: Sheet2");
}

#[test]
fn json_and_cards_are_read() {
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
fn the_column_of_what_is_not_to_be_called_is_nothing_to_warn_of() {
    assert_eq!(read("Phone,Do Not Call\n+919876543210,yes\n", "").notes(), [""; 0]);
}

#[test]
fn files_that_cannot_be_read_are_errors() {
    let missing = read_path(&PathBuf::from("no/such/file"), "");
    assert!(matches!(missing, Err(PipelineError::Parse(error)) if matches!(error.fault, Fault::Io(_))));
    for content in [b"".as_slice(), b"Phone\n\"+91", b"%PDF-1.7"] {
        assert!(matches!(try_read(content, ""), Err(PipelineError::Parse(_))), "{content:?}");
    }
}

#[test]
fn every_number_of_a_card_counts() {
    let numbers_of_card: String = (0..5).map(|n| format!("TEL;TYPE=CELL:+91 98765 4321{n}\n")).collect();
    let card = read(&format!("BEGIN:VCARD\nVERSION:3.0\nFN:Asha\n{numbers_of_card}END:VCARD\n"), "");
    assert_eq!(numbers(&card), (0..5).map(|n| format!("1:91987654321{n}")).collect::<Vec<_>>());
}

#[test]
fn a_list_without_anybody_leaves_nobody_out() {
    assert_eq!(numbers(&read("Phone\n", "")), [""; 0]);
}

#[test]
fn the_end_can_be_asked_for() {
    let interrupt = Interrupt::default();
    interrupt.slot().store(2, Ordering::Relaxed);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dnc");
    std::fs::write(&path, "Phone\n+919876543210\n").unwrap();
    for read in [DoNotCall::read, DoNotCall::read_here] {
        let read = read(&path, None, NOW.parse().unwrap(), &interrupt);
        assert!(matches!(read, Err(PipelineError::Interrupted(2))), "{read:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_that_never_ends_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let interrupt = Interrupt::default();
    thread::scope(|scope| {
        let read = scope.spawn(|| DoNotCall::read(&pipe, None, NOW.parse().unwrap(), &interrupt));
        // Comes back when somebody reads.
        let writer = std::fs::File::options().write(true).open(&pipe).unwrap();
        interrupt.slot().store(15, Ordering::Relaxed);
        assert!(matches!(read.join().unwrap(), Err(PipelineError::Interrupted(15))));
        drop(writer);
    });
}
