//! Excel 97 workbooks from arbitrary bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(init: rollcall_fuzz::pass_over_caught_panics(), |content: &[u8]| rollcall_fuzz::read(content));
