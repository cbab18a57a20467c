//! Reads pages to the end: decides where the next page begins and whether a page can be trusted.
//!
//! The parameters of paging are not documented, so only the responses count, and each one is checked. A page that was
//! received before is requested again. If the total is not reached, the platform is asked once more.

use std::collections::HashSet;

use super::{PlatformError, collection::Position};

const NO_MORE: &str = "the platform announced another page, but there was none";

/// The facts about a page, without its records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PageFacts {
    pub(super) skip: Option<u64>,
    pub(super) page: Option<u64>,
    pub(super) limit: Option<u64>,
    pub(super) has_more: Option<bool>,
    pub(super) total: Option<u64>,
    /// Records, including unreadable ones; at most the size of the page.
    pub(super) places: u64,
    /// Records that are not contacts.
    pub(super) unreadable: u64,
    /// The page is empty, but not in the documented place.
    pub(super) is_doubtfully_empty: bool,
    /// Hashes that identify the records, if they have an identity: the id, or the number of a campaign's contact,
    /// which has no id.
    pub(super) identities: Vec<u64>,
    /// A hash that identifies the page.
    pub(super) fingerprint: u64,
}

/// The next step after a page.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PageStep {
    /// Its records count, and there are more.
    More,
    /// Its records count, and are the last.
    Last,
    /// Its records were received before, and there are no others.
    Over,
    /// Request the page again; its records do not count.
    Again,
    /// The collection changed: no record read so far counts.
    Drifted(String),
}

/// The progress of reading all pages.
#[derive(Debug)]
pub(super) struct Pages {
    /// Pages are requested by number. Their records have no id and may be equal.
    is_numbered: bool,
    /// Records requested per page, until the platform says how many it grants.
    asked: u64,
    pub(super) granted: Option<u64>,
    pub(super) read: u64,
    pub(super) taken: u64,
    pub(super) total: Option<u64>,
    /// Records that are not contacts.
    pub(super) unreadable: u64,
    seen: HashSet<u64>,
    seen_pages: HashSet<u64>,
    first_page: u64,
    /// Records equal to an earlier one. Only possible in numbered pages.
    pub(super) alike: u64,
    /// A hash of the records that does not depend on their order.
    pub(super) sum: u64,
    /// The page at this position was requested again.
    was_repeated: bool,
    /// Whether the previous page announced another one. If not, the platform counts more records than it showed.
    said_more: Option<bool>,
    max_records: u64,
    /// Oddities that did not stop the reading.
    pub(super) notes: Vec<String>,
}

impl Pages {
    pub(super) fn new(is_numbered: bool, asked: u64, max_records: u64) -> Self {
        Self {
            is_numbered,
            asked,
            granted: None,
            read: 0,
            taken: 0,
            total: None,
            unreadable: 0,
            seen: HashSet::new(),
            seen_pages: HashSet::new(),
            first_page: 0,
            alike: 0,
            sum: 0,
            was_repeated: false,
            said_more: None,
            max_records,
            notes: Vec::new(),
        }
    }

    /// Returns the position of the next page.
    pub(super) fn position(&self) -> Position {
        Position { page: self.taken + 1, skip: self.read, limit: self.size() }
    }

    /// Returns the number of records to request.
    pub(super) fn asked(&self) -> u64 {
        self.asked
    }

    /// Lowers the number of records per request after the platform refused more.
    pub(super) fn ask_for(&mut self, size: u64) {
        self.asked = size;
    }

    fn size(&self) -> u64 {
        self.granted.unwrap_or(self.asked).max(1)
    }

    /// Returns the number of pages left, if the platform reports a total.
    pub(super) fn left(&self) -> u64 {
        self.total.unwrap_or_default().saturating_sub(self.read).div_ceil(self.size())
    }

