//! `rollcall normalize`: the rows of a list on standard input come out on standard output.

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::{Child, ChildStdin, Command, Stdio},
    thread,
};

use crate::sealed::{Sealed, ended, samples};

const HEADER: &str = "First Name,Last Name,Salutation,Mobile,Country,Note\n";
const OWN: &str = "rollcall_outcome,rollcall_code,rollcall_number,rollcall_country_code,rollcall_national_number,\
                   rollcall_region,rollcall_type,rollcall_first_name,rollcall_last_name,rollcall_salutation,rollcall_detail";

const KEYS: [&str; 5] =
    ["rollcall_row", "rollcall_time_zone", "rollcall_name_key", "rollcall_problems", "rollcall_forbidden"];

/// Returns the lines that a list becomes.
fn normalized(list: impl AsRef<[u8]>, options: &[&str]) -> Vec<String> {
    let sealed = Sealed::new();
    let args: Vec<&str> = ["normalize", "-q"].into_iter().chain(options.iter().copied()).collect();
    let ended = sealed.run_with_input(&args, list.as_ref());
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    assert_eq!(sealed.files(), [".stdin"], "it writes no files");
    ended.stdout.lines().map(str::to_owned).collect()
}

/// A list of many blocks with rows of every kind.
fn long_list() -> String {
    let mut list = HEADER.to_owned();
    for row in 0..9_000 {
        let (phone, name) = match row % 9 {
            0 => (format!("{:05} {:05}", 91861 + row % 7, row), "Asha"),
            1 => (format!("+49 1512 {:07}", 3_000_000 + row), "Zoë"),
            2 => ("call the office".to_owned(), "Joe"),
            3 => (format!("0{}", 2_079_460_000 + row), "Ann"),
            4 => ("12".to_owned(), ""),
            5 => (String::new(), "Ravi"),
            6 => ("9186159819".to_owned(), "Same"),
            7 => (format!("{}/{}", 9_186_100_000_u64 + row, 9_186_200_000_u64 + row), "Two"),
            _ => (format!("{}", 9_186_150_000_u64 + row), "\"Rao, \"\"the\"\" first\""),
        };
        let country = if row % 9 == 3 { "GB" } else { "" };
        writeln!(list, "{name},Kumar,Mrs,{phone},{country},\"note\n{row}\"").unwrap();
        if row % 100 == 0 {
            list.push('\n');
        }
        if row % 1000 == 999 {
            list.push_str("Asha,Kumar,Mrs,9186159819,IN,one,more\n");
        }
    }
    list
}

#[test]
fn each_row_keeps_its_cells_and_gets_its_number_names_and_outcome() {
    let list = format!(
        "{HEADER}asha,Kumar,mrs,91861 59819,,\"a, b\"\n\nJoe,Bloggs,Mr,soon,GB,\nZoë,Ünal,Ms,+49 30 23125 0,,=1\n"
    );
    assert_eq!(
        normalized(&list, &["--region", "IN"]),
        [
            format!("{},{OWN}", HEADER.trim()),
            "asha,Kumar,mrs,91861 59819,,\"a, b\",valid,,919186159819,91,9186159819,IN,mobile,asha,Kumar,Mrs,".to_owned(),
            "Joe,Bloggs,Mr,soon,GB,,rejected,not-a-number,,,,,,,,,not-a-number".to_owned(),
            "Zoë,Ünal,Ms,+49 30 23125 0,,=1,valid,,4930231250,49,30231250,DE,fixed-line,Zoë,Ünal,Ms,".to_owned(),
        ]
    );
}

