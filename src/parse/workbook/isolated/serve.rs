//! The child: reads the workbook and sends its rows.

use std::{
    fs::File,
    io::{self, Read as _},
    ops::ControlFlow,
    os::{
        fd::{AsFd as _, OwnedFd},
        unix::net::UnixStream,
    },
    process::ExitCode,
};

use rustix::process::{Resource, Rlimit, setrlimit};

use super::protocol::{
    FRAME_BYTES, Kind, Opened, Request, SentFault, WINDOW, Wanted, acknowledgment, preview, push_row,
    receive, send, send_value, value,
};
use crate::{
    failpoint,
    parse::{
        file::content::Content,
        raw_row::{RawRow, RowSink},
        workbook::{Workbook, sheet::Sights},
    },
};

/// The hidden command that runs the child. Its arguments are the family of the workbook and the size of its file.
pub(super) const COMMAND: &str = "read-workbook";

/// The families of workbooks: the old binary format, and formats in a ZIP package.
pub(super) const LEGACY: &str = "legacy";
pub(super) const PACKAGE: &str = "package";

/// The memory limit. Shared texts may take a quarter of it.
pub(super) const MAX_BYTES: u64 = 1024 * 1024 * 1024;

/// The base processor time in seconds, and the number of bytes that add one second. A workbook with a million rows of
/// ten columns has 60 MB and takes about ten seconds per pass. rollcall makes up to five passes, possibly on slow
/// machines.
const SECONDS: u64 = 20;
const BYTES_A_SECOND: u64 = 128 * 1024;

/// Returns the processor time in seconds for a workbook of this size.
pub(super) fn seconds(bytes: u64) -> u64 {
    // Debug builds are slow.
    let pace = if cfg!(debug_assertions) { 10 } else { 1 };
    pace * (SECONDS + bytes / BYTES_A_SECOND)
}

/// Reads the workbook on standard input for the process at the other end of standard output. `file_bytes` is the size
/// of the user's file, which may be an archive around the workbook.
pub fn serve(family: &str, file_bytes: u64) -> ExitCode {
    match try_serve(family, file_bytes) {
        Ok(()) => ExitCode::SUCCESS,
        // The parent has exited or has received the fault.
        Err(_) => ExitCode::FAILURE,
    }
}

fn try_serve(family: &str, file_bytes: u64) -> io::Result<()> {
    let file = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let end: OwnedFd = io::stdout().as_fd().try_clone_to_owned()?;
    let mut socket = UnixStream::from(end);
    // Fails if standard output is not a socket.
    socket.peer_addr()?;
    limit(seconds(file.metadata()?.len()));
    failpoint::overuse();
    let content = if family == LEGACY { Content::EncryptedOrLegacyExcel } else { Content::Xlsx };
    let mut workbook = match Workbook::open(&file, file_bytes, content) {
        Ok((workbook, properties)) => {
            let opened = Opened { entries: workbook.entries().to_vec(), properties };
            send_value(&mut socket, Kind::Opened, &opened)?;
            workbook
        }
        Err(fault) => return send_value(&mut socket, Kind::Fault, &SentFault::from(fault)),
    };
    let mut payload = Vec::new();
    loop {
        match receive(&mut socket, &mut payload) {
            Ok(Kind::Request) => {}
            Ok(_) => return Err(io::ErrorKind::InvalidData.into()),
            // The parent is done.
            Err(error)
                if matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) =>
            {
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        let request: Request = value(&payload)?;
        if request.begins_pass {
            workbook.begin_pass();
        }
        match request.wanted {
            Wanted::Sheet(index) => visit(&mut workbook, index as usize, &mut socket)?,
            Wanted::Others { chosen, rows } => {
                look_at_others(&mut workbook, chosen as usize, rows as usize, &mut socket)?;
            }
        }
    }
}

fn look_at_others(
    workbook: &mut Workbook,
    chosen: usize,
    wanted: usize,
    socket: &mut UnixStream,
) -> io::Result<()> {
    let mut failure = None;
    workbook.look_at_others(chosen, wanted, &mut |index, rows| {
        if failure.is_none() {
            let sent =
                preview(index, rows.as_ref()).and_then(|payload| send(socket, Kind::Preview, &payload));
            failure = sent.err();
        }
    });
    match failure {
        Some(error) => Err(error),
        None => send_value(socket, Kind::End, &Sights::default()),
    }
}

/// Sets the limits. If one cannot be set, the system's limit applies.
fn limit(seconds: u64) {
    for (resource, current, maximum) in [
        (Resource::Data, MAX_BYTES, MAX_BYTES),
        // The first limit sends a signal that states the reason. The second one kills any process.
        (Resource::Cpu, seconds, seconds + 5),
        // The child writes no files, and no core dump with personal data.
        (Resource::Fsize, 0, 0),
        (Resource::Core, 0, 0),
    ] {
        _ = setrlimit(resource, Rlimit { current: Some(current), maximum: Some(maximum) });
    }
}

fn visit(workbook: &mut Workbook, index: usize, socket: &mut UnixStream) -> io::Result<()> {
    let mut sights = Sights::default();
    let mut rows = Sender { socket, frame: Vec::new(), unacknowledged: 0, failure: None };
    let read = workbook.visit(index, &mut sights, &mut rows);
    rows.finish()?;
    let unacknowledged = rows.unacknowledged;
    match read {
        Ok(()) => send_value(socket, Kind::End, &sights)?,
        Err(fault) => send_value(socket, Kind::Fault, &SentFault::from(fault))?,
    }
    for _ in 0..unacknowledged {
        // There are no more rows in either case.
        _ = acknowledged(socket)?;
    }
    Ok(())
}

/// Waits for the acknowledgment of a frame. Returns `Break` if the parent needs no more rows.
fn acknowledged(socket: &mut UnixStream) -> io::Result<ControlFlow<()>> {
    let mut byte = [0];
    socket.read_exact(&mut byte)?;
    Ok(if byte == [acknowledgment::GO_ON] { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
}

/// A sink that sends rows in frames.
struct Sender<'s> {
    socket: &'s mut UnixStream,
    frame: Vec<u8>,
    unacknowledged: usize,
    failure: Option<io::Error>,
}

impl RowSink for Sender<'_> {
    fn row(&mut self, number: u64, row: &impl RawRow) -> ControlFlow<()> {
        push_row(&mut self.frame, number, row);
        if self.frame.len() < FRAME_BYTES {
            return ControlFlow::Continue(());
        }
        self.flush().unwrap_or_else(|error| {
            self.failure = Some(error);
            ControlFlow::Break(())
        })
    }
}

impl Sender<'_> {
    /// Sends the frame. Returns `Break` if the parent needs no more rows.
    fn flush(&mut self) -> io::Result<ControlFlow<()>> {
        send(self.socket, Kind::Rows, &self.frame)?;
        self.frame.clear();
        self.unacknowledged += 1;
        if self.unacknowledged < WINDOW {
            return Ok(ControlFlow::Continue(()));
        }
        self.unacknowledged -= 1;
        acknowledged(self.socket)
    }

    /// Sends the last rows.
    fn finish(&mut self) -> io::Result<()> {
        match self.failure.take() {
            Some(error) => return Err(error),
            None if self.frame.is_empty() => {}
            None => _ = self.flush()?,
        }
        Ok(())
    }
}
