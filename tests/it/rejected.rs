//! Rejected rows, fixed and imported again.

use std::io::Read as _;

use crate::{
    lists::list,
    sandboxed::run,
    sealed::{Outcome, Running, Sealed, USERS_FILE, ended},
};

fn briefs(sealed: &Sealed, folder: &str) -> Vec<String> {
    sealed.outcomes(folder).iter().map(Outcome::brief).collect()
}

/// Returns the cells of a file of rejected rows, header first.
fn cells(sealed: &Sealed, name: &str, delimiter: u8) -> Vec<Vec<String>> {
    let text = sealed.read(name);
    let text = text.strip_prefix('\u{feff}').unwrap();
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).delimiter(delimiter).from_reader(text.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

// Source: contao-leads issue 31
#[test]
fn delimiter_of_the_input_is_kept_and_the_text_is_marked_as_utf_8() {
    for delimiter in [',', ';', '\t', '|'] {
        let sealed = Sealed::new();
        let list = "Vorname;Nachname;Anrede;Mobil;Notiz\nZoë;Müller;;0171 1234567;\"a;b,c|d\"\nAsha;Rao;Frau;0171 1234568;x\n";
        let list: String = if delimiter == ';' {
            list.to_owned()
        } else {
            list.replace("a;b,c|d", "#").replace(';', &delimiter.to_string()).replace('#', "a;b,c|d\ty")
        };
        sealed.write("list.csv", list);
        assert_eq!(sealed.run(&["check", "list.csv", "--region", "DE", "--out", "out", "-q"]).code, 1);
        let found = cells(&sealed, "out/rejected.csv", u8::try_from(delimiter).unwrap());
        let own = ["file", "row", "code", "reason", "hint", "run"].map(|name| format!("rollcall_{name}"));
        let own = own.each_ref().map(String::as_str);
        assert_eq!(found[0], [&["Vorname", "Nachname", "Anrede", "Mobil", "Notiz"][..], &own].concat());
        assert_eq!(found[1][..4], ["Zoë", "Müller", "", "0171 1234567"]);
        assert_eq!(found[1][5..8], ["list.csv", "2", "missing-salutation"]);
        assert_eq!(found.len(), 2);
        // The options describe the other files: this one has a header and is UTF-8.
        let fixed = sealed.read("out/rejected.csv").replacen(
            &format!("Müller{delimiter}"),
            &format!("Müller{delimiter}Frau"),
            1,
        );
        sealed.write("fixed.csv", fixed);
        let args = ["--no-header", "--encoding", "windows-1252", "--map", "phone=4", "--map", "first_name=1"];
        let args = [
            &["check", "fixed.csv", "--region", "DE", "--out", "again"],
            &args[..],
            &["--map", "last_name=2", "--map", "salutation=3"],
        ];
        let output = sealed.run(&args.concat());
        assert_eq!(briefs(&sealed, "again"), ["2 valid"], "{}", output.stderr);
        assert!(sealed.read("again/report.json").contains("\"encoding\": \"utf-8\""));
    }
}

#[test]
fn fixed_rows_name_the_run_and_the_rows_they_replace() {
    let sealed = Sealed::new();
    sealed.write(
        "list.csv",
        "First Name,Last Name,Salutation,Mobile\nAsha,Rao,,+44 20 7946 0100\nBen,Low,Mr,+44 20 7946 0101\n\
         Eve,Marsh,Ms,1\nIda,Hall,,+44 20 7946 0104\n",
    );
    let check = |args: &[&str], out: &str| sealed.run(&[&["check"], args, &["--out", out]].concat());
    assert_eq!(check(&["list.csv", "-q"], "once").code, 1);
    let run = sealed.report("once")["run"].as_str().unwrap().to_owned();
    assert_eq!(sealed.report("once")["inputs"][0]["fixes"], serde_json::json!([]));
    let fixed = sealed.read("once/rejected.csv").replace("Rao,,", "Rao,Mrs,").replace("Hall,,", "Hall,Ms,");
    sealed.write("fixed.csv", &fixed);

    let output = check(&["list.csv", "fixed.csv"], "twice");
    let briefs_of = |out: &str| briefs(&sealed, out);
    assert_eq!(
        briefs_of("twice"),
        [
            "2 rejected missing-salutation",
            "3 valid",
            "4 rejected not-a-number",
            "5 rejected missing-salutation",
            "2 valid",
            "3 rejected not-a-number",
            "4 valid"
        ],
        "{}",
        output.stderr
    );
    let counted = sealed.report("twice")["inputs"][1]["fixes"].clone();
    assert_eq!(counted, serde_json::json!([{"run": run, "rows": 3}]));
    let note = format!("3 rows are rows to fix from run {run}");
    assert!(output.stderr.contains(&note), "{}", output.stderr);
    assert!(sealed.read("twice/report.html").contains(&note));
    let explained = sealed.run(&["explain", "fixed.csv", "4"]);
    let origin = format!("was row 5 of list.csv, a row to fix of the run {run}");
    assert!(explained.stdout.contains(&origin), "{}", explained.stdout);
    // A row that is rejected again names the latest run.
    let again = cells(&sealed, "twice/rejected.csv", b',');
    let run = sealed.report("twice")["run"].as_str().unwrap().to_owned();
    assert_eq!(again.last().unwrap()[4..6], ["fixed.csv", "3"]);
    assert_eq!(again.last().unwrap().last(), Some(&run));

    // If the original row is valid now too, the fixed row is imported.
    let output = check(&["./list.csv", "fixed.csv", "--default-salutation", "Mr"], "third");
    let found = sealed.outcomes("third");
    assert_eq!(
        found.iter().map(Outcome::brief).collect::<Vec<_>>(),
        [
            "2 duplicate same-name",
            "3 valid",
            "4 rejected not-a-number",
            "5 duplicate same-name",
            "2 valid",
            "3 rejected not-a-number",
            "4 valid"
        ],
        "{}",
        output.stderr
    );
    assert_eq!(found[0].detail, "same number as row 2 of fixed.csv");
}

#[test]
fn ragged_rows_pass_only_after_their_cells_are_corrected() {
    let sealed = Sealed::new();
    let list = "First Name,Last Name,Salutation,Mobile,Fax,Country\n\
        Asha,Mrs,020 7946 0100,020 7946 0190,GB\n\
        Ben,Low, Jr,Mr,020 7946 0101,,GB\n\
        Eve,Marsh,Ms,020 7946 0102,020 7946 0192,GB\n\
        Ann,Lee,Ms,020 7946 0103,020 7946 0193,GB\n";
    sealed.write("list.csv", list);
    assert_eq!(sealed.run(&["check", "list.csv", "--out", "once", "-q"]).code, 1);
    assert_eq!(briefs(&sealed, "once")[..2], ["2 rejected ragged-row", "3 rejected ragged-row"]);
    let once = cells(&sealed, "once/rejected.csv", b',');
    assert_eq!(once[0][6..8], ["rollcall_extra_1", "rollcall_ragged"]);
    assert!(once[1][7].starts_with("5 cells instead of 6 ["), "{}", once[1][7]);

    // An unchanged row is rejected again, even if a column is filled in for all rows.
    for (name, from) in [("again", "once"), ("third", "again")] {
        assert_eq!(sealed.run(&["check", &format!("{from}/rejected.csv"), "--out", name, "-q"]).code, 1);
        assert_eq!(briefs(&sealed, name), ["2 rejected ragged-row", "3 rejected ragged-row"]);
        let own = |row: &Vec<String>| row[..8].to_vec();
        let (found, first) = (cells(&sealed, &format!("{name}/rejected.csv"), b','), &once);
        assert_eq!(found.iter().map(own).collect::<Vec<_>>(), first.iter().map(own).collect::<Vec<_>>());
    }
    let text = sealed.read("once/rejected.csv");
    sealed.write("filled.csv", text.replace("020 7946 0100,020 7946 0190,GB,", "Mrs,020 7946 0190,GB,GB"));
    assert_eq!(sealed.run(&["check", "filled.csv", "--out", "filled", "-q"]).code, 1);
    assert!(briefs(&sealed, "filled").iter().all(|brief| brief.contains("rejected")));

    // Only the cells are corrected.
    let text = text
        .replace("Asha,Mrs,020 7946 0100,020 7946 0190,GB,,", "Asha,Rao,Mrs,020 7946 0100,020 7946 0190,GB,");
    let text = text.replace("Ben,Low, Jr,Mr,020 7946 0101,,GB", "Ben,\"Low, Jr\",Mr,020 7946 0101,,GB,GB");
    sealed.write("fixed.csv", text);
    let output = sealed.run(&["check", "list.csv", "fixed.csv", "--out", "fixed", "-q"]);
    assert_eq!(
        briefs(&sealed, "fixed")[4..],
        ["2 valid", "3 valid"],
        "{}\n{}",
        output.stderr,
        sealed.read("fixed.csv")
    );
    assert_eq!(sealed.outcomes("fixed")[4].number, "442079460100");
}

#[test]
fn fixed_rows_of_different_headers_are_read_from_common_and_separate_files() {
    let sealed = Sealed::new();
    sealed.write(
        "a.csv",
        "First Name,Last Name,Salutation,Mobile\nAsha,Rao,,020 7946 0100\nBen,Low,Mr,020 7946 0101\n",
    );
    sealed.write(
        "leads.csv",
        "Telefon;Nachname;Vorname;Anrede\n020 7946 0102;Marsh;Eve;\n020 7946 0103;Lee;Ann;Frau\n",
    );
    sealed.write("names.csv", "Name,Prefix,Phone\nIda Hall,,020 7946 0104\n");
    let check = |files: &[&str], out: &str| {
        sealed.run(&[&["check"], files, &["--region", "GB", "--out", out, "-q"]].concat())
    };
    assert_eq!(check(&["a.csv", "leads.csv", "names.csv"], "once").code, 1);
    let files: Vec<String> = sealed.files().into_iter().filter(|name| name.contains("rejected")).collect();
    let names = ["rejected-1-a.csv", "rejected-2-leads.csv", "rejected-3-names.csv", "rejected.csv"];
    assert_eq!(
        files.iter().filter(|name| !name.ends_with("xlsx")).collect::<Vec<_>>(),
        names.map(|name| format!("once/{name}")).iter().collect::<Vec<_>>()
    );
    let common = cells(&sealed, "once/rejected.csv", b',');
    assert_eq!(common[0][..5], ["First Name", "Last Name", "Salutation", "Mobile", "Name"]);
    assert_eq!(common[2][..6], ["Eve", "Marsh", "", "020 7946 0102", "", "leads.csv"]);
    let fill = |cells: &[Vec<String>], column: usize| {
        let mut writer = csv::Writer::from_writer(vec![]);
        for (index, row) in cells.iter().enumerate() {
            let mut row = row.clone();
            if index > 0 {
                row[column] = "Mrs".to_owned();
            }
            writer.write_record(row).unwrap();
        }
        writer.into_inner().unwrap()
    };
    sealed.write("fixed.csv", fill(&common, 2));
    let output = check(&["a.csv", "fixed.csv"], "common");
    assert_eq!(briefs(&sealed, "common")[2..], ["2 valid", "3 valid", "4 valid"], "{}", output.stderr);
    let own =
        [("rejected-1-a.csv", b',', 2), ("rejected-2-leads.csv", b';', 3), ("rejected-3-names.csv", b',', 1)];
    for (name, delimiter, column) in own {
        sealed.write(name, fill(&cells(&sealed, &format!("once/{name}"), delimiter), column));
    }
    let output = check(&own.map(|(name, ..)| name), "own");
    assert_eq!(briefs(&sealed, "own"), ["2 valid", "2 valid", "2 valid"], "{}", output.stderr);
}

/// Returns a part of a workbook as text.
pub(crate) fn part(sealed: &Sealed, workbook: &str, name: &str) -> Option<String> {
    let file = std::fs::File::open(sealed.path(workbook)).unwrap();
    let mut archive = zip::ZipArchive::new(file).unwrap();
    let mut text = String::new();
    archive.by_name(name).ok()?.read_to_string(&mut text).unwrap();
    Some(text)
}

/// Writes the workbook with edited parts.
pub(crate) fn edited(sealed: &Sealed, from: &str, to: &str, edits: &[(&str, &str)]) {
    let file = std::fs::File::open(sealed.path(from)).unwrap();
    let mut archive = zip::ZipArchive::new(file).unwrap();
    let mut writer = zip::ZipWriter::new(std::fs::File::create(sealed.path(to)).unwrap());
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        if let Ok(mut text) = String::from_utf8(content.clone()) {
            for (old, new) in edits {
                text = text.replace(old, new);
            }
            content = text.into_bytes();
        }
        let name = entry.name().unwrap().into_owned();
        writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut writer, &content).unwrap();
    }
    writer.finish().unwrap();
}

