//! One header of each program with known exports, and its matched columns.
//!
//! `docs/sources.md` lists the same for people. The test keeps the two in sync.

use super::*;
use crate::normalize::salutation;

/// Programs and the headers of their exports. The text after `=` is a cell, where the header alone is not enough.
const SOURCES: &[(&str, &str)] = &[
    (
        "Apollo",
        "First Name,Last Name,Title,Company,Work Direct Phone,Home Phone,Mobile Phone,Corporate Phone,Other Phone,Stage,Country",
    ),
    ("ActiveCampaign", "Contact ID,Email,First Name,Last Name,Phone,Date Created,IP Address"),
    ("Aircall", "First name,Last name,Company name,Phone number 1,Phone number 2,Email 1"),
    (
        "Bitrix24",
        "ID,Salutation,First Name,Last Name,Second Name,Date of birth,Source,Work Phone,Mobile,Work Fax,Home Phone,Pager Number,SMS marketing phone,Other Phone,Work E-mail,Country",
    ),
    ("Brevo", "EMAIL,FIRSTNAME,LASTNAME,SMS,WHATSAPP,OPT_IN,LANDLINE_NUMBER"),
    ("Chatwoot", "id,name,email,identifier,phone_number,ip_address,country_code,city"),
    ("Cisco contact center", "Account Number,First Name,Last Name,Phone1,Phone2,Phone3"),
    (
        "CiviCRM",
        "Contact ID,Contact Type,Do Not Phone,First Name,Last Name,Individual Prefix,Home-Country,Home-Phone-Phone,Home-Phone-Mobile,Work-Phone-Phone,Home-Phone-Fax",
    ),
    (
        "CiviCRM, primary fields",
        "Internal Contact ID,Contact Type,Do Not Phone,Do Not Email,Display Name,First Name,Last Name,Individual Prefix,Phone,Phone Type,Email,Country",
    ),
    (
        "Dolibarr",
        "Ref.,Lastname,Firstname,Title,Address,Zip,Town,Country,Country code,Phone pro,Phone perso,Phone mobile,Fax,Email",
    ),
    (
        "Dynamics 365",
        "Full Name,First Name,Last Name,Job Title,Business Phone,Home Phone,Mobile Phone,Fax,Do not allow Phone Calls,Do not allow Emails,Address 1: Country/Region",
    ),
    (
        "Dynamics 365, French",
        "Contact,Nom complet,Prénom,Nom,Courriel,Téléphone professionnel,Téléphone mobile,Téléphone domicile,Télécopie,Pays/Région",
    ),
    (
        "EspoCRM",
        "id,salutationName,firstName,lastName,accountName,emailAddress,phoneNumber,phoneNumberIsOptedOut,doNotCall,addressCountry",
    ),
    ("Fanvil phone", "name,work,mobile,other,ring,groups"),
    ("Five9", "number1,number2,number3,first_name,last_name,company"),
    (
        "FreePBX",
        "id,groupname,grouptype,displayname,fname,lname,title,company,address,phone_1_number,phone_1_type,phone_1_extension,phone_1_flags,phone_2_number,phone_2_type,phone_2_extension,phone_2_flags,email_1",
    ),
    (
        "Freshsales",
        "Id,First name,Last name,Job title,Work,Mobile,Emails,Other phone numbers,Do not disturb,Country",
    ),
    (
        "FusionPBX",
        "contact_uuid,contact_type,contact_organization,contact_name_prefix,contact_name_given,contact_name_middle,contact_name_family,contact_title,phone_label,phone_number,phone_extension,phone_primary=1",
    ),
    (
        "Genesys Cloud",
        "inin-outbound-id,First Name,Last Name,Cell,Home,Work,ContactCallable,ZipCodeAutomaticTimeZone,CallRecordLastAttempt-Cell,Callable-Cell",
    ),
    (
        "Google Contacts",
        "First Name,Middle Name,Last Name,Name Prefix,Name Suffix,Labels,Phone 1 - Label,Phone 1 - Value,Phone 2 - Label,Phone 2 - Value,Address 1 - Country",
    ),
    (
        "Google Contacts until 2024",
        "Name,Given Name,Additional Name,Family Name,Name Prefix,Name Suffix,Group Membership,Phone 1 - Type,Phone 1 - Value,Phone 2 - Type,Phone 2 - Value,Address 1 - Country",
    ),
    (
        "HubSpot",
        "Record ID,First Name,Last Name,Email,Phone Number,Mobile Phone Number,WhatsApp Phone Number,Contact owner,Lead Status,Country/Region,Fax Number",
    ),
    (
        "Insightly",
        "Record Id,Salutation,First Name,Last Name,Phone,Phone Mobile,Phone Home,Phone Other,Phone Fax,Assistant Name,Phone Assistant,Mailing Country",
    ),
    (
        "Keap",
        "Id,First Name,Last Name,Title=Ms.,Phone 1,Phone 1 Type,Phone 1 Ext,Phone 2,Phone 2 Type,Country",
    ),
    (
        "Mailchimp",
        "Email Address,First Name,Last Name,Address,Phone Number,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CC=US,REGION,LEID,EUID",
    ),
    ("Mautic", "title=Ms,firstname,lastname,email,company,position,mobile,phone,fax,country"),
    ("Meta lead ads", "id,created_time,ad_name,form_name,is_organic,platform,full_name,phone_number,country"),
    (
        "Nokia PC Suite",
        "Title,First name,Middle name,Last name,Suffix,Job title,Company,General mobile,General phone,General e-mail,General fax,Home mobile,Home phone,Business mobile,Business phone,Business fax",
    ),
    (
        "Odoo",
        "External ID,Name,Company Type,Related Company,Street,City,State,Zip,Country,Phone,Mobile,Email,Title=Madam",
    ),
    ("Odoo, technical names", "id,name,phone,mobile,email,country_id/id=base.fr"),
    (
        "Outlook",
        "Title,First Name,Middle Name,Last Name,Suffix,Job Title,Business Country/Region,Home Country/Region,Other Country/Region,Assistant's Phone,Business Fax,Business Phone,Business Phone 2,Callback,Car Phone,Company Main Phone,Home Fax,Home Phone,Home Phone 2,ISDN,Mobile Phone,Other Fax,Other Phone,Pager,Primary Phone,Radio Phone,TTY/TDD Phone,Telex,Assistant's Name",
    ),
    (
        "Outlook, French",
        "Titre=Mme,Prénom,Deuxième prénom,Nom,Suffixe,Société,Pays/Région (bureau),Pays/Région (domicile),Télécopie (bureau),Téléphone (bureau),Téléphone 2 (bureau),Rappel,Téléphone (voiture),Téléphone société,Télécopie (domicile),Téléphone (domicile),Téléphone 2 (domicile),RNIS,Tél. mobile,Autre télécopie,Autre téléphone,Récepteur de radiomessagerie,Téléphone principal,Radio téléphone,Télex,Téléphone de l'assistant(e)",
    ),
    (
        "Outlook, German",
        "Anrede,Vorname,Weitere Vornamen,Nachname,Suffix,Firma,Land/Region geschäftlich,Land/Region privat,Weiteres/e Land/Region,Telefon Assistent,Fax geschäftlich,Telefon geschäftlich,Telefon geschäftlich 2,Rückmeldung,Autotelefon,Telefon Firma,Fax privat,Telefon privat,Telefon privat 2,ISDN,Mobiltelefon,Weiteres Fax,Weiteres Telefon,Pager,Haupttelefon,Mobiltelefon 2,Telefon für Hörbehinderte,Telex",
    ),
    (
        "Outlook, Spanish",
        "Tratamiento,Nombre,Segundo nombre,Apellidos,Sufijo,Organización,País o región del trabajo,País o región del domicilio,Teléfono del ayudante,Fax del trabajo,Teléfono del trabajo,Teléfono del trabajo 2,Devolución de llamada,Teléfono del automóvil,Fax particular,Teléfono particular,Teléfono particular 2,RDSI,Teléfono móvil,Otro fax,Otro teléfono,Localizador,Teléfono principal,Télex",
    ),
    (
        "Pipedrive",
        "Person - ID,Person - Name,Person - First name,Person - Last name,Person - Organization,Person - Phone - Work,Person - Phone - Home,Person - Phone - Mobile,Person - Phone - Other,Person - Email - Work,Person - Owner",
    ),
    (
        "Roundcube",
        "Display Name,Title,First Name,Middle Name,Last Name,Suffix,Company,Job Title,Home Phone,Home Phone 2,Business Phone,Business Phone 2,Home Mobile,Primary Phone,Home Fax,Business Fax,Car Phone,Pager,Phone Video,Assistant's Phone,Other Phone,Home Country",
    ),
    (
        "Salesforce report",
        "Salutation,First Name,Last Name,Title,Account Name,Mailing Country,Phone,Fax,Mobile,Email,Account Owner",
    ),
    (
        "Salesforce Data Loader",
        "ID,ACCOUNTID,LASTNAME,FIRSTNAME,SALUTATION,NAME,OTHERCOUNTRY,MAILINGCOUNTRY,MAILINGCOUNTRYCODE,PHONE,FAX,MOBILEPHONE,HOMEPHONE,OTHERPHONE,ASSISTANTPHONE,REPORTSTOID,EMAIL,TITLE,HASOPTEDOUTOFEMAIL,DONOTCALL",
    ),
    (
        "Shopify",
        "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Country Code,Default Address Phone,Phone,Accepts SMS Marketing,Note",
    ),
    (
        "Speedport router",
        "Name,Vorname,Rufnummer Privat,Rufnummer Arbeit,Rufnummer Mobil,Rufnummer Mobil 2,PLZ,Ort,Geburtstag",
    ),
    ("Stripe", "id,Description,Email,Name,Created (UTC),Delinquent,Card ID,Phone,Address Country"),
    (
        "SuiteCRM and SugarCRM",
        "ID,Salutation,First Name,Last Name,Title,Department,Account Name,Email Address,Office Phone,Mobile,Home,Other Phone,Fax,Assistant,Assistant Phone,Do Not Call,Primary Address Country",
    ),
    ("Talkdesk", "name,phone_number_1,phone_number_2,email_1"),
    (
        "3CX",
        "FirstName,LastName,Company,Mobile,Mobile2,Home,Home2,Business,Business2,Email,Other,BusinessFax,HomeFax,Pager",
    ),
    (
        "Thunderbird",
        "First Name,Last Name,Display Name,Nickname,Primary Email,Work Phone,Home Phone,Fax Number,Pager Number,Mobile Number,Home Country,Work Country",
    ),
    (
        "Thunderbird, German",
        "Vorname,Nachname,Anzeigename,Spitzname,Primäre E-Mail-Adresse,Tel. dienstlich,Tel. privat,Fax-Nummer,Pager-Nummer,Mobil-Tel.-Nr.,Privat: Land,Dienstlich: Land",
    ),
    (
        "Twenty",
        "Id,Name / First Name,Name / Last Name,Emails / Primary Email,Phones / Primary Phone Number,Phones / Primary Phone Country Code,Phones / Primary Phone Calling Code,Phones / Additional Phones,Job Title",
    ),
    (
        "VICIdial",
        "lead_id,status,phone_code,phone_number,title,first_name,middle_initial,last_name,country_code,alt_phone,comments,rank,owner",
    ),
    (
        "vtiger",
        "Salutation,First Name,Last Name,Organization Name,Title,Office Phone,Mobile Phone,Home Phone,Secondary Phone,Assistant,Assistant Phone,Fax,Do Not Call,Primary Email,Mailing Country",
    ),
    (
        "WhatsApp group",
        "Country Code,Country Name,Phone Number,Formatted Phone Number,Is My Contact,Saved Name,Public Name,Group Name",
    ),
    (
        "WooCommerce",
        "ID,user_login,user_email,first_name,last_name,billing_first_name,billing_last_name,billing_company,billing_country,billing_phone,shipping_phone",
    ),
    (
        "Yahoo",
        "First,Middle,Last,Nickname,Email,Category,Home,Work,Pager,Fax,Mobile,Other,Yahoo Phone,Primary,Title,Company,Work Country,Home Country",
    ),
    ("Yealink phone", "display_name,office_number,mobile_number,other_number,line,ring,auto_divert,priority"),
    (
        "Zoho CRM",
        "Record Id,Contact Owner,Lead Source,First Name,Last Name,Account Name,Email,Title,Department,Phone,Home Phone,Other Phone,Fax,Mobile,Assistant,Asst Phone,Email Opt Out,Salutation,Mailing Country",
    ),
];

