//! The two contact calls: create, and get all.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    time::Duration,
};

use reqwest::Method;
use tracing::warn;

use super::{
    Client, PlatformError,
    answer::{Step, Unsettled, masked},
    client::{Call, Sending},
    wire::{ContactsPage, NewContact},
};
use crate::{contact::Contact, diff::StoredContact};

/// Contacts asked for at once. What the platform grants is found in its answer.
const ASKED_PAGE_SIZE: u64 = 1000;

/// More contacts than any account has: a platform that shows more never ends.
const MAX_CONTACTS: u64 = 20_000_000;

/// How often the contacts are read again because they changed meanwhile.
const MAX_READINGS: u32 = 3;

const CREATE: &str = "creating contacts";
const GET_ALL: &str = "reading the contacts";

/// What became of a batch that was posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    /// The platform speaks of single contacts: these were created, and these refused with its words. Others of the batch
    /// may be missing from both.
    Listed {
        /// The created ones.
        created: Vec<StoredContact>,
        /// The refused ones.
        refused: Vec<(StoredContact, String)>,
        /// The batch was refused: those that are missing were not stored for all that is known.
        is_refusal: bool,
    },
    /// The whole batch was refused; a part of it may have been stored all the same.
    Refused {
        /// The platform's words.
        words: String,
        /// The status says that something of it exists already.
        is_conflict: bool,
    },
    /// The batch was too large.
    TooLarge(String),
    /// It is not known whether it was stored.
    Unknown(Unsettled),
}

/// Takes contacts as they are read, and forgets them where the reading begins anew.
pub trait ContactSink {
    /// A contact.
    fn contact(&mut self, contact: StoredContact);
    /// What came so far does not count.
    fn restart(&mut self);
}

impl Client<'_> {
    /// Posts a batch, once.
    ///
    /// # Errors
    ///
    /// Where the batch was certainly not stored and cannot be posted again.
    pub async fn create(
        &mut self,
        batch: &[&Contact],
        sending: &mut dyn Sending,
    ) -> Result<Created, PlatformError> {
        let contacts: Vec<NewContact<'_>> = batch.iter().copied().map(NewContact::from).collect();
        let body = serde_json::to_vec(&contacts)
            .map_err(|error| PlatformError::BrokenAnswer { request: CREATE, reason: error.to_string() })?;
        let call = Call { name: CREATE, method: Method::POST, url: self.contacts_url(), body: Some(body) };
        Ok(match self.post(&call, sending).await? {
            Step::Apply { answer, is_refusal } => {
                Created::Listed { created: answer.created, refused: answer.refused, is_refusal }
            }
            Step::Isolate { words, is_conflict } => Created::Refused { words, is_conflict },
            Step::Halve(words) => Created::TooLarge(words),
            Step::Settle(unsettled) => Created::Unknown(unsettled),
            step => {
                return Err(PlatformError::BrokenAnswer { request: CREATE, reason: format!("{step:?}") });
            }
        })
    }

    /// Reads all contacts of the stream.
    ///
    /// # Errors
    ///
    /// Where the platform cannot be used, or its pages cannot be trusted.
    pub async fn read_contacts(&mut self, sink: &mut dyn ContactSink) -> Result<(), PlatformError> {
        let mut drift = String::new();
        self.progress().fetching(0, None, self.counts().get, Duration::ZERO);
        for _ in 0..MAX_READINGS {
            sink.restart();
            match self.read_once(sink).await? {
                Reading::Whole => return Ok(()),
                Reading::Drifted(how) => drift = how,
            }
            warn!(drift, "the contacts changed while they were read; reading them again");
        }
        Err(PlatformError::Drifting(drift))
    }

    async fn read_once(&mut self, sink: &mut dyn ContactSink) -> Result<Reading, PlatformError> {
        let mut pages = Pages::default();
        loop {
            let page = self.page(pages.read, pages.granted.unwrap_or(ASKED_PAGE_SIZE)).await?;
            let step = pages.take(&page)?;
            if let PageStep::Drifted(how) = step {
                return Ok(Reading::Drifted(how));
            }
            self.note_page_size(pages.granted.unwrap_or_default());
            if step != PageStep::Repeated {
                page.results.into_iter().for_each(|contact| sink.contact(contact.into()));
            }
            let left = self.time_for(pages.left());
            self.progress().fetching(pages.read, pages.total, self.counts().get, left);
            if step != PageStep::More {
                if pages.total.is_some_and(|total| total != pages.read) {
                    warn!(
                        read = pages.read,
                        total = pages.total,
                        "the platform says it holds another number of contacts"
                    );
                }
                return Ok(Reading::Whole);
            }
        }
    }

    async fn page(&mut self, skip: u64, limit: u64) -> Result<ContactsPage, PlatformError> {
        let mut url = self.contacts_url();
        url.query_pairs_mut().append_pair("skip", &skip.to_string()).append_pair("limit", &limit.to_string());
        let answer = self.get(&Call { name: GET_ALL, method: Method::GET, url, body: None }).await?;
        serde_json::from_slice(&answer.body).map_err(|error| PlatformError::BrokenAnswer {
            request: GET_ALL,
            reason: format!("{error}; it begins with {}", masked(&answer.words())),
        })
    }
}

