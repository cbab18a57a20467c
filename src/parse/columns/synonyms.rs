//! Known headers of names and their meanings, in several languages. They come from the platform's import file, address
//! books, CRMs and dialers. Headers of phones and countries are composed of words instead.

use crate::contact::Field;

/// Headers by field, in the folded form of [`fold`](super::fold). Preferred headers come first.
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
            "title of courtesy",
            "courtesy title",
            "anrede",
            "civilite",
            "salutation name",
            "tratamiento",
            "tratamento",
            "aanhef",
        ],
    ),
];

/// Words before the header of a name that say whose name it is: `Person - First name`.
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

/// Words that mean a title. Some files keep salutations there.
pub(in crate::parse) const TITLES: &[&str] =
    &["title", "titre", "titel", "titolo", "titulo", "contact title", "person title"];

/// Headers in folded form of a newsletter's export, where `CC` is the country of the subscriber's IP address.
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

/// Words that rule out a phone number.
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

/// Words of `NEVER_PHONE_WORDS` that say whose phone it is, in a header that means a phone.
pub(in crate::parse) const OWNERS: &[&str] = &["person", "customer", "owner", "account", "assistant"];

/// Headers next to which `Title` is a salutation: those of Outlook, which has another column for the job, and of
/// dialers.
pub(in crate::parse) const TITLE_IS_SALUTATION: &[&str] =
    &["job title", "phone code", "web page", "company main phone"];