#[test]
fn rejected_workbook_is_imported_with_the_original_without_duplicates() {
    let sealed = Sealed::new();
    let broken = "Eve,Low,,+44 20 7946 0101\nAnn,Lee,Mrs,=1+2\n";
    sealed.write("list.csv", list(0..3) + broken);
    let sandbox = Running::sandbox(&sealed, &["--rate-limit", "100000"]);
    let import = |files: &[&str], out: &str| {
        run(&sealed, &sandbox, &[&["import"], files, &["--rate", "100000", "--out", out, "-q"]].concat())
    };
    assert_eq!(import(&["list.csv"], "once").code, 1);
    assert_eq!(sealed.report("once")["totals"]["created"], 3);

    let sheet = part(&sealed, "once/rejected.xlsx", "xl/worksheets/sheet2.xml").unwrap();
    assert!(!sheet.contains("<f>") && !sheet.contains("hyperlink"), "{sheet}");
    assert!(
        sheet.contains("<t>'=1+2</t>") && sheet.contains("autoFilter") && sheet.contains("state=\"frozen\""),
        "{sheet}"
    );
    let comments = part(&sealed, "once/rejected.xlsx", "xl/comments1.xml").unwrap();
    assert!(comments.contains("ref=\"C2\"") && comments.contains("no salutation"), "{comments}");
    assert!(comments.contains("ref=\"D3\""), "{comments}");

    // Fill in the empty salutation and correct the number.
    let at = sheet.find("r=\"C2\"").unwrap();
    let empty = &sheet[at - 3..=at + sheet[at..].find('>').unwrap()];
    assert!(empty.ends_with("/>"), "{empty}");
    let filled = empty.replace("/>", " t=\"inlineStr\"><is><t>Ms</t></is></c>");
    edited(
        &sealed,
        "once/rejected.xlsx",
        "fixed.xlsx",
        &[(empty, filled.as_str()), ("'=1+2", "020 7946 0102")],
    );
    let output = import(&["list.csv", "fixed.xlsx", "--region", "GB"], "twice");
    let report = sealed.report("twice");
    let totals = &report["totals"];
    assert_eq!(
        (&totals["created"], &totals["existing"], &totals["rejected"]),
        (&2.into(), &3.into(), &2.into()),
        "{}",
        output.stderr
    );
    assert_eq!(sealed.outcomes("twice")[6].number, "442079460102");
    import(&["list.csv", "fixed.xlsx", "--region", "GB"], "third");
    assert_eq!(sealed.report("third")["totals"]["existing"], 5);
}

