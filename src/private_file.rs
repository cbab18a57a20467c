//! Checks of owner, mode, links and kind, for files and folders.
//!
//! Checks use the descriptor of the opened file, so that no one can replace the file between the check and the read.
//! The program's own files are never reached through links, and links of other users are never followed.

use std::{
    fmt,
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use thiserror::Error;

/// The reason why a file or folder is refused.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Unsafe {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("it is {0}, not an ordinary file")]
    NoFile(&'static str),
    #[error("it has a second name (a hard link): rollcall would also change the file under that name")]
    SecondName,
    #[error("it belongs to another user (id {0})")]
    OtherOwner(u32),
    #[error("others on this machine can {what} it (its mode is {mode:03o})")]
    Open { what: Access, mode: u32 },
    #[error("it is larger than {0} bytes")]
    TooLarge(u64),
    #[error("{} is a link that belongs to another user (id {owner})", path.display())]
    OtherLink { path: PathBuf, owner: u32 },
}

/// An access that other users have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read a file.
    Read,
    /// Write to a file or folder.
    Write,
}

impl fmt::Display for Access {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Read => "read",
            Self::Write => "write to",
        })
    }
}

impl From<Unsafe> for io::Error {
    fn from(problem: Unsafe) -> Self {
        match problem {
            Unsafe::Io(error) => error,
            problem => Self::other(problem.to_string()),
        }
    }
}

impl Unsafe {
    /// Returns the command that makes a file or folder safe, if one is certain to. There is none for files of other
    /// users: their owners may need the current mode.
    pub fn remedy(&self, path: &Path) -> Option<String> {
        let name = quoted(&path.display().to_string());
        match self {
            // With `chmod` alone, the user could no longer read the file.
            Self::Open { what: Access::Read, .. } if is_of_root_only(path) => {
                Some(format!("sudo chgrp \"$(id -g)\" {name} && sudo chmod 640 {name}"))
            }
            Self::Open { what: Access::Read, .. } => Some(format!("chmod 600 {name}")),
            Self::Open { what: Access::Write, .. } => Some(format!("chmod 700 {name}")),
            _ => None,
        }
    }
}

/// Quotes a word for a shell.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '/' | '.' | '_' | '-');
    if word.chars().all(is_plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

/// Reads a file with a secret, of at most `max_bytes` bytes.
///
/// Links are followed, because secrets are often mounted as links. The target must belong to the user or to root, and
/// only its owner may read it. There are two exceptions for files of root, because containers receive secrets this way:
/// a group may read them, and all may read a file that no one can change (mode 0444 or 0440) on a read-only mount or in
/// a folder that only root or the user can write to. A pipe of the user is accepted, because a shell creates one for
/// `<(command)`.
///
/// # Errors
///
/// Returns an error if the path cannot be read, is not a file, or is readable by others.
pub fn read_private(path: &Path, max_bytes: u64) -> Result<Vec<u8>, Unsafe> {
    let file = open_checked(path, |found| {
        check_regular_or_own_pipe(found)?;
        check_owner(found)
    })?;
    check_secret(path, &file)?;
    read_to_end(file, max_bytes)
}

/// Reads a file that need not be private, or a pipe of the user, of at most `max_bytes` bytes.
pub(crate) fn read_bounded(path: &Path, max_bytes: u64) -> Result<Vec<u8>, Unsafe> {
    read(path, max_bytes, check_regular_or_own_pipe)
}

/// Reads a regular file from any owner, of at most `max_bytes` bytes. Pipes are refused.
pub(crate) fn read_regular(path: &Path, max_bytes: u64) -> Result<Vec<u8>, Unsafe> {
    read(path, max_bytes, check_regular)
}

/// Reads settings from a file or pipe that the user named. The file must not be writable by everyone.
pub(crate) fn read_named_settings(path: &Path, max_bytes: u64) -> Result<Vec<u8>, Unsafe> {
    read(path, max_bytes, |found| {
        check_regular_or_own_pipe(found)?;
        check_not_open_to_all(found)
    })
}

/// Reads settings from the user's settings folder. The file must also belong to the user or to root, and must not be a
/// pipe.
pub(crate) fn read_own_settings(path: &Path, max_bytes: u64) -> Result<Vec<u8>, Unsafe> {
    read(path, max_bytes, |found| {
        check_regular(found)?;
        check_owner(found)?;
        check_not_open_to_all(found)
    })
}

/// Opens a regular file without waiting for a pipe.
pub(crate) fn open_regular(path: &Path) -> Result<File, Unsafe> {
    open_checked(path, check_regular)
}

fn open_checked(path: &Path, check: fn(&fs::Metadata) -> Result<(), Unsafe>) -> Result<File, Unsafe> {
    // Check first: opening a pipe waits for a writer.
    check(&fs::metadata(path)?)?;
    let file = File::open(path)?;
    check(&file.metadata()?)?;
    Ok(file)
}

fn read(
    path: &Path,
    max_bytes: u64,
    check: fn(&fs::Metadata) -> Result<(), Unsafe>,
) -> Result<Vec<u8>, Unsafe> {
    read_to_end(open_checked(path, check)?, max_bytes)
}

fn read_to_end(file: File, max_bytes: u64) -> Result<Vec<u8>, Unsafe> {
    let mut bytes = Vec::new();
    file.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max_bytes { Err(Unsafe::TooLarge(max_bytes)) } else { Ok(bytes) }
}

/// Names the kind of something that is not a file.
fn kind(found: &fs::Metadata) -> &'static str {
    if found.is_symlink() {
        "a link"
    } else if found.is_dir() {
        "a folder"
    } else {
        "a device or pipe"
    }
}

