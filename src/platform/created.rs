//! Reads the result of each posted contact, in every form that the platform's pages allow: an array of created
//! contacts, lists of successes and failures, one record each with its own status, an object around any of these, or
//! a sentence.
//!
//! A record counts as created only if it contains a contact with an id and no sign of failure. Contacts are matched
//! by number, never by position.

use serde::Deserialize as _;
use serde_json::{Map, Value};

use super::{
    bounds::{MAX_SPOKEN_OF, shortened},
    failure::{self, Extent},
    json,
    wire::WireContact,
};
use crate::contact::StoredContact;

/// The response to a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CreateAnswer {
    /// Created contacts.
    pub(super) created: Vec<StoredContact>,
    /// Refused contacts, with the platform's words.
    pub(super) refused: Vec<(StoredContact, String)>,
    /// The words of a failure that may not name its contacts.
    pub(super) failure: Option<String>,
    /// The response names no contact and no failure: the batch was accepted and will be stored later.
    pub(super) is_accepted: bool,
}

/// Facts about a record from the objects and names around it.
#[derive(Clone, Copy, Default)]
struct Surroundings<'a> {
    /// The name of the field of failures that contains the record.
    failed_in: Option<&'a str>,
    /// The response says that everything failed: a record that looks created is an echo.
    is_doubtful: bool,
}

impl CreateAnswer {
    /// Reads a response. `None` if it is not JSON, or contains neither an object nor a list of objects.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let value = json::parse(body)?;
        let is_listed = match &value {
            Value::Array(records) if records.iter().all(|record| record.is_object() || record.is_null()) => {
                true
            }
            Value::Object(_) => false,
            _ => return None,
        };
        let mut answer = Self::default();
        answer.visit(&value, Surroundings::default());
        if answer.spoken_of() > MAX_SPOKEN_OF {
            return None;
        }
        let is_silent = answer.created.is_empty() && answer.refused.is_empty() && answer.failure.is_none();
        answer.is_accepted = is_silent && !is_listed;
        Some(answer)
    }

    /// Returns the number of contacts in the response.
    fn spoken_of(&self) -> usize {
        self.created.len() + self.refused.len()
    }

    fn visit(&mut self, value: &Value, around: Surroundings<'_>) {
        match value {
            // Not the response to a batch: stop reading.
            _ if self.spoken_of() > MAX_SPOKEN_OF => {}
            Value::Array(items) => items.iter().for_each(|item| self.visit(item, around)),
            Value::Object(fields) => match contact_in(fields) {
                Some((contact, inner)) => self.record(fields, &contact, inner, around),
                None => self.visit_fields(fields, value, around),
            },
            _ => {}
        }
    }

    /// Visits an object that is not a contact; its fields may contain contacts.
    fn visit_fields(&mut self, fields: &Map<String, Value>, value: &Value, around: Surroundings<'_>) {
        let extent = failure::in_fields(fields);
        if extent.is_some() && self.failure.is_none() {
            self.failure = Some(shortened(failure::message_in(value).unwrap_or_default()));
        }
        let is_doubtful = around.is_doubtful || extent == Some(Extent::Whole);
        for (name, value) in fields {
            let failed_in =
                Some(name.as_str()).filter(|name| failure::names_failure(name)).or(around.failed_in);
            self.visit(value, Surroundings { failed_in, is_doubtful });
        }
    }

    fn record(
        &mut self,
        fields: &Map<String, Value>,
        contact: &StoredContact,
        inner: &Map<String, Value>,
        around: Surroundings<'_>,
    ) {
        let is_around = !std::ptr::eq(fields, inner);
        let shows_failure =
            failure::in_fields(fields).is_some() || is_around && failure::in_fields(inner).is_some();
        if shows_failure || around.failed_in.is_some() {
            let said = |fields: &Map<String, Value>| failure::message_in(&Value::Object(fields.clone()));
            let words = [fields, inner].into_iter().find_map(said);
            let words =
                words.or_else(|| if shows_failure { ending(fields).or_else(|| ending(inner)) } else { None });
            let words =
                words.or_else(|| around.failed_in.map(|name| format!("among the `{name}` of the answer")));
            self.refused.push((contact.clone(), shortened(words.unwrap_or_default())));
        } else if !contact.id.is_empty() && !around.is_doubtful {
            self.created.push(contact.clone());
        }
    }
}

