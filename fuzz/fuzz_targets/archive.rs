//! Compressed files and archives: arbitrary bytes, and a list inside an intact archive.
#![no_main]

libfuzzer_sys::fuzz_target!(|content: &[u8]| {
    let Some((which, content)) = content.split_first() else { return };
    match which % 4 {
        0 => rollcall_fuzz::read(&[b"\x1f\x8b\x08".as_slice(), content].concat()),
        1 => rollcall_fuzz::read(&[b"\x28\xb5\x2f\xfd".as_slice(), content].concat()),
        2 => rollcall_fuzz::read(&[b"PK\x03\x04".as_slice(), content].concat()),
        _ => rollcall_fuzz::read(&rollcall_fuzz::package(&[("list.csv", content.to_vec())])),
    }
});