#[test]
fn each_sheet_of_the_rejected_workbook_is_an_input() {
    let sealed = Sealed::new();
    sealed.write(
        "a.csv",
        "First Name,Last Name,Salutation,Mobile\nAsha,Rao,,020 7946 0100\nBen,Low, Jr,Mr,020 7946 0101\n",
    );
    sealed.write("leads.csv", "Telefon;Nachname;Vorname;Anrede\n020 7946 0102;Marsh_x0041_;'+Eve;Lady\n020 7946 0103;Lee;Ann;Frau\n");
    let check = |files: &[&str], out: &str| {
        sealed.run(&[&["check"], files, &["--region", "GB", "--out", out]].concat())
    };
    assert_eq!(check(&["a.csv", "leads.csv"], "once").code, 1);
    // Unchanged, the same rows are rejected for the same reasons.
    let again = check(&["once/rejected.xlsx", "--sheet", "Leads"], "again");
    assert_eq!(
        briefs(&sealed, "again"),
        ["2 rejected missing-salutation", "3 rejected ragged-row", "2 rejected unknown-salutation"],
        "{}",
        again.stderr
    );
    assert!(!again.stderr.contains("not read"), "{}", again.stderr);
    let sheets: Vec<_> = sealed.report("again")["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|input| input["sheet"].clone())
        .collect();
    assert_eq!(sheets, ["1 a", "2 leads"]);
    let users = |rows: Vec<Vec<String>>| -> Vec<Vec<String>> {
        rows.into_iter().map(|row| row[..4].to_vec()).collect()
    };
    for (again, once, delimiter) in [("1-rejected", "1-a", b','), ("2-rejected", "2-leads", b';')] {
        let again = cells(&sealed, &format!("again/rejected-{again}.csv"), b',');
        assert_eq!(users(again), users(cells(&sealed, &format!("once/rejected-{once}.csv"), delimiter)));
    }
    edited(&sealed, "once/rejected.xlsx", "fixed.xlsx", &[("<t>Lady</t>", "<t>Frau</t>")]);
    check(&["fixed.xlsx"], "fixed");
    assert_eq!(briefs(&sealed, "fixed")[2], "2 valid");
    let chosen = check(&["fixed.xlsx", "--sheet", "2 leads"], "chosen");
    assert_eq!(briefs(&sealed, "chosen"), ["2 valid"], "{}", chosen.stderr);
}

#[test]
fn rejected_workbook_without_rows_is_refused_with_the_reason() {
    let sealed = Sealed::new();
    sealed.write("list.csv", list(0..2));
    assert_eq!(sealed.run(&["check", "list.csv", "--out", "out", "-q"]).code, 0);
    let texts = part(&sealed, "out/rejected.xlsx", "xl/sharedStrings.xml").unwrap();
    assert!(texts.contains("There is nothing to do"), "{texts}");
    assert!(part(&sealed, "out/rejected.xlsx", "xl/worksheets/sheet2.xml").is_none());
    // Imported alone or with the list, each file is recognized.
    for files in [&["out/rejected.csv"][..], &["out/rejected.xlsx"], &["list.csv", "out/rejected.xlsx"]] {
        let output = sealed.run(&[&["check"], files, &["--out", "again"]].concat());
        assert_eq!(output.code, 3, "{}", output.stderr);
        assert!(output.stderr.contains("holds no rows to fix"), "{}", output.stderr);
        assert!(output.stderr.contains("Run the command without this file"), "{}", output.stderr);
        assert!(!sealed.path("again").exists(), "the run wrote no files");
    }
}

#[test]
fn files_of_an_earlier_run_are_replaced_only_with_overwrite() {
    let sealed = Sealed::new();
    sealed.write("a.csv", "First Name,Last Name,Salutation,Mobile\nAsha,Rao,,+44 20 7946 0100\n");
    sealed.write("b.csv", "Name,Phone\nBen Low,1\n");
    sealed.write("list.csv", list(0..2));
    let check =
        |args: &[&str]| ended(sealed.exact_command(&[&["check"], args, &["--out", "out", "-q"]].concat()));
    assert_eq!(check(&["a.csv", "b.csv"]).code, 1);
    assert!(sealed.files().contains(&"out/rejected-2-b.csv".to_owned()));
    let refused = check(&["list.csv"]);
    assert_eq!(refused.code, 2);
    assert!(
        refused.stderr.contains("--overwrite") && refused.stderr.contains("earlier run"),
        "{}",
        refused.stderr
    );
    assert_eq!(check(&["list.csv", "--overwrite"]).code, 0);
    // Files that the new run did not write are removed.
    assert!(!sealed.files().iter().any(|file| file.starts_with("out/rejected-")), "{:?}", sealed.files());
    sealed.write(USERS_FILE, "overwrite = true\n");
    assert_eq!(check(&["list.csv"]).code, 0);

    // A resumed import writes into its own folder; a finished one does not.
    let sealed = Sealed::new();
    sealed.write("list.csv", list(0..2));
    let sandbox = Running::sandbox(&sealed, &[]);
    let import = |is_known: bool| {
        let mut command = sealed.exact_command(&["import", "list.csv", "--out", "out", "-q"]);
        sandbox.point(&mut command);
        if !is_known {
            command.env("ROLLCALL_CLIENT_SECRET", "another");
        }
        ended(command)
    };
    assert_eq!(import(false).code, 4);
    let resumed = import(true);
    assert_eq!(resumed.code, 0, "{}", resumed.stderr);
    assert_eq!(import(true).code, 2);
}

#[test]
fn rollcall_columns_of_a_rejected_file_are_not_searched_for_stray_numbers() {
    let sealed = Sealed::new();
    sealed.write("list.csv", "First Name,Last Name,Salutation,Mobile\nTara,Text,Ms,call me\n");
    assert_eq!(sealed.run(&["check", "list.csv", "--out", "first"]).code, 1);
    let again = sealed.run(&["check", "first/rejected.csv", "--out", "second"]);
    assert_eq!(again.code, 1, "{}", again.stderr);
    assert!(!again.stderr.contains("looks like a phone number"), "{}", again.stderr);
}
