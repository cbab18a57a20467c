//! The bytes of an input: opened once, read from the start as often as needed, decompressed on the way.
//!
//! A file is examined before its rows are used, so it is read more than once. Input that cannot be rewound, such as
//! standard input, is first copied to a temporary file. A change of the file in the meantime is detected.

use std::{
    fs::{File, Metadata},
    io::{self, BufReader, Read, Seek, SeekFrom, Write as _},
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, SystemTime},
};

use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};

use super::{
    stream::{Head, Stream, Utf8Only},
    zstd::ZstdDecoder,
};
use crate::{
    hash::hex,
    parse::{
        allowance::Allowance,
        error::{Fault, MAX_RATIO, UnpackError},
    },
};

/// How long to wait for a writer of a named pipe.
const PIPE_PATIENCE: Duration = Duration::from_secs(10);

/// Maximum bytes read from a pipe, because they are kept on disk meanwhile.
const MAX_PIPED_BYTES: u64 = 8 * 1024 * 1024 * 1024;

/// A size below which the ratio does not matter.
pub(in crate::parse) const HARMLESS_BYTES: u64 = 64 * 1024 * 1024;

/// The compression of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// None.
    Plain,
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
    /// One file of a ZIP archive.
    Zip,
}

impl Compression {
    /// Returns the name shown to people, if the input is compressed.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
            Self::Zip => Some("ZIP archive"),
        }
    }

    pub(super) fn of(start: &[u8]) -> Self {
        match start {
            [0x1f, 0x8b, 8, ..] => Self::Gzip,
            // A frame, or a skippable frame before it.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::Plain,
        }
    }
}

/// The bytes of an input.
pub(in crate::parse) struct Source {
    file: File,
    /// The size and time for detecting changes. `None` for our own copy of a pipe.
    before: Option<Stamp>,
    len: u64,
    compression: Compression,
    /// The size of the user's file, even if the bytes come from an archive inside it.
    outer_len: u64,
    /// Maximum decompressed bytes, including everything nested inside.
    allowed: u64,
    /// Bytes of the allowance that passed rows took.
    spent: Arc<AtomicU64>,
    meter: Arc<Meter>,
    /// The archive that contains the bytes.
    archive: Option<Box<Source>>,
    /// What follows a file with the beginning, if the bytes are read while they are written.
    rest: Rest,
}

/// The rest of a source whose beginning is a file.
enum Rest {
    /// The file is the whole source.
    None,
    /// More bytes, not yet read. `is_utf_8` says that they must be UTF-8.
    Waiting { bytes: Box<dyn Read + Send>, is_utf_8: bool },
    /// The next start reads all of it.
    Joined { bytes: Box<dyn Read + Send>, is_utf_8: bool },
    /// It was read.
    Read,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    len: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self { len: metadata.len(), modified: metadata.modified().ok() }
    }
}

/// The bytes read since the last start.
#[derive(Default)]
struct Meter {
    hash: Mutex<Sha256>,
    bytes: AtomicU64,
}

impl Meter {
    fn hash(&self) -> MutexGuard<'_, Sha256> {
        self.hash.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn restart(&self) {
        *self.hash() = Sha256::new();
        self.bytes.store(0, Ordering::Relaxed);
    }
}

struct Metered<R> {
    bytes: R,
    /// `None` if the file is only examined.
    meter: Option<Arc<Meter>>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(buffer)?;
        if let Some(meter) = &self.meter {
            meter.hash().update(&buffer[..read]);
            meter.bytes.fetch_add(read as u64, Ordering::Relaxed);
        }
        Ok(read)
    }
}

