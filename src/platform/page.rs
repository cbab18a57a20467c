//! A page of a collection: its records, and what it says about itself.
//!
//! The documented place of the records is `results`, at the top or under `data`. If they are not there, the first
//! list that may hold records is read. An empty account may say so with `null`. A suppression list counts as empty
//! only if the documented place says so.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, SeqAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

use super::{Collection, bounds::MAX_LISTED, failure, paging::PageFacts, record::Record, wire};
use crate::{contact::Region, hash::identity, quantity::grouped};

/// A page as received.
pub(super) struct Page<'a> {
    pub(super) facts: PageFacts,
    pub(super) records: Vec<Record<'a>>,
}

/// The documented fields of a page.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields<'a> {
    #[serde(borrow)]
    results: Option<Listed<'a>>,
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
    /// The records are not in the documented place.
    #[serde(skip)]
    is_elsewhere: bool,
}

/// Records in their JSON text. Records beyond the maximum of a page are dropped.
#[derive(Default)]
struct Listed<'a> {
    records: Vec<&'a RawValue>,
    is_too_long: bool,
}

impl<'de: 'a, 'a> Deserialize<'de> for Listed<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Lister;

        impl<'de> Visitor<'de> for Lister {
            type Value = Listed<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of records")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                let mut listed = Listed::default();
                while listed.records.len() < MAX_LISTED {
                    let Some(record) = items.next_element()? else { return Ok(listed) };
                    listed.records.push(record);
                }
                while items.next_element::<IgnoredAny>()?.is_some() {
                    listed.is_too_long = true;
                }
                Ok(listed)
            }
        }

        deserializer.deserialize_seq(Lister)
    }
}

/// Fields in their JSON text, by name. If a name is repeated, the last one counts.
type Raw<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

/// Fields that may contain the records.
const LISTS: [&str; 7] = ["results", "data", "contacts", "records", "items", "content", "list"];

/// Fields that may contain a page.
const WRAPPERS: [&str; 5] = ["data", "response", "result", "payload", "body"];

/// Maximum nesting of pages.
const MAX_DEPTH: usize = 3;

impl<'a> Fields<'a> {
    fn read(body: &'a str) -> Result<Self, String> {
        let documented = |text: &'a str| serde_json::from_str::<Self>(text).ok();
        let found = match documented(body) {
            Some(Self { results: None, data: Some(data), .. }) => documented(data.get()),
            found => found,
        };
        match found {
            Some(fields) if fields.results.is_some() => Ok(fields),
            _ => Self::search(body, MAX_DEPTH, true).ok_or_else(|| "it holds no list of contacts".to_owned()),
        }
    }

    /// Searches for a list of records outside the documented place. `may_be_documented` says whether `results` would
    /// be the documented place here.
    fn search(text: &'a str, depth: usize, may_be_documented: bool) -> Option<Self> {
        if text.starts_with('[') {
            let results = Some(serde_json::from_str(text).ok()?);
            return Some(Self { results, is_elsewhere: true, ..Self::default() });
        }
        let fields: Raw<'a> = serde_json::from_str(text).ok()?;
        let lists = || {
            let named = LISTS.iter().filter_map(|name| Some((*name, fields.get(*name)?.get())));
            named.filter(|(_, value)| value.starts_with('['))
        };
        // An empty list next to a filled one is not the list of records.
        let list = lists().find(|(_, list)| !is_empty(list));
        let below = || {
            let (name, page) = wrapped(&fields).filter(|_| depth > 0)?;
            let may_be_documented = may_be_documented && depth == MAX_DEPTH && name == "data";
            Self::search(page, depth - 1, may_be_documented)
        };
        let (name, results): (_, Listed<'a>) = match list {
            Some((name, list)) => (name, serde_json::from_str(list).ok()?),
            None => match (below(), lists().next()) {
                (Some(below), None) => return Some(below),
                (Some(below), Some(_))
                    if below.results.as_ref().is_some_and(|found| !found.records.is_empty()) =>
                {
                    return Some(below);
                }
                (_, Some((name, _))) => (name, Listed::default()),
                // A `null` may mean that there are no records.
                (None, None) => {
                    (["results", "data"].into_iter().find(|name| is_null(&fields, name))?, Listed::default())
                }
            },
        };
        let value = |names: &[&str]| {
            let found = names.iter().find_map(|name| fields.get(*name))?;
            serde_json::from_str::<Value>(found.get()).ok()
        };
        let number = |names: &[&str]| wire::count(value(names)?).ok()?;
        Some(Self {
            results: Some(results),
            data: None,
            is_elsewhere: name != "results" || !may_be_documented,
            skip: number(&["skip", "offset"]),
            page: number(&["page"]),
            limit: number(&["limit"]),
            has_more: value(&["hasMore", "has_more"]).and_then(|value| wire::flag(value).ok()?),
            total_results: number(&["totalResults", "total", "totalCount"]),
        })
    }
}

