//! `rejected.xlsx`: the rows to fix for people who use a spreadsheet. The first sheet contains instructions, then
//! each input has a sheet.
//!
//! Every cell is text, so programs do not take phone numbers for quantities. The rows stay on disk until all of them
//! are known, because only then the columns of a sheet are certain.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufReader, BufWriter, Read as _, Seek as _, Write as _},
    path::PathBuf,
};

use rust_xlsxwriter::{Color, Format, IgnoreError, Note as Comment, Workbook, Worksheet, XlsxError};
use serde::{Deserialize, Serialize};

use super::{OWN_COLUMNS, own_cells, ragged_columns};
use crate::{
    formula,
    outcome::Problem,
    parse::{InputInfo, READ_ME, READ_ME_TITLE},
    quantity::{counted, grouped},
    ragged::{Cells, Note},
    report::{
        OutputFolder, PendingFile, Report, ReportError, ReportedRow, hint,
        run_file::{Kind, RunFile},
    },
};

/// The file's name.
const NAME: &str = "rejected.xlsx";

/// Maximum rows of a sheet, without its header.
const MAX_ROWS: u64 = 1_048_575;

/// With more cells than this, a spreadsheet program takes minutes to open the workbook.
const MAX_CELLS: u64 = 4_000_000;

/// Maximum columns of a sheet.
const MAX_COLUMNS: usize = 16_384;

/// Maximum comments, which slow a spreadsheet program down. Beyond it, the reason appears only in its column.
const MAX_COMMENTS: u64 = 5_000;

/// Maximum length of a cell's text, in UTF-16 code units, as in the format.
const MAX_CELL_UNITS: usize = 32_767;

/// Range of column widths; within it, a column is as wide as its widest cell.
const WIDTHS: std::ops::RangeInclusive<usize> = 8..=48;

/// The colors of cells to fix; spreadsheet programs use them for bad values.
const BAD_TEXT: Color = Color::RGB(0x9C_00_06);
const BAD_BACKGROUND: Color = Color::RGB(0xFF_C7_CE);

/// The background of rollcall's own headers.
const OWN_BACKGROUND: Color = Color::RGB(0xE7_E6_E6);

/// A row to fix, kept until the end.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    input: u16,
    cells: Vec<String>,
    extra: Vec<String>,
    note: String,
    own: [String; OWN_COLUMNS.len()],
    /// The cells to fix with their problems; no column if the problem is the whole row.
    marks: Vec<(Option<u32>, String)>,
}

/// The extent of one input's rows.
#[derive(Clone, Debug, Default)]
struct Extent {
    /// Number of rows in the workbook.
    rows: u64,
    /// Number of rows for which the workbook has no room.
    omitted: u64,
    /// Cells beyond the header in the widest row.
    surplus: usize,
    /// Whether any row has cells beyond the header, or a note.
    is_wide: bool,
    /// Characters in the longest cell of each of the input's columns.
    widths: Vec<usize>,
    /// Number of cells that were cut.
    cut: u64,
}

/// A writer of the workbook of rows to fix.
pub(in crate::report) struct WorkbookWriter {
    file: PendingFile,
    folder: PathBuf,
    inputs: Vec<InputInfo>,
    /// The name of the run.
    run: String,
    extents: Vec<Extent>,
    cells: u64,
    max_cells: u64,
    spool: Option<BufWriter<File>>,
    buffer: Vec<u8>,
}

impl WorkbookWriter {
    pub(in crate::report) const KIND: Kind =
        Kind { name: NAME, begin: |folder, inputs, run| Ok(Box::new(Self::begin(folder, inputs, run)?)) };

    fn begin(folder: &OutputFolder, inputs: &[InputInfo], run: &str) -> Result<Self, ReportError> {
        let extent = |input: &InputInfo| {
            let widths = input.headers.iter().map(|header| header.chars().count()).collect();
            Extent { widths, ..Extent::default() }
        };
        Ok(Self {
            file: folder.begin(NAME)?,
            folder: folder.path().to_owned(),
            inputs: inputs.to_vec(),
            run: run.to_owned(),
            extents: inputs.iter().map(extent).collect(),
            cells: 0,
            max_cells: MAX_CELLS,
            spool: None,
            buffer: Vec::new(),
        })
    }

    fn error(&self, source: io::Error) -> ReportError {
        ReportError::new("write", self.file.target(), source)
    }

    /// Saves a row to disk.
    fn keep(&mut self, row: &Kept) -> io::Result<()> {
        let spool = match &mut self.spool {
            Some(spool) => spool,
            none => none.insert(BufWriter::new(tempfile::tempfile_in(&self.folder)?)),
        };
        self.buffer.clear();
        self.buffer = postcard::to_extend(row, std::mem::take(&mut self.buffer)).map_err(io::Error::other)?;
        let length = u32::try_from(self.buffer.len()).map_err(io::Error::other)?;
        spool.write_all(&length.to_le_bytes())?;
        spool.write_all(&self.buffer)
    }
}

