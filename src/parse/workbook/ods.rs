//! Reads the sheets of spreadsheets in the Open Document Format into rows.
//!
//! The file is read as a stream. It stores repeated rows and cells once, with a count. The text of a cell is that of
//! its paragraphs; comments, phonetic guides and drawings inside the cell are not part of it.

use std::{collections::HashSet, fs::File, io::Read as _};

use quick_xml::events::Event;

use super::{
    number_format::Formats,
    ods_walk::{Walk, WalkStep},
    package::Package,
    sheet::{Entry, Gathered, Sights, add_entry},
    sheet_name::SheetName,
    xml::{Xml, attribute},
};
use crate::{
    parse::{error::Fault, preview::Preview, raw_row::RowSink},
    row::Rows,
};

const CONTENT: &str = "content.xml";
const MANIFEST: &str = "META-INF/manifest.xml";

/// The maximum size of the manifest, which states whether the file is encrypted.
const MAX_MANIFEST_BYTES: u64 = 1024 * 1024;

/// The number of sheets for which a part of any length may be read once per sheet.
const FEW_SHEETS: u64 = 64;

/// The maximum number of bytes to read in total if there are more sheets.
const MAX_PASSES_BYTES: u64 = 16 * 1024 * 1024 * 1024;

/// A spreadsheet.
pub(in crate::parse) struct Ods {
    pub(in crate::parse) package: Package,
    pub(in crate::parse) entries: Vec<Entry>,
    /// The index of each entry among the tables of the file.
    tables: Vec<usize>,
    pub(in crate::parse) counts_from_1904: bool,
}

impl Ods {
    pub(in crate::parse) fn open(file: &File, file_bytes: u64) -> Result<Self, Fault> {
        let mut package = Package::open(file, file_bytes)?;
        if let Some(manifest) = package.part(MANIFEST)? {
            let mut text = String::new();
            let read = manifest.take(MAX_MANIFEST_BYTES).read_to_string(&mut text);
            if read.is_ok() && text.contains("encryption-data") {
                return Err(Fault::Password);
            }
        }
        let mut opened = Self { package, entries: Vec::new(), tables: Vec::new(), counts_from_1904: false };
        opened.look_through()?;
        let sheets = opened.entries.len() as u64;
        if sheets > FEW_SHEETS && opened.package.unpacked().saturating_mul(sheets) > MAX_PASSES_BYTES {
            return Err(Fault::Hostile(format!("its {sheets} sheets are too long to be read one by one")));
        }
        Ok(opened)
    }

