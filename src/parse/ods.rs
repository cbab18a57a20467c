//! A sheet of a spreadsheet in the Open Document Format becomes rows.
//!
//! Read as a stream: what repeats is written once in such a file, with how often, and a library that lays all of it out in
//! memory is done for by a few bytes.

use std::{fs::File, io::BufReader};

use calamine::{SheetType, SheetVisible};
use quick_xml::{
    Reader, XmlVersion,
    events::{BytesStart, Event},
};
use zip::ZipArchive;

use super::{
    assemble::RawRow as _,
    csv::MAX_CELLS,
    error::Fault,
    sheet::{Choice, MAX_ROWS, SheetRow, choose},
    table::RowSink,
};
use crate::row::CellKind;

const CONTENT: &str = "content.xml";

/// A spreadsheet, of which one sheet was chosen.
pub(super) struct Ods {
    file: File,
    pub(super) choice: Choice,
    /// Formula cells of any sheet whose result is not stored.
    pub(super) formulas_without_result: u64,
    pub(super) counts_from_1904: bool,
}

/// A value and how it is to be taken.
struct Value {
    text: String,
    kind: CellKind,
    is_from_text: bool,
}

impl Ods {
    pub(super) fn open(file: File, wanted: Option<&str>) -> Result<Self, Fault> {
        let mut ods =
            Self { file, choice: Choice::default(), formulas_without_result: 0, counts_from_1904: false };
        let mut sheets = Vec::new();
        let mut hidden_styles: Vec<String> = Vec::new();
        let mut style = String::new();
        let mut formulas_without_result = 0;
        let mut counts_from_1904 = false;
        ods.each_event(&mut |event| {
            match event {
                Event::Start(tag) | Event::Empty(tag) => match tag.name().as_ref() {
                    "style:style" => style = attribute(&tag, "style:name").unwrap_or_default(),
                    "style:table-properties"
                        if attribute(&tag, "table:display").as_deref() == Some("false") =>
                    {
                        hidden_styles.push(style.clone());
                    }
                    "table:null-date" => {
                        let first = attribute(&tag, "table:date-value").unwrap_or_default();
                        counts_from_1904 = first.starts_with("1904");
                    }
                    "table:table" => {
                        let style = attribute(&tag, "table:style-name").unwrap_or_default();
                        let name = attribute(&tag, "table:name").unwrap_or_default();
                        let is_hidden = hidden_styles.contains(&style);
                        if !is_copied_from_another_file(&style, &name) {
                            sheets.push(calamine::Sheet {
                                name,
                                typ: SheetType::WorkSheet,
                                visible: if is_hidden { SheetVisible::Hidden } else { SheetVisible::Visible },
                            });
                        }
                    }
                    "table:table-cell"
                        if attribute(&tag, "table:formula").is_some()
                            && attribute(&tag, "office:value-type").is_none() =>
                    {
                        formulas_without_result += 1;
                    }
                    _ => {}
                },
                _ => {}
            }
            Ok(true)
        })?;
        ods.formulas_without_result = formulas_without_result;
        ods.counts_from_1904 = counts_from_1904;
        ods.choice = choose(&sheets, wanted)?;
        Ok(ods)
    }

    /// Goes through all rows that have a cell.
    pub(super) fn visit(&self, sink: &mut impl RowSink) -> Result<(), Fault> {
        let mut walk =
            Walk { is_inside: false, row: SheetRow::default(), number: 0, repeats: 1, column: 0, cell: None };
        self.each_event(&mut |event| walk.take(event, &self.choice.sheet.name, sink))
    }

