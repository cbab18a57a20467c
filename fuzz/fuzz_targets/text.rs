//! Delimited text in any encoding.
#![no_main]

libfuzzer_sys::fuzz_target!(|content: &[u8]| rollcall_fuzz::read(content));