fn check_regular(found: &fs::Metadata) -> Result<(), Unsafe> {
    if found.is_file() { Ok(()) } else { Err(Unsafe::NoFile(kind(found))) }
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{
        DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
    };

    use rustix::{
        fs::{OFlags, StatVfsMountFlags, fstatvfs},
        process::geteuid,
    };

    use super::*;

    const ROOT: u32 = 0;

    /// The modes of files that no one can change.
    const READ_ONLY_MODES: [u32; 2] = [0o444, 0o440];

    /// The number of consecutive links that Linux follows.
    const MAX_LINKS: usize = 40;

    /// Flags that refuse links and do not wait for pipes.
    pub(crate) fn no_follow() -> i32 {
        i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC).bits()).unwrap_or_default()
    }

    /// Returns whether a file belongs to the user or to root, who has every permission anyway.
    pub(crate) fn is_own(found: &fs::Metadata) -> bool {
        found.uid() == geteuid().as_raw() || found.uid() == ROOT
    }

    /// Returns whether a file belongs to root and the user is not root.
    pub(super) fn is_of_root_only(path: &Path) -> bool {
        !geteuid().is_root() && fs::metadata(path).is_ok_and(|found| found.uid() == ROOT)
    }

    pub(super) fn check_owner(found: &fs::Metadata) -> Result<(), Unsafe> {
        if is_own(found) { Ok(()) } else { Err(Unsafe::OtherOwner(found.uid())) }
    }

    pub(super) fn check_regular_or_own_pipe(found: &fs::Metadata) -> Result<(), Unsafe> {
        if found.file_type().is_fifo() { check_owner(found) } else { check_regular(found) }
    }

    pub(super) fn check_not_open_to_all(found: &fs::Metadata) -> Result<(), Unsafe> {
        let mode = found.mode() & 0o777;
        if mode & 0o002 == 0 { Ok(()) } else { Err(Unsafe::Open { what: Access::Write, mode }) }
    }

    pub(super) fn check_secret(path: &Path, file: &File) -> Result<(), Unsafe> {
        let found = file.metadata()?;
        let mode = found.mode() & 0o777;
        let is_of_root = found.uid() == ROOT;
        let forbidden = if is_of_root && !geteuid().is_root() { 0o037 } else { 0o077 };
        let is_mounted = || {
            is_of_root
                && READ_ONLY_MODES.contains(&mode)
                && (is_mounted_read_only(file) || is_in_safe_folder(path, &found))
        };
        if mode & forbidden == 0 || is_mounted() {
            Ok(())
        } else {
            Err(Unsafe::Open { what: Access::Read, mode })
        }
    }

    fn is_mounted_read_only(file: &File) -> bool {
        fstatvfs(file).is_ok_and(|mount| mount.f_flag.contains(StatVfsMountFlags::RDONLY))
    }

    /// Returns whether only root or the user can replace the file at a path. The path may be a link.
    fn is_in_safe_folder(path: &Path, found: &fs::Metadata) -> bool {
        let is_same = |other: &fs::Metadata| (other.dev(), other.ino()) == (found.dev(), found.ino());
        let Ok(target) = path.canonicalize() else { return false };
        fs::metadata(&target).is_ok_and(|target| is_same(&target))
            && target.parent().is_some_and(|folder| check_folder(folder).is_ok())
    }

    /// Returns whether a path is on a read-only mount.
    pub(crate) fn is_on_read_only_mount(path: &Path) -> bool {
        File::open(path).is_ok_and(|file| is_mounted_read_only(&file))
    }

    /// Opens or creates one of the program's own files for reading and appending, readable only by its owner. The file
    /// must not be a link, must have no second name, and must belong to the user.
    pub(crate) fn open_own(path: &Path) -> Result<File, Unsafe> {
        let mut options = File::options();
        options.read(true).append(true).create(true).mode(0o600).custom_flags(no_follow());
        let file = options.open(path).map_err(|error| {
            let is_link = fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
            if is_link { Unsafe::NoFile("a link") } else { Unsafe::Io(error) }
        })?;
        let found = file.metadata()?;
        check_own(&found)?;
        if found.mode() & 0o077 != 0 {
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
        }
        Ok(file)
    }

    /// Checks one of the program's own files that another part of the program opens by name. A missing file is
    /// accepted.
    pub(crate) fn check_own_at(path: &Path) -> Result<(), Unsafe> {
        let found = match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            found => found?,
        };
        check_own(&found)?;
        if found.mode() & 0o077 != 0 {
            fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        }
        Ok(())
    }

    fn check_own(found: &fs::Metadata) -> Result<(), Unsafe> {
        check_regular(found)?;
        check_owner(found)?;
        // Through a hard link, rollcall would write to another file.
        if found.nlink() > 1 { Err(Unsafe::SecondName) } else { Ok(()) }
    }

    /// Creates a folder and its parents, accessible only to the owner. An existing folder is not changed.
    pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
    }

    /// Checks that a device or pipe may be written to: it must belong to the user or be a stream that the process was
    /// started with.
    pub(crate) fn check_stream(path: &Path, found: &fs::Metadata) -> Result<(), Unsafe> {
        const STANDARD: [&str; 2] = ["/dev/stdout", "/dev/stderr"];
        const DESCRIPTORS: [&str; 2] = ["/dev/fd", "/proc/self/fd"];

        if found.file_type().is_block_device() {
            return Err(Unsafe::NoFile("a disk"));
        }
        let is_given = STANDARD.iter().any(|name| path == Path::new(name))
            || path.parent().is_some_and(|parent| DESCRIPTORS.iter().any(|name| parent == Path::new(name)));
        if is_given { Ok(()) } else { check_owner(found) }
    }

    /// Checks that a folder belongs to the user and that no one else can change its contents.
    pub(crate) fn check_folder(path: &Path) -> Result<(), Unsafe> {
        check_links(path)?;
        let found = fs::metadata(path)?;
        check_owner(&found)?;
        let mode = found.mode() & 0o777;
        if mode & 0o022 == 0 { Ok(()) } else { Err(Unsafe::Open { what: Access::Write, mode }) }
    }

    /// Checks that no link of another user is in a path or in the target of a link in it. Such a link could lead
    /// anywhere.
    pub(crate) fn check_links(path: &Path) -> Result<(), Unsafe> {
        let mut links_left = MAX_LINKS;
        check_links_of(path, &mut links_left)
    }

    fn check_links_of(path: &Path, links_left: &mut usize) -> Result<(), Unsafe> {
        for part in path.ancestors().filter(|part| !part.as_os_str().is_empty()) {
            let Some(found) = fs::symlink_metadata(part).ok().filter(fs::Metadata::is_symlink) else {
                continue;
            };
            if !is_own(&found) {
                return Err(Unsafe::OtherLink { path: part.to_owned(), owner: found.uid() });
            }
            *links_left = links_left.checked_sub(1).ok_or(Unsafe::NoFile("a link that leads to itself"))?;
            let target = part.parent().unwrap_or(Path::new("")).join(fs::read_link(part)?);
            check_links_of(&target, links_left)?;
        }
        Ok(())
    }
}

