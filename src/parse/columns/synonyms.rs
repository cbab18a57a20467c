//! Headers of names and what they mean, collected from the platform's own import file, address books, CRMs and dialers, in
//! several languages. Headers of phones and countries are put together from words instead.

use crate::contact::Field;

/// Headers by field, in the folded form of [`fold`](super::fold); within a field the preferred ones stand first.
pub(in crate::parse) const SYNONYMS: &[(Field, &[&str])] = &[
    (
        Field::FirstName,
        &[
            "first name",
            "firstname",
            "given name",
            "first",
            "fname",
            "forename",
            "prenom",
            "vorname",
            "nombre",
            "names n given name",
            "name given name",
            "name first",
            "name first name",
            "name given",
            "given",
            "first names",
            "given names",
            "nome",
            "primeiro nome",
            "voornaam",
            "roepnaam",
            "fornavn",
            "fornamn",
            "etunimi",
            "imie",
            "keresztnev",
            "имя",
        ],
    ),
    (
        Field::LastName,
        &[
            "last name",
            "lastname",
            "family name",
            "surname",
            "last",
            "lname",
            "nom",
            "nachname",
            "apellido",
            "apellidos",
            "names n family name",
            "name family name",
            "name last",
            "name last name",
            "name family",
            "family",
            "last names",
            "nom de famille",
            "familienname",
            "zuname",
            "primer apellido",
            "apellido paterno",
            "paterno",
            "cognome",
            "sobrenome",
            "apelido",
            "achternaam",
            "etternavn",
            "efternavn",
            "efternamn",
            "sukunimi",
            "nazwisko",
            "prijmeni",
            "vezeteknev",
            "фамилия",
        ],
    ),
    (
        Field::FullName,
        &[
            "full name",
            "fullname",
            "name",
            "display name",
            "displayname",
            "contact name",
            "names n display name",
            "saved name",
            "public name",
        ],
    ),
    (
        Field::Salutation,
        &[
            "salutation",
            "name prefix",
            "names n honorific prefix",
            "prefix",
            "honorific",
            "anrede",
            "civilite",
            "salutation name",
            "tratamiento",
            "tratamento",
            "aanhef",
        ],
    ),
];

/// Words in front of the header of a name that say whose it is: `Person - First name`.
pub(in crate::parse) const WHOSE: &[&str] = &[
    "person",
    "contact",
    "customer",
    "client",
    "lead",
    "individual",
    "member",
    "subscriber",
    "guest",
    "attendee",
    "donor",
    "billing",
    "shipping",
    "primary",
    "deal",
    "your",
    "what",
    "is",
    "s",
    "ihr",
    "votre",
];

/// Words that mean a title, which is a salutation in some files.
pub(in crate::parse) const TITLES: &[&str] =
    &["title", "titre", "titel", "titolo", "titulo", "contact title", "person title"];

/// Headers, folded, beside which `CC` is the country of the address from which somebody has subscribed to a newsletter.
pub(in crate::parse) const NEWSLETTER: &[&str] = &["member rating", "optin time", "optin ip", "leid", "euid"];

/// Words that make a header likely to mean a phone number.
pub(in crate::parse) const PHONE_WORDS: &[&str] = &[
    "phone",
    "mobile",
    "cell",
    "tel",
    "telephone",
    "telefon",
    "telefono",
    "whatsapp",
    "gsm",
    "msisdn",
    "handy",
    "ph",
    "mob",
    "number",
    "contact",
    "call",
    "dial",
];

/// Words that make sure a header does not.
pub(in crate::parse) const NEVER_PHONE_WORDS: &[&str] = &[
    "fax",
    "telex",
    "pager",
    "isdn",
    "tty",
    "assistant",
    "type",
    "label",
    "status",
    "consent",
    "opt",
    "verified",
    "date",
    "id",
    "account",
    "customer",
    "zip",
    "postal",
    "postcode",
    "birthday",
    "name",
    "email",
    "mail",
    "country",
    "code",
    "person",
    "owner",
];

/// Those of them that say whose phone it is, where a header means one.
pub(in crate::parse) const OWNERS: &[&str] = &["person", "customer", "owner", "account", "assistant"];

/// Headers that show that `Title` is a salutation: of Outlook, whose column for the job is another, and of dialers.
pub(in crate::parse) const TITLE_IS_SALUTATION: &[&str] =
    &["job title", "phone code", "web page", "company main phone"];
