//! Where the header is: the first row in most files, below a title or a few lines about the export in some.

use super::{
    ParseSettings,
    assemble::{Header, RawRow},
    columns::{self, ColumnsProblem},
};
use crate::row::{Columns, Row, Rows};

/// So many rows that hold something may stand above the header.
const MAX_ROWS_ABOVE: usize = 10;

/// A header, understood.
pub(super) struct Found {
    pub(super) header: Header,
    pub(super) columns: Columns,
    /// The header's row; 0 where there is none.
    pub(super) row: u64,
    /// Rows above it that hold something.
    pub(super) rows_above: usize,
}

/// Finds the header among the first rows of a table.
pub(super) fn find(rows: &Rows, settings: &ParseSettings) -> Result<Found, (Header, ColumnsProblem)> {
    let mut first_problem: Option<(usize, Header, ColumnsProblem)> = None;
    for (index, row) in rows.iter().enumerate().take(MAX_ROWS_ABOVE + 1) {
        let header = Header::from_row(&row);
        let values = Values { rows, from: index + 1, header: &header };
        match columns::recognise(&header.names, &settings.mappings, &|column| values.of(column)) {
            Ok(columns) if index == 0 || stands_out(rows, index, &columns) => {
                return Ok(Found { row: row.location.row, rows_above: index, columns, header });
            }
            Ok(_) => {}
            Err(problem) => {
                let filled = filled(&row);
                if first_problem.as_ref().is_none_or(|(most, ..)| filled > *most * 2) {
                    first_problem = Some((filled, header, problem));
                }
            }
        }
    }
    let (_, header, problem) = first_problem.unwrap_or((0, Header::default(), ColumnsProblem::NoPhone(None)));
    Err((header, problem))
}

/// The header of a table whose format names its columns, or that has none.
pub(super) fn given(
    header: Header,
    rows: &Rows,
    settings: &ParseSettings,
) -> Result<Found, (Header, ColumnsProblem)> {
    let values = Values { rows, from: 0, header: &header };
    match columns::recognise(&header.names, &settings.mappings, &|column| values.of(column)) {
        Ok(columns) => Ok(Found { header, columns, row: 0, rows_above: 0 }),
        Err(problem) => Err((header, problem)),
    }
}

/// A row of data can hold the word "mobile". A header below other rows holds no numbers, names more than a phone column,
/// and has only short rows above it.
fn stands_out(rows: &Rows, index: usize, columns: &Columns) -> bool {
    let row = rows.row(index);
    let has_digits =
        row.cells().any(|cell| cell.text.iter().filter(|byte| byte.is_ascii_digit()).count() >= 5);
    let has_name = columns.first_name.or(columns.last_name).or(columns.full_name).is_some();
    let is_alone = filled(&row) == columns.phone.len();
    let is_below_a_title = (0..index).all(|above| filled(&rows.row(above)) * 2 <= filled(&row).max(2));
    !has_digits && (has_name || is_alone) && is_below_a_title
}

fn filled(row: &Row<'_>) -> usize {
    row.cells().filter(|cell| !cell.is_blank()).count()
}

/// What the first rows hold in a column.
struct Values<'a> {
    rows: &'a Rows,
    from: usize,
    header: &'a Header,
}

impl Values<'_> {
    fn of(&self, column: usize) -> Vec<String> {
        let index = self.header.place_of(column);
        let cells = (self.from..self.rows.len()).map(|row| self.rows.row(row).cell(index));
        cells
            .filter(|cell| !cell.is_blank())
            .map(|cell| String::from_utf8_lossy(cell.text).into_owned())
            .collect()
    }
}

impl RawRow for Row<'_> {
    fn len(&self) -> usize {
        self.cells().len()
    }

    fn cell(&self, index: usize) -> crate::row::Cell<'_> {
        Row::cell(self, index)
    }
}