#[cfg(not(unix))]
mod other {
    use super::*;

    pub(super) fn check_secret(_: &Path, _: &File) -> Result<(), Unsafe> {
        Ok(())
    }

    pub(crate) fn is_on_read_only_mount(_: &Path) -> bool {
        false
    }

    pub(super) fn check_regular_or_own_pipe(found: &fs::Metadata) -> Result<(), Unsafe> {
        check_regular(found)
    }

    pub(super) fn check_owner(_: &fs::Metadata) -> Result<(), Unsafe> {
        Ok(())
    }

    pub(super) fn check_not_open_to_all(_: &fs::Metadata) -> Result<(), Unsafe> {
        Ok(())
    }

    pub(super) fn is_of_root_only(_: &Path) -> bool {
        false
    }

    pub(crate) fn open_own(path: &Path) -> Result<File, Unsafe> {
        Ok(File::options().read(true).append(true).create(true).open(path)?)
    }

    pub(crate) fn check_own_at(_: &Path) -> Result<(), Unsafe> {
        Ok(())
    }

    pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    pub(crate) fn check_stream(_: &Path, _: &fs::Metadata) -> Result<(), Unsafe> {
        Ok(())
    }

    pub(crate) fn check_folder(_: &Path) -> Result<(), Unsafe> {
        Ok(())
    }

