//! The request that creates contacts.

use reqwest::Method;

use super::{
    Client, ClientError, PlatformError,
    call::Call,
    client::Sending,
    created::CreateAnswer,
    purpose::Purpose,
    step::{CreateResult, UnacknowledgedRequest},
    wire::NewContact,
};
use crate::contact::{Contact, StoredContact};

/// A refusal that does not name its contacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The platform's words.
    pub words: String,
    /// The whole batch was refused, so the missing contacts were probably not stored. If `false`, some were accepted,
    /// and it is unknown which.
    pub is_of_batch: bool,
}

/// The results of single contacts. Others of the batch may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// The created contacts.
    pub created: Vec<StoredContact>,
    /// The refused contacts, with the platform's words.
    pub refused: Vec<(StoredContact, String)>,
    /// A refusal of other contacts, which it may not name.
    pub refusal: Option<Refusal>,
    /// The batch was accepted and will be stored later.
    pub is_accepted: bool,
}

/// The result of posting a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    /// The results of single contacts; may be empty.
    Listed(Listed),
    /// The whole batch was refused; a part may have been stored anyway.
    Refused {
        /// The platform's words.
        words: String,
        /// The status says that some of the contacts exist.
        is_conflict: bool,
    },
    /// The batch was too large.
    TooLarge(String),
    /// Unknown whether the batch was stored.
    Unknown(UnacknowledgedRequest),
}

impl Client<'_> {
    /// Posts a batch, once.
    ///
    /// # Errors
    ///
    /// Returns an error if the batch was certainly not stored and cannot be posted again.
    pub async fn create(
        &mut self,
        batch: &[&Contact],
        sending: &mut dyn Sending,
    ) -> Result<Created, ClientError> {
        let contacts: Vec<NewContact<'_>> = batch.iter().copied().map(NewContact::from).collect();
        let purpose = Purpose::Create;
        let broken = |reason| PlatformError::BrokenAnswer { request: purpose, reason };
        let body = serde_json::to_vec(&contacts).map_err(|error| broken(error.to_string()))?;
        let call = Call { purpose, method: Method::POST, url: self.contacts_url(), body: Some(body) };
        Ok(match self.post(&call, sending).await? {
            CreateResult::Apply { answer, is_refusal } => {
                let words = answer.failure.or_else(|| is_refusal.then(String::new));
                let refusal = words.map(|words| Refusal { words, is_of_batch: is_refusal });
                let CreateAnswer { created, refused, is_accepted, .. } = answer;
                Created::Listed(Listed { created, refused, refusal, is_accepted })
            }
            CreateResult::Isolate { words, is_conflict } => Created::Refused { words, is_conflict },
            CreateResult::Halve(words) => Created::TooLarge(words),
            CreateResult::Reconcile(unacknowledged) => Created::Unknown(unacknowledged),
        })
    }
}
