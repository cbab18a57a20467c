use std::fmt::Write as _;

use super::*;
use crate::{
    contact::{Contact, NumberType, PhoneNumber, Region, Salutation},
    outcome::{Code, Problem, Totals},
    parse::ReadSummary,
    report::{InputReport, PlatformReport, Timing, tally::Tally, unknown_values::UnknownValue},
    row::{CellKind, Columns, Rows},
};

fn input(path: &str, headers: &[&str]) -> InputInfo {
    let column = |name: &str| headers.iter().position(|header| *header == name);
    let columns = Columns {
        phone: column("Phone").into_iter().collect(),
        first_name: column("First"),
        last_name: column("Last"),
        salutation: column("Salutation"),
        country: column("Country").into_iter().collect(),
        ..Columns::default()
    };
    let info = InputInfo::example(path, headers, columns);
    InputInfo { encoding: Some("utf-8".to_owned()), delimiter: Some(b';'), ..info }
}

/// The result of a row.
#[derive(Clone, Copy)]
struct Fate<'a> {
    outcome: Outcome,
    code: Option<Code>,
    detail: &'a str,
    problems: &'a [Problem],
    contact: Option<&'a Contact>,
}

impl<'a> Fate<'a> {
    fn new(outcome: Outcome) -> Self {
        Self { outcome, code: None, detail: "", problems: &[], contact: None }
    }

    fn contact(outcome: Outcome, contact: &'a Contact) -> Self {
        Self { contact: Some(contact), ..Self::new(outcome) }
    }

    fn rejected(problems: &'a [Problem]) -> Self {
        Self { code: Some(problems[0].code), problems, ..Self::new(Outcome::Rejected) }
    }
}

/// A run whose rows are added one by one.
struct Run {
    inputs: Vec<InputInfo>,
    gathered: Gathered,
    tally: Tally,
    row: u64,
}

impl Run {
    fn new(inputs: Vec<InputInfo>) -> Self {
        Self { inputs, gathered: Gathered::default(), tally: Tally::default(), row: 1 }
    }

    fn add(&mut self, cells: &[&str], fate: Fate<'_>) {
        self.row += 1;
        let mut rows = Rows::new(0);
        for cell in cells {
            rows.push_cell(cell.as_bytes(), CellKind::Text);
        }
        rows.end_row(self.row, None);
        let Fate { outcome, code, detail, problems, contact } = fate;
        let number = contact.map(Contact::number);
        let plain = ReportedRow::new(rows.row(0), outcome);
        let row = ReportedRow { code, number, detail, problems, contact, ..plain };
        self.tally.add(&self.inputs[0], &row);
        self.gathered.add(&self.inputs[0], &row);
    }

    fn report(&self, command: &'static str) -> Report {
        let summary = ReadSummary {
            rows: self.tally.totals.rows(),
            sha256: String::new(),
            fixes: Vec::new(),
            notes: Vec::new(),
        };
        Report {
            schema: Report::SCHEMA,
            run: "20261120T101500Z-5e1d".to_owned(),
            command,
            dry_run: false,
            not_posted: None,
            complete: true,
            started_at: "2026-11-20T10:15:00Z".to_owned(),
            config_files: Vec::new(),
            finished_at: "2026-11-20T10:15:01Z".to_owned(),
            inputs: self.inputs.iter().map(|input| InputReport::new(input, &summary)).collect(),
            totals: self.tally.totals.clone(),
            problems: self.tally.problems(),
            regions: self.tally.regions(),
            types: self.tally.types(),
            excluded: Vec::new(),
            platform: None,
            plan: None,
            actual: None,
            unknown_values: self.tally.unknown_values.list(),
            export: None,
            timing_ms: Timing { total: 900, read: 800, ..Timing::default() },
        }
    }

    /// Renders the page; also saves it as `name` for the browser tests if `ROLLCALL_PAGES` names a folder.
    fn page(&self, name: &str, report: &Report) -> String {
        let page = self.gathered.page(&self.inputs, report).into_string();
        if let Some(folder) = std::env::var_os("ROLLCALL_PAGES") {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(std::path::Path::new(&folder).join(format!("{name}.html")), &page).unwrap();
        }
        page
    }
}

