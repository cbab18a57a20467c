//! Who is left out on purpose: read from files, contact lists and campaigns before anything is posted.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

use super::{SuppressionFile, SuppressionSet, SuppressionSource, UnreadEntries, UnreadSuppressions};
use crate::{
    contact::{E164, Region},
    interrupt::Interrupt,
    normalize::{Aliases, phone::is_known},
    outcome::Code,
    parse::ReadError,
    platform::{Api, Client, Collection, PlatformError, Record, RecordSink},
    progress::Progress,
};

/// What is to be known of a suppression file with a header and no rows.
const NO_ENTRIES: &str =
    "it has a header but no entries, so it suppresses nobody. If it should hold numbers, export it again";

/// The same of a contact list or campaign.
const NO_CONTACTS: &str =
    "it holds no contacts, so it suppresses nobody. If it should hold some, check the id";

/// Which contacts of a campaign are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CampaignFilter {
    /// All of them.
    #[default]
    Any,
    /// Those that were called.
    Attempted,
    /// Those whose call was completed.
    Completed,
}

impl CampaignFilter {
    fn takes(self, record: &Record<'_>) -> bool {
        match self {
            Self::Any => true,
            // Whoever is not known not to have been called counts as called.
            Self::Attempted => {
                record.attempts().is_none_or(|attempts| attempts > 0)
                    || !record.dialer_outcome().trim().is_empty()
            }
            Self::Completed => record.dialer_outcome().trim().eq_ignore_ascii_case("completed"),
        }
    }
}

/// What the user decided about whom to leave out.
#[derive(Clone, Debug, Default)]
pub struct SuppressSettings {
    /// Files of numbers.
    pub files: Vec<PathBuf>,
    /// The region of the files' national numbers.
    pub region: Option<Region>,
    /// What values of the files' countries mean.
    pub aliases: Aliases,
    /// Contact lists of the platform.
    pub lists: Vec<String>,
    /// Campaigns of the platform.
    pub campaigns: Vec<String>,
    /// How many entries of all these there may be whose number cannot be read.
    pub allowed_unread: u64,
    /// Which contacts of the campaigns.
    pub filter: CampaignFilter,
    /// How lists and campaigns are asked for.
    pub api: Api,
}

impl SuppressSettings {
    /// The lists and campaigns, in the order in which they are read.
    pub fn collections(&self) -> impl Iterator<Item = Collection> {
        let api = self.api;
        let lists = self.lists.iter().map(move |id| Collection::List { id: id.clone(), api });
        lists.chain(self.campaigns.iter().map(move |id| Collection::Campaign { id: id.clone(), api }))
    }
}

/// A file, contact list or campaign whose numbers were left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are those of the documented schema")]
pub struct SuppressionReport {
    pub code: &'static str,
    pub name: String,
    /// Different numbers that the source suppresses, whether or not the list has them.
    pub numbers: u64,
    /// Whether it has no entries at all.
    pub empty: bool,
    pub notes: Vec<String>,
}

/// Who is left out, and what is to be said of where that was learned.
#[derive(Debug, Default)]
pub(crate) struct Suppressions {
    pub(crate) suppression_set: SuppressionSet,
    pub(crate) reports: Vec<SuppressionReport>,
    /// What cannot be read of each file.
    unread: Vec<(String, UnreadEntries)>,
}

impl Suppressions {
    /// Reads the files, and says what is to be known of them.
    pub(crate) fn of_files(
        settings: &SuppressSettings,
        progress: &dyn Progress,
        interrupt: &Interrupt,
    ) -> Result<Self, ReadError> {
        let mut exclusion = Self::default();
        for path in &settings.files {
            let read =
                SuppressionFile::read(path, settings.region, &settings.aliases, Timestamp::now(), interrupt)?;
            let mut notes = read.notes();
            for note in &notes {
                progress.note(&format!("{}: {note}", read.path));
            }
            let is_empty = read.is_empty();
            if is_empty {
                progress.warn(&format!("{}: {NO_ENTRIES}", read.path));
                notes.push(NO_ENTRIES.to_owned());
            }
            let numbers = read.sheets.iter().flat_map(|part| part.numbers.iter().map(|(number, _)| *number));
            let numbers = distinct(numbers.collect());
            let (code, name) = (Code::InFile.name(), read.path.clone());
            exclusion.reports.push(SuppressionReport { code, name, numbers, empty: is_empty, notes });
            exclusion.unread.push((read.path.clone(), read.unread_entries));
            for part in read.sheets {
                let sheet = part.sheet.map(|sheet| sheet.to_string());
                exclusion.suppression_set.begin(SuppressionSource::File { path: read.path.clone(), sheet });
                for (number, row) in part.numbers {
                    exclusion.suppression_set.add(number, Some(row));
                }
                for (mask, row) in part.masks {
                    exclusion.suppression_set.add_mask(mask, Some(row));
                }
            }
        }
        Ok(exclusion)
    }

