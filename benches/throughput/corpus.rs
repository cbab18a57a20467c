//! Contact files of any size, generated from a fixed seed.

use std::{
    fs::File,
    io::{self, BufWriter, Write as _},
    path::Path,
};

use rust_xlsxwriter::Workbook;

const HEADER: [&str; 8] =
    ["First Name", "Last Name", "Salutation", "Mobile", "Country", "Email", "City", "Notes"];

const FIRST: [&str; 12] =
    ["Asha", "Li", "Ann", "José", "Priya", "Oluwaseun", "Zoë", "Marta", "Ravi", "Yuki", "Omar", "Ines"];
const LAST: [&str; 12] = [
    "Rao", "Wei", "Smith", "García", "Nair", "Adeyemi", "van Dijk", "Kowalska", "Iyer", "Tanaka", "Haddad",
    "Lund",
];
const CITIES: [&str; 6] = ["Pune", "London", "Berlin", "Chicago", "São Paulo", "Sydney"];

/// A short random number generator with the same results on every machine (`SplitMix64`).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[usize::try_from(self.below(choices.len() as u64)).unwrap_or_default()]
    }
}

/// Returns the rows of a typical list: six countries in several spellings, one duplicate number in fifty, one error in
/// twenty-five rows.
fn rows(count: u64) -> impl Iterator<Item = [String; 8]> {
    let mut random = Random(42);
    (0..count).map(move |row| {
        let number = if row % 50 == 49 { row - 40 } else { row };
        let (country, mut mobile) = mobile(number, random.below(4));
        let mut last = random.of(&LAST).to_owned();
        match random.below(100) {
            0 => mobile.truncate(6),
            1 => "9.19877E+11".clone_into(&mut mobile),
            2 => last.clear(),
            3 => mobile.push_str(" ext. 12"),
            _ => {}
        }
        let first = random.of(&FIRST);
        [
            first.to_owned(),
            last,
            random.of(&["Mr", "Mrs", "Ms", "Dr."]).to_owned(),
            mobile,
            country.to_owned(),
            format!(
                "{}{row}@example.com",
                &first[..2.min(first.len())].to_ascii_lowercase().replace(|c: char| !c.is_ascii(), "x")
            ),
            random.of(&CITIES).to_owned(),
            random.of(&["", "", "", "call after 5, not before"]).to_owned(),
        ]
    })
}

/// Returns a valid number, unique among the first hundred million rows.
fn mobile(row: u64, spelling: u64) -> (&'static str, String) {
    let (country, code, trunk, national) = match row % 6 {
        0 => ("IN", "91", "0", format!("98{:08}", row / 6 % 100_000_000)),
        1 => ("GB", "44", "0", format!("74{:08}", row / 6 % 100_000_000)),
        2 => ("DE", "49", "0", format!("151{:08}", row / 6 % 100_000_000)),
        3 => ("US", "1", "", format!("{}{:07}", 201 + row / 6 / 7_000_000, 2_000_000 + row / 6 % 7_000_000)),
        4 => ("BR", "55", "0", format!("119{:08}", 60_000_000 + row / 6 % 39_000_000)),
        _ => ("AU", "61", "0", format!("4{:08}", row / 6 % 100_000_000)),
    };
    let (head, tail) = national.split_at(national.len() - 5);
    let spelled = match spelling {
        0 => format!("+{code}{national}"),
        1 => format!("+{code} {head} {tail}"),
        2 => format!("{trunk}{head}-{tail}"),
        _ => format!("{trunk}{national}"),
    };
    (country, spelled)
}

/// Writes a file of `count` rows, as CSV or XLSX depending on its extension.
pub(crate) fn write(path: &Path, count: u64) -> Result<(), Box<dyn std::error::Error>> {
    match path.extension() {
        Some(extension) if extension == "xlsx" => Ok(write_xlsx(path, count)?),
        _ => Ok(write_csv(path, count)?),
    }
}

fn write_csv(path: &Path, count: u64) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(BufWriter::new(File::create(path)?));
    writer.write_record(HEADER)?;
    for row in rows(count) {
        writer.write_record(&row)?;
    }
    writer.into_inner().map_err(csv::IntoInnerError::into_error)?.flush()
}

fn write_xlsx(path: &Path, count: u64) -> Result<(), rust_xlsxwriter::XlsxError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.write_row(0, 0, HEADER)?;
    for (line, row) in (1..).zip(rows(count)) {
        sheet.write_row(line, 0, row)?;
    }
    workbook.save(path)
}
