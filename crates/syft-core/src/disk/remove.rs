//! Removing a whole folder, whatever a job has left in it.

use std::ffi::CString;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{AtFlags, Dir, Mode};
use rustix::io::{Errno, Result};

use super::handles::{kind, open_subfolder, stat};
use super::{FileKind, TEMPORARY};

/// Empties a folder; links in it are removed, never followed.
///
/// Uses a fixed number of handles and no recursion, however deep the folder is:
/// the folders in a subfolder are lifted beside it before it is removed, so each
/// round takes one level away.
pub(super) fn empty(folder: &OwnedFd) -> Result<()> {
    let mut lifted = 0_u64;
    loop {
        let mut subfolders = Vec::new();
        for name in names(folder)? {
            if !remove_entry(folder, &name)? {
                subfolders.push(name);
            }
        }
        if subfolders.is_empty() {
            return Ok(());
        }
        for name in subfolders {
            flatten(folder, &name, &mut lifted)?;
        }
    }
}

/// Removes one subfolder after lifting the folders in it up into `folder`.
fn flatten(folder: &OwnedFd, name: &CString, lifted: &mut u64) -> Result<()> {
    let subfolder = open_forced(folder, name)?;
    for inner in names(&subfolder)? {
        if remove_entry(&subfolder, &inner)? {
            continue;
        }
        // A folder without write permission cannot be moved either.
        drop(open_forced(&subfolder, &inner)?);
        loop {
            let free = format!("{TEMPORARY}{lifted}");
            *lifted += 1;
            if stat(folder, free.as_str())?.is_none() {
                rustix::fs::renameat(&subfolder, &inner, folder, free.as_str())?;
                break;
            }
        }
    }
    gone(rustix::fs::unlinkat(folder, name, AtFlags::REMOVEDIR))
}

/// Removes a file, link or empty folder; `false` for a folder that is not empty.
fn remove_entry(folder: &OwnedFd, name: &CString) -> Result<bool> {
    let flags = match stat(folder, name)? {
        None => return Ok(true),
        Some(stat) if kind(&stat) == FileKind::Folder => AtFlags::REMOVEDIR,
        Some(_) => AtFlags::empty(),
    };
    match gone(rustix::fs::unlinkat(folder, name, flags)) {
        Ok(()) => Ok(true),
        Err(Errno::NOTEMPTY | Errno::EXIST) => Ok(false),
        // On some systems so is a folder that may not be looked into.
        Err(Errno::ACCESS) if flags == AtFlags::REMOVEDIR => Ok(false),
        Err(error) => Err(error),
    }
}

/// Opens a folder that its maker has closed to everyone, and opens it up.
pub(super) fn open_forced(
    folder: impl AsFd,
    name: impl rustix::path::Arg + Copy,
) -> Result<OwnedFd> {
    let opened = match open_subfolder(&folder, name) {
        Err(Errno::ACCESS) => {
            unlock(&folder, name)?;
            open_subfolder(&folder, name)?
        }
        other => other?,
    };
    rustix::fs::fchmod(&opened, Mode::RWXU)?;
    Ok(opened)
}

/// Linux changes the mode of a link's target unless it is named by a handle.
#[cfg(target_os = "linux")]
fn unlock(folder: impl AsFd, name: impl rustix::path::Arg) -> Result<()> {
    use std::os::fd::AsRawFd;

    use rustix::fs::OFlags;

    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let handle = rustix::fs::openat(folder, name, flags, Mode::empty())?;
    rustix::fs::chmod(format!("/proc/self/fd/{}", handle.as_raw_fd()), Mode::RWXU)
}

#[cfg(not(target_os = "linux"))]
fn unlock(folder: impl AsFd, name: impl rustix::path::Arg) -> Result<()> {
    rustix::fs::chmodat(folder, name, Mode::RWXU, AtFlags::SYMLINK_NOFOLLOW)
}

fn names(folder: &OwnedFd) -> Result<Vec<CString>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let name = entry?.file_name().to_owned();
        if name.as_bytes() != b"." && name.as_bytes() != b".." {
            names.push(name);
        }
    }
    Ok(names)
}

fn gone(result: Result<()>) -> Result<()> {
    match result {
        Err(Errno::NOENT) => Ok(()),
        other => other,
    }
}
