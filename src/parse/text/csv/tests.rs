use proptest::prelude::*;

use super::*;

/// A reader that returns a few bytes at a time, so that tests meet every boundary.
struct Dripping(Vec<u8>, usize);

impl Read for Dripping {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(buffer.len()).min(self.0.len());
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0.drain(..count);
        Ok(count)
    }
}

fn records(text: &[u8], at_once: usize) -> Result<Vec<(u64, Vec<String>)>, Fault> {
    let mut records = Records::new(Box::new(Dripping(text.to_vec(), at_once)), Dialect::new(b','));
    let mut found = Vec::new();
    while let Some(record) = records.next_record()? {
        let cells =
            (0..record.len()).map(|index| String::from_utf8_lossy(record.cell(index).text).into_owned());
        found.push((record.line, cells.collect()));
    }
    Ok(found)
}

fn lines(text: &str) -> Vec<u64> {
    let whole: Vec<u64> = records(text.as_bytes(), 1 << 20).unwrap().iter().map(|(line, _)| *line).collect();
    let dripped: Vec<u64> = records(text.as_bytes(), 1).unwrap().iter().map(|(line, _)| *line).collect();
    assert_eq!(whole, dripped, "{text:?}");
    whole
}

#[test]
fn record_has_the_line_on_which_it_starts() {
    assert_eq!(lines("a,b\n1,2\n3,4\n"), [1, 2, 3]);
    assert_eq!(lines("a,b\r\n1,2\r\n3,4"), [1, 2, 3]);
    assert_eq!(lines("a,b\r1,2\r3,4\r"), [1, 2, 3]);
    assert_eq!(lines("\n\na,b\n\n\n1,2\n"), [3, 6]);
    assert_eq!(lines("\r\n\r\na,b\r\n\r\n1,2\r\n"), [3, 5]);
    assert_eq!(lines("a,\"x\ny\r\nz\"\n1,2\n"), [1, 4]);
    assert_eq!(lines("\"\r\",b\r\n1,2\r\n"), [1, 3]);
    assert_eq!(lines(""), [0; 0]);
}

#[test]
fn quoted_cells_may_contain_marks_delimiters_and_line_ends() {
    let found = records(b"\"a,\"\"b\"\"\",\"c\nd\"\n", 3).unwrap();
    assert_eq!(found, [(1, vec!["a,\"b\"".to_owned(), "c\nd".to_owned()])]);
}

#[test]
fn unclosed_quotation_mark_affects_one_line() {
    for (text, cells) in [
        ("a,b\n1,\"2\n3,4\n", vec!["1|2", "3|4"]),
        ("a,b\n1,\"2", vec!["1|2"]),
        ("a,b\n1,2\n\"\n", vec!["1|2", ""]),
        ("a,b\n1,\"2\"", vec!["1|2"]),
        ("a,b\n1,x\"2", vec!["1|x\"2"]),
        ("a,b\n1,\"2\" x\n3,4\n", vec!["1|\"2\" x", "3|4"]),
    ] {
        let found = records(text.as_bytes(), 4).unwrap();
        let found: Vec<String> = found.into_iter().skip(1).map(|(_, cells)| cells.join("|")).collect();
        assert_eq!(found, cells, "{text:?}");
    }
}

#[test]
fn oversized_records_are_refused_without_reading_on() {
    let mut endless = b"a,b\n1,2\n".to_vec();
    endless.resize(3 * MAX_RECORD_BYTES, b'x');
    let mut reader = Records::new(Box::new(io::Cursor::new(endless)), Dialect::new(b','));
    reader.next_record().unwrap();
    reader.next_record().unwrap();
    let error = reader.next_record().map(|_| ()).unwrap_err();
    assert!(matches!(error, Fault::RecordTooLong { line: 3, .. }), "{error}");
    assert!(reader.buffer.len() < 4 * MAX_RECORD_BYTES);

    let wide = vec![b','; MAX_RECORD_CELLS];
    assert!(matches!(records(&wide, 1 << 20), Err(Fault::TooManyCells { line: 1, .. })));
    let long = format!("a,b\n1,\"{}\"\n", "x".repeat(200 * 1024));
    assert_eq!(records(long.as_bytes(), 1 << 20).unwrap()[1].1[1].len(), 200 * 1024);
}

#[test]
fn dos_end_mark_is_not_a_row() {
    for text in ["a,b\n1,2\n\x1a", "a,b\n1,2\x1a", "a,b\r\n1,2\x1a\0\0"] {
        let found = records(text.as_bytes(), 3).unwrap();
        let filled = found.iter().filter(|(_, cells)| cells.iter().any(|cell| !cell.is_empty()));
        assert_eq!(filled.collect::<Vec<_>>().pop().unwrap().1, ["1", "2"], "{text:?}");
    }
}

proptest! {
    #[test]
    fn records_written_by_the_csv_crate_are_read_back(
        rows in prop::collection::vec(prop::collection::vec("[a-c,\"\n\r ]{0,5}", 2..4), 1..8),
        at_once in 1usize..9,
    ) {
        let mut writer = csv::WriterBuilder::new().flexible(true).quote_style(csv::QuoteStyle::Always).from_writer(vec![]);
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let text = writer.into_inner().unwrap();
        let found: Vec<Vec<String>> = records(&text, at_once).unwrap().into_iter().map(|(_, cells)| cells).collect();
        prop_assert_eq!(found, rows);
    }

    #[test]
    fn quoted_cells_are_the_same_however_they_are_read(
        cells in prop::collection::vec("[ab]{0,2}|\"[ab,]{0,3}\"|\"a\"\"b\"|NULL|\"NULL\"|=\"a\"|\"=\"\"a\"\"\"| \"a\"|\"a\" |a\"|\"a\nb\"|\"a,b\n", 1..12),
        line_end in prop::sample::select(vec!["\n", "\r\n"]),
    ) {
        let lines: Vec<String> = cells.chunks(3).map(|cells| cells.join(",")).collect();
        let text = format!("{}{line_end}", lines.join(line_end));
        let whole = records(text.as_bytes(), 1 << 20).ok();
        let dripped = records(text.as_bytes(), 1).ok();
        prop_assert_eq!(whole, dripped);
    }

    #[test]
    fn no_bytes_panic_and_small_reads_give_the_same(text in prop::collection::vec(prop::sample::select(b"a,\"\n\r\0\xff= \\".to_vec()), 0..60)) {
        let whole = records(&text, 1 << 20).ok();
        let dripped = records(&text, 1).ok();
        prop_assert_eq!(whole, dripped);
    }
}
