//! The rows of a run on disk, from normalization until their outcome is known.
//!
//! An import knows a row's outcome only after all rows were read and posted. Meanwhile rows are in an unnamed
//! temporary file, so that memory does not grow with the input. They are written in the blocks in which they were read: first
//! the verdicts of a block, which most passes need alone, then its rows. All cores encode and decode blocks.

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom, Write as _},
    path::Path,
    sync::mpsc::{Receiver, sync_channel},
};

use serde::{Deserialize, Serialize};

use super::PipelineError;
use crate::{
    outcome::Verdict,
    row::{Location, Rows},
};

/// Blocks that are read before they are needed, per thread.
const BLOCKS_AHEAD: usize = 2;

/// A block to write.
pub(super) struct EncodedBlock {
    verdicts: postcard::Result<Vec<u8>>,
    rows: postcard::Result<Vec<u8>>,
}

/// The verdicts of a block to write.
#[derive(Serialize)]
struct Keep<'r> {
    input: u16,
    row_numbers: Vec<u64>,
    verdicts: &'r [Verdict],
}

/// The verdicts of a block read back, without its rows.
#[derive(Deserialize)]
pub(super) struct VerdictBlock {
    input: u16,
    row_numbers: Vec<u64>,
    verdicts: Vec<Verdict>,
}

/// A block read back.
pub(super) struct SpooledBlock {
    pub(super) rows: Rows,
    pub(super) verdicts: Vec<Verdict>,
}

/// The parts of a block in the file.
#[derive(Clone, Copy)]
struct Sizes {
    verdicts: u64,
    rows: u64,
}

/// Writes blocks in order.
pub(super) struct SpoolWriter(Spool);

/// Blocks that can be read repeatedly.
pub(super) struct Spool {
    file: File,
    blocks: Vec<Sizes>,
}

/// What a pass over a spool needs of each block.
pub(super) trait Part: Sized {
    /// Whether it includes the rows.
    const HAS_ROWS: bool;

    fn decode(verdicts: &[u8], rows: &[u8]) -> postcard::Result<Self>;
}

impl EncodedBlock {
    pub(super) fn new(rows: &Rows, verdicts: &[Verdict]) -> Self {
        let row_numbers = rows.iter().map(|row| row.location.row).collect();
        let kept = Keep { input: rows.input(), row_numbers, verdicts };
        Self { verdicts: postcard::to_stdvec(&kept), rows: postcard::to_stdvec(rows) }
    }
}

impl SpoolWriter {
    /// Creates a spool in a folder with enough space.
    pub(super) fn begin(folder: &Path) -> io::Result<Self> {
        Ok(Self(Spool { file: tempfile::tempfile_in(folder)?, blocks: Vec::new() }))
    }

    pub(super) fn push(&mut self, block: &EncodedBlock) -> io::Result<()> {
        let [verdicts, rows] = [&block.verdicts, &block.rows]
            .map(|part| part.as_ref().map_err(|error| io::Error::other(error.clone())));
        let (verdicts, rows) = (verdicts?, rows?);
        self.0.file.write_all(verdicts)?;
        self.0.file.write_all(rows)?;
        self.0.blocks.push(Sizes { verdicts: verdicts.len() as u64, rows: rows.len() as u64 });
        Ok(())
    }

    pub(super) fn finish(self) -> Spool {
        self.0
    }
}

impl Spool {
    /// Returns all verdicts with their rows' locations, in the order in which they were written.
    pub(super) fn verdicts(&mut self) -> io::Result<impl Iterator<Item = io::Result<(Location, Verdict)>>> {
        self.file.seek(SeekFrom::Start(0))?;
        let mut file = BufReader::new(&mut self.file);
        let blocks = self.blocks.iter().map(move |sizes| {
            let verdicts = read(&mut file, sizes.verdicts)?;
            file.seek_relative(offset(sizes.rows)?)?;
            VerdictBlock::decode(&verdicts, &[]).map_err(io::Error::other)
        });
        Ok(blocks.flat_map(|block| {
            let (block, error) = match block {
                Ok(block) => (Some(block), None),
                Err(error) => (None, Some(Err(error))),
            };
            block.into_iter().flat_map(VerdictBlock::into_verdicts).map(Ok).chain(error)
        }))
    }

    /// Passes what `work` makes of each block to `each`, in order. All cores work.
    pub(super) fn in_parallel<P: Part, T: Send>(
        &mut self,
        work: impl Fn(P) -> T + Sync,
        mut each: impl FnMut(T) -> Result<(), PipelineError>,
    ) -> Result<(), PipelineError> {
        let Self { file, blocks } = self;
        file.seek(SeekFrom::Start(0)).map_err(PipelineError::Spool)?;
        let ahead = BLOCKS_AHEAD * rayon::current_num_threads();
        let (work, mut blocks) = (&work, blocks.iter());
        let mut waiting: VecDeque<Receiver<postcard::Result<T>>> = VecDeque::with_capacity(ahead);
        rayon::in_place_scope(|scope| {
            loop {
                while waiting.len() < ahead
                    && let Some(sizes) = blocks.next()
                {
                    let (verdicts, rows) = parts::<P>(file, *sizes).map_err(PipelineError::Spool)?;
                    let (sender, receiver) = sync_channel(1);
                    scope.spawn(move |_| {
                        // The receiver is gone if an earlier block failed.
                        _ = sender.send(P::decode(&verdicts, &rows).map(work));
                    });
                    waiting.push_back(receiver);
                }
                // A missing result means that its thread panicked, which the scope passes on.
                let Some(Ok(done)) = waiting.pop_front().map(|block| block.recv()) else { return Ok(()) };
                each(done.map_err(|error| PipelineError::Spool(io::Error::other(error)))?)?;
            }
        })
    }
}