#[test]
fn outcomes_are_those_of_check_but_for_duplicates() {
    let sample = fs::read(samples().join("contacts.csv")).unwrap();
    for (list, options) in [(sample, ["--region", "IN"]), (long_list().into_bytes(), ["--region", "IN"])] {
        let sealed = Sealed::new();
        sealed.write("list.csv", &list);
        let args: Vec<&str> =
            ["check", "list.csv", "-q", "--out", "out"].into_iter().chain(options).collect();
        assert_eq!(sealed.run(&args).code, 1);
        let checked = sealed.outcomes("out");
        let lines = normalized(list, &options).join("\n");
        let mut reader = csv::Reader::from_reader(lines.as_bytes());
        let headers = reader.headers().unwrap().clone();
        let place = |name: &str| headers.iter().position(|header| header == name).unwrap();
        let (outcome, code, number) =
            (place("rollcall_outcome"), place("rollcall_code"), place("rollcall_number"));
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), checked.len());
        for (row, checked) in rows.iter().zip(&checked) {
            let found = (&row[outcome], &row[code], &row[number]);
            if checked.outcome == "duplicate" {
                assert_eq!(found, ("valid", "", checked.number.as_str()), "row {}", checked.row);
            } else {
                let expected = (checked.outcome.as_str(), checked.code.as_str(), checked.number.as_str());
                assert_eq!(found, expected, "row {}", checked.row);
            }
        }
    }
}

/// Starts the program with pipes.
fn started(sealed: &Sealed, args: &[&str]) -> (Child, ChildStdin) {
    let mut command = sealed.command(args);
    command.stdin(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let input = child.stdin.take().unwrap();
    (child, input)
}

#[test]
fn pieces_in_which_a_list_comes_change_nothing() {
    let list = long_list();
    let expected = normalized(&list, &["--region", "IN"]).join("\n") + "\n";
    for size in [1_013, 70_001] {
        let sealed = Sealed::new();
        let (child, mut input) = started(&sealed, &["normalize", "-q", "--region", "IN"]);
        let bytes = list.clone().into_bytes();
        let writer = thread::spawn(move || {
            for piece in bytes.chunks(size) {
                input.write_all(piece).unwrap();
            }
        });
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        assert!(output.status.success());
        assert!(String::from_utf8(output.stdout).unwrap() == expected, "pieces of {size} bytes");
    }
}

#[test]
fn row_comes_out_before_the_next_one_goes_in() {
    let sealed = Sealed::new();
    sealed.write("like.csv", format!("{HEADER}Asha,Kumar,Mrs,9186159819,IN,\n"));
    let (mut child, mut input) = started(&sealed, &["normalize", "-q", "--like", "like.csv"]);
    input.write_all(HEADER.as_bytes()).unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), format!("{},{OWN}", HEADER.trim()));
    for (phone, number) in [("9186159819", "919186159819"), ("9186159818", "919186159818")] {
        writeln!(input, "Asha,Kumar,Mrs,{phone},IN,").unwrap();
        let line = lines.next().unwrap().unwrap();
        assert!(line.contains(&format!(",valid,,{number},")), "{line}");
    }
    drop(input);
    assert!(lines.next().is_none());
    assert!(child.wait().unwrap().success());
}

#[test]
fn long_list_comes_out_before_its_end_goes_in() {
    let sealed = Sealed::new();
    let (mut child, mut input) = started(&sealed, &["normalize", "-q", "--region", "IN"]);
    let writer = thread::spawn(move || {
        input.write_all(long_list().as_bytes()).unwrap();
        input
    });
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let last = lines.by_ref().map(Result::unwrap).find(|line| line.starts_with("8000\","));
    assert!(last.is_some());
    let input = writer.join().unwrap();
    drop(lines);
    drop(input);
    assert!(child.wait().unwrap().success(), "the reader of the rows had enough of them");
}

#[test]
fn columns_can_be_those_of_another_part_of_the_list() {
    let sealed = Sealed::new();
    // Only the first part shows that the second column holds numbers.
    sealed.write("like.csv", "Name,Reach me,Remark\nAsha Rao,9186159819,\nJoe Bloggs,9186159818,\n");
    let args = ["normalize", "-q", "--region", "IN", "--like", "like.csv", "--map", "phone=Reach me"];
    let part = sealed.run_with_input(&args, b"Name,Reach me,Remark\nZoe Rao,unknown,\n");
    assert_eq!(part.code, 0, "{}", part.stderr);
    assert!(part.stdout.contains("\nZoe Rao,unknown,,rejected,not-a-number,"), "{}", part.stdout);
    let twice = sealed.run_with_input(&["normalize", "--like", "-"], b"Name,Phone\n");
    assert!(
        twice.code == 2 && twice.stderr.contains("--like: standard input holds the rows"),
        "{}",
        twice.stderr
    );
    sealed.write("like.json", "[{\"name\": \"Asha Rao\", \"phone\": \"9186159819\"}]");
    let json = sealed.run_with_input(&["normalize", "--like", "like.json"], b"Name,Phone\n");
    assert!(
        json.code == 3 && json.stderr.contains("like.json: this is a list in the format `json`"),
        "{}",
        json.stderr
    );
    let other = sealed.run_with_input(&args, b"Name,Remark,Reach me\nZoe Rao,,9186159819\n");
    assert_eq!((other.code, other.stdout.as_str()), (3, ""));
    assert!(other.stderr.contains("its header differs from that of like.csv: `Remark`"), "{}", other.stderr);
}