enum Reading {
    Whole,
    Drifted(String),
}

/// What a page says about going on.
#[derive(Debug, PartialEq, Eq)]
enum PageStep {
    More,
    Last,
    /// A page that came before, after the platform had said that there is no more.
    Repeated,
    Drifted(String),
}

/// How far the pages have been read. Only what the answers say is believed.
#[derive(Debug, Default)]
struct Pages {
    read: u64,
    granted: Option<u64>,
    total: Option<u64>,
    seen: HashSet<u64>,
    /// The platform said that there is no more, and yet holds more than it showed.
    is_beyond_last: bool,
}

impl Pages {
    /// Pages still to be asked for, as far as the platform says how many contacts there are.
    fn left(&self) -> u64 {
        let contacts = self.total.unwrap_or_default().saturating_sub(self.read);
        contacts.div_ceil(self.granted.unwrap_or(ASKED_PAGE_SIZE).max(1))
    }

    fn take(&mut self, page: &ContactsPage) -> Result<PageStep, PlatformError> {
        if page.skip.is_some_and(|skip| skip != self.read) && !page.results.is_empty() {
            return if self.is_beyond_last {
                Ok(PageStep::Repeated)
            } else {
                Err(PlatformError::SkipIgnored)
            };
        }
        if let (Some(before), Some(now)) = (self.total, page.total_results)
            && before != now
        {
            return Ok(PageStep::Drifted(format!("it held {before}, then {now}")));
        }
        self.total = page.total_results.or(self.total);
        let count = page.results.len() as u64;
        let repeated =
            page.results.iter().filter(|contact| !self.seen.insert(identity(contact))).count() as u64;
        if count > 0 && repeated == count && self.read > 0 {
            return if self.is_beyond_last {
                Ok(PageStep::Repeated)
            } else {
                Err(PlatformError::SkipIgnored)
            };
        }
        if repeated > 0 {
            return Ok(PageStep::Drifted(format!("{repeated} contacts appeared twice")));
        }
        self.granted = page.limit.filter(|limit| *limit > 0).or(self.granted).or(Some(count));
        self.read += count;
        if self.read > MAX_CONTACTS {
            return Err(PlatformError::BrokenAnswer {
                request: GET_ALL,
                reason: format!("there are more than {MAX_CONTACTS}, and no end of them"),
            });
        }
        if count == 0 {
            return Ok(PageStep::Last);
        }
        let has_all = self.total.is_none_or(|total| self.read >= total);
        Ok(match page.has_more {
            Some(true) => PageStep::More,
            Some(false) if has_all => PageStep::Last,
            Some(false) => {
                self.is_beyond_last = true;
                PageStep::More
            }
            None if self.total.is_some() && has_all => PageStep::Last,
            None => PageStep::More,
        })
    }
}

