use std::{fs, path::Path};

use super::*;
use crate::{
    contact::{Contact, NumberType, PhoneNumber, Region, Salutation},
    report::ExportSettings,
    row::{CellKind, Columns, Rows},
};

const HEADERS: [&str; 5] = ["Name", "Phone", "Zeitzone", "uniqueId", "Contact Priority"];

fn input() -> InputInfo {
    InputInfo::example("list.csv", &HEADERS, Columns::default())
}

fn number(code: u16, national: &str, region: &str) -> PhoneNumber {
    PhoneNumber::new(code, national, Region::new(region), NumberType::Mobile).unwrap()
}

/// Writes these rows, all of them contacts, and returns the contents of the folder.
fn exported(
    folder: &Path,
    name: &str,
    layout: ExportLayout,
    rows: &[(Outcome, [&str; 5], Contact)],
) -> Vec<u8> {
    let path = folder.join(name);
    let settings = ExportSettings { format: ExportFormat::of_name(&path).unwrap(), path, layout };
    let mut block = Rows::new(0);
    for ((_, cells, _), number) in rows.iter().zip(2..) {
        for cell in cells {
            block.push_cell(cell.as_bytes(), CellKind::Text);
        }
        block.end_row(number, None);
    }
    let mut writer = ExportWriter::begin(&settings, &[input()]).unwrap();
    for (row, (outcome, _, contact)) in block.iter().zip(rows) {
        let row = ReportedRow { contact: Some(contact), ..ReportedRow::new(row, *outcome) };
        writer.write(&input(), &row).unwrap();
    }
    assert!(!settings.path.exists(), "not complete yet");
    writer.finish().unwrap();
    fs::read(&settings.path).unwrap()
}

