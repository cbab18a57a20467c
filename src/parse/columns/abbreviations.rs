//! Abbreviated headers in general use. The user learns how they are read, because each may stand for something else.

use super::{folding::fold, mapping::Mapping};
use crate::{contact::Field, row::Columns};

/// Headers for names and salutations.
const HEADERS: [&str; 3] = ["fname", "lname", "prefix"];

/// Words in headers for phones.
const PHONE_WORDS: [&str; 2] = ["ph", "mob"];

/// Returns a note about the abbreviated headers of the columns that are read.
pub(super) fn note(headers: &[String], columns: &Columns, mappings: &[Mapping]) -> Option<String> {
    let is_short = |header: &str, field: Field| {
        let folded = fold(header);
        match field {
            Field::Phone => folded.split(' ').any(|word| PHONE_WORDS.contains(&word)),
            _ => HEADERS.contains(&folded.as_str()),
        }
    };
    let mut read = Vec::new();
    for field in [Field::FirstName, Field::LastName, Field::Phone, Field::Salutation] {
        if mappings.iter().all(|mapping| mapping.field != field) {
            let short = columns.of(field).iter().filter(|column| is_short(&headers[**column], field));
            read.extend(short.map(|column| (*column, field)));
        }
    }
    read.sort_by_key(|(column, _)| *column);
    let read = read
        .iter()
        .map(|(column, field)| format!("`{}` = {}", headers[*column], field.name().replace('_', " ")));
    let read: Vec<String> = read.collect();
    (!read.is_empty()).then(|| format!("rollcall reads these headers as abbreviations: {}", read.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::columns::recognize;

    #[test]
    fn abbreviations_in_general_use_are_named() {
        let headers: Vec<String> =
            ["Fname", "Lname", "Ph", "Prefix", "Mobile"].map(str::to_owned).into_iter().collect();
        let columns = recognize(&headers, &[], &|_| Vec::new()).unwrap();
        let note = note(&headers, &columns, &[]).unwrap();
        for part in ["`Fname` = first name", "`Lname` = last name", "`Ph` = phone", "`Prefix` = salutation"] {
            assert!(note.contains(part), "{note}");
        }
        assert!(!note.contains("Mobile"), "{note}");
    }
}
