//! Lists in files with a wrong extension, through the built program.

use std::io::{Cursor, Write as _};

use zip::{ZipWriter, write::SimpleFileOptions};

use crate::sealed::{Ended, Sealed, assert_same};

/// Checks a file. Returns the ended process and the numbers of its valid rows.
fn check(name: &str, content: impl AsRef<[u8]>) -> (Ended, Vec<String>) {
    check_with(name, content, &[])
}

fn check_with(name: &str, content: impl AsRef<[u8]>, options: &[&str]) -> (Ended, Vec<String>) {
    let sealed = Sealed::new();
    sealed.write(name, content);
    let args = ["check", name, "--default-salutation", "Mr", "--out", "out"];
    let mut output = sealed.run(&[&args[..], options].concat());
    // Join wrapped lines.
    output.stderr = output.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    let rows = if output.code < 2 { sealed.outcomes("out") } else { Vec::new() };
    let valid = rows.into_iter().filter(|row| row.outcome == "valid").map(|row| row.number).collect();
    (output, valid)
}

const BOTH: [&str; 2] = ["12025550100", "12025550101"];

const CARDS: &str = "BEGIN:VCARD\nVERSION:3.0\nFN:Ida Vale\nTEL:+1 202 555 0100\nEND:VCARD\n\
    BEGIN:VCARD\nVERSION:3.0\nFN:Tom Reed\nTEL:+1 202 555 0101\nEND:VCARD\n";

const LDIF: &[&str] = &["--format", "ldif"];

const ENTRIES: &str = "dn: cn=Ida Vale\nobjectClass: person\ncn: Ida Vale\nmobile: +1 202 555 0100\n\n\
    dn: cn=Tom Reed\nobjectClass: person\ncn: Tom Reed\nmobile: +1 202 555 0101\n";

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn tables_of_web_pages_are_read_with_any_surroundings() {
    for page in [
        // Source: valdergallo/data-importer pull request 80, a page written by a database client.
        "<html><head><style type='text/css'> table, tr, td {color: Black;} </style></head><body>\n<p>\n<table border='1'>\n<tr>\n\
         <th scope=\"col\">\nNAME\n</th>\n<th>PHONE</th>\n</tr>\n<tr><td>\nIda Vale\n</td><td align=right>\n +1 202 555 0100\n</td></tr>\n\
         <tr><td>Tom&nbsp;Reed</td><td>&#43;1 202 555 0101</td></tr></table>2 rows</body></html>",
        // Source: SheetJS/sheetjs issue 458, unclosed tags.
        "<html xmlns:x=\"urn:schemas-microsoft-com:office:excel\"><head><meta name=ProgId content=Excel.Sheet><body>\
         <table border=1><tbody><tr><td>Name<td>Phone<tr><td class=str>Ida Vale<td>+1 202 555 0100<tr><td>Tom<br>Reed<td>+1 202 555 0101</table>",
        "<div><table><tr><td>Menu</td><td><table><tr><th>Team</th><th>Name</th><th>Phone</th></tr>\
         <tr><td rowspan=2>A</td><td>Ida Vale</td><td>+1 202 555 0100</td></tr><tr><td>Tom Reed</td><td>+1 202 555 0101</td></tr>\
         </table></td></tr></table></div>",
        "MIME-Version: 1.0\nContent-Type: multipart/related; boundary=\"part\"\n\n--part\nContent-Location: file:///C:/list.htm\n\
         Content-Transfer-Encoding: quoted-printable\nContent-Type: text/html; charset=\"utf-8\"\n\n\
         <table class=3Dx><tr><td>Name</td><td>Phone</td></tr><tr><td>Ida Vale</td><td>+1 202 555 =\n0100</td></tr>\
         <tr><td>Tom Reed</td><td>+1 202 555 0101</td></tr></table>\n--part--\n",
    ] {
        let (output, numbers) = check("list.xls", page);
        assert_eq!(numbers, BOTH, "{}\n{page}", output.stderr);
        assert!(
            output.stderr.contains("its name ends in .xls, but it is a table of a web page"),
            "{}",
            output.stderr
        );
    }
    let (login, _) = check("list.xls", "<!DOCTYPE html><html><body><form>Log in</form></body></html>");
    assert!(
        login.code == 3 && login.stderr.contains("without a table in it") && !login.stderr.contains("--map"),
        "{}",
        login.stderr
    );
}