#[test]
fn records_of_json_are_kept_as_they_are() {
    let first = "{\"name\": \"Asha Rao\", \"title\":\"Mrs\",\"phone\":9186159819, \"tags\": [\"a\", 1.50]}";
    let lines =
        normalized(format!("{first}\n{{\"phone\":\"soon\",\"name\":\"Joe\"}}\n"), &["--region", "IN"]);
    let open = first.strip_suffix('}').unwrap();
    assert_eq!(
        lines[0],
        format!(
            "{open},\"rollcall_outcome\":\"valid\",\"rollcall_code\":null,\"rollcall_number\":\"919186159819\",\
             \"rollcall_country_code\":\"91\",\"rollcall_national_number\":\"9186159819\",\"rollcall_region\":\"IN\",\
             \"rollcall_type\":\"mobile\",\"rollcall_first_name\":\"Asha\",\"rollcall_last_name\":\"Rao\",\
             \"rollcall_salutation\":\"Mrs\",\"rollcall_detail\":null}}"
        )
    );
    assert!(
        lines[1].contains(",\"rollcall_outcome\":\"rejected\",\"rollcall_code\":\"not-a-number\","),
        "{}",
        lines[1]
    );
    assert_eq!(lines.len(), 2);
    let blank = format!("{first}\n{{}}\n{{\"name\":\"\",\"phone\":null}}\n");
    assert_eq!(normalized(blank, &["--region", "IN"]), lines[..1], "a record without text is no row");
    // A single record is not a document.
    assert_eq!(normalized(first, &["--region", "IN"]), lines[..1]);
}

#[test]
fn keys_for_deduplication_are_added_on_request() {
    let sealed = Sealed::new();
    sealed.write("do-not-call.csv", "Phone\n+919186159817\n");
    let args = ["normalize", "-q", "--with-keys", "--exclude-file", "do-not-call.csv"];
    let header = "First Name,Last Name,Salutation,Mobile,Country,Do Not Call\n";
    let rows = "Asha,Kumar,Mrs,9186159819,IN,\nASHA,Kumar,Mrs,9186159818,IN,\n\nJoe,Rao,Mr,9186159819,IN,yes\n\
                Li,Rao,Mr,+91 91861 5**19,,x\nAnn,Rao,Ms,9186159817,IN,no\n";
    let ended = sealed.run_with_input(&args, format!("{header}{rows}").as_bytes());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let mut reader = csv::Reader::from_reader(ended.stdout.as_bytes());
    let own = OWN.split(',').chain(KEYS);
    assert_eq!(reader.headers().unwrap().iter().skip(6).collect::<Vec<_>>(), own.collect::<Vec<_>>());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let column = |index: usize| rows.iter().map(|row| row[index].to_owned()).collect::<Vec<_>>();
    assert_eq!(column(6), ["valid", "valid", "suppressed", "suppressed", "suppressed"]);
    assert_eq!(column(7)[4], "in-file");
    assert_eq!(column(17), ["2", "3", "5", "6", "7"], "the lines");
    assert_eq!(column(18)[0], "Asia/Kolkata");
    assert!(!rows[0][19].is_empty() && rows[0][19] == rows[1][19], "the same name: {rows:?}");
    assert_eq!(column(21), ["", "", "919186159819", "91918615**19", ""]);
    let none = sealed.run_with_input(&args, b"Name,Mobile\nAsha Rao,+919186159819\n");
    assert!(none.stdout.contains(",rollcall_name_key,rollcall_problems\n"), "{}", none.stdout);
    // An entry that cannot be read might be anyone.
    sealed.write("do-not-call.csv", "Phone\n91861 5***\n");
    assert_eq!(sealed.run_with_input(&args, header.as_bytes()).code, 2);
}

