//! `rollcall check`: reading, judging and reporting, through the built program.

use std::{collections::BTreeSet, fmt::Write as _};

use proptest::prelude::*;
use rollcall::{
    interrupt::Interrupt,
    normalize::NormalizeSettings,
    parse::{Input, ParseSettings},
    pipeline::{RunSettings, check},
    progress::Silent,
    report::OutputFolder,
    suppress::SuppressSettings,
};

use crate::{
    random::size,
    sealed::{Outcome, Sealed, USERS_FILE, assert_same},
};

const HEADER: &str = "First Name,Last Name,Salutation,Mobile,Country\n";

fn briefs(sealed: &Sealed, folder: &str) -> Vec<String> {
    sealed.outcomes(folder).iter().map(Outcome::brief).collect()
}

/// Returns the numbers of a list, or the codes of rows without one.
fn numbers(text: &str, options: &[&str]) -> Vec<String> {
    let sealed = Sealed::new();
    sealed.write("list.csv", text);
    let args: Vec<&str> =
        ["check", "list.csv", "-q", "--out", "out"].into_iter().chain(options.iter().copied()).collect();
    assert!(matches!(sealed.run(&args).code, 0 | 1));
    let number =
        |outcome: &Outcome| if outcome.code.is_empty() { &outcome.number } else { &outcome.code }.clone();
    sealed.outcomes("out").iter().map(number).collect()
}

/// Checks a list and returns its outcomes in short form.
fn checked(text: &str, options: &[&str]) -> Vec<String> {
    let sealed = Sealed::new();
    sealed.write("list.csv", text);
    let args: Vec<&str> =
        ["check", "list.csv", "-q", "--out", "out"].into_iter().chain(options.iter().copied()).collect();
    let ended = sealed.run(&args);
    assert!(matches!(ended.code, 0 | 1), "{}", ended.stderr);
    let lines = ended.stderr.lines().count();
    assert_eq!(
        (ended.stdout.as_str(), lines),
        ("", usize::from(ended.code != 0)),
        "-q says one line at most"
    );
    briefs(&sealed, "out")
}