/// Returns the status of a record that has no sentence.
fn ending(fields: &Map<String, Value>) -> Option<String> {
    let status = ["status", "statusCode", "code", "result"].iter().find_map(|name| fields.get(*name))?;
    match status {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Returns the contact of a record and the object that contains it: the record itself, or its only field with a
/// contact.
fn contact_in(fields: &Map<String, Value>) -> Option<(StoredContact, &Map<String, Value>)> {
    let inner = if is_contact(fields) {
        fields
    } else {
        let mut inner = fields.values().filter_map(Value::as_object).filter(|inner| is_contact(inner));
        inner.next().filter(|_| inner.next().is_none())?
    };
    let mut contact = WireContact::deserialize(inner).ok()?.stored(None);
    if contact.id.is_empty() {
        contact.id = ["id", "_id"].iter().find_map(|name| fields.get(*name)).map(id).unwrap_or_default();
    }
    Some((contact, inner))
}

fn is_contact(fields: &Map<String, Value>) -> bool {
    // An object with a country code next to the number is a phone number, not a contact.
    fields.contains_key("cellPhone")
        || fields.contains_key("phoneNumber") && !fields.contains_key("countryCode")
}

fn id(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The sample of the page "Create Contact", with the masked digits replaced.
    const CREATED: &str = include_str!("samples/create-contact.json");

    fn shown(number: &str, id: &str) -> Value {
        json!({
            "id": id, "firstName": "A", "lastName": "B", "status": "ACTIVE",
            "cellPhone": {"phoneNumber": number, "countryCode": "+91", "extension": "+"}
        })
    }

    /// Returns the ids of created contacts, the words of refusals, and the failure.
    fn read(answer: &Value) -> (Vec<String>, Vec<String>, Option<String>) {
        let answer = CreateAnswer::read(answer.to_string().as_bytes()).unwrap();
        let created = answer.created.into_iter().map(|contact| contact.id).collect();
        let refused = answer.refused.into_iter().map(|(contact, words)| {
            assert_eq!(contact.numbers.len(), 1);
            words
        });
        (created, refused.collect(), answer.failure)
    }

    #[test]
    fn sample_of_the_create_page_is_read() {
        let answer = CreateAnswer::read(CREATED.as_bytes()).unwrap();
        assert_eq!(answer.created[0].numbers[0].to_string(), "919876543210");
        assert_eq!(answer.created[0].id, "63c7c8119187ebc8bae10000");
        assert_eq!(answer.created[0].name, "John Doe");
    }

    // Source: mautic issue 7385, formbricks issue 6168 (created records within an object).
    #[test]
    fn created_contacts_are_found_inside_any_object() {
        let created = [shown("+919876543210", "a"), shown("+919876543211", "b")];
        for answer in [
            json!(created),
            json!({"status": "success", "message": "created", "data": created}),
            json!({"success": true, "result": {"contacts": created}}),
            json!({"successfulRecords": [{"id": "a", "contact": created[0]}, {"contact": created[1]}], "failedRecords": []}),
            json!({"0": created[0], "1": created[1]}),
            json!([{"status": 201, "contact": created[0]}, {"status": "created", "data": created[1]}, null]),
        ] {
            assert_eq!(read(&answer), (vec!["a".to_owned(), "b".to_owned()], vec![], None), "{answer}");
        }
        assert_eq!(read(&json!({"status": "success", "data": created[0]})).0, ["a"]);
    }

    // Source: ashita-ai/tessera issue 406, Xero/xeroizer issue 195 (one status for each record of a batch).
    #[test]
    fn record_with_a_failure_is_refused() {
        let [good, bad] = [shown("+919876543210", "a"), shown("8876543210", "")];
        let with = |fields: Value| {
            let mut bad = bad.clone();
            bad.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            bad
        };
        for record in [
            json!({"status": 400, "error": "bad", "contact": bad}),
            json!({"status_code": "409 Conflict", "message": "bad", "request": bad}),
            json!({"success": false, "reason": "bad", "data": bad}),
            with(json!({"status": "FAILED", "errors": [{"msg": "bad"}]})),
            with(json!({"status": "FAILED", "errors": [{"msg": "bad"}], "id": "c"})),
            with(json!({"error": {"message": "bad"}})),
        ] {
            let expected = (vec!["a".to_owned()], vec!["bad".to_owned()]);
            let (created, refused, _) = read(&json!([good, record]));
            assert_eq!((created, refused), expected, "{record}");
            let (created, refused, _) = read(&json!({"data": [good, record]}));
            assert_eq!((created, refused), expected, "{record}");
        }
        let (created, refused, _) =
            read(&json!({"created": [good], "duplicates": [shown("+918876543210", "theirs")]}));
        assert_eq!(
            (created, refused),
            (vec!["a".to_owned()], vec!["among the `duplicates` of the answer".to_owned()])
        );
    }

    #[test]
    fn failure_without_a_contact_is_kept() {
        let good = shown("+919876543210", "a");
        for answer in [
            json!({"contacts": [good], "statusCodes": [201, 400], "errors": {"1": {"message": "bad", "code": 400}}}),
            json!({"successfulRecords": [{"contact": good}], "failed": 1, "failedRecords": [{"index": 1, "error": "bad"}], "message": "bad"}),
        ] {
            assert_eq!(read(&answer), (vec!["a".to_owned()], vec![], Some("bad".to_owned())), "{answer}");
        }
        let failed = json!({"status": "failed", "errors": [{"msg": "bad", "code": 400}]});
        assert_eq!(read(&failed), (vec![], vec![], Some("bad".to_owned())));
        // Everything failed: a record that looks created may be an echo.
        let echo =
            json!({"status": "failed", "message": "bad", "contacts": [good, shown("+918876543210", "b")]});
        assert_eq!(read(&echo), (vec![], vec![], Some("bad".to_owned())));
    }

    #[test]
    fn record_without_contact_or_id_is_not_created() {
        for answer in [json!([{"id": 1}]), json!([shown("+919876543210", "")]), json!([null]), json!([])] {
            assert_eq!(read(&answer), (vec![], vec![], None), "{answer}");
        }
    }

    #[test]
    fn sentence_is_an_acceptance_but_a_web_page_is_not() {
        let is_accepted = |text: &str| CreateAnswer::read(text.as_bytes()).map(|answer| answer.is_accepted);
        assert_eq!(is_accepted("{\"status\": \"success\", \"message\": \"in progress\"}"), Some(true));
        assert_eq!(is_accepted("{\"jobId\": 7}"), Some(true));
        assert_eq!(is_accepted("{\"status\": \"failed\"}"), Some(false));
        assert_eq!(is_accepted("[]"), Some(false));
        for other in ["", "<html>", "[1]", "null", "true", "[{\"cellPhone\":{}"] {
            assert_eq!(is_accepted(other), None, "{other}");
        }
    }
}
