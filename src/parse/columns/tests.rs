//! Tests of column matching.

use super::*;
use crate::row::PhoneLabel;

fn headers(list: &str) -> Vec<String> {
    list.split(", ").map(str::to_owned).collect()
}

fn columns(list: &str) -> Columns {
    recognize(&headers(list), &[], &|_| vec![]).unwrap()
}

fn labels(columns: &Columns) -> Vec<(usize, usize)> {
    columns.labels.iter().map(|label| (label.phone, label.column)).collect()
}

#[test]
fn headers_fold_to_synonyms() {
    for (header, folded) in [
        ("cellPhoneNumber", "cell phone number"),
        ("\u{feff}First Name", "first name"),
        ("FIRST_NAME", "first name"),
        ("Prénom", "prenom"),
        ("Phone 1 - Value", "phone n value"),
        ("Phone12", "phone n"),
        ("  E-mail  ", "e mail"),
        ("WhatsApp", "whatsapp"),
        ("ＭＯＢＩＬＥ", "mobile"),
    ] {
        assert_eq!(fold(header), folded, "{header}");
    }
}

#[test]
fn all_synonyms_are_in_folded_form() {
    for synonym in SYNONYMS.iter().flat_map(|(_, synonyms)| *synonyms) {
        let header: Vec<&str> = synonym.split(' ').map(|word| if word == "n" { "1" } else { word }).collect();
        assert_eq!(fold(&header.join(" ")), *synonym);
    }
}

#[test]
fn columns_of_the_platforms_import_file_match() {
    let found =
        columns("firstName, lastName, salutation, cellPhoneNumber, cellPhoneCountryCode, cellPhoneExtension");
    assert_eq!(found.phone, [3]);
    assert_eq!((found.first_name, found.last_name, found.salutation), (Some(0), Some(1), Some(2)));
    assert_eq!(found.country, [4]);
}

#[test]
fn mobile_numbers_are_preferred() {
    let found = columns("Name, Home Phone, Business Phone, Mobile Phone, Primary Phone, Business Fax");
    assert_eq!(found.phone, [3, 4, 2, 1]);
    assert_eq!(found.full_name, Some(0));
}

#[test]
fn fax_type_and_label_columns_are_not_phones() {
    let found =
        recognize(&headers("Name, Business Fax, Phone 1 - Type, Pager, Phone 1 - Label"), &[], &|_| vec![]);
    assert_eq!(found, Err(ColumnsProblem::NoPhone));
}

#[test]
fn columns_of_known_programs_match() {
    let google = columns(
        "First Name, Middle Name, Last Name, Name Prefix, Labels, Phone 1 - Label, Phone 1 - Value, Phone 2 - Label, Phone 2 - Value",
    );
    assert_eq!(labels(&google), [(6, 5), (8, 7)]);
    assert_eq!((google.phone, google.salutation), (vec![6, 8], Some(3)));
    let older = columns("Name, Given Name, Family Name, Phone 1 - Type, Phone 1 - Value");
    assert_eq!((labels(&older), older.full_name), (vec![(4, 3)], Some(0)));
    let salesforce = columns(
        "SALUTATION, FIRSTNAME, LASTNAME, NAME, TITLE, PHONE, MOBILEPHONE, HOMEPHONE, OTHERPHONE, FAX, MAILINGCOUNTRY",
    );
    assert_eq!((salesforce.phone, salesforce.salutation), (vec![6, 5, 7, 8], Some(0)));
    assert_eq!(salesforce.country, [10]);
    let dialer = columns("phone_code, phone_number, title, first_name, last_name");
    assert_eq!((dialer.phone, dialer.country, dialer.salutation), (vec![1], vec![0], Some(2)));
    let cisco = columns("Account Number, First Name, Last Name, Phone1, Phone2, Phone3");
    assert_eq!(cisco.phone, [3, 4, 5]);
    let genesys = columns("HomePhone, WorkPhone, CellPhone");
    assert_eq!(genesys.phone, [2, 1, 0]);
    let nested = columns("firstName, cellPhone.phoneNumber, cellPhone.countryCode, cellPhone.extension");
    assert_eq!((nested.phone, nested.country), (vec![1], vec![2]));
    let hubspot = columns("First name, Last name, Phone number, Mobile phone number, Country/Region");
    assert_eq!((hubspot.phone, hubspot.country), (vec![3, 2], vec![4]));
}