#[test]
fn good_rows_exit_with_zero_and_the_report_keeps_its_schema() {
    let sealed = Sealed::new();
    sealed.write(
        "list.csv",
        format!("{HEADER}Asha,Kumar,Mrs,81234 56789,IN\nJoe,Bloggs,Mr,020 7946 0018,GB\n"),
    );
    let ended = sealed.run(&["check", "list.csv", "--out", "out"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(ended.stdout, "");
    assert_eq!(
        sealed.files(),
        [
            "list.csv",
            "out",
            "out/outcomes.csv",
            "out/rejected.csv",
            "out/rejected.xlsx",
            "out/report.html",
            "out/report.json"
        ]
    );
    let report = regex_free_timing(&sealed.read("out/report.json"));
    assert_same!("report_json", report);
    assert_eq!(
        sealed.read("out/rejected.csv"),
        "\u{feff}First Name,Last Name,Salutation,Mobile,Country,rollcall_file,rollcall_row,rollcall_code,rollcall_reason,rollcall_hint,rollcall_run\n"
    );
}

#[test]
fn report_html_shows_problems_and_changes() {
    let sealed = Sealed::new();
    let rows = [
        "Asha,Kumar,Frau,81234 56789,IN",
        "Joe,Bloggs,Mr,020 7946 0018 ext. 12,GB",
        "Max,Muster,Mr,0171 3920012,Deutchland",
        "<script>x</script>,Roe,Mr,+44 7700 900123,GB",
    ];
    sealed.write("list.csv", format!("{HEADER}{}\n", rows.join("\n")));
    let ended = sealed.run(&["check", "list.csv", "--out", "out"]);
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    assert!(
        ended
            .stderr
            .contains("Files: out/  outcomes.csv  rejected.csv  rejected.xlsx  report.html  report.json"),
        "{}",
        ended.stderr
    );
    let page = sealed.read("out/report.html");
    for text in [
        "1 of 4 rows can be imported; 3 rows must be fixed.",
        "<td>sure: its header is known, and its values agree</td>",
        "<b class=\"doubtful\">doubtful</b>: its header is known, but 1 of its 4 values is not a country that rollcall knows",
        "<mark>ext. 12</mark>",
        "<bdi>Frau</bdi> → <bdi><b>Mrs</b></bdi>",
        "<bdi>81234 56789</bdi> → <bdi><b>+918123456789</b></bdi>",
        "# &quot;Deutchland&quot; = &quot;DE&quot;",
        "&lt;script&gt;x&lt;/script&gt;",
    ] {
        assert!(page.contains(text), "{text}\n{page}");
    }
}

/// Replaces durations, which differ between runs.
fn regex_free_timing(report: &str) -> String {
    let (head, _) = report.split_once("\"timing_ms\"").unwrap();
    format!("{head}\"timing_ms\": ...")
}

#[test]
fn without_out_every_run_has_its_own_folder() {
    let sealed = Sealed::new();
    sealed.write("list.csv", format!("{HEADER}Asha,Kumar,Mrs,81234 56789,IN\n"));
    for _ in 0..2 {
        assert_eq!(sealed.run(&["check", "list.csv", "-q"]).code, 0);
    }
    let folders = sealed.files().iter().filter(|name| name.ends_with("outcomes.csv")).count();
    assert_eq!(folders, 2);
}

#[test]
fn several_files_are_one_list() {
    let sealed = Sealed::new();
    sealed.write("a.csv", format!("{HEADER}Asha,Kumar,Mrs,81234 56789,IN\n"));
    sealed.write("b.csv", "Phone;Name;Prefix\n+91 81234 56789;Asha Kumar;Mrs\n+44 20 7946 0018;Joe;Mr\n");
    let ended = sealed.run(&["check", "a.csv", "b.csv", "--out", "out", "-q"]);
    assert_eq!(ended.code, 1);
    let outcomes = sealed.outcomes("out");
    assert_eq!(briefs(&sealed, "out"), ["2 valid", "2 duplicate same-name", "3 rejected unclear-name"]);
    assert_eq!((outcomes[0].file.as_str(), outcomes[1].file.as_str()), ("a.csv", "b.csv"));
    assert_eq!(outcomes[1].detail, "same number as row 2 of a.csv");
    assert_same!(sealed.read("out/rejected.csv").trim_start_matches('\u{feff}'), @r#"
    First Name,Last Name,Salutation,Mobile,Country,Name,rollcall_file,rollcall_row,rollcall_code,rollcall_reason,rollcall_hint,rollcall_run
    ,,Mr,'+44 20 7946 0018,,Joe,b.csv,3,unclear-name,"an unclear name: `Joe` as the first name, or a last name: it is a single word","`Joe` is only one name: add the other one, or choose a last name for all such rows with --default-last-name.",RUN
    "#);
}

#[test]
fn keep_chooses_the_first_or_last_row_of_a_number() {
    let list = format!(
        "{HEADER}Asha,Kumar,Mrs,81234 56789,IN\nLi,Example,Mr,081234 56789,IN\nasha,KUMAR,Mrs,+91 81234 56789,\n"
    );
    assert_eq!(checked(&list, &[]), ["2 valid", "3 duplicate other-name", "4 duplicate same-name"]);
    assert_eq!(
        checked(&list, &["--keep", "last"]),
        ["2 duplicate same-name", "3 duplicate other-name", "4 valid"]
    );
}

#[test]
fn rejected_row_does_not_claim_its_number() {
    let list = format!("{HEADER}Asha,,Mrs,81234 56789,IN\nAsha,Kumar,Mrs,81234 56789,IN\n");
    assert_eq!(checked(&list, &[]), ["2 rejected missing-last-name", "3 valid"]);
}

#[test]
fn options_decide_which_rows_pass() {
    let list = format!(
        "{HEADER}Asha,Kumar,,81234 56789,\nFred,,Mr,020 7946 0018 x5,GB\nAnn,Sample,Ms,(555) 555-0123,US\nJoe,Bloggs,Mr,020 7946 0444,GB\n"
    );
    assert_eq!(
        checked(&list, &[]),
        ["2 rejected no-region", "3 rejected has-extension", "4 rejected invalid-number", "5 valid"]
    );
    let options = [
        "--region",
        "in",
        "--default-salutation",
        "Mrs",
        "--default-last-name",
        "-",
        "--drop-extensions",
        "--accept",
        "possible",
    ];
    assert_eq!(checked(&list, &options), ["2 valid", "3 valid", "4 valid", "5 valid"]);
    assert_eq!(checked(&list, &["--types", "mobile"])[3], "5 rejected wrong-type");
    assert_eq!(checked(&list, &["--types", "mobile,fixed-line"])[3], "5 valid");
}

#[test]
fn column_decides_ambiguous_digits() {
    let list = |numbers: &[&str]| {
        let row = |number: &&str| format!("Asha,Kumar,Mrs,{number},DE\n");
        format!("{HEADER}{}", numbers.iter().map(row).collect::<String>())
    };
    let whole = ["49301234567", "498912345678", "31612345678", "491711234567"];
    assert_eq!(numbers(&list(&whole), &[])[3], "491711234567");
    let national = ["1711234568", "301234567", "8912345678", "491711234567"];
    // A spreadsheet that drops the zeros of this column also drops the plus sign of `+49 171…`.
    assert_eq!(numbers(&list(&national), &[])[3], "ambiguous-number");
    let fixed = ["1711234568", "301234567", "8912345678", "33123456789"];
    assert_eq!(numbers(&list(&fixed), &[])[3], "4933123456789");
    assert_eq!(numbers(&list(&["491711234567"]), &[]), ["ambiguous-number"]);
}

#[test]
fn countries_are_read_in_common_spellings() {
    let text = format!(
        "{HEADER}A,Low,Ms,081234 56780,India (+91)\nB,Low,Ms,081234 56781,'+91\nC,Low,Ms,291 1234,+1-868\n\
         D,Low,Ms,0171 3920001,Deutschland\nE,Low,Ms,020 7946 0018,N/A\nF,Low,Ms,020 7946 0019,Atlantis\n"
    );
    assert_eq!(
        numbers(&text, &["--region", "GB"]),
        ["918123456780", "918123456781", "18682911234", "491713920001", "442079460018", "unknown-country"]
    );
}

#[test]
fn columns_are_mapped_by_header_or_number() {
    let list = "who,anrede,ring me at\nAsha Kumar,Frau,+91 81234 56789\n";
    assert_eq!(checked(list, &["--map", "phone=ring me at", "--map", "full_name=1"]), ["2 valid"]);
    assert_eq!(checked(list, &["--map", "phone=3", "--map", "full-name=who"]), ["2 valid"]);
    let list = "Asha Kumar|Frau|+91 81234 56789\nJoe Bloggs|Mr|+44 20 7946 0018\n";
    let options = ["--no-header", "--map", "phone=3", "--map", "full_name=1", "--map", "salutation=2"];
    assert_eq!(checked(list, &options), ["1 valid", "2 valid"]);
    assert_eq!(checked(list, &[&options[..], &["--delimiter", "|"]].concat()), ["1 valid", "2 valid"]);
}

#[test]
fn list_is_read_from_standard_input() {
    let sealed = Sealed::new();
    let list = format!("{HEADER}Asha,Kumar,Mrs,81234 56789,IN\n");
    let ended = sealed.run_with_input(&["check", "-", "--out", "out", "-q"], list.as_bytes());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(sealed.outcomes("out")[0].file, "-");
    let workbook = std::fs::read(crate::sealed::samples().join("contacts.xlsx")).unwrap();
    let ended = sealed.run_with_input(&["check", "-", "--out", "xlsx", "-q"], &workbook);
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    assert_eq!(sealed.report("xlsx")["inputs"][0]["sheet"], "Leads");
}

#[test]
fn rejected_rows_are_rejected_for_the_same_reason_again() {
    let sealed = Sealed::new().with_samples();
    assert_eq!(sealed.run(&["check", "samples/contacts.csv", "--out", "once", "-q"]).code, 1);
    let rejected = std::fs::read(sealed.path("once/rejected.csv")).unwrap();
    assert!(std::str::from_utf8(&rejected).is_ok(), "whatever the encoding of the rows");
    sealed.write("again.csv", &rejected);
    assert_eq!(sealed.run(&["check", "again.csv", "--out", "twice", "-q"]).code, 1);
    let codes = |folder: &str| -> Vec<String> {
        let rows = sealed.outcomes(folder).into_iter().filter(|row| row.outcome == "rejected");
        rows.map(|row| row.code).collect()
    };
    assert_eq!(codes("twice"), codes("once"));
    // Only the run, the file and the row number differ, and invalid bytes are missing.
    let again = std::fs::read(sealed.path("twice/rejected.csv")).unwrap();
    let origin = ["rollcall_row", "rollcall_file", "rollcall_run"];
    let compared = |csv: &[u8]| without_columns(&without_code(csv, b"bad-encoding"), origin);
    assert_eq!(compared(&again), compared(&rejected));
}

fn without_code(rejected: &[u8], code: &[u8]) -> Vec<u8> {
    let mut reader = csv::Reader::from_reader(rejected);
    let place = place_of(&mut reader, "rollcall_code");
    let mut writer = csv::Writer::from_writer(vec![]);
    writer.write_byte_record(reader.byte_headers().unwrap()).unwrap();
    for row in reader.byte_records().map(Result::unwrap).filter(|row| &row[place] != code) {
        writer.write_byte_record(&row).unwrap();
    }
    writer.into_inner().unwrap()
}

fn place_of(reader: &mut csv::Reader<&[u8]>, column: &str) -> usize {
    reader.headers().unwrap().iter().position(|header| header == column).unwrap()
}

fn without_columns(csv: &[u8], columns: [&str; 3]) -> Vec<Vec<Vec<u8>>> {
    let mut reader = csv::Reader::from_reader(csv);
    let places = columns.map(|column| place_of(&mut reader, column));
    let kept = |row: csv::ByteRecord| {
        row.iter().enumerate().filter(|(at, _)| !places.contains(at)).map(|(_, cell)| cell.to_vec()).collect()
    };
    reader.byte_records().map(|row| kept(row.unwrap())).collect()
}

#[test]
fn number_of_threads_does_not_change_the_result() {
    let sealed = Sealed::new();
    let mut list = HEADER.to_owned();
    for n in 0..9000 {
        let country = ["IN", "GB", "US", "XX"][n % 4];
        writeln!(list, "First{n},Last{},Mr,0{}{:04},{country}", n % 7, 2079 + n % 3, n % 5000).unwrap();
    }
    sealed.write("list.csv", list);
    let outcomes: BTreeSet<String> = ["1", "2", "7"]
        .into_iter()
        .map(|threads| {
            let mut command = sealed.command(&["check", "list.csv", "--out", threads, "-q"]);
            command.env("RAYON_NUM_THREADS", threads);
            assert_eq!(crate::sealed::ended(command).code, 1);
            let run = sealed.report(threads)["run"].as_str().unwrap().to_owned();
            let rejected = sealed.read(&format!("{threads}/rejected.csv")).replace(&run, "RUN");
            sealed.read(&format!("{threads}/outcomes.csv")) + &rejected
        })
        .collect();
    assert_eq!(outcomes.len(), 1);
    assert_eq!(sealed.outcomes("7").len(), 9000);
}

#[test]
fn hostile_cell_is_harmless_in_terminal_and_spreadsheet() {
    let sealed = Sealed::new();
    sealed.write(
        "list.csv",
        "Name,Salutation,Phone,Notes\n=cmd|' /C calc'!A0,Mr,\x1b[2J\x1b]0;gotcha\x07,@x\n",
    );
    let ended = sealed.run(&["check", "list.csv", "--out", "out"]);
    assert_eq!(ended.code, 1);
    assert!(!ended.stderr.contains('\x1b'), "{:?}", ended.stderr);
    assert!(ended.stderr.contains("\\u{1b}"), "{}", ended.stderr);
    let rejected = sealed.read("out/rejected.csv");
    assert!(rejected.contains("\n'=cmd") && rejected.contains("'@x"), "{rejected}");
}

#[test]
fn command_line_wins_over_settings_files() {
    let sealed = Sealed::new();
    let list = format!("{HEADER}Asha,Kumar,,81234 56789,\n");
    sealed.write("list.csv", &list);
    sealed.write(
        USERS_FILE,
        "region = \"IN\"\ndefault-salutation = \"Mrs\"\nout = \"../../work/here\"\nquiet = true\n",
    );
    let ended = sealed.run(&["check", "list.csv"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    assert_eq!(briefs(&sealed, "here"), ["2 valid"]);
    let again = sealed.run(&["check", "list.csv"]);
    assert_eq!(again.code, 2, "{}", again.stderr);
    assert_eq!(sealed.run(&["check", "list.csv", "--region", "GB", "--overwrite"]).code, 1);
    sealed.write("other.toml", "region = \"IN\"\n");
    sealed.run(&["check", "list.csv", "--config", "other.toml", "--out", "there"]);
    assert_eq!(briefs(&sealed, "there"), ["2 rejected missing-salutation"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(u32::try_from(size(24, 64, 256)).unwrap()))]

    /// For any file, every row that is not blank ends with exactly one outcome, in order.
    #[test]
    fn outcomes_partition_the_rows(
        rows in prop::collection::vec(("[A-Z][a-z]{0,3}|", "[A-Z][a-z]{0,3}|", "Mr|Mrs|X|", "0?8123456[0-9]{3}|[0-9+ ]{0,9}"), 1..40),
        keep_last in any::<bool>(),
    ) {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("list.csv");
        let mut writer = csv::Writer::from_path(&path).unwrap();
        writer.write_record(["First", "Last", "Salutation", "Phone"]).unwrap();
        for (first, last, salutation, phone) in &rows {
            writer.write_record([first, last, salutation, phone]).unwrap();
        }
        writer.flush().unwrap();
        let expected: Vec<u64> = (2..).zip(&rows)
            .filter(|(_, (a, b, c, d))| [a, b, c, d].iter().any(|cell| !cell.trim().is_empty()))
            .map(|(line, _)| line)
            .collect();
        prop_assume!(!expected.is_empty());

        let settings = RunSettings {
            run: "test".to_owned(),
            normalize: NormalizeSettings { region: rollcall::contact::Region::new("IN"), ..NormalizeSettings::default() },
            keep: if keep_last { rollcall::dedupe::Keep::Last } else { rollcall::dedupe::Keep::First },
            export: None,
            config_files: Vec::new(),
        };
        let input = Input::open(&path, &ParseSettings::default()).unwrap();
        let folder = OutputFolder::create(&home.path().join("out")).unwrap();
        let finished = check(vec![input], &settings, &SuppressSettings::default(), folder, &Silent, &Interrupt::default()).unwrap();

        let mut reader = csv::Reader::from_path(home.path().join("out/outcomes.csv")).unwrap();
        let outcomes: Vec<Outcome> = reader.deserialize().map(Result::unwrap).collect();
        prop_assert_eq!(outcomes.iter().map(|row| row.row).collect::<Vec<_>>(), expected);
        prop_assert_eq!(finished.report.totals.rows(), outcomes.len() as u64);
        let valid: Vec<&str> = outcomes.iter().filter(|row| row.outcome == "valid").map(|row| row.number.as_str()).collect();
        let distinct: BTreeSet<&str> = valid.iter().copied().collect();
        prop_assert_eq!(valid.len(), distinct.len(), "a number goes on once");
        let duplicates: BTreeSet<&str> =
            outcomes.iter().filter(|row| row.outcome == "duplicate").map(|row| row.number.as_str()).collect();
        prop_assert!(duplicates.is_subset(&distinct), "a duplicate repeats a number that goes on");
    }
}

#[test]
fn endless_list_can_be_interrupted() {
    use std::io::Write as _;

    let sealed = Sealed::new();
    let mut command = sealed.command(&["check", "-", "--out", "out"]);
    command.stdin(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(HEADER.as_bytes()).unwrap();
    // More bytes than a pipe holds: after the write, the program has read some, and its signal handler is installed.
    for _ in 0..4000 {
        input.write_all(b"Asha,Kumar,Mrs,81234 56789,IN\n").unwrap();
    }
    let mut running = crate::sealed::Running { child, printed: String::new() };
    running.signal("INT");
    assert_eq!(running.child.wait().unwrap().code(), Some(130));
    assert_eq!(sealed.files(), [""; 0], "something was left behind");
    drop(input);
}

#[test]
fn version_names_the_numbering_plans() {
    let version = Sealed::new().run(&["--version"]).stdout;
    assert!(version.starts_with("rollcall ") && version.contains(", numbering plans 9."), "{version}");
}

/// Headers can be consent texts and survey questions of hundreds of characters.
#[test]
fn long_headers_are_read_whole() {
    let consent =
        format!("I have read {}and agree, please do not call", "the terms of this campaign, ".repeat(60));
    assert!(consent.len() > 1024);
    let list =
        format!("Salutation,First Name,Last Name,Phone,\"{consent}\"\nMs,Asha,Rao,+919876543201,Yes\n");
    assert_eq!(checked(&list, &[]), ["2 suppressed do-not-call-column"]);
    let titled = format!("Leads of spring\n{list}");
    assert_eq!(checked(&titled, &[]), ["3 suppressed do-not-call-column"]);
    let again =
        format!("{list}Salutation,First Name,Last Name,Phone,\"{consent}\"\nMs,Bela,Rao,+919876543202,No\n");
    assert_eq!(checked(&again, &[]), ["2 suppressed do-not-call-column", "4 valid"]);
}

/// Each open workbook has a child process. Those of many files must not all run at once.
#[test]
#[cfg(target_os = "linux")]
fn many_workbooks_need_few_processes() {
    let sealed = Sealed::new();
    let names: Vec<String> = (0..20).map(|number| format!("{number}.xlsx")).collect();
    for (name, number) in names.iter().zip(200..) {
        let mut workbook = rust_xlsxwriter::Workbook::new();
        let sheet = workbook.add_worksheet();
        for (column, cells) in (0..).zip([("Salutation", "Ms"), ("First Name", "Asha"), ("Last Name", "Rao")])
        {
            sheet.write(0, column, cells.0).unwrap();
            sheet.write(1, column, cells.1).unwrap();
        }
        sheet.write(0, 3, "Phone").unwrap();
        sheet.write(1, 3, format!("+919876543{number}")).unwrap();
        sealed.write(name, workbook.save_to_buffer().unwrap());
    }
    let args: Vec<&str> =
        ["check", "--out", "out", "-q"].into_iter().chain(names.iter().map(String::as_str)).collect();
    let command = sealed.command(&args);
    let mut limited = std::process::Command::new("sh");
    limited
        .args(["-c", "ulimit -n 64; exec \"$0\" \"$@\""])
        .arg(command.get_program())
        .args(command.get_args());
    limited.current_dir(sealed.path("")).env_clear();
    limited.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let ended = crate::sealed::ended(limited);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(sealed.outcomes("out").len(), 20);
}