    /// Takes a page, or returns what is wrong with it.
    pub(super) fn take(&mut self, page: &PageFacts) -> Result<PageStep, PlatformError> {
        let count = page.places;
        if count > 0 && self.is_repeated(page) {
            return self.repeated(page);
        }
        if let (Some(before), Some(now)) = (self.total, page.total)
            && before != now
        {
            return Ok(PageStep::Drifted(format!("the total was {before}, then {now}")));
        }
        self.total = page.total.or(self.total);
        let limit = page.limit.filter(|limit| *limit > 0);
        if self.is_numbered && self.granted.is_some() && limit.is_some() && limit != self.granted {
            return Ok(PageStep::Drifted("the page size changed".to_owned()));
        }
        let known = page.identities.iter().filter(|identity| self.seen.contains(*identity)).count();
        if known > 0 && !self.is_numbered {
            return Ok(PageStep::Drifted(format!("{known} contacts appeared twice")));
        }
        if count == 0 {
            self.granted = self.granted.or(limit);
            return Ok(self.ended());
        }
        if self.taken == 0 {
            self.first_page = page.fingerprint;
        }
        self.seen_pages.insert(page.fingerprint);
        for identity in &page.identities {
            self.alike += u64::from(!self.seen.insert(*identity));
            self.sum = self.sum.wrapping_add(*identity);
        }
        if self.said_more == Some(false) {
            self.note_once("the platform announced the last page, but there were more");
        }
        self.said_more = page.has_more;
        self.granted = limit.or(self.granted).or(Some(count));
        self.read += count;
        self.unreadable += page.unreadable;
        self.taken += 1;
        self.was_repeated = false;
        if self.read > self.max_records {
            return Err(PlatformError::Endless(self.max_records));
        }
        let has_all = self.total.is_none_or(|total| self.read >= total);
        Ok(match page.has_more {
            Some(true) => PageStep::More,
            Some(false) if has_all => PageStep::Last,
            Some(false) => PageStep::More,
            None if self.total.is_some() && has_all => PageStep::Last,
            None => PageStep::More,
        })
    }

    /// Returns whether the page is not the requested one, by its fields or by its records.
    fn is_repeated(&self, page: &PageFacts) -> bool {
        let Position { page: number, skip, .. } = self.position();
        let is_elsewhere = if self.is_numbered {
            page.page.is_some_and(|said| said != number)
        } else {
            page.skip.is_some_and(|said| said != skip)
        };
        let came_before = if self.is_numbered {
            // Records without an id may be equal, but hardly a whole page of them.
            page.places > 1 && self.seen_pages.contains(&page.fingerprint)
        } else {
            !page.identities.is_empty() && page.identities.iter().all(|identity| self.seen.contains(identity))
        };
        is_elsewhere || came_before
    }

    fn repeated(&mut self, page: &PageFacts) -> Result<PageStep, PlatformError> {
        let has_all = self.total.is_some_and(|total| self.read >= total);
        if self.said_more == Some(false) || has_all {
            if has_all {
                self.note_once(NO_MORE);
            } else {
                self.note_shortfall();
            }
            return Ok(PageStep::Over);
        }
        if !self.was_repeated {
            self.was_repeated = true;
            self.notes.push(format!("page {} was not the requested one and was read again", self.taken + 1));
            return Ok(PageStep::Again);
        }
        let parameter = if self.is_numbered { "page" } else { "skip" };
        let is_first = page.fingerprint == self.first_page;
        let is_one_page = self.taken == 1;
        Err(if is_first || is_one_page {
            PlatformError::SkipIgnored(parameter)
        } else {
            PlatformError::PageRepeated { read: self.read }
        })
    }

    /// Handles an empty page. An empty page is the end; if it comes too early, it is requested once more.
    fn ended(&mut self) -> PageStep {
        let is_short = self.total.is_some_and(|total| self.read < total);
        if is_short && self.said_more != Some(false) && !self.was_repeated {
            self.was_repeated = true;
            return PageStep::Again;
        }
        if is_short {
            self.note_shortfall();
        } else if self.said_more == Some(true) && self.total.is_some() {
            self.note_once(NO_MORE);
        }
        PageStep::Last
    }

    fn note_once(&mut self, note: &str) {
        if self.notes.iter().all(|noted| noted != note) {
            self.notes.push(note.to_owned());
        }
    }