    pub(crate) fn check_links(_: &Path) -> Result<(), Unsafe> {
        Ok(())
    }
}

#[cfg(not(unix))]
pub(crate) use self::other::{
    check_folder, check_links, check_own_at, check_stream, is_on_read_only_mount, make_folder, open_own,
};
#[cfg(not(unix))]
use self::other::{
    check_not_open_to_all, check_owner, check_regular_or_own_pipe, check_secret, is_of_root_only,
};
#[cfg(unix)]
pub(crate) use self::unix::{
    check_folder, check_links, check_own_at, check_stream, is_on_read_only_mount, is_own, make_folder,
    no_follow, open_own,
};
#[cfg(unix)]
use self::unix::{
    check_not_open_to_all, check_owner, check_regular_or_own_pipe, check_secret, is_of_root_only,
};

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, chown, lchown, symlink};

    use super::*;

    /// A user other than the user of the tests.
    const OTHER: u32 = 54_321;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn secret_is_read_only_from_private_file_within_limit() {
        let home = tempfile::tempdir().unwrap();
        let (path, link) = (home.path().join("secret"), home.path().join("link"));
        fs::write(&path, "canary").unwrap();
        symlink(&path, &link).unwrap();
        set_mode(&path, 0o600);
        assert_eq!(read_private(&link, 6).unwrap(), b"canary");
        assert!(matches!(read_private(&link, 5), Err(Unsafe::TooLarge(5))));
        for open in [0o640, 0o604, 0o622] {
            set_mode(&path, open);
            let error = read_private(&path, 6).unwrap_err();
            assert!(error.to_string().contains(&format!("its mode is {open:o}")), "{error}");
            assert_eq!(error.remedy(&path).unwrap(), format!("chmod 600 {}", path.display()));
            assert_eq!(read_bounded(&path, 6).unwrap(), b"canary");
        }
        assert!(matches!(read_private(home.path(), 6), Err(Unsafe::NoFile("a folder"))));
        assert!(matches!(read_bounded(Path::new("/dev/zero"), 6), Err(Unsafe::NoFile(_))));
        set_mode(&path, 0o600);
        if chown(&path, Some(OTHER), None).is_ok() {
            assert!(matches!(read_private(&path, 6), Err(Unsafe::OtherOwner(OTHER))));
        }
    }

    /// Docker and Kubernetes mount secrets as files of root; in Kubernetes they are behind two links, and a group can
    /// always read them.
    ///
    /// Source: kubernetes/website issues 26658 and 37388.
    #[test]
    fn mounted_secret_of_root_is_read() {
        let home = tempfile::tempdir().unwrap();
        let versions = home.path().join("..2026_11_01");
        fs::create_dir(&versions).unwrap();
        let (path, link) = (versions.join("token"), home.path().join("token"));
        fs::write(&path, "canary").unwrap();
        symlink("..2026_11_01", home.path().join("..data")).unwrap();
        symlink("..data/token", &link).unwrap();
        let is_read = |file: u32, folder: u32| {
            set_mode(&path, file);
            set_mode(&versions, folder);
            read_private(&link, 6).is_ok()
        };
        let is_root = chown(&path, Some(0), None).is_ok();
        assert_eq!([is_read(0o444, 0o755), is_read(0o440, 0o700)], [is_root; 2]);
        for (file, folder) in [(0o444, 0o777), (0o444, 0o775), (0o644, 0o755), (0o464, 0o755), (0o446, 0o700)]
        {
            assert!(!is_read(file, folder), "{file:o} in {folder:o}");
        }
        if is_root {
            chown(&path, Some(OTHER), None).unwrap();
            assert!(!is_read(0o444, 0o755) && !is_read(0o400, 0o700));
        }
    }

    #[test]
    fn settings_file_writable_by_all_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("settings");
        fs::write(&path, "quiet").unwrap();
        for (mode, is_fine) in [(0o644, true), (0o664, true), (0o646, false)] {
            set_mode(&path, mode);
            assert_eq!(read_own_settings(&path, 5).is_ok(), is_fine, "{mode:o}");
            assert_eq!(read_named_settings(&path, 5).is_ok(), is_fine, "{mode:o}");
            assert_eq!(read_regular(&path, 5).unwrap(), b"quiet");
        }
        set_mode(&path, 0o644);
        assert!(matches!(read_named_settings(&path, 4), Err(Unsafe::TooLarge(4))));
        if chown(&path, Some(OTHER), None).is_ok() {
            assert!(matches!(read_own_settings(&path, 5), Err(Unsafe::OtherOwner(OTHER))));
            read_named_settings(&path, 5).unwrap();
        }
    }

    #[test]
    fn pipe_is_read_only_if_named() {
        use std::{io::Write as _, os::fd::AsRawFd as _};

        let (reader, mut writer) = io::pipe().unwrap();
        let path = PathBuf::from(format!("/dev/fd/{}", reader.as_raw_fd()));
        writer.write_all(b"quiet").unwrap();
        drop(writer);
        for read in [read_regular, read_own_settings] {
            assert!(matches!(read(&path, 5), Err(Unsafe::NoFile(_))));
        }
        assert_eq!(read_named_settings(&path, 5).unwrap(), b"quiet");
        let (reader, mut writer) = io::pipe().unwrap();
        let path = PathBuf::from(format!("/dev/fd/{}", reader.as_raw_fd()));
        writer.write_all(b"longer").unwrap();
        drop(writer);
        assert!(matches!(read_bounded(&path, 5), Err(Unsafe::TooLarge(5))));
    }

    #[test]
    fn own_file_is_private_and_not_a_link() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        drop(open_own(&at("new")).unwrap());
        assert_eq!(mode(&at("new")), 0o600);
        set_mode(&at("new"), 0o666);
        drop(open_own(&at("new")).unwrap());
        assert_eq!(mode(&at("new")), 0o600);
        set_mode(&at("new"), 0o666);
        check_own_at(&at("new")).unwrap();
        assert_eq!(mode(&at("new")), 0o600);
        check_own_at(&at("missing")).unwrap();
        symlink(at("target"), at("link")).unwrap();
        fs::hard_link(at("new"), at("second name")).unwrap();
        for name in ["link", "second name"] {
            assert!(open_own(&at(name)).is_err(), "{name}");
            assert!(check_own_at(&at(name)).is_err(), "{name}");
        }
        assert!(!at("target").exists());
    }

    #[test]
    fn folder_that_others_can_change_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("a/b");
        make_folder(&folder).unwrap();
        assert_eq!((mode(&home.path().join("a")), mode(&folder)), (0o700, 0o700));
        for (open, is_fine) in [(0o700, true), (0o755, true), (0o770, false), (0o702, false)] {
            set_mode(&folder, open);
            assert_eq!(check_folder(&folder).is_ok(), is_fine, "{open:o}");
        }
        set_mode(&folder, 0o700);
        let link = home.path().join("link");
        symlink(&folder, &link).unwrap();
        check_folder(&link).unwrap();
        let to_link = home.path().join("link to the link");
        symlink("link", &to_link).unwrap();
        check_links(&to_link).unwrap();
        symlink("circle", home.path().join("circle")).unwrap();
        assert!(matches!(check_links(&home.path().join("circle")), Err(Unsafe::NoFile(_))));
        if lchown(&link, Some(OTHER), None).is_ok() {
            assert!(matches!(check_links(&to_link), Err(Unsafe::OtherLink { .. })));
            assert!(matches!(check_folder(&link), Err(Unsafe::OtherLink { owner: OTHER, .. })));
            assert!(matches!(check_links(&link.join("x/y")), Err(Unsafe::OtherLink { .. })));
            chown(&folder, Some(OTHER), None).unwrap();
            let error = check_folder(&folder).unwrap_err();
            assert!(matches!(error, Unsafe::OtherOwner(OTHER)) && error.remedy(&folder).is_none(), "{error}");
        }
    }
}