    /// Finds the sheets and the properties of the whole workbook.
    fn look_through(&mut self) -> Result<(), Fault> {
        let mut xml = content(&mut self.package)?;
        let mut hidden_styles: HashSet<String> = HashSet::new();
        // The current style, until a property shows whether it is hidden.
        let mut style = None;
        let (mut tables, mut open_tables) = (0, 0_usize);
        while let Some(event) = xml.next()? {
            let tag = match event {
                Event::Start(tag) => tag,
                Event::End(tag) => {
                    open_tables -= usize::from(tag.local_name().as_ref() == "table" && open_tables > 0);
                    continue;
                }
                _ => continue,
            };
            match tag.local_name().as_ref() {
                "style" => style = Some(attribute(&tag, "name").unwrap_or_default()),
                "table-properties" if attribute(&tag, "display").as_deref() == Some("false") => {
                    hidden_styles.extend(style.take());
                }
                "null-date" => {
                    let first = attribute(&tag, "date-value").unwrap_or_default();
                    self.counts_from_1904 = first.starts_with("1904");
                }
                "table" => {
                    open_tables += 1;
                    if open_tables > 1 {
                        continue;
                    }
                    let style = attribute(&tag, "style-name").unwrap_or_default();
                    let name = attribute(&tag, "name").unwrap_or_default();
                    if !is_copied_from_another_file(&style, &name) {
                        let is_hidden = hidden_styles.contains(&style);
                        let entry = Entry { name: SheetName::new(name, is_hidden), has_cells: true };
                        add_entry(&mut self.entries, entry)?;
                        self.tables.push(tables);
                    }
                    tables += 1;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Passes all rows of a sheet that have a cell to `sink`.
    pub(in crate::parse) fn visit(
        &mut self,
        index: usize,
        sights: &mut Sights,
        sink: &mut impl RowSink,
    ) -> Result<(), Fault> {
        let Some(table) = self.tables.get(index) else { return Err(Fault::NoSheet) };
        let mut xml = content(&mut self.package)?;
        let formats = Formats::default();
        let mut rows = Gathered::new(&formats, sights, sink);
        let mut walk = Walk::new(*table);
        while let Some(event) = xml.next()? {
            match walk.take(&event, &mut rows)? {
                WalkStep::Further => {}
                WalkStep::AtEnd => break,
                WalkStep::Enough => return Ok(()),
            }
        }
        rows.finish();
        Ok(())
    }
}

impl Ods {
    /// Passes the first rows of each sheet to `each`, with its index in the list, or `None` if the sheet cannot be
    /// read. All sheets are in one part, which is read once.
    pub(in crate::parse) fn look_at_all(&mut self, wanted: usize, each: &mut dyn FnMut(usize, Option<Rows>)) {
        let reached = self.look_at_first(wanted, each);
        (reached..self.tables.len()).for_each(|index| each(index, None));
    }

    /// Previews the sheets up to the first one after which nothing can be read, and returns their number.
    fn look_at_first(&mut self, wanted: usize, each: &mut dyn FnMut(usize, Option<Rows>)) -> usize {
        let Ok(mut xml) = content(&mut self.package) else { return 0 };
        let formats = Formats::default();
        let mut passed = 0;
        for (index, table) in self.tables.iter().enumerate() {
            let (mut sights, mut preview) = (Sights::default(), Preview::new(wanted));
            let mut rows = Some(Gathered::new(&formats, &mut sights, &mut preview));
            let mut walk = Walk::new(table - passed);
            let mut is_readable = true;
            loop {
                let Ok(Some(event)) = xml.next() else { return index };
                let Some(open) = rows.as_mut() else {
                    if walk.passes_end(&event) {
                        break;
                    }
                    continue;
                };
                match walk.take(&event, open) {
                    Ok(WalkStep::Further) => {}
                    Ok(WalkStep::AtEnd) => {
                        if let Some(rows) = rows.take() {
                            rows.finish();
                        }
                        break;
                    }
                    Ok(WalkStep::Enough) => rows = None,
                    Err(_) => (rows, is_readable) = (None, false),
                }
            }
            passed = table + 1;
            each(index, is_readable.then_some(preview.rows));
        }
        self.tables.len()
    }
}

fn content(package: &mut Package) -> Result<Xml<'_>, Fault> {
    Xml::open(package, CONTENT)?.ok_or_else(|| Fault::DamagedWorkbook(format!("it has no {CONTENT}")))
}

/// Returns whether a table is an invisible copy of another file's cells, kept for formulas, and not a sheet.
fn is_copied_from_another_file(style: &str, name: &str) -> bool {
    // LibreOffice reserves this style for copies. Their names are addresses, which are not allowed as sheet names.
    style == "ta_extref" || name.starts_with('\'') && name.contains("'#")
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;
    use crate::{
        parse::{preview::Preview, workbook::sheet::choose},
        row::{Cell, CellKind},
    };

    fn ods(content: &str) -> Ods {
        let mut writer = ZipWriter::new(tempfile::tempfile().unwrap());
        writer.start_file(CONTENT, SimpleFileOptions::default()).unwrap();
        write!(writer, "<office:document-content>{content}</office:document-content>").unwrap();
        Ods::open(&writer.finish().unwrap(), content.len() as u64).unwrap()
    }

    fn visited(content: &str) -> (Preview, Sights) {
        let (mut preview, mut sights) = (Preview::new(usize::MAX), Sights::default());
        let table = format!("<table:table table:name=\"S\">{content}</table:table>");
        ods(&table).visit(0, &mut sights, &mut preview).unwrap();
        (preview, sights)
    }

    /// Returns the value of a cell with these attributes and this content.
    fn cell(attributes: &str, content: &str) -> (String, CellKind) {
        let row = format!(
            "<table:table-row><table:table-cell {attributes}>{content}</table:table-cell></table:table-row>"
        );
        let (preview, _) = visited(&row);
        let text = |cell: Cell<'_>| (String::from_utf8(cell.text.to_vec()).unwrap(), cell.kind);
        let none = || (String::new(), CellKind::Text);
        preview.rows.iter().next().map_or_else(none, |row| text(row.cell(0)))
    }

    #[test]
    fn hidden_sheets_are_listed_and_copies_of_other_files_are_not() {
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
        let choice = choose(&ods(&content).entries, None).unwrap();
        let names: Vec<String> = choice.others.iter().map(ToString::to_string).collect();
        assert_eq!(
            (choice.sheet.to_string().as_str(), names),
            ("`Leads`", vec!["`Old` (hidden)".to_owned()])
        );
    }

    #[test]
    fn comments_guides_and_drawings_are_not_part_of_a_cell() {
        let string = "office:value-type=\"string\"";
        for (content, text) in [
            (
                "<office:annotation><dc:creator>Jo</dc:creator><text:p>call late</text:p></office:annotation><text:p>Ada</text:p>",
                "Ada",
            ),
            (
                "<text:p>Ada<office:annotation><text:p>call late</text:p></office:annotation> Quill</text:p>",
                "Ada Quill",
            ),
            (
                "<text:p><text:ruby><text:ruby-base>山田</text:ruby-base><text:ruby-text>ヤマダ</text:ruby-text></text:ruby></text:p>",
                "山田",
            ),
            (
                "<draw:frame><draw:text-box><text:p>logo</text:p></draw:text-box></draw:frame><text:p>Ada</text:p>",
                "Ada",
            ),
            ("<text:p>Ada<text:note><text:note-citation>1</text:note-citation></text:note></text:p>", "Ada"),
            (
                "<text:p>Ada<text:s text:c=\"2\"/>M.<text:tab/><text:span>Quill</text:span></text:p>",
                "Ada  M. Quill",
            ),
            ("<text:p>\n  Ada\n  Quill\n</text:p>", "Ada Quill"),
            ("<text:p>Ada</text:p><text:p>Quill</text:p>", "Ada\nQuill"),
            ("<text:p>Ada<text:line-break/>Quill &amp; <![CDATA[Co]]></text:p>", "Ada\nQuill & Co"),
        ] {
            assert_eq!(cell(string, content), (text.to_owned(), CellKind::Text), "{content}");
            assert_eq!(cell("", content).0, text, "without a kind: {content}");
        }
    }

    #[test]
    fn displayed_number_is_used_if_it_has_more_digits() {
        let float = |value: &str, shown: &str| {
            cell(
                &format!("office:value-type=\"float\" office:value=\"{value}\""),
                &format!("<text:p>{shown}</text:p>"),
            )
        };
        for (value, shown, text, kind) in [
            ("123456789", "0123456789", "0123456789", CellKind::Text),
            ("101234568", "01 01 23 45 68", "01 01 23 45 68", CellKind::Text),
            ("919876543210", "+919876543210", "+919876543210", CellKind::Text),
            ("7700900123", "+44 7700 900123", "+44 7700 900123", CellKind::Text),
            ("9876543210", "9,876,543,210", "9876543210", CellKind::Number),
            ("9876543210", "9.88E+09", "9876543210", CellKind::Number),
            ("9876543210.0", "###", "9876543210", CellKind::Number),
            ("9.87654321E9", "9876543210", "9876543210", CellKind::Number),
            ("20.5", "20.50", "20.5", CellKind::Number),
        ] {
            assert_eq!(float(value, shown), (text.to_owned(), kind), "{value} shown as {shown}");
        }
    }

    #[test]
    fn dates_and_numbers_displayed_as_dates_are_distinguished() {
        for (attributes, text, kind) in [
            ("office:value-type=\"date\" office:date-value=\"2025-10-13\"", "2025-10-13", CellKind::Date),
            ("office:value-type=\"date\" office:date-value=\"9999-12-31\"", "9999-12-31", CellKind::Date),
            ("office:value-type=\"time\" office:time-value=\"PT09H30M00S\"", "09:30:00", CellKind::Date),
            // 10 October 17095.
            ("office:value-type=\"date\" office:date-value=\"17095-10-10\"", "5550144", CellKind::Number),
            ("office:value-type=\"boolean\" office:boolean-value=\"true\"", "TRUE", CellKind::Boolean),
        ] {
            assert_eq!(cell(attributes, ""), (text.to_owned(), kind), "{attributes}");
        }
        let error = "office:value-type=\"string\" office:string-value=\"\" calcext:value-type=\"error\"";
        assert_eq!(cell(error, "<text:p>#N/A</text:p>"), ("#N/A".to_owned(), CellKind::Error));
    }

    #[test]
    fn hidden_rows_and_columns_are_recognized() {
        let row = |attributes: &str| {
            format!(
                "<table:table-row {attributes}><table:table-cell><text:p>x</text:p></table:table-cell></table:table-row>"
            )
        };
        let content = [
            "<table:table-column table:number-columns-repeated=\"2\"/>".to_owned(),
            "<table:table-column table:visibility=\"collapse\"/>".to_owned(),
            row(""),
            row("table:visibility=\"filter\""),
            row("table:visibility=\"collapse\" table:number-rows-repeated=\"2\""),
            format!("<table:table-row-group table:display=\"false\">{}</table:table-row-group>", row("")),
            row("table:visibility=\"visible\""),
        ];
        let (preview, sights) = visited(&content.concat());
        let hidden: Vec<(u64, bool)> =
            preview.rows.iter().map(|row| (row.location.row, row.is_hidden)).collect();
        assert_eq!(hidden, [(1, false), (2, true), (3, true), (4, true), (5, true), (6, false)]);
        assert_eq!(sights.hidden_columns, [false, false, true]);
    }

    #[test]
    fn all_sheets_are_previewed_in_one_pass() {
        let row = |text: &str| {
            format!(
                "<table:table-row><table:table-cell><text:p>{text}</text:p></table:table-cell></table:table-row>"
            )
        };
        let table = |number: usize| {
            // The first sheet has more rows than requested, and a table inside a cell.
            let inner = format!(
                "<table:table-row><table:table-cell><table:table>{}</table:table></table:table-cell></table:table-row>",
                row("inner")
            );
            let rows = if number == 0 {
                [row("a"), row("b"), inner, row("c")].concat()
            } else {
                row(&number.to_string())
            };
            format!("<table:table table:name=\"S{number}\">{rows}</table:table>")
        };
        let content: String = (0..500).map(table).collect();
        let mut ods = ods(&content);
        ods.package.begin_pass();
        let mut found = Vec::new();
        ods.look_at_all(2, &mut |index, rows| {
            let rows = rows.unwrap();
            let texts = rows.iter().map(|row| String::from_utf8(row.cell(0).text.to_vec()).unwrap());
            found.push((index, texts.collect::<Vec<_>>().join(" ")));
        });
        assert_eq!(found.len(), 500);
        assert_eq!((found[0].1.as_str(), found[1].1.as_str(), found[499].1.as_str()), ("a b", "1", "499"));
        assert!(ods.package.unpacked() <= content.len() as u64 + 100, "{} bytes", ods.package.unpacked());
    }

    #[test]
    fn sheets_after_an_unreadable_one_are_read() {
        let row = |attributes: &str, text: &str| {
            format!(
                "<table:table-row {attributes}><table:table-cell><text:p>{text}</text:p></table:table-cell></table:table-row>"
            )
        };
        let content = [
            "<table:table table:name=\"A\">".to_owned(),
            row("", "&unknown;"),
            "</table:table><table:table table:name=\"B\">".to_owned(),
            row("", "b"),
            "</table:table>".to_owned(),
        ];
        let mut found = Vec::new();
        ods(&content.concat()).look_at_all(2, &mut |_, rows| found.push(rows.map(|rows| rows.len())));
        assert_eq!(found, [None, Some(1)]);
    }
}