impl RunFile for WorkbookWriter {
    fn write(&mut self, input: &InputInfo, row: &ReportedRow<'_>) -> Result<(), ReportError> {
        if !row.outcome.needs_fixing() {
            return Ok(());
        }
        let extent = &mut self.extents[usize::from(row.row.location.input)];
        let count = (row.row.cells().len().max(input.headers.len()) + OWN_COLUMNS.len()) as u64;
        let has_room = self.cells + count <= self.max_cells && extent.rows < MAX_ROWS;
        let is_narrow = row.row.cells().len() + OWN_COLUMNS.len() < MAX_COLUMNS;
        if !has_room || !is_narrow || extent.omitted > 0 {
            extent.omitted += 1;
            return Ok(());
        }
        self.cells += count;
        let kept = kept(input, row, &self.run, extent);
        self.keep(&kept).map_err(|source| self.error(source))
    }

    fn finish(mut self: Box<Self>, _: &OutputFolder, _: &Report) -> Result<Vec<PendingFile>, ReportError> {
        let workbook = self.workbook();
        let written = workbook.and_then(|mut workbook| workbook.save_to_writer(&mut self.file));
        written.map_err(|error| {
            self.error(match error {
                XlsxError::IoError(source) => source,
                other => io::Error::other(other),
            })
        })?;
        Ok(vec![self.file])
    }
}

/// Prepares a row for the workbook; adds the sizes of its cells to `extent`.
fn kept(input: &InputInfo, row: &ReportedRow<'_>, run: &str, extent: &mut Extent) -> Kept {
    let mut cells: Vec<&[u8]> = row.row.cells().map(|cell| cell.text).collect();
    cells.resize(cells.len().max(input.headers.len()), b"");
    let (own, extra) = cells.split_at(input.headers.len());
    let note = |ragged| {
        let cells = Cells { headers: &input.headers, columns: &input.columns, cells: own, extra };
        Note::new(ragged, cells).to_string()
    };
    let note = row.row.ragged.map(note).unwrap_or_default();
    extent.rows += 1;
    extent.surplus = extent.surplus.max(extra.len());
    extent.is_wide |= !extra.is_empty() || !note.is_empty();
    let mut text = |cell: &[u8]| {
        let (text, is_cut) = shown(cell);
        extent.cut += u64::from(is_cut);
        text
    };
    let (cells, extra): (Vec<_>, Vec<_>) =
        (own.iter().map(|cell| text(cell)).collect(), extra.iter().map(|cell| text(cell)).collect());
    for (width, cell) in extent.widths.iter_mut().zip(&cells) {
        *width = cell.chars().take(*WIDTHS.end()).count().max(*width);
    }
    let mark = |problem: &Problem| {
        (problem.column, format!("{}\n{}", problem.message(), hint::of_problem(problem, row, input)))
    };
    let mut marks: Vec<_> = row.problems.iter().map(mark).collect();
    let own = own_cells(input, row, run);
    if marks.is_empty() {
        marks.push((None, format!("{}\n{}", own[3], own[4])));
    }
    let own = own.map(|cell| shown(cell.as_bytes()).0);
    Kept { input: row.row.location.input, cells, extra, note, own, marks }
}

/// Returns a cell's text in a form that fits the workbook, and whether it was cut.
///
/// All cells are text, so formulas do not run here. But users may save a sheet as CSV, so formulas get the same guard
/// as in the CSV file; reading removes the `'`.
fn shown(cell: &[u8]) -> (String, bool) {
    let text = String::from_utf8_lossy(cell);
    let text = formula::guard_typed(text.as_bytes());
    let text = String::from_utf8_lossy(&text);
    let mut shown = String::with_capacity(text.len());
    let mut left = MAX_CELL_UNITS - 1;
    for letter in text.chars() {
        if letter.len_utf16() > left {
            shown.push('…');
            return (shown, true);
        }
        left -= letter.len_utf16();
        shown.push(letter);
    }
    (shown, false)
}

/// The formats of cells.
struct Formats {
    text: Format,
    bad: Format,
    header: Format,
    own_header: Format,
}

impl Formats {
    fn new() -> Self {
        let text = || Format::new().set_num_format("@");
        Self {
            text: text(),
            bad: text().set_font_color(BAD_TEXT).set_background_color(BAD_BACKGROUND),
            header: text().set_bold(),
            own_header: text().set_bold().set_background_color(OWN_BACKGROUND),
        }
    }
}

