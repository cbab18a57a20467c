//! Errors of a run.

use std::io;

use thiserror::Error;

use crate::{
    journal::{Holder, JournalError},
    parse::{ParseError, ReadError},
    platform::{ClientError, PlatformError},
    post::PostError,
    report::ReportError,
    suppress::{SuppressError, UnreadSuppressions},
};

/// The reason why a run ended early. If it was already using the platform, there is a report.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the messages describe the variants")]
pub enum PipelineError {
    #[error(transparent)]
    Parse(#[from] ParseError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error(transparent)]
    Platform(#[from] PlatformError),
    /// Posting ended early; never an error that another variant describes.
    #[error(transparent)]
    Post(PostError),
    /// A list or campaign cannot be used; never an error that another variant describes.
    #[error(transparent)]
    Suppress(SuppressError),
    #[error(transparent)]
    Unread(#[from] UnreadSuppressions),
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A file that an option names: a suppression list, or existing contacts.
    #[error(transparent)]
    OptionFile(ParseError),
    #[error("the rows cannot be kept on disk during the run: {0}")]
    Spool(#[source] io::Error),
    #[error("the rows cannot be written to standard output: {0}")]
    Output(#[source] io::Error),
    #[error("the network cannot be used: {0}")]
    Runtime(#[source] io::Error),
    #[error("{} is importing to the same account", Holder::named(.0.as_ref()))]
    Busy(Option<Holder>),
    #[error("{} is waiting for an answer on whether to post the same import", Holder::named(.0.as_ref()))]
    Asked(Option<Holder>),
    #[error("interrupted")]
    Interrupted(i32),
}

/// Errors of a file that an option names: the settings are wrong, not the inputs.
impl From<ReadError> for PipelineError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Parse(error) => Self::OptionFile(error),
            ReadError::Interrupted(signal) => Self::Interrupted(signal),
        }
    }
}

impl From<ClientError> for PipelineError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Platform(error) => Self::Platform(error),
            ClientError::Interrupted(signal) => Self::Interrupted(signal),
            ClientError::Journal(error) => Self::Journal(error),
        }
    }
}

impl From<PostError> for PipelineError {
    fn from(error: PostError) -> Self {
        match error {
            PostError::Client(error) => error.into(),
            PostError::Contacts(error) => Self::Spool(error),
            error => Self::Post(error),
        }
    }
}

impl From<SuppressError> for PipelineError {
    fn from(error: SuppressError) -> Self {
        match error {
            SuppressError::Client(error) => error.into(),
            SuppressError::Unread(error) => Self::Unread(error),
            error => Self::Suppress(error),
        }
    }
}
