//! `rejected.xlsx`: the rows to fix for people who use a spreadsheet. The first sheet contains instructions, then
//! each input has a sheet.
//!
//! Every cell is text, so programs do not take phone numbers for quantities. The rows stay on disk until all of them
//! are known, because only then the columns of a sheet are certain.

use std::{
    borrow::Cow,
    fs::File,
    io::{self, BufReader, BufWriter, Read as _, Seek, Write},
    path::PathBuf,
};

use serde::{Deserialize, Serialize};

use super::{OWN_COLUMNS, RowToFix, lossy, ragged_columns};
use crate::{
    formula,
    parse::{InputInfo, READ_ME, READ_ME_TITLE},
    quantity::{counted, grouped},
    ragged::{Cells, Note},
    report::{
        OutputFolder, PendingFile, Report, ReportError, ReportedRow,
        run_file::{Kind, RunFile},
    },
    xlsx::{SheetLayout, Style, Workbook},
};

/// The file's name.
const NAME: &str = "rejected.xlsx";

/// Maximum rows of a sheet, without its header.
const MAX_ROWS: u64 = 1_048_575;

/// With more cells than this, a spreadsheet program takes minutes to open the workbook.
const MAX_CELLS: u64 = 4_000_000;

/// Maximum bytes of text. A part of an archive has at most 4 GiB, with its markup.
const MAX_TEXT_BYTES: u64 = 1 << 30;

/// Maximum columns of a sheet.
const MAX_COLUMNS: usize = 16_384;

/// Maximum comments, which slow a spreadsheet program down. Beyond it, the reason appears only in its column.
const MAX_COMMENTS: u64 = 5_000;

/// Maximum length of a cell's text, in UTF-16 code units, as in the format.
const MAX_CELL_UNITS: usize = 32_767;

/// Range of column widths; within it, a column is as wide as its widest cell.
const WIDTHS: std::ops::RangeInclusive<usize> = 8..=48;