impl WorkbookWriter {
    /// Builds the whole workbook.
    fn workbook(&mut self) -> Result<Workbook, XlsxError> {
        let mut workbook = Workbook::new();
        workbook.set_tempdir(&self.folder)?;
        read_me(workbook.add_worksheet().set_name(READ_ME)?, &self.inputs, &self.extents)?;
        let Some(spool) = self.spool.take() else { return Ok(workbook) };
        let mut spool = spool.into_inner().map_err(io::IntoInnerError::into_error)?;
        let mut left = spool.stream_position()?;
        spool.rewind()?;
        let (mut spool, mut buffer) = (BufReader::new(spool), Vec::new());
        let formats = Formats::new();
        let mut comments = 0;
        let mut next = || -> io::Result<Option<Kept>> {
            if left == 0 {
                return Ok(None);
            }
            let mut length = [0; 4];
            spool.read_exact(&mut length)?;
            let length = u32::from_le_bytes(length);
            buffer.resize(usize::try_from(length).map_err(io::Error::other)?, 0);
            spool.read_exact(&mut buffer)?;
            left -= 4 + u64::from(length);
            postcard::from_bytes(&buffer).map(Some).map_err(io::Error::other)
        };
        let mut row = next()?;
        while let Some(mut kept) = row {
            // Rows come in the order of the inputs.
            let index = kept.input;
            let (input, extent) = (&self.inputs[usize::from(index)], &self.extents[usize::from(index)]);
            let sheet = workbook.add_worksheet_with_constant_memory()?.set_name(sheet_name(index, input))?;
            let mut sheet = Sheet::begin(sheet, input, extent, &formats)?;
            row = loop {
                sheet.write(&kept, &mut comments)?;
                match next()? {
                    Some(next) if next.input == index => kept = next,
                    other => break other,
                }
            };
        }
        Ok(workbook)
    }
}

/// The sheet of one input, while it is written.
struct Sheet<'w> {
    sheet: &'w mut Worksheet,
    formats: &'w Formats,
    /// Columns before those of [`OWN_COLUMNS`].
    width: usize,
    /// The input's columns.
    users: usize,
    is_wide: bool,
    row: u32,
}

impl<'w> Sheet<'w> {
    /// Starts a sheet with its header.
    fn begin(
        sheet: &'w mut Worksheet,
        input: &InputInfo,
        extent: &Extent,
        formats: &'w Formats,
    ) -> Result<Self, XlsxError> {
        let ragged: Vec<String> =
            if extent.is_wide { ragged_columns(extent.surplus).collect() } else { Vec::new() };
        let users = input.headers.len();
        let width = users + ragged.len();
        let own = ragged.iter().map(String::as_str).chain(OWN_COLUMNS);
        let (last_row, last) =
            (u32::try_from(extent.rows).unwrap_or(u32::MAX), column(width + OWN_COLUMNS.len() - 1));
        for (index, header) in input.headers.iter().enumerate() {
            sheet.write_string_with_format(0, column(index), shown(header.as_bytes()).0, &formats.header)?;
            let wide = extent.widths.get(index).copied().unwrap_or_default().saturating_add(2);
            set_width(sheet, index, wide)?;
        }
        for (index, header) in (users..).zip(own) {
            sheet.write_string_with_format(0, column(index), header, &formats.own_header)?;
            let wide = match header {
                "rollcall_reason" | "rollcall_hint" => *WIDTHS.end(),
                "rollcall_row" => *WIDTHS.start() + 6,
                _ => 20,
            };
            set_width(sheet, index, wide)?;
        }
        // Cells that users fill in are text, too.
        sheet.set_column_range_format(0, last, &formats.text)?;
        sheet.set_freeze_panes(1, 0)?;
        sheet.autofilter(0, 0, last_row, last)?;
        sheet.ignore_error_range(1, 0, last_row, last, IgnoreError::NumberStoredAsText)?;
        Ok(Self { sheet, formats, width, users, is_wide: extent.is_wide, row: 0 })
    }

    /// Writes a row; `comments` counts the comments of the workbook.
    fn write(&mut self, kept: &Kept, comments: &mut u64) -> Result<(), XlsxError> {
        self.row += 1;
        let reason = self.width + REASON;
        let place = |column: &Option<u32>| {
            let column = column.and_then(|column| usize::try_from(column).ok());
            column.filter(|column| *column < self.users).unwrap_or(reason)
        };
        // In column order; each cell gets all of its problems.
        let mut marks: BTreeMap<usize, String> = BTreeMap::new();
        for (column, said) in &kept.marks {
            let all = marks.entry(place(column)).or_default();
            if !all.is_empty() {
                all.push('\n');
            }
            all.push_str(said);
        }
        let extra = kept.extra.iter().zip(self.users..).map(|(cell, column)| (column, cell));
        let note = self.is_wide.then_some((self.width - 1, &kept.note));
        let own = (self.width..).zip(&kept.own);
        for (column, text) in kept.cells.iter().enumerate().chain(extra).chain(note).chain(own) {
            let is_marked = marks.contains_key(&column);
            let format = if is_marked { &self.formats.bad } else { &self.formats.text };
            match text.as_str() {
                "" if is_marked => self.sheet.write_blank(self.row, self::column(column), format)?,
                "" => continue,
                text => self.sheet.write_string_with_format(self.row, self::column(column), text, format)?,
            };
        }
        for (column, said) in marks {
            if *comments < MAX_COMMENTS {
                *comments += 1;
                let comment = Comment::new(said).add_author_prefix(false).set_width(320).set_height(120);
                self.sheet.insert_note(self.row, self::column(column), &comment)?;
            }
        }
        Ok(())
    }
}

