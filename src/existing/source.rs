//! Learns the existing contacts in the cheapest reliable way: from a file that the user names, from the last snapshot
//! if the platform's count still matches, or by reading all of them.

use std::{
    collections::HashSet,
    ops::ControlFlow,
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;
use serde::Serialize;

use super::{Collector, ExistingContacts, ExistingSink, look_behind};
use crate::{
    contact::{E164, Region, StoredContact},
    interrupt::Interrupt,
    journal::{Snapshot, Snapshots},
    parse::{Fault, Input, InputInfo, ParseError, ParseSettings, ReadError},
    platform::{Client, ClientError, Collection, stored_contact},
    row::Row,
};

/// The user's settings for existing contacts.
#[derive(Clone, Debug)]
pub struct ExistingSettings {
    /// A file written by `fetch contacts`, used instead of asking the platform.
    pub file: Option<PathBuf>,
    /// Maximum age of a snapshot.
    pub max_age: Duration,
    /// Whether to read all contacts again.
    pub refresh: bool,
}

/// The source of the existing contacts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExistingFrom {
    /// A full read.
    #[default]
    Platform,
    /// A snapshot, confirmed by one page.
    Snapshot,
    /// A file that the user named.
    File,
}

/// The existing contacts and their source.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) existing: ExistingContacts,
    pub(crate) from: ExistingFrom,
    /// The time of the read, if it was before this run.
    pub(crate) read_at: Option<Timestamp>,
    /// Oddities of the pages that did not stop the read.
    pub(crate) notes: Vec<String>,
    /// Records on the platform that cannot be read.
    pub(crate) unreadable: u64,
    /// Whether the next run can use the snapshot instead of reading everything.
    pub(crate) is_kept: bool,
}

impl ExistingSettings {
    /// Returns the last snapshot if it is young enough.
    fn candidate(&self, snapshots: &Snapshots) -> Result<Option<Snapshot>, ClientError> {
        let Some(latest) = snapshots.latest()? else { return Ok(None) };
        let is_young = latest.age_ms.is_some_and(|age| u128::from(age) <= self.max_age.as_millis());
        if self.refresh || !is_young {
            snapshots.forget(&latest)?;
            return Ok(None);
        }
        Ok(Some(latest))
    }

    /// Asks the platform. `unacknowledged` are the numbers of earlier posts to reconcile; if they are not found after
    /// the known contacts, all contacts are read.
    pub(crate) async fn ask(
        &self,
        client: &mut Client<'_>,
        snapshots: &Snapshots,
        how: &'static str,
        unacknowledged: &HashSet<E164>,
        is_asked: &(dyn Fn(E164) -> bool + Sync),
    ) -> Result<Known, ClientError> {
        let mut candidate = self.candidate(snapshots)?;
        if candidate.is_some() && !unacknowledged.is_empty() {
            let is_reported = look_behind(client, snapshots, unacknowledged).await?.is_some();
            // The snapshot now includes the found contacts.
            candidate = if is_reported { snapshots.latest()? } else { None };
        }
        let mut sink = ExistingSink::new(is_asked, snapshots, how, candidate);
        let readout = client.read(&Collection::Contacts, None, &mut sink).await?;
        let (existing, used) = sink.finish(&readout)?;
        let is_kept = readout.total.is_some_and(|total| total == existing.contacts())
            && !self.max_age.is_zero()
            && !self.refresh;
        let (notes, unreadable) = (readout.notes, readout.unreadable);
        let Some(snapshot) = used else {
            return Ok(Known { existing, notes, unreadable, is_kept, ..Known::default() });
        };
        let read_at = Timestamp::from_millisecond(snapshot.read_at).ok();
        Ok(Known { existing, from: ExistingFrom::Snapshot, read_at, notes, unreadable, is_kept })
    }
}

/// The columns of a `fetch contacts` file that are used; the first one is required.
const COLUMNS: [&str; 6] =
    ["cellPhone.phoneNumber", "cellPhone.countryCode", "cellPhone.extension", "id", "firstName", "lastName"];

/// The columns of contacts as `fetch contacts` writes them.
#[derive(Clone, Copy, Debug)]
pub struct FetchedColumns([Option<usize>; COLUMNS.len()]);

impl FetchedColumns {
    /// The fault of a list without the required column.
    const NONE: Fault = Fault::NotFetched { column: COLUMNS[0] };

    /// Finds the columns.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no column with numbers, so that something else wrote the contacts.
    pub fn of(input: &InputInfo) -> Result<Self, ParseError> {
        let places = COLUMNS.map(|name| input.headers.iter().position(|header| header == name));
        if places[0].is_none() {
            return Err(ParseError { path: input.path.clone().into(), fault: Self::NONE });
        }
        Ok(Self(places))
    }

    /// Returns the error for a list that was opened as contacts: if it has no numbers, something else wrote it.
    pub fn opened(error: ParseError) -> ParseError {
        match error {
            ParseError { path, fault: Fault::NoPhoneColumn { .. } } => ParseError { path, fault: Self::NONE },
            other => other,
        }
    }

    /// Returns the contact of a row.
    pub fn contact(&self, row: Row<'_>, region: Option<Region>) -> StoredContact {
        let text = |place: Option<usize>| {
            let cell = place.map(|place| row.cell(place).text).unwrap_or_default();
            String::from_utf8_lossy(cell).into_owned()
        };
        stored_contact(self.0.map(text), region)
    }
}

/// Reads a file written by `fetch contacts`, in any of its formats.
pub(crate) fn from_file(
    path: &Path,
    region: Option<Region>,
    interrupt: &Interrupt,
    is_asked: &dyn Fn(E164) -> bool,
) -> Result<Known, ReadError> {
    let opened = Input::open(path, &ParseSettings { region, ..ParseSettings::default() });
    let mut input = opened.map_err(|error| FetchedColumns::opened(error).of_option())?;
    let columns = FetchedColumns::of(&input.info)?;
    let mut collector = Collector::default();
    let mut signal = None;
    let read = input.read(0, &mut |rows| {
        for row in rows.iter() {
            collector.add(&columns.contact(row, region), is_asked);
        }
        signal = interrupt.signal();
        if signal.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    match (signal, read) {
        (Some(signal), _) => Err(ReadError::Interrupted(signal)),
        // An account without contacts.
        (None, Ok(_) | Err(ParseError { fault: Fault::HeaderOnly, .. })) => {
            Ok(Known { existing: collector.finish(), from: ExistingFrom::File, ..Known::default() })
        }
        (None, Err(error)) => Err(error.into()),
    }
}
