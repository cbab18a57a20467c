//! A contact as the platform holds it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::E164;
use crate::normalize::phone::Mask;

/// A contact as the platform holds it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredContact {
    /// The platform's id; may be empty.
    pub id: String,
    /// First and last name, as shown.
    pub name: String,
    /// The numbers it may have: mostly one; none where what is stored is no number.
    pub numbers: Vec<E164>,
    /// What is left to see of its number, where digits are hidden.
    pub masks: Vec<Mask>,
    /// Whether more than one of them is a number that its country has assigned.
    pub is_ambiguous: bool,
    /// What the platform says of the contact where it is not `ACTIVE`: a deleted one is still shown, as `INACTIVE`.
    pub status: String,
    /// Whether it is stored without any country code, so that it depends on a region what number it is.
    #[serde(skip)]
    pub lacks_country: bool,
    /// When the platform says that it was created.
    #[serde(skip)]
    pub created_at: Option<Timestamp>,
}
