//! Copies by handle: whoever can write where it is copied from cannot lead it
//! elsewhere (`threats.md` rule 4).

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, Dir, FileType, Gid, Mode, OFlags, Stat, Uid, chownat, fchmod, fstat, mkdirat,
    openat, readlinkat, statat, symlinkat,
};

use crate::by_handle::{FILE, FOLDER};

/// Deeper folders are refused.
const MOST_DEEP: usize = 128;
const OWNER_READS: u32 = 0o400;
const OWNER_ENTERS: u32 = 0o500;
const ALL_READ: u32 = 0o444;
const ALL_ENTER: u32 = 0o555;
/// What else an owner may do with a file.
const OWNER_CHANGES: u32 = 0o300;

const NEW_FILE: OFlags = OFlags::WRONLY
    .union(OFlags::CREATE)
    .union(OFlags::EXCL)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// Copies what is in a folder into another one that is there: folders, files and
/// links, which stay links. Its owner can write all of it.
pub(in crate::warden) fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    let from = openat(CWD, from, FOLDER, Mode::empty())?;
    let to = openat(CWD, to, FOLDER, Mode::empty())?;
    Copying { user: None }.entries(&from, &to, 0)
}

/// Copies an open file or folder to a place where nothing stands, for this user alone.
pub(super) fn copy_for(from: &OwnedFd, to: &Path, user: u32) -> io::Result<()> {
    let copying = Copying { user: Some(user) };
    let found = fstat(from)?;
    match FileType::from_raw_mode(found.st_mode) {
        FileType::Directory => {
            let from = openat(from, ".", FOLDER, Mode::empty())?;
            copying.folder(&from, &found, CWD, to, 0)
        }
        // The handle is one that reads.
        FileType::RegularFile => copying.file(from, &found, CWD, to),
        _ => Err(io::Error::other("it is neither a file nor a folder")),
    }
}

/// Whether all of an open file or folder could be read by whoever owns it.
pub(super) fn is_readable_by_owner(handle: &OwnedFd) -> io::Result<bool> {
    let found = fstat(handle)?;
    let owner = found.st_uid;
    if !allows(&found, owner) {
        return Ok(false);
    }
    match FileType::from_raw_mode(found.st_mode) {
        FileType::Directory => {
            entries_are_readable(&openat(handle, ".", FOLDER, Mode::empty())?, owner, 0)
        }
        _ => Ok(true),
    }
}

fn entries_are_readable(folder: &OwnedFd, owner: u32, depth: usize) -> io::Result<bool> {
    check_depth(depth)?;
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let found = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
        if !allows(&found, owner) {
            return Ok(false);
        }
        if FileType::from_raw_mode(found.st_mode) == FileType::Directory {
            let below = openat(folder, name, FOLDER, Mode::empty())?;
            if !entries_are_readable(&below, owner, depth + 1)? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Of what is neither a file nor a folder nothing is read.
fn allows(found: &Stat, owner: u32) -> bool {
    let (own, all) = match FileType::from_raw_mode(found.st_mode) {
        FileType::RegularFile => (OWNER_READS, ALL_READ),
        FileType::Directory => (OWNER_ENTERS, ALL_ENTER),
        _ => return true,
    };
    let wanted = if found.st_uid == owner { own } else { all };
    found.st_mode & wanted == wanted
}

/// For whom it is copied.
#[derive(Clone, Copy)]
struct Copying {
    user: Option<u32>,
}

impl Copying {
    fn entries(self, from: &OwnedFd, to: &OwnedFd, depth: usize) -> io::Result<()> {
        check_depth(depth)?;
        for entry in Dir::read_from(from)? {
            let entry = entry?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let found = statat(from, name, AtFlags::SYMLINK_NOFOLLOW)?;
            match FileType::from_raw_mode(found.st_mode) {
                FileType::Directory => {
                    let below = openat(from, name, FOLDER, Mode::empty())?;
                    self.folder(&below, &found, to.as_fd(), name, depth + 1)?;
                }
                FileType::RegularFile => {
                    let file = openat(from, name, FILE, Mode::empty())?;
                    self.file(&file, &fstat(&file)?, to.as_fd(), name)?;
                }
                FileType::Symlink => {
                    symlinkat(readlinkat(from, name, Vec::new())?, to, name)?;
                    self.own(to.as_fd(), name)?;
                }
                // Nothing that could be copied.
                _ => {}
            }
        }
        Ok(())
    }

    fn folder(
        self,
        from: &OwnedFd,
        found: &Stat,
        to: BorrowedFd<'_>,
        name: impl rustix::path::Arg + Copy,
        depth: usize,
    ) -> io::Result<()> {
        mkdirat(to, name, Mode::RWXU)?;
        let made = openat(to, name, FOLDER, Mode::empty())?;
        self.entries(from, &made, depth)?;
        fchmod(&made, Mode::from_raw_mode(OWNER_ENTERS | self.changes(found)))?;
        self.own(to, name)
    }

    fn file(
        self,
        from: &OwnedFd,
        found: &Stat,
        to: BorrowedFd<'_>,
        name: impl rustix::path::Arg + Copy,
    ) -> io::Result<()> {
        if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
            return Err(io::Error::other("a file became something else"));
        }
        let mut made = File::from(openat(to, name, NEW_FILE, Mode::RUSR | Mode::WUSR)?);
        io::copy(&mut File::from(from.try_clone()?), &mut made)?;
        fchmod(&made, Mode::from_raw_mode(OWNER_READS | self.changes(found)))?;
        self.own(to, name)
    }

    /// What can be done with a copy besides reading it: a program stays one, and what
    /// is the job's own it can write.
    fn changes(self, found: &Stat) -> u32 {
        let own = if self.user.is_none() { Mode::WUSR.bits() } else { 0 };
        own | found.st_mode & OWNER_CHANGES
    }

    fn own(self, folder: BorrowedFd<'_>, name: impl rustix::path::Arg) -> io::Result<()> {
        let Some(user) = self.user else { return Ok(()) };
        let (uid, gid) = (Uid::from_raw(user), Gid::from_raw(user));
        Ok(chownat(folder, name, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)?)
    }
}

fn check_depth(depth: usize) -> io::Result<()> {
    if depth <= MOST_DEEP { Ok(()) } else { Err(io::Error::other("it lies too deep")) }
}