/// Returns whether a list in JSON text is empty.
fn is_empty(list: &str) -> bool {
    list.strip_prefix('[').is_some_and(|rest| rest.trim_start().starts_with(']'))
}

fn is_null(fields: &Raw<'_>, name: &str) -> bool {
    fields.get(name).is_some_and(|value| value.get() == "null")
}

/// Returns the name and text of the object that may contain the page.
fn wrapped<'a>(fields: &Raw<'a>) -> Option<(&'static str, &'a str)> {
    let named = WRAPPERS.iter().filter_map(|name| Some((*name, fields.get(*name)?.get())));
    named.into_iter().find(|(_, text)| text.starts_with('{'))
}

/// Returns the failure that a response without records reports, in the platform's words.
pub(super) fn failure_in(body: &[u8]) -> Option<Value> {
    // Nearly every page has a number; skip the search in those.
    if memchr::memmem::find(body, b"phoneNumber").is_some() {
        return None;
    }
    let value: Value = serde_json::from_slice(body).ok()?;
    let fields = value.as_object()?;
    let is_empty = |value: &Value| match value {
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => {
            LISTS.iter().all(|name| fields.get(*name).is_none_or(|list| !list.is_array()))
        }
        _ => true,
    };
    let has_records = LISTS.iter().filter_map(|name| fields.get(*name)).any(|list| !is_empty(list));
    failure::in_fields(fields).filter(|_| !has_records)?;
    Some(value)
}

impl<'a> Page<'a> {
    /// Reads a page. Numbers without a country code are also read as numbers of `region`.
    pub(super) fn read(
        body: &'a [u8],
        collection: &Collection,
        region: Option<Region>,
    ) -> Result<Self, String> {
        let body = std::str::from_utf8(body).map_err(|error| error.to_string())?.trim_ascii();
        let fields = Fields::read(body)?;
        let listed = fields.results.unwrap_or_default();
        if listed.is_too_long {
            let most = grouped(MAX_LISTED as u64);
            return Err(format!("it lists more than {most} records, although far fewer were requested"));
        }
        let records: Vec<Record<'a>> =
            listed.records.into_iter().map(|raw| Record::read(raw, region)).collect();
        // One odd record among others is tolerated; if all are odd, they are not contacts.
        if let Some(odd) = records.iter().find(|record| !record.is_readable() && record.json() != "null")
            && !records.iter().any(Record::is_readable)
        {
            let begins: String = odd.json().chars().take(40).collect();
            return Err(format!("its records are not contacts (`{begins}`)"));
        }
        let identities: Vec<u64> =
            records.iter().filter_map(|record| record.identity(collection.is_numbered())).collect();
        let whole: Vec<&str> = records.iter().map(Record::json).collect();
        let facts = PageFacts {
            skip: fields.skip,
            page: fields.page,
            limit: fields.limit,
            has_more: fields.has_more,
            total: fields.total_results,
            places: places(&records, fields.limit),
            unreadable: records.iter().filter(|record| !record.is_readable()).count() as u64,
            is_doubtfully_empty: fields.is_elsewhere && records.is_empty(),
            identities,
            fingerprint: identity(&whole),
        };
        Ok(Self { facts, records })
    }
}