    fn note_shortfall(&mut self) {
        let total = self.total.unwrap_or_default();
        self.notes.push(format!("the platform counts {total} contacts but shows {}", self.read));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{hash::identity, platform::bounds::MAX_RECORDS};

    /// Builds a page of the records `ids`, changed by `change`.
    fn page(ids: std::ops::Range<u64>, change: impl FnOnce(&mut PageFacts)) -> PageFacts {
        let identities: Vec<u64> = ids.collect();
        let (fingerprint, places) = (identity(&identities), identities.len() as u64);
        let mut page = PageFacts { places, identities, fingerprint, ..PageFacts::default() };
        change(&mut page);
        page
    }

    fn pages() -> Pages {
        Pages::new(false, 1000, MAX_RECORDS)
    }

    /// Returns the steps after each of these pages; the last may be an error.
    fn steps(mut pages: Pages, taken: &[PageFacts]) -> (Vec<PageStep>, Option<String>, Pages) {
        let mut steps = Vec::new();
        for page in taken {
            match pages.take(page) {
                Ok(step) => steps.push(step),
                Err(error) => return (steps, Some(error.to_string()), pages),
            }
        }
        (steps, None, pages)
    }

    /// Builds a page of two records.
    fn at(skip: u64, total: u64, has_more: bool) -> PageFacts {
        page(skip..(skip + 2).min(total), |page| {
            page.skip = Some(skip);
            page.limit = Some(2);
            page.has_more = Some(has_more);
            page.total = Some(total);
        })
    }

    #[test]
    fn pages_end_when_the_platform_says_so() {
        let (steps, error, pages) = steps(pages(), &[at(0, 3, true), at(2, 3, false)]);
        assert_eq!((steps, error), (vec![PageStep::More, PageStep::Last], None));
        assert_eq!((pages.read, pages.taken, pages.granted, pages.notes.len()), (3, 2, Some(2), 0));
    }

    #[test]
    fn pages_without_facts_end_with_an_empty_page() {
        let plain = |ids| page(ids, |_| ());
        let (steps, ..) = steps(pages(), &[plain(0..2), plain(2..4), plain(0..0)]);
        assert_eq!(steps, [PageStep::More, PageStep::More, PageStep::Last]);
    }

    #[test]
    fn next_page_begins_where_this_one_ends_and_has_the_granted_size() {
        let mut list = pages();
        assert_eq!(list.position(), Position { page: 1, skip: 0, limit: 1000 });
        list.take(&at(0, 9, true)).unwrap();
        assert_eq!((list.position(), list.left()), (Position { page: 2, skip: 2, limit: 2 }, 4));
    }

    #[test]
    fn endless_pages_are_an_error() {
        let endless = Pages { max_records: 4, ..pages() };
        let more = |ids| page(ids, |page| page.has_more = Some(true));
        let (steps, error, _) = steps(endless, &[more(0..2), more(2..4), more(4..6)]);
        assert_eq!(steps, [PageStep::More, PageStep::More]);
        assert_eq!(
            error.as_deref(),
            Some("the platform listed more than 4 contacts without reaching an end")
        );
    }

    #[test]
    fn ignored_skip_differs_from_a_repeated_page() {
        let ignored = "the platform repeats the same contacts instead of the next page (it ignores `skip`)";
        // The page reports its real offset, the requested one, or none.
        for said in [Some(0), Some(2), None] {
            let first = |_: u64| {
                page(0..2, |page| {
                    page.skip = said.filter(|said| *said == 0);
                    page.has_more = Some(true);
                })
            };
            let (steps, error, _) = steps(pages(), &[first(0), first(1), first(2)]);
            assert_eq!(
                (steps, error.as_deref()),
                (vec![PageStep::More, PageStep::Again], Some(ignored)),
                "{said:?}"
            );
        }
        // A single repetition is tolerated.
        let (went_on, error, pages_read) =
            steps(pages(), &[at(0, 6, true), at(2, 6, true), at(2, 6, true), at(4, 6, false)]);
        assert_eq!(
            (went_on, error),
            (vec![PageStep::More, PageStep::More, PageStep::Again, PageStep::Last], None)
        );
        assert_eq!(pages_read.notes, ["page 3 was not the requested one and was read again"]);
        let (_, error, _) = steps(pages(), &[at(0, 6, true), at(2, 6, true), at(2, 6, true), at(2, 6, true)]);
        assert!(error.unwrap().contains("repeated an earlier page instead of the one after contact 4"));
    }

    #[test]
    fn changes_while_reading_are_detected() {
        let drifted =
            |taken: &[PageFacts]| matches!(steps(pages(), taken).0.pop(), Some(PageStep::Drifted(_)));
        assert!(drifted(&[at(0, 9, true), at(2, 10, true)]), "another total");
        let shifted = page(1..3, |page| page.skip = Some(2));
        assert!(drifted(&[at(0, 9, true), shifted]), "a record that came twice");
    }

    #[test]
    fn wrong_has_more_is_not_trusted() {
        // No more announced, but fewer shown than counted: one more request, then the answer counts.
        let (went_on, _, more) = steps(pages(), &[at(0, 4, false), at(2, 4, false)]);
        assert_eq!(went_on, [PageStep::More, PageStep::Last]);
        assert_eq!(more.notes, ["the platform announced the last page, but there were more"]);
        let empty = |skip| page(0..0, |page| (page.skip, page.total) = (Some(skip), Some(4)));
        let (ended, _, short) = steps(pages(), &[at(0, 4, false), empty(2)]);
        assert_eq!(ended, [PageStep::More, PageStep::Last]);
        assert_eq!(short.notes, ["the platform counts 4 contacts but shows 2"]);
        let (ended, ..) = steps(pages(), &[at(0, 4, false), at(0, 4, false)]);
        assert_eq!(ended, [PageStep::More, PageStep::Over]);
        // More announced, but there are none: an empty page, or the last page again.
        let (ended, _, over) = steps(pages(), &[at(0, 4, true), at(2, 4, true), empty(4)]);
        assert_eq!(ended, [PageStep::More, PageStep::More, PageStep::Last]);
        assert_eq!(over.notes, ["the platform announced another page, but there was none"]);
        let (ended, _, over) = steps(pages(), &[at(0, 4, true), at(2, 4, true), at(2, 4, true)]);
        assert_eq!(ended, [PageStep::More, PageStep::More, PageStep::Over]);
        assert_eq!(over.notes, ["the platform announced another page, but there was none"]);
        // An early empty page is requested once more.
        let early = || page(0..0, |page| (page.has_more, page.total) = (Some(true), Some(4)));
        let (ended, _, short) = steps(pages(), &[at(0, 4, true), early(), early()]);
        assert_eq!(ended, [PageStep::More, PageStep::Again, PageStep::Last]);
        assert_eq!(short.notes, ["the platform counts 4 contacts but shows 2"]);
        let (ended, ..) = steps(pages(), &[at(0, 4, true), early(), at(2, 4, false)]);
        assert_eq!(ended, [PageStep::More, PageStep::Again, PageStep::Last]);
    }

    #[test]
    fn numbered_pages_may_contain_equal_records() {
        let numbered = |number, ids: &[u64]| PageFacts {
            page: Some(number),
            limit: Some(2),
            total: Some(5),
            places: ids.len() as u64,
            identities: ids.to_vec(),
            fingerprint: identity(&ids),
            ..PageFacts::default()
        };
        let campaign = || Pages::new(true, 100, MAX_RECORDS);
        let (went_on, error, _) =
            steps(campaign(), &[numbered(1, &[7, 7]), numbered(2, &[7, 8]), numbered(3, &[7])]);
        assert_eq!((went_on, error), (vec![PageStep::More, PageStep::More, PageStep::Last], None));
        let first = || numbered(1, &[7, 8]);
        let (went_on, error, _) = steps(campaign(), &[first(), first(), first()]);
        assert_eq!(went_on, [PageStep::More, PageStep::Again]);
        assert!(error.unwrap().contains("ignores `page`"));
        let smaller = PageFacts { limit: Some(1), ..numbered(2, &[9]) };
        assert!(matches!(
            steps(campaign(), &[first(), smaller]).0[..],
            [PageStep::More, PageStep::Drifted(_)]
        ));
    }
}
