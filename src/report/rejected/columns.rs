//! The columns of the common file of several inputs.

use std::collections::HashMap;

use crate::{contact::Field, parse::InputInfo, row::Columns};

/// Returns the columns of all inputs, and for each input the position of each of its columns.
///
/// Columns with the same header share a position, and so do columns of the same field. A later run finds columns of
/// the common file by their headers, and reads only one column of salutations.
pub(super) fn common(inputs: &[InputInfo]) -> (Vec<String>, Vec<Vec<usize>>) {
    let mut headers: Vec<String> = Vec::new();
    let mut known: HashMap<(&str, usize), usize> = HashMap::new();
    let mut of_fields: HashMap<Field, Vec<usize>> = HashMap::new();
    let mut places = Vec::with_capacity(inputs.len());
    for input in inputs {
        let keys = input.numbered_headers();
        let mut own: Vec<Option<usize>> = keys.iter().map(|key| known.get(key).copied()).collect();
        for field in Field::ALL {
            for column in input.columns.of(field) {
                if own[*column].is_none() {
                    let free = |place: &&usize| !own.contains(&Some(**place));
                    own[*column] = of_fields.get(&field).and_then(|all| all.iter().find(free)).copied();
                }
            }
        }
        let own: Vec<usize> = own
            .into_iter()
            .zip(keys)
            .map(|(place, key)| {
                place.unwrap_or_else(|| {
                    headers.push(key.0.to_owned());
                    known.insert(key, headers.len() - 1);
                    headers.len() - 1
                })
            })
            .collect();
        for field in Field::ALL {
            let all = of_fields.entry(field).or_default();
            for place in input.columns.of(field).iter().map(|column| own[*column]) {
                if !all.contains(&place) {
                    all.push(place);
                }
            }
        }
        places.push(own);
    }
    (headers, places)
}

/// Returns the fields of a file's columns, for an input whose columns have these positions in it.
pub(super) fn placed(columns: &Columns, places: &[usize]) -> Columns {
    let mut there = Columns::default();
    for field in Field::ALL {
        columns.of(field).iter().for_each(|column| there.add(field, places[*column]));
    }
    there.area = columns.area.iter().map(|column| places[*column]).collect();
    there
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(headers: &[&str], columns: Columns) -> InputInfo {
        InputInfo::example("list.csv", headers, columns)
    }

    #[test]
    fn columns_with_the_same_header_or_field_share_a_position() {
        let names =
            |first, last| Columns { first_name: Some(first), last_name: Some(last), ..Columns::default() };
        let first =
            input(&["First Name", "Last Name", "Mobile", "Note"], Columns { phone: vec![2], ..names(0, 1) });
        let second = input(
            &["Note", "Cell", "Vorname", "Mobile", "Nachname", "Note", "Anrede"],
            Columns { phone: vec![3, 1], salutation: Some(6), ..names(2, 4) },
        );
        let third =
            input(&["Title", "Call"], Columns { phone: vec![1], salutation: Some(0), ..Columns::default() });
        let (headers, places) = common(&[first, second, third]);
        assert_eq!(headers, ["First Name", "Last Name", "Mobile", "Note", "Cell", "Note", "Anrede"]);
        assert_eq!(places, [vec![0, 1, 2, 3], vec![3, 4, 0, 2, 1, 5, 6], vec![6, 2]]);
    }
}
