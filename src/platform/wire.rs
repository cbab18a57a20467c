//! What goes over the wire, in the shapes of the platform's pages.
//!
//! Sent types are exact. Received types tolerate what is missing: only the fields that are used are read, and each of
//! them may be absent.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::{
    contact::{Contact, E164, Region},
    diff::StoredContact,
    normalize::{
        phone::{is_assigned, parse},
        region::Origin,
    },
};

/// A contact as it is posted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewContact<'a> {
    first_name: &'a str,
    last_name: &'a str,
    salutation: &'static str,
    cell_phone: NewCellPhone,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct NewCellPhone {
    phone_number: String,
    country_code: String,
    extension: &'static str,
}

impl<'a> From<&'a Contact> for NewContact<'a> {
    fn from(contact: &'a Contact) -> Self {
        Self {
            first_name: contact.first_name(),
            last_name: contact.last_name(),
            salutation: contact.salutation().as_str(),
            cell_phone: NewCellPhone {
                phone_number: contact.number().national().to_string(),
                country_code: format!("+{}", contact.number().calling_code()),
                // The dialing prefix, as in the page's sample; not an extension.
                extension: "+",
            },
        }
    }
}

/// A contact as the platform shows it: of the stream, of a contact list, or of a campaign.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WireContact {
    #[serde(deserialize_with = "text")]
    id: String,
    #[serde(deserialize_with = "text", rename = "_id")]
    stored_id: String,
    #[serde(deserialize_with = "text")]
    first_name: String,
    #[serde(deserialize_with = "text")]
    last_name: String,
    #[serde(deserialize_with = "object")]
    cell_phone: WirePhone,
    /// Of a list or campaign: in digits, without a plus.
    #[serde(deserialize_with = "text")]
    phone_number: String,
    #[serde(deserialize_with = "count")]
    number_of_attempts_so_far: Option<u64>,
    #[serde(deserialize_with = "text")]
    dialer_outcome: String,
    #[serde(deserialize_with = "text")]
    created_at: String,
}

impl WireContact {
    /// A contact of which this much is known, wherever it was written down.
    pub(super) fn new(id: &str, first_name: &str, last_name: &str, cell_phone: WirePhone) -> Self {
        Self {
            id: id.to_owned(),
            first_name: first_name.to_owned(),
            last_name: last_name.to_owned(),
            cell_phone,
            ..Self::default()
        }
    }

    /// Calls made so far, where the platform says so.
    pub(super) fn attempts(&self) -> Option<u64> {
        self.number_of_attempts_so_far
    }

    /// The number of a contact of a list or campaign, as it is written.
    pub(super) fn phone_number(&self) -> &str {
        &self.phone_number
    }

    /// How the last call ended.
    pub(super) fn dialer_outcome(&self) -> &str {
        &self.dialer_outcome
    }

    /// Who it is, as far as that is compared.
    pub(super) fn stored(&self, region: Option<Region>) -> StoredContact {
        let phone = if self.cell_phone.phone_number.trim().is_empty() {
            &WirePhone { phone_number: self.phone_number.clone(), ..WirePhone::default() }
        } else {
            &self.cell_phone
        };
        let mut numbers = phone.numbers(region);
        let mut valid = 1;
        if numbers.len() > 1 {
            // The likely ones first.
            numbers.sort_by_cached_key(|number| !is_assigned(*number));
            valid = numbers.iter().filter(|number| is_assigned(**number)).count();
        }
        StoredContact {
            is_ambiguous: valid > 1,
            lacks_country: phone.lacks_country(),
            created_at: self.created_at.parse().ok(),
            numbers,
            name: format!("{} {}", self.first_name, self.last_name).trim().to_owned(),
            id: self.id().to_owned(),
        }
    }

    /// The platform's id of the contact; empty where it shows none.
    pub(super) fn id(&self) -> &str {
        if self.id.is_empty() { &self.stored_id } else { &self.id }
    }
}

/// A stored number: its parts are text, in several shapes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WirePhone {
    #[serde(deserialize_with = "text")]
    phone_number: String,
    #[serde(deserialize_with = "text")]
    country_code: String,
    #[serde(deserialize_with = "text")]
    extension: String,
}

/// Text, where a number or nothing may stand instead.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    })
}

/// A whole number, which may stand as text; nothing where it is none.
pub(super) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    })
}

/// Yes or no, which may stand as text.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Bool(value) => Some(value),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    })
}

/// An object; an empty one where something else stands, or nothing.
fn object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<WirePhone, D::Error> {
    Ok(WirePhone::deserialize(Value::deserialize(deserializer)?).unwrap_or_default())
}

impl WirePhone {
    pub(super) fn new(phone_number: &str, country_code: &str, extension: &str) -> Self {
        let [phone_number, country_code, extension] =
            [phone_number, country_code, extension].map(|part| part.trim().to_owned());
        Self { phone_number, country_code, extension }
    }

