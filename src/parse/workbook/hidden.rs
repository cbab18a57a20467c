//! Handles columns that a sheet hides. A person who looks at the sheet does not know that they exist. A visible column
//! with the same meaning is preferred; otherwise the hidden column is read with a note.

use super::sheet::column_name;
use crate::{
    contact::Field,
    parse::{
        columns::{self, header::Found},
        settings::ParseSettings,
    },
    row::Columns,
};

/// Prefers visible columns to hidden ones, and returns notes on the hidden columns that are read or skipped. `hidden`
/// states for each column of the file whether it is hidden.
pub(in crate::parse) fn prefer_shown(
    found: &mut Found,
    hidden: &[bool],
    settings: &ParseSettings,
) -> Vec<String> {
    let header = &found.header;
    let is_hidden = |column: usize| hidden.get(header.place_of(column)) == Some(&true);
    if !(0..header.names.len()).any(is_hidden) {
        return Vec::new();
    }
    let shown_names: Vec<String> = header
        .names
        .iter()
        .enumerate()
        .map(|(column, name)| if is_hidden(column) { String::new() } else { name.clone() })
        .collect();
    let shown = columns::recognize(&shown_names, &[], &|_| Vec::new()).unwrap_or_default();
    let mut notes = Vec::new();
    let mut chosen = Columns::default();
    for field in Field::ALL {
        let all = found.columns.of(field);
        let is_mapped = settings.mappings.iter().any(|mapping| mapping.field == field);
        let mut taken: Vec<usize> = all.iter().copied().filter(|column| !is_hidden(*column)).collect();
        if taken.is_empty() && !is_mapped {
            let is_free =
                |column: &usize| Field::ALL.iter().all(|field| !found.columns.of(*field).contains(column));
            taken.extend(shown.of(field).iter().copied().filter(is_free));
        }
        if is_mapped || taken.is_empty() {
            taken = all.to_vec();
        }
        for column in all.iter().copied().filter(|column| is_hidden(*column)) {
            let name = &header.names[column];
            let letters = column_name(header.place_of(column));
            let field_name = field.name().replace('_', " ");
            notes.push(if taken.contains(&column) {
                format!("column {letters} (`{name}`), which is read as {field_name}, is hidden in the sheet")
            } else {
                format!(
                    "column {letters} (`{name}`) is hidden in the sheet and not read as {field_name}; --map {}={} \
                     reads it",
                    field.name(),
                    column + 1
                )
            });
        }
        for column in taken {
            chosen.add(field, column);
        }
    }
    let all = std::mem::take(&mut found.columns);
    chosen.labels = all.labels;
    chosen.labels.retain(|label| chosen.phone.contains(&label.phone));
    found.columns = Columns {
        phone_kinds: all.phone_kinds,
        is_phone_order_given: all.is_phone_order_given,
        own_countries: all.own_countries,
        calls: all.calls,
        is_family_name_first: all.is_family_name_first && all.full_name == chosen.full_name,
        ..chosen
    };
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        parse::{columns::mapping::Mapping, table_header::Header},
        row::{CellKind, Rows},
    };

    fn found(names: &[&str], mappings: &[Mapping]) -> Found {
        let mut rows = Rows::new(0);
        for name in names {
            rows.push_cell(name.as_bytes(), CellKind::Text);
        }
        rows.end_row(1, None);
        let header = Header::from_row(&rows.row(0));
        let columns = columns::recognize(&header.names, mappings, &|_| Vec::new()).unwrap();
        Found { header, columns, row: 1, notes: Vec::new() }
    }

    #[test]
    fn shown_column_is_preferred_to_hidden_one() {
        let mut found = found(&["First Name", "Last Name", "Mobile", "Phone"], &[]);
        let notes = prefer_shown(&mut found, &[false, false, true], &ParseSettings::default());
        assert_eq!(found.columns.phone, [3]);
        assert_eq!(
            notes,
            ["column C (`Mobile`) is hidden in the sheet and not read as phone; --map phone=3 reads it"]
        );
    }

    #[test]
    fn hidden_column_without_a_field_changes_nothing() {
        let mut found = found(&["Nom et prénom", "Téléphone", "Notes"], &[]);
        let before = found.columns.clone();
        assert!(before.is_family_name_first);
        prefer_shown(&mut found, &[false, false, true], &ParseSettings::default());
        assert_eq!(found.columns, before);
    }

    #[test]
    fn hidden_column_is_read_if_it_is_the_only_one_or_mapped() {
        let mut alone = found(&["Name", "Mobile"], &[]);
        let notes = prefer_shown(&mut alone, &[false, true], &ParseSettings::default());
        assert_eq!(alone.columns.phone, [1]);
        assert_eq!(notes, ["column B (`Mobile`), which is read as phone, is hidden in the sheet"]);

        let mappings = vec![Mapping::new(Field::Phone, "Mobile".to_owned())];
        let mut mapped = found(&["Name", "Mobile", "Phone"], &mappings);
        let settings = ParseSettings { mappings, ..ParseSettings::default() };
        prefer_shown(&mut mapped, &[false, true], &settings);
        assert_eq!(mapped.columns.phone, [1]);
    }

    #[test]
    fn unused_hidden_columns_get_no_note() {
        let mut found = found(&["Name", "Mobile", "Notes"], &[]);
        assert!(prefer_shown(&mut found, &[false, false, true], &ParseSettings::default()).is_empty());
    }
}
