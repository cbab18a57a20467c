//! The rows of a run on disk, from normalization until their outcome is known.
//!
//! An import knows a row's outcome only after all rows were read and posted. Meanwhile rows are in an unnamed
//! temporary file, so that memory does not grow with the input.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write},
    path::Path,
};

use serde::{Deserialize, Serialize};

use crate::{
    outcome::Verdict,
    row::{CellKind, Location, Ragged, Row, Rows},
};

/// A row to write.
#[derive(Serialize)]
struct Keep<'r> {
    location: Location,
    ragged: Option<Ragged>,
    verdict: &'r Verdict,
    cells: Vec<(CellKind, &'r [u8])>,
}

/// A row as written.
#[derive(Deserialize)]
struct Kept {
    location: Location,
    ragged: Option<Ragged>,
    verdict: Verdict,
    cells: Vec<(CellKind, Vec<u8>)>,
}

/// A row read back.
pub(super) struct SpooledRow {
    /// A block with this row only.
    pub(super) rows: Rows,
    /// The result of normalization.
    pub(super) verdict: Verdict,
}

/// Writes rows in order.
pub(super) struct SpoolWriter {
    file: BufWriter<File>,
    buffer: Vec<u8>,
}

impl SpoolWriter {
    /// Creates a spool in a folder with enough space.
    pub(super) fn begin(folder: &Path) -> io::Result<Self> {
        Ok(Self {
            file: BufWriter::with_capacity(256 * 1024, tempfile::tempfile_in(folder)?),
            buffer: Vec::new(),
        })
    }

    pub(super) fn push(&mut self, row: Row<'_>, verdict: &Verdict) -> io::Result<()> {
        let cells = row.cells().map(|cell| (cell.kind, cell.text)).collect();
        let kept = Keep { location: row.location, ragged: row.ragged, verdict, cells };
        self.buffer.clear();
        self.buffer =
            postcard::to_extend(&kept, std::mem::take(&mut self.buffer)).map_err(io::Error::other)?;
        let length = u32::try_from(self.buffer.len()).map_err(io::Error::other)?;
        self.file.write_all(&length.to_le_bytes())?;
        self.file.write_all(&self.buffer)
    }

    pub(super) fn finish(self) -> io::Result<Spool> {
        Ok(Spool { file: self.file.into_inner().map_err(io::IntoInnerError::into_error)? })
    }
}

/// Rows that can be read repeatedly.
pub(super) struct Spool {
    file: File,
}

impl Spool {
    /// Returns the rows in the order in which they were written.
    pub(super) fn rows(&mut self) -> io::Result<SpoolRows<'_>> {
        self.file.seek(SeekFrom::Start(0))?;
        let end = self.file.metadata()?.len();
        Ok(SpoolRows { file: BufReader::with_capacity(256 * 1024, &mut self.file), left: end })
    }
}

/// One pass over a spool.
pub(super) struct SpoolRows<'a> {
    file: BufReader<&'a mut File>,
    left: u64,
}

impl SpoolRows<'_> {
    fn read(&mut self) -> io::Result<SpooledRow> {
        let mut length = [0; 4];
        self.file.read_exact(&mut length)?;
        let length = u32::from_le_bytes(length);
        let mut buffer = vec![0; length as usize];
        self.file.read_exact(&mut buffer)?;
        self.left = self.left.saturating_sub(4 + u64::from(length));
        let kept: Kept = postcard::from_bytes(&buffer).map_err(io::Error::other)?;
        let mut rows = Rows::new(kept.location.input);
        for (kind, text) in &kept.cells {
            rows.push_cell(text, *kind);
        }
        rows.end_row(kept.location.row, kept.ragged);
        Ok(SpooledRow { rows, verdict: kept.verdict })
    }
}

impl Iterator for SpoolRows<'_> {
    type Item = io::Result<SpooledRow>;

    fn next(&mut self) -> Option<Self::Item> {
        (self.left > 0).then(|| self.read())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        outcome::{Code, Problem},
        row::RaggedCause,
    };

    #[test]
    fn spool_can_be_read_repeatedly() {
        let folder = tempfile::tempdir().unwrap();
        let mut rows = Rows::new(1);
        rows.push_cell(b"J\xf6rg", CellKind::Text);
        rows.push_cell(b"42", CellKind::Number);
        rows.end_row(7, None);
        rows.end_row(9, Some(Ragged { expected: 2, found: 0, cause: RaggedCause::Cells }));
        let rejected = |code| Verdict::Rejected { number: None, problems: vec![Problem::of_row(code, "x")] };
        let mut writer = SpoolWriter::begin(folder.path()).unwrap();
        writer.push(rows.row(0), &rejected(Code::TooLong)).unwrap();
        writer.push(rows.row(1), &rejected(Code::RaggedRow)).unwrap();
        let mut spool = writer.finish().unwrap();
        for _ in 0..2 {
            let back: Vec<SpooledRow> = spool.rows().unwrap().map(Result::unwrap).collect();
            assert_eq!(back.len(), 2);
            let row = back[0].rows.row(0);
            assert_eq!(
                (row.location, row.cell(0).text, row.cell(1).kind),
                (Location { input: 1, row: 7 }, b"J\xf6rg".as_slice(), CellKind::Number)
            );
            assert_eq!(
                back[1].rows.row(0).ragged,
                Some(Ragged { expected: 2, found: 0, cause: RaggedCause::Cells })
            );
            assert_eq!(back[1].verdict, rejected(Code::RaggedRow));
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
