//! The place of any row of a file, including rows that are not data.

use std::ops::ControlFlow;

use super::{
    Input, ParseError,
    raw_row::{RawRow, RowSink},
    table::Table,
    text::margin::{Kind, Margin},
};

/// The place of a row in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowPlace {
    /// A data row.
    Data,
    /// Above the header, which is in this row.
    AboveHeader(u64),
    /// The header.
    Header,
    /// A repeated header.
    HeaderAgain,
    /// A total, a remark or the like below the list.
    BelowList,
    /// A blank row.
    Blank,
    /// A further line of the row that begins in this row.
    Within(u64),
    /// After the last row of the file, which is this one.
    Beyond(u64),
}

impl Input {
    /// Returns the places of rows, given by the row numbers that people see.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be read.
    pub fn places(&mut self, rows: &[u64]) -> Result<Vec<RowPlace>, ParseError> {
        let is_text = matches!(self.table, Table::Text(_));
        let margin = if self.header_row > 0 {
            Margin::new(&self.header, &self.info.columns, is_text)
        } else {
            Margin::default()
        };
        // A line that names the delimiter is not a row.
        let names_delimiter = matches!(&self.table, Table::Text(text) if text.skips_first_line);
        let above =
            |row: &u64| (names_delimiter && *row == 1).then_some(RowPlace::AboveHeader(self.header_row));
        let mut locator = Locator {
            wanted: rows,
            found: rows.iter().map(above).collect(),
            header_row: self.header_row,
            margin,
            last: 0,
            last_line: 0,
        };
        let visited = self.table.visit(&mut self.source, &mut locator);
        visited.map_err(|fault| ParseError { path: self.info.path.clone().into(), fault })?;
        Ok(locator.finish())
    }
}

struct Locator<'a> {
    wanted: &'a [u64],
    found: Vec<Option<RowPlace>>,
    header_row: u64,
    margin: Margin,
    /// The last row, and the line on which it ends.
    last: u64,
    last_line: u64,
}

impl Locator<'_> {
    /// Returns the place of a row between the last row and the next one.
    fn gap(&self, wanted: u64) -> RowPlace {
        if wanted <= self.last_line { RowPlace::Within(self.last) } else { RowPlace::Blank }
    }

    fn of_row(&self, number: u64, row: &impl RawRow) -> RowPlace {
        if number == self.header_row {
            return RowPlace::Header;
        }
        if row.is_blank() {
            return RowPlace::Blank;
        }
        if number < self.header_row {
            return RowPlace::AboveHeader(self.header_row);
        }
        if self.margin.is_person(row) {
            return RowPlace::Data;
        }
        match self.margin.kind(row) {
            Kind::Row => RowPlace::Data,
            Kind::Header(_) | Kind::OtherHeader => RowPlace::HeaderAgain,
            Kind::Footer => RowPlace::BelowList,
        }
    }

    fn finish(self) -> Vec<RowPlace> {
        let beyond = |wanted: u64| {
            if wanted <= self.last_line { RowPlace::Within(self.last) } else { RowPlace::Beyond(self.last) }
        };
        let all = self.wanted.iter().zip(&self.found);
        all.map(|(wanted, found)| found.unwrap_or_else(|| beyond(*wanted))).collect()
    }
}

impl RowSink for Locator<'_> {
    fn row(&mut self, number: u64, row: &impl RawRow) -> ControlFlow<()> {
        for index in 0..self.wanted.len() {
            let wanted = self.wanted[index];
            if self.found[index].is_none() && wanted <= number {
                let place = if wanted == number { self.of_row(number, row) } else { self.gap(wanted) };
                self.found[index] = Some(place);
            }
        }
        let line_ends = |index| memchr::memchr_iter(b'\n', row.cell(index).text).count();
        let line_ends: usize = (0..row.len()).map(line_ends).sum();
        self.last = number;
        self.last_line = number + u64::try_from(line_ends).unwrap_or_default();
        if self.found.iter().all(Option::is_some) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}
