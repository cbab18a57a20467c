//! Pages to their end: where the next one begins, and whether what came can be trusted.
//!
//! How the pages are asked for is not documented, so only what the answers say is believed, and not all of it at once: a page
//! that came before is asked for again, and where a total stays unreached the platform is asked once more.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher as _},
};

use super::{PlatformError, collection::Position};

/// More records than any collection has: a platform that shows more never ends.
pub(super) const MAX_RECORDS: u64 = 5_000_000;

const NO_MORE: &str = "the platform said that there is more, and there was not";

/// What a page says, beside its records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PageFacts {
    pub(super) skip: Option<u64>,
    pub(super) page: Option<u64>,
    pub(super) limit: Option<u64>,
    pub(super) has_more: Option<bool>,
    pub(super) total: Option<u64>,
    /// Records, and what stands in the place of one; no more than the page has room for.
    pub(super) places: u64,
    /// How many of them are no contacts.
    pub(super) unreadable: u64,
    /// It shows nobody, in a place that is not the documented one.
    pub(super) is_doubtfully_empty: bool,
    /// What tells each record from the others, where something does: its id; of a contact of a campaign, which has none, its
    /// number.
    pub(super) identities: Vec<u64>,
    /// What tells the page from the others.
    pub(super) fingerprint: u64,
}

/// What a page says about going on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PageStep {
    /// Its records count, and there are more.
    More,
    /// Its records count, and are the last.
    Last,
    /// Its records came before, and there are no others.
    Over,
    /// It is asked for again; its records do not count.
    Again,
    /// The collection has changed: nothing that was read counts.
    Drifted(String),
}

/// How far the pages have been read.
#[derive(Debug)]
pub(super) struct Pages {
    /// Whether they are asked for by number; their records have no id then, and may be there twice.
    is_numbered: bool,
    /// Records asked for at once, until the platform has said how many it grants.
    asked: u64,
    pub(super) granted: Option<u64>,
    pub(super) read: u64,
    pub(super) taken: u64,
    pub(super) total: Option<u64>,
    /// Records that are no contacts.
    pub(super) unreadable: u64,
    seen: HashSet<u64>,
    seen_pages: HashSet<u64>,
    first_page: u64,
    /// Records that are alike, where they may be.
    pub(super) alike: u64,
    /// The same for the same records in whatever order.
    pub(super) sum: u64,
    /// The page at this place was asked for again.
    was_repeated: bool,
    /// Whether the page before said that there is more. Where it said no, the platform counts more than it showed.
    said_more: Option<bool>,
    max_records: u64,
    /// What was odd, and was got over.
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

    /// What is to be asked for next.
    pub(super) fn position(&self) -> Position {
        Position { page: self.taken + 1, skip: self.read, limit: self.size() }
    }

    /// How many records are asked for at once.
    pub(super) fn asked(&self) -> u64 {
        self.asked
    }

    /// Asks for so many records at once, where more were refused.
    pub(super) fn ask_for(&mut self, size: u64) {
        self.asked = size;
    }

    fn size(&self) -> u64 {
        self.granted.unwrap_or(self.asked).max(1)
    }

    /// Pages still to be asked for, as far as the platform says how many records there are.
    pub(super) fn left(&self) -> u64 {
        self.total.unwrap_or_default().saturating_sub(self.read).div_ceil(self.size())
    }