impl Source {
    /// Opens a file, or standard input if the path is `-`.
    pub(in crate::parse) fn open(path: &Path) -> Result<Self, Fault> {
        let (mut file, before) = if path.as_os_str() == STDIN {
            (copied(&mut io::stdin().lock())?, None)
        } else {
            match kind(&path.metadata().map_err(Fault::Io)?) {
                Kind::File => {
                    let file = File::open(path).map_err(Fault::Io)?;
                    let stamp = Stamp::of(&file.metadata().map_err(Fault::Io)?);
                    (file, Some(stamp))
                }
                Kind::Pipe => (copied(&mut open_pipe(path)?)?, None),
                Kind::Folder => return Err(Fault::Folder),
                Kind::Device => return Err(Fault::Device),
            }
        };
        let len = file.seek(SeekFrom::End(0)).map_err(Fault::Io)?;
        let mut start = [0; 4];
        file.rewind().map_err(Fault::Io)?;
        let known = read_up_to(&mut file, &mut start).map_err(Fault::Io)?;
        Ok(Self {
            file,
            before,
            len,
            compression: Compression::of(&start[..known]),
            outer_len: len,
            allowed: HARMLESS_BYTES.max(len.saturating_mul(MAX_RATIO)),
            spent: Arc::default(),
            meter: Arc::default(),
            archive: None,
            rest: Rest::None,
        })
    }

    /// Opens a list that is read while it is written. Waits for its beginning.
    pub(in crate::parse) fn of_stream(bytes: Box<dyn Read + Send>, wanted: Head) -> Result<Self, Fault> {
        let Stream { head, rest } = Stream::open(bytes, wanted).map_err(Fault::from_io)?;
        let mut file = tempfile::tempfile().map_err(Fault::Io)?;
        file.write_all(&head).map_err(Fault::Io)?;
        let len = head.len() as u64;
        Ok(Self {
            file,
            before: None,
            len,
            // It is unpacked while it is read.
            compression: Compression::Plain,
            outer_len: len,
            allowed: HARMLESS_BYTES.max(len.saturating_mul(MAX_RATIO)),
            spent: Arc::default(),
            meter: Arc::default(),
            archive: None,
            rest: Rest::Waiting { bytes: rest, is_utf_8: false },
        })
    }

    /// Returns whether the list is read while it is written.
    pub(in crate::parse) fn is_stream(&self) -> bool {
        !matches!(self.rest, Rest::None)
    }

    /// Returns whether the next start, or the last one, reads the rest, too.
    pub(in crate::parse) fn is_joined(&self) -> bool {
        matches!(self.rest, Rest::Joined { .. } | Rest::Read)
    }

    /// Makes a byte of the rest that is not UTF-8 an error.
    pub(in crate::parse) fn expect_utf_8(&mut self) {
        if let Rest::Waiting { is_utf_8, .. } = &mut self.rest {
            *is_utf_8 = true;
        }
    }

    /// Makes the next start read the rest after the beginning.
    pub(in crate::parse) fn join_rest(&mut self) {
        self.rest = match std::mem::replace(&mut self.rest, Rest::None) {
            Rest::Waiting { bytes, is_utf_8 } => Rest::Joined { bytes, is_utf_8 },
            other => other,
        };
    }

    /// Returns the same file for another reader. Only one of them may read at a time: they share a position in the
    /// file.
    pub(in crate::parse) fn again(&self) -> Result<Self, Fault> {
        let file = self.file.try_clone().map_err(Fault::Io)?;
        Ok(Self {
            file,
            before: self.before,
            len: self.len,
            compression: self.compression,
            outer_len: self.outer_len,
            allowed: self.allowed,
            spent: Arc::clone(&self.spent),
            meter: Arc::default(),
            archive: self.archive.as_ref().map(|archive| archive.again().map(Box::new)).transpose()?,
            rest: Rest::None,
        })
    }

