//! The columns of an export and their contents.

use std::{borrow::Cow, collections::HashMap};

use super::ReportedRow;
use crate::{
    contact::{Contact, Region},
    parse::{self, InputInfo},
    row::Row,
    time_zone,
};

/// The choice of an export's columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExportLayout {
    /// The columns of the platform's contact import.
    #[default]
    Contacts,
    /// The columns of the platform's contact list upload.
    List,
    /// The input's own columns, unchanged, followed by rollcall's results.
    Full,
}

/// Columns of the platform's contact import.
const CONTACTS: [&str; 6] =
    ["firstName", "lastName", "salutation", "cellPhoneNumber", "cellPhoneCountryCode", "cellPhoneExtension"];

/// Columns of the platform's contact list upload.
const LIST: [&str; 6] = ["firstName", "lastName", "phoneNumber", "timeZone", "uniqueId", "contactPriority"];

/// Columns after those of the input. Reading ignores them, and removes the guards of the others.
const FULL: [&str; 13] = [
    "rollcall_file",
    "rollcall_sheet",
    "rollcall_row",
    "rollcall_outcome",
    "rollcall_first_name",
    "rollcall_last_name",
    "rollcall_salutation",
    "rollcall_number",
    "rollcall_country_code",
    "rollcall_national_number",
    "rollcall_region",
    "rollcall_type",
    "rollcall_time_zone",
];

/// The dialing prefix that the platform stores with every contact.
const DIALING_PREFIX: &str = "+";

/// Folded headers of a column with time zones.
const TIME_ZONE: [&str; 6] = ["time zone", "timezone", "tz", "zeitzone", "fuseau horaire", "zona horaria"];

/// Folded headers of a column with identifiers of another program.
const UNIQUE_ID: [&str; 2] = ["unique id", "uniqueid"];

/// Folded headers of a column with priorities.
const PRIORITY: [&str; 2] = ["contact priority", "contactpriority"];

impl ExportLayout {
    /// Returns the name used by `--export-layout` and in `report.json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::List => "list",
            Self::Full => "full",
        }
    }
}

/// A cell of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cell<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) kind: CellKind,
}

/// The way in which a cell is written to formats without types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CellKind {
    /// Digits, codes and rollcall's own words, as the platform needs them.
    Plain,
    /// Like `Plain`, always in double quotes.
    Quoted,
    /// Text from the input that a spreadsheet must not run.
    Text,
    /// Text that reads back unchanged.
    Original,
}

impl<'a> Cell<'a> {
    fn new(kind: CellKind, text: impl Into<Cow<'a, str>>) -> Self {
        Self { text: text.into(), kind }
    }
}

/// The columns of an input that rollcall passes on unchanged.
#[derive(Clone, Debug)]
pub(in crate::report) struct PassedOn {
    time_zone: Vec<usize>,
    unique_id: Option<usize>,
    priority: Option<usize>,
}

impl PassedOn {
    /// Finds the columns.
    pub(in crate::report) fn of(input: &InputInfo) -> Self {
        let headers: Vec<String> = input.headers.iter().map(|header| parse::fold(header)).collect();
        let named = |names: &[&str]| {
            let is_named = |column: &usize| names.contains(&headers[*column].as_str());
            (0..headers.len()).filter(is_named).collect::<Vec<_>>()
        };
        let columns = &input.columns;
        let first = |names| named(names).first().copied();
        Self {
            time_zone: columns.time_zone.map_or_else(|| named(&TIME_ZONE), |column| vec![column]),
            unique_id: columns.unique_id.or_else(|| first(&UNIQUE_ID)),
            priority: columns.priority.or_else(|| first(&PRIORITY)),
        }
    }

    /// Returns the time zone of a contact: that of its number's region if it has only one, else the one in its row.
    pub(in crate::report) fn time_zone(&self, row: Row<'_>, region: Option<Region>) -> &'static str {
        let of_row = || {
            let mut texts = self.time_zone.iter().filter_map(|column| row.text(*column).ok());
            texts.find_map(time_zone::identifier)
        };
        region.and_then(time_zone::of_region).or_else(of_row).unwrap_or_default()
    }
}

/// A writer of the cells of a layout.
pub(super) struct LayoutWriter {
    layout: ExportLayout,
    passed_on: Vec<PassedOn>,
    /// The columns of all inputs, each only once.
    headers: Vec<String>,
    /// For each input, the position of each of its columns in `headers`.
    places: Vec<Vec<usize>>,
}

impl LayoutWriter {
    pub(super) fn new(layout: ExportLayout, inputs: &[InputInfo]) -> Self {
        let (headers, places) =
            if layout == ExportLayout::Full { joined(inputs) } else { Default::default() };
        Self { layout, passed_on: inputs.iter().map(PassedOn::of).collect(), headers, places }
    }

