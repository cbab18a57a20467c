//! Imports contact lists into an outbound-calling platform, without creating duplicates.
//!
//! Every row of a list ends with exactly one [outcome](outcome::Outcome). It passes these stages:
//!
//! 1. [`parse`] finds the header and turns a file of any format into rows. It maps columns by their contents, with the
//!    tables of countries and salutations in [`normalize`].
//! 2. [`normalize`] turns a row into a [`Contact`](contact::Contact), or lists its problems.
//! 3. [`dedupe`] records which row has each number first.
//! 4. [`suppress`] knows the numbers that must not be called, [`existing`] the numbers that the platform already has.
//! 5. [`post`] sends new contacts in batches, and reconciles batches that the platform has not acknowledged.
//! 6. [`report`] writes the outcome of each row and the totals.
//!
//! [`pipeline`] calls these stages in turn and combines the results of steps 2 to 5 into the outcome of a row.
//!
//! [`journal`] records everything that must survive a crash, [`platform`] is the client of the documented API,
//! [`sandbox`] is a local platform, [`watch`] imports files from a drop folder, and [`cli`] is the command line.
//!
//! # Examples
//!
//! Read a list and judge its rows:
//!
//! ```
//! use std::{fs, ops::ControlFlow};
//!
//! use rollcall::{
//!     contact::Salutation,
//!     normalize::{NormalizeSettings, Normalizer},
//!     outcome::Verdict,
//!     parse::{Input, ParseSettings},
//! };
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("leads.csv");
//! fs::write(&path, "Name,Mobile\nAsha Rao,+91 98765 43210\nBen Low,12345\n")?;
//!
//! let mut input = Input::open(&path, &ParseSettings::default())?;
//! let columns = input.info.columns.clone();
//! let settings =
//!     NormalizeSettings { default_salutation: Some(Salutation::Mx), ..NormalizeSettings::default() };
//! let normalizer = Normalizer::new(&settings, &columns);
//! let (mut numbers, mut problems) = (Vec::new(), Vec::new());
//! input.read(0, &mut |rows| {
//!     for row in rows.iter() {
//!         match normalizer.read(row) {
//!             Verdict::Contact(contact) => numbers.push(contact.number().e164().to_string()),
//!             Verdict::Rejected { problems: found, .. } => problems.push((row.location.row, found[0].code.name())),
//!             Verdict::Suppressed { .. } => {}
//!         }
//!     }
//!     ControlFlow::Continue(())
//! })?;
//! assert_eq!(numbers, ["919876543210"]);
//! assert_eq!(problems, [(3, "no-region")]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Read one phone number:
//!
//! ```
//! use rollcall::{contact::Region, normalize::phone::{Origin, PhonePolicy}, row::CellKind};
//!
//! let india = Region::new("IN").map(Origin::Region);
//! let number = PhonePolicy::default().read("098765 43210", CellKind::Text, india).unwrap();
//! assert_eq!(number.e164().to_string(), "919876543210");
//! assert_eq!(&*number.national(), "9876543210");
//! ```

pub mod cli;
pub mod contact;
mod cryptography;
mod database;
pub mod dedupe;
pub mod existing;
mod failpoint;
pub mod formula;
mod hash;
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
pub mod quantity;
pub mod ragged;
pub mod report;
pub mod row;
pub mod sandbox;
mod script;
mod stable;
pub mod suppress;
pub mod time_zone;
#[cfg(unix)]
pub mod watch;
mod xlsx;