    /// Takes a page, or says what is wrong with it.
    pub(super) fn take(&mut self, page: &PageFacts) -> Result<PageStep, PlatformError> {
        let count = page.places;
        if count > 0 && self.is_repeated(page) {
            return self.repeated(page);
        }
        if let (Some(before), Some(now)) = (self.total, page.total)
            && before != now
        {
            return Ok(PageStep::Drifted(format!("there were {before}, then {now}")));
        }
        self.total = page.total.or(self.total);
        let limit = page.limit.filter(|limit| *limit > 0);
        if self.is_numbered && self.granted.is_some() && limit.is_some() && limit != self.granted {
            return Ok(PageStep::Drifted("the size of its pages changed".to_owned()));
        }
        let known = page.identities.iter().filter(|identity| self.seen.contains(*identity)).count();
        if known > 0 && !self.is_numbered {
            return Ok(PageStep::Drifted(format!("{known} of them appeared twice")));
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
            self.note_once("the platform said that there is no more, and there was");
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

    /// Whether it is another page than was asked for, by what it says or by what it holds.
    fn is_repeated(&self, page: &PageFacts) -> bool {
        let Position { page: number, skip, .. } = self.position();
        let is_elsewhere = if self.is_numbered {
            page.page.is_some_and(|said| said != number)
        } else {
            page.skip.is_some_and(|said| said != skip)
        };
        let came_before = if self.is_numbered {
            // Records without an id may be alike, but hardly a whole page of them.
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
            self.notes.push(format!("page {} came in place of another and was read again", self.taken + 1));
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

    /// An empty page is the end; one that comes too early is asked for once more.
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
        self.notes.push(format!("the platform counts {total} and shows {}", self.read));
    }
}

/// What tells a value from others.
pub(super) fn identity(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page of records `ids`, which says what `change` has it say.
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

    /// Where the reading stands after each of these pages; the last may be an error.
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

    /// Two records a page.
    fn at(skip: u64, total: u64, has_more: bool) -> PageFacts {
        page(skip..(skip + 2).min(total), |page| {
            page.skip = Some(skip);
            page.limit = Some(2);
            page.has_more = Some(has_more);
            page.total = Some(total);
        })
    }

    #[test]
    fn pages_end_where_the_platform_says_so() {
        let (steps, error, pages) = steps(pages(), &[at(0, 3, true), at(2, 3, false)]);
        assert_eq!((steps, error), (vec![PageStep::More, PageStep::Last], None));
        assert_eq!((pages.read, pages.taken, pages.granted, pages.notes.len()), (3, 2, Some(2), 0));
    }

    #[test]
    fn pages_that_say_nothing_end_with_an_empty_one() {
        let plain = |ids| page(ids, |_| ());
        let (steps, ..) = steps(pages(), &[plain(0..2), plain(2..4), plain(0..0)]);
        assert_eq!(steps, [PageStep::More, PageStep::More, PageStep::Last]);
    }

    #[test]
    fn the_next_page_is_asked_for_where_this_one_ends_and_in_the_size_that_is_granted() {
        let mut list = pages();
        assert_eq!(list.position(), Position { page: 1, skip: 0, limit: 1000 });
        list.take(&at(0, 9, true)).unwrap();
        assert_eq!((list.position(), list.left()), (Position { page: 2, skip: 2, limit: 2 }, 4));
    }

    #[test]
    fn pages_that_never_end_are_given_up() {
        let endless = Pages { max_records: 4, ..pages() };
        let more = |ids| page(ids, |page| page.has_more = Some(true));
        let (steps, error, _) = steps(endless, &[more(0..2), more(2..4), more(4..6)]);
        assert_eq!(steps, [PageStep::More, PageStep::More]);
        assert_eq!(error.as_deref(), Some("the platform showed more than 4 contacts, and no end of them"));
    }

    #[test]
    fn an_ignored_skip_is_told_from_a_page_that_came_twice() {
        let ignored =
            "the platform shows the same contacts again instead of the next page (it ignores `skip`)";
        // It says what it shows, or that it shows what was asked for, or nothing.
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
        // Once is an accident.
        let (went_on, error, pages_read) =
            steps(pages(), &[at(0, 6, true), at(2, 6, true), at(2, 6, true), at(4, 6, false)]);
        assert_eq!(
            (went_on, error),
            (vec![PageStep::More, PageStep::More, PageStep::Again, PageStep::Last], None)
        );
        assert_eq!(pages_read.notes, ["page 3 came in place of another and was read again"]);
        let (_, error, _) = steps(pages(), &[at(0, 6, true), at(2, 6, true), at(2, 6, true), at(2, 6, true)]);
        assert!(error.unwrap().contains("came before, in place of the one behind 4 contacts"));
    }

    #[test]
    fn changes_while_reading_are_noticed() {
        let drifted =
            |taken: &[PageFacts]| matches!(steps(pages(), taken).0.pop(), Some(PageStep::Drifted(_)));
        assert!(drifted(&[at(0, 9, true), at(2, 10, true)]), "another total");
        let shifted = page(1..3, |page| page.skip = Some(2));
        assert!(drifted(&[at(0, 9, true), shifted]), "a record that came twice");
    }

    #[test]
    fn a_wrong_has_more_is_not_trusted() {
        // No more, and yet more than was shown: it is asked once more, and then believed.
        let (went_on, _, more) = steps(pages(), &[at(0, 4, false), at(2, 4, false)]);
        assert_eq!(went_on, [PageStep::More, PageStep::Last]);
        assert_eq!(more.notes, ["the platform said that there is no more, and there was"]);
        let empty = |skip| page(0..0, |page| (page.skip, page.total) = (Some(skip), Some(4)));
        let (ended, _, short) = steps(pages(), &[at(0, 4, false), empty(2)]);
        assert_eq!(ended, [PageStep::More, PageStep::Last]);
        assert_eq!(short.notes, ["the platform counts 4 and shows 2"]);
        let (ended, ..) = steps(pages(), &[at(0, 4, false), at(0, 4, false)]);
        assert_eq!(ended, [PageStep::More, PageStep::Over]);
        // More, and there is not: an empty page, or the last one again.
        let (ended, _, over) = steps(pages(), &[at(0, 4, true), at(2, 4, true), empty(4)]);
        assert_eq!(ended, [PageStep::More, PageStep::More, PageStep::Last]);
        assert_eq!(over.notes, ["the platform said that there is more, and there was not"]);
        let (ended, _, over) = steps(pages(), &[at(0, 4, true), at(2, 4, true), at(2, 4, true)]);
        assert_eq!(ended, [PageStep::More, PageStep::More, PageStep::Over]);
        assert_eq!(over.notes, ["the platform said that there is more, and there was not"]);
        // An empty page too early is asked for once more.
        let early = || page(0..0, |page| (page.has_more, page.total) = (Some(true), Some(4)));
        let (ended, _, short) = steps(pages(), &[at(0, 4, true), early(), early()]);
        assert_eq!(ended, [PageStep::More, PageStep::Again, PageStep::Last]);
        assert_eq!(short.notes, ["the platform counts 4 and shows 2"]);
        let (ended, ..) = steps(pages(), &[at(0, 4, true), early(), at(2, 4, false)]);
        assert_eq!(ended, [PageStep::More, PageStep::Again, PageStep::Last]);
    }

    #[test]
    fn numbered_pages_may_hold_records_that_are_alike() {
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
