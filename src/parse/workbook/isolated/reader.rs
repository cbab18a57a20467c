//! The parent: starts the child and receives rows.

use std::{
    fs::File,
    io::{self, Write as _},
    ops::ControlFlow,
    os::{
        fd::OwnedFd,
        unix::{
            net::UnixStream,
            process::{CommandExt as _, ExitStatusExt as _},
        },
    },
    path::Path,
    process::{Child, Command, Stdio},
    thread,
};

use rustix::process::Signal;
use tracing::warn;

use super::{
    PROGRAM,
    protocol::{
        End, Kind, Opened, Request, Rows as SentRows, SentFault, Wanted, acknowledgment, previewed, receive,
        send_value, value,
    },
    serve::{COMMAND, LEGACY, MAX_BYTES, PACKAGE, seconds},
};
use crate::{
    failpoint,
    parse::{
        error::Fault,
        file::content::Content,
        raw_row::RowSink,
        workbook::{
            Properties,
            sheet::{Entry, Sights},
        },
    },
    row::Rows,
};

/// A workbook that a child process reads.
pub(in crate::parse) struct Reader {
    file: File,
    file_bytes: u64,
    family: &'static str,
    /// `None` while the child is not needed; it is started again on demand.
    process: Option<Process>,
    begins_pass: bool,
    pub(in crate::parse) entries: Vec<Entry>,
}

impl Reader {
    /// Starts a child that opens the workbook. `None` if this process has to read it.
    pub(in crate::parse::workbook) fn open(
        file: &File,
        file_bytes: u64,
        content: Content,
    ) -> Option<Result<(Self, Properties), Fault>> {
        let program = PROGRAM.get()?;
        let family = if content == Content::EncryptedOrLegacyExcel { LEGACY } else { PACKAGE };
        let mut process = match Process::start(reading(program, family, file_bytes), file) {
            Ok(process) => process,
            Err(error) => {
                warn!("cannot start a process to read the workbook, reading it here: {error}");
                return None;
            }
        };
        Some(process.opened(file).and_then(|opened| {
            let Opened { entries, properties } = opened;
            let file = file.try_clone().map_err(Fault::Io)?;
            let process = Some(process);
            Ok((Self { file, file_bytes, family, process, begins_pass: false, entries }, properties))
        }))
    }

    /// Begins a pass over the workbook with the next request.
    pub(in crate::parse) fn begin_pass(&mut self) {
        self.begins_pass = true;
    }

    /// Passes all rows of a sheet to `sink`.
    pub(in crate::parse) fn visit(
        &mut self,
        index: usize,
        sights: &mut Sights,
        sink: &mut impl RowSink,
    ) -> Result<(), Fault> {
        *sights = self.ask(Wanted::Sheet(small(index)), |process| process.rows(sink))?;
        Ok(())
    }

    /// Passes the first rows of every other sheet to `each`.
    pub(in crate::parse) fn look_at_others(
        &mut self,
        chosen: usize,
        rows: usize,
        each: &mut dyn FnMut(usize, Option<Rows>),
    ) -> Result<(), Fault> {
        let wanted = Wanted::Others { chosen: small(chosen), rows: small(rows) };
        self.ask(wanted, |process| process.previews(each)).map(drop)
    }

    /// Sends a request and calls `receive` for the response.
    fn ask(
        &mut self,
        wanted: Wanted,
        receive: impl FnOnce(&mut Process) -> io::Result<Result<End, SentFault>>,
    ) -> Result<End, Fault> {
        // After a failure the child cannot be used any more.
        let mut process = match self.process.take() {
            Some(process) => process,
            None => self.start()?,
        };
        let request = Request { begins_pass: std::mem::take(&mut self.begins_pass), wanted };
        let sent = send_value(&mut process.socket, Kind::Request, &request);
        let end = sent.and_then(|()| receive(&mut process));
        let end = end.map_err(|error| process.fault(&self.file, error))?;
        self.process = Some(process);
        end.map_err(Fault::from)
    }

    /// Ends the child until the workbook is needed again.
    pub(in crate::parse) fn rest(&mut self) {
        self.process = None;
    }

    fn start(&self) -> Result<Process, Fault> {
        let program = PROGRAM.get().ok_or_else(|| Fault::Io(io::ErrorKind::NotFound.into()))?;
        let command = reading(program, self.family, self.file_bytes);
        let mut process = Process::start(command, &self.file).map_err(Fault::Io)?;
        process.opened(&self.file)?;
        Ok(process)
    }
}

/// Converts a sheet index or a row count. Those of real workbooks always fit.
fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The command that runs the child.
fn reading(program: &Path, family: &str, file_bytes: u64) -> Command {
    let mut command = Command::new(program);
    // The child needs no secrets and no settings.
    command.args([COMMAND, family, &file_bytes.to_string()]).env_clear();
    failpoint::tell_reader(&mut command);
    command
}

struct Process {
    /// Set until the process is dropped.
    child: Option<Child>,
    socket: UnixStream,
    payload: Vec<u8>,
}

impl Process {
    fn start(mut command: Command, file: &File) -> io::Result<Self> {
        let (socket, theirs) = UnixStream::pair()?;
        let child = command
            .current_dir("/")
            .stdin(file.try_clone()?)
            .stdout(OwnedFd::from(theirs))
            .stderr(Stdio::null())
            // Terminal signals are for the parent.
            .process_group(0)
            .spawn()?;
        Ok(Self { child: Some(child), socket, payload: Vec::new() })
    }

