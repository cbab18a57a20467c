//! A file that is read while parts of it are still being checked: what was not found harmless yet is not given out.

use std::{
    fs::File,
    io,
    ops::Range,
    sync::{Arc, OnceLock},
};

use positioned_io::{ReadAt, Size};

/// A file with a gate before some of its bytes.
pub(super) struct Gated {
    file: File,
    gate: Arc<Gate>,
}

/// What is behind it is waited for until somebody has said whether it is harmless.
pub(super) struct Gate {
    closed: Vec<Range<u64>>,
    is_harmless: OnceLock<bool>,
}

impl Gate {
    /// A gate before these parts of a file.
    pub(super) fn before(closed: Vec<Range<u64>>) -> Arc<Self> {
        Arc::new(Self { closed, is_harmless: OnceLock::new() })
    }

    /// Lets all who wait through, or away. Where it is never called, they wait for ever.
    pub(super) fn decide(&self, is_harmless: bool) {
        _ = self.is_harmless.set(is_harmless);
    }
}

impl Gated {
    pub(super) fn new(file: File, gate: Arc<Gate>) -> Self {
        Self { file, gate }
    }
}

impl ReadAt for Gated {
    fn read_at(&self, position: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if self.gate.is_harmless.get() == Some(&true) {
            return self.file.read_at(position, buffer);
        }
        if self.gate.closed.iter().any(|part| part.contains(&position)) && !*self.gate.is_harmless.wait() {
            return Err(io::Error::other("a part of the file was found to do harm"));
        }
        // Up to the next part behind the gate, for which nobody may have asked.
        let starts = self.gate.closed.iter().map(|part| part.start).filter(|start| *start > position);
        let room = starts.min().and_then(|start| usize::try_from(start - position).ok());
        let len = buffer.len().min(room.unwrap_or(usize::MAX));
        self.file.read_at(position, &mut buffer[..len])
    }
}

impl Size for Gated {
    fn size(&self) -> io::Result<Option<u64>> {
        self.file.size()
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Write as _, sync::mpsc, thread};

    use super::*;

    fn gated(closed: Range<u64>) -> (Gated, Arc<Gate>) {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"0123456789").unwrap();
        let gate = Gate::before(vec![closed]);
        (Gated::new(file, Arc::clone(&gate)), gate)
    }

    fn read(file: &Gated, position: u64) -> io::Result<Vec<u8>> {
        let mut buffer = [0; 10];
        let read = file.read_at(position, &mut buffer)?;
        Ok(buffer[..read].to_vec())
    }

    #[test]
    fn the_gate_releases_bytes_outside_a_closed_range() {
        let (file, _) = gated(4..7);
        assert_eq!(read(&file, 0).unwrap(), b"0123");
        assert_eq!(read(&file, 7).unwrap(), b"789");
    }

    #[test]
    fn a_closed_part_is_waited_for() {
        for (is_harmless, expected) in [(true, Some(b"56789".to_vec())), (false, None)] {
            let (file, gate) = gated(4..7);
            let (asked, is_asked) = mpsc::channel();
            let reader = thread::spawn(move || {
                asked.send(()).unwrap();
                read(&file, 5).ok()
            });
            is_asked.recv().unwrap();
            assert!(!reader.is_finished());
            gate.decide(is_harmless);
            assert_eq!(reader.join().unwrap(), expected);
        }
    }
}
