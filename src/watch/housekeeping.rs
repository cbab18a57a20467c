//! Removal of expired files.

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::Path,
    time::{Duration, SystemTime},
};

use super::folder::{Folder, is_own_folder};

/// Removes files that ended longer ago than `kept`. Ignores files that cannot be removed.
pub(super) fn clear(folder: &Folder, kept: Duration) -> u64 {
    let before =
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().saturating_sub(kept);
    let folders = [folder.done(), folder.failed(), folder.reports()];
    folders.iter().map(|folder| clear_folder(folder, before).unwrap_or_default()).sum()
}

fn clear_folder(folder: &Path, before: Duration) -> io::Result<u64> {
    let mut removed = 0;
    if !is_own_folder(folder)? {
        return Ok(removed);
    }
    for entry in fs::read_dir(folder)?.filter_map(Result::ok) {
        let Ok(found) = entry.metadata() else { continue };
        // The change time is when the file was moved here; the modification time belongs to its writer.
        let since = Duration::from_secs(u64::try_from(found.ctime()).unwrap_or_default());
        if since > before {
            continue;
        }
        let gone =
            if found.is_dir() { fs::remove_dir_all(entry.path()) } else { fs::remove_file(entry.path()) };
        removed += u64::from(gone.is_ok());
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_expired_files_in_done_failed_and_reports_are_removed() {
        let home = tempfile::tempdir().unwrap();
        let folder = Folder::open(home.path()).unwrap();
        fs::write(folder.done().join("a.csv"), "").unwrap();
        fs::write(folder.failed().join("b.csv"), "").unwrap();
        fs::create_dir(folder.report_of("a.csv", "run")).unwrap();
        fs::write(folder.report_of("a.csv", "run").join("report.html"), "").unwrap();
        fs::create_dir(folder.work_of(7)).unwrap();
        fs::write(home.path().join("c.csv"), "").unwrap();
        assert_eq!(clear(&folder, Duration::from_hours(1)), 0);
        assert_eq!(clear(&folder, Duration::ZERO), 3);
        assert!(folder.work_of(7).exists() && home.path().join("c.csv").exists());
    }
}