    /// Replaces an archive by an entry of it. The digest stays that of the archive.
    pub(in crate::parse) fn replace_by(&mut self, entry: impl Read) -> Result<(), Fault> {
        let allowed = self.allowed;
        let mut copy = tempfile::tempfile().map_err(Fault::Io)?;
        let len = io::copy(&mut entry.take(allowed + 1), &mut copy).map_err(Fault::from_io)?;
        if len > allowed {
            return Err(Fault::Unpack(UnpackError::TooMuch));
        }
        let mut start = [0; 4];
        copy.rewind().map_err(Fault::Io)?;
        let known = read_up_to(&mut copy, &mut start).map_err(Fault::Io)?;
        let unpacked = Self {
            file: copy,
            before: None,
            len,
            compression: Compression::of(&start[..known]),
            outer_len: self.outer_len,
            allowed,
            spent: Arc::clone(&self.spent),
            meter: Arc::default(),
            archive: None,
            rest: Rest::None,
        };
        let archive = std::mem::replace(self, unpacked);
        self.archive = Some(Box::new(archive));
        Ok(())
    }

    pub(in crate::parse) fn compression(&self) -> Compression {
        self.compression
    }

    /// Returns the size of the file in bytes.
    pub(in crate::parse) fn len(&self) -> u64 {
        self.len
    }

    /// Returns the size of the user's file in bytes: that of the archive if the bytes come from one.
    pub(in crate::parse) fn outer_len(&self) -> u64 {
        self.outer_len
    }

    /// Returns the remaining allowance for rows of the file, for all its sheets together.
    pub(in crate::parse) fn allowance(&self) -> Allowance {
        if self.is_stream() {
            return Allowance::UNLIMITED;
        }
        Allowance::new(self.outer_len, self.spent.load(Ordering::Relaxed))
    }

    /// Takes `now` bytes of the allowance for rows, and gives back the `before` bytes of an earlier pass.
    pub(in crate::parse) fn spend(&self, before: u64, now: u64) {
        let left = |spent: u64| Some(spent.saturating_sub(before).saturating_add(now));
        _ = self.spent.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left);
    }

    /// Returns a meter of the bytes read since the last start.
    pub(in crate::parse) fn progress(&self) -> ReadMeter {
        ReadMeter(Arc::clone(&self.meter))
    }

    /// Returns the decompressed bytes from the start. Earlier readers must not be used any more.
    pub(in crate::parse) fn start(&mut self) -> Result<Box<dyn Read + Send>, Fault> {
        self.meter.restart();
        let meter = Arc::clone(&self.meter);
        self.unpacked(Some(meter))
    }

    /// Returns the decompressed bytes for examination, without counting or hashing.
    pub(in crate::parse) fn look(&mut self) -> Result<Box<dyn Read + Send>, Fault> {
        self.unpacked(None)
    }

    fn unpacked(&mut self, meter: Option<Arc<Meter>>) -> Result<Box<dyn Read + Send>, Fault> {
        self.file.rewind().map_err(Fault::Io)?;
        let file = self.file.try_clone().map_err(Fault::Io)?;
        if let Rest::Joined { .. } = &self.rest
            && let Rest::Joined { bytes, is_utf_8 } = std::mem::replace(&mut self.rest, Rest::Read)
        {
            let whole = Metered { bytes: file.chain(bytes), meter };
            return Ok(if is_utf_8 { Box::new(Utf8Only::new(whole)) } else { Box::new(whole) });
        }
        let metered = Metered { bytes: file, meter };
        let bounded = |unpacked: Box<dyn Read + Send>| Box::new(Bounded { unpacked, left: self.allowed });
        Ok(match self.compression {
            Compression::Plain | Compression::Zip => Box::new(metered),
            Compression::Gzip => bounded(Box::new(MultiGzDecoder::new(metered))),
            Compression::Zstd => bounded(Box::new(ZstdDecoder::new(BufReader::new(metered)))),
        })
    }

    /// Returns the file for random access, if it is not compressed.
    pub(in crate::parse) fn anywhere(&self) -> Option<&File> {
        (self.compression == Compression::Plain).then_some(&self.file)
    }

    /// Returns a seekable file of the decompressed bytes.
    pub(in crate::parse) fn seekable(&mut self) -> Result<File, Fault> {
        if self.compression == Compression::Plain {
            let mut file = self.file.try_clone().map_err(Fault::Io)?;
            file.rewind().map_err(Fault::Io)?;
            return Ok(file);
        }
        copied(&mut self.start()?)
    }

    /// Reads the rest and returns the SHA-256 of the file, in hexadecimal.
    pub(in crate::parse) fn finish(&mut self) -> Result<String, Fault> {
        if let Some(archive) = &mut self.archive {
            return archive.digest();
        }
        let bytes = self.file.try_clone().map_err(Fault::Io)?;
        io::copy(&mut Metered { bytes, meter: Some(Arc::clone(&self.meter)) }, &mut io::sink())
            .map_err(Fault::Io)?;
        if let Some(before) = self.before
            && before != Stamp::of(&self.file.metadata().map_err(Fault::Io)?)
        {
            return Err(Fault::Changed);
        }
        let digest = self.meter.hash().clone().finalize();
        Ok(hex(&digest))
    }

    /// Returns the SHA-256 of a file that was not read from start to end.
    pub(in crate::parse) fn digest(&mut self) -> Result<String, Fault> {
        if let Some(archive) = &mut self.archive {
            return archive.digest();
        }
        self.file.rewind().map_err(Fault::Io)?;
        self.meter.restart();
        self.finish()
    }
}

