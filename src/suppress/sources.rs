//! Reads the suppressed numbers from files, contact lists and campaigns before anything is posted.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

use super::{
    SuppressError, SuppressionFile, SuppressionSet, SuppressionSource, UnreadEntries, UnreadSuppressions,
};
use crate::{
    contact::{E164, Region},
    interrupt::Interrupt,
    normalize::{Aliases, phone::is_known},
    outcome::Code,
    parse::ReadError,
    platform::{Api, Client, ClientError, Collection, Record, RecordSink},
    progress::Progress,
};

/// The note for a suppression file with a header but no rows.
const NO_ENTRIES: &str =
    "it has a header but no entries, so it suppresses nobody. If it should contain numbers, export it again";

/// The note for an empty contact list or campaign.
const NO_CONTACTS: &str = "it has no contacts, so it suppresses nobody. If it should have some, check the id";

/// The contacts of a campaign to suppress.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CampaignFilter {
    /// All contacts.
    #[default]
    Any,
    /// Contacts that were called.
    Attempted,
    /// Contacts whose call was completed.
    Completed,
}

impl CampaignFilter {
    fn takes(self, record: &Record<'_>) -> bool {
        match self {
            Self::Any => true,
            // A contact without call data counts as called.
            Self::Attempted => {
                record.attempts().is_none_or(|attempts| attempts > 0)
                    || !record.dialer_outcome().trim().is_empty()
            }
            Self::Completed => record.dialer_outcome().trim().eq_ignore_ascii_case("completed"),
        }
    }
}

/// The user's suppression settings.
#[derive(Clone, Debug, Default)]
pub struct SuppressSettings {
    /// Suppression files.
    pub files: Vec<PathBuf>,
    /// The region of the files' national numbers.
    pub region: Option<Region>,
    /// The meanings of the files' country values.
    pub aliases: Aliases,
    /// The region and aliases of the user's own settings, if the current folder has others. Each file is read with both,
    /// so that a folder's settings cannot keep a number from being suppressed.
    pub own_reading: Option<(Option<Region>, Aliases)>,
    /// Contact lists on the platform.
    pub lists: Vec<String>,
    /// Campaigns on the platform.
    pub campaigns: Vec<String>,
    /// The maximum of unreadable entries in all of these.
    pub allowed_unread: u64,
    /// The contacts of the campaigns to suppress.
    pub filter: CampaignFilter,
    /// The API version for lists and campaigns.
    pub api: Api,
}

impl SuppressSettings {
    /// Returns the lists and campaigns, in reading order.
    pub fn collections(&self) -> impl Iterator<Item = Collection> {
        let api = self.api;
        let lists = self.lists.iter().map(move |id| Collection::List { id: id.clone(), api });
        lists.chain(self.campaigns.iter().map(move |id| Collection::Campaign { id: id.clone(), api }))
    }
}

/// A file, contact list or campaign whose numbers are suppressed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are those of the documented schema")]
pub struct SuppressionReport {
    pub code: &'static str,
    pub name: String,
    /// Distinct numbers that the source suppresses, whether or not the list has them.
    pub numbers: u64,
    /// Whether it has no entries.
    pub empty: bool,
    pub notes: Vec<String>,
}

/// The suppressed numbers, with notes about their sources.
#[derive(Debug, Default)]
pub(crate) struct Suppressions {
    pub(crate) set: SuppressionSet,
    pub(crate) reports: Vec<SuppressionReport>,
    /// The unreadable entries of each file.
    unread: Vec<(String, UnreadEntries)>,
}