    fn each_event(&self, each: &mut dyn FnMut(Event<'_>) -> Result<bool, Fault>) -> Result<(), Fault> {
        let damaged = |reason: String| Fault::DamagedWorkbook(reason);
        let file = self.file.try_clone().map_err(Fault::Io)?;
        let mut archive =
            ZipArchive::new(BufReader::new(file)).map_err(|error| damaged(error.to_string()))?;
        if let Ok(manifest) = archive.by_name("META-INF/manifest.xml")
            && std::io::read_to_string(manifest).is_ok_and(|text| text.contains("encryption-data"))
        {
            return Err(Fault::Password);
        }
        let content = archive.by_name(CONTENT).map_err(|error| damaged(error.to_string()))?;
        let mut reader = Reader::from_reader(BufReader::new(content));
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            match reader
                .read_event_into(&mut buffer)
                .map_err(|error| damaged(format!("{CONTENT}: {error}")))?
            {
                Event::Eof => return Ok(()),
                event => {
                    if !each(event)? {
                        return Ok(());
                    }
                }
            }
        }
    }
}

/// Where the walk through the content is.
struct Walk {
    is_inside: bool,
    row: SheetRow,
    number: u64,
    /// How often the row, and the cell, repeat.
    repeats: u64,
    column: usize,
    cell: Option<(Value, usize)>,
}

impl Walk {
    /// Takes an event; false where nothing more is wanted.
    fn take(&mut self, event: Event<'_>, sheet: &str, sink: &mut impl RowSink) -> Result<bool, Fault> {
        match event {
            Event::Start(tag) => {
                let name = tag.name();
                match name.as_ref() {
                    "table:table" => self.is_inside = attribute(&tag, "table:name").as_deref() == Some(sheet),
                    "table:table-row" if self.is_inside => self.begin_row(&tag),
                    "table:table-cell" | "table:covered-table-cell" if self.is_inside => {
                        self.begin_cell(&tag);
                    }
                    "text:p" => self.add_text(|text| if text.is_empty() { "" } else { "\n" }),
                    _ => {}
                }
            }
            Event::Empty(tag) if self.is_inside => match tag.name().as_ref() {
                "table:table-row" => {
                    self.begin_row(&tag);
                    self.number += self.repeats - 1;
                }
                "table:table-cell" | "table:covered-table-cell" => {
                    self.begin_cell(&tag);
                    self.end_cell()?;
                }
                "text:s" | "text:tab" => self.add_text(|_| " "),
                "text:line-break" => self.add_text(|_| "\n"),
                _ => {}
            },
            Event::Text(text) => {
                let text = text.xml10_content();
                self.add_text(|_| &text);
            }
            Event::GeneralRef(entity) => {
                let text = match entity.resolve_char_ref() {
                    Ok(Some(letter)) => letter.to_string(),
                    _ => quick_xml::escape::resolve_predefined_entity(&entity).unwrap_or_default().to_owned(),
                };
                self.add_text(|_| &text);
            }
            Event::End(tag) if self.is_inside => match tag.name().as_ref() {
                "table:table-cell" | "table:covered-table-cell" => self.end_cell()?,
                "table:table-row" => return self.end_row(sink),
                "table:table" => return Ok(false),
                _ => {}
            },
            _ => {}
        }
        Ok(true)
    }

    fn begin_row(&mut self, tag: &BytesStart<'_>) {
        self.number += 1;
        self.repeats = repeated(tag, "table:number-rows-repeated");
        self.row.clear(self.number);
        self.column = 0;
    }

    fn begin_cell(&mut self, tag: &BytesStart<'_>) {
        let repeats = repeated(tag, "table:number-columns-repeated");
        let of = |name: &str| attribute(tag, name);
        let kind = of("office:value-type").unwrap_or_default();
        let is_error = of("calcext:value-type").as_deref() == Some("error");
        let (text, kind, is_from_text) = match kind.as_str() {
            _ if is_error => (String::new(), CellKind::Error, true),
            "float" | "currency" | "percentage" => {
                (number(&of("office:value").unwrap_or_default()), CellKind::Number, false)
            }
            "boolean" => {
                (of("office:boolean-value").unwrap_or_default().to_uppercase(), CellKind::Boolean, false)
            }
            "date" => (of("office:date-value").unwrap_or_default(), CellKind::Date, false),
            "time" => (of("office:time-value").unwrap_or_default(), CellKind::Date, false),
            "string" => match of("office:string-value") {
                Some(text) => (text, CellKind::Text, false),
                None => (String::new(), CellKind::Text, true),
            },
            _ => (String::new(), CellKind::Text, false),
        };
        self.cell =
            Some((Value { text, kind, is_from_text }, usize::try_from(repeats).unwrap_or(usize::MAX)));
    }

