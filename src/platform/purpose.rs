//! The purpose of a request.

use std::fmt;

/// The purpose of a request. It decides what a response means and what may follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Creating contacts: never repeated if it may have been carried out.
    Create,
    /// Reading the contacts of the stream.
    ReadContacts,
    /// Reading a contact list.
    ReadList,
    /// Reading a campaign: a POST that changes nothing.
    ReadCampaign,
}

impl Purpose {
    /// Returns whether the request changes nothing, so that it may be repeated.
    pub(super) const fn is_reading(self) -> bool {
        !matches!(self, Self::Create)
    }

    /// Returns whether the request uses the campaign API, which also needs the application.
    pub const fn is_of_campaigns(self) -> bool {
        matches!(self, Self::ReadList | Self::ReadCampaign)
    }

    /// Returns the scope that an app needs, as named on the platform's pages.
    pub const fn scope(self) -> &'static str {
        if self.is_of_campaigns() { "Campaign Management" } else { "Configuration" }
    }

    /// Returns the name, as in "… failed".
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "creating contacts",
            Self::ReadContacts => "reading the contacts",
            Self::ReadList => "reading a contact list",
            Self::ReadCampaign => "reading a campaign",
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
