//! Name columns whose headers mean one thing alone and another next to each other.
//!
//! `Name` is the last name next to `Vorname`, and the first name next to `Surname`. `Nom` and `Nombre` are whole names
//! if the file has no column for the other half.

use crate::{contact::Field, row::Columns};

/// A header that means the other half of a name, next to a column for one half.
const NAME: &str = "name";

/// Headers of one half that mean a whole name if no column holds the other half.
const HALF_OR_WHOLE: [&str; 5] = ["nom", "nombre", "nombres", "nome", "имя"];

/// Headers of whole names in which the family name is not first. The synonyms of the field are others.
const WHOLE: &[&str] = &[
    "complete name",
    "your full name",
    "your name",
    "contact person",
    "person name",
    "customer name",
    "client name",
    "lead name",
    "applicant name",
    "student name",
    "employee name",
    "member name",
    "patient name",
    "customer",
    "client",
    "first and last name",
    "first name and last name",
    "first last name",
    "first name last name",
    // French
    "nom complet",
    "prenom nom",
    "prenom et nom",
    "prenoms et nom",
    "nom du contact",
    "nom du client",
    // German
    "vollstandiger name",
    "voller name",
    "vor und nachname",
    "vorname nachname",
    "vorname und nachname",
    "vorname name",
    "vorname und name",
    "ansprechpartner",
    "ansprechpartnerin",
    "kontaktperson",
    "kontaktname",
    "kundenname",
    // Spanish
    "nombre completo",
    "nombre y apellido",
    "nombre y apellidos",
    "nombres y apellidos",
    "nombre del contacto",
    "nombre del cliente",
    // Portuguese and Italian
    "nome completo",
    "nome e cognome",
    "nome e sobrenome",
    // Dutch and the languages of the north
    "naam",
    "volledige naam",
    "namn",
    "navn",
    "fulde navn",
    "fullt navn",
    "nimi",
    // Polish and Turkish
    "imie i nazwisko",
    "ad soyad",
    "adi soyadi",
    // The script of these names shows which part is first.
    "姓名",
    "氏名",
];

/// Headers of whole names that begin with the family name.
const FAMILY_FIRST: &[&str] = &[
    "last name first name",
    "surname first name",
    "surname name",
    "nachname vorname",
    "nachname und vorname",
    "name vorname",
    "name und vorname",
    "name und vornamen",
    "nom prenom",
    "nom prenoms",
    "nom et prenom",
    "nom et prenoms",
    "apellidos nombre",
    "apellidos y nombre",
    "cognome e nome",
    "nazwisko i imie",
    "фио",
    "фамилия имя",
    "фамилия имя отчество",
];

/// Words for a family name.
const FAMILY_WORDS: [&str; 8] =
    ["apellido", "apellidos", "cognome", "sobrenome", "apelido", "nachname", "surname", "фамилия"];

/// Returns whether a header in folded form means a whole name without being a synonym of the field.
pub(super) fn is_whole(folded: &str) -> bool {
    WHOLE.contains(&folded) || FAMILY_FIRST.contains(&folded)
}

/// Assigns ambiguous name columns to parts of a name. Mapped columns do not change. `headers` are in folded form.
pub(super) fn assign(
    headers: &[String],
    mapped: &Columns,
    values: &dyn Fn(usize) -> Vec<String>,
    columns: &mut Columns,
) {
    let is_named = |column: Option<usize>, names: &[&str]| {
        column.and_then(|column| headers.get(column)).is_some_and(|header| names.contains(&header.as_str()))
    };
    if columns.full_name.is_none() && mapped.of(Field::FullName).is_empty() {
        let is_taken = |column: usize| columns.is_of_contact(column);
        let named = |names: &[&str]| {
            headers
                .iter()
                .enumerate()
                .find(|(column, header)| names.contains(&header.as_str()) && !is_taken(*column))
                .map(|(column, _)| column)
        };
        columns.full_name = named(WHOLE).or_else(|| named(FAMILY_FIRST));
    }
    columns.is_family_name_first = is_named(columns.full_name, FAMILY_FIRST);
    let is_free = |field: Field| mapped.of(field).is_empty();
    if is_free(Field::FullName) && is_named(columns.full_name, &[NAME]) {
        match (columns.first_name, columns.last_name, columns.full_name) {
            (Some(half), None, Some(name)) if is_free(Field::LastName) && !holds(name, half, values) => {
                columns.last_name = columns.full_name.take();
            }
            (None, Some(half), Some(name)) if is_free(Field::FirstName) && !holds(name, half, values) => {
                columns.first_name = columns.full_name.take();
            }
            _ => {}
        }
    }
    // An unknown header for family names shows that no column holds whole names.
    let speaks_of_family =
        headers.iter().any(|header| header.split(' ').any(|word| FAMILY_WORDS.contains(&word)));
    if columns.full_name.is_none() && is_free(Field::FullName) && !speaks_of_family {
        let first = columns.first_name.filter(|_| columns.last_name.is_none() && is_free(Field::FirstName));
        let last = columns.last_name.filter(|_| columns.first_name.is_none() && is_free(Field::LastName));
        if is_named(first, &HALF_OR_WHOLE) {
            columns.full_name = columns.first_name.take();
        } else if is_named(last, &HALF_OR_WHOLE) {
            columns.full_name = columns.last_name.take();
        }
    }
}

