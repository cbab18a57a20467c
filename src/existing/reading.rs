//! Reads the existing contacts: keeps those that the run asks about, and saves all of them for the next run.

use std::{cmp::Ordering, collections::HashSet, ops::ControlFlow};

use super::{Collector, ExistingContacts};
use crate::{
    contact::{E164, StoredContact},
    journal::{JournalError, Snapshot, SnapshotWriter, Snapshots},
    platform::{Client, ClientError, PageInfo, Readout, Record, RecordSink},
};

/// Collects existing contacts while they are read.
///
/// If a snapshot may still be valid, the first page decides: if the platform's count matches and the contacts of the
/// page are known, the snapshot replaces the other pages.
pub struct ExistingSink<'a> {
    collector: Collector,
    is_asked: &'a (dyn Fn(E164) -> bool + Sync),
    snapshots: &'a Snapshots,
    how: &'static str,
    candidate: Option<Snapshot>,
    /// The contacts of the first page, until the snapshot is accepted or rejected.
    first_page: Vec<StoredContact>,
    writer: Option<SnapshotWriter>,
    used: Option<(Snapshot, ExistingContacts)>,
}

impl<'a> ExistingSink<'a> {
    /// Creates a sink that keeps the numbers accepted by `is_asked`; `how` is the command that reads.
    pub fn new(
        is_asked: &'a (dyn Fn(E164) -> bool + Sync),
        snapshots: &'a Snapshots,
        how: &'static str,
        candidate: Option<Snapshot>,
    ) -> Self {
        Self {
            collector: Collector::default(),
            is_asked,
            snapshots,
            how,
            candidate,
            first_page: Vec::new(),
            writer: None,
            used: None,
        }
    }

    /// Returns the existing contacts and the snapshot that they came from, if any.
    ///
    /// # Errors
    ///
    /// Returns an error if the contacts cannot be saved for the next run.
    pub fn finish(self, readout: &Readout) -> Result<(ExistingContacts, Option<Snapshot>), JournalError> {
        if let Some((snapshot, existing)) = self.used {
            return Ok((existing, Some(snapshot)));
        }
        // An empty account is saved too: contacts created from now on are added to it.
        let writer = self.writer.map_or_else(|| self.snapshots.begin(self.how), Ok)?;
        // An incomplete read is not used the next time.
        let total = readout.total.filter(|total| *total == readout.records);
        writer.finish(total, readout.page_size)?;
        Ok((self.collector.finish(), None))
    }

    /// Returns the contacts of a snapshot if it contains the first page. A snapshot that another program removed is
    /// empty.
    fn replay(&self, candidate: &Snapshot) -> Result<Option<ExistingContacts>, JournalError> {
        let mut collector = Collector::default();
        self.snapshots.read(candidate, |contact| collector.add(&contact, self.is_asked))?;
        let existing = collector.finish();
        let has_page = self.first_page.iter().all(|contact| existing.has_seen(contact));
        Ok((has_page && existing.contacts() > 0).then_some(existing))
    }
}

/// Resolves unacknowledged contacts without a full read: if the count is unchanged, none was stored; if exactly our
/// contacts follow the known ones, they were. `None` if undecidable. Contacts that are found are added to the
/// snapshot.
///
/// # Errors
///
/// Returns an error if the platform cannot be used or the found contacts cannot be saved.
pub(crate) async fn look_behind(
    client: &mut Client<'_>,
    snapshots: &Snapshots,
    sent: &HashSet<E164>,
) -> Result<Option<ExistingContacts>, ClientError> {
    let Some(latest) = snapshots.latest()? else { return Ok(None) };
    // A small account fits on one page anyway.
    let Some(known) = latest.expected.filter(|known| *known > latest.page_size.max(1)) else {
        return Ok(None);
    };
    // Start at the last known contact: if it differs, contacts were deleted and others added.
    let mut shown: Vec<StoredContact> = Vec::new();
    loop {
        let place = known - 1 + shown.len() as u64;
        let Some((page, total)) = client.look_behind(place, latest.page_size.max(1)).await? else {
            return Ok(None);
        };
        let is_end = page.is_empty();
        shown.extend(page);
        // More than were sent: others added some. Fewer than before: some were deleted.
        let added = total.checked_sub(known).filter(|added| *added <= sent.len() as u64);
        match added.map(|added| (added + 1).cmp(&(shown.len() as u64))) {
            Some(Ordering::Equal) => break,
            Some(Ordering::Greater) if !is_end => {}
            _ => return Ok(None),
        }
    }
    let Some((last_known, found)) = shown.split_first() else { return Ok(None) };
    let is_theirs = |contact: &StoredContact| contact.numbers.iter().any(|number| sent.contains(number));
    let (mut is_known, mut is_among_known) = (false, false);
    snapshots.read(&latest, |contact| {
        is_known |= contact.numbers.iter().any(|number| last_known.numbers.contains(number));
        is_among_known |= is_theirs(&contact);
    })?;
    // A contact that was known before it was sent is old or was deleted: only a full read can tell.
    if !is_known || is_among_known || !found.iter().all(is_theirs) {
        return Ok(None);
    }
    // Another program may have read or posted meanwhile.
    if !snapshots.add_found(&latest, found)? {
        return Ok(None);
    }
    let mut collector = Collector::default();
    for contact in found {
        collector.add(contact, |number| sent.contains(&number));
    }
    Ok(Some(collector.finish()))
}

impl RecordSink for ExistingSink<'_> {
    type Error = ClientError;

    fn record(&mut self, record: &Record<'_>) -> Result<(), ClientError> {
        let contact = record.stored();
        self.collector.add(&contact, self.is_asked);
        if self.candidate.is_some() {
            self.first_page.push(contact);
            return Ok(());
        }
        let mut writer = match self.writer.take() {
            Some(writer) => writer,
            None => self.snapshots.begin(self.how)?,
        };
        writer.push(contact)?;
        self.writer = Some(writer);
        Ok(())
    }

    fn page(&mut self, page: &PageInfo) -> Result<ControlFlow<()>, ClientError> {
        let Some(candidate) = self.candidate.take() else { return Ok(ControlFlow::Continue(())) };
        let may_hold = !page.is_last && page.total.is_some() && page.total == candidate.expected;
        if may_hold && let Some(existing) = self.replay(&candidate)? {
            self.used = Some((candidate, existing));
            return Ok(ControlFlow::Break(()));
        }
        self.snapshots.forget(&candidate)?;
        let mut writer = self.snapshots.begin(self.how)?;
        self.first_page.drain(..).try_for_each(|contact| writer.push(contact))?;
        self.writer = Some(writer);
        Ok(ControlFlow::Continue(()))
    }

    fn restart(&mut self) -> Result<(), ClientError> {
        self.collector = Collector::default();
        self.first_page.clear();
        self.writer.as_mut().map_or(Ok(()), SnapshotWriter::restart)?;
        Ok(())
    }
}
