//! Detection of settled files: unchanged for a while, and not open for writing.

use std::{
    collections::{HashMap, HashSet},
    ffi::{OsStr, OsString},
    fs::{self, Metadata},
    io,
    os::unix::fs::MetadataExt as _,
    path::Path,
    time::{Duration, Instant},
};

use globset::GlobSet;

/// Suffixes of names of files that are still being transferred, in lower case.
const ON_THE_WAY: [&str; 8] =
    [".part", ".partial", ".tmp", ".temp", ".filepart", ".crdownload", ".download", ".swp"];

/// The suffix of the marker that declares a file complete.
pub(super) const READY: &str = ".ready";

/// An empty file must be unchanged this many times longer, because most are filled later.
pub(super) const EMPTY_PATIENCE: u32 = 12;

/// The choice of files to take, and when.
#[derive(Clone, Debug)]
pub struct TakeSettings {
    /// The time that a file must be unchanged.
    pub settle: Duration,
    /// Whether a marker declares a file complete.
    pub ready_markers: bool,
    /// The names to take; all if `None`.
    pub include: Option<GlobSet>,
    /// The names to ignore.
    pub exclude: GlobSet,
}

/// The identity and state of a file; changes if the file is replaced or written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    pub(super) size: u64,
    modified: (i64, i64),
}

impl Stamp {
    pub(super) fn of(found: &Metadata) -> Self {
        Self {
            device: found.dev(),
            inode: found.ino(),
            size: found.size(),
            modified: (found.mtime(), found.mtime_nsec()),
        }
    }
}

/// A file that has settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Settled {
    pub(super) name: OsString,
    pub(super) stamp: Stamp,
}

/// The findings of one scan of the folder.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Settled files, oldest first.
    pub(super) settled: Vec<Settled>,
    /// Files that may still be written to.
    pub(super) unsettled: usize,
    /// Whether one of them is empty.
    pub(super) has_empty: bool,
    /// Names of entries that are never taken, with the reason. Each is reported once while it exists.
    pub(super) odd: Vec<(OsString, &'static str)>,
}

/// The state of a folder's files between scans.
#[derive(Debug, Default)]
pub(super) struct Settling {
    seen: HashMap<OsString, (Stamp, Instant)>,
    told: HashMap<OsString, &'static str>,
}

impl Settling {
    /// Scans the folder.
    pub(super) fn scan(&mut self, folder: &Path, settings: &TakeSettings, now: Instant) -> io::Result<Scan> {
        let mut scan = Scan::default();
        let mut seen = HashMap::new();
        let mut told = HashMap::new();
        let mut found = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if is_ignored(&name, settings) {
                continue;
            }
            // Removed since the listing, which is not an error.
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_dir() {
                continue;
            }
            if let Some(why) = oddity(&metadata, &entry.path()) {
                if self.told.get(&name) != Some(&why) {
                    scan.odd.push((name.clone(), why));
                }
                told.insert(name, why);
                continue;
            }
            found.push((name, Stamp::of(&metadata)));
        }
        // Determined once per scan, and only if a file may have settled.
        let mut writers = None;
        for (name, stamp) in found {
            let since = match self.seen.get(&name) {
                Some((before, since)) if *before == stamp => *since,
                _ => now,
            };
            seen.insert(name.clone(), (stamp, since));
            let needed = if stamp.size == 0 { settings.settle * EMPTY_PATIENCE } else { settings.settle };
            let is_ready = if settings.ready_markers {
                folder.join(marker_of(&name)).is_file()
            } else {
                // A file must be seen twice; one seen for the first time may be changing.
                self.seen.contains_key(&name) && now.duration_since(since) >= needed
            };
            let mut is_written =
                || writers.get_or_insert_with(open_for_writing).contains(&(stamp.device, stamp.inode));
            if is_ready && !is_written() {
                scan.settled.push(Settled { name, stamp });
            } else {
                scan.unsettled += 1;
                scan.has_empty |= stamp.size == 0;
            }
        }
        scan.settled.sort_by(|a, b| (a.stamp.modified, &a.name).cmp(&(b.stamp.modified, &b.name)));
        (self.seen, self.told) = (seen, told);
        Ok(scan)
    }

    /// Restarts the wait for a file that turned out to be changing.
    pub(super) fn forget(&mut self, name: &OsStr) {
        self.seen.remove(name);
    }
}

/// Returns the name of a file's marker.
pub(super) fn marker_of(name: &OsStr) -> OsString {
    let mut marker = name.to_owned();
    marker.push(READY);
    marker
}

fn is_ignored(name: &OsStr, settings: &TakeSettings) -> bool {
    let text = name.to_string_lossy();
    let lower = text.to_lowercase();
    text.starts_with('.')
        || text.starts_with("~$")
        || ON_THE_WAY.iter().any(|end| lower.ends_with(end))
        || settings.ready_markers && lower.ends_with(READY)
        || settings.include.as_ref().is_some_and(|include| !include.is_match(name))
        || settings.exclude.is_match(name)
}

/// Returns the reason why an entry can never be taken.
fn oddity(metadata: &Metadata, path: &Path) -> Option<&'static str> {
    if metadata.is_symlink() {
        Some("it is a link; rollcall does not follow links")
    } else if !metadata.is_file() {
        Some("it is not a regular file")
    } else if rustix::fs::access(path, rustix::fs::Access::READ_OK).is_err() {
        Some("the service has no permission to read it")
    } else {
        None
    }
}

