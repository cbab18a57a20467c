//! Headers, one on each line of the input, above a row of data.
#![no_main]

libfuzzer_sys::fuzz_target!(|content: &[u8]| {
    let headers: Vec<Vec<u8>> = content
        .split(|byte| *byte == b'\n')
        .map(|header| {
            [b"\"", header.split(|byte| *byte == b'"').collect::<Vec<_>>().concat().as_slice(), b"\""]
                .concat()
        })
        .collect();
    let data = vec![b"98765 43210".as_slice(); headers.len()];
    rollcall_fuzz::read(&[headers.join(&b','), b"\n".to_vec(), data.join(&b','), b"\n".to_vec()].concat());
});
