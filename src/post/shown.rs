//! What the platform has taken, and shows only a little later: it is waited for before anything is made of its absence.
//!
//! A batch may be accepted and stored afterwards, and what is stored may take a moment to appear in what is read: up to half a
//! minute was seen on other platforms.

use std::{collections::HashSet, time::Duration};

use super::{NewContact, Poster};
use crate::{
    contact::{E164, NameKey},
    existing::{ExistingContacts, ExistingSink},
    platform::{Collection, PlatformError},
};

/// Contacts of one batch that the platform has, as it says.
pub(super) struct Awaited {
    contacts: Vec<(E164, NameKey)>,
    /// All of them; else one of them at least.
    is_of_all: bool,
}

impl Awaited {
    /// How many of them are shown.
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

/// What a contact is known by when it is shown.
fn known(new: &NewContact) -> (E164, NameKey) {
    (new.number(), new.contact.name_key())
}

impl Poster<'_, '_> {
    /// The platform has accepted a batch, and stores it when it does.
    pub(super) fn await_accepted(&mut self, batch: &[NewContact]) {
        self.awaited.push(Awaited { contacts: batch.iter().map(known).collect(), is_of_all: true });
    }

    /// The platform says that it has some of a batch. If they were sent before and not answered, these are they.
    pub(super) fn await_taken(&mut self, batch: &[NewContact]) {
        let sent = batch.iter().filter(|new| self.was_sent_in_this_run(new.number()));
        let contacts: Vec<(E164, NameKey)> = sent.map(known).collect();
        let is_waited_for = contacts.iter().any(|(number, _)| self.not_shown.contains(number));
        if !contacts.is_empty() && !is_waited_for {
            self.awaited.push(Awaited { contacts, is_of_all: false });
        }
    }

    /// Whether it is this run that has sent a number and does not know whether it was stored.
    pub(super) fn was_sent_in_this_run(&self, number: E164) -> bool {
        self.results.was_unacknowledged(number) && !self.unanswered_before.contains(&number)
    }

    /// Reads what became of contacts; of those that the platform has, as it says, until it shows them or has had its time.
    pub(super) async fn read_until_shown(
        &mut self,
        contacts: impl Iterator<Item = &NewContact>,
    ) -> Result<ExistingContacts, PlatformError> {
        let asked: HashSet<E164> = contacts.map(NewContact::number).collect();
        let (awaited, others) = std::mem::take(&mut self.awaited)
            .into_iter()
            .partition::<Vec<_>, _>(|awaited| awaited.numbers().any(|number| asked.contains(&number)));
        self.awaited = others;
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
                // It is at work.
                (shown, waited) = (count(&existing), Duration::ZERO);
            }
            wait = (wait * 2).min(patience / 2);
        }
        let hidden = awaited.iter().filter(|awaited| awaited.shown(&existing) == 0);
        self.not_shown.extend(hidden.flat_map(Awaited::numbers));
        Ok(existing)
    }

    /// Reads what became of contacts.
    pub(super) async fn read_existing(
        &mut self,
        contacts: impl Iterator<Item = &NewContact>,
    ) -> Result<ExistingContacts, PlatformError> {
        self.read_numbers(&contacts.map(NewContact::number).collect()).await
    }

    async fn read_numbers(&mut self, asked: &HashSet<E164>) -> Result<ExistingContacts, PlatformError> {
        let is_asked = |number| asked.contains(&number);
        let snapshots = self.record.snapshots().clone();
        let mut sink = ExistingSink::new(&is_asked, &snapshots, "import", None);
        let readout = self.client.read(&Collection::Contacts, None, &mut sink).await?;
        Ok(sink.finish(&readout)?.0)
    }
}
