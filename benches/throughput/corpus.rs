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
/// Names in the scripts of most languages: four in five are not in Latin letters.
const WORLD_FIRST: [&str; 20] = [
    "Αλέξανδρος",
    "Иван",
    "Мария",
    "Ёлка",
    "आशा",
    "प्रिया",
    "சரண்யா",
    "মৌসুমী",
    "محمد",
    "فاطمة",
    "דוד",
    "伟",
    "さくら",
    "ハルカ",
    "지우",
    "สมชาย",
    "გიორგი",
    "Łukasz",
    "Nguyễn",
    "Şükrü",
];
const WORLD_LAST: [&str; 20] = [
    "Παπαδόπουλος",
    "Иванов",
    "Петрова",
    "Щербаков",
    "राव",
    "शर्मा",
    "குமார்",
    "রায়",
    "الحداد",
    "حسن",
    "כהן",
    "王",
    "田中",
    "サトウ",
    "김",
    "ใจดี",
    "ბერიძე",
    "Wałęsa",
    "Trần",
    "Öztürk",
];

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

/// The kinds of lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A typical list: names mostly in Latin letters, one error in twenty-five rows.
    Plain,
    /// The same with names of which most are not in Latin letters.
    World,
    /// Half of the rows are quoted, some cells hold lines and marks, and one row in seven cannot be imported.
    Messy,
}

impl Kind {
    /// All kinds.
    pub(crate) const ALL: [Self; 3] = [Self::Plain, Self::World, Self::Messy];

    /// The name on the command line and in the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::World => "world",
            Self::Messy => "messy",
        }
    }
}

/// Returns the rows of a list: six countries in several spellings, and one duplicate number in fifty.
fn rows(kind: Kind, count: u64) -> impl Iterator<Item = [String; 8]> {
    let mut random = Random(42);
    (0..count).map(move |row| {
        let number = if row % 50 == 49 { row - 40 } else { row };
        let (country, mut mobile) = mobile(number, random.below(4));
        let (firsts, lasts): (&[&str], &[&str]) =
            if kind == Kind::World { (&WORLD_FIRST, &WORLD_LAST) } else { (&FIRST, &LAST) };
        let mut last = random.of(lasts).to_owned();
        match random.below(100) {
            0 => mobile.truncate(6),
            1 => "9.19877E+11".clone_into(&mut mobile),
            2 => last.clear(),
            3 => mobile.push_str(" ext. 12"),
            4..15 if kind == Kind::Messy => spoil(&mut mobile, &mut random),
            _ => {}
        }
        let first = random.of(firsts);
        [
            first.to_owned(),
            last,
            random.of(&["Mr", "Mrs", "Ms", "Dr."]).to_owned(),
            mobile,
            country.to_owned(),
            format!(
                "{}{row}@example.com",
                first
                    .chars()
                    .take(2)
                    .collect::<String>()
                    .to_ascii_lowercase()
                    .replace(|c: char| !c.is_ascii(), "x")
            ),
            random.of(&CITIES).to_owned(),
            if kind == Kind::Messy {
                random
                    .of(&["", "said \"not before 5\"", "first line\nsecond line", "call after 5, not before"])
                    .to_owned()
            } else {
                random.of(&["", "", "", "call after 5, not before"]).to_owned()
            },
        ]
    })
}

/// Makes a number one that cannot be called, in the ways in which lists do.
fn spoil(mobile: &mut String, random: &mut Random) {
    match random.below(6) {
        0 => mobile.clear(),
        1 => "unknown".clone_into(mobile),
        2 => mobile.push_str("00000"),
        3 => mobile.insert_str(0, "+999"),
        4 => mobile.push_str(" ask for the manager"),
        _ => "n/a".clone_into(mobile),
    }
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
pub(crate) fn write(path: &Path, kind: Kind, count: u64) -> Result<(), Box<dyn std::error::Error>> {
    match path.extension() {
        Some(extension) if extension == "xlsx" => Ok(write_xlsx(path, kind, count)?),
        _ => Ok(write_csv(path, kind, count)?),
    }
}

fn write_csv(path: &Path, kind: Kind, count: u64) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    let mut lines = Vec::new();
    for (line, row) in std::iter::once(HEADER.map(str::to_owned)).chain(rows(kind, count)).enumerate() {
        let is_quoted = kind == Kind::Messy && line % 2 == 0;
        let style = if is_quoted { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary };
        lines.clear();
        let mut writer = csv::WriterBuilder::new().quote_style(style).from_writer(&mut lines);
        writer.write_record(&row)?;
        writer.flush()?;
        drop(writer);
        out.write_all(&lines)?;
    }
    out.flush()
}

fn write_xlsx(path: &Path, kind: Kind, count: u64) -> Result<(), rust_xlsxwriter::XlsxError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.write_row(0, 0, HEADER)?;
    for (line, row) in (1..).zip(rows(kind, count)) {
        sheet.write_row(line, 0, row)?;
    }
    workbook.save(path)
}
