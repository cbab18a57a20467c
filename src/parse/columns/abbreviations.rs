//! Abbreviated headers, such as `Cntct No` or `Lst Nm`.
//!
//! An abbreviation is written out and then read like any other header, but it can also stand for something else: `Ph`
//! for an acidity, `Sal` for a salary. So the values of its column must agree.

use super::{
    doubt::{filled, is_number},
    field_of,
    folding::fold,
    mapping::Mapping,
    names,
};
use crate::{contact::Field, normalize::region, row::Columns};

/// Abbreviated words, with the words they stand for.
const WORDS: &[(&str, &str)] = &[
    ("frst", "first"),
    ("fst", "first"),
    ("lst", "last"),
    ("nm", "name"),
    ("nme", "name"),
    ("surnm", "surname"),
    ("srname", "surname"),
    ("srnm", "surname"),
    ("cust", "customer"),
    ("custmr", "customer"),
    ("custname", "customer name"),
    ("clnt", "client"),
    ("cntct", "contact"),
    ("phn", "phone"),
    ("phne", "phone"),
    ("phon", "phone"),
    ("fone", "phone"),
    ("phno", "phone number"),
    ("phnum", "phone number"),
    ("phoneno", "phone number"),
    ("phonenum", "phone number"),
    ("tele", "telephone"),
    ("telef", "telephone"),
    ("telf", "telephone"),
    ("tlf", "telephone"),
    ("tlfn", "telephone"),
    ("tfno", "telephone"),
    ("telno", "telephone number"),
    ("telnum", "telephone number"),
    ("mbl", "mobile"),
    ("mobl", "mobile"),
    ("mobno", "mobile number"),
    ("mobnum", "mobile number"),
    ("mobileno", "mobile number"),
    ("mobilenum", "mobile number"),
    ("cellno", "cell number"),
    ("cellnum", "cell number"),
    ("contactno", "contact number"),
    ("contactnum", "contact number"),
    ("num", "number"),
    ("nbr", "number"),
    ("nmbr", "number"),
    ("hm", "home"),
    ("wk", "work"),
    ("off", "office"),
    ("ofc", "office"),
    ("offc", "office"),
    ("res", "residence"),
    ("resi", "residence"),
    ("bus", "business"),
    ("biz", "business"),
    ("addl", "additional"),
    ("cphone", "cell phone"),
    ("hphone", "home phone"),
    ("mphone", "mobile phone"),
    ("wphone", "work phone"),
    ("handphone", "mobile phone"),
    ("ctry", "country"),
    ("cntry", "country"),
    ("ctrycode", "country code"),
    ("cntrycode", "country code"),
    ("ctrycd", "country code"),
    ("countrycd", "country code"),
    ("cd", "code"),
    ("sal", "salutation"),
    ("salut", "salutation"),
    ("salutn", "salutation"),
    ("pfx", "prefix"),
    ("prfx", "prefix"),
];

/// Abbreviated headers whose words alone say nothing.
const WHOLE: &[(&str, &str)] = &[
    ("f name", "first name"),
    ("l name", "last name"),
    ("c phone", "cell phone"),
    ("h phone", "home phone"),
    ("m phone", "mobile phone"),
    ("w phone", "work phone"),
    ("hand phone", "mobile phone"),
    ("hp", "mobile phone"),
    ("hp no", "mobile phone"),
    ("hp number", "mobile phone"),
    ("wa no", "whatsapp number"),
    ("wa number", "whatsapp number"),
    ("mr mrs", "salutation"),
    ("mr ms", "salutation"),
    ("mr mrs ms", "salutation"),
    ("mr ms mrs", "salutation"),
    ("mr mrs miss", "salutation"),
];

/// Headers for the halves of a name that mean them only next to the other half.
const HALVES: [(&str, &str, Field); 2] =
    [("fn", "first name", Field::LastName), ("ln", "last name", Field::FirstName)];

/// Abbreviations among the synonyms and among the words about phones.
const KNOWN: [&str; 3] = ["fname", "lname", "prefix"];
const KNOWN_PHONE_WORDS: [&str; 2] = ["ph", "mob"];

/// The form in which a header is read.
#[derive(Clone, Debug)]
pub(super) struct ReadHeader {
    /// The folded header, with abbreviations written out.
    pub(super) text: String,
    /// The demand on the values of the column.
    pub(super) short: Short,
}

/// How far a header is abbreviated, and thus may stand for something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Short {
    /// It is written out.
    No,
    /// It has an abbreviation in general use, such as `Mob`.
    Known,
    /// It is read only if the values agree.
    WrittenOut,
}

