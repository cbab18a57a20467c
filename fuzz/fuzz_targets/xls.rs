//! A workbook of Excel 97, as it comes.
#![no_main]

libfuzzer_sys::fuzz_target!(init: rollcall_fuzz::pass_over_caught_panics(), |content: &[u8]| rollcall_fuzz::read(content));