    fn add_text<'t>(&mut self, text: impl FnOnce(&str) -> &'t str) {
        if let Some((value, _)) = self.cell.as_mut().filter(|(value, _)| value.is_from_text) {
            let text = text(&value.text);
            value.text.push_str(text);
        }
    }

    fn end_cell(&mut self) -> Result<(), Fault> {
        let Some((value, repeats)) = self.cell.take() else { return Ok(()) };
        if !value.text.trim().is_empty() {
            for column in (self.column..).take(repeats.min(MAX_CELLS + 1)) {
                self.row.set_text(column, &value.text, value.kind)?;
            }
        }
        self.column = self.column.saturating_add(repeats);
        Ok(())
    }

    fn end_row(&mut self, sink: &mut impl RowSink) -> Result<bool, Fault> {
        if self.row.len() == 0 {
            self.number += self.repeats - 1;
            return Ok(true);
        }
        for repeat in 0..self.repeats {
            if self.number > MAX_ROWS {
                return Err(Fault::OutsideSheet { row: self.number });
            }
            if sink.row(self.number, &self.row).is_break() {
                return Ok(false);
            }
            if repeat + 1 < self.repeats {
                self.number += 1;
            }
        }
        Ok(true)
    }
}

/// A number with the digits that stand there; integral ones without a fraction. What has an exponent is text.
fn number(written: &str) -> String {
    let integral =
        written.split_once('.').filter(|(_, fraction)| fraction.bytes().all(|digit| digit == b'0'));
    match integral {
        Some((whole, _)) => whole.to_owned(),
        // LibreOffice writes large numbers so; as a double it is what it was.
        None if written.contains(['e', 'E']) => {
            written.parse::<f64>().map_or_else(|_| written.to_owned(), |number| number.to_string())
        }
        None => written.to_owned(),
    }
}

fn repeated(tag: &BytesStart<'_>, name: &str) -> u64 {
    attribute(tag, name).and_then(|text| text.parse().ok()).unwrap_or(1).max(1)
}

/// Whether a table is no sheet, but holds what formulas have read in another file. Nobody sees it, and nobody can.
fn is_copied_from_another_file(style: &str, name: &str) -> bool {
    // The style that LibreOffice keeps for them; their names are addresses, which those of sheets cannot be.
    style == "ta_extref" || name.starts_with('\'') && name.contains("'#")
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = tag.try_get_attribute(name).ok().flatten()?;
    attribute.normalized_value(XmlVersion::Implicit1_0).ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;

    #[test]
    fn hidden_sheets_are_known_and_copies_of_other_files_are_none() {
        let style = |name: &str, display: bool| {
            format!(
                "<style:style style:name=\"{name}\"><style:table-properties table:display=\"{display}\"/></style:style>"
            )
        };
        let table = |name: &str, style: &str| {
            format!("<table:table table:name=\"{name}\" table:style-name=\"{style}\"/>")
        };
        let content = [
            style("ta1", true),
            style("ta2", false),
            style("ta_extref", false),
            table("Leads", "ta1"),
            table("Old", "ta2"),
            table("'file:///customers.ods'#$Sheet1", "ta_extref"),
            table("'file:///others.ods'#Sheet1", "ta2"),
        ]
        .concat();
        let mut writer = ZipWriter::new(tempfile::tempfile().unwrap());
        writer.start_file(CONTENT, SimpleFileOptions::default()).unwrap();
        write!(writer, "<office:document-content>{content}</office:document-content>").unwrap();
        let ods = Ods::open(writer.finish().unwrap(), None).unwrap();
        let names: Vec<String> = ods.choice.others.iter().map(ToString::to_string).collect();
        assert_eq!(
            (ods.choice.sheet.to_string().as_str(), names),
            ("`Leads`", vec!["`Old` (hidden)".to_owned()])
        );
    }
}
