//! Saves a collection of the platform to a file, and the stream's contacts also for the next import.

use super::PipelineError;
use crate::{
    interrupt::Interrupt,
    journal::{SharedQuota, SnapshotWriter, Snapshots},
    platform::{Client, ClientSettings, Collection, Counts, Readout, Record, RecordSink},
    progress::Progress,
    report::{FetchedFormat, FetchedSummary, FetchedWriter},
};

/// The settings of a fetch.
pub struct FetchSettings {
    /// The account.
    pub client: ClientSettings,
    /// The account's quota, shared with other programs.
    pub quota: SharedQuota,
    /// The snapshots for the next import.
    pub snapshots: Snapshots,
    /// The collection to fetch.
    pub collection: Collection,
    /// Records per page; the platform's maximum if `None`.
    pub page_size: Option<u64>,
}

/// The result of a fetch.
#[derive(Debug)]
pub struct Fetched {
    /// What was written.
    pub summary: FetchedSummary,
    /// How it was read.
    pub readout: Readout,
    /// The requests made.
    pub counts: Counts,
}

/// Reads a collection to its end and writes it.
///
/// # Errors
///
/// Returns an error if it cannot be read or written; no file is left behind then.
pub fn fetch(
    settings: &FetchSettings,
    output: FetchedWriter,
    progress: &dyn Progress,
    interrupt: &Interrupt,
) -> Result<Fetched, PipelineError> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(PipelineError::Runtime)?;
    let mut client =
        Client::new(settings.client.clone(), settings.quota.clone(), progress, interrupt.clone())?;
    let mut sink = Sink { output, snapshot: None };
    if settings.collection == Collection::Contacts {
        sink.snapshot = Some(settings.snapshots.begin("fetch")?);
    }
    let mut readout = runtime.block_on(client.read(&settings.collection, settings.page_size, &mut sink))?;
    if readout.unreadable > 0 {
        let unreadable = readout.unreadable;
        readout.notes.push(format!("rollcall skips records that it cannot read as contacts: {unreadable}"));
    }
    let output = sink.output;
    // The reader of a pipe may never read it.
    let summary = interrupt.watch(move || output.finish()).map_err(PipelineError::Interrupted)??;
    if let Some(snapshot) = sink.snapshot {
        let total = readout.total.filter(|total| *total == readout.records);
        snapshot.finish(total, readout.page_size)?;
    }
    Ok(Fetched { summary, readout, counts: client.counts() })
}

struct Sink {
    output: FetchedWriter,
    snapshot: Option<SnapshotWriter>,
}

impl RecordSink for Sink {
    type Error = PipelineError;

    fn record(&mut self, record: &Record<'_>) -> Result<(), PipelineError> {
        if !record.is_readable() {
            return Ok(());
        }
        let stored = record.stored();
        let texts = match self.output.format() {
            FetchedFormat::Csv | FetchedFormat::Xlsx => record.texts(self.output.fields()),
            FetchedFormat::Json | FetchedFormat::Ndjson => Vec::new(),
        };
        if let Err(source) = self.output.write(record.json(), &texts, &stored) {
            return Err(self.output.error(source).into());
        }
        if let Some(snapshot) = &mut self.snapshot {
            snapshot.push(stored)?;
        }
        Ok(())
    }

    fn restart(&mut self) -> Result<(), PipelineError> {
        self.output.restart()?;
        self.snapshot.as_mut().map_or(Ok(()), SnapshotWriter::restart)?;
        Ok(())
    }
}
