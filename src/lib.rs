//! Gets a list of people from a spreadsheet onto an outbound-calling platform, without a single double.
//!
//! A row enters on the left and leaves on the right with exactly one [outcome](outcome::Outcome); nothing flows back.
//! Each stage is a module and knows the others' types only:
//!
//! [`parse`] → [`normalize`] → [`dedupe`] → [`diff`] → [`post`] → [`report`], wired by [`pipeline`].
//!
//! [`watch`] imports files that are dropped into a folder. [`journal`] keeps what has to survive a crash, [`platform`] is the client of the documented API, [`sandbox`] a local
//! platform that behaves as documented, and [`cli`] the command line.
//!
//! # Examples
//!
//! ```
//! use rollcall::{contact::Region, normalize::{phone::PhonePolicy, region::Origin}, row::CellKind};
//!
//! let india = Region::new("IN").map(Origin::Region);
//! let number = PhonePolicy::default().read("098765 43210", CellKind::Text, india).unwrap();
//! assert_eq!(number.e164().to_string(), "919876543210");
//! assert_eq!(&*number.national(), "9876543210");
//! ```

pub mod cli;
pub mod contact;
mod database;
pub mod dedupe;
pub mod diff;
mod failpoint;
pub mod formula;
pub mod interrupt;
pub mod journal;
pub mod normalize;
pub mod outcome;
pub mod parse;
pub mod pipeline;
pub mod plan;
pub mod platform;
pub mod post;
pub mod private_file;
pub mod progress;
pub mod ragged;
pub mod report;
pub mod row;
pub mod sandbox;
mod script;
pub mod suppression;
pub mod time_zone;
#[cfg(unix)]
pub mod watch;