/// A meter of how far a file has been read.
#[derive(Clone)]
pub(in crate::parse) struct ReadMeter(Arc<Meter>);

impl ReadMeter {
    pub(in crate::parse) fn bytes(&self) -> u64 {
        self.0.bytes.load(Ordering::Relaxed)
    }
}

enum Kind {
    File,
    Pipe,
    Folder,
    Device,
}

fn kind(metadata: &Metadata) -> Kind {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;

        if metadata.file_type().is_fifo() {
            return Kind::Pipe;
        }
    }
    match metadata.file_type() {
        kind if kind.is_file() => Kind::File,
        kind if kind.is_dir() => Kind::Folder,
        _ => Kind::Device,
    }
}

/// Opens a named pipe, which blocks until a writer opens it.
fn open_pipe(path: &Path) -> Result<File, Fault> {
    let (sender, opened) = mpsc::channel();
    let path = path.to_owned();
    // Without a writer, the thread blocks until the program ends.
    thread::spawn(move || _ = sender.send(File::open(path)));
    match opened.recv_timeout(PIPE_PATIENCE) {
        Ok(opened) => opened.map_err(Fault::Io),
        Err(_) => Err(Fault::NobodyWrites { seconds: PIPE_PATIENCE.as_secs() }),
    }
}

/// Copies to a private temporary file, which can be rewound and disappears with the program.
fn copied(source: &mut dyn Read) -> Result<File, Fault> {
    let mut copy = tempfile::tempfile().map_err(Fault::Io)?;
    let mut chunk = vec![0; 128 * 1024];
    let mut bytes = 0_u64;
    loop {
        let read = read_up_to(source, &mut chunk).map_err(Fault::from_io)?;
        if read == 0 {
            break;
        }
        bytes += read as u64;
        if bytes > MAX_PIPED_BYTES {
            return Err(Fault::PipeTooLong { max_bytes: MAX_PIPED_BYTES });
        }
        copy.write_all(&chunk[..read]).map_err(Fault::Io)?;
    }
    copy.rewind().map_err(Fault::Io)?;
    Ok(copy)
}

/// Fills the buffer as far as there are bytes.
pub(in crate::parse) fn read_up_to(
    source: &mut (impl Read + ?Sized),
    buffer: &mut [u8],
) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match source.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// A reader that fails after a maximum number of bytes.
struct Bounded {
    unpacked: Box<dyn Read + Send>,
    left: u64,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.unpacked.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof => {
                io::Error::other(UnpackError::Damaged(error.to_string()))
            }
            _ => error,
        })?;
        self.left =
            self.left.checked_sub(read as u64).ok_or_else(|| io::Error::other(UnpackError::TooMuch))?;
        Ok(read)
    }
}

