//! One record of a collection: what is used of it, and all of it as the platform wrote it.

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{
    Collection,
    paging::{PageFacts, identity},
    wire::{self, WireContact, WirePhone},
};
use crate::{contact::Region, diff::StoredContact};

/// A contact of the stream, of a list or of a campaign, as the platform shows it.
pub struct Record<'a> {
    raw: &'a RawValue,
    contact: WireContact,
    region: Option<Region>,
}

impl Record<'_> {
    /// All of it, as it came.
    pub fn json(&self) -> &str {
        self.raw.get()
    }

    /// Who it is, as far as that is compared.
    pub fn stored(&self) -> StoredContact {
        self.contact.stored(self.region)
    }

    /// Calls made so far, of a contact of a campaign, where the platform says so.
    pub fn attempts(&self) -> Option<u64> {
        self.contact.attempts()
    }

    /// How the last call ended, of a contact of a campaign.
    pub fn dialer_outcome(&self) -> &str {
        self.contact.dialer_outcome()
    }

    /// The texts of fields, those inside others behind a dot; empty where there is none.
    pub fn texts(&self, fields: &[&str]) -> Vec<String> {
        let record: Value = serde_json::from_str(self.raw.get()).unwrap_or_default();
        let find = |field: &&str| field.split('.').try_fold(&record, |value, name| value.get(name));
        fields.iter().map(|field| find(field).map(text).unwrap_or_default()).collect()
    }
}

/// Who a contact is that was written down before, from its number, country code, extension, id, first and last name.
pub fn stored_contact(fields: [String; 6], region: Option<Region>) -> StoredContact {
    let [number, code, extension, id, first_name, last_name] = fields;
    let phone = WirePhone::new(&number, &code, &extension);
    WireContact::new(&id, &first_name, &last_name, phone).stored(region)
}

/// A value as a cell shows it: lists of words as the words, other lists and objects as JSON.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            let words: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            words.join("; ")
        }
        other => other.to_string(),
    }
}

/// A page as it came, and what it says of itself.
pub(super) struct Page<'a> {
    pub(super) facts: PageFacts,
    pub(super) records: Vec<Record<'a>>,
}

/// The fields of a page, wherever they stand: contacts have them at the top, the campaign API under `data`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields<'a> {
    #[serde(borrow)]
    results: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "wire::count")]
    skip: Option<u64>,
    #[serde(default, deserialize_with = "wire::count")]
    page: Option<u64>,
    #[serde(default, deserialize_with = "wire::count")]
    limit: Option<u64>,
    #[serde(default, deserialize_with = "wire::flag")]
    has_more: Option<bool>,
    #[serde(default, deserialize_with = "wire::count")]
    total_results: Option<u64>,
}

impl<'a> Page<'a> {
    /// Reads a page. Numbers without any country code are also read as numbers of `region`.
    pub(super) fn read(
        body: &'a [u8],
        collection: &Collection,
        region: Option<Region>,
    ) -> Result<Self, serde_json::Error> {
        let mut fields: Fields<'a> = serde_json::from_slice(body)?;
        if let (None, Some(data)) = (&fields.results, fields.data) {
            fields = serde_json::from_str(data.get())?;
        }
        let missing = || serde::de::Error::missing_field("results");
        let raws = fields.results.ok_or_else(missing)?;
        let read = |raw: &'a RawValue| Ok(Record { raw, contact: serde_json::from_str(raw.get())?, region });
        let records: Vec<Record<'a>> =
            raws.into_iter().map(read).collect::<Result<_, serde_json::Error>>()?;
        let identity_of = |record: &Record<'_>| {
            let contact = &record.contact;
            // What else is said of a contact of a campaign changes while it is called.
            let name = if collection.is_numbered() { contact.phone_number() } else { contact.id() };
            if name.is_empty() { identity(&record.json()) } else { identity(&name) }
        };
        let whole: Vec<&str> = records.iter().map(Record::json).collect();
        let facts = PageFacts {
            skip: fields.skip,
            page: fields.page,
            limit: fields.limit,
            has_more: fields.has_more,
            total: fields.total_results,
            identities: records.iter().map(identity_of).collect(),
            fingerprint: identity(&whole),
        };
        Ok(Self { facts, records })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::Api;

    /// The samples of the pages, their masked digits replaced.
    const CONTACTS: &str = include_str!("samples/get-all-contacts.json");
    const LIST_V1: &str = include_str!("samples/get-contacts-of-contact-list-v1.json");
    const LIST_V2: &str = include_str!("samples/get-contacts-of-contact-list-v2.json");
    const CAMPAIGN: &str = include_str!("samples/get-contact-details-of-voice-campaign-v2.json");

    fn list() -> Collection {
        Collection::List { id: "cl-1".to_owned(), api: Api::V2 }
    }

