//! Finds the refused contacts of refused batches: sends batches in halves until each refused contact is alone.

use std::mem::{replace, take};

use super::{NewContact, PostError, Poster, Suspect, halves};
use crate::outcome::{Code, Outcome};

impl Poster<'_, '_> {
    /// Reads the results of contacts that were refused in a batch or not mentioned, and posts the missing ones: the
    /// refused batches in halves, until each refused contact is alone.
    pub(super) async fn isolate(
        &mut self,
        refused: Vec<Vec<NewContact>>,
        unmentioned: Vec<NewContact>,
    ) -> Result<(), PostError> {
        if refused.is_empty() && unmentioned.is_empty() {
            return Ok(());
        }
        let others = take(&mut self.refused_batches);
        let existing = self.read_until_shown(refused.iter().flatten().chain(&unmentioned)).await?;
        // If a successful response does not mention a contact, it may be stored; a refused one is not.
        let absent = self.record_present(unmentioned, &existing, Outcome::Confirmed);
        // An accepted batch that is not shown at all may still be stored later. If a part is shown, the platform
        // dropped the rest.
        let (hidden, mut absent): (Vec<_>, Vec<_>) =
            absent.into_iter().partition(|new| self.claimed.is_never_shown(new.number()));
        for new in &hidden {
            self.leave_hidden(new);
        }
        self.posted_again.extend(absent.iter().map(NewContact::number));
        self.journal.all_pending(&absent, true);
        self.journal.save()?;
        while !absent.is_empty() {
            let rest = absent.split_off(self.batch_size.min(absent.len()));
            self.post_batch(replace(&mut absent, rest)).await?;
        }
        let mut work: Vec<Vec<NewContact>> = Vec::new();
        for batch in take(&mut self.refused_batches) {
            push_halves(&mut work, batch);
        }
        for batch in refused {
            let (was_whole, absent) = (batch.len(), self.record_present(batch, &existing, Outcome::Existing));
            if absent.len() < was_whole { work.push(absent) } else { push_halves(&mut work, absent) }
        }
        self.journal.save()?;
        while let Some(batch) = work.pop() {
            if !batch.is_empty() {
                self.post_batch(batch).await?;
            }
            for batch in take(&mut self.refused_batches) {
                push_halves(&mut work, batch);
            }
            self.check_refusals().await?;
        }
        self.refused_batches = others;
        Ok(())
    }

    /// Stops if one wrong setting refuses every contact. Refusals of existing contacts do not count: they say nothing
    /// about the settings.
    pub(super) async fn check_refusals(&mut self) -> Result<(), PostError> {
        if self.too_many_refused().is_none() {
            return Ok(());
        }
        let suspects = take(&mut self.suspects);
        let existing = self.read_existing(suspects.iter().map(|suspect| &suspect.new)).await?;
        for Suspect { new, words, is_taken } in suspects {
            let contact = new.contact.clone();
            match self.record_present(vec![new], &existing, Outcome::Existing).pop() {
                Some(new) => self.suspects.push(Suspect { new, words, is_taken }),
                None => self.guard.remove_refusal(&words, &contact),
            }
        }
        self.journal.save()?;
        let stop = self.too_many_refused().map_or(Ok(()), Err);
        self.guard.double_limit();
        stop
    }

    fn too_many_refused(&self) -> Option<PostError> {
        let words = &self.suspects.last()?.words;
        let contacts = self.guard.too_many_refusals(self.results.has_ended())?;
        Some(PostError::TooManyRefused { contacts, answer: words.clone() })
    }

    /// Gives a result to contacts that were refused alone or never mentioned, by a last read.
    pub(super) async fn judge_suspects(&mut self) -> Result<(), PostError> {
        let suspects = take(&mut self.suspects);
        let unmentioned = take(&mut self.unmentioned);
        if suspects.is_empty() && unmentioned.is_empty() {
            return Ok(());
        }
        let all: Vec<&NewContact> = suspects.iter().map(|suspect| &suspect.new).chain(&unmentioned).collect();
        let existing = self.read_until_shown(all.into_iter()).await?;
        for Suspect { new, words, is_taken } in suspects {
            let Some(new) = self.record_present(vec![new], &existing, Outcome::Existing).pop() else {
                continue;
            };
            let number = new.number();
            if is_taken && self.was_sent_in_this_run(number) {
                // This run sent it, so it is probably stored and will be shown later.
                self.leave_open(&new, format!("sent, and not shown yet by the platform: {words}"));
                self.journal.pending(number, true);
                self.claimed.add_hidden(words);
                continue;
            }
            self.record(number, Outcome::Failed, Some(Code::Refused), words);
            if self.is_stopped {
                // Other settings may help: the next run tries it again.
                self.journal.pending(number, false);
            }
        }
        for new in self.record_present(unmentioned, &existing, Outcome::Confirmed) {
            let number = new.number();
            if self.claimed.is_never_shown(number) && !self.posted_again.contains(&number) {
                self.leave_hidden(&new);
                continue;
            }
            let detail = "the platform accepted the batch but did not create this contact".to_owned();
            self.record(number, Outcome::Failed, Some(Code::Refused), detail);
        }
        self.journal.save()?;
        self.tell();
        Ok(())
    }

    /// Handles a contact of an accepted batch that is not shown at all. This run never sends it again.
    fn leave_hidden(&mut self, new: &NewContact) {
        let detail = "accepted by the platform, but not shown yet".to_owned();
        self.leave_open(new, detail.clone());
        self.claimed.add_hidden(detail);
    }
}

/// Pushes both halves so that the first one is posted first.
fn push_halves(work: &mut Vec<Vec<NewContact>>, batch: Vec<NewContact>) {
    let (first, second) = halves(batch);
    work.extend([second, first]);
}
