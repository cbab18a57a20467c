//! JSON documents.
#![no_main]

libfuzzer_sys::fuzz_target!(|content: &[u8]| rollcall_fuzz::read(&[b"[", content].concat()));