impl Suppressions {
    /// Reads the files and collects notes about them.
    pub(crate) fn of_files(
        settings: &SuppressSettings,
        progress: &dyn Progress,
        interrupt: &Interrupt,
    ) -> Result<Self, ReadError> {
        let mut suppressions = Self::default();
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
            let mut sheets = read.sheets;
            if let Some((region, aliases)) = &settings.own_reading {
                match SuppressionFile::read(path, *region, aliases, Timestamp::now(), interrupt) {
                    Ok(own) => sheets.extend(own.sheets),
                    Err(interrupted @ ReadError::Interrupted(_)) => return Err(interrupted),
                    // The first reading has reported it, if it concerns both.
                    Err(ReadError::Parse(_)) => {}
                }
            }
            let numbers = sheets.iter().flat_map(|part| part.numbers.iter().map(|(number, _)| *number));
            let numbers = distinct(numbers.collect());
            let (code, name) = (Code::InFile.name(), read.path.clone());
            suppressions.reports.push(SuppressionReport { code, name, numbers, empty: is_empty, notes });
            suppressions.unread.push((read.path.clone(), read.unread_entries));
            for part in sheets {
                let sheet = part.sheet.map(|sheet| sheet.to_string());
                suppressions.set.begin(SuppressionSource::File { path: read.path.clone(), sheet });
                for (number, row) in part.numbers {
                    suppressions.set.add(number, Some(row));
                }
                for (mask, row) in part.masks {
                    suppressions.set.add_mask(mask, Some(row));
                }
            }
        }
        Ok(suppressions)
    }

    /// Subtracts the files' unreadable entries from `allowed`.
    pub(crate) fn take_from(&self, allowed: &mut u64) -> Result<(), UnreadSuppressions> {
        self.unread.iter().try_for_each(|(name, unread)| unread.take_from(allowed, name))
    }

    /// Reads the contact lists and campaigns.
    pub(crate) async fn ask(
        &mut self,
        settings: &SuppressSettings,
        client: &mut Client<'_>,
    ) -> Result<(), SuppressError> {
        let mut allowed = settings.allowed_unread;
        self.take_from(&mut allowed)?;
        for collection in settings.collections() {
            let (source, filter) = match &collection {
                Collection::Campaign { id, .. } => (SuppressionSource::Campaign(id.clone()), settings.filter),
                Collection::List { id, .. } => (SuppressionSource::List(id.clone()), CampaignFilter::Any),
                Collection::Contacts => continue,
            };
            let (code, name) = (source.code().name(), source.name().to_owned());
            // If the read fails, the report still names the source.
            self.reports.push(SuppressionReport { code, name, numbers: 0, empty: false, notes: Vec::new() });
            self.set.begin(source);
            let name = collection.to_string();
            let mut sink = Sink { suppressions: self, filter, seen: Seen::default() };
            let readout = client.read(&collection, None, &mut sink).await?;
            let Seen { contacts, numbers, unreadable, unassigned, unread } = sink.seen;
            // Contacts that are not shown would be called.
            if let Some(counted) = readout.total.filter(|total| *total > readout.records) {
                return Err(SuppressError::NotAllShown { what: name, counted, shown: readout.records });
            }
            // The region may apply only to the new contacts.
            if unassigned * 2 > contacts && unread.masked() == 0 {
                let (contacts, region) = (unassigned, settings.region);
                return Err(SuppressError::NoCountry { what: name, contacts, region });
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
                notes
                    .push(format!("contacts without a readable number, which suppress nobody: {unreadable}"));
            }
            if unassigned > 0 {
                let what = "contacts without a valid international number";
                notes.push(match settings.region {
                    None => {
                        format!("{what}: {unassigned}. If the country code is missing, set it with --region")
                    }
                    Some(region) => {
                        format!("{what}, even read as {region}, which may suppress nobody: {unassigned}")
                    }
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

/// Returns how many distinct numbers there are.
fn distinct(mut numbers: Vec<E164>) -> u64 {
    numbers.sort_unstable();
    numbers.dedup();
    numbers.len() as u64
}

/// Adds the numbers of a collection as they are read.
struct Sink<'a> {
    suppressions: &'a mut Suppressions,
    filter: CampaignFilter,
    seen: Seen,
}

/// Counts of contacts, and of those that may not be suppressed although they should.
#[derive(Default)]
struct Seen {
    contacts: u64,
    numbers: Vec<E164>,
    unreadable: u64,
    unassigned: u64,
    unread: UnreadEntries,
}

impl RecordSink for Sink<'_> {
    type Error = ClientError;

    fn record(&mut self, record: &Record<'_>) -> Result<(), ClientError> {
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
            // If the number has several readings, all of them are suppressed.
            contact.masks.into_iter().for_each(|mask| self.suppressions.set.add_mask(mask, None));
            for number in contact.numbers {
                self.suppressions.set.add(number, None);
                self.seen.numbers.push(number);
            }
        }
        Ok(())
    }

    fn restart(&mut self) -> Result<(), ClientError> {
        self.seen = Seen::default();
        self.suppressions.set.restart();
        Ok(())
    }
}