const HEADERS: &[&str] = &["Salutation", "First", "Last", "Phone", "Country"];

fn contact() -> Contact {
    let number = PhoneNumber::new(44, "7700900123", Region::new("GB"), NumberType::Mobile).unwrap();
    Contact::new("Asha", "Roy", Salutation::Mrs, number)
}

#[test]
fn list_without_rows_produces_a_page() {
    let run = Run::new(vec![input("list.csv", HEADERS)]);
    let report = Report { totals: Totals::default(), ..run.report("check") };
    let page = run.page("no-rows", &report);
    assert!(page.contains("There are no rows to import."), "{page}");
    assert!(!page.contains("id=\"filter\""), "nothing to filter");
    assert!(page.starts_with("<!DOCTYPE html><html lang=\"en\">"), "{page}");
}

#[test]
fn valid_row_shows_its_changes() {
    let mut run = Run::new(vec![input("list.csv", HEADERS)]);
    let contact = contact();
    run.add(&["Frau", "ASHA", "Roy", "07700 900123", "GB"], Fate::contact(Outcome::Valid, &contact));
    let page = run.page("one-row", &run.report("check"));
    for text in [
        "The row can be imported.",
        "<bdi>07700 900123</bdi> → <bdi><b>+447700900123</b></bdi>",
        "<bdi>Frau</bdi> → <bdi><b>Mrs</b></bdi>",
        "<bdi>ASHA | Roy</bdi> → <bdi><b>Asha | Roy</b></bdi>",
        "GB (+44)",
        "semicolon",
    ] {
        assert!(page.contains(text), "{text}\n{page}");
    }
    // The values are already in their posted form, so nothing changed.
    let mut run = Run::new(vec![input("list.csv", HEADERS)]);
    run.add(&["Mrs", "Asha", "Roy", "+447700900123", "GB"], Fate::contact(Outcome::Valid, &contact));
    assert!(!run.page("unchanged", &run.report("check")).contains("What rollcall changed"));
}

#[test]
fn hostile_cells_stay_text() {
    let script = "<script>alert('1')</script>";
    let link = "=HYPERLINK(\"http://example.com\",\"x\")";
    let mut input =
        input("<i>list</i>.csv", &["Salutation", "First", "Last", "Phone", "Country", "<b>Bold</b>"]);
    input.notes.push("the column `<u>x</u>` is not read".to_owned());
    let mut run = Run::new(vec![input]);
    let problems = [
        Problem::of_cell(Code::NotANumber, 3, link.as_bytes(), "<em>seen</em>"),
        Problem::of_cell(Code::UnknownCountry, 4, script.as_bytes(), ""),
        Problem::of_cell(Code::UnknownSalutation, 0, b"\"><img src=x onerror=alert(1)>", ""),
    ];
    let cells = ["\"><img src=x onerror=alert(1)>", script, "\u{202e}مها", link, script, "x"];
    run.add(&cells, Fate::rejected(&problems));
    let detail = "<a href=x>refused</a>";
    run.add(&cells, Fate { code: Some(Code::Refused), detail, ..Fate::new(Outcome::Failed) });
    let page = run.page("other-peoples-cells", &run.report("import"));
    for tag in ["<script>alert", "<img", "<b>Bold", "<i>list", "<u>", "<em>", "<a href=x>", "\u{202e}"] {
        assert!(!page.contains(tag), "{tag}\n{page}");
    }
    assert!(page.contains("<mark>=HYPERLINK(&quot;http://example.com&quot;,&quot;x&quot;)</mark>"), "{page}");
    assert!(page.contains("# &quot;&lt;script&gt;alert('1')&lt;/script&gt;&quot; = &quot;&quot;"), "{page}");
    assert_eq!(page.matches("<script>").count(), 1, "the page's own");
}