#[test]
fn problems_say_what_a_report_needs() {
    let list = "Name,Salutation,Mobile,Country\nAsha Rao,Sahib,soon,IN\nLi Rao,Ms,9186159819,Utopia\nJoe Rao,Mr,9186159819,IN\n";
    let lines = normalized(list, &["--with-keys"]).join("\n");
    let rows: Vec<csv::StringRecord> =
        csv::Reader::from_reader(lines.as_bytes()).records().map(Result::unwrap).collect();
    let problems: serde_json::Value = serde_json::from_str(&rows[0][18]).unwrap();
    let codes: Vec<&str> =
        problems.as_array().unwrap().iter().map(|problem| problem["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["not-a-number", "unknown-salutation"]);
    assert_eq!(
        problems[1]["unknown"],
        serde_json::json!({"field": "salutation", "key": "sahib", "value": "Sahib"})
    );
    assert_eq!((&problems[0]["column"], &problems[0]["value"]), (&"Mobile".into(), &"soon".into()));
    assert!(problems[0]["hint"].as_str().unwrap().contains("Mobile"), "{problems}");
    assert!(!problems[0]["general_hint"].as_str().unwrap().is_empty());
    assert!(rows[1][18].contains(r#""field":"country","key":"utopia","value":"Utopia""#), "{:?}", rows[1]);
    assert_eq!(&rows[2][18], "");
}

#[test]
fn all_forms_of_a_forbidden_number_are_named() {
    let list = "Name,Salutation,Mobile,Do Not Call\nAsha Rao,Ms,+54 9 11 2345 6789,yes\n";
    let lines = normalized(list, &["--with-keys"]);
    assert!(lines[1].ends_with(",541123456789 5491123456789"), "{}", lines[1]);
}

#[test]
fn only_results_come_out_on_request() {
    let list = format!("{HEADER}Asha,Kumar,Mrs,9186159819,IN,\"a, b\"\n");
    let lines = normalized(&list, &["--only-results"]);
    assert_eq!(lines[0], OWN);
    assert_eq!(lines[1], "valid,,919186159819,91,9186159819,IN,mobile,Asha,Kumar,Mrs,");
    let json = normalized(r#"{"name":"Asha Rao","phone":"+919186159819"}"#, &["--only-results"]);
    assert!(
        json[0].starts_with(r#"{"rollcall_outcome":"rejected","rollcall_code":"missing-salutation","#),
        "{json:?}"
    );
}

#[test]
fn numbers_of_a_suppression_list_come_out_in_all_forms() {
    let list = "Phone,Expires\n+52 55 5123 4567,\n+91 91861 5**19,\n+91 91861 59819,2020-01-01\nnobody,\n91861 5***,never\n";
    assert_eq!(
        normalized(list, &["--as", "suppressions", "--region", "IN"]),
        [
            "Phone,Expires,rollcall_row,rollcall_entry,rollcall_numbers,rollcall_forms,rollcall_detail",
            "+52 55 5123 4567,,2,active,525551234567,5215551234567,",
            "+91 91861 5**19,,3,unreadable,91918615**19,,not a phone number: some of its digits are masked: `+91 91861 5**19`",
            "+91 91861 59819,2020-01-01,4,expired,,,",
            "nobody,,5,without-number,,,not a phone number: `nobody`",
            "91861 5***,never,6,unreadable,,,not a phone number: some of its digits are masked: `91861 5***`",
        ]
    );
    assert_eq!(normalized("Phone\n", &["--as", "suppressions"]).len(), 1, "an empty list suppresses nobody");
}

#[test]
fn numbers_of_existing_contacts_come_out_with_their_names() {
    let header = "id,firstName,lastName,cellPhone.phoneNumber,cellPhone.countryCode,cellPhone.extension";
    let list = format!(
        "{header}\nc1,Asha,Rao,9876543210,+91,+\nc2,Ana,Diaz,15551234567,+52,+\nc3,Li,,91861***19,+91,+\n"
    );
    let lines = normalized(list, &["--as", "contacts"]);
    let key = |line: &str| line.split(',').nth(7).unwrap().to_owned();
    let own = |line: &str| line.split(',').skip(8).collect::<Vec<_>>().join(",");
    assert_eq!(
        lines[0],
        format!("{header},rollcall_row,rollcall_name_key,rollcall_numbers,rollcall_forms,rollcall_detail")
    );
    assert_eq!(own(&lines[1]), "919876543210,,Asha Rao (id c1)");
    assert_eq!(own(&lines[2]), "525551234567 5215551234567,,Ana Diaz (id c2)");
    assert_eq!(own(&lines[3]), "91861***19 9191861***19,,Li (id c3)");
    let named = normalized("Name,Salutation,Mobile\nASHA  rao,Ms,+919876543210\n", &["--with-keys"]);
    assert!(named[1].contains(&format!(",{},", key(&lines[1]))), "the same name has the same key: {named:?}");
    let sealed = Sealed::new();
    for other in ["Name,Phone\nAsha,9186159819\n", "Name,City\nAsha,Pune\n"] {
        let ended = sealed.run_with_input(&["normalize", "--as", "contacts"], other.as_bytes());
        assert_eq!(ended.code, 3);
        assert!(ended.stderr.contains("cellPhone.phoneNumber"), "{}", ended.stderr);
    }
    let useless = sealed.run_with_input(&["normalize", "--as", "contacts", "--with-keys"], b"");
    assert_eq!(useless.code, 2);
    assert!(
        useless.stderr.contains("--with-keys has an effect only on a list of people"),
        "{}",
        useless.stderr
    );
}

#[test]
fn header_in_another_order_is_an_error_in_a_part() {
    let sealed = Sealed::new();
    let header = "Name,Salutation,Mobile,Do Not Call,Newsletter\n";
    sealed.write("like.csv", format!("{header}Asha Rao,Ms,9186159819,no,no\n"));
    let part = format!(
        "{header}Asha Rao,Ms,9186159819,no,no\nName,Salutation,Mobile,Newsletter,Do Not Call\nLi Rao,Mr,9186159818,no,yes\n"
    );
    let whole = normalized(&part, &["--region", "IN"]);
    assert!(
        whole[2].contains(",suppressed,do-not-call-column,"),
        "a whole list is read in the new order: {whole:?}"
    );
    let ended =
        sealed.run_with_input(&["normalize", "--region", "IN", "--like", "like.csv"], part.as_bytes());
    assert_eq!((ended.code, ended.stdout.lines().count()), (3, 2));
    assert!(ended.stderr.contains("row 3: a second header begins here"), "{}", ended.stderr);
}

#[test]
fn stalled_reader_does_not_keep_the_program_from_ending() {
    let sealed = Sealed::new();
    let mut command = sealed.command(&["normalize", "-q", "--region", "IN"]);
    command.stdin(fs::File::open(sealed.write("list.csv", long_list().repeat(3))).unwrap());
    let mut child = command.spawn().unwrap();
    let mut first = [0; 1];
    child.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
    // Nobody reads on, and the pipe is full.
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(143));
}

#[test]
fn late_field_is_an_error_if_it_could_change_who_is_called() {
    let record = |more: &str| format!("{{\"name\":\"Asha Rao\",\"phone\":\"9186159819\"{more}}}\n");
    let list = |more: &str| record("").repeat(3_000) + &record(more);
    let args = ["normalize", "-q", "--region", "IN", "--default-salutation", "Ms"];
    let sealed = Sealed::new();
    let remark = sealed.run_with_input(&args, list(",\"remark\":\"x\"").as_bytes());
    assert_eq!((remark.code, remark.stdout.lines().count()), (0, 3_001));
    let label = sealed.run_with_input(&args, list(",\"phone_type\":\"fax\"").as_bytes());
    assert_eq!(label.code, 3, "it may be a fax");
    let kind = list(",\"category\":\"x\"").replace("{\"name\"", "{\"no\":\"1\",\"name\"");
    assert_eq!(sealed.run_with_input(&args, kind.as_bytes()).code, 0, "it describes no number");
    let late = list(",\"Do Not Call\":\"yes\"");
    let forbidding = sealed.run_with_input(&args, late.as_bytes());
    assert_eq!((forbidding.code, forbidding.stdout.lines().count()), (3, 3_000));
    assert!(forbidding.stderr.contains("line 3001: the records above have no field `Do Not Call`"));
    sealed.write("like.ndjson", record(",\"Do Not Call\":\"\""));
    let read =
        sealed.run_with_input(&[args.as_slice(), &["--like", "like.ndjson"]].concat(), late.as_bytes());
    assert_eq!(read.code, 0, "{}", read.stderr);
    assert!(read.stdout.lines().last().unwrap().contains("\"rollcall_code\":\"do-not-call-column\""));
    let none = sealed.run_with_input(&[args.as_slice(), &["--like", "like.ndjson"]].concat(), b"");
    assert_eq!((none.code, none.stdout.as_str()), (0, ""));
}

#[test]
fn list_without_rows_becomes_a_header() {
    assert_eq!(normalized(HEADER, &[]), [format!("{},{OWN}", HEADER.trim())]);
    assert_eq!(normalized("Name;Phone\n", &[]), [format!("Name;Phone;{}", OWN.replace(',', ";"))]);
}

#[test]
fn cells_beyond_the_header_are_in_the_detail() {
    let list = format!("{HEADER}Asha,Kumar,Mrs,9186159819,IN,,9186159818,\n");
    let lines = normalized(&list, &[]);
    assert!(lines[1].contains(",rejected,ragged-row,"), "{}", lines[1]);
    assert!(lines[1].contains("; cells beyond the header: 9186159818"), "{}", lines[1]);
}

#[test]
fn own_columns_are_replaced_when_rows_pass_twice() {
    let list = format!("{HEADER}Asha,Kumar,Mrs,91861 59819,IN,\n");
    let once = normalized(&list, &[]).join("\n") + "\n";
    assert_eq!(normalized(&once, &[]).join("\n") + "\n", once);
}

#[test]
fn what_cannot_be_read_on_is_an_error() {
    let ascii = format!("{HEADER}{}", "Asha,Kumar,Mrs,9186159819,IN,\n".repeat(9_000));
    let late = [ascii.as_bytes(), b"Zo\xeb,Rao,Ms,9186159818,IN,\n"].concat();
    for (list, message, hint) in [
        (late.as_slice(), "line 9002 is not UTF-8, but the lines above it are", "--encoding windows-1252"),
        (b"[{\"phone\": 1}]", "this is JSON, which rollcall cannot read while it is written", "Pass CSV"),
        (b"{\n\"phone\": 1}", "this is JSON, which rollcall cannot read while it is written", "Pass CSV"),
        (b"", "the file is empty", ""),
        (b"Name,Remark\nAsha,soon\n", "no column is known to hold phone numbers", "--map phone="),
    ] {
        let sealed = Sealed::new();
        let ended = sealed.run_with_input(&["normalize", "-q", "--region", "IN"], list);
        assert_eq!(ended.code, 3, "{}", ended.stderr);
        assert!(ended.stderr.contains(message) && ended.stderr.contains(hint), "{}", ended.stderr);
        if list == late {
            assert_eq!(ended.stdout.lines().count(), 9_001, "the rows above the fault");
        }
    }
    let sealed = Sealed::new();
    let args = ["normalize", "-q", "--region", "IN", "--encoding", "windows-1252"];
    let read = sealed.run_with_input(&args, &late);
    assert_eq!(read.code, 0);
    assert!(read.stdout.lines().last().unwrap().starts_with("Zoë,Rao,Ms,9186159818,IN,,valid,"));
}

#[test]
fn totals_and_notes_are_on_standard_error() {
    let sealed = Sealed::new();
    let mut command = sealed.command(&["normalize", "--region", "IN"]);
    let list = format!("{HEADER}Asha,Kumar,Mrs,9186159819,,\nJoe,Rao,Mr,1,,\n{HEADER}");
    command.stdin(fs::File::open(sealed.write("list.csv", list)).unwrap());
    let ended = ended(command);
    assert_eq!((ended.code, ended.stdout.lines().count()), (0, 3));
    assert!(ended.stderr.contains("2 rows: 1 valid, 1 rejected, 0 suppressed"), "{}", ended.stderr);
    assert!(ended.stderr.contains("line 4 is the header again"), "the repeated header: {}", ended.stderr);
}
