//! New content under a temporary name, and moving it into place.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use super::handles::{file_mode, io_error, stat, sync_folder};
use super::{Access, TEMPORARY};
use crate::{Error, HomePath, Result};

/// A file under a temporary name; removed again unless it is put in place.
#[derive(Debug)]
pub(super) struct Temporary<'a> {
    folder: &'a OwnedFd,
    name: String,
    in_place: bool,
}

impl<'a> Temporary<'a> {
    /// Writes a body to a new file in `folder` and syncs it; `path` is for errors.
    pub(super) fn write(
        folder: &'a OwnedFd,
        path: &HomePath,
        body: &mut dyn Read,
        access: Access,
    ) -> Result<(Self, u64)> {
        let (mut file, name) = create(folder, file_mode(access), path)?;
        let temporary = Temporary { folder, name, in_place: false };
        let written = copy(body, &mut file).map_err(|source| carried(path, source))?;
        file.sync_all().map_err(|source| io_error("write", path, source))?;
        Ok((temporary, written))
    }

    /// Takes the place of whatever stands at the name.
    pub(super) fn replace(mut self, path: &HomePath) -> Result<()> {
        rustix::fs::renameat(self.folder, &self.name, self.folder, path.file_name())
            .map_err(|error| io_error("write", path, error))?;
        self.in_place = true;
        sync_folder(self.folder).map_err(|error| io_error("write", path, error))
    }

    /// Takes the name only if it is free.
    pub(super) fn claim(mut self, path: &HomePath) -> Result<bool> {
        match move_to_free(self.folder, &self.name, self.folder, path.file_name()) {
            Ok(()) => self.in_place = true,
            Err(Errno::EXIST) => return Ok(false),
            Err(error) => return Err(io_error("write", path, error)),
        }
        sync_folder(self.folder).map_err(|error| io_error("write", path, error))?;
        Ok(true)
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if !self.in_place {
            // What cannot be removed now is passed over by every listing.
            let _ = rustix::fs::unlinkat(self.folder, &self.name, AtFlags::empty());
        }
    }
}

/// Moves a file or folder to a name that must be free; EEXIST if it is not.
pub(super) fn move_to_free(
    from: impl AsFd,
    from_name: &str,
    to: impl AsFd,
    to_name: &str,
) -> rustix::io::Result<()> {
    match rename_no_replace(&from, from_name, &to, to_name) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {}
        other => return other,
    }
    // The file system has no such rename. A second name is as exclusive, but
    // folders can have none: for them only the home's lock keeps others away.
    match rustix::fs::linkat(&from, from_name, &to, to_name, AtFlags::empty()) {
        Ok(()) => return rustix::fs::unlinkat(&from, from_name, AtFlags::empty()),
        Err(Errno::EXIST) => return Err(Errno::EXIST),
        Err(_) => {}
    }
    if stat(&to, to_name)?.is_some() {
        return Err(Errno::EXIST);
    }
    rustix::fs::renameat(from, from_name, to, to_name)
}

#[cfg(any(target_os = "linux", target_vendor = "apple"))]
fn rename_no_replace(
    from: impl AsFd,
    from_name: &str,
    to: impl AsFd,
    to_name: &str,
) -> rustix::io::Result<()> {
    rustix::fs::renameat_with(from, from_name, to, to_name, RenameFlags::NOREPLACE)
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn rename_no_replace(
    _from: impl AsFd,
    _from_name: &str,
    _to: impl AsFd,
    _to_name: &str,
) -> rustix::io::Result<()> {
    Err(Errno::NOSYS)
}

fn create(folder: &OwnedFd, mode: Mode, path: &HomePath) -> Result<(File, String)> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    loop {
        let mut random = [0; 8];
        getrandom::fill(&mut random)
            .map_err(|error| io_error("write", path, std::io::Error::other(error.to_string())))?;
        let name = format!("{TEMPORARY}{:016x}", u64::from_le_bytes(random));
        match rustix::fs::openat(folder, &name, flags, mode) {
            Ok(file) => return Ok((File::from(file), name)),
            Err(Errno::EXIST) => {}
            Err(error) => return Err(io_error("write", path, error)),
        }
    }
}

fn copy(body: &mut dyn Read, file: &mut File) -> std::io::Result<u64> {
    let mut buffer = vec![0; 64 * 1024];
    let mut total = 0_u64;
    loop {
        let read = match body.read(&mut buffer) {
            Ok(0) => return Ok(total),
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        file.write_all(buffer.get(..read).unwrap_or_default())?;
        total += read as u64;
    }
}

/// A body may fail with an error of this crate inside; that one is the better answer.
fn carried(path: &HomePath, source: std::io::Error) -> Error {
    match source.downcast::<Error>() {
        Ok(error) => error,
        Err(source) => io_error("write", path, source),
    }
}
