//! Lists of new contacts for the tests of the built program.

use std::{fmt::Write as _, ops::Range};

/// Returns a list with one contact for each of these numbers.
pub(crate) fn list(numbers: Range<u32>) -> String {
    let mut list = "First Name,Last Name,Salutation,Mobile\n".to_owned();
    for n in numbers {
        writeln!(list, "First{n},Last{n},Mr,+9198765{n:05}").unwrap();
    }
    list
}