#[test]
fn several_tables_with_people_are_refused() {
    let table = |name: &str, phone: &str| {
        format!("<table><tr><td>Name</td><td>Phone</td></tr><tr><td>{name}</td><td>{phone}</td></tr></table>")
    };
    let page = table("Ida Vale", "+1 202 555 0100") + &table("Tom Reed", "+1 202 555 0101");
    let (output, _) = check("list.html", &page);
    assert!(output.code == 3 && output.stderr.contains("--sheet 'Table 1'"), "{}", output.stderr);
    let sealed = Sealed::new();
    sealed.write("list.html", page);
    let output =
        sealed.run(&["check", "list.html", "--sheet", "2", "--default-salutation", "Mr", "--out", "out"]);
    assert_eq!(
        (output.code, sealed.outcomes("out")[0].number.as_str()),
        (0, "12025550101"),
        "{}",
        output.stderr
    );
}

#[test]
fn xml_spreadsheets_are_read() {
    let text = |text: &str| format!("<Cell><Data ss:Type=\"String\">{text}</Data></Cell>");
    let sheet = format!(
        "<?xml version=\"1.0\" encoding=\"windows-1252\"?><?mso-application progid=\"Excel.Sheet\"?>\
         <Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\" xmlns:ss=\"urn:schemas-microsoft-com:office:spreadsheet\">\
         <Worksheet ss:Name=\"Cover\"><Table><Row>{}</Row></Table></Worksheet><Worksheet ss:Name=\"Leads\"><Table>\
         <Row>{}<Cell ss:Index=\"3\"><Data ss:Type=\"String\">Phone</Data></Cell></Row>\
         <Row ss:Index=\"4\">{}<Cell ss:Index=\"3\"><Data ss:Type=\"String\">+1 202 555 0100</Data>\
         <Comment><ss:Data>was +1 202 555 0199</ss:Data></Comment></Cell></Row>\
         <Row>{}<Cell ss:Index=\"3\"><Data ss:Type=\"String\">+1 <B>202</B> 555 0101</Data></Cell></Row></Table></Worksheet></Workbook>",
        text("Report"),
        text("Name"),
        text("Zo? O&apos;Vale"),
        text("Tom Reed"),
    );
    let sheet: Vec<u8> = sheet.bytes().collect();
    let place = sheet.windows(3).position(|bytes| bytes == b"Zo?").unwrap() + 2;
    let sheet = [&sheet[..place], b"\xeb", &sheet[place + 1..]].concat();
    let sealed = Sealed::new();
    sealed.write("list.xls", &sheet);
    let output = sealed.run(&["check", "list.xls", "--default-salutation", "Mr", "--out", "out"]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    let rows: Vec<(u64, String)> =
        sealed.outcomes("out").into_iter().map(|row| (row.row, row.number)).collect();
    assert_eq!(rows, [(4, BOTH[0].to_owned()), (5, BOTH[1].to_owned())]);
    assert!(output.stderr.contains("the list is in `Leads`; not read: Cover; --sheet"), "{}", output.stderr);
    assert_eq!(sealed.report("out")["inputs"][0]["encoding"], "windows-1252");
}

#[test]
fn hidden_rows_of_web_pages_and_xml_are_suppressed() {
    let rows = [("Ida Vale", "+1 202 555 0100", false), ("Tom Reed", "+1 202 555 0101", true)];
    let page: String = rows
        .map(|(name, phone, is_hidden)| {
            let style =
                if is_hidden { " height=0 style='mso-height-source:userset; display: none'" } else { "" };
            format!("<tr{style}><td>{name}</td><td>{phone}</td></tr>")
        })
        .concat();
    let page = format!("<table><tr><td>Name</td><td>Phone</td></tr>{page}</table>");
    let cells = |name: &str, phone: &str| {
        [name, phone].map(|text| format!("<Cell><Data ss:Type=\"String\">{text}</Data></Cell>")).concat()
    };
    let sheet: String = rows
        .map(|(name, phone, is_hidden)| {
            format!("<Row ss:Hidden=\"{}\">{}</Row>", u8::from(is_hidden), cells(name, phone))
        })
        .concat();
    let sheet = format!(
        "<?xml version=\"1.0\"?><Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\" \
         xmlns:ss=\"urn:schemas-microsoft-com:office:spreadsheet\"><Worksheet ss:Name=\"A\"><Table><Row>{}</Row>{sheet}\
         </Table></Worksheet></Workbook>",
        cells("Name", "Phone")
    );
    for content in [page, sheet] {
        let sealed = Sealed::new();
        sealed.write("list.xls", &content);
        let output = sealed.run(&["check", "list.xls", "--default-salutation", "Mr", "--out", "out"]);
        assert_eq!(output.code, 0, "{}", output.stderr);
        let rows: Vec<String> = sealed.outcomes("out").iter().map(crate::sealed::Outcome::brief).collect();
        assert_eq!(rows, ["2 valid", "3 suppressed hidden-row"], "{content}");
    }
}

#[test]
fn hidden_columns_of_xml_spreadsheets_are_not_read() {
    let row = |cells: [&str; 3]| {
        let cell = |text: &str| format!("<Cell><Data ss:Type=\"String\">{text}</Data></Cell>");
        format!("<Row>{}</Row>", cells.map(cell).concat())
    };
    let sealed = Sealed::new();
    sealed.write(
        "list.xls",
        format!(
            "<?xml version=\"1.0\"?><Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\" \
             xmlns:ss=\"urn:schemas-microsoft-com:office:spreadsheet\"><Worksheet ss:Name=\"A\"><Table><Column/>\
             <Column ss:Hidden=\"1\"/><Column/>{}{}</Table></Worksheet></Workbook>",
            row(["Name", "Mobile", "Phone"]),
            row(["Ida Vale", "+1 202 555 0177", "+1 202 555 0100"])
        ),
    );
    let output = sealed.run(&["check", "list.xls", "--default-salutation", "Mr", "--out", "out"]);
    assert_eq!(sealed.outcomes("out")[0].number, "12025550100");
    assert!(output.stderr.contains("column B (`Mobile`) is hidden in the sheet"), "{}", output.stderr);
}

#[test]
fn only_list_in_an_archive_is_read() {
    let page = ("Takeout/archive_browser.html", b"<html></html>".as_slice());
    let (output, numbers) =
        check("takeout.zip", archive(&[page, ("Takeout/Contacts/All.vcf", CARDS.as_bytes())]));
    assert_eq!(numbers, BOTH, "{}", output.stderr);
    assert!(output.stderr.contains("the list is `Takeout/Contacts/All.vcf` in a ZIP archive; not read: `Takeout/archive_browser.html`"), "{}", output.stderr);
    let book = archive(&[("book.ldif", ENTRIES.as_bytes()), ("a.jpg", b"x")]);
    let (output, numbers) = check_with("book.zip", book, LDIF);
    assert_eq!(numbers, BOTH, "{}", output.stderr);
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.write_row(0, 0, ["Name", "Phone"]).unwrap();
    sheet.write_row(1, 0, ["Ida Vale", "+1 202 555 0100"]).unwrap();
    let inner = workbook.save_to_buffer().unwrap();
    let (output, numbers) =
        check("list.zip", archive(&[("list.xlsx", &inner), ("__MACOSX/._list.xlsx", b"x")]));
    assert_eq!(numbers, BOTH[..1], "{}", output.stderr);
    let (output, _) = check("list.zip", archive(&[("photo.jpg", b"x".as_slice())]));
    assert!(
        output.code == 3
            && output.stderr.contains("a ZIP archive without a list in it")
            && output.stderr.contains("Unpack it"),
        "{}",
        output.stderr
    );
}

#[test]
fn list_in_an_archive_with_several_is_chosen_by_name() {
    let sealed = Sealed::new();
    sealed.write(
        "lists.zip",
        archive(&[
            ("north/team a.csv", b"Name,Phone\nIda Vale,+1 202 555 0100\n".as_slice()),
            ("south/team b.csv", b"Name,Phone\nIda Vale,+1 202 555 0101\n"),
            ("north/same.csv", b"Name,Phone\nIda Vale,+1 202 555 0102\n"),
            ("south/same.csv", b"Name,Phone\nIda Vale,+1 202 555 0103\n"),
        ]),
    );
    let check = |member: &[&str]| {
        let options = ["--default-salutation", "Mr", "--out", "out", "--overwrite"];
        sealed.run(&[&["check", "lists.zip"], &options[..], member].concat())
    };
    let none = check(&[]);
    assert_eq!(none.code, 3);
    assert_same!(none.stderr, @r"
    error: lists.zip: this is a ZIP archive with several lists in it: `north/team a.csv`, `south/team b.csv`, `north/same.csv`, `south/same.csv`
    hint: Choose one: --member 'north/team a.csv' or --member 'south/team b.csv' or --member north/same.csv or --member south/same.csv
    ");
    for (member, number) in [("south/same.csv", "12025550103"), ("team b.csv", "12025550101")] {
        let output = check(&["--member", member]);
        assert_eq!(sealed.outcomes("out")[0].number, number, "{}", output.stderr);
    }
    for member in ["same.csv", "west.csv"] {
        let output = check(&["--member", member]);
        let message =
            format!("error: lists.zip: there is no list `{member}` in this ZIP archive; the lists are ");
        assert!(output.code == 3 && output.stderr.starts_with(&message), "{}", output.stderr);
    }
    // The option is for the list of contacts.
    sealed.write("list.csv", "Name,Phone\nIda Vale,+1 202 555 0100\n");
    let excluded = sealed.run(&["check", "list.csv", "--exclude-file", "lists.zip"]);
    assert_eq!(excluded.code, 2);
    assert!(excluded.stderr.ends_with("hint: Unpack it and pass the list itself.\n"), "{}", excluded.stderr);
}

#[test]
fn vcards_in_mails_are_read() {
    let packed = CARDS.replace("TEL:", "TEL;TYPE=3DCELL:").replace("Reed", "Re=\ned");
    let head = "From: clerk@example.com\nSubject: cards\nMIME-Version: 1.0\n";
    for mail in [
        format!("{head}\n> {}", CARDS.trim_end().replace('\n', "\n> ")),
        format!("{head}Content-Type: text/x-vcard\nContent-Transfer-Encoding: quoted-printable\n\n{packed}"),
    ] {
        let (output, numbers) = check("mail.eml", &mail);
        assert_eq!(numbers, BOTH, "{}\n{mail}", output.stderr);
        assert!(output.stderr.contains("note: "), "{}", output.stderr);
    }
}

#[test]
fn every_person_of_a_directory_has_an_outcome() {
    let text = format!(
        "dn: ou=people\nobjectClass: organizationalUnit\n\n{ENTRIES}\ndn: cn=Rea Lund\nobjectClass: person\ncn: Rea Lund\npager: 1\n"
    );
    let (output, numbers) = check_with("list.ldif", &text, LDIF);
    assert_eq!(numbers, BOTH, "{}", output.stderr);
    for message in [
        "1 entry not read, for a group, folder or device; first: `ou=people` on line 1",
        "`1` is a fax or similar: add a line such as `mobile:` to the entry, or remove the entry.",
    ] {
        assert!(output.stderr.contains(message), "{}", output.stderr);
    }
    let changed = format!("{ENTRIES}\ndn: cn=Rea Lund\nchangetype: delete\n");
    let (output, _) = check_with("list.ldif", changed, LDIF);
    assert_eq!(output.code, 3);
    for message in ["line 11: this record is a change", "with `ldapsearch -LLL`"] {
        assert!(output.stderr.contains(message), "{}", output.stderr);
    }
    // A directory holds more than people, so it is read only on request.
    let (output, _) = check("list.ldif", text);
    assert_eq!(output.code, 3);
    assert!(
        output.stderr.contains("hint: If it is a list of contacts, add --format ldif."),
        "{}",
        output.stderr
    );
}