/// Returns whether most cells of the column `Name` contain the other column's half, so that they are whole names.
fn holds(name: usize, half: usize, values: &dyn Fn(usize) -> Vec<String>) -> bool {
    let (names, halves) = (values(name), values(half));
    // The values omit blank cells, so rows can be compared only if there are none.
    if names.len() != halves.len() {
        let spaced = names.iter().filter(|name| name.trim().contains(' ')).count();
        let halves: Vec<String> = halves.iter().map(|half| half.trim().to_lowercase()).collect();
        let holding = names.iter().filter(|name| {
            let name = name.to_lowercase();
            halves.iter().any(|half| name.split_whitespace().any(|word| word == half))
        });
        return spaced > 0 && holding.count() * 2 > names.len();
    }
    let holds = |(name, half): &(&String, &String)| {
        let (name, half) = (name.trim().to_lowercase(), half.trim().to_lowercase());
        name.len() > half.len()
            && name.split([' ', ',']).any(|word| !word.is_empty() && half.split(' ').any(|own| own == word))
    };
    names.iter().zip(&halves).filter(holds).count() * 2 > names.len()
}

#[cfg(test)]
mod tests {
    use super::super::recognize;

    /// Returns the columns for first, last and full name.
    fn columns(list: &str, values: &[&[&str]]) -> (Option<usize>, Option<usize>, Option<usize>) {
        let headers: Vec<String> = list.split(", ").map(str::to_owned).collect();
        let values = |column: usize| -> Vec<String> {
            values
                .get(column)
                .map(|values| values.iter().map(|value| (*value).to_owned()).collect())
                .unwrap_or_default()
        };
        let found = recognize(&headers, &[], &values).unwrap();
        (found.first_name, found.last_name, found.full_name)
    }

    #[test]
    fn name_next_to_a_half_is_the_other_half() {
        for list in [
            "Name, Vorname, Telefon",
            "Name, First Name, Phone",
            "NAME, Prénom, Téléphone",
            "Name, Given Name, Phone",
        ] {
            assert_eq!(columns(list, &[&["García López"], &["Juan"]]), (Some(1), Some(0), None), "{list}");
        }
        for list in [
            "Name, Surname, Phone",
            "Name, Nachname, Telefon",
            "Name, Nom, Téléphone",
            "Name, Apellidos, Teléfono",
        ] {
            assert_eq!(columns(list, &[&["Juan"], &["García López"]]), (Some(0), Some(1), None), "{list}");
        }
        assert_eq!(columns("Nom, Prénom, Téléphone", &[]), (Some(1), Some(0), None));
        assert_eq!(columns("Nombre, Apellidos, Teléfono", &[]), (Some(0), Some(1), None));
    }

    #[test]
    fn name_is_whole_next_to_both_halves_or_if_its_cells_say_so() {
        assert_eq!(columns("Name, Given Name, Family Name, Phone", &[]), (Some(1), Some(2), Some(0)));
        assert_eq!(
            columns("Name, First Name, Phone", &[&["Ida Vale", "Tom Reed"], &["Ida", "Tom"]]),
            (Some(1), None, Some(0))
        );
        assert_eq!(
            columns("Name, Surname, Phone", &[&["Vale, Ida", "Tom Reed"], &["Vale", "Reed"]]),
            (None, Some(1), Some(0))
        );
        assert_eq!(columns("Full Name, Vorname, Telefon", &[]), (Some(1), None, Some(0)));
    }

    #[test]
    fn half_alone_is_a_whole_name_in_some_languages() {
        assert_eq!(columns("Nom, Téléphone", &[]), (None, None, Some(0)));
        assert_eq!(columns("Nombre, Teléfono", &[]), (None, None, Some(0)));
        assert_eq!(
            columns("Nombre, Apellido paterno, Apellido materno, Celular", &[]),
            (Some(0), Some(1), None)
        );
        assert_eq!(columns("Nombre, Apellido de soltera, Celular", &[]), (Some(0), None, None));
        for list in ["Imię i nazwisko, Telefon", "Nome completo, Telefone", "姓名, 手机"] {
            assert_eq!(columns(list, &[]), (None, None, Some(0)), "{list}");
        }
        assert_eq!(columns("First Name, Phone", &[]), (Some(0), None, None));
        for list in [
            "Nom complet, Mobile",
            "Nombre completo, Mobile",
            "Vollständiger Name, Mobile",
            "Vor- und Nachname, Mobile",
        ] {
            assert_eq!(columns(list, &[]), (None, None, Some(0)), "{list}");
        }
        for (list, is_first) in [
            ("Nom et prénom, Mobile", true),
            ("Nom / Prénom, Mobile", true),
            ("Nachname Vorname, Mobile", true),
            ("Prénom et nom, Mobile", false),
            ("Apellidos y nombre, Mobile", true),
        ] {
            let headers: Vec<String> = list.split(", ").map(str::to_owned).collect();
            let found = recognize(&headers, &[], &|_| vec![]).unwrap();
            assert_eq!(found.is_family_name_first, is_first, "{list}");
        }
    }
}
