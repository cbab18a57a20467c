//! Reading of phone cells: a cell becomes a number or a refusal.
//!
//! [`parse()`] reads a spelling with Google's data and does not judge it. [`PhonePolicy::read`] also undoes the damage
//! that a person or a spreadsheet did to the cell, and applies the user's choices.

mod all;
mod bare;
mod cell;
pub(super) mod explain;
mod forms;
mod habits;
mod library;
mod mask;
mod origin;
mod parse;
mod plain;
mod plans;
mod policy;
mod prefix;
mod refusal;
mod remark;
mod renumbered;
mod several;
mod stored;
mod words;

pub use self::{
    all::{AllNumbers, read_all},
    bare::Habit,
    forms::{is_known, other_forms, suppressed_forms},
    habits::Habits,
    library::{Length, ParsedNumber, Unreadable, parse_by_library},
    mask::{ByMask, Mask},
    origin::{Origin, has_numbering_plan, origin_of_calling_code},
    parse::{is_assigned, parse, parse_plain},
    plans::METADATA_VERSION,
    policy::{Accept, PhonePolicy},
    refusal::Refusal,
    stored::{StoredNumber, read_stored},
};
pub(crate) use self::{
    all::{count_digits, is_number},
    cell::is_date,
    origin::calling_code,
};
pub(super) use self::{cell::strip_marks, origin::area};
