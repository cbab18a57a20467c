//! Unacknowledged batches, and contacts at which the platform itself fails.

use std::{
    collections::{HashSet, VecDeque},
    mem::take,
};

use tracing::{info, warn};

use super::{NewContact, PostError, PostResult, Poster, halves};
use crate::{
    contact::E164,
    existing::{ExistingContacts, look_behind},
    failpoint,
    outcome::{Code, Outcome},
    platform::{Doubt, NO_RETRIES, UnacknowledgedRequest, masked},
};

/// Number of platform failures at a batch, with nothing stored, after which it is sent in halves.
const MAX_SERVER_ERRORS: u32 = 2;

/// Maximum consecutive failing posts: a batch twice, its halves, and their halves.
const MAX_FAILING_POSTS: u32 = 6;

/// Cost of asking again if the platform failed at the same batch before.
const PRICE_OF_HALVES: u32 = 1;

/// A batch to post.
pub(super) struct PostAttempt {
    pub(super) batch: Vec<NewContact>,
    /// Failures of the platform at this batch, or at the batch that it is a half of.
    pub(super) server_errors: u32,
    /// Acknowledged posts at the time of the first attempt.
    answered_before: u64,
}

/// The posts of a run that were not acknowledged, and the contacts at which the platform failed.
pub(super) struct Unacknowledged {
    /// Numbers with an unacknowledged post from before this run.
    before: HashSet<E164>,
    /// Consecutive unacknowledged posts.
    posts: u32,
    /// Whether the last of them was redirected.
    was_redirected: bool,
    /// Acknowledged posts.
    answered_posts: u64,
    /// Contacts at which the platform failed when they were sent alone.
    failing: Vec<Failing>,
}

impl Unacknowledged {
    pub(super) fn new(before: HashSet<E164>) -> Self {
        Self { before, posts: 0, was_redirected: false, answered_posts: 0, failing: Vec::new() }
    }

    /// Returns whether the number had an unacknowledged post before this run.
    pub(super) fn was_before(&self, number: E164) -> bool {
        self.before.contains(&number)
    }

    /// Returns the first attempt to post a batch.
    pub(super) fn first_attempt(&self, batch: Vec<NewContact>) -> PostAttempt {
        PostAttempt { batch, server_errors: 0, answered_before: self.answered_posts }
    }

    /// Counts an acknowledged post.
    pub(super) fn acknowledge(&mut self) {
        (self.posts, self.was_redirected) = (0, false);
        self.answered_posts += 1;
    }

    /// Counts an unacknowledged post. Returns whether another attempt is hopeless, if `most` in a row are.
    fn add(&mut self, most: u32, is_redirect: bool) -> bool {
        self.posts += 1;
        let is_hopeless = self.posts >= most || is_redirect && self.was_redirected;
        self.was_redirected = is_redirect;
        is_hopeless
    }
}

/// A contact at which the platform failed when it was sent alone.
struct Failing {
    new: NewContact,
    words: String,
    answered_before: u64,
}

/// The part of a batch that a read did not find.
pub(super) struct Absent {
    batch: Vec<NewContact>,
    /// The reason why the result was unknown.
    reason: String,
    /// The platform failed and stored nothing of the batch.
    is_failure: bool,
}

