//! Output files opened in a spreadsheet. No cell is run as a formula, with any list separator of the machine, and
//! rollcall reads the same cells back.

use rollcall::formula::unguard;

use crate::sealed::Sealed;

/// Notes that a spreadsheet would run. Some have the formula after a separator, others after characters that programs
/// remove.
const HOSTILE: [&str; 14] = [
    "=1+2",
    "x;=cmd|' /C calc'!A0",
    "x|+1+cmd|' /C calc'!A0",
    "x\t-1+1",
    "5,=1+2",
    "\u{a0}=1+2",
    "\u{3000}\u{200b}＝1+2",
    " @SUM(1)",
    "\n=1+2",
    "x\r\n=1+2",
    "x;\"=1+2\"",
    "'=1+2",
    "x;'＋1",
    "+44 7700 900123",
];

fn quoted(cell: &str) -> String {
    format!("\"{}\"", cell.replace('"', "\"\""))
}

/// Returns a list with hostile notes. Every second row has no salutation.
fn list(delimiter: &str) -> String {
    let mut list =
        ["First Name", "Last Name", "Salutation", "Mobile", "Note;=1+2"].map(quoted).join(delimiter) + "\n";
    for (index, note) in HOSTILE.iter().enumerate() {
        let salutation = if index % 2 == 0 { "" } else { "Mr" };
        let number = format!("+4477009001{index:02}");
        list += &["Asha", "Low", salutation, &number, note].map(quoted).join(delimiter);
        list.push('\n');
    }
    list
}

/// Returns the cells of a spreadsheet that splits at `separator`.
fn cells(text: &str, separator: u8) -> Vec<Vec<String>> {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new();
    let mut reader =
        reader.has_headers(false).flexible(true).delimiter(separator).from_reader(text.as_bytes());
    let cells = |row: csv::StringRecord| row.iter().map(str::to_owned).collect();
    reader.records().map(|row| cells(row.unwrap())).collect()
}

/// Asserts that no cell of a file is a formula, with any separator.
pub(crate) fn assert_runs_nothing(name: &str, text: &str) {
    for separator in *b",;\t|" {
        for cell in cells(text, separator).iter().flatten() {
            let is_skipped = |letter: char| letter.is_whitespace() || "\"\u{200b}\u{feff}".contains(letter);
            let is_run =
                cell.trim_start_matches(is_skipped).starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
            assert!(!is_run, "{name}, split at {:?}: {cell:?}", char::from(separator));
        }
    }
}

/// Returns the rows to fix without the columns of rollcall.
fn own(text: &str, separator: u8) -> Vec<Vec<String>> {
    let rows = cells(text, separator);
    let is_own = |column: &usize| !rows[0][*column].starts_with("rollcall_");
    let columns: Vec<usize> = (0..rows[0].len()).filter(is_own).collect();
    let cell = |cell: &String| String::from_utf8(unguard(cell.as_bytes()).into_owned()).unwrap();
    rows.iter().map(|row| columns.iter().map(|column| cell(&row[*column])).collect()).collect()
}

// Source: zvory/csv-safe pull request 25 (blanks before a sign), OWASP/www-community issue 1115 (line feeds).
#[test]
fn output_files_run_no_formula_and_are_read_back_unchanged() {
    for delimiter in [",", ";"] {
        let sealed = Sealed::new();
        let separator = delimiter.as_bytes()[0];
        let name = "li;=1+2.csv";
        sealed.write(name, list(delimiter));
        let args =
            ["--accept", "possible", "--export", "export.csv", "--export-layout", "full", "--out", "out"];
        let output = sealed.run(&[&["check", name], args.as_slice()].concat());
        assert_eq!(output.code, 1, "{}", output.stderr);
        for file in ["out/outcomes.csv", "out/rejected.csv", "export.csv"] {
            let text = sealed.read(file);
            assert!(text.contains(";'"), "{file}: {text}");
            assert_runs_nothing(file, &text);
        }
        let text = sealed.read("out/rejected.csv");
        let before = own(&text, separator);
        let of_list = cells(&list(delimiter), separator);
        let to_fix = |(index, row): (usize, Vec<String>)| (index == 0 || index % 2 == 1).then_some(row);
        assert_eq!(before, of_list.into_iter().enumerate().filter_map(to_fix).collect::<Vec<_>>());
        for file in ["out/rejected.csv", "out/rejected.xlsx"] {
            let output = sealed.run(&["check", file, "--accept", "possible", "--out", "again"]);
            assert_eq!(output.code, 1, "{file}: {}", output.stderr);
            let text = sealed.read("again/rejected.csv");
            let separator = if file.ends_with("csv") { separator } else { b',' };
            assert_eq!(own(&text, separator), before, "{file}");
        }
    }
}
