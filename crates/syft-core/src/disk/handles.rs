//! Folder handles: one component at a time, no link followed.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::{Access, FileKind, Metadata};
use crate::{Error, HomePath, Result};

/// Opens something that is only looked at or read. Never waits for the other
/// end of a FIFO, never makes a terminal the controlling one.
const LOOK: OFlags =
    OFlags::NOFOLLOW.union(OFlags::CLOEXEC).union(OFlags::NONBLOCK).union(OFlags::NOCTTY);

/// Opens a folder.
const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(LOOK);

/// What to do about a folder that is missing on the way.
#[derive(Debug, Clone, Copy)]
pub(super) enum Missing {
    /// Say so.
    Report,
    /// Make it.
    Create(Access),
}

/// The folder at `path`, opened component by component; `None` if it, or a
/// folder above it, is missing.
pub(super) fn open_folder(
    root: &OwnedFd,
    path: &HomePath,
    missing: Missing,
) -> Result<Option<OwnedFd>> {
    let mut folder =
        rustix::io::fcntl_dupfd_cloexec(root, 0).map_err(|error| io_error("open", path, error))?;
    for name in path.components() {
        let opened = match (open_subfolder(&folder, name), missing) {
            (Err(Errno::NOENT), Missing::Report) => return Ok(None),
            (Err(Errno::NOENT), Missing::Create(access)) => make_subfolder(&folder, name, access),
            (other, _) => other,
        };
        folder = match opened {
            Ok(next) => next,
            Err(error) => return Err(refusal(&folder, name, path, "open", error)),
        };
    }
    Ok(Some(folder))
}

/// A folder directly below another.
pub(super) fn open_subfolder(folder: impl AsFd, name: impl rustix::path::Arg) -> OpenResult {
    rustix::fs::openat(folder, name, FOLDER, Mode::empty())
}

type OpenResult = rustix::io::Result<OwnedFd>;

fn make_subfolder(folder: &OwnedFd, name: &str, access: Access) -> OpenResult {
    match rustix::fs::mkdirat(folder, name, folder_mode(access)) {
        Ok(()) => sync_folder(folder)?,
        Err(Errno::EXIST) => {}
        Err(error) => return Err(error),
    }
    open_subfolder(folder, name)
}

/// A regular file directly below a folder.
pub(super) fn open_file(
    folder: BorrowedFd<'_>,
    path: &HomePath,
    flags: OFlags,
    mode: Mode,
) -> Result<(File, Stat)> {
    let name = path.file_name();
    let opened = rustix::fs::openat(folder, name, flags | LOOK, mode)
        .map_err(|error| refusal(folder, name, path, "open", error))?;
    let stat = rustix::fs::fstat(&opened).map_err(|error| io_error("open", path, error))?;
    match kind(&stat) {
        FileKind::File => Ok((File::from(opened), stat)),
        other => Err(not_regular(path, other)),
    }
}

/// What stands at a name, itself and not what it points to.
pub(super) fn stat(
    folder: impl AsFd,
    name: impl rustix::path::Arg,
) -> rustix::io::Result<Option<Stat>> {
    match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(stat)),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes entries of a folder durable. A file system that cannot sync folders
/// says so with EINVAL, and has nothing to sync.
pub(super) fn sync_folder(folder: impl AsFd) -> rustix::io::Result<()> {
    match rustix::fs::fsync(folder) {
        Ok(()) | Err(Errno::INVAL) => Ok(()),
        Err(error) => Err(error),
    }
}

pub(super) fn file_mode(access: Access) -> Mode {
    match access {
        Access::Shared => Mode::from_raw_mode(0o644),
        Access::OwnerOnly => Mode::from_raw_mode(0o600),
    }
}

pub(super) fn folder_mode(access: Access) -> Mode {
    match access {
        Access::Shared => Mode::from_raw_mode(0o755),
        Access::OwnerOnly => Mode::from_raw_mode(0o700),
    }
}

pub(super) fn kind(stat: &Stat) -> FileKind {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => FileKind::File,
        FileType::Directory => FileKind::Folder,
        FileType::Symlink => FileKind::Link,
        _ => FileKind::Other,
    }
}

// The widths of the fields differ from system to system.
#[allow(
    clippy::unnecessary_cast,
    clippy::useless_conversion,
    reason = "the field types differ between Linux and macOS"
)]
pub(super) fn metadata(stat: &Stat) -> Metadata {
    let nanoseconds =
        |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
    Metadata {
        kind: kind(stat),
        size: u64::try_from(stat.st_size).unwrap_or(0),
        modified_ns: nanoseconds(stat.st_mtime as i64, stat.st_mtime_nsec as i64),
        changed_ns: nanoseconds(stat.st_ctime as i64, stat.st_ctime_nsec as i64),
        inode: stat.st_ino as u64,
        owner_only: u32::from(stat.st_mode) & 0o077 == 0,
    }
}

/// The error for a name that could not be opened: systems answer a link with
/// ELOOP, ENOTDIR or EMLINK, so what stands there decides.
pub(super) fn refusal(
    folder: impl AsFd,
    name: &str,
    path: &HomePath,
    action: &'static str,
    error: Errno,
) -> Error {
    if error == Errno::NOENT {
        return Error::NotFound(path.to_string());
    }
    let in_the_way =
        [Errno::LOOP, Errno::NOTDIR, Errno::MLINK, Errno::ISDIR, Errno::NXIO, Errno::OPNOTSUPP];
    match stat(folder, name) {
        Ok(Some(stat)) if in_the_way.contains(&error) => not_regular(path, kind(&stat)),
        _ => io_error(action, path, error),
    }
}

pub(super) fn not_regular(path: &HomePath, kind: FileKind) -> Error {
    let what = match kind {
        FileKind::File => "a file or leads through one",
        FileKind::Folder => "a folder",
        FileKind::Link => "a symbolic link or leads through one",
        FileKind::Other => "a device, socket or FIFO",
    };
    Error::NotRegular { path: path.to_string(), what }
}

pub(super) fn io_error(
    action: &'static str,
    path: &HomePath,
    error: impl Into<io::Error>,
) -> Error {
    Error::Io { action, path: path.to_string(), source: error.into() }
}
