//! Wrong files and wrong options: one clear message, the documented exit code, and no leftover files.

use crate::sealed::{Sealed, assert_same};

const LIST: &str = "Name,Salutation,Phone\nAsha Kumar,Mrs,+91 81234 56789\n";

/// Runs `check` on a file with this content and these options. Returns the error message.
fn refused(content: &[u8], options: &[&str], code: i32) -> String {
    let sealed = Sealed::new();
    sealed.write("list", content);
    let args: Vec<&str> = ["check", "list"].into_iter().chain(options.iter().copied()).collect();
    let ended = sealed.run(&args);
    assert_eq!(ended.code, code, "{}", ended.stderr);
    assert_eq!(ended.stdout, "");
    assert_eq!(sealed.files(), ["list"], "something was left behind");
    // The suggested command begins with the program as it was typed.
    ended.stderr.replace(&crate::sealed::program_path(), "rollcall")
}

#[test]
fn missing_files_and_folders_are_refused() {
    let sealed = Sealed::new();
    sealed.write("folder/inside.csv", LIST);
    let ended = sealed.run(&["check", "none.csv", "folder"]);
    assert_eq!(ended.code, 3);
    assert_same!(ended.stderr, @r"
    error: none.csv: No such file or directory (os error 2)
    hint: Check the path; `-` reads from standard input.
    error: folder: is a folder, not a file
    hint: Name the files inside it.
    ");
    assert_eq!(sealed.files(), ["folder", "folder/inside.csv"]);
}

#[test]
fn unreadable_input_stops_the_whole_run() {
    let sealed = Sealed::new();
    sealed.write("good.csv", LIST);
    sealed.write("bad.csv", "");
    let ended = sealed.run(&["import", "good.csv", "bad.csv", "--sandbox"]);
    assert_eq!(ended.code, 3);
    assert_eq!(sealed.files(), ["bad.csv", "good.csv"]);
    // Also if only reading to the end shows that the file is bad.
    sealed.write("bad.csv", "Name,Phone\nA,1\nPhone,Full Name,City\n1,A,B\n");
    let ended = sealed.run(&["import", "good.csv", "bad.csv", "--sandbox"]);
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    assert_eq!(sealed.files(), ["bad.csv", "good.csv"]);
}

#[test]
fn files_without_a_list_are_refused() {
    assert_same!(refused(b"", &[], 3), @r"
    error: list: the file is empty
    hint: Export it again, and check that you export the right sheet or view.
    ");
    assert_same!(refused(b"Name,Phone\n", &[], 3), @r"
    list  CSV
      phone = Phone, full name = Name
    error: list: there is a header but no data rows
    hint: Export it again, and check that you export the right sheet or view.
    ");
    assert_same!(refused(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0>\0", &[], 3), @r"
    error: list: this is neither text nor a workbook, which rollcall does not read
    hint: rollcall reads CSV, Excel and OpenDocument sheets, JSON and vCards: export the list as one of these.
    ");
    let rows = "Name,Phone,Note\nAsha,919876543210,\"x\nLi,919876543211,y\nBo,919876543212,z\"\n";
    let said = refused(rows.as_bytes(), &[], 3);
    let expected =
        "line 2: a quoted cell begins there and includes lines that look like rows; the first is line 3";
    assert!(said.contains(expected), "{said}");
}

#[test]
fn damaged_and_locked_workbooks_are_refused() {
    let workbook = std::fs::read(crate::sealed::samples().join("contacts.xlsx")).unwrap();
    let cut = refused(&workbook[..workbook.len() / 2], &[], 3);
    assert!(cut.starts_with("error: list: the workbook is damaged or incomplete: "), "{cut}");
    let mut encrypted = cfb::CompoundFile::create(std::io::Cursor::new(Vec::new())).unwrap();
    encrypted.create_stream("EncryptedPackage").unwrap();
    let encrypted = encrypted.into_inner().into_inner();
    assert_same!(refused(&encrypted, &[], 3), @r"
    error: list: the workbook is protected by a password
    hint: Open it in the spreadsheet program, remove the password (File > Info > Protect Workbook), and save it.
    ");
    assert_same!(refused(&workbook, &["--sheet", "Ledas"], 3), @r"
    error: list: there is no sheet `Ledas`; the sheets are `Leads`, `Read me`
    ");
    assert_same!(refused(&workbook, &["--sheet", "2"], 3), @r"
    error: list: no column is known to hold phone numbers
      1  The list is on the sheet…    not used
    hint: No column holds phone numbers that rollcall can read: check that this is the right file and sheet. If the numbers belong to one country, name it with --region. To name their column, use --map phone=COLUMN
    ");
}

#[test]
fn unrecognized_columns_are_reported() {
    assert_same!(refused(b"Name,Ring Phone No.\nAsha,1\n", &[], 3), @r"
    error: list: no column is known to hold phone numbers
      1  Name            Asha  not used
      2  Ring Phone No.  1     not used
    hint: No column holds phone numbers that rollcall can read: check that this is the right file and sheet. If the numbers belong to one country, name it with --region. To name their column, use --map phone=COLUMN
    ");
    assert_same!(refused(b"Asha,+91 81234 56789\nLi,+91 81234 56780\n", &[], 3), @r"
    error: list: no column is known to hold phone numbers
      1  Asha             Asha, Li                          not used
      2  +91 81234 56789  +91 81234 56789, +91 81234 56780  probably phone
    hint: Check the columns above, and run: rollcall check list --no-header --map phone=2
    ");
    assert_same!(refused(LIST.as_bytes(), &["--map", "phone=Tel"], 3), @r"
    error: list: there is no column `Tel` for phone; the columns are `Name`, `Salutation`, `Phone`
    hint: Correct --map, or `map` in rollcall.toml.
    ");
}

#[test]
fn wrong_options_are_refused() {
    assert_same!(refused(LIST.as_bytes(), &["--region", "XX"], 2), @r"
    error: --region: `XX` is not a region with telephone numbers
    hint: Use a country's name, or the two letters of ISO 3166, such as IN, GB or US.
    ");
    assert_same!(refused(LIST.as_bytes(), &["--map", "fone=Phone"], 2), @r"
    error: --map: unknown field `fone`; fields are phone, first_name, last_name, full_name, salutation, country, time_zone, unique_id, priority
    ");
    assert_same!(refused(LIST.as_bytes(), &["--map", "Phone"], 2), @r"
    error: --map: `Phone` is not FIELD=COLUMN, such as phone=Mobile or phone=3
    ");
    assert_same!(refused(LIST.as_bytes(), &["--no-header"], 2), @r"
    error: --no-header requires the column of the phone number
    hint: Give its position, such as --map phone=3.
    ");
    assert_same!(refused(LIST.as_bytes(), &["--types", "mobile,landline"], 2), @r"
    error: --types: unknown number type `landline`; types are mobile, fixed-line, fixed-line-or-mobile, toll-free, premium-rate, shared-cost, voip, personal-number, pager, uan, voicemail, unknown
    ");
    assert_same!(refused(LIST.as_bytes(), &["--default-salutation", "Lord"], 2), @r"
    error: --default-salutation: unknown salutation `Lord`; use Mr, Mrs, Ms, Miss, Mx, Dr or Prof
    ");
    assert_same!(refused(LIST.as_bytes(), &["--config", "none.toml"], 2), @r"
    error: there is no settings file none.toml
    hint: Check the path of --config.
    ");
    assert!(refused(LIST.as_bytes(), &["--keep", "middle"], 2).contains("[possible values: first, last]"));
}

#[test]
fn unwritable_folders_are_refused() {
    let sealed = Sealed::new();
    sealed.write("list.csv", LIST);
    sealed.write("file", "");
    let ended = sealed.run(&["check", "list.csv", "--out", "file/out"]);
    assert_eq!(ended.code, 5);
    assert_same!(ended.stderr, @r"
    error: cannot make the folder file/out: Not a directory (os error 20)
    hint: Choose a writable folder with enough free space (--out, or -o for `fetch`).
    ");
    // A device cannot contain files, even for root.
    let ended = sealed.run(&["import", "list.csv", "--sandbox", "--out", "/dev/null"]);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("--out: /dev/null is not a folder"), "{}", ended.stderr);
    assert_eq!(sealed.files(), ["file", "list.csv"]);
}

#[test]
fn accounts_without_settings_are_refused() {
    let sealed = Sealed::new();
    sealed.write("list.csv", LIST);
    let with = |environment: &[(&str, &str)]| {
        let mut command = sealed.command(&["import", "list.csv"]);
        command.envs(environment.iter().copied());
        let ended = crate::sealed::ended(command);
        assert_eq!(ended.code, 2, "{}", ended.stderr);
        assert_eq!(sealed.files(), ["list.csv"]);
        ended.stderr
    };
    assert_same!(with(&[]), @r"
    error: account settings are missing: --host (ROLLCALL_HOST); --stream-id (ROLLCALL_STREAM_ID); --account-id (ROLLCALL_ACCOUNT_ID); ROLLCALL_TOKEN, or --client-id with ROLLCALL_CLIENT_SECRET
    hint: `rollcall init` asks for them. Or give them as options, in the environment or in rollcall.toml of your config folder. To try rollcall without an account, use --sandbox.
    ");
    let account = [
        ("ROLLCALL_STREAM_ID", "st"),
        ("ROLLCALL_ACCOUNT_ID", "a"),
        ("ROLLCALL_TOKEN", "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmVk"),
    ];
    assert_same!(with(&[&account[..], &[("ROLLCALL_HOST", "http://platform.example.com")]].concat()), @r"
    error: the host `http://platform.example.com` would send credentials in the clear; use https:// (http:// is only for this machine)
    ");
    assert_same!(with(&[&account[..], &[("ROLLCALL_HOST", "platform.example.com")]].concat()), @r"
    error: the host `platform.example.com` has no scheme; use https://platform.example.com
    ");
    assert_same!(with(&[&account[..], &[("ROLLCALL_HOST", "https://x.example.com"), ("ROLLCALL_CLIENT_ID", "cs")]].concat()), @r"
    error: both an access token and an app's client id or secret are given in the environment
    hint: Keep one: a token, or the client id with its secret. The command line wins over the environment, and that over a file.
    ");
}

#[test]
fn sandbox_that_cannot_start_is_an_error() {
    let sealed = Sealed::new();
    sealed.write("seed.csv", "Name,Phone\nAsha Kumar,12\n");
    let ended = sealed.run(&["sandbox", "--seed", "seed.csv", "--region", "IN"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (3, ""));
    assert_same!(ended.stderr, @"error: seed.csv: row 2: too short for a phone number: read as +91 12");
    let ended = sealed.run(&["sandbox", "--duplicates", "sometimes"]);
    assert_eq!(ended.code, 2);
    assert_same!(ended.stderr, @"error: --duplicates: use one of reject-batch, skip, per-contact");
    let ended = sealed.run(&["sandbox", "--list", "l1"]);
    assert_eq!(ended.code, 2);
    assert_same!(ended.stderr, @"error: --list: `l1` is not ID=FILE");
}

#[test]
fn closed_pipe_is_not_an_error() {
    let sealed = Sealed::new();
    let mut command = sealed.command(&["--help"]);
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
