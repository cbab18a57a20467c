//! The meaning of digits without a plus in phone columns, judged by their first cells.

use crate::{
    normalize::{NormalizeSettings, Normalizer, phone::Habit},
    parse::{settings::ParseSettings, table_header::Header},
    row::{Columns, Rows},
};

/// Returns the phone columns that show a habit. Adds a note if the habit changes how digits are read.
pub(in crate::parse) fn find(
    header: &Header,
    columns: &Columns,
    rows: &Rows,
    header_row: u64,
    settings: &ParseSettings,
    notes: &mut Vec<String>,
) -> Vec<(usize, Habit)> {
    let settings = NormalizeSettings {
        region: settings.region,
        aliases: settings.aliases.clone(),
        ..NormalizeSettings::default()
    };
    let places_of = |columns: &[usize]| columns.iter().map(|column| header.place_of(*column)).collect();
    let own = columns.own_countries.iter();
    let places = Columns {
        country: places_of(&columns.country),
        own_countries: own.map(|(phone, own)| (header.place_of(*phone), places_of(own))).collect(),
        ..Columns::default()
    };
    let normalizer = Normalizer::new(&settings, &places);
    let mut found = Vec::new();
    for column in &columns.phone {
        let below = rows.iter().filter(|row| row.location.row > header_row);
        let habits = normalizer.habits(below, header.place_of(*column));
        let Some(habit) = habits.habit() else { continue };
        if habit == Habit::International && habits.ambiguous() > 0 {
            let name = &header.names[*column];
            notes.push(format!(
                "column `{name}`: rollcall reads digits without a plus as whole international numbers, because nearly all \
                 cells of the column have that form"
            ));
        }
        found.push((*column, habit));
    }
    found
}
