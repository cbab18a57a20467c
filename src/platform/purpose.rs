//! What a request is for.

use std::fmt;

/// What a request is for, which decides what its answer means and what may be done after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Creating contacts: never repeated where it may have been carried out.
    Create,
    /// Reading the contacts of the stream.
    ReadContacts,
    /// Reading a contact list.
    ReadList,
    /// Reading a campaign: by POST, and yet it changes nothing.
    ReadCampaign,
}

impl Purpose {
    /// Whether nothing is changed by it, so that it may be repeated.
    pub(super) const fn is_reading(self) -> bool {
        !matches!(self, Self::Create)
    }

    /// Whether the campaign API is asked, which wants to know the application too.
    pub(super) const fn is_of_campaigns(self) -> bool {
        matches!(self, Self::ReadList | Self::ReadCampaign)
    }

    /// The scope that an app needs for it, as the platform's pages name it.
    pub const fn scope(self) -> &'static str {
        if self.is_of_campaigns() { "Campaign Management" } else { "Configuration" }
    }

    /// As in "… failed".
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
