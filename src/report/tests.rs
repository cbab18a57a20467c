use super::*;
use crate::{
    contact::{Field, NumberType, Region},
    parse::{Certainty, ColumnMatch, ReadSummary},
    row::{CellKind, Columns, Rows},
};

fn info(path: &str, headers: &[&str]) -> InputInfo {
    let columns = Columns { phone: vec![1, 0], first_name: Some(0), ..Columns::default() };
    let info = InputInfo::example(path, headers, columns);
    InputInfo { encoding: Some("utf-8".to_owned()), delimiter: Some(b','), ..info }
}

fn report(rows: u64, infos: &[InputInfo]) -> Report {
    let summary = ReadSummary { rows, sha256: "00".to_owned(), fixes: Vec::new(), notes: Vec::new() };
    Report {
        complete: true,
        finished_at: "now".to_owned(),
        inputs: infos.iter().map(|info| InputReport::new(info, &summary)).collect(),
        ..Report::begun("import", "run", "then".to_owned())
    }
}

/// Writes rows with these outcomes, all with the same number, and finishes the run.
fn finished(outcomes: &[(Outcome, Option<Code>)], read: u64, complete: bool) -> Result<Report, ReportError> {
    let home = tempfile::tempdir().unwrap();
    let infos = vec![info("list.csv", &["Name", "Phone"])];
    let folder = OutputFolder::create(&home.path().join("out")).unwrap();
    let export = home.path().join("contacts.csv");
    let settings =
        ExportSettings { path: export.clone(), format: ExportFormat::Csv, layout: ExportLayout::Contacts };
    let writer = RunWriter::begin(folder, infos.clone(), "run").unwrap();
    let mut writer = writer.with_export(Some(&settings)).unwrap();
    let number = PhoneNumber::new(44, "9098790123", Region::new("GB"), NumberType::PremiumRate).unwrap();
    let mut rows = Rows::new(0);
    for (line, _) in (2..).zip(outcomes) {
        rows.push_cell(b"Asha", CellKind::Text);
        rows.push_cell(b"0909 8790123", CellKind::Text);
        rows.end_row(line, None);
    }
    for (row, (outcome, code)) in rows.iter().zip(outcomes) {
        let (outcome, code) = (*outcome, *code);
        let reported =
            ReportedRow { code, number: Some(&number), detail: "said so", ..ReportedRow::new(row, outcome) };
        writer.write(&reported).unwrap();
    }
    let finished = writer.finish(Report { complete, ..report(read, &infos) });
    assert_eq!(export.exists(), complete && finished.is_ok(), "an unfinished run exports nothing");
    let written = std::fs::read(home.path().join("out/report.json")).unwrap();
    let written: serde_json::Value = serde_json::from_slice(&written).unwrap();
    assert_eq!(
        written["complete"],
        complete && finished.is_ok(),
        "the report is written and marked incomplete"
    );
    finished
}

#[test]
fn sums_that_do_not_agree_are_an_error() {
    let two = [(Outcome::Created, None), (Outcome::Failed, Some(Code::Refused))];
    assert!(finished(&two, 2, true).is_ok());
    let error = finished(&two, 3, true).unwrap_err();
    assert_eq!(error.to_string(), "the sums of the report do not agree: 3 rows were read and 2 reported");
    let pending = [(Outcome::Pending, None)];
    assert!(finished(&pending, 1, false).is_ok());
    assert!(finished(&pending, 1, true).is_err());
}