/// What tells a contact from the others: its id, or all of it where it has none.
fn identity(contact: &super::wire::WireContact) -> u64 {
    let mut hasher = DefaultHasher::new();
    if contact.id().is_empty() {
        format!("{contact:?}").hash(&mut hasher);
    } else {
        contact.id().hash(&mut hasher);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn page(ids: std::ops::Range<u64>, rest: &serde_json::Value) -> ContactsPage {
        let results: Vec<_> = ids.map(|id| json!({"id": format!("c{id}")})).collect();
        let mut page = json!({"results": results});
        page.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        serde_json::from_value(page).unwrap()
    }

    #[test]
    fn pages_end_where_the_platform_says_so() {
        let mut pages = Pages::default();
        let all = json!({"skip": 0, "limit": 2, "hasMore": true, "totalResults": 3});
        assert_eq!(pages.take(&page(0..2, &all)).unwrap(), PageStep::More);
        assert_eq!((pages.read, pages.granted), (2, Some(2)));
        let last = json!({"skip": 2, "limit": 2, "hasMore": false, "totalResults": 3});
        assert_eq!(pages.take(&page(2..3, &last)).unwrap(), PageStep::Last);
    }

    #[test]
    fn pages_that_say_nothing_end_with_an_empty_one() {
        let mut pages = Pages::default();
        assert_eq!(pages.take(&page(0..2, &json!({}))).unwrap(), PageStep::More);
        assert_eq!(pages.granted, Some(2));
        assert_eq!(pages.take(&page(2..4, &json!({}))).unwrap(), PageStep::More);
        assert_eq!(pages.take(&page(0..0, &json!({}))).unwrap(), PageStep::Last);
    }

    #[test]
    fn pages_that_never_end_are_given_up() {
        let mut pages = Pages { read: MAX_CONTACTS, ..Pages::default() };
        let error = pages.take(&page(0..1, &json!({"hasMore": true}))).unwrap_err();
        assert!(error.to_string().contains("no end of them"), "{error}");
    }

    #[test]
    fn an_ignored_skip_is_an_error_and_never_a_loop() {
        let first = || page(0..2, &json!({"limit": 2, "hasMore": true}));
        let mut pages = Pages::default();
        assert_eq!(pages.take(&first()).unwrap(), PageStep::More);
        assert!(matches!(pages.take(&first()), Err(PlatformError::SkipIgnored)));
        let mut pages = Pages::default();
        let said = json!({"skip": 0, "limit": 2, "hasMore": true});
        assert_eq!(pages.take(&page(0..2, &said)).unwrap(), PageStep::More);
        assert!(matches!(pages.take(&page(2..4, &said)), Err(PlatformError::SkipIgnored)));
    }

    #[test]
    fn changes_while_reading_are_noticed() {
        let mut pages = Pages::default();
        let at = |skip, total| json!({"skip": skip, "limit": 2, "hasMore": true, "totalResults": total});
        assert_eq!(pages.take(&page(0..2, &at(0, 9))).unwrap(), PageStep::More);
        assert!(matches!(pages.take(&page(2..4, &at(2, 10))).unwrap(), PageStep::Drifted(_)));
        let mut pages = Pages::default();
        assert_eq!(pages.take(&page(0..2, &at(0, 9))).unwrap(), PageStep::More);
        assert!(matches!(pages.take(&page(1..3, &at(2, 9))).unwrap(), PageStep::Drifted(_)));
    }

    #[test]
    fn a_wrong_has_more_is_not_believed_when_contacts_are_missing() {
        let said = |skip| json!({"skip": skip, "limit": 2, "hasMore": false, "totalResults": 4});
        let mut pages = Pages::default();
        assert_eq!(pages.take(&page(0..2, &said(0))).unwrap(), PageStep::More);
        assert_eq!(pages.take(&page(2..4, &said(2))).unwrap(), PageStep::Last);
        // A platform that counts more than it shows is asked once more and then believed.
        let mut pages = Pages::default();
        assert_eq!(pages.take(&page(0..2, &said(0))).unwrap(), PageStep::More);
        assert_eq!(pages.take(&page(0..0, &said(2))).unwrap(), PageStep::Last);
        let mut pages = Pages::default();
        assert_eq!(pages.take(&page(0..2, &said(0))).unwrap(), PageStep::More);
        assert_eq!(pages.take(&page(0..2, &said(0))).unwrap(), PageStep::Repeated);
    }
}
