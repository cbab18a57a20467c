//! What the platform holds, learned in the cheapest way that can be trusted: from a file that the user names, from the last reading
//! where the platform still counts as many, or by reading all of it.

use std::{
    collections::HashSet,
    ops::ControlFlow,
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;
use serde::Serialize;

use super::{ExistingContacts, ExistingSink, look_behind};
use crate::{
    contact::{E164, Region},
    interrupt::Interrupt,
    journal::{Snapshot, Snapshots},
    parse::{Fault, Input, ParseError, ParseSettings, ReadError},
    platform::{Client, Collection, PlatformError, stored_contact},
};

/// What the user decided about learning what the platform holds.
#[derive(Clone, Debug)]
pub struct ExistingSettings {
    /// What `fetch contacts` wrote, instead of asking.
    pub file: Option<PathBuf>,
    /// How old the last reading may be to be relied on.
    pub max_age: Duration,
    /// Whether to read everything anew.
    pub refresh: bool,
}

/// How it is known what the platform holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExistingFrom {
    /// All of it was read.
    #[default]
    Platform,
    /// An earlier reading, which one page showed to hold still.
    Snapshot,
    /// A file that the user named.
    File,
}

/// What the platform holds, and how that is known.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) existing: ExistingContacts,
    pub(crate) from: ExistingFrom,
    /// When the platform was read, where that was not in this run.
    pub(crate) read_at: Option<Timestamp>,
    /// What was odd about the pages, and was got over.
    pub(crate) notes: Vec<String>,
    /// Records that the platform shows and that cannot be read.
    pub(crate) unreadable: u64,
    /// Whether the next run can rely on it, and need not read everything.
    pub(crate) is_kept: bool,
}

impl ExistingSettings {
    /// The last reading, if it is young enough.
    fn candidate(&self, snapshots: &Snapshots) -> Result<Option<Snapshot>, PlatformError> {
        let Some(latest) = snapshots.latest()? else { return Ok(None) };
        let is_young = latest.age_ms.is_some_and(|age| u128::from(age) <= self.max_age.as_millis());
        if self.refresh || !is_young {
            snapshots.forget(&latest)?;
            return Ok(None);
        }
        Ok(Some(latest))
    }

    /// Asks the platform. Where posts of an earlier time are still to be settled, `unacknowledged` are their numbers: what is not
    /// found behind what is known takes a whole reading.
    pub(crate) async fn ask(
        &self,
        client: &mut Client<'_>,
        snapshots: &Snapshots,
        how: &'static str,
        unacknowledged: &HashSet<E164>,
        is_asked: &(dyn Fn(E164) -> bool + Sync),
    ) -> Result<Known, PlatformError> {
        let mut candidate = self.candidate(snapshots)?;
        if candidate.is_some() && !unacknowledged.is_empty() {
            let is_told = look_behind(client, snapshots, unacknowledged).await?.is_some();
            // With what was found.
            candidate = if is_told { snapshots.latest()? } else { None };
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

/// The columns of what `fetch contacts` writes that are used; the first must be there.
const COLUMNS: [&str; 6] =
    ["cellPhone.phoneNumber", "cellPhone.countryCode", "cellPhone.extension", "id", "firstName", "lastName"];

/// Reads what `fetch contacts` wrote, in any of its formats.
pub(crate) fn from_file(
    path: &Path,
    region: Option<Region>,
    interrupt: &Interrupt,
    is_asked: &dyn Fn(E164) -> bool,
) -> Result<Known, ReadError> {
    let other = || ParseError { path: path.to_owned(), fault: Fault::NotFetched { column: COLUMNS[0] } };
    let mut input = match Input::open(path, &ParseSettings { region, ..ParseSettings::default() }) {
        Err(ParseError { fault: Fault::NoPhoneColumn { .. }, .. }) => return Err(other().into()),
        opened => opened.map_err(ParseError::of_option)?,
    };
    let headers = &input.info.headers;
    let places = COLUMNS.map(|name| headers.iter().position(|header| header == name));
    if places[0].is_none() {
        return Err(other().into());
    }
    let mut existing = ExistingContacts::default();
    let mut signal = None;
    let read = input.read(0, &mut |rows| {
        for row in rows.iter() {
            let text = |place: Option<usize>| {
                let cell = place.map(|place| row.cell(place).text).unwrap_or_default();
                String::from_utf8_lossy(cell).into_owned()
            };
            existing.note(&stored_contact(places.map(text), region), is_asked);
        }
        signal = interrupt.signal();
        if signal.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    match (signal, read) {
        (Some(signal), _) => Err(ReadError::Interrupted(signal)),
        // An account that holds nobody.
        (None, Ok(_) | Err(ParseError { fault: Fault::HeaderOnly, .. })) => {
            Ok(Known { existing, from: ExistingFrom::File, ..Known::default() })
        }
        (None, Err(error)) => Err(error.into()),
    }
}
