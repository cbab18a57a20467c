//! The lines of a vCard.
#![no_main]

libfuzzer_sys::fuzz_target!(|content: &[u8]| {
    rollcall_fuzz::read(&[b"BEGIN:VCARD\n", content, b"\nEND:VCARD\n"].concat());
});
