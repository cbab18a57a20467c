//! Isolation of workbooks: a child process reads them, so no workbook can end the program.
#![cfg(target_os = "linux")]

use std::{
    fs,
    io::{Read as _, Seek as _, Write as _},
    os::{fd::OwnedFd, unix::net::UnixStream},
};

use rust_xlsxwriter::Workbook;

use crate::sealed::{Outcome, Sealed, ended};

fn workbook() -> Workbook {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (column, header) in (0..).zip(["Salutation", "First Name", "Last Name", "Phone"]) {
        sheet.write(0, column, header).unwrap();
    }
    for (column, cell) in (0..).zip(["Ms", "Asha", "Rao", "+919876543210"]) {
        sheet.write(1, column, cell).unwrap();
    }
    workbook
}

#[test]
fn workbook_that_fills_memory_ends_only_its_child() {
    let sealed = Sealed::new();
    sealed.write("list.xlsx", workbook().save_to_buffer().unwrap());
    sealed.write("other.csv", "Salutation,First Name,Last Name,Phone\nMs,Bela,Rao,+919876543211\n");
    let check = |files: &[&str], fault: Option<&str>| {
        let mut command = sealed.command(&[&["check", "--out", "out", "-q"], files].concat());
        command.envs(fault.map(|fault| ("ROLLCALL_READER", fault)));
        ended(command)
    };
    let full = check(&["list.xlsx"], Some("memory"));
    assert_eq!(full.code, 3, "{}", full.stderr);
    assert!(full.stderr.contains("list.xlsx: the file looks malicious"), "{}", full.stderr);
    assert!(full.stderr.contains("more than 1 GiB of memory"), "{}", full.stderr);
    // If one file cannot be read, none is imported.
    assert_eq!(check(&["other.csv", "list.xlsx"], Some("memory")).code, 3);
    assert_eq!(check(&["other.csv", "list.xlsx"], None).code, 0);
    let briefs: Vec<String> = sealed.outcomes("out").iter().map(Outcome::brief).collect();
    assert_eq!(briefs, ["2 valid", "2 valid"]);
}

#[test]
fn child_has_limits_and_ends_with_its_parent() {
    let sealed = Sealed::new();
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&workbook().save_to_buffer().unwrap()).unwrap();
    file.rewind().unwrap();
    let mut command = sealed.exact_command(&["read-workbook", "package", "7000"]);
    let mut reader = command.stdin(file).stdout(OwnedFd::from(theirs)).spawn().unwrap();
    drop(command);
    let mut head = [0; 5];
    ours.read_exact(&mut head).unwrap();
    let [kind, length @ ..] = head;
    assert_eq!(kind, b'o');
    ours.read_exact(&mut vec![0; u32::from_le_bytes(length) as usize]).unwrap();
    let limits = fs::read_to_string(format!("/proc/{}/limits", reader.id())).unwrap();
    let limit = |name: &str| {
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
        line[name.len()..].split_whitespace().next().unwrap().to_owned()
    };
    assert_eq!(limit("Max data size"), (1_u64 << 30).to_string());
    assert_eq!([limit("Max file size"), limit("Max core file size")], ["0", "0"]);
    assert!(limit("Max cpu time").parse::<u64>().unwrap() <= 200);
    drop(ours);
    assert!(reader.wait().unwrap().success());
}

#[test]
fn child_without_parent_ends_at_once() {
    let output = Sealed::new().run(&["read-workbook", "package", "7000"]);
    assert_eq!(output.code, 1);
}