/// Returns how many places of the collection the records take. A record that is not a contact may replace one or be
/// extra.
fn places(records: &[Record<'_>], limit: Option<u64>) -> u64 {
    let readable = records.iter().filter(|record| record.is_readable()).count() as u64;
    let all = records.len() as u64;
    limit.filter(|limit| *limit > 0).map_or(all, |limit| all.min(limit)).max(readable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{contact::StoredContact, platform::Api};

    /// The samples from the platform's pages, with the masked digits replaced.
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
    fn samples_of_all_pages_are_read() {
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
            // All fields of the sample are written, and no others.
            for record in &page.records {
                let whole: Value = serde_json::from_str(record.json()).unwrap();
                for name in leaves(&whole, "") {
                    assert!(collection.fields().contains(&name.as_str()), "{collection}: {name}");
                }
            }
        }
    }

    /// Returns the names of all fields; nested names are joined with a dot.
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
    fn page_without_results_is_refused_but_odd_fields_are_accepted() {
        for body in [
            "<html>",
            "{\"message\": \"in progress\"}",
            "[1]",
            "{\"results\": [1]}",
            "{\"data\": {}}",
            "{\"data\": 3}",
            "{\"results\": {}}",
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
    /// Returns the numbers on a page and its facts.
    fn numbers(body: &str, collection: &Collection) -> Option<(Vec<String>, PageFacts)> {
        let page = Page::read(body.as_bytes(), collection, None).ok()?;
        let numbers = page.records.iter().flat_map(|record| record.stored().numbers);
        Some((numbers.map(|number| number.to_string()).collect(), page.facts))
    }

    #[test]
    fn list_is_found_in_any_known_place() {
        const RECORDS: &str = r#"[{"id": "a", "cellPhone": {"phoneNumber": "+919876543210"}}]"#;
        for body in [
            format!("{{\"data\": {RECORDS}, \"total\": 1}}"),
            format!("{{\"data\": {{\"contacts\": {RECORDS}, \"totalResults\": 1}}}}"),
            format!("{{\"results\": [], \"skip\": 0, \"results\": {RECORDS}, \"totalResults\": 1}}"),
            format!("{{\"response\": {{\"data\": {{\"items\": {RECORDS}, \"totalCount\": 1}}}}}}"),
        ] {
            let (numbers, facts) = numbers(&body, &Collection::Contacts).unwrap();
            assert_eq!(
                (numbers.as_slice(), facts.total),
                (&["919876543210".to_owned()][..], Some(1)),
                "{body}"
            );
        }
        assert_eq!(numbers(RECORDS, &Collection::Contacts).unwrap().0, ["919876543210"]);
        assert_eq!(numbers("{\"results\": [\"919876543210\", 918876543210]}", &list()).unwrap().0.len(), 2);
    }

    // Source: kolide/fleet issue 285, ClickHouse/clickhousectl issue 207 (null in place of an empty list).
    #[test]
    fn null_means_no_records() {
        for body in [
            "{\"results\": null}",
            "{\"status\": \"success\", \"data\": {\"results\": null, \"totalResults\": 0}}",
        ] {
            for collection in [Collection::Contacts, list()] {
                assert!(numbers(body, &collection).unwrap().0.is_empty(), "{body}");
            }
        }
    }

    #[test]
    fn empty_list_in_an_undocumented_place_is_doubtful() {
        let is_doubtful = |body: &str| numbers(body, &list()).unwrap().1.is_doubtfully_empty;
        for body in [
            "{\"status\": \"success\", \"data\": null}",
            "[]",
            "{\"data\": [ ]}",
            "{\"contacts\": [], \"total\": 0}",
            "{\"data\": {\"items\": []}}",
            "{\"response\": {\"results\": []}}",
            "{\"data\": {\"data\": {\"results\": null}}}",
        ] {
            assert!(is_doubtful(body), "{body}");
        }
        for body in [
            "{\"results\": []}",
            "{\"data\": {\"results\": []}}",
            "{\"skip\": 0, \"skip\": 0, \"data\": {\"results\": []}}",
            "{\"results\": null, \"limit\": {}}",
        ] {
            assert!(!is_doubtful(body), "{body}");
        }
    }

    #[test]
    fn filled_list_wins_over_an_empty_one() {
        const RECORDS: &str = r#"[{"id": "a", "cellPhone": {"phoneNumber": "+919876543210"}}]"#;
        for body in [
            format!("{{\"data\": [], \"contacts\": {RECORDS}}}"),
            format!("{{\"list\": [], \"data\": {{\"items\": {RECORDS}}}}}"),
        ] {
            let (numbers, facts) = numbers(&body, &list()).unwrap();
            assert_eq!((numbers.len(), facts.is_doubtfully_empty), (1, false), "{body}");
        }
    }

    // Source: foojayio/discoapi issue 132, elizaOS/eliza issue 18079 (one odd record makes all unreadable).
    #[test]
    fn one_odd_record_does_not_hide_the_others() {
        let good = |id: &str, number: &str| {
            format!(r#"{{"id": "{id}", "cellPhone": {{"phoneNumber": "+{number}"}}}}"#)
        };
        let (first, last) = (good("a", "919876543210"), good("b", "918876543210"));
        for (odd, has_number) in [
            ("null".to_owned(), false),
            ("\"gone\"".to_owned(), false),
            ("[]".to_owned(), false),
            (r#"{"id": "c", "firstName": "Party\ud83d", "cellPhone": {"phoneNumber": "+917876543210"}}"#.to_owned(), true),
            (r#"{"id": "c", "lastName": "B", "lastName": "B", "cellPhone": {"phoneNumber": "+917876543210"}}"#.to_owned(), true),
            (r#"{"id": "c", "cellPhone": {"phoneNumber": "+917876543210", "phoneNumber": "+917876543210"}}"#.to_owned(), true),
        ] {
            let body = format!("{{\"results\": [{first}, {odd}, {last}], \"limit\": 3, \"totalResults\": 3}}");
            let (numbers, facts) = numbers(&body, &Collection::Contacts).unwrap();
            let expected = if has_number { 3 } else { 2 };
            assert_eq!((numbers.len(), facts.places), (expected, 3), "{odd}");
            assert_eq!(facts.unreadable, u64::from(!has_number), "{odd}");
        }
        // A record too many does not shift those of the next page.
        let body = format!("{{\"results\": [null, {first}, {last}], \"limit\": 2, \"hasMore\": true}}");
        assert_eq!(numbers(&body, &Collection::Contacts).unwrap().1.places, 2);
        let body = format!("{{\"results\": [null, null, {last}], \"hasMore\": false}}");
        assert_eq!(numbers(&body, &Collection::Contacts).unwrap().1.unreadable, 2);
    }

    #[test]
    fn failure_instead_of_a_page_is_found() {
        let is_failure = |body: &str| failure_in(body.as_bytes()).is_some();
        assert!(is_failure(r#"{"status": "failed", "errors": [{"msg": "not linked"}]}"#));
        assert!(is_failure(r#"{"success": false, "results": [], "message": "disabled"}"#));
        assert!(is_failure(r#"{"status": "error", "data": null}"#));
        assert!(!is_failure(r#"{"status": "success", "data": {"results": []}}"#));
        assert!(!is_failure(r#"{"results": [{"id": 1}], "errors": ["one is odd"]}"#));
    }
}
