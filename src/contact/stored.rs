//! Contacts as the platform stores them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::E164;
use crate::normalize::phone::Mask;

/// A contact as the platform stores it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredContact {
    /// The platform's id; may be empty.
    pub id: String,
    /// First and last name, as the platform shows them.
    pub name: String,
    /// The numbers that the contact may have: usually one; none if the stored text is not a number.
    pub numbers: Vec<E164>,
    /// The visible parts of the number, if the platform hides digits.
    pub masks: Vec<Mask>,
    /// Whether more than one of the numbers is an assigned number in its country.
    pub is_ambiguous: bool,
    /// The platform's status of the contact if it is not `ACTIVE`: the platform still shows a deleted contact, as
    /// `INACTIVE`.
    pub status: String,
    /// Whether the stored number has no country code, so that its meaning depends on a region.
    #[serde(skip)]
    pub lacks_country: bool,
    /// The creation time that the platform reports.
    #[serde(skip)]
    pub created_at: Option<Timestamp>,
}
