//! Creation with one winner: a temporary file in the same folder, made durable,
//! then named by a call that fails if the name is taken, where the file system has one.

use std::os::fd::{AsFd, OwnedFd};

use bytes::Bytes;
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;
use syft_core::{Email, Entropy, SystemEntropy};
use tokio::sync::mpsc;

use super::errors::error;
use super::fs::{Root, open_file, stat, sync_folder};
use super::names::other_form;
use super::publish::{SYSTEM, Steps, give_name};
use super::read::object;
use crate::body::wrong_length;
use crate::temporary::{is_abandoned, temporaries_of};
use crate::{Error, Object, ObjectName, Result, Space};

const FILE_MODE: Mode = Mode::from_raw_mode(0o666);
const COMPARE_BYTES: usize = 64 * 1024;

/// What a body consists of on its way to the disk.
pub(super) enum Piece {
    Data(Bytes),
    End,
}

/// A body on its way to the disk.
pub(super) struct Incoming<'a> {
    /// Who writes it.
    pub(super) from: &'a Email,
    /// How many bytes it has to be.
    pub(super) length: u64,
    pub(super) pieces: mpsc::Receiver<Piece>,
}

/// Makes the folder of a space and clears away what this participant's crashed writers left
/// there.
pub(super) fn open(root: &Root, space: &Space, me: &Email) -> Result<()> {
    let folder = root.make_folders("open", &space.components())?;
    clear_abandoned(&folder, me).map_err(|errno| error("open", space, errno))
}

pub(super) fn create(
    root: &Root,
    space: &Space,
    name: &ObjectName,
    body: Incoming<'_>,
) -> Result<Object> {
    let Incoming { from, length, pieces } = body;
    let key = format!("{space}/{name}");
    let folder = root.make_folders("put", &space.components())?;
    let failed = |errno| error("put", &key, errno);
    let temporary = Temporary::new(&folder, &key, from)?;
    temporary.fill(&key, length, pieces)?;
    if !temporary.publish_or_compare(name.as_str(), length).map_err(failed)? {
        return Err(Error::already_exists("put", key, ""));
    }
    sync_folder(&folder).map_err(failed)?;
    // Whoever reads the space may have taken it out already; it was put.
    let there = stat(&folder, name.as_str()).map_err(failed)?;
    Ok(object(space, name.clone(), length, there.as_ref()))
}

/// Whether a name that is free is given in one step here, found out by trying. Where nothing
/// can be written it is not.
pub(super) fn is_exclusive(root: &Root, me: &Email) -> bool {
    let Ok(folder) = root.layout("open") else { return false };
    let temporary = |folder| Temporary::new(folder, "a file", me).ok();
    let (Some(first), Some(second)) = (temporary(&folder), temporary(&folder)) else {
        return false;
    };
    // The name of the second one is taken until here, and nobody else has it.
    let is_free = rustix::fs::unlinkat(&folder, &*second.name, AtFlags::empty()).is_ok();
    is_free && give_name(&SYSTEM, &folder, &first.name, &second.name) == Ok(Steps::One)
}

/// A file under a name of its own that goes when this value goes.
struct Temporary<'a> {
    folder: &'a OwnedFd,
    name: String,
    file: OwnedFd,
}

impl<'a> Temporary<'a> {
    fn new(folder: &'a OwnedFd, key: &str, me: &Email) -> Result<Self> {
        let entropy: &dyn Entropy = &SystemEntropy;
        let unique = entropy
            .uuid()
            .map_err(|cause| Error::permanent("put", key, cause.to_string()).because(cause))?;
        let name = temporaries_of(me) + &unique.to_string();
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(folder, name.as_str(), flags, FILE_MODE)
            .map_err(|errno| error("put", key, errno))?;
        Ok(Temporary { folder, name, file })
    }

    /// Writes the whole body and makes it durable.
    fn fill(&self, key: &str, length: u64, mut pieces: mpsc::Receiver<Piece>) -> Result<()> {
        let failed = |errno| error("put", key, errno);
        let mut written = 0_u64;
        loop {
            match pieces.blocking_recv() {
                Some(Piece::Data(piece)) => {
                    written = written.saturating_add(piece.len() as u64);
                    if written > length {
                        return Err(wrong_length(key, written, length));
                    }
                    write_all(&self.file, &piece).map_err(failed)?;
                }
                Some(Piece::End) if written == length => break,
                Some(Piece::End) => return Err(wrong_length(key, written, length)),
                None => return Err(Error::temporary("put", key, "the body was not finished")),
            }
        }
        rustix::fs::fsync(&self.file).map_err(failed)
    }

    /// Whether the file of that name has these bytes now, by this call or by
    /// one before.
    fn publish_or_compare(&self, name: &str, length: u64) -> Result<bool, Errno> {
        loop {
            match self.publish(name) {
                Ok(()) => return Ok(true),
                Err(Errno::EXIST) => {}
                Err(errno) => return Err(errno),
            }
            match self.equals(name, length) {
                // Taken out between the two calls: the name is free again.
                Err(Errno::NOENT) => {}
                other => return other,
            }
        }
    }

    /// Gives the file its name if that is free.
    fn publish(&self, name: &str) -> Result<(), Errno> {
        let folder = self.folder;
        if other_form(name).is_some_and(|other| is_there(folder, &other)) {
            return Err(Errno::EXIST);
        }
        give_name(&SYSTEM, folder, &self.name, name).map(drop)
    }

    /// Whether the file of that name has the same bytes.
    fn equals(&self, name: &str, length: u64) -> Result<bool, Errno> {
        let Some((there, stat)) = open_file(self.folder, name)? else {
            return Ok(false);
        };
        if u64::try_from(stat.st_size) != Ok(length) {
            return Ok(false);
        }
        let (mut ours, mut theirs) = (vec![0; COMPARE_BYTES], vec![0; COMPARE_BYTES]);
        let mut at = 0_u64;
        while at < length {
            let a = read_full(&self.file, &mut ours, at)?;
            let b = read_full(&there, &mut theirs, at)?;
            if a != b || ours.get(..a) != theirs.get(..b) {
                return Ok(false);
            }
            if a == 0 {
                return Ok(false);
            }
            at += a as u64;
        }
        Ok(true)
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        // After a rename there is nothing to remove; anything else is cleared
        // away later, and no listing shows it.
        let _ = rustix::fs::unlinkat(self.folder, self.name.as_str(), AtFlags::empty());
    }
}

fn write_all(file: impl AsFd, mut bytes: &[u8]) -> Result<(), Errno> {
    while !bytes.is_empty() {
        match rustix::io::write(&file, bytes) {
            Ok(0) => return Err(Errno::IO),
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// Fills the buffer as far as the file goes.
pub(super) fn read_full(file: impl AsFd, buffer: &mut [u8], at: u64) -> Result<usize, Errno> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match rustix::io::pread(&file, rest, at + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(filled)
}

fn is_there(folder: &OwnedFd, name: &str) -> bool {
    rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW).is_ok()
}

fn clear_abandoned(folder: &OwnedFd, me: &Email) -> Result<(), Errno> {
    let mine = temporaries_of(me);
    for entry in rustix::fs::Dir::read_from(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().to_str() else { continue };
        if !name.starts_with(&mine) {
            continue;
        }
        let Some(stat) = stat(folder, name)? else { continue };
        if is_abandoned(stat.st_mtime) {
            let _ = rustix::fs::unlinkat(folder, name, AtFlags::empty());
        }
    }
    Ok(())
}