    /// Whether there is no country code anywhere in it.
    fn lacks_country(&self) -> bool {
        let written = self.phone_number.trim();
        let has_code = [&self.country_code, &self.extension].into_iter().any(|part| !digits(part).is_empty());
        !has_code && !digits(written).is_empty() && !written.starts_with('+') && !written.starts_with("00")
    }

    /// The whole international numbers that this can be: usually one; several where digits without a plus begin like
    /// their own country code, which may or may not be it, or with a zero, which may or may not belong to the number, or
    /// have no country code with them and are a number of `region` too.
    pub(super) fn numbers(&self, region: Option<Region>) -> Vec<E164> {
        let written = self.phone_number.trim();
        let digits = digits(written);
        if digits.is_empty() {
            return Vec::new();
        }
        let code = Some(self::digits(&self.country_code)).filter(|code| !code.is_empty());
        let code = code.unwrap_or_else(|| self::digits(&self.extension));
        let whole = E164::from_digits(digits.trim_start_matches('0'));
        if written.starts_with('+') || written.starts_with("00") {
            return whole.into_iter().collect();
        }
        if self.lacks_country() {
            let at_home = region.and_then(|region| parse(&digits, Some(Origin::Region(region))).ok());
            let at_home = at_home
                .filter(|number| number.is_valid)
                .and_then(|number| E164::from_digits(&format!("{}{}", number.calling_code, number.national)));
            return whole.into_iter().chain(at_home.filter(|number| Some(*number) != whole)).collect();
        }
        let joined = E164::from_digits(&format!("{code}{digits}"));
        let without_trunk =
            digits.strip_prefix('0').and_then(|rest| E164::from_digits(&format!("{code}{rest}")));
        let whole = whole.filter(|_| digits.starts_with(&code));
        whole.into_iter().chain(joined).chain(without_trunk).collect()
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// What the platform says of each contact it was sent, in any of the shapes that its pages leave open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CreateAnswer {
    /// Contacts that were created.
    pub(super) created: Vec<StoredContact>,
    /// Contacts that were refused, and the platform's words.
    pub(super) refused: Vec<(StoredContact, String)>,
}

impl CreateAnswer {
    /// Reads the created contacts as an array, or the object of the bulk calls; `None` if it is neither. A record without
    /// a contact in it speaks of none: what it was meant to speak of counts as not mentioned.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        match serde_json::from_slice(body).ok()? {
            Value::Array(records) if records.iter().all(Value::is_object) => {
                Some(Self { created: records.iter().filter_map(contact_in).collect(), refused: Vec::new() })
            }
            Value::Object(answer) => {
                let records = |name: &str| match answer.get(name) {
                    Some(Value::Array(records)) => Some(records.as_slice()),
                    _ => None,
                };
                let (successful, failed) = (records("successfulRecords"), records("failedRecords"));
                if successful.is_none() && failed.is_none() {
                    return None;
                }
                let created = successful.unwrap_or_default().iter().filter_map(contact_in).collect();
                let refused = |record| Some((contact_in(record)?, message_in(record).unwrap_or_default()));
                let refused = failed.unwrap_or_default().iter().filter_map(refused).collect();
                Some(Self { created, refused })
            }
            _ => None,
        }
    }
}

/// The contact in a record: the record itself, or what it wraps.
fn contact_in(record: &Value) -> Option<StoredContact> {
    let wrapped = ["contact", "record", "data"].iter().find_map(|name| record.get(name));
    let inner = wrapped.filter(|inner| inner.get("cellPhone").is_some()).unwrap_or(record);
    inner.get("cellPhone")?;
    let mut contact = WireContact::deserialize(inner).ok()?;
    if contact.id().is_empty()
        && let Some(Value::String(id)) = record.get("id")
    {
        contact.id.clone_from(id);
    }
    Some(contact.stored(None))
}

