//! The cells of an OpenDocument spreadsheet, in an intact package.
#![no_main]

libfuzzer_sys::fuzz_target!(init: rollcall_fuzz::pass_over_caught_panics(), |content: &[u8]| {
    rollcall_fuzz::read(&rollcall_fuzz::package(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet".to_vec()),
        ("META-INF/manifest.xml", b"<manifest:manifest/>".to_vec()),
        ("content.xml", content.to_vec()),
    ]));
});