    /// Returns the header.
    pub(super) fn columns(&self) -> Vec<Cell<'_>> {
        let plain = |name: &'static str| Cell::new(CellKind::Plain, name);
        match self.layout {
            ExportLayout::Contacts => CONTACTS.map(plain).to_vec(),
            ExportLayout::List => LIST.map(plain).to_vec(),
            ExportLayout::Full => {
                let originals = self.headers.iter().map(|header| Cell::new(CellKind::Original, header));
                originals.chain(FULL.map(plain)).collect()
            }
        }
    }

    /// Returns the cells of a contact.
    pub(super) fn cells<'a>(
        &self,
        input: &'a InputInfo,
        row: &'a ReportedRow<'_>,
        contact: &'a Contact,
    ) -> Vec<Cell<'a>> {
        use CellKind::{Original, Plain, Quoted, Text};

        let index = usize::from(row.row.location.input);
        let passed_on = &self.passed_on[index];
        let (number, row, outcome) = (contact.number(), row.row, row.outcome);
        let (first_name, last_name) = (contact.first_name(), contact.last_name());
        let salutation = contact.salutation().as_str();
        let as_it_stands = |column: Option<usize>| match column.map(|column| row.cell(column).text) {
            Some(text) => Cell::new(Text, String::from_utf8_lossy(text).trim().to_owned()),
            None => Cell::new(Text, ""),
        };
        let time_zone = || passed_on.time_zone(row, number.region());
        match self.layout {
            ExportLayout::Contacts => vec![
                Cell::new(Text, first_name),
                Cell::new(Text, last_name),
                Cell::new(Plain, salutation),
                Cell::new(Plain, number.national().to_string()),
                Cell::new(Plain, format!("+{}", number.calling_code())),
                Cell::new(Plain, DIALING_PREFIX),
            ],
            ExportLayout::List => vec![
                Cell::new(Text, first_name),
                Cell::new(Text, last_name),
                Cell::new(Quoted, format!("+{}", number.e164())),
                Cell::new(Plain, time_zone()),
                as_it_stands(passed_on.unique_id),
                as_it_stands(passed_on.priority),
            ],
            ExportLayout::Full => {
                let mut cells = vec![Cell::new(Original, ""); self.headers.len()];
                for (cell, place) in row.cells().zip(&self.places[index]) {
                    // Bytes of another encoding would make the file unreadable, so they become replacement
                    // characters.
                    cells[*place].text = String::from_utf8_lossy(cell.text);
                }
                let region = number.region().map(|region| region.to_string()).unwrap_or_default();
                cells.extend([
                    Cell::new(Original, input.path.as_str()),
                    Cell::new(Original, input.sheet.as_deref().unwrap_or_default()),
                    Cell::new(Plain, row.location.row.to_string()),
                    Cell::new(Plain, outcome.name()),
                    Cell::new(Original, first_name),
                    Cell::new(Original, last_name),
                    Cell::new(Plain, salutation),
                    Cell::new(Plain, number.e164().to_string()),
                    Cell::new(Plain, number.calling_code().to_string()),
                    Cell::new(Plain, number.national().to_string()),
                    Cell::new(Plain, region),
                    Cell::new(Plain, number.kind().name()),
                    Cell::new(Plain, time_zone()),
                ]);
                cells
            }
        }
    }
}

/// Returns the columns of all inputs and their positions for each input; a column that two inputs share appears once.
fn joined(inputs: &[InputInfo]) -> (Vec<String>, Vec<Vec<usize>>) {
    let mut headers: Vec<String> = Vec::new();
    let mut known: HashMap<(&str, usize), usize> = HashMap::new();
    let mut places = Vec::with_capacity(inputs.len());
    for input in inputs {
        let place = |key: _| {
            *known.entry(key).or_insert_with(|| {
                headers.push(key.0.to_owned());
                headers.len() - 1
            })
        };
        places.push(input.numbered_headers().into_iter().map(place).collect());
    }
    (headers, places)
}
