//! The collections of contacts that the platform documents: those of a stream, of a contact list, and of a voice
//! campaign.

use std::fmt;

use reqwest::{Method, Url};

use super::{ClientSettings, Purpose, call::Call};

/// The version of the campaign API. The contacts API has one version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Api {
    /// Under `/agentassist/api/v1`.
    V1,
    /// Under `/campaign/api/v2`.
    #[default]
    V2,
}

/// A collection of contacts, read page by page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Collection {
    /// All contacts of the stream.
    Contacts,
    /// The contacts of a contact list.
    List {
        /// The id of the list.
        id: String,
        /// The API version.
        api: Api,
    },
    /// The contacts of a voice campaign, with the results of their calls.
    Campaign {
        /// The id of the campaign.
        id: String,
        /// The API version.
        api: Api,
    },
}

/// The position of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    /// The page number, from 1.
    pub(super) page: u64,
    /// The records before the page.
    pub(super) skip: u64,
    pub(super) limit: u64,
}

/// The page size to request if no maximum is documented. The response shows the granted size.
const ASKED_PAGE_SIZE: u64 = 1000;

/// The documented maximum page size of a campaign.
const MAX_CAMPAIGN_PAGE_SIZE: u64 = 100;

/// The documented fields, in the order of the platform's samples.
const CONTACT_FIELDS: &[&str] = &[
    "id",
    "firstName",
    "lastName",
    "fullName",
    "salutation",
    "cellPhone.phoneNumber",
    "cellPhone.countryCode",
    "cellPhone.extension",
    "status",
    "instanceBotId",
    "orgId",
    "accountId",
    "createdBy",
    "createdByAId",
    "address",
    "twitterDetails",
    "createdAt",
    "updatedAt",
    "updatedBy",
    "updatedByAId",
];

const LIST_FIELDS: &[&str] = &["_id", "phoneNumber", "createdAt", "updatedAt"];

const CAMPAIGN_FIELDS: &[&str] = &[
    "phoneNumber",
    "uniqueId",
    "dialerOutcome",
    "numberOfAttemptsSoFar",
    "botSessionId",
    "agentDispositionCodes",
    "botOutboundStatus",
    "botOutboundStatusDetail",
];

impl Collection {
    /// Returns the documented fields of a record; nested names are joined with a dot.
    pub fn fields(&self) -> &'static [&'static str] {
        match self {
            Self::Contacts => CONTACT_FIELDS,
            Self::List { .. } => LIST_FIELDS,
            Self::Campaign { .. } => CAMPAIGN_FIELDS,
        }
    }

    /// Returns the largest page size that may be requested.
    pub fn largest_page(&self) -> u64 {
        match self {
            Self::Contacts | Self::List { .. } => ASKED_PAGE_SIZE,
            Self::Campaign { .. } => MAX_CAMPAIGN_PAGE_SIZE,
        }
    }

    /// Returns whether pages are requested by number. Records of such a collection have no id.
    pub(super) fn is_numbered(&self) -> bool {
        matches!(self, Self::Campaign { .. })
    }

    /// Returns the purpose of a request for the collection.
    pub fn purpose(&self) -> Purpose {
        match self {
            Self::Contacts => Purpose::ReadContacts,
            Self::List { .. } => Purpose::ReadList,
            Self::Campaign { .. } => Purpose::ReadCampaign,
        }
    }

    /// Returns the request for one page.
    pub(super) fn call(&self, settings: &ClientSettings, position: Position) -> Call {
        let mut url = self.url(settings);
        let (method, body) = if self.is_numbered() {
            url.query_pairs_mut().append_pair("view", "contacts");
            let body = serde_json::json!({"page": position.page, "limit": position.limit});
            (Method::POST, Some(body.to_string().into_bytes()))
        } else {
            let mut query = url.query_pairs_mut();
            if matches!(self, Self::List { .. }) {
                query.append_pair("accountId", &settings.account_id);
            }
            query.append_pair("skip", &position.skip.to_string());
            query.append_pair("limit", &position.limit.to_string());
            (Method::GET, None)
        };
        Call { purpose: self.purpose(), method, url, body }
    }

    pub(super) fn url(&self, settings: &ClientSettings) -> Url {
        let stream = settings.stream_id.as_str();
        let base = |api| match api {
            Api::V1 => ["agentassist", "api", "v1", "public", stream],
            Api::V2 => ["campaign", "api", "v2", "public", stream],
        };
        let (base, path) = match self {
            Self::Contacts => (base(Api::V1), vec!["contacts"]),
            Self::List { id, api } => (base(*api), vec!["campaign", "contactList", id, "getAllContacts"]),
            Self::Campaign { id, api } => (base(*api), vec!["campaign", id, "status"]),
        };
        settings.host.url(base.into_iter().chain(path))
    }
}

/// Completes "the platform has no …".
impl fmt::Display for Collection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contacts => f.write_str("contacts"),
            Self::List { id, .. } => write!(f, "contact list {id}"),
            Self::Campaign { id, .. } => write!(f, "campaign {id}"),
        }
    }
}