    fn campaign() -> Collection {
        Collection::Campaign { id: "cm-1".to_owned(), api: Api::V2 }
    }

    #[test]
    fn the_samples_of_all_pages_are_read() {
        for (sample, collection, numbers) in [
            (CONTACTS, Collection::Contacts, &["919550100001", "91244560001"][..]),
            (
                LIST_V1,
                list(),
                &[
                    "912233340001",
                    "912233340002",
                    "912233340003",
                    "912233340004",
                    "912233340005",
                    "912233340006",
                ],
            ),
            (LIST_V2, list(), &["912233340001", "912233340002", "912233340003"]),
            (CAMPAIGN, campaign(), &["919876543210", "12515550200", "911234567890"]),
        ] {
            let page = Page::read(sample.as_bytes(), &collection, None).unwrap();
            let read: Vec<String> = page
                .records
                .iter()
                .map(|record| {
                    record.stored().numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
                })
                .collect();
            assert_eq!(read, numbers, "{collection}");
            // Every field of the sample is one of those that are written, and nothing else is.
            for record in &page.records {
                let whole: Value = serde_json::from_str(record.json()).unwrap();
                for name in leaves(&whole, "") {
                    assert!(collection.fields().contains(&name.as_str()), "{collection}: {name}");
                }
            }
        }
    }

    /// The names of all fields, those inside others behind a dot.
    fn leaves(value: &Value, prefix: &str) -> Vec<String> {
        let Value::Object(fields) = value else { return Vec::new() };
        fields
            .iter()
            .flat_map(|(name, value)| {
                let path = format!("{prefix}{name}");
                if value.is_object() { leaves(value, &format!("{path}.")) } else { vec![path] }
            })
            .collect()
    }

    #[test]
    fn page_fields_are_read_inside_and_outside_data() {
        let facts = |sample: &str| Page::read(sample.as_bytes(), &Collection::Contacts, None).unwrap().facts;
        let contacts = facts(CONTACTS);
        assert_eq!(
            (contacts.skip, contacts.limit, contacts.has_more, contacts.total),
            (Some(0), Some(10), Some(false), Some(6))
        );
        let list = facts(LIST_V2);
        assert_eq!(
            (list.skip, list.limit, list.has_more, list.total),
            (Some(0), Some(50), Some(false), Some(3))
        );
        let campaign = facts(CAMPAIGN);
        assert_eq!(
            (campaign.page, campaign.limit, campaign.has_more, campaign.total),
            (Some(1), Some(100), None, Some(4))
        );
    }

    #[test]
    fn fetched_csv_has_the_documented_fields() {
        let page = Page::read(CAMPAIGN.as_bytes(), &campaign(), None).unwrap();
        assert_eq!(
            page.records[1].texts(campaign().fields()),
            [
                "12515550200",
                "",
                "completed",
                "1",
                "685d3c4a6b208b1e96a10000",
                "System Generated",
                "userHangUp",
                "user_hangup"
            ]
        );
        assert_eq!((page.records[0].attempts(), page.records[0].dialer_outcome()), (Some(2), ""));
        let page = Page::read(CONTACTS.as_bytes(), &Collection::Contacts, None).unwrap();
        assert_eq!(
            page.records[1].texts(&["cellPhone.phoneNumber", "address", "updatedBy"]),
            ["+91244560001", "", ""]
        );
    }

    #[test]
    fn pages_without_results_are_refused_and_odd_fields_accepted() {
        for body in [
            "<html>",
            "{\"message\": \"in progress\"}",
            "[1]",
            "{\"results\": [1]}",
            "{\"data\": {}}",
            "{\"data\": 3}",
        ] {
            assert!(Page::read(body.as_bytes(), &Collection::Contacts, None).is_err(), "{body}");
        }
        let odd = r#"{"results": [{"id": "a", "_id": "b", "cellPhone": null}, {"_id": "c", "firstName": 7, "cellPhone": "none"},
            {"id": 9, "cellPhone": {"phoneNumber": 919876543210}}], "skip": "0", "limit": "1000", "hasMore": "false", "totalResults": null}"#;
        let page = Page::read(odd.as_bytes(), &Collection::Contacts, None).unwrap();
        assert_eq!(
            (page.facts.skip, page.facts.limit, page.facts.has_more, page.facts.total),
            (Some(0), Some(1000), Some(false), None)
        );
        let stored: Vec<StoredContact> = page.records.iter().map(Record::stored).collect();
        assert_eq!(stored.iter().map(|contact| contact.id.as_str()).collect::<Vec<_>>(), ["a", "c", "9"]);
        assert_eq!(stored[2].numbers[0].to_string(), "919876543210");
        assert!(stored[0].numbers.is_empty() && stored[1].numbers.is_empty());
    }
}