#[test]
fn written_rows_are_counted_by_outcome_region_and_type() {
    let outcomes = [
        (Outcome::Created, None),
        (Outcome::Created, None),
        (Outcome::Existing, Some(Code::SameName)),
        (Outcome::Failed, Some(Code::Refused)),
        (Outcome::Rejected, Some(Code::TooShort)),
    ];
    let report = finished(&outcomes, 5, true).unwrap();
    assert_eq!((report.totals.rows(), report.totals.of(Outcome::Created)), (5, 2));
    let problems: Vec<_> = report.problems.iter().map(|problem| (problem.code, problem.count)).collect();
    assert_eq!(problems, [("too-short", 1), ("refused", 1)]);
    assert_eq!(report.problems[1].examples[0].value, "+449098790123");
    // The number of a rejected row is not counted.
    assert_eq!(
        report.regions,
        [RegionCount { region: "GB".to_owned(), country_code: "44".to_owned(), count: 4 }]
    );
    assert_eq!(report.types, [TypeCount { kind: NumberType::PremiumRate, count: 4 }]);
}

#[test]
fn second_column_of_a_field_has_its_rank_after_the_name() {
    let columns =
        serde_json::to_string(&report(0, &[info("a", &["Name", "Phone"])]).inputs[0].columns).unwrap();
    assert_eq!(columns, r#"{"phone":"Phone","phone_2":"Name","first_name":"Name"}"#);
}

/// A run that stopped, with one row of each kind.
fn stopped() -> Report {
    let outcomes = [
        (Outcome::Created, None),
        (Outcome::Confirmed, None),
        (Outcome::Existing, Some(Code::SameName)),
        (Outcome::Duplicate, Some(Code::OtherName)),
        (Outcome::Failed, Some(Code::Refused)),
        (Outcome::Pending, None),
    ];
    let mut report = finished(&outcomes, 6, false).unwrap();
    report.platform = Some(PlatformReport {
        host: "https://platform.example.com".to_owned(),
        get: 1234,
        post: 1,
        waited_ms: 83_000,
        ..PlatformReport::default()
    });
    if let Some(export) = &mut report.export {
        export.file = "contacts.csv".to_owned();
    }
    report
}

fn shown_at(width: usize) -> String {
    let text = terminal::summary(&stopped(), Path::new("out"), width);
    anstream::adapter::strip_str(&text).to_string()
}

#[test]
fn summary_of_a_stopped_run_shows_each_step_and_hints() {
    insta::assert_snapshot!(shown_at(60), @r"
    The import stopped: 2 created; 1 not sent, or
    unacknowledged; the platform refused 1 contact.

        6  rows
      − 1  duplicate  same number as another row
      − 1  existing   on the platform already
      = 4  new
        1  created
        1  confirmed
        1  failed     refused by the platform, in rejected.csv
        1  pending    not sent, or unacknowledged

    To fix

          1  ■■■■■■■■ refused: refused by the platform
             row 6: +449098790123
             See the column rollcall_reason in rejected.csv for
             the platform's message.

    Among them: 6 premium-rate numbers, costly to call; --types
    limits the types of numbers.

    https://platform.example.com: 1,235 requests (1234 to read,
      1 to post), waited 1 min 23 s

    contacts.csv is not written, because the run is not
    finished. Finish the run to get the file.

    Files: out/  outcomes.csv  rejected.csv  rejected.xlsx
      report.html  report.json
    ");
}

#[test]
fn check_without_valid_rows_shows_zero_valid() {
    let outcomes = [(Outcome::Rejected, Some(Code::TooShort)), (Outcome::Rejected, Some(Code::TooShort))];
    let report = finished(&outcomes, 2, true).unwrap();
    let end = |command| {
        let text = terminal::summary(&Report { command, ..report.clone() }, Path::new("out"), 60);
        let text = anstream::adapter::strip_str(&text).to_string();
        text.lines().find(|line| line.starts_with("  = ")).unwrap().to_owned()
    };
    assert_eq!((end("check").as_str(), end("import").as_str()), ("  = 0  valid", "  = 0  new"));
}

#[test]
fn summary_fits_narrow_and_wide_windows() {
    insta::assert_snapshot!(shown_at(40), @r"
    The import stopped: 2 created; 1 not
    sent, or unacknowledged; the platform
    refused 1 contact.

        6  rows
      − 1  duplicate  same number as another
                      row
      − 1  existing   on the platform
                      already
      = 4  new
        1  created
        1  confirmed
        1  failed     refused by the
                      platform, in
                      rejected.csv
        1  pending    not sent, or
                      unacknowledged

    To fix

          1  ■■■■■■■■ refused: refused by
             the platform
             row 6: +449098790123
             See the column rollcall_reason
             in rejected.csv for the
             platform's message.

    Among them: 6 premium-rate numbers,
    costly to call; --types limits the types
    of numbers.

    https://platform.example.com: 1,235
      requests (1234 to read, 1 to post),
      waited 1 min 23 s

    contacts.csv is not written, because the
    run is not finished. Finish the run to
    get the file.

    Files: out/  outcomes.csv  rejected.csv
      rejected.xlsx  report.html
      report.json
    ");
    insta::assert_snapshot!(shown_at(100), @r"
    The import stopped: 2 created; 1 not sent, or unacknowledged; the platform refused 1 contact.

        6  rows
      − 1  duplicate  same number as another row
      − 1  existing   on the platform already
      = 4  new
        1  created
        1  confirmed
        1  failed     refused by the platform, in rejected.csv
        1  pending    not sent, or unacknowledged

    To fix

          1  ■■■■■■■■ refused: refused by the platform
             row 6: +449098790123
             See the column rollcall_reason in rejected.csv for the platform's message.

    Among them: 6 premium-rate numbers, costly to call; --types limits the types of numbers.

    https://platform.example.com: 1,235 requests (1234 to read, 1 to post), waited 1 min 23 s

    contacts.csv is not written, because the run is not finished. Finish the run to get the file.

    Files: out/  outcomes.csv  rejected.csv  rejected.xlsx  report.html  report.json
    ");
    for width in [40, 60, 80, 100] {
        let is_long = |line: &&str| line.chars().count() > width;
        assert_eq!(shown_at(width).lines().filter(is_long).collect::<Vec<_>>(), [""; 0], "{width}");
    }
}

#[test]
fn durations_and_counts_are_readable() {
    assert_eq!([0, 999, 1000, 1_234_567].map(crate::quantity::grouped), ["0", "999", "1,000", "1,234,567"]);
    assert_eq!(
        [5, 60, 83, 3600, 10_020].map(crate::quantity::duration),
        ["5 s", "1 min", "1 min 23 s", "1 h", "2 h 47 min"]
    );
    let plan = |post, seconds| terminal::plan(&crate::plan::Plan { get: post - 1, post, seconds }, 10_000);
    assert_eq!(plan(1, 0), "10,000 new contacts in 1 request, less than a minute");
    assert_eq!(plan(100, 60), "10,000 new contacts in 100 requests to post and 99 to read, about 1 min");
}

#[test]
fn columns_are_shown_with_values_and_unused_ones_listed() {
    let mut input = info("list.csv", &["Name", "Phone", "City"]);
    input.columns = Columns { phone: vec![1], full_name: Some(0), ..Columns::default() };
    input.samples = [["Asha Rao", "Bo Li"], ["020 7946 0100", "020 7946 0101"], ["Bath", "Leeds"]]
        .map(|values| values.map(str::to_owned).to_vec())
        .to_vec();
    input.matches = [(Field::Phone, 1, Certainty::Doubtful), (Field::FullName, 0, Certainty::Likely)]
        .map(|(field, column, certainty)| {
            let reason = "its header is known, but 3 of its 9 values are not phone numbers".to_owned();
            ColumnMatch { field, column, certainty, reason }
        })
        .to_vec();
    let text = anstream::adapter::strip_str(&terminal::columns(std::iter::once(&input), 40)).to_string();
    insta::assert_snapshot!(text, @r"

    list.csv
      phone = Phone: 020 7946 0100, 020 7946
      0101
        doubtful: its header is known, but 3
      of its 9 values are not phone numbers
      full name = Name: Asha Rao, Bo Li
      not used: City
    ");
}
