//! The only door to the disk.

mod dir;
mod handles;
mod remove;
mod replace;

use std::fmt;
use std::io::Read;
use std::path::PathBuf;

pub use dir::DirDisk;

use crate::{HomePath, Result};

/// How the names of unfinished writes start.
const TEMPORARY: &str = ".syft-tmp-";

/// Whether a path component names an unfinished write: no disk takes one from its
/// callers.
#[must_use]
pub fn is_temporary(name: &str) -> bool {
    name.starts_with(TEMPORARY)
}

/// The home of a node, as files and folders addressed by [`HomePath`].
///
/// Every write is atomic and durable when the call returns: a temporary file in
/// the same folder, fsync, rename, fsync of the folder. No component of a path
/// may be a symbolic link: such a path is refused ([`Error::NotRegular`](crate::Error)),
/// never followed (`threats.md` P10, P11, rule 4).
pub trait Disk: fmt::Debug + Send + Sync {
    /// The bytes of a regular file, at most `limit` of them.
    ///
    /// # Errors
    /// `NotFound`; `TooLarge`; `NotRegular`; `Io`.
    fn read(&self, path: &HomePath, limit: u64) -> Result<Vec<u8>>;

    /// A regular file opened for streaming.
    ///
    /// # Errors
    /// `NotFound`; `NotRegular`; `Io`.
    fn open(&self, path: &HomePath) -> Result<Box<dyn Read + Send>>;

    /// Replaces or creates a file from a stream; missing parent folders are made.
    /// Returns the number of bytes.
    ///
    /// # Errors
    /// `NotRegular` if a folder or a link stands there; `Io`. On error nothing has changed.
    fn write_from(&self, path: &HomePath, body: &mut dyn Read, access: Access) -> Result<u64>;

    /// Creates a file; never overwrites. `false` if something stands there already.
    ///
    /// # Errors
    /// `NotRegular`; `Io`.
    fn create_new(&self, path: &HomePath, bytes: &[u8], access: Access) -> Result<bool>;

    /// Appends to a file, creating it if need be, and syncs it. The one write
    /// that is not atomic: its reader must tolerate a torn last record.
    ///
    /// # Errors
    /// `NotRegular`; `Io`.
    fn append(&self, path: &HomePath, bytes: &[u8]) -> Result<()>;

    /// What stands at a path, links not followed; `None` if nothing does.
    ///
    /// # Errors
    /// `NotRegular` if a *parent* is a link or a file; `Io`.
    fn metadata(&self, path: &HomePath) -> Result<Option<Metadata>>;

    /// The entries of a folder in code-point order of their names; empty if the
    /// folder is not there.
    ///
    /// # Errors
    /// `NotRegular`; `Io`.
    fn list(&self, folder: &HomePath) -> Result<Vec<Entry>>;

    /// Makes a folder and its parents; no error if it is there.
    ///
    /// # Errors
    /// `NotRegular`; `Io`.
    fn create_dir_all(&self, folder: &HomePath, access: Access) -> Result<()>;

    /// Moves a file or a whole folder; the folders above `to` are made.
    ///
    /// # Errors
    /// `NotFound`; `AlreadyExists` if anything stands at `to`; `NotRegular`; `Io`.
    fn rename(&self, from: &HomePath, to: &HomePath) -> Result<()>;

    /// Removes a file or link; no error if it is not there.
    ///
    /// # Errors
    /// `NotRegular` for a folder; `Io`.
    fn remove_file(&self, path: &HomePath) -> Result<()>;

    /// Removes a folder and all below it, links themselves and not their
    /// targets; no error if it is not there.
    ///
    /// # Errors
    /// `Io`.
    fn remove_dir_all(&self, folder: &HomePath) -> Result<()>;

    /// Counts what unfinished writes have left directly in a folder, and removes it
    /// if that is asked for: of those whose last change is before `before_ns`,
    /// nanoseconds since the epoch, since a younger one may be under way.
    ///
    /// # Errors
    /// `NotRegular`; `Io`.
    fn unfinished(&self, folder: &HomePath, before_ns: i64, remove: bool) -> Result<u64> {
        let _ = (folder, before_ns, remove);
        Ok(0)
    }

    /// Where a path lies for programs that are handed it, as a boxed job.
    fn real_path(&self, path: &HomePath) -> PathBuf;
}

/// Who may open a file or folder that is created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// 0644 and 0755, less the umask.
    Shared,
    /// 0600 and 0700.
    OwnerOnly,
}

/// What kind of thing stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A device, socket or FIFO.
    Other,
}

/// What the disk knows of a file without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata {
    /// What it is.
    pub kind: FileKind,
    /// Size in bytes.
    pub size: u64,
    /// Last change of the content, nanoseconds since the epoch.
    pub modified_ns: i64,
    /// Last change of the inode, nanoseconds since the epoch.
    pub changed_ns: i64,
    /// The inode number; 0 where there is none.
    pub inode: u64,
    /// Whether nobody but its owner may open it: no rights for a group or others.
    pub owner_only: bool,
}

/// One entry of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name; `Err` holds a lossy spelling of a name that is not UTF-8.
    pub name: std::result::Result<String, String>,
    /// What it is.
    pub metadata: Metadata,
}

impl dyn Disk + '_ {
    /// [`Disk::write_from`] for bytes in memory.
    ///
    /// # Errors
    /// As [`Disk::write_from`].
    pub fn write(&self, path: &HomePath, bytes: &[u8], access: Access) -> Result<()> {
        self.write_from(path, &mut &*bytes, access).map(|_| ())
    }

    /// [`Disk::read`] where absence is an answer.
    ///
    /// # Errors
    /// As [`Disk::read`], without `NotFound`.
    pub fn read_if_there(&self, path: &HomePath, limit: u64) -> Result<Option<Vec<u8>>> {
        match self.read(path, limit) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(crate::Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
