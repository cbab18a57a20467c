//! The existing contacts, as they are read: what the run asks about is kept, and all of them for the next run.

use std::ops::ControlFlow;

use crate::{
    contact::E164,
    diff::{Existing, StoredContact},
    journal::{JournalError, Snapshot, SnapshotWriter, Snapshots},
    platform::{PageInfo, PlatformError, Readout, Record, RecordSink},
};

/// Collects existing contacts while they are read.
///
/// Where there is a snapshot that may still hold, the first page tells: if the platform counts as many contacts as it should,
/// and those of the page are known, the snapshot takes the place of the other pages.
pub struct ExistingSink<'a> {
    existing: Existing,
    is_asked: &'a (dyn Fn(E164) -> bool + Sync),
    snapshots: &'a Snapshots,
    how: &'static str,
    candidate: Option<Snapshot>,
    /// The contacts of the first page, until it is decided about the snapshot.
    first_page: Vec<StoredContact>,
    writer: Option<SnapshotWriter>,
    used: Option<Snapshot>,
}

impl<'a> ExistingSink<'a> {
    /// Asks about the numbers for which `is_asked` says so; `how` is the command that reads.
    pub fn new(
        is_asked: &'a (dyn Fn(E164) -> bool + Sync),
        snapshots: &'a Snapshots,
        how: &'static str,
        candidate: Option<Snapshot>,
    ) -> Self {
        Self {
            existing: Existing::default(),
            is_asked,
            snapshots,
            how,
            candidate,
            first_page: Vec::new(),
            writer: None,
            used: None,
        }
    }

    /// What is there, and the snapshot that it was learned from, if it was.
    ///
    /// # Errors
    ///
    /// Where the reading cannot be kept for the next run.
    pub fn finish(self, readout: &Readout) -> Result<(Existing, Option<Snapshot>), JournalError> {
        if let Some(writer) = self.writer {
            writer.finish(readout.total, readout.page_size)?;
        }
        Ok((self.existing, self.used))
    }

    /// What a snapshot holds, if it has the first page in it.
    fn replay(&self, candidate: &Snapshot) -> Result<Option<Existing>, JournalError> {
        let mut existing = Existing::default();
        self.snapshots.read(candidate, |contact| existing.note(&contact, self.is_asked))?;
        let has_page = self.first_page.iter().all(|contact| existing.has_seen(contact));
        Ok(has_page.then_some(existing))
    }
}

impl RecordSink for ExistingSink<'_> {
    fn record(&mut self, record: &Record<'_>) -> Result<(), PlatformError> {
        let contact = record.stored();
        self.existing.note(&contact, self.is_asked);
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

    fn page(&mut self, page: &PageInfo) -> Result<ControlFlow<()>, PlatformError> {
        let Some(candidate) = self.candidate.take() else { return Ok(ControlFlow::Continue(())) };
        let may_hold = !page.is_last && page.total.is_some() && page.total == candidate.expected;
        if may_hold && let Some(existing) = self.replay(&candidate)? {
            self.existing = existing;
            self.used = Some(candidate);
            return Ok(ControlFlow::Break(()));
        }
        self.snapshots.forget(&candidate)?;
        let mut writer = self.snapshots.begin(self.how)?;
        self.first_page.drain(..).try_for_each(|contact| writer.push(contact))?;
        self.writer = Some(writer);
        Ok(ControlFlow::Continue(()))
    }

    fn restart(&mut self) -> Result<(), PlatformError> {
        self.existing = Existing::default();
        self.first_page.clear();
        self.writer.as_mut().map_or(Ok(()), SnapshotWriter::restart)?;
        Ok(())
    }
}