const DOCUMENT: &str = include_str!("../../../docs/sources.md");

/// Returns a program's row in the table: phones in order of preference, names, salutation, countries, columns about
/// calls.
fn described(program: &str, header: &str) -> String {
    let (mut headers, mut samples) = (Vec::new(), Vec::new());
    for cell in header.split(',') {
        let (name, sample) = cell.split_once('=').unwrap_or((cell, ""));
        headers.push(name.to_owned());
        samples.push(sample.to_owned());
    }
    let values = |column: usize| {
        let needs_numbers = phones::read(&fold(&headers[column])).is_some_and(|header| header.needs_numbers);
        let sample = if needs_numbers { "+442079460100" } else { samples[column].as_str() };
        if sample.is_empty() { Vec::new() } else { vec![sample.to_owned()] }
    };
    let found = recognize(&headers, &[], &values).unwrap();
    let listed = |columns: &mut dyn Iterator<Item = usize>| {
        columns.map(|column| headers[column].as_str()).collect::<Vec<_>>().join(", ")
    };
    let names = [found.first_name, found.last_name, found.full_name].into_iter().flatten();
    let calls = found.calls.iter().map(|call| call.column);
    let about_one =
        found.labels.iter().filter(|label| matches!(label.says, Says::Calls(_))).map(|label| label.column);
    [
        program.to_owned(),
        listed(&mut found.phone.iter().copied()),
        listed(&mut names.into_iter()),
        listed(&mut found.salutation.into_iter()),
        listed(&mut found.country.iter().copied()),
        listed(&mut calls.chain(about_one)),
    ]
    .iter()
    .fold("|".to_owned(), |row, cell| if cell.is_empty() { row + " |" } else { format!("{row} {cell} |") })
}

#[test]
fn headers_of_known_programs_match_as_documented() {
    let missing: Vec<String> = SOURCES
        .iter()
        .map(|(program, header)| described(program, header))
        .filter(|row| !DOCUMENT.lines().any(|line| line == row))
        .collect();
    assert!(missing.is_empty(), "docs/sources.md lacks these rows:\n{}", missing.join("\n"));
    assert_eq!(DOCUMENT.lines().filter(|line| line.starts_with("| ")).count(), SOURCES.len() + 1);
}

#[test]
fn never_called_numbers_are_not_read_as_phones() {
    for (program, header) in SOURCES {
        let headers: Vec<String> = header.split(',').map(str::to_owned).collect();
        let found = recognize(&headers, &[], &|_| vec!["+442079460100".to_owned()]).unwrap();
        for column in &found.phone {
            let name = &headers[*column];
            let is_other = ["fax", "pager", "assist", "isdn", "telex", "copie", "asst"]
                .iter()
                .any(|word| name.to_lowercase().contains(word));
            assert!(!is_other, "{program}: {name}");
        }
    }
    assert!(salutation::recognize("Mme").is_some(), "the samples above rely on it");
}