/// The path that means standard input.
pub const STDIN: &str = "-";

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn all(source: &mut Source) -> Result<Vec<u8>, Fault> {
        let mut bytes = Vec::new();
        source.start()?.read_to_end(&mut bytes).map_err(Fault::from_io)?;
        Ok(bytes)
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
    }

    #[test]
    fn compressed_files_are_decompressed_repeatedly() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        let skippable = [&[0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3], &zstd(b"name,")[..]].concat();
        for (bytes, compression) in [
            (b"name,phone".to_vec(), Compression::Plain),
            (gzip(b"name,phone"), Compression::Gzip),
            ([gzip(b"name,"), gzip(b"phone")].concat(), Compression::Gzip),
            (zstd(b"name,phone"), Compression::Zstd),
            ([skippable, zstd(b"phone")].concat(), Compression::Zstd),
        ] {
            fs::write(&path, &bytes).unwrap();
            let mut source = Source::open(&path).unwrap();
            assert_eq!(source.compression(), compression);
            for _ in 0..2 {
                assert_eq!(all(&mut source).unwrap(), b"name,phone", "{compression:?}");
            }
            assert_eq!(
                source.finish().unwrap(),
                hex(&Sha256::digest(&bytes)),
                "of the file, not of its contents"
            );
        }
    }

    #[test]
    fn damaged_and_excessive_compression_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        let text = "Asha,9876543210\n".repeat(500);
        for whole in [gzip(text.as_bytes()), zstd(text.as_bytes())] {
            fs::write(&path, &whole[..whole.len() - 5]).unwrap();
            let error = all(&mut Source::open(&path).unwrap()).unwrap_err();
            assert!(matches!(error, Fault::Unpack(UnpackError::Damaged(_))), "{error:?}");
        }
        // Nearly a thousand times its size.
        for bomb in [gzip(&vec![b' '; 512 << 10]), zstd(&vec![b' '; 512 << 10])] {
            assert!(bomb.len() as u64 * MAX_RATIO < 512 << 10, "{} bytes", bomb.len());
            fs::write(&path, &bomb).unwrap();
            let mut source = Source::open(&path).unwrap();
            assert_eq!(source.allowed, HARMLESS_BYTES);
            assert_eq!(all(&mut source).unwrap().len(), 512 << 10, "small files are harmless");
            source.allowed = (512 << 10) - 1;
            let error = all(&mut source).unwrap_err();
            assert!(matches!(error, Fault::Unpack(UnpackError::TooMuch)), "{error:?}");
        }
        // Within the ratio alone, without the harmless size.
        fs::write(&path, gzip(text.as_bytes())).unwrap();
        let mut source = Source::open(&path).unwrap();
        source.allowed = source.len * MAX_RATIO;
        assert_eq!(all(&mut source).unwrap(), text.as_bytes());
    }

    #[test]
    fn change_during_reading_is_detected() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        fs::write(&path, "a").unwrap();
        let mut source = Source::open(&path).unwrap();
        fs::write(&path, "ab").unwrap();
        assert!(matches!(source.digest(), Err(Fault::Changed)));
    }

    #[test]
    fn nested_compression_shares_one_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        fs::write(&path, "an archive").unwrap();
        let mut source = Source::open(&path).unwrap();
        source.allowed = 1000;
        source.replace_by(gzip(&[b' '; 2000]).as_slice()).unwrap();
        assert_eq!((source.compression(), source.outer_len()), (Compression::Gzip, 10));
        assert!(matches!(all(&mut source), Err(Fault::Unpack(UnpackError::TooMuch))));
    }
}
