//! Small files that would fill the disk. rollcall refuses them early and leaves no output.

use std::{
    io::{Cursor, Write as _},
    process::Command,
};

use zip::{ZipWriter, write::SimpleFileOptions};

use crate::sealed::{Sealed, ended};

/// Returns a spreadsheet that repeats one row a million times. The row has 4 KB of text and a number that is too long.
fn repeated_rows() -> Vec<u8> {
    let cell = |text: &str| format!("<table:table-cell><text:p>{text}</text:p></table:table-cell>");
    let content = format!(
        "<office:document-content><table:table table:name=\"Leads\"><table:table-row>{}{}</table:table-row>\
         <table:table-row table:number-rows-repeated=\"1048000\">{}{}</table:table-row></table:table></office:document-content>",
        cell("Name"),
        cell("Phone"),
        cell(&"x".repeat(4000)),
        cell("9876543210123456789")
    );
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("content.xml", SimpleFileOptions::default()).unwrap();
    writer.write_all(content.as_bytes()).unwrap();
    writer.finish().unwrap().into_inner()
}

/// Returns the same command in a shell that kills it if it writes more than `max_bytes` to one file.
pub(crate) fn with_file_limit(sealed: &Sealed, command: &Command, max_bytes: usize) -> Command {
    const BLOCK: usize = 512;

    let script = format!("ulimit -f {}; exec \"$0\" \"$@\"", max_bytes.div_ceil(BLOCK));
    let mut limited = Command::new("sh");
    limited.args(["-c", &script]).arg(command.get_program());
    limited.args(command.get_args()).current_dir(sealed.path("")).env_clear();
    limited.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    limited
}

#[test]
fn small_bomb_is_refused_before_it_fills_the_disk() {
    let sealed = Sealed::new();
    let bomb = repeated_rows();
    assert!(bomb.len() < 1000);
    sealed.write("list.ods", bomb);
    let command = sealed.command(&["check", "list.ods", "--region", "IN"]);
    let refused = ended(with_file_limit(&sealed, &command, 128 << 20));
    assert_eq!(refused.code, 3, "{}", refused.stderr);
    let message = "its rows hold more than 16 MB, ";
    assert!(refused.stderr.contains(message), "{}", refused.stderr);
    assert!(refused.stderr.contains("hint: Look for a row or a cell that is repeated"), "{}", refused.stderr);
    assert_eq!(sealed.files(), ["list.ods"], "nothing is left");
}
