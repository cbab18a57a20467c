//! Reads a collection to the end, and again if it changes meanwhile.

use std::{ops::ControlFlow, time::Duration};

use tracing::{info, warn};

use super::{
    Client, ClientError, Collection, PlatformError,
    answer::{Answer, masked},
    collection::Position,
    page::Page,
    paging::{PageStep, Pages},
    record::Record,
};
use crate::contact::StoredContact;

/// Maximum reads of a collection that changes meanwhile.
const MAX_READINGS: u32 = 3;

/// Smaller numbers in a refusal are not page sizes.
const MIN_SIZE: u64 = 10;

/// Maximum smaller pages to request after a refused one.
const MAX_REFUSED_SIZES: usize = 3;

/// Receives records as they are read, and drops them if the read restarts.
pub trait RecordSink {
    /// The reason why a read can end early: the client's, or one of the sink's own.
    type Error: From<ClientError>;

    /// Takes a record.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be kept; the read ends.
    fn record(&mut self, record: &Record<'_>) -> Result<(), Self::Error>;

    /// Called after all records of a page. Returns `Break` if no more records are needed.
    ///
    /// # Errors
    ///
    /// Returns an error if the records cannot be kept; the read ends.
    fn page(&mut self, _: &PageInfo) -> Result<ControlFlow<()>, Self::Error> {
        Ok(ControlFlow::Continue(()))
    }

    /// Drops all records received so far.
    ///
    /// # Errors
    ///
    /// Returns an error if they cannot be dropped; the read ends.
    fn restart(&mut self) -> Result<(), Self::Error>;
}

/// The progress after a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageInfo {
    /// Pages received before this one.
    pub pages_before: u64,
    /// The total that the platform reports.
    pub total: Option<u64>,
    /// Records per page, as granted by the platform.
    pub page_size: u64,
    /// Whether this is the last page.
    pub is_last: bool,
}

/// The result of a complete read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Readout {
    /// Records read.
    pub records: u64,
    /// Pages read.
    pub pages: u64,
    /// Records per page, as granted by the platform; 0 if there are none.
    pub page_size: u64,
    /// The total that the platform reports.
    pub total: Option<u64>,
    /// Records that are not contacts or cannot be read.
    pub unreadable: u64,
    /// Oddities of the pages that did not stop the read.
    pub notes: Vec<String>,
}