impl VerdictBlock {
    /// Returns the verdicts with their rows' locations.
    pub(super) fn into_verdicts(self) -> impl Iterator<Item = (Location, Verdict)> {
        let Self { input, row_numbers, verdicts } = self;
        row_numbers.into_iter().map(move |row| Location { input, row }).zip(verdicts)
    }
}

impl Part for VerdictBlock {
    const HAS_ROWS: bool = false;

    fn decode(verdicts: &[u8], _: &[u8]) -> postcard::Result<Self> {
        postcard::from_bytes(verdicts)
    }
}

impl Part for SpooledBlock {
    const HAS_ROWS: bool = true;

    fn decode(verdicts: &[u8], rows: &[u8]) -> postcard::Result<Self> {
        let VerdictBlock { verdicts, .. } = postcard::from_bytes(verdicts)?;
        Ok(Self { rows: postcard::from_bytes(rows)?, verdicts })
    }
}

/// Reads the next block's verdicts, and its rows if they are needed.
fn parts<P: Part>(file: &mut File, sizes: Sizes) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let verdicts = read(file, sizes.verdicts)?;
    if P::HAS_ROWS {
        return Ok((verdicts, read(file, sizes.rows)?));
    }
    file.seek(SeekFrom::Current(offset(sizes.rows)?))?;
    Ok((verdicts, Vec::new()))
}

fn read(file: &mut impl Read, bytes: u64) -> io::Result<Vec<u8>> {
    let mut buffer = vec![0; usize::try_from(bytes).map_err(io::Error::other)?];
    file.read_exact(&mut buffer)?;
    Ok(buffer)
}

fn offset(bytes: u64) -> io::Result<i64> {
    i64::try_from(bytes).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        outcome::{Code, Problem},
        row::{CellKind, Ragged, RaggedCause},
    };

    fn rejected(detail: &str) -> Verdict {
        Verdict::Rejected { number: None, problems: vec![Problem::of_row(Code::RaggedRow, detail)] }
    }

    fn spool(folder: &Path, blocks: &[(Rows, Vec<Verdict>)]) -> Spool {
        let mut writer = SpoolWriter::begin(folder).unwrap();
        for (rows, verdicts) in blocks {
            writer.push(&EncodedBlock::new(rows, verdicts)).unwrap();
        }
        writer.finish()
    }

    #[test]
    fn spool_can_be_read_repeatedly() {
        let folder = tempfile::tempdir().unwrap();
        let ragged = Ragged { expected: 2, found: 0, cause: RaggedCause::Cells };
        let mut rows = Rows::new(1);
        rows.push_cell(b"J\xf6rg", CellKind::Text);
        rows.push_cell(b"42", CellKind::Number);
        rows.end_row(7, None);
        rows.end_row(9, Some(ragged));
        let mut spool = spool(folder.path(), &[(rows, vec![rejected("a"), rejected("b")])]);
        for _ in 0..2 {
            let mut read = 0;
            let each = |block: SpooledBlock| {
                let row = block.rows.row(0);
                assert_eq!(
                    (row.location, row.cell(0).text, row.cell(1).kind),
                    (Location { input: 1, row: 7 }, b"J\xf6rg".as_slice(), CellKind::Number)
                );
                assert_eq!(block.rows.row(1).ragged, Some(ragged));
                assert_eq!(block.verdicts, [rejected("a"), rejected("b")]);
                read += 1;
                Ok(())
            };
            spool.in_parallel(|block| block, each).unwrap();
            assert_eq!(read, 1);
            let verdicts: Vec<_> = spool.verdicts().unwrap().map(Result::unwrap).collect();
            let location = |row| Location { input: 1, row };
            assert_eq!(verdicts, [(location(7), rejected("a")), (location(9), rejected("b"))]);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn blocks_come_in_order_until_one_cannot_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let block = |number: u64| {
            let mut rows = Rows::new(0);
            (0..number % 7).for_each(|row| rows.end_row(number * 10 + row, None));
            (rows, (0..number % 7).map(|row| rejected(&row.to_string())).collect())
        };
        let blocks: Vec<_> = (0..100).map(block).collect();
        let mut spool = spool(folder.path(), &blocks);
        let expected: Vec<u64> =
            blocks.iter().flat_map(|(rows, _)| rows.iter().map(|row| row.location.row)).collect();
        let row_numbers = |block: VerdictBlock| block.row_numbers;
        let mut found = Vec::new();
        let collect = |numbers: Vec<u64>| {
            found.extend(numbers);
            Ok(())
        };
        spool.in_parallel(row_numbers, collect).unwrap();
        assert_eq!(found, expected);
        let mut calls = 0;
        let fail = |_| {
            calls += 1;
            Err(PipelineError::Interrupted(2))
        };
        assert!(matches!(spool.in_parallel(row_numbers, fail), Err(PipelineError::Interrupted(2))));
        assert_eq!(calls, 1);
        spool.file.set_len(100).unwrap();
        assert!(matches!(spool.in_parallel(row_numbers, |_| Ok(())), Err(PipelineError::Spool(_))));
        assert!(spool.verdicts().unwrap().any(|verdict| verdict.is_err()));
    }
}