fn rows() -> Vec<(Outcome, [&'static str; 5], Contact)> {
    let germany = Contact::new("Anna", "-", Salutation::Ms, number(49, "1711234567", "DE"));
    let texas = Contact::new("@Bob, Jr", "\"Ex\"ample", Salutation::Mr, number(1, "2015550123", "US"));
    let italy = Contact::new("Carla", "Esempio", Salutation::Mrs, number(39, "0612345678", "IT"));
    vec![
        (Outcome::Valid, ["Anna", "0171 1234567", "America/Chicago", " 17 ", "-1"], germany),
        (Outcome::Created, ["=1+1", "201 555 0123", "america/chicago", "=cmd", "+A1"], texas.clone()),
        (Outcome::Planned, ["Carla", "06 12345678", "", "", ""], italy),
        (Outcome::Duplicate, ["x", "201 555 0123", "", "", ""], texas.clone()),
        (Outcome::Existing, ["x", "201 555 0123", "", "", ""], texas.clone()),
        (Outcome::Confirmed, ["Bob", "201 555 0123", "Eastern", "", ""], texas.clone()),
        (Outcome::Pending, ["x", "201 555 0123", "", "", ""], texas.clone()),
        (Outcome::Failed, ["x", "201 555 0123", "", "", ""], texas),
    ]
}

/// Source: iris-connect/iris-client issue 443, where a guard in front of the plus became part of the stored number.
#[test]
fn numbers_have_the_platforms_form_and_formulas_are_guarded() {
    let home = tempfile::tempdir().unwrap();
    let text = |name, layout| String::from_utf8(exported(home.path(), name, layout, &rows())).unwrap();
    assert_eq!(
        text("contacts.csv", ExportLayout::Contacts),
        "firstName,lastName,salutation,cellPhoneNumber,cellPhoneCountryCode,cellPhoneExtension\n\
         Anna,-,Ms,1711234567,+49,+\n\
         \"'@Bob, Jr\",\"\"\"Ex\"\"ample\",Mr,2015550123,+1,+\n\
         Carla,Esempio,Mrs,0612345678,+39,+\n\
         \"'@Bob, Jr\",\"\"\"Ex\"\"ample\",Mr,2015550123,+1,+\n"
    );
    assert_eq!(
        text("list.csv", ExportLayout::List),
        "firstName,lastName,phoneNumber,timeZone,uniqueId,contactPriority\n\
         Anna,-,\"+491711234567\",Europe/Berlin,17,-1\n\
         \"'@Bob, Jr\",\"\"\"Ex\"\"ample\",\"+12015550123\",America/Chicago,'=cmd,'+A1\n\
         Carla,Esempio,\"+390612345678\",Europe/Rome,,\n\
         \"'@Bob, Jr\",\"\"\"Ex\"\"ample\",\"+12015550123\",,,\n"
    );
    let full = text("full.csv", ExportLayout::Full);
    let lines: Vec<&str> = full.lines().collect();
    assert!(
        lines[0].starts_with("Name,Phone,Zeitzone,uniqueId,Contact Priority,rollcall_file,rollcall_sheet,")
    );
    assert_eq!(
        lines[1],
        "Anna,0171 1234567,America/Chicago, 17 ,'-1,list.csv,,2,valid,Anna,'-,Ms,491711234567,49,1711234567,DE,mobile,\
         Europe/Berlin"
    );
    assert!(lines[2].starts_with("'=1+1,201 555 0123,america/chicago,'=cmd,'+A1,list.csv,,3,created,"));
    assert_eq!(lines.len(), 5);
    let objects = text("list.ndjson", ExportLayout::List);
    assert_eq!(
        objects.lines().next().unwrap(),
        "{\"firstName\":\"Anna\",\"lastName\":\"-\",\"phoneNumber\":\"+491711234567\",\"timeZone\":\"Europe/Berlin\",\
         \"uniqueId\":\"17\",\"contactPriority\":\"-1\"}"
    );
    for line in objects.lines() {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(object.as_object().unwrap().len(), 6);
    }
}

#[test]
fn mapped_columns_replace_columns_with_known_headers() {
    let mut block = Rows::new(0);
    for cell in ["Chicago", "2015550123", "America/Denver", "17", "3"] {
        block.push_cell(cell.as_bytes(), CellKind::Text);
    }
    block.end_row(2, None);
    let contact = Contact::new("Bob", "Example", Salutation::Mr, number(1, "2015550123", "US"));
    let passed_on = |columns: Columns| {
        let input = InputInfo::example("list.csv", &HEADERS, columns);
        let layout = LayoutWriter::new(ExportLayout::List, std::slice::from_ref(&input));
        let row = ReportedRow { contact: Some(&contact), ..ReportedRow::new(block.row(0), Outcome::Valid) };
        let cells = layout.cells(&input, &row, &contact);
        cells[3..].iter().map(|cell| cell.text.clone().into_owned()).collect::<Vec<_>>()
    };
    assert_eq!(passed_on(Columns::default()), ["America/Denver", "17", "3"]);
    let mapped = Columns { time_zone: Some(4), unique_id: Some(1), priority: Some(3), ..Columns::default() };
    assert_eq!(passed_on(mapped), ["", "2015550123", "17"]);
}

#[test]
fn export_is_private_and_never_overwrites_a_file() {
    let home = tempfile::tempdir().unwrap();
    exported(home.path(), "a.xlsx", ExportLayout::List, &rows());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = home.path().join("a.xlsx").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // A file that appears during the run.
    let path = home.path().join("b.csv");
    let settings =
        ExportSettings { path: path.clone(), format: ExportFormat::Csv, layout: ExportLayout::Contacts };
    let writer = ExportWriter::begin(&settings, &[input()]).unwrap();
    fs::write(&path, "mine").unwrap();
    assert!(writer.finish().is_err());
    assert_eq!(fs::read(&path).unwrap(), b"mine");
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 2);
    drop(ExportWriter::begin(&settings, &[input()]).unwrap());
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 2, "an unfinished export leaves nothing behind");
}

#[test]
fn columns_with_the_same_name_get_unique_names_in_objects() {
    let mut twice = input();
    twice.headers = ["Phone", "Phone", "", "Phone 2"].map(str::to_owned).to_vec();
    let layout = LayoutWriter::new(ExportLayout::Full, &[twice, input()]);
    let names: Vec<String> = format::names(&layout.columns());
    assert_eq!(names[..5], ["\"Phone\"", "\"Phone 2\"", "\"column 3\"", "\"Phone 2 2\"", "\"Name\""]);
}

#[test]
fn format_follows_the_file_extension() {
    for (name, format) in [
        ("a.csv", Some(ExportFormat::Csv)),
        ("a.XLSX", Some(ExportFormat::Xlsx)),
        ("a.jsonl", Some(ExportFormat::Ndjson)),
        ("a.json", None),
        ("a", None),
        ("-", None),
    ] {
        assert_eq!(ExportFormat::of_name(Path::new(name)), format, "{name}");
    }
}
