//! The times of a run, and the head of its report.

use std::time::Instant;

use jiff::{Timestamp, Unit};

use super::RunSettings;
use crate::{
    parse::{InputInfo, ReadSummary},
    report::{InputReport, Report},
};

/// The start of a run.
#[derive(Clone, Copy)]
pub(super) struct Clock {
    started: Instant,
    started_at: Timestamp,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self { started: Instant::now(), started_at: Timestamp::now() }
    }

    pub(super) fn elapsed_ms(self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Returns the report's facts about a run, without its rows.
    pub(super) fn report(
        self,
        command: &'static str,
        settings: &RunSettings,
        infos: &[InputInfo],
        summaries: &[ReadSummary],
    ) -> Report {
        let inputs = infos.iter().zip(summaries).map(|(info, summary)| InputReport::new(info, summary));
        Report {
            config_files: settings.config_files.clone(),
            finished_at: now(),
            inputs: inputs.collect(),
            ..Report::begun(command, &settings.run, rounded(self.started_at))
        }
    }
}

pub(super) fn now() -> String {
    rounded(Timestamp::now())
}

/// Formats a time in RFC 3339 in UTC, to the millisecond.
pub(super) fn rounded(moment: Timestamp) -> String {
    moment.round(Unit::Millisecond).unwrap_or(moment).to_string()
}
