//! How contacts are posted.

use std::time::Duration;

use super::{length_of_time, within};
use crate::{
    cli::{args::PostingOptions, error::CliError},
    pipeline::MaxRejected,
    report::terminal::printable,
};

/// Maximum batch size; the platform's own limit is not documented.
const MAX_BATCH_SIZE: u32 = 10_000;

/// Batch sizes, and the conditions under which nothing is posted.
#[derive(Clone, Debug)]
pub(in crate::cli) struct PostingSettings {
    pub(in crate::cli) batch_size: usize,
    pub(in crate::cli) dry_run: bool,
    pub(in crate::cli) max_rejected: Option<MaxRejected>,
    pub(in crate::cli) wait: Option<Duration>,
    pub(in crate::cli) yes: bool,
}

impl PostingSettings {
    pub(in crate::cli) fn new(options: &PostingOptions) -> Result<Self, CliError> {
        let batch_size = options.batch_size.unwrap_or(100);
        within("batch-size", batch_size.into(), 1..=MAX_BATCH_SIZE.into())?;
        Ok(Self {
            batch_size: batch_size as usize,
            dry_run: options.dry_run,
            max_rejected: options.max_rejected.as_deref().map(max_rejected).transpose()?,
            wait: options.wait.as_deref().map(|text| length_of_time("wait", text)).transpose()?,
            yes: options.yes,
        })
    }
}

fn max_rejected(text: &str) -> Result<MaxRejected, CliError> {
    let percent = |number: &str| {
        let number: f64 = number.trim_end().parse().ok()?;
        (0.0..=100.0).contains(&number).then_some(MaxRejected::Percent(number))
    };
    let read = match text.strip_suffix('%') {
        Some(number) => percent(number),
        None => text.parse().ok().map(MaxRejected::Rows),
    };
    read.ok_or_else(|| {
        CliError::usage(
            format!("--max-rejected: `{}` is neither a number of rows nor a percentage", printable(text)),
            "Use a value such as 100 or 5%.",
        )
    })
}