impl Poster<'_, '_> {
    /// Waits until the platform can no longer be storing the batch, and reads the existing contacts. Returns the
    /// missing ones, which are sent again.
    pub(super) async fn reconcile_batch(
        &mut self,
        attempt: &mut PostAttempt,
        unacknowledged: UnacknowledgedRequest,
    ) -> Result<Absent, PostError> {
        let UnacknowledgedRequest { mut reason, wait, price, doubt } = unacknowledged;
        let (is_redirect, is_server_error) = (doubt == Doubt::Redirect, doubt == Doubt::ServerError);
        let batch = take(&mut attempt.batch);
        let contacts = batch.len();
        for new in &batch {
            self.results.mark_unacknowledged(new.number());
            self.leave_open(new, format!("sent, but not known whether it was stored: {reason}"));
        }
        self.client.check_interrupt()?;
        let attempts = self.client.max_attempts();
        // With one attempt, one failure is enough; otherwise the halves of a batch are attempts of their own.
        let most = if is_server_error && attempts > 1 { attempts.max(MAX_FAILING_POSTS) } else { attempts };
        let is_hopeless = self.unacknowledged.add(most, is_redirect);
        let price = if attempt.server_errors > 0 { PRICE_OF_HALVES } else { price };
        let is_unpaid = !is_hopeless && !self.client.pay(price)?;
        if is_unpaid {
            reason.push_str(NO_RETRIES);
        }
        if is_hopeless || is_unpaid {
            let contacts = contacts as u64;
            return Err(PostError::Unacknowledged { contacts, reason, doubt });
        }
        warn!(
            contacts,
            reason = masked(&reason),
            "a batch was not acknowledged; reading whether it was stored"
        );
        let wait = self.journal.rest_of_limit().max(wait.unwrap_or_default());
        self.client.wait_out(wait).await?;
        let existing = if failpoint::is_without("reconciling by reading") {
            ExistingContacts::default()
        } else {
            let sent = batch.iter().map(NewContact::number).collect();
            let snapshots = self.journal.snapshots().clone();
            match look_behind(self.client, &snapshots, &sent).await? {
                Some(existing) => existing,
                None => self.read_existing(batch.iter()).await?,
            }
        };
        let batch = self.record_present(batch, &existing, Outcome::Confirmed);
        for new in &batch {
            self.results.reopen(new.number());
        }
        self.journal.all_pending(&batch, true);
        self.journal.save_answer()?;
        let is_failure = is_server_error && batch.len() == contacts;
        Ok(Absent { batch, reason, is_failure })
    }

    /// Sends the missing part of a batch again: whole, or in halves if the platform fails at it. A single contact at
    /// which it fails is set aside.
    pub(super) fn send_again(
        &mut self,
        before: &PostAttempt,
        absent: Absent,
        waiting: &mut VecDeque<PostAttempt>,
    ) {
        let Absent { batch, reason, is_failure } = absent;
        let answered_before = before.answered_before;
        let again = |batch, server_errors| PostAttempt { batch, server_errors, answered_before };
        let server_errors = if is_failure { before.server_errors + 1 } else { 0 };
        if server_errors < MAX_SERVER_ERRORS {
            waiting.push_front(again(batch, server_errors));
            return;
        }
        match <[NewContact; 1]>::try_from(batch) {
            Ok([new]) => self.unacknowledged.failing.push(Failing { new, words: reason, answered_before }),
            Err(batch) => {
                info!(contacts = batch.len(), reason = masked(&reason), "the platform failed at a batch");
                let (first, second) = halves(batch);
                waiting.extend([first, second].map(|half| again(half, MAX_SERVER_ERRORS - 1)));
            }
        }
    }

    /// Gives a result to the contacts at which the platform failed when they were sent alone, and returns the error
    /// of those that stay unknown. Such a contact may have been stored late. If not, and the platform has answered
    /// other posts since, the contact is the cause.
    pub(super) async fn judge_failing(&mut self) -> Result<Option<PostError>, PostError> {
        let failing = take(&mut self.unacknowledged.failing);
        if failing.is_empty() {
            return Ok(None);
        }
        let existing = self.read_existing(failing.iter().map(|failing| &failing.new)).await?;
        let mut unacknowledged = None;
        for Failing { new, words, answered_before } in failing {
            let Some(new) = self.record_present(vec![new], &existing, Outcome::Confirmed).pop() else {
                continue;
            };
            if self.unacknowledged.answered_posts > answered_before {
                let detail = format!("the platform failed each time this contact was sent: {words}");
                self.record(new.number(), Outcome::Failed, Some(Code::Refused), detail);
            } else {
                self.leave_open(&new, format!("sent, but the platform failed: {words}"));
                let contacts = unacknowledged.as_ref().map_or(1, |(contacts, _)| contacts + 1);
                unacknowledged = Some((contacts, words));
            }
        }
        self.journal.save()?;
        Ok(unacknowledged.map(|(contacts, reason)| PostError::Unacknowledged {
            contacts,
            reason,
            doubt: Doubt::ServerError,
        }))
    }

    /// Records that the result of a contact is unknown.
    pub(super) fn leave_open(&mut self, new: &NewContact, detail: String) {
        let pending = PostResult { outcome: Outcome::Pending, code: None, detail };
        self.results.record(new.number(), pending);
    }
}
