//! Waits until the platform shows contacts that it accepted, before their absence counts.
//!
//! A batch may be accepted and stored later, and stored contacts may appear later in reads: up to half a minute on
//! other platforms.

use std::{collections::HashSet, time::Duration};

use super::{NewContact, PostError, Poster};
use crate::{
    contact::{E164, NameKey},
    existing::{ExistingContacts, ExistingSink},
    platform::{ClientError, Collection},
};

/// The contacts that the platform claims to have but may not show yet.
#[derive(Default)]
pub(super) struct Claimed {
    awaited: Vec<Awaited>,
    /// Numbers of batches that were waited for and never shown.
    not_shown: HashSet<E164>,
    /// Number of contacts that are left open because they are not shown, and the platform's last words about one.
    hidden: (u64, String),
}

impl Claimed {
    /// Returns whether a number was waited for and never shown.
    pub(super) fn is_never_shown(&self, number: E164) -> bool {
        self.not_shown.contains(&number)
    }

    /// Counts a contact that is left open because it is not shown.
    pub(super) fn add_hidden(&mut self, words: String) {
        self.hidden = (self.hidden.0 + 1, words);
    }

    /// Returns an error if there are such contacts.
    pub(super) fn check(self) -> Result<(), PostError> {
        match self.hidden {
            (0, _) => Ok(()),
            (contacts, answer) => Err(PostError::NotShown { contacts, answer }),
        }
    }
}

/// Contacts of one batch that the platform claims to have.
struct Awaited {
    contacts: Vec<(E164, NameKey)>,
    /// Whether the platform claims all of them, or at least one.
    is_of_all: bool,
}

impl Awaited {
    /// Returns how many of them are shown.
    fn shown(&self, existing: &ExistingContacts) -> usize {
        let is_shown = |(number, name): &&(E164, NameKey)| existing.holder_named(*number, *name).is_some();
        self.contacts.iter().filter(is_shown).count()
    }

    fn is_shown(&self, existing: &ExistingContacts) -> bool {
        let least = if self.is_of_all { self.contacts.len() } else { 1 };
        self.shown(existing) >= least
    }

    fn numbers(&self) -> impl Iterator<Item = E164> {
        self.contacts.iter().map(|(number, _)| *number)
    }
}

/// Returns the identity of a contact when it is shown.
fn known(new: &NewContact) -> (E164, NameKey) {
    (new.number(), new.contact.name_key())
}

impl Poster<'_, '_> {
    /// Waits for a batch that the platform accepted and will store later.
    pub(super) fn await_accepted(&mut self, batch: &[NewContact]) {
        self.claimed.awaited.push(Awaited { contacts: batch.iter().map(known).collect(), is_of_all: true });
    }

    /// Waits for a batch of which the platform claims to have some. If they had an unacknowledged post before, they
    /// are from this run.
    pub(super) fn await_taken(&mut self, batch: &[NewContact]) {
        let sent = batch.iter().filter(|new| self.was_sent_in_this_run(new.number()));
        let contacts: Vec<(E164, NameKey)> = sent.map(known).collect();
        let is_waited_for = contacts.iter().any(|(number, _)| self.claimed.is_never_shown(*number));
        if !contacts.is_empty() && !is_waited_for {
            self.claimed.awaited.push(Awaited { contacts, is_of_all: false });
        }
    }

    /// Returns whether this run sent the number and does not know whether it was stored.
    pub(super) fn was_sent_in_this_run(&self, number: E164) -> bool {
        self.results.was_unacknowledged(number) && !self.unacknowledged.was_before(number)
    }

    /// Reads the results of contacts. Repeats the read until the platform shows the contacts that it claims to have,
    /// or until the time is over.
    pub(super) async fn read_until_shown(
        &mut self,
        contacts: impl Iterator<Item = &NewContact>,
    ) -> Result<ExistingContacts, ClientError> {
        let asked: HashSet<E164> = contacts.map(NewContact::number).collect();
        let (awaited, others) = std::mem::take(&mut self.claimed.awaited)
            .into_iter()
            .partition::<Vec<_>, _>(|awaited| awaited.numbers().any(|number| asked.contains(&number)));
        self.claimed.awaited = others;
        let pace = self.client.pace();
        let (patience, mut wait, mut waited) = (pace.longest_wait / 2, pace.first_wait, Duration::ZERO);
        let mut existing = self.read_numbers(&asked).await?;
        let count = |existing: &ExistingContacts| {
            awaited.iter().map(|awaited| awaited.shown(existing)).sum::<usize>()
        };
        let mut shown = count(&existing);
        while waited < patience && awaited.iter().any(|awaited| !awaited.is_shown(&existing)) {
            self.client.wait_until_shown(wait).await?;
            waited += wait;
            existing = self.read_numbers(&asked).await?;
            if count(&existing) > shown {
                // The platform is making progress.
                (shown, waited) = (count(&existing), Duration::ZERO);
            }
            wait = (wait * 2).min(patience / 2);
        }
        let hidden = awaited.iter().filter(|awaited| awaited.shown(&existing) == 0);
        self.claimed.not_shown.extend(hidden.flat_map(Awaited::numbers));
        Ok(existing)
    }

    /// Reads the results of contacts.
    pub(super) async fn read_existing(
        &mut self,
        contacts: impl Iterator<Item = &NewContact>,
    ) -> Result<ExistingContacts, ClientError> {
        self.read_numbers(&contacts.map(NewContact::number).collect()).await
    }

    async fn read_numbers(&mut self, asked: &HashSet<E164>) -> Result<ExistingContacts, ClientError> {
        let is_asked = |number| asked.contains(&number);
        let snapshots = self.journal.snapshots().clone();
        let mut sink = ExistingSink::new(&is_asked, &snapshots, "import", None);
        let readout = self.client.read(&Collection::Contacts, None, &mut sink).await?;
        Ok(sink.finish(&readout)?.0)
    }
}
