use std::collections::HashSet;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, Stat, fstat, openat, statat};
use rustix::io::Errno;

use super::nameless::add_nameless;
use crate::by_handle::FOLDER;

/// Deeper folders are not walked, and count as more than can be counted.
const MOST_DEEP: usize = 128;
/// How often a folder that changes under the walk is listed.
const MOST_LISTINGS: usize = 4;

/// What a job has on disk in some folders.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct DiskUse {
    /// Bytes that the files take up; holes take up none.
    pub(super) bytes: u64,
    /// Everything that is no folder.
    pub(super) files: u64,
    /// The length of the longest file.
    pub(super) longest: u64,
    /// Whether there is something that cannot be looked at, or too much of it:
    /// then the numbers are too small, and no limit can be said to hold.
    pub(super) is_partial: bool,
}

/// A file system and a file in it.
pub(super) type Identity = (u64, u64);

/// Walks folders without following links, at most `most` entries; what is one
/// of `except`, and what lies below it, is left out. A file with several names takes up its bytes once.
pub(super) fn disk_use(folders: &[&Path], except: &[&Path], most: usize) -> DiskUse {
    walk(folders, except, most).total
}

/// As [`disk_use`], with the files that processes of the job deleted and hold on to.
pub(super) fn disk_use_with_nameless(folders: &[&Path], except: &[&Path], most: usize) -> DiskUse {
    let mut walk = walk(folders, except, most);
    let mut roots = folders.to_vec();
    roots.extend_from_slice(except);
    add_nameless(&mut walk.total, &mut walk.counted, &roots);
    walk.total
}

fn walk(folders: &[&Path], except: &[&Path], most: usize) -> Walk {
    let except = except.iter().filter_map(|path| statat(CWD, *path, AtFlags::empty()).ok());
    let mut walk = Walk {
        except: except.map(|found| identity(&found)).collect(),
        most,
        seen: 0,
        total: DiskUse::default(),
        counted: HashSet::new(),
    };
    for folder in folders {
        match openat(CWD, *folder, FOLDER, Mode::empty()) {
            Ok(handle) => walk.folder(&handle, 0),
            Err(Errno::NOENT) => {}
            Err(_) => walk.total.is_partial = true,
        }
    }
    walk
}

struct Walk {
    except: HashSet<Identity>,
    most: usize,
    seen: usize,
    total: DiskUse,
    /// What has been counted, so that a second name or listing adds nothing.
    counted: HashSet<Identity>,
}

/// What one listing of a folder found in it, without its subfolders.
#[derive(Default)]
struct Listing {
    entries: usize,
    files: u64,
    /// Something was gone when it was looked at: it may stand there by another name.
    is_stale: bool,
}

impl Walk {
    /// By handle, so that no path is too long.
    fn folder(&mut self, handle: &OwnedFd, depth: usize) {
        if depth > MOST_DEEP {
            self.total.is_partial = true;
            return;
        }
        let (mut entries, mut files) = (0, 0);
        for _ in 0..MOST_LISTINGS {
            let listing = self.list(handle, depth).unwrap_or_else(|_| {
                self.total.is_partial = true;
                Listing::default()
            });
            entries = entries.max(listing.entries);
            files = files.max(listing.files);
            if !listing.is_stale || self.total.is_partial {
                break;
            }
        }
        self.seen += entries;
        self.total.files += files;
    }

    /// Stops at the first thing that cannot be looked at: it is too much by then.
    fn list(&mut self, handle: &OwnedFd, depth: usize) -> Result<Listing, Errno> {
        let mut listing = Listing::default();
        for entry in Dir::read_from(handle)? {
            let entry = entry?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            listing.entries += 1;
            if self.seen + listing.entries > self.most {
                return Err(Errno::TOOBIG);
            }
            let found = match statat(handle, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(found) => found,
                Err(Errno::NOENT) => {
                    listing.is_stale = true;
                    continue;
                }
                Err(error) => return Err(error),
            };
            if self.except.contains(&identity(&found)) {
                continue;
            }
            if FileType::from_raw_mode(found.st_mode) != FileType::Directory {
                listing.files += 1;
                self.count(&found);
                continue;
            }
            match openat(handle, name, FOLDER, Mode::empty()) {
                Ok(below) => self.subfolder(&below, depth)?,
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => listing.is_stale = true,
                Err(error) => return Err(error),
            }
        }
        Ok(listing)
    }

    fn subfolder(&mut self, handle: &OwnedFd, depth: usize) -> Result<(), Errno> {
        let found = fstat(handle)?;
        if self.count(&found) && !self.except.contains(&identity(&found)) {
            self.folder(handle, depth + 1);
        }
        Ok(())
    }

    /// Whether it was not counted before.
    fn count(&mut self, found: &Stat) -> bool {
        let is_new = self.counted.insert(identity(found));
        if is_new {
            self.total.bytes = self.total.bytes.saturating_add(allocated(found));
        }
        if FileType::from_raw_mode(found.st_mode) != FileType::Directory {
            self.total.longest = self.total.longest.max(length(found));
        }
        is_new
    }
}

pub(super) fn identity(found: &Stat) -> Identity {
    (found.st_dev, found.st_ino)
}

pub(super) fn allocated(found: &Stat) -> u64 {
    u64::try_from(found.st_blocks).unwrap_or(u64::MAX).saturating_mul(512)
}

pub(super) fn length(found: &Stat) -> u64 {
    u64::try_from(found.st_size).unwrap_or(u64::MAX)
}