#[test]
fn title_is_a_salutation_if_headers_or_values_say_so() {
    let salutation = |list: &str, values: &[&str]| {
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        recognize(&headers(list), &[], &|_| values.clone()).unwrap().salutation
    };
    assert_eq!(salutation("Title, First Name, Job Title, Mobile Phone", &[]), Some(0));
    assert_eq!(salutation("Title, Name, Phone", &["Mr", "Dr.", "Ms"]), Some(0));
    assert_eq!(salutation("Title, Name, Phone", &["CEO", "Head of Sales", "Mr"]), None);
    assert_eq!(salutation("Salutation, Title, Name, Phone", &["Mr", "Mr"]), Some(0));
    assert_eq!(salutation("Title, Name, Phone", &[]), None);
}

/// Matches the columns of a table whose first row is the header.
fn table(rows: &[&str]) -> (Vec<String>, Result<Columns, ColumnsProblem>, Vec<String>) {
    let given = headers(rows[0]);
    let values = |column: usize| {
        let cells =
            rows[1..].iter().filter_map(|row| row.split(", ").nth(column)).filter(|cell| !cell.is_empty());
        cells.map(str::to_owned).collect::<Vec<_>>()
    };
    let found = recognize(&given, &[], &values);
    let notes = found.as_ref().map(|found| notes(&given, found, &[], &values)).unwrap_or_default();
    (given, found, notes)
}

#[test]
fn do_not_call_columns_are_found_and_reported() {
    let given = headers("Name, Phone, Do Not Call, Email Opt Out, Contact Callable");
    let mut found = recognize(&given, &[], &|_| vec![]).unwrap();
    let calls: Vec<_> = found.calls.iter().map(|call| (call.column, call.question)).collect();
    assert_eq!(calls, [(2, Question::IsForbidden), (4, Question::IsAllowed)]);
    assert_eq!(
        call_notes(&given, &mut found, false).unwrap(),
        "rollcall does not call the people or phones that `Do Not Call`, `Contact Callable` mark as do-not-call"
    );
    assert!(call_notes(&given, &mut found, true).unwrap().contains("ignored"));
    assert!(found.calls.is_empty());
}

#[test]
fn do_not_call_column_of_one_phone_keeps_the_others() {
    let found = columns("Name, Cell, Home Phone, Callable-Cell");
    assert!(found.calls.is_empty());
    assert_eq!(found.labels, [PhoneLabel { phone: 1, column: 3, says: Says::Calls(Question::IsAllowed) }]);
    let alone = columns("Name, Cell, Callable-Cell");
    assert_eq!(alone.calls.len(), 1, "it is the only phone");
}

#[test]
fn phone_labels_are_found_in_many_forms() {
    for (list, expected) in [
        ("Name, Phone Type 1, Phone Number 1, Phone Type 2, Phone Number 2", vec![(2, 1), (4, 3)]),
        (
            "Name, phone_1_number, phone_1_type, phone_1_flags, phone_2_number, phone_2_type",
            vec![(1, 2), (1, 3), (4, 5)],
        ),
        ("Name, phone_label, phone_number", vec![(2, 1)]),
        ("Name, phones.1.value, phones.1.type, phones.1.primary", vec![(1, 2)]),
        ("Name, Phone, Contact Type", vec![]),
    ] {
        let found = columns(list);
        let kinds = found
            .labels
            .iter()
            .filter(|label| label.says == Says::Kind)
            .map(|label| (label.phone, label.column));
        assert_eq!(kinds.collect::<Vec<_>>(), expected, "{list}");
    }
}

#[test]
fn primary_column_is_not_a_phone() {
    let (_, found, _) = table(&["Name, phones.1.value, phones.1.primary", "Asha, 98765 43210, TRUE"]);
    let found = found.unwrap();
    assert_eq!(found.phone, [1]);
    assert_eq!(found.labels, [PhoneLabel { phone: 1, column: 2, says: Says::Preferred }]);
}