/// Reads all headers of a table.
pub(super) fn read_all(headers: &[String]) -> Vec<ReadHeader> {
    let folded: Vec<String> = headers.iter().map(|header| fold(header)).collect();
    let means = |field: Field| folded.iter().any(|header| field_of(header) == Some(field));
    let read = |header: &String| {
        let half = HALVES.iter().find(|(half, ..)| half == header);
        let is_other_half = |(_, _, other): &&(&str, &str, Field)| {
            let short =
                HALVES.iter().any(|(half, ..)| half != header && folded.iter().any(|other| other == half));
            short || means(*other)
        };
        match half.filter(is_other_half) {
            Some((_, text, _)) => ReadHeader { text: (*text).to_owned(), short: Short::WrittenOut },
            None => read(header),
        }
    };
    folded.iter().map(read).collect()
}

/// Reads a header in folded form.
pub(super) fn read(folded: &str) -> ReadHeader {
    if let Some(text) = written_out(folded)
        && !is_known(folded)
        && is_known(&text)
    {
        return ReadHeader { text, short: Short::WrittenOut };
    }
    let is_short = folded.split(' ').any(|word| KNOWN_PHONE_WORDS.contains(&word));
    ReadHeader { text: folded.to_owned(), short: if is_short { Short::Known } else { Short::No } }
}

fn is_known(folded: &str) -> bool {
    let bare = super::without_owner(folded);
    field_of(folded).is_some() || field_of(bare).is_some() || names::is_whole(folded)
}

/// Returns a header with its abbreviations written out, or `None` if it has none.
fn written_out(folded: &str) -> Option<String> {
    if let Some((_, text)) = WHOLE.iter().find(|(short, _)| *short == folded) {
        return Some((*text).to_owned());
    }
    let word = |word| WORDS.iter().find(|(short, _)| *short == word).map(|(_, text)| *text);
    folded
        .split(' ')
        .any(|short| word(short).is_some())
        .then(|| folded.split(' ').map(|short| word(short).unwrap_or(short)).collect::<Vec<_>>().join(" "))
}

impl Short {
    /// Returns whether the values of a column agree with a header for phone numbers.
    pub(super) fn agrees_with_numbers(self, values: &[String]) -> bool {
        let all = filled(values).count();
        let numbers = || filled(values).filter(|value| is_number(value)).count();
        match self {
            Self::No => !super::doubt::holds_no_number(values),
            Self::Known => all == 0 || numbers() > 0,
            Self::WrittenOut => all == 0 || numbers() * 2 >= all,
        }
    }

    /// Returns whether the values of a column agree with a header for countries.
    pub(super) fn agrees_with_countries(self, values: &[String]) -> bool {
        let countries = || filled(values).filter(|value| region::country(value).is_some()).count();
        self != Self::WrittenOut || countries() > 0 && countries() * 5 >= filled(values).count() * 4
    }

    /// Returns whether the values of a column agree with a header for salutations.
    pub(super) fn agrees_with_salutations(self, values: &[String]) -> bool {
        self != Self::WrittenOut || super::doubt::holds_salutations(values)
    }
}