impl Client<'_> {
    /// Reads a collection to the end, in pages of `page_size` or of the size that the platform grants.
    ///
    /// # Errors
    ///
    /// Returns an error if the platform cannot be used, its pages cannot be trusted, or the page size is not allowed.
    pub async fn read<S: RecordSink>(
        &mut self,
        collection: &Collection,
        page_size: Option<u64>,
        sink: &mut S,
    ) -> Result<Readout, S::Error> {
        let largest = collection.largest_page();
        let asked = page_size.unwrap_or(largest);
        if !(1..=largest).contains(&asked) {
            let what = collection.to_string();
            return Err(ClientError::from(PlatformError::PageSize { asked, largest, what }).into());
        }
        let mut drift = String::new();
        self.progress().fetching(&collection.to_string(), 0, None, self.counts().get, Duration::ZERO);
        let mut before = None;
        for _ in 0..MAX_READINGS {
            sink.restart()?;
            match self.read_once(collection, asked, sink).await? {
                Reading::Whole(readout, Likeness { alike, sum }) => {
                    // If records without an id may be equal, a record that moved to a later page looks like two, and
                    // another one is missed. Only a second, identical read rules this out.
                    if alike == 0 || !collection.is_numbered() || before == Some(sum) {
                        return Ok(readout);
                    }
                    before = Some(sum);
                    drift = format!("{alike} contacts appeared twice");
                    info!("{collection}: {drift}; reading again to compare");
                }
                Reading::Drifted(how) => {
                    warn!(drift = how, "the {collection} changed while being read; reading again");
                    drift = how;
                }
            }
        }
        let what = collection.to_string();
        Err(ClientError::from(PlatformError::Drifting { what, how: drift }).into())
    }

    /// Reads one page at offset `skip` with the total. `None` if the platform reports no total or another offset.
    ///
    /// # Errors
    ///
    /// Returns an error if the platform cannot be used.
    pub async fn look_behind(
        &mut self,
        skip: u64,
        page_size: u64,
    ) -> Result<Option<(Vec<StoredContact>, u64)>, ClientError> {
        let collection = Collection::Contacts;
        let answer = match self.page(&collection, Position { page: 1, skip, limit: page_size }).await {
            Err(ClientError::Platform(PlatformError::Refused { .. })) => return Ok(None),
            other => other?,
        };
        let Ok(page) = Page::read(&answer.body, &collection, self.region()) else { return Ok(None) };
        let is_there = page.facts.skip.is_none_or(|said| said == skip);
        let stored = || page.records.iter().map(Record::stored).collect();
        Ok(page.facts.total.filter(|_| is_there).map(|total| (stored(), total)))
    }

    async fn read_once<S: RecordSink>(
        &mut self,
        collection: &Collection,
        asked: u64,
        sink: &mut S,
    ) -> Result<Reading, S::Error> {
        let mut pages = Pages::new(collection.is_numbered(), asked, self.max_records);
        let mut answer = self.first_page(collection, &mut pages).await?;
        let mut bytes: u64 = 0;
        loop {
            let page = Page::read(&answer.body, collection, self.region()).map_err(|error| {
                let reason = format!("{error}; it begins with {}", masked(&answer.words()));
                broken(collection, reason)
            })?;
            // If an import took it for an empty list, nobody would be suppressed. After other pages, it is the end.
            if page.facts.is_doubtfully_empty && pages.read == 0 && *collection != Collection::Contacts {
                let reason = format!(
                    "it shows nobody, but not in `results`, where the list belongs; it begins with {}",
                    masked(&answer.words())
                );
                return Err(broken(collection, reason).into());
            }
            bytes += answer.body.len() as u64;
            let step = pages.take(&page.facts).map_err(ClientError::from)?;
            if bytes > self.byte_limit.bytes(pages.read) {
                let (what, records) = (collection.to_string(), pages.read);
                return Err(ClientError::from(PlatformError::TooManyBytes { what, bytes, records }).into());
            }
            if let PageStep::Drifted(how) = step {
                return Ok(Reading::Drifted(how));
            }
            let page_size = pages.granted.unwrap_or_default();
            self.note_page_size(collection, page_size);
            let mut is_over = matches!(step, PageStep::Last | PageStep::Over);
            if matches!(step, PageStep::More | PageStep::Last) {
                page.records.iter().try_for_each(|record| sink.record(record))?;
                let info = PageInfo {
                    pages_before: pages.taken.saturating_sub(1),
                    total: pages.total,
                    page_size,
                    is_last: is_over,
                };
                is_over |= sink.page(&info)?.is_break();
            }
            let left = self.time_for(pages.left());
            self.progress().fetching(
                &collection.to_string(),
                pages.read,
                pages.total,
                self.counts().get,
                left,
            );
            if is_over {
                for note in &pages.notes {
                    info!("{collection}: {note}");
                }
                let likeness = Likeness { alike: pages.alike, sum: pages.sum };
                let readout = Readout {
                    records: pages.read,
                    pages: pages.taken,
                    page_size,
                    total: pages.total,
                    unreadable: pages.unreadable,
                    notes: pages.notes,
                };
                return Ok(Reading::Whole(readout, likeness));
            }
            answer = self.page(collection, pages.position()).await?;
        }
    }

    /// Reads the first page, in the requested size or the largest that the platform accepts.
    async fn first_page(
        &mut self,
        collection: &Collection,
        pages: &mut Pages,
    ) -> Result<Answer, ClientError> {
        let mut refusals = Vec::new();
        loop {
            match self.page(collection, pages.position()).await {
                Err(ClientError::Platform(PlatformError::Refused { request, answer })) => {
                    let smaller = smaller_size(pages.asked(), &answer);
                    refusals.push(PlatformError::Refused { request, answer });
                    match smaller.filter(|_| refusals.len() <= MAX_REFUSED_SIZES) {
                        Some(smaller) => pages.ask_for(smaller),
                        // The size may not be the problem: the first refusal has the reason.
                        None => return Err(of_id(refusals.swap_remove(0), collection).into()),
                    }
                }
                other => return other,
            }
        }
    }

    async fn page(&mut self, collection: &Collection, position: Position) -> Result<Answer, ClientError> {
        let call = collection.call(self.settings(), position);
        match self.ask(&call).await {
            Err(ClientError::Platform(PlatformError::Denied { status: 404, answer, .. }))
                if *collection != Collection::Contacts =>
            {
                Err(PlatformError::NoSuch { what: collection.to_string(), answer }.into())
            }
            other => other,
        }
    }
}

fn broken(collection: &Collection, reason: String) -> ClientError {
    PlatformError::BrokenAnswer { request: collection.purpose(), reason }.into()
}

/// If every page size is refused, the id is the reason, if the collection has one.
fn of_id(refusal: PlatformError, collection: &Collection) -> PlatformError {
    match refusal {
        PlatformError::Refused { answer, .. } if *collection != Collection::Contacts => {
            PlatformError::RefusedId { what: collection.to_string(), answer }
        }
        refusal => refusal,
    }
}

enum Reading {
    Whole(Readout, Likeness),
    Drifted(String),
}

/// Facts about equal records.
struct Likeness {
    /// Records equal to an earlier one.
    alike: u64,
    /// A hash of the records that does not depend on their order.
    sum: u64,
}

/// Returns the size to request after a refused one: the size that the platform names, else a tenth.
fn smaller_size(refused: u64, words: &str) -> Option<u64> {
    // After the status.
    let said = words.split_once(',').map_or("", |(_, said)| said);
    let named = said.split(|letter: char| !letter.is_ascii_digit()).filter_map(|digits| digits.parse().ok());
    let named = named.filter(|size| (MIN_SIZE..refused).contains(size)).max();
    named.or(Some(refused / 10)).filter(|size| *size > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_named_in_a_refusal_is_requested() {
        assert_eq!(smaller_size(1000, "HTTP 400, \"limit must be between 1 and 250\""), Some(250));
        assert_eq!(smaller_size(1000, "HTTP 422, \"limit is too large\""), Some(100));
        assert_eq!(smaller_size(1000, "HTTP 400, \"error 7: limit\""), Some(100));
        assert_eq!(smaller_size(5, "HTTP 400"), None);
    }
}
