//! The call that creates contacts.

use reqwest::Method;

use super::{
    Client, PlatformError,
    answer::{Step, Unsettled},
    client::{Call, Sending},
    purpose::Purpose,
    wire::NewContact,
};
use crate::{contact::Contact, diff::StoredContact};

/// What became of a batch that was posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    /// The platform speaks of single contacts: these were created, and these refused with its words. Others of the batch
    /// may be missing from both.
    Listed {
        /// The created ones.
        created: Vec<StoredContact>,
        /// The refused ones.
        refused: Vec<(StoredContact, String)>,
        /// The batch was refused: those that are missing were not stored for all that is known.
        is_refusal: bool,
    },
    /// The whole batch was refused; a part of it may have been stored all the same.
    Refused {
        /// The platform's words.
        words: String,
        /// The status says that something of it exists already.
        is_conflict: bool,
    },
    /// The batch was too large.
    TooLarge(String),
    /// It is not known whether it was stored.
    Unknown(Unsettled),
}

impl Client<'_> {
    /// Posts a batch, once.
    ///
    /// # Errors
    ///
    /// Where the batch was certainly not stored and cannot be posted again.
    pub async fn create(
        &mut self,
        batch: &[&Contact],
        sending: &mut dyn Sending,
    ) -> Result<Created, PlatformError> {
        let contacts: Vec<NewContact<'_>> = batch.iter().copied().map(NewContact::from).collect();
        let purpose = Purpose::Create;
        let broken = |reason| PlatformError::BrokenAnswer { request: purpose, reason };
        let body = serde_json::to_vec(&contacts).map_err(|error| broken(error.to_string()))?;
        let call = Call { purpose, method: Method::POST, url: self.contacts_url(), body: Some(body) };
        Ok(match self.post(&call, sending).await? {
            Step::Apply { answer, is_refusal } => {
                Created::Listed { created: answer.created, refused: answer.refused, is_refusal }
            }
            Step::Isolate { words, is_conflict } => Created::Refused { words, is_conflict },
            Step::Halve(words) => Created::TooLarge(words),
            Step::Settle(unsettled) => Created::Unknown(unsettled),
            step => return Err(broken(format!("{step:?}"))),
        })
    }
}
