//! Tables of a web page.
#![no_main]

libfuzzer_sys::fuzz_target!(|content: &[u8]| {
    let head = b"<html><table><tr><th>Name<th>Phone</tr>".as_slice();
    rollcall_fuzz::read(&[head, content, b"</table></html>"].concat());
});