/// Returns the files, by device and inode, that processes on this machine have open for writing. Processes of other
/// users cannot be inspected.
fn open_for_writing() -> HashSet<(u64, u64)> {
    let entries = |path: &Path| fs::read_dir(path).into_iter().flatten().filter_map(Result::ok);
    let is_process =
        |name: &OsStr| name.to_str().is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
    let mut open = HashSet::new();
    for process in entries(Path::new("/proc")).filter(|process| is_process(&process.file_name())) {
        for descriptor in entries(&process.path().join("fd")) {
            if let Ok(found) = fs::metadata(descriptor.path())
                && found.is_file()
                && is_writing(&process.path(), &descriptor.file_name())
            {
                open.insert((found.dev(), found.ino()));
            }
        }
    }
    open
}

fn is_writing(process: &Path, descriptor: &OsStr) -> bool {
    let info = fs::read_to_string(process.join("fdinfo").join(descriptor)).unwrap_or_default();
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok());
    // The access mode of the open file: 1 is write, 2 is read and write.
    flags.is_some_and(|flags| matches!(flags & 0b11, 1 | 2))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use globset::{Glob, GlobSetBuilder};

    use super::*;

    fn settings() -> TakeSettings {
        TakeSettings {
            settle: Duration::from_secs(5),
            ready_markers: false,
            include: None,
            exclude: GlobSet::empty(),
        }
    }

    fn names(scan: &Scan) -> Vec<&str> {
        scan.settled.iter().map(|file| file.name.to_str().unwrap()).collect()
    }

    #[test]
    fn file_settles_after_a_while_without_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.csv");
        fs::write(&path, "a").unwrap();
        let mut settling = Settling::default();
        let start = Instant::now();
        let mut look = |seconds| {
            settling.scan(folder.path(), &settings(), start + Duration::from_secs(seconds)).unwrap()
        };
        assert_eq!((names(&look(0)), look(4).unsettled), (vec![], 1));
        fs::write(&path, "ab").unwrap();
        assert_eq!(look(6).settled.len(), 0, "it grew");
        assert_eq!(names(&look(11)), ["list.csv"]);
    }

    #[test]
    fn file_open_for_writing_does_not_settle() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = fs::File::create(folder.path().join("list.csv")).unwrap();
        file.write_all(b"a").unwrap();
        let mut settling = Settling::default();
        let start = Instant::now();
        let mut look = |seconds| {
            settling.scan(folder.path(), &settings(), start + Duration::from_secs(seconds)).unwrap()
        };
        look(0);
        assert_eq!(look(100).unsettled, 1);
        drop(file);
        assert_eq!(names(&look(101)), ["list.csv"]);
    }

    #[test]
    fn empty_file_settles_later() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("list.csv"), "").unwrap();
        let mut settling = Settling::default();
        let start = Instant::now();
        let mut look = |seconds| {
            settling.scan(folder.path(), &settings(), start + Duration::from_secs(seconds)).unwrap()
        };
        look(0);
        assert_eq!((look(59).unsettled, look(60).settled.len()), (1, 1));
    }

    #[test]
    fn partial_files_and_special_files_are_ignored() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.csv.part", "b.TMP", "c.filepart", "~$d.xlsx", ".e.csv", "f.csv", "g.txt", "h.csv"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        fs::create_dir(folder.path().join("done")).unwrap();
        std::os::unix::fs::symlink("f.csv", folder.path().join("link.csv")).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            folder.path().join("pipe.csv"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR,
            0,
        )
        .unwrap();
        let globs = |glob| GlobSetBuilder::new().add(Glob::new(glob).unwrap()).build().unwrap();
        let settings = TakeSettings {
            include: Some(globs("*.csv")),
            exclude: globs("h*"),
            settle: Duration::ZERO,
            ..settings()
        };
        let mut settling = Settling::default();
        let now = Instant::now();
        let first = settling.scan(folder.path(), &settings, now).unwrap();
        let mut odd: Vec<_> =
            first.odd.iter().map(|(name, why)| format!("{}: {why}", name.display())).collect();
        odd.sort();
        assert_eq!(
            odd,
            ["link.csv: it is a link; rollcall does not follow links", "pipe.csv: it is not a regular file"]
        );
        let second = settling.scan(folder.path(), &settings, now).unwrap();
        assert_eq!((names(&second), second.odd.len()), (vec!["f.csv"], 0), "each is reported once");
    }

    #[test]
    fn with_markers_only_marked_files_settle_at_once() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.csv", "b.csv", "b.csv.ready"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        let settings = TakeSettings { ready_markers: true, ..settings() };
        let scan = Settling::default().scan(folder.path(), &settings, Instant::now()).unwrap();
        assert_eq!((names(&scan), scan.unsettled), (vec!["b.csv"], 1));
    }

    #[test]
    fn oldest_file_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        for (name, seconds) in [("a.csv", 30), ("b.csv", 10), ("c.csv", 20)] {
            let file = fs::File::create(folder.path().join(name)).unwrap();
            file.set_modified(std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
        }
        let settings = TakeSettings { settle: Duration::ZERO, ..settings() };
        let mut settling = Settling::default();
        let now = Instant::now();
        settling.scan(folder.path(), &settings, now).unwrap();
        assert_eq!(
            names(&settling.scan(folder.path(), &settings, now).unwrap()),
            ["b.csv", "c.csv", "a.csv"]
        );
    }
}