#[test]
fn ambiguous_phone_headers_need_numbers() {
    let (_, found, notes) = table(&[
        "First, Last, Home, Work, Fax, Mobile, Other",
        "Asha, Rao, 022 2345 6789, , 022 2345 6780, 98765 43210, blue",
    ]);
    assert_eq!(found.unwrap().phone, [5, 2]);
    assert_eq!(notes, ["`Home` holds phone numbers such as `022 2345 6789`, and is read as phone"]);
    let (_, found, _) = table(&["Name, Home, Work", "Asha, Delhi, Mumbai"]);
    assert_eq!(found, Err(ColumnsProblem::NoPhone));
    let (_, found, _) = table(&["Name, Home, Work", "Asha, Delhi, 98765 43210"]);
    assert_eq!(found.unwrap().phone, [2]);
}

#[test]
fn values_override_headers() {
    let (_, found, notes) =
        table(&["Name, Phone, Mobile, WhatsApp", "Asha, 98765 43210, Yes, Yes", "Li, 98765 43211, Yes, No"]);
    assert_eq!(found.unwrap().phone, [1]);
    assert!(notes[0].contains("`Mobile` holds no phone numbers (`Yes`)"), "{notes:?}");
    let (_, found, _) = table(&["Name, Phone", "Asha, on request"]);
    assert_eq!(found.unwrap().phone, [1], "the only candidate; each row reports its problem");

    let (_, found, notes) =
        table(&["Name, Phone, Land", "Asha, 98765 43210, 2 acres", "Li, 98765 43211, 3 acres"]);
    assert!(found.unwrap().country.is_empty());
    assert!(notes[0].contains("`Land` holds no countries (`2 acres`)"), "{notes:?}");
    let (_, found, _) = table(&["Name, Phone, CC", "Asha, 98765 43210, a@example.com"]);
    assert!(found.unwrap().country.is_empty());

    let (_, found, notes) = table(&["Prefix, Name, Phone", "+91, Asha, 98765 43210"]);
    let found = found.unwrap();
    assert_eq!((found.salutation, found.country), (None, vec![0]));
    assert!(notes[0].contains("`Prefix` holds dialing codes"), "{notes:?}");
    let (_, found, _) = table(&["Prefix, Name, Phone", "Ms, Asha, 98765 43210"]);
    assert_eq!(found.unwrap().salutation, Some(0));

    let (_, found, _) = table(&["Name, First, Last, Phone", "Asha Rao, 2026-01-05, 2026-02-05, 98765 43210"]);
    let found = found.unwrap();
    assert_eq!((found.first_name, found.last_name, found.full_name), (None, None, Some(0)));
}

#[test]
fn country_of_an_ip_address_is_not_the_country_of_the_number() {
    let header = "Name, Phone Number, MEMBER_RATING, OPTIN_TIME, CC";
    let (_, found, notes) = table(&[header, "Asha, 98765 43210, 2, 2026-01-02, US"]);
    assert!(found.unwrap().country.is_empty());
    assert!(notes[0].contains("`CC` is the country of an IP address"), "{notes:?}");
}

#[test]
fn unread_column_of_countries_is_reported() {
    let (_, found, notes) =
        table(&["Name, Phone, Nationality", "Asha, 98765 43210, India", "Li, 010 1234, China"]);
    assert!(found.unwrap().country.is_empty());
    assert!(
        notes[0].contains("`Nationality` holds countries such as `India`")
            && notes[0].contains("--map country=3")
    );
}

#[test]
fn unread_column_of_answers_is_reported_if_it_may_be_about_calls() {
    let notes = |header: &str, first: &str, second: &str| {
        let rows = [
            format!("Name, Phone, {header}"),
            format!("Asha, 98765 43210, {first}"),
            format!("Li, 010 1234, {second}"),
        ];
        table(&rows.each_ref().map(String::as_str)).2.join("; ")
    };
    let text = "`Called for Marketing` says yes or no, and is not read: if it says who must not be called, rename it";
    assert!(notes("Called for Marketing", "yes", "no").starts_with(text));
    for (header, first, second) in [
        ("Called for Marketing", "yes", "Monday"),
        ("Homeowner", "yes", "no"),
        ("Do Not Call", "yes", "no"),
        ("SMS Marketing", "yes", "no"),
    ] {
        assert_eq!(notes(header, first, second), "", "{header}");
    }
}

