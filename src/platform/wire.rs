//! The JSON shapes of requests and responses, as on the platform's pages.
//!
//! Sent types are exact. Received types have only the fields that are used, and each may be absent.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::bounds::shortened;
use crate::{
    contact::{Contact, Region, StoredContact},
    normalize::phone::{StoredNumber, is_assigned, read_stored},
};

/// The status of a contact that is not deleted.
const ACTIVE: &str = "ACTIVE";

/// A contact in a request to create contacts.
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
                // The dialing prefix, as in the sample of the platform's page; not an extension.
                extension: "+",
            },
        }
    }
}

/// A contact of the stream, of a contact list, or of a campaign, as the platform shows it.
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
    /// In a list or campaign: digits without a plus.
    #[serde(deserialize_with = "text")]
    phone_number: String,
    #[serde(deserialize_with = "count")]
    number_of_attempts_so_far: Option<u64>,
    #[serde(deserialize_with = "text")]
    dialer_outcome: String,
    #[serde(deserialize_with = "text")]
    created_at: String,
    #[serde(deserialize_with = "text")]
    status: String,
}

impl WireContact {
    /// Creates a contact from any source.
    pub(super) fn new(id: &str, first_name: &str, last_name: &str, cell_phone: WirePhone) -> Self {
        Self {
            id: id.to_owned(),
            first_name: first_name.to_owned(),
            last_name: last_name.to_owned(),
            cell_phone,
            ..Self::default()
        }
    }

    /// Creates a contact of which only the number is known.
    pub(super) fn of_number(phone_number: String) -> Self {
        Self { phone_number, ..Self::default() }
    }

    /// Returns the calls made so far, if the platform reports them.
    pub(super) fn attempts(&self) -> Option<u64> {
        self.number_of_attempts_so_far
    }

    /// Returns the number as written.
    pub(super) fn written_number(&self) -> &str {
        let of_contact = self.cell_phone.phone_number.trim();
        if of_contact.is_empty() { self.phone_number.trim() } else { of_contact }
    }

    /// Returns the number of a contact of a list or campaign, as written.
    pub(super) fn phone_number(&self) -> &str {
        &self.phone_number
    }

    /// Returns the outcome of the last call.
    pub(super) fn dialer_outcome(&self) -> &str {
        &self.dialer_outcome
    }

    /// Returns the parts of the contact that are compared.
    pub(super) fn stored(&self, region: Option<Region>) -> StoredContact {
        let phone = if self.cell_phone.phone_number.trim().is_empty() {
            &WirePhone { phone_number: self.phone_number.clone(), ..WirePhone::default() }
        } else {
            &self.cell_phone
        };
        let StoredNumber { mut numbers, masks } = phone.read(region);
        let mut valid = 1;
        if numbers.len() > 1 {
            // Likely numbers first.
            numbers.sort_by_cached_key(|number| !is_assigned(*number));
            valid = numbers.iter().filter(|number| is_assigned(**number)).count();
        }
        StoredContact {
            is_ambiguous: valid > 1,
            lacks_country: phone.lacks_country(),
            created_at: self.created_at.parse().ok(),
            status: Some(self.status.trim())
                .filter(|status| !status.eq_ignore_ascii_case(ACTIVE))
                .unwrap_or_default()
                .to_owned(),
            numbers,
            masks,
            name: format!("{} {}", self.first_name, self.last_name).trim().to_owned(),
            id: self.id().to_owned(),
        }
    }

    /// Returns the platform's id of the contact, or an empty string.
    pub(super) fn id(&self) -> &str {
        if self.id.is_empty() { &self.stored_id } else { &self.id }
    }
}

/// A stored number. Its parts are text, in several shapes.
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

/// Reads text, a number or `null` as text. Truncates text that is longer than any of the platform's.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => shortened(text),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    })
}

/// Reads a whole number, which may be text. `None` if it is not a number.
pub(super) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    })
}

/// Reads a boolean, which may be text.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Bool(value) => Some(value),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    })
}

/// Reads an object. Anything else counts as an empty object.
fn object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<WirePhone, D::Error> {
    Ok(WirePhone::deserialize(Value::deserialize(deserializer)?).unwrap_or_default())
}

impl WirePhone {
    pub(super) fn new(phone_number: &str, country_code: &str, extension: &str) -> Self {
        let [phone_number, country_code, extension] =
            [phone_number, country_code, extension].map(|part| part.trim().to_owned());
        Self { phone_number, country_code, extension }
    }

    /// Returns whether no part contains a country code.
    fn lacks_country(&self) -> bool {
        let written = self.phone_number.trim();
        let has_code = [&self.country_code, &self.extension].into_iter().any(|part| !digits(part).is_empty());
        !has_code && !digits(written).is_empty() && !written.starts_with('+') && !written.starts_with("00")
    }

    /// Returns the possible numbers with country code. If the number has none, the separate prefix is used.
    fn read(&self, region: Option<Region>) -> StoredNumber {
        let has_code = self.country_code.contains(|letter: char| letter.is_ascii_digit());
        let code = if has_code { &self.country_code } else { &self.extension };
        read_stored(&self.phone_number, code, region)
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::contact::{E164, NumberType, PhoneNumber, Salutation};

    fn phone(number: &str, code: &str, extension: &str) -> Vec<String> {
        let phone = json!({"phoneNumber": number, "countryCode": code, "extension": extension});
        WirePhone::deserialize(phone).unwrap().read(None).numbers.iter().map(E164::to_string).collect()
    }

    #[test]
    fn batch_has_the_documented_shape() {
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
    fn numbers_are_complete_in_every_shape() {
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
    fn text_with_two_readings_yields_both_numbers() {
        let stored = |number, code, region: Option<&str>| {
            let contact = WireContact::new("", "", "", WirePhone::new(number, code, ""));
            let stored = contact.stored(region.and_then(Region::new));
            let numbers: Vec<String> = stored.numbers.iter().map(E164::to_string).collect();
            (numbers, stored.is_ambiguous)
        };
        let numbers =
            |numbers: &[&str]| numbers.iter().map(|number| (*number).to_owned()).collect::<Vec<_>>();
        // Only one of the two is an assigned number.
        assert_eq!(stored("919876543210", "91", None), (numbers(&["919876543210", "91919876543210"]), false));
        // A German number that begins like its country code, or one with the code in front.
        assert_eq!(stored("4961234567", "49", None), (numbers(&["4961234567", "494961234567"]), true));
        // Without a country code: as written (Egypt), or in the list's region.
        assert_eq!(stored("2015550123", "", None), (numbers(&["2015550123"]), false));
        assert_eq!(stored("2015550123", "", Some("US")), (numbers(&["2015550123", "12015550123"]), true));
        assert_eq!(stored("+2015550123", "", Some("US")), (numbers(&["2015550123"]), false));
    }
}