/// Returns a note about the abbreviated headers of the columns that are read.
pub(super) fn note(headers: &[String], columns: &Columns, mappings: &[Mapping]) -> Option<String> {
    let fields = [Field::FirstName, Field::LastName, Field::FullName, Field::Phone, Field::Salutation];
    let all = read_all(headers);
    let is_short = |column: usize, field: Field| {
        let is_known = || field != Field::Country && KNOWN.contains(&fold(&headers[column]).as_str());
        all[column].short != Short::No || is_known()
    };
    let mut read = Vec::new();
    for field in fields.into_iter().chain([Field::Country]) {
        if mappings.iter().any(|mapping| mapping.field == field) {
            continue;
        }
        let short = columns.of(field).iter().filter(|column| is_short(**column, field));
        read.extend(short.map(|column| (*column, field)));
    }
    read.sort_by_key(|(column, _)| *column);
    let read = read
        .iter()
        .map(|(column, field)| format!("`{}` = {}", headers[*column], field.name().replace('_', " ")));
    let read: Vec<String> = read.collect();
    (!read.is_empty()).then(|| format!("rollcall reads these headers as abbreviations: {}", read.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::super::{ColumnsProblem, notes, recognise};
    use super::*;

    /// Returns the columns of a table whose first row is the header, with its notes.
    fn table(rows: &[&str]) -> Result<(Columns, Vec<String>), ColumnsProblem> {
        let cells = |row: &str| row.split(',').map(str::to_owned).collect::<Vec<_>>();
        let headers = cells(rows[0]);
        let values = |column: usize| -> Vec<String> {
            let values = rows[1..].iter().map(|row| cells(row)[column].clone());
            values.filter(|value| !value.is_empty()).collect()
        };
        let columns = recognise(&headers, &[], &values)?;
        let notes = notes(&headers, &columns, &[], &values);
        Ok((columns, notes))
    }

    #[test]
    fn abbreviations_are_read_with_a_note() {
        for header in [
            "Fname,Lname,Ph,Prefix,Ctry",
            "FNAME,LNAME,PH_NO,SAL,CNTRY_CD",
            "F Name,L Name,Mob No.,Pfx,Ctry Code",
            "Frst Nm,Lst Nm,Phn,Salut,CountryCd",
            "FN,LN,TelNo,Mr/Mrs,Ctry",
            "First Nm,Surnm,HP No,Salutn,Cntry",
            "Cust Fname,Cust Lname,Contact Num,Mr/Ms,Ctry",
        ] {
            let row = "Asha,Rao,+91 98765 43210,Ms,India";
            let (columns, notes) = table(&[header, row]).unwrap();
            assert_eq!((columns.first_name, columns.last_name), (Some(0), Some(1)), "{header}");
            assert_eq!((columns.phone, columns.salutation), (vec![2], Some(3)), "{header}");
            assert_eq!(columns.country, [4], "{header}");
            let short: Vec<&String> = notes.iter().filter(|note| note.contains("as abbreviations")).collect();
            assert_eq!(short.len(), 1, "{header}: {notes:?}");
            assert!(short[0].ends_with("= country"), "{header}: {short:?}");
        }
    }

    /// Source: move-coop/parsons, `parsons/hustle/column_map.py`: leads with `fn`, `ln` and `cell`.
    #[test]
    fn halves_of_a_name_are_read_only_next_to_each_other() {
        let (both, _) = table(&["fn,ln,cell", "Asha,Rao,+91 98765 43210"]).unwrap();
        assert_eq!((both.first_name, both.last_name, both.phone), (Some(0), Some(1), vec![2]));
        let (mixed, _) = table(&["FN,Surname,Cell", "Asha,Rao,+91 98765 43210"]).unwrap();
        assert_eq!((mixed.first_name, mixed.last_name), (Some(0), Some(1)));
        let (alone, notes) = table(&["Fn,Cell", "Asha Rao,+91 98765 43210"]).unwrap();
        assert_eq!((alone.first_name, alone.full_name), (None, None), "{notes:?}");
    }

    /// Source: navaismo/CallFile-Dialer issue 1: `IDcamp, NameCamp, Name, LastName, Tel, Tries`.
    #[test]
    fn list_of_a_dialer_is_read() {
        let row = "7,Spring,Asha,Rao,+91 98765 43210,3";
        let (columns, notes) = table(&["IDcamp,NameCamp,Name,LastName,Tel,Tries", row]).unwrap();
        assert_eq!((columns.first_name, columns.last_name, columns.phone), (Some(2), Some(3), vec![4]));
        assert!(notes.is_empty(), "{notes:?}");
    }

    #[test]
    fn abbreviation_of_something_else_is_not_read() {
        for (header, row) in [
            ("Name,Mobile,Ph", "Asha Rao,+91 98765 43210,7.25"),
            ("Name,Mobile,Sal", "Asha Rao,+91 98765 43210,45000"),
            ("Name,Mobile,Mob", "Asha Rao,+91 98765 43210,yes"),
            ("Name,Mobile,Prefix", "Asha Rao,+91 98765 43210,91"),
            ("Name,Mobile,Res No", "Asha Rao,+91 98765 43210,10023455"),
            ("Name,Mobile,Off No", "Asha Rao,+91 98765 43210,10023455"),
            ("Name,Mobile,HP", "Asha Rao,+91 98765 43210,150"),
            ("Name,Mobile,Cust No", "Asha Rao,+91 98765 43210,10023455"),
            ("Name,Mobile,Ctry", "Asha Rao,+91 98765 43210,rural"),
        ] {
            let (columns, _) = table(&[header, row]).unwrap();
            assert!(!columns.is_used(2), "{header}: {columns:?}");
            assert_eq!(columns.phone, [1], "{header}");
        }
        let acidity = table(&["Sample,Ph", "Pond,7.2", "River,6.85"]);
        assert_eq!(acidity, Err(ColumnsProblem::NoPhone), "no number in it was meant as one");
    }

    #[test]
    fn abbreviated_phone_column_is_read_even_if_its_first_rows_are_empty() {
        let (columns, _) = table(&["Name,Cntct No", "Asha Rao,"]).unwrap();
        assert_eq!(columns.phone, [1]);
    }

    #[test]
    fn all_abbreviations_are_in_folded_form() {
        for (short, text) in WORDS.iter().chain(WHOLE) {
            assert_eq!((fold(short), fold(text)), ((*short).to_owned(), (*text).to_owned()));
        }
    }
}