#[test]
fn unknown_country_header_matches_if_the_values_are_countries() {
    let (_, found, notes) = table(&["Name, Phone, Ship To Country", "Asha, 98765 43210, IN"]);
    assert_eq!(found.unwrap().country, [2]);
    assert_eq!(notes, ["`Ship To Country` holds countries such as `IN`, and is read as country"]);
    let (_, found, notes) = table(&["Name, Phone, Country of Birth", "Asha, 98765 43210, IN"]);
    assert!(found.unwrap().country.is_empty());
    assert!(
        notes[0].contains("`Country of Birth` holds countries such as `IN`, and is not read"),
        "{notes:?}"
    );
}

#[test]
fn phone_may_have_its_own_country() {
    let found = columns("Name, Phone 1, Phone 1 Country Code, Phone 2, Phone 2 Country Code");
    assert_eq!(found.country, [2, 4]);
    assert_eq!((found.countries_of(1), found.countries_of(3)), ([2].as_slice(), [4].as_slice()));
    let outlook =
        columns("First Name, Home Phone, Home Country, Business Phone, Business Country, Mobile Phone");
    assert_eq!(outlook.countries_of(1), [2, 4]);
    assert_eq!(outlook.countries_of(3), [4, 2]);
    assert_eq!(outlook.countries_of(5), [2, 4]);
    let dialer = columns("phone_code, phone_number, alt_phone, country_code");
    assert_eq!((dialer.countries_of(1), dialer.countries_of(2)), ([0, 3].as_slice(), [0, 3].as_slice()));
}

#[test]
fn mapping_wins_over_headers() {
    let given = headers("Name, Phone, Ring me at, First");
    let mappings = ["phone=Ring me at", "full_name=first"].map(|text| text.parse().unwrap());
    let found = recognize(&given, &mappings, &|_| vec![]).unwrap();
    assert_eq!((found.phone, found.full_name, found.first_name), (vec![2], Some(3), None));
}

#[test]
fn mappings_accept_headers_and_column_numbers() {
    let given = headers("Nome, Ring me at");
    for column in ["Ring me at", "ring_me_AT", "2"] {
        let mapping = Mapping::new(Field::Phone, column.to_owned());
        assert_eq!(recognize(&given, &[mapping], &|_| vec![]).unwrap().phone, [1], "{column}");
    }
    let given = [&given[..], &headers("#, ")].concat();
    for column in ["0", "5", "+2", "Ring", "★"] {
        let mapping = Mapping::new(Field::Phone, column.to_owned());
        let missing = ColumnsProblem::NoSuchColumn(mapping.clone());
        assert_eq!(recognize(&given, &[mapping], &|_| vec![]), Err(missing), "{column}");
    }
}

#[test]
fn most_similar_header_is_suggested() {
    let suggest = |list| likeliest_phone(&headers(list));
    assert_eq!(suggest("Name, Contact Phone No., City").as_deref(), Some("Contact Phone No."));
    assert_eq!(suggest("Name, Telefone, City").as_deref(), Some("Telefone"));
    assert_eq!(suggest("Name, Fax Number, Customer Number, City"), None);
    assert_eq!(suggest("Name, and, City"), None, "too short to compare");
}

#[test]
fn mappings_are_parsed() {
    assert_eq!("first-name=A".parse::<Mapping>().unwrap().field, Field::FirstName);
    assert!("phone".parse::<Mapping>().unwrap_err().contains("FIELD=COLUMN"));
    assert!("phone= ".parse::<Mapping>().unwrap_err().contains("no column"));
    let mapped = |mappings: &[&str]| {
        let mappings: Vec<Mapping> = mappings.iter().map(|mapping| mapping.parse().unwrap()).collect();
        recognize(&["Name", "Mobile", "Key"].map(str::to_owned), &mappings, &|_| Vec::new())
    };
    // Fields that an export passes on do not take the column from the contact.
    let found = mapped(&["unique_id=Mobile", "time-zone=Key"]).unwrap();
    assert_eq!((found.phone, found.unique_id, found.time_zone), (vec![1], Some(1), Some(2)));
    assert_eq!(mapped(&["unique_id=Mobile", "phone=Mobile"]).unwrap().unique_id, Some(1));
    let twice = mapped(&["unique_id=Key", "priority=Key"]);
    assert!(matches!(twice, Err(ColumnsProblem::MappedTwice(_))), "{twice:?}");
    assert!("fone=A".parse::<Mapping>().unwrap_err().contains("unknown field `fone`"));
}
