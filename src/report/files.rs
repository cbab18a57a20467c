//! The files of a run, in order. To add a file, add an entry to [`KINDS`].

use super::{
    html::HtmlWriter,
    outcomes::OutcomesWriter,
    rejected::{RejectedWriter, WorkbookWriter},
    run_file::Kind,
    summary::SummaryWriter,
};

/// All kinds, in the order in which they are put in place.
pub(super) const KINDS: [Kind; 5] =
    [OutcomesWriter::KIND, RejectedWriter::KIND, WorkbookWriter::KIND, HtmlWriter::KIND, SummaryWriter::KIND];