    /// Takes what cannot be read of the files from what is `allowed`.
    pub(crate) fn take_from(&self, allowed: &mut u64) -> Result<(), UnreadSuppressions> {
        self.unread.iter().try_for_each(|(name, unread)| unread.take_from(allowed, name))
    }

    /// Reads the contact lists and campaigns.
    pub(crate) async fn ask(
        &mut self,
        settings: &SuppressSettings,
        client: &mut Client<'_>,
    ) -> Result<(), PlatformError> {
        let mut allowed = settings.allowed_unread;
        self.take_from(&mut allowed)?;
        for collection in settings.collections() {
            let (source, filter) = match &collection {
                Collection::Campaign { id, .. } => (SuppressionSource::Campaign(id.clone()), settings.filter),
                Collection::List { id, .. } => (SuppressionSource::List(id.clone()), CampaignFilter::Any),
                Collection::Contacts => continue,
            };
            let (code, name) = (source.code().name(), source.name().to_owned());
            // Also where the reading fails, the report says whom it was to leave out.
            self.reports.push(SuppressionReport { code, name, numbers: 0, empty: false, notes: Vec::new() });
            self.suppression_set.begin(source);
            let name = collection.to_string();
            let mut sink = Sink { exclusion: self, filter, seen: Seen::default() };
            let readout = client.read(&collection, None, &mut sink).await?;
            let Seen { contacts, numbers, unreadable, unassigned, unread } = sink.seen;
            // Whoever is not shown would be called.
            if let Some(counted) = readout.total.filter(|total| *total > readout.records) {
                return Err(PlatformError::NotAllShown { what: name, counted, shown: readout.records });
            }
            // The region may be that of the new contacts only.
            if unassigned * 2 > contacts && unread.masked() == 0 {
                let (contacts, region) = (unassigned, settings.region);
                return Err(PlatformError::NoCountry { what: name, contacts, region });
            }
            unread.take_from(&mut allowed, &format!("the {name}"))?;
            let mut notes = readout.notes;
            if unread.masked() > 0 {
                notes.push(format!(
                    "contacts with masked numbers: {}. One that is masked only in its middle suppresses every number that matches \
                     it; the others suppress nobody",
                    unread.masked()
                ));
            }
            let unreadable = unreadable - unread.masked();
            if unreadable > 0 {
                notes.push(format!(
                    "contacts without a number that can be read, who leave nobody out: {unreadable}"
                ));
            }
            if unassigned > 0 {
                let what = "contacts whose number no country has assigned as it stands";
                notes.push(match settings.region {
                    None => format!(
                        "{what}: {unassigned}. If it lacks the code of its country, name that with --region"
                    ),
                    Some(region) => format!(
                        "{what}, nor {region} without its code, so that they may leave nobody out: {unassigned}"
                    ),
                });
            }
            for note in &notes {
                client.progress().note(&format!("{name}: {note}"));
            }
            let is_empty = readout.records == 0;
            if is_empty {
                client.progress().warn(&format!("{name}: {NO_CONTACTS}"));
                notes.push(NO_CONTACTS.to_owned());
            }
            if let Some(report) = self.reports.last_mut() {
                (report.numbers, report.empty, report.notes) = (distinct(numbers), is_empty, notes);
            }
        }
        Ok(())
    }
}

/// How many different numbers there are.
fn distinct(mut numbers: Vec<E164>) -> u64 {
    numbers.sort_unstable();
    numbers.dedup();
    numbers.len() as u64
}

/// Adds the numbers of a collection as they are read.
struct Sink<'a> {
    exclusion: &'a mut Suppressions,
    filter: CampaignFilter,
    seen: Seen,
}

/// Contacts, and those of them who may not be left out although they should.
#[derive(Default)]
struct Seen {
    contacts: u64,
    numbers: Vec<E164>,
    unreadable: u64,
    unassigned: u64,
    unread: UnreadEntries,
}

impl RecordSink for Sink<'_> {
    fn record(&mut self, record: &Record<'_>) -> Result<(), PlatformError> {
        if self.filter.takes(record) {
            let contact = record.stored();
            let numbers = &contact.numbers;
            self.seen.contacts += 1;
            self.seen.unreadable += u64::from(numbers.is_empty());
            let is_unassigned = !numbers.is_empty() && !numbers.iter().any(|number| is_known(*number));
            self.seen.unassigned += u64::from(is_unassigned);
            if is_unassigned || numbers.is_empty() {
                self.seen.unread.add(!contact.masks.is_empty(), || match record.written_number() {
                    "" => "a contact without a number".to_owned(),
                    written => format!("`{written}`"),
                });
            }
            // What may be one of several numbers leaves out all of them.
            contact.masks.into_iter().for_each(|mask| self.exclusion.suppression_set.add_mask(mask, None));
            for number in contact.numbers {
                self.exclusion.suppression_set.add(number, None);
                self.seen.numbers.push(number);
            }
        }
        Ok(())
    }

    fn restart(&mut self) -> Result<(), PlatformError> {
        self.seen = Seen::default();
        self.exclusion.suppression_set.restart();
        Ok(())
    }
}
