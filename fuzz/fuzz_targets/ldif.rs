//! The lines of an entry of a directory.
#![no_main]

use rollcall::parse::{Format, ParseSettings};

libfuzzer_sys::fuzz_target!(|content: &[u8]| {
    let ldif = ParseSettings { format: Some(Format::Ldif), ..ParseSettings::default() };
    rollcall_fuzz::read_with(&[b"dn: cn=Ada Quill\n", content].concat(), &ldif);
});