/// The index of `rollcall_reason` in [`OWN_COLUMNS`].
const REASON: usize = 3;

/// Converts a column index. Sheets have fewer columns than the type has values.
fn column(index: usize) -> u16 {
    u16::try_from(index).unwrap_or(u16::MAX)
}

fn set_width(sheet: &mut Worksheet, index: usize, characters: usize) -> Result<(), XlsxError> {
    let width = u32::try_from(characters.clamp(*WIDTHS.start(), *WIDTHS.end())).unwrap_or_default();
    sheet.set_column_width(column(index), width)?;
    Ok(())
}

/// Returns the name of an input's sheet, such as `2 leads`; the number makes it unique.
fn sheet_name(index: u16, input: &InputInfo) -> String {
    const MAX_CHARS: usize = 31;

    let file = input.path.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = file.split_once('.').map_or(file, |(stem, _)| stem);
    let sheet = input.sheet.as_deref().map(|sheet| format!(" {sheet}")).unwrap_or_default();
    let name = format!("{} {stem}{sheet}", u32::from(index) + 1);
    let is_allowed = |letter: &char| !letter.is_control() && !"[]:*?/\\".contains(*letter);
    let mut left = MAX_CHARS;
    let fits = |letter: &char| {
        let has_room = letter.len_utf16() <= left;
        left = left.saturating_sub(letter.len_utf16());
        has_room
    };
    let name: String = name.chars().filter(is_allowed).take_while(fits).collect();
    name.trim_end_matches(['\'', ' ']).to_owned()
}

/// Writes the first sheet, with the instructions.
fn read_me(sheet: &mut Worksheet, inputs: &[InputInfo], extents: &[Extent]) -> Result<(), XlsxError> {
    let (bold, wrap) = (Format::new().set_bold(), Format::new().set_text_wrap());
    sheet.set_column_width(0, 110)?;
    let rows: u64 = extents.iter().map(|extent| extent.rows + extent.omitted).sum();
    sheet.write_string_with_format(0, 0, format!("{}{READ_ME_TITLE}", counted(rows, "row")), &bold)?;
    let mut lines: Vec<String> = Vec::new();
    if rows == 0 {
        lines.push(
            "There is nothing to do: rollcall rejected no row, and the platform refused none.".to_owned(),
        );
    } else {
        lines.extend(STEPS.map(str::to_owned));
        lines.push(String::new());
    }
    for ((index, input), extent) in (0..).zip(inputs).zip(extents).filter(|(_, extent)| extent.rows > 0) {
        lines.push(format!(
            "Sheet \"{}\": {} of {}",
            sheet_name(index, input),
            counted(extent.rows, "row"),
            input.path
        ));
    }
    let omitted: u64 = extents.iter().map(|extent| extent.omitted).sum();
    if omitted > 0 {
        lines.push(format!(
            "This workbook would be too large with {} to fix. rejected.csv contains all rows.",
            counted(omitted, "more row")
        ));
    }
    let cut: u64 = extents.iter().map(|extent| extent.cut).sum();
    if cut > 0 {
        lines.push(format!(
            "{} cut, because a cell holds at most {} characters. rejected.csv contains the whole text.",
            if cut == 1 { "1 cell is".to_owned() } else { format!("{} cells are", grouped(cut)) },
            grouped(MAX_CELL_UNITS as u64)
        ));
    }
    for (row, line) in (1..).zip(lines) {
        if !line.is_empty() {
            sheet.write_string_with_format(row, 0, &line, &wrap)?;
        }
    }
    Ok(())
}

/// The instructions on the first sheet.
const STEPS: [&str; 5] = [
    "1. Each other sheet contains the rows of one file that were not imported. Fix the colored cells, or delete the rows.",
    "2. A comment on a colored cell says what is wrong. So do the columns rollcall_reason and rollcall_hint.",
    "3. Leave the columns whose names begin with rollcall_ as they are. rollcall does not import them.",
    "4. Save this workbook. Then import the original files and this one together: rollcall import ORIGINAL rejected.xlsx",
    "5. Contacts that were created before are not posted twice.",
];

#[cfg(test)]
mod tests;