/// A row to fix, kept until the end.
#[derive(Debug, Serialize, Deserialize)]
struct Kept<'a> {
    input: u16,
    #[serde(borrow)]
    cells: Vec<&'a str>,
    #[serde(borrow)]
    extra: Vec<&'a str>,
    note: &'a str,
    #[serde(borrow)]
    own: [&'a str; OWN_COLUMNS.len()],
    /// The cells to fix with their problems; no column if the problem is the whole row.
    #[serde(borrow)]
    marks: Vec<(Option<u32>, &'a str)>,
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
    extents: Vec<Extent>,
    cells: u64,
    max_cells: u64,
    text_bytes: u64,
    spool: Option<BufWriter<File>>,
    buffer: Vec<u8>,
}

impl WorkbookWriter {
    pub(in crate::report) const KIND: Kind =
        Kind { name: NAME, begin: |folder, inputs| Ok(Box::new(Self::begin(folder, inputs)?)) };

    fn begin(folder: &OutputFolder, inputs: &[InputInfo]) -> Result<Self, ReportError> {
        let extent = |input: &InputInfo| {
            let widths = input.headers.iter().map(|header| header.chars().count()).collect();
            Extent { widths, ..Extent::default() }
        };
        Ok(Self {
            file: folder.begin(NAME)?,
            folder: folder.path().to_owned(),
            inputs: inputs.to_vec(),
            extents: inputs.iter().map(extent).collect(),
            cells: 0,
            max_cells: MAX_CELLS,
            text_bytes: 0,
            spool: None,
            buffer: Vec::new(),
        })
    }

    fn error(&self, source: io::Error) -> ReportError {
        ReportError::new("write", self.file.target(), source)
    }

    /// Saves a row to disk, and adds the sizes of its cells to the extent of its input.
    fn keep(&mut self, input: &InputInfo, row: &ReportedRow<'_>, to_fix: &RowToFix<'_>) -> io::Result<()> {
        let extent = &mut self.extents[usize::from(row.row.location.input)];
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
        let texts: Vec<(Cow<'_, str>, bool)> = cells.iter().map(|cell| shown(cell)).collect();
        extent.cut += texts.iter().map(|(_, is_cut)| u64::from(*is_cut)).sum::<u64>();
        let texts: Vec<&str> = texts.iter().map(|(text, _)| text.as_ref()).collect();
        let (cells, extra) = texts.split_at(own.len());
        for (width, cell) in extent.widths.iter_mut().zip(cells).filter(|(width, cell)| cell.len() > **width)
        {
            *width = cell.chars().take(*WIDTHS.end()).count().max(*width);
        }
        let own = to_fix.own.each_ref().map(|cell| shown(cell.as_bytes()).0);
        let kept = Kept {
            input: row.row.location.input,
            cells: cells.to_vec(),
            extra: extra.to_vec(),
            note: &note,
            own: own.each_ref().map(Cow::as_ref),
            marks: to_fix.marks.iter().map(|(column, said)| (*column, said.as_str())).collect(),
        };
        self.buffer.clear();
        self.buffer =
            postcard::to_extend(&kept, std::mem::take(&mut self.buffer)).map_err(io::Error::other)?;
        let length = u32::try_from(self.buffer.len()).map_err(io::Error::other)?;
        let spool = match &mut self.spool {
            Some(spool) => spool,
            empty => empty.insert(BufWriter::new(tempfile::tempfile_in(&self.folder)?)),
        };
        spool.write_all(&length.to_le_bytes())?;
        spool.write_all(&self.buffer)
    }
}

impl RunFile for WorkbookWriter {
    fn write_to_fix(
        &mut self,
        input: &InputInfo,
        row: &ReportedRow<'_>,
        to_fix: &RowToFix<'_>,
    ) -> Result<(), ReportError> {
        let extent = &mut self.extents[usize::from(row.row.location.input)];
        let users = row.row.cells().len().max(input.headers.len());
        let count = (users + OWN_COLUMNS.len()) as u64;
        let text_bytes: usize = row.row.cells().map(|cell| cell.text.len()).sum();
        let has_room = self.cells + count <= self.max_cells
            && self.text_bytes + text_bytes as u64 <= MAX_TEXT_BYTES
            && extent.rows < MAX_ROWS;
        // With the note.
        let is_narrow = users + 1 + OWN_COLUMNS.len() <= MAX_COLUMNS;
        if !has_room || !is_narrow || extent.omitted > 0 {
            extent.omitted += 1;
            return Ok(());
        }
        self.cells += count;
        self.text_bytes += text_bytes as u64;
        self.keep(input, row, to_fix).map_err(|source| self.error(source))
    }

    fn finish(mut self: Box<Self>, _: &OutputFolder, _: &Report) -> Result<Vec<PendingFile>, ReportError> {
        self.write_workbook().map_err(|source| self.error(source))?;
        Ok(vec![self.file])
    }
}

/// Returns a cell's text in a form that fits the workbook, and whether it was cut.
///
/// All cells are text, so formulas do not run here. But users may save a sheet as CSV, so formulas get the same guard
/// as in the CSV file; reading removes the `'`.
fn shown(cell: &[u8]) -> (Cow<'_, str>, bool) {
    let text = match formula::guard_typed(cell) {
        Cow::Borrowed(text) => lossy(text),
        Cow::Owned(text) => Cow::Owned(String::from_utf8_lossy(&text).into_owned()),
    };
    // A character has at least as many bytes as UTF-16 code units.
    if text.len() < MAX_CELL_UNITS {
        return (text, false);
    }
    let mut units = 0;
    let end = text.char_indices().find(|(_, letter)| {
        units += letter.len_utf16();
        units > MAX_CELL_UNITS - 1
    });
    match end {
        Some((end, _)) => (Cow::Owned(format!("{}…", &text[..end])), true),
        None => (text, false),
    }
}

impl WorkbookWriter {
    /// Writes the whole workbook.
    fn write_workbook(&mut self) -> io::Result<()> {
        let mut workbook = Workbook::new(&mut self.file);
        read_me(&mut workbook, &self.inputs, &self.extents)?;
        if let Some(spool) = self.spool.take() {
            let mut spool = spool.into_inner().map_err(io::IntoInnerError::into_error)?;
            let mut left = spool.stream_position()?;
            spool.rewind()?;
            let (mut spool, mut buffer) = (BufReader::new(spool), Vec::new());
            let mut comments = 0;
            let mut sheet: Option<(u16, SheetColumns)> = None;
            while left > 0 {
                let mut length = [0; 4];
                spool.read_exact(&mut length)?;
                let length = u32::from_le_bytes(length);
                buffer.resize(usize::try_from(length).map_err(io::Error::other)?, 0);
                spool.read_exact(&mut buffer)?;
                left -= 4 + u64::from(length);
                let kept: Kept<'_> = postcard::from_bytes(&buffer).map_err(io::Error::other)?;
                // Rows come in the order of the inputs.
                let columns = match sheet {
                    Some((input, columns)) if input == kept.input => columns,
                    _ => {
                        let (input, extent) =
                            (&self.inputs[usize::from(kept.input)], &self.extents[usize::from(kept.input)]);
                        let columns = SheetColumns::begin(&mut workbook, kept.input, input, extent)?;
                        sheet = Some((kept.input, columns));
                        columns
                    }
                };
                columns.write(&mut workbook, &kept, &mut comments)?;
            }
        }
        workbook.finish()?;
        Ok(())
    }
}

/// The columns of an input's sheet.
#[derive(Clone, Copy)]
struct SheetColumns {
    /// Columns before those of [`OWN_COLUMNS`].
    width: usize,
    /// The input's columns.
    users: usize,
    is_wide: bool,
}

impl SheetColumns {
    /// Starts the sheet of an input with its header.
    fn begin<W: Write + Seek>(
        workbook: &mut Workbook<W>,
        index: u16,
        input: &InputInfo,
        extent: &Extent,
    ) -> io::Result<Self> {
        const OWN_WIDTH: usize = 20;

        let ragged: Vec<String> =
            if extent.is_wide { ragged_columns(extent.surplus).collect() } else { Vec::new() };
        let users = input.headers.len();
        let own = || ragged.iter().map(String::as_str).chain(OWN_COLUMNS);
        let user_width =
            |column: usize| extent.widths.get(column).copied().unwrap_or_default().saturating_add(2);
        let own_width = |header: &str| match header {
            "rollcall_reason" | "rollcall_hint" => *WIDTHS.end(),
            "rollcall_row" => *WIDTHS.start() + 6,
            _ => OWN_WIDTH,
        };
        let widths = (0..users).map(user_width).chain(own().map(own_width));
        let widths = widths.map(|width| width.clamp(*WIDTHS.start(), *WIDTHS.end())).collect();
        let filtered_rows = Some(extent.rows + 1);
        // Cells that users fill in are text, too.
        let layout = SheetLayout { widths, is_text: true, is_frozen: true, filtered_rows };
        workbook.begin_sheet(sheet_name(index, input), layout)?;
        workbook.row()?;
        for (column, header) in input.headers.iter().enumerate() {
            workbook.cell(column, &shown(header.as_bytes()).0, Style::Header);
        }
        for (column, header) in (users..).zip(own()) {
            workbook.cell(column, header, Style::OwnHeader);
        }
        Ok(Self { width: users + ragged.len(), users, is_wide: extent.is_wide })
    }

    /// Writes a row; `comments` counts the comments of the workbook.
    fn write<W: Write + Seek>(
        self,
        workbook: &mut Workbook<W>,
        kept: &Kept<'_>,
        comments: &mut u64,
    ) -> io::Result<()> {
        workbook.row()?;
        let place = |column: Option<u32>| {
            let column = column.and_then(|column| usize::try_from(column).ok());
            column.filter(|column| *column < self.users).unwrap_or(self.width + REASON)
        };
        // Each cell gets all of its problems.
        let mut marks: Vec<(usize, Cow<'_, str>)> = Vec::with_capacity(kept.marks.len());
        for (column, said) in kept.marks.iter().map(|(column, said)| (place(*column), *said)) {
            match marks.iter_mut().find(|(marked, _)| *marked == column) {
                Some((_, all)) => {
                    let all = all.to_mut();
                    all.push('\n');
                    all.push_str(said);
                }
                None => marks.push((column, Cow::Borrowed(said))),
            }
        }
        marks.sort_unstable_by_key(|(column, _)| *column);
        let is_marked = |column: usize| marks.iter().any(|(marked, _)| *marked == column);
        let style = |column| if is_marked(column) { Style::Bad } else { Style::Text };
        let is_shown = |column: usize, text: &str| !text.is_empty() || is_marked(column);
        let note = self.is_wide.then_some((self.width - 1, &kept.note));
        let extra = (self.users..).zip(&kept.extra);
        for (column, text) in kept.cells.iter().enumerate().chain(extra).chain(note) {
            if is_shown(column, text) {
                workbook.cell(column, text, style(column));
            }
        }
        for (column, text) in (self.width..).zip(&kept.own) {
            match column - self.width {
                _ if !is_shown(column, text) => {}
                ROW => workbook.cell(column, text, style(column)),
                _ => workbook.shared_cell(column, text, style(column)),
            }
        }
        for (column, said) in marks {
            if *comments < MAX_COMMENTS {
                *comments += 1;
                workbook.comment(column, said.into_owned());
            }
        }
        Ok(())
    }
}

/// The index of `rollcall_row` in [`OWN_COLUMNS`].
const ROW: usize = 1;

/// The index of `rollcall_reason` in [`OWN_COLUMNS`].
const REASON: usize = 3;

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
fn read_me<W: Write + Seek>(
    workbook: &mut Workbook<W>,
    inputs: &[InputInfo],
    extents: &[Extent],
) -> io::Result<()> {
    const WIDTH: usize = 110;

    workbook.begin_sheet(READ_ME, SheetLayout { widths: vec![WIDTH], ..SheetLayout::default() })?;
    workbook.row()?;
    let rows: u64 = extents.iter().map(|extent| extent.rows + extent.omitted).sum();
    workbook.shared_cell(0, &format!("{}{READ_ME_TITLE}", counted(rows, "row")), Style::Header);
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
    for line in lines {
        workbook.row()?;
        if !line.is_empty() {
            workbook.shared_cell(0, &line, Style::Wrapped);
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