#[test]
fn rare_problem_after_many_others_is_in_the_table() {
    let mut run = Run::new(vec![input("list.csv", HEADERS)]);
    let short = [Problem::of_cell(Code::TooShort, 3, b"12", "")];
    let long = [Problem::of_cell(Code::TooLong, 3, b"1234567890123456", "")];
    for row in 0..3000 {
        let problems = if row == 2990 { &long } else { &short };
        run.add(&["Mr", "Ann", "Sample", "12", "GB"], Fate::rejected(problems));
    }
    let page = run.page("rare-problem", &run.report("check"));
    assert_eq!(page.matches("data-codes=\"too-short\"").count(), 1000);
    assert_eq!(page.matches("data-codes=\"too-long\"").count(), 1);
    assert!(page.contains("This table contains <b>1,001</b> of <b>3,000</b> rows"), "{page}");
    let examples = page.matches("<span class=\"place\">").count();
    assert_eq!(examples, 11, "ten of one problem, and one of the other");
}

/// The largest possible page: every cell is long and made of the characters with the longest escapes, and all values
/// differ.
#[test]
fn largest_page_stays_below_its_limit() {
    let wide = "\"&<>".repeat(100);
    let headers: Vec<String> = (0..200).map(|column| format!("{column} {wide}")).collect();
    let mut inputs = Vec::new();
    for file in 0..60 {
        let mut input =
            input(&format!("{file} {wide}"), &headers.iter().map(String::as_str).collect::<Vec<_>>());
        input.columns = Columns {
            phone: (0..20).collect(),
            first_name: Some(20),
            salutation: Some(21),
            ..Columns::default()
        };
        input.notes = (0..50).map(|note| format!("{note} {wide}{wide}")).collect();
        inputs.push(input);
    }
    let mut run = Run::new(inputs);
    let contact = contact();
    let codes = [
        Code::UnknownCountry,
        Code::UnknownSalutation,
        Code::NotANumber,
        Code::TooLong,
        Code::BadEncoding,
        Code::RaggedRow,
    ];
    for row in 0..2500 {
        let text = format!("{row} {wide}");
        let cells = vec![text.as_str(); 40];
        let problems: Vec<Problem> = codes
            .iter()
            .zip(0..)
            .map(|(code, column)| Problem::of_cell(*code, column, text.as_bytes(), text.clone()))
            .collect();
        run.add(
            &cells,
            match row % 5 {
                0 | 1 => Fate { code: Some(codes[row % codes.len()]), ..Fate::rejected(&problems) },
                2 => Fate { code: Some(Code::Refused), detail: &text, ..Fate::new(Outcome::Failed) },
                3 => Fate { code: Some(Code::InFile), detail: &text, ..Fate::new(Outcome::Suppressed) },
                _ => Fate {
                    code: Some(Code::OtherName),
                    detail: &text,
                    ..Fate::contact(Outcome::Duplicate, &contact)
                },
            },
        );
    }
    let mut report = run.report("import");
    report.platform =
        Some(PlatformReport { existing_notes: vec![wide.clone(); 100], ..PlatformReport::default() });
    let unknown =
        |field| (0..500).map(move |number| UnknownValue { field, value: format!("{number:0240}"), count: 1 });
    report.unknown_values = unknown("country").chain(unknown("salutation")).collect();
    let page = run.page("largest", &report);
    assert!(page.len() < MAX_BYTES, "{} bytes", page.len());
    let mut told = String::new();
    for id in ["problems", "changes", "unknown", "files", "collisions", "suppressed", "refused", "rows"] {
        if !page.contains(&format!("<section id=\"{id}\"")) {
            _ = write!(told, "{id} ");
        }
    }
    assert_eq!(told, "", "sections that are missing");
}

#[test]
fn stopped_run_is_shown_as_stopped() {
    let mut run = Run::new(vec![input("list.csv", HEADERS)]);
    let contact = contact();
    for outcome in [Outcome::Created, Outcome::Pending] {
        run.add(&["Mrs", "Asha", "Roy", "07700 900123", "GB"], Fate::contact(outcome, &contact));
    }
    let page = run.page("stopped", &Report { complete: false, ..run.report("import") });
    assert!(page.contains("The import stopped: 1 created; 1 not sent, or unacknowledged."), "{page}");
    assert!(page.contains("class=\"verdict bad\""), "{page}");
}