    /// Waits until the child has opened the workbook.
    fn opened(&mut self, file: &File) -> Result<Opened, Fault> {
        let received = receive(&mut self.socket, &mut self.payload);
        match received.map_err(|error| self.fault(file, error))? {
            Kind::Opened => value(&self.payload).map_err(Fault::Io),
            Kind::Fault => Err(value::<SentFault>(&self.payload).map_err(Fault::Io)?.into()),
            Kind::Request | Kind::Rows | Kind::Preview | Kind::End => {
                Err(Fault::Io(io::ErrorKind::InvalidData.into()))
            }
        }
    }

    /// Passes the rows of a sheet to `sink` until it breaks.
    fn rows(&mut self, sink: &mut impl RowSink) -> io::Result<Result<End, SentFault>> {
        let mut wants_more = true;
        loop {
            match receive(&mut self.socket, &mut self.payload)? {
                Kind::Rows => {
                    let mut rows = SentRows::of(&self.payload);
                    while wants_more && let Some((number, row)) = rows.next()? {
                        wants_more = sink.row(number, &row) == ControlFlow::Continue(());
                    }
                    let answer = if wants_more { acknowledgment::GO_ON } else { acknowledgment::STOP };
                    self.socket.write_all(&[answer])?;
                }
                other => return self.end(other),
            }
        }
    }

    /// Passes the first rows of sheets to `each`.
    fn previews(&mut self, each: &mut dyn FnMut(usize, Option<Rows>)) -> io::Result<Result<End, SentFault>> {
        loop {
            match receive(&mut self.socket, &mut self.payload)? {
                Kind::Preview => {
                    let (index, rows) = previewed(&self.payload)?;
                    each(index, rows);
                }
                other => return self.end(other),
            }
        }
    }

    /// Returns the end of a response.
    fn end(&self, kind: Kind) -> io::Result<Result<End, SentFault>> {
        match kind {
            Kind::End => value(&self.payload).map(Ok),
            Kind::Fault => value(&self.payload).map(Err),
            Kind::Opened | Kind::Request | Kind::Rows | Kind::Preview => {
                Err(io::ErrorKind::InvalidData.into())
            }
        }
    }

    /// Determines the fault when a child does not respond.
    fn fault(&mut self, file: &File, error: io::Error) -> Fault {
        // The child may still be exiting.
        let has_ended = matches!(
            error.kind(),
            io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
        );
        let Ok(Some(status)) = (match &mut self.child {
            Some(child) if has_ended => child.wait().map(Some),
            _ => Ok(None),
        }) else {
            return Fault::Io(error);
        };
        let is = |signal: Signal| status.signal() == Some(signal.as_raw());
        if is(Signal::KILL) {
            let killed = "the process that read it was killed; the machine may be out of memory";
            return Fault::Io(io::Error::other(killed));
        }
        if is(Signal::XCPU) {
            let seconds = seconds(file.metadata().map_or(0, |metadata| metadata.len()));
            return Fault::Hostile(format!("it takes more than {seconds} seconds to read"));
        }
        if is(Signal::ABORT) {
            return Fault::Hostile(format!("it takes more than {} GiB of memory to read", MAX_BYTES >> 30));
        }
        Fault::DamagedWorkbook(format!("the process that read it ended unexpectedly ({status})"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        // It may have ended already.
        _ = child.kill();
        // The child exits within milliseconds. Waiting for it in the background avoids a delay.
        _ = thread::Builder::new().spawn(move || child.wait());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::{preview::Preview, workbook::sheet_name::SheetName};

    /// The fault when the child runs this script instead.
    fn said(script: &str) -> String {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let file = tempfile::tempfile().unwrap();
        let mut process = Process::start(command, &file).unwrap();
        process.opened(&file).unwrap_err().to_string()
    }

    #[test]
    fn crashed_child_is_a_fault_of_the_file() {
        assert!(said("kill -ABRT $$").contains("more than 1 GiB of memory"));
        assert!(said("kill -XCPU $$").contains("seconds to read"));
        assert!(said("kill -KILL $$").contains("may be out of memory"));
        assert!(said("kill -SEGV $$").contains("ended unexpectedly (signal: 11"));
        assert!(said("exit 0").contains("ended unexpectedly"));
        assert!(said("printf 'x\\0\\0\\0\\0' >&1; sleep 9").contains("a frame of an unknown kind"));
        assert!(said("printf 'r\\377\\377\\377\\377' >&1; sleep 9").contains("a frame is too long"));
    }

    #[test]
    fn child_that_crashes_between_rows_is_an_error() {
        let mut command = Command::new("sh");
        // Sends one row and then crashes.
        command.args(["-c", "head -c 5 <&1 >/dev/null; printf 'r\\15\\0\\0\\0\\1\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0' >&1; kill -ABRT $$"]);
        let file = tempfile::tempfile().unwrap();
        let process = Some(Process::start(command, &file).unwrap());
        let entry = Entry { name: SheetName::default(), has_cells: true };
        let entries = vec![entry];
        let mut reader =
            Reader { file, file_bytes: 0, family: PACKAGE, process, begins_pass: false, entries };
        let error = reader.visit(0, &mut Sights::default(), &mut Preview::new(9)).unwrap_err();
        assert!(matches!(error, Fault::Hostile(_)), "{error}");
    }
}