/// The platform's words in an answer or record that is not a success, wherever they stand.
pub(super) fn message_in(answer: &Value) -> Option<String> {
    match answer {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Array(items) => {
            let messages: Vec<String> = items.iter().filter_map(message_in).collect();
            (!messages.is_empty()).then(|| messages.join("; "))
        }
        Value::Object(fields) => {
            ["errors", "error", "msg", "message", "reason", "errorMessage", "description"]
                .iter()
                .find_map(|name| message_in(fields.get(*name)?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::contact::{NumberType, PhoneNumber, Salutation};

    /// The sample of the page "Create Contact", its masked digits replaced.
    const CREATED: &str = include_str!("samples/create-contact.json");

    fn phone(number: &str, code: &str, extension: &str) -> Vec<String> {
        let phone = json!({"phoneNumber": number, "countryCode": code, "extension": extension});
        WirePhone::deserialize(phone).unwrap().numbers(None).iter().map(E164::to_string).collect()
    }

    #[test]
    fn a_batch_has_the_documented_form() {
        let number = PhoneNumber::new(91, "9876543210", Region::new("IN"), NumberType::Mobile).unwrap();
        let contact = Contact::new("John", "Doe", Salutation::Mr, number);
        let expected = json!({
            "firstName": "John",
            "lastName": "Doe",
            "salutation": "Mr",
            "cellPhone": {"phoneNumber": "9876543210", "countryCode": "+91", "extension": "+"}
        });
        assert_eq!(serde_json::to_value(NewContact::from(&contact)).unwrap(), expected);
    }

    #[test]
    fn the_sample_of_the_create_page_is_read() {
        let answer = CreateAnswer::read(CREATED.as_bytes()).unwrap();
        assert_eq!(answer.created[0].numbers[0].to_string(), "919876543210");
        assert_eq!(answer.created[0].id, "63c7c8119187ebc8bae10000");
        assert_eq!(answer.created[0].name, "John Doe");
    }

    #[test]
    fn numbers_are_whole_whatever_their_shape() {
        assert_eq!(phone("+919876543210", "+91", "+91"), ["919876543210"]);
        assert_eq!(phone("00919876543210", "91", "+"), ["919876543210"]);
        assert_eq!(phone("8876543210", "+91", "91"), ["918876543210"]);
        assert_eq!(phone("8876543210", "", "+91"), ["918876543210"]);
        assert_eq!(phone("0612345678", "+39", "+"), ["390612345678", "39612345678"]);
        assert_eq!(phone("919876543210", "", "+"), ["919876543210"]);
        assert_eq!(phone("9186159819", "+91", "+"), ["9186159819", "919186159819"]);
        assert_eq!(phone("n/a", "+91", "+"), [""; 0]);
    }

    #[test]
    fn every_shape_of_an_answer_is_read_by_number() {
        let phone = json!({"phoneNumber": "+919876543210", "countryCode": "+91", "extension": "+"});
        let bulk = json!({
            "totalRequested": 2, "successful": 1, "failed": 1,
            "successfulRecords": [{"id": "a", "contact": {"firstName": "A", "lastName": "B", "cellPhone": phone}}],
            "failedRecords": [{"cellPhone": {"phoneNumber": "8876543210", "countryCode": "+91"}, "error": {"msg": "exists"}}]
        });
        let answer = CreateAnswer::read(bulk.to_string().as_bytes()).unwrap();
        assert_eq!((answer.created[0].id.as_str(), answer.created[0].name.as_str()), ("a", "A B"));
        assert_eq!(answer.refused[0].0.numbers[0].to_string(), "918876543210");
        assert_eq!(answer.refused[0].1, "exists");
        assert_eq!(CreateAnswer::read(b"[]"), Some(CreateAnswer::default()));
        for other in ["{}", "<html>", "[1]", "{\"message\": \"ok\"}", "null", "[{\"cellPhone\":{}"] {
            assert_eq!(CreateAnswer::read(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn a_record_that_names_no_contact_speaks_of_none() {
        for answer in ["[{\"id\": 1}]", "{\"failedRecords\": [{\"index\": 3, \"error\": \"exists\"}]}"] {
            assert_eq!(CreateAnswer::read(answer.as_bytes()), Some(CreateAnswer::default()), "{answer}");
        }
    }

    #[test]
    fn text_that_can_be_two_numbers_is_detected() {
        let stored = |number, code, region: Option<&str>| {
            let contact = WireContact::new("", "", "", WirePhone::new(number, code, ""));
            let stored = contact.stored(region.and_then(Region::new));
            let numbers: Vec<String> = stored.numbers.iter().map(E164::to_string).collect();
            (numbers, stored.is_ambiguous)
        };
        let numbers =
            |numbers: &[&str]| numbers.iter().map(|number| (*number).to_owned()).collect::<Vec<_>>();
        // Only one of the two is a number that its country has assigned.
        assert_eq!(stored("919876543210", "91", None), (numbers(&["919876543210", "91919876543210"]), false));
        // A German number that begins like its country code, or one that has it in front.
        assert_eq!(stored("4961234567", "49", None), (numbers(&["4961234567", "494961234567"]), true));
        // Without a country code: in Egypt, as it stands, or in the list's own country.
        assert_eq!(stored("2015550123", "", None), (numbers(&["2015550123"]), false));
        assert_eq!(stored("2015550123", "", Some("US")), (numbers(&["2015550123", "12015550123"]), true));
        assert_eq!(stored("+2015550123", "", Some("US")), (numbers(&["2015550123"]), false));
    }

    #[test]
    fn messages_are_found_where_they_stand() {
        for (answer, message) in [
            (json!({"errors": [{"msg": "a", "code": 1}, {"msg": "b"}]}), Some("a; b")),
            (json!({"message": " m "}), Some("m")),
            (json!({"error": {"reason": "r"}}), Some("r")),
            (json!({"status": "x"}), None),
        ] {
            assert_eq!(message_in(&answer).as_deref(), message, "{answer}");
        }
    }
}
