use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, SeekFrom, Stat, fstat, openat, seek, statat};
use syft_core::{DatasitePath, safe_text};

use super::collector::is_reserved;
use super::{OutputSink, SkippedOutput};
use crate::by_handle::{FILE, FOLDER};
use crate::sandbox::Limits;
use crate::{Error, Result};

/// Bytes that a file may have less on the disk than it is long: holes that a
/// program left, and not a terabyte of nothing.
const MOST_HOLES: u64 = 64 * 1024;

/// Hands on what a job left in an outputs folder of this machine, after all its
/// processes are dead: regular files only, opened by handle and never through a link,
/// bounded in size and number (`threats.md` X7). Permission files are left out (R11).
/// What is left is told of, with the reason. Returns whether a limit was the reason for
/// any of it.
///
/// # Errors
/// [`Error::Box`] if the outputs folder itself cannot be read; those of the sink.
pub fn walk_outputs(
    outputs_dir: &Path,
    limits: &Limits,
    sink: &mut dyn OutputSink,
) -> Result<bool> {
    let root = openat(CWD, outputs_dir, FOLDER, Mode::empty()).map_err(|error| {
        Error::Box(format!("could not read {}: {error}", outputs_dir.display()))
    })?;
    let (files, bytes, entries, limit_hit, keys) = Default::default();
    let mut walk = Walk { limits, sink, files, bytes, entries, limit_hit, keys };
    walk.folder(&root, "")?;
    Ok(walk.limit_hit)
}

struct Walk<'a> {
    limits: &'a Limits,
    sink: &'a mut dyn OutputSink,
    files: u64,
    bytes: u64,
    entries: u64,
    limit_hit: bool,
    keys: BTreeSet<String>,
}

/// Why an entry was not handed on.
enum Left {
    Because(String),
    Limit(String),
    Failed(Error),
}

impl Walk<'_> {
    /// Depth is bounded by the number of components of a path.
    fn folder(&mut self, folder: &OwnedFd, prefix: &str) -> Result<()> {
        let most_entries = self.limits.outputs_files.saturating_mul(2).saturating_add(1_000);
        for name in names(folder, most_entries) {
            let shown = format!("{prefix}{}", String::from_utf8_lossy(&name));
            self.entries += 1;
            if self.entries > most_entries {
                self.limit_hit = true;
                return self.skip(prefix, "there is more in it than is looked at");
            }
            match self.entry(folder, prefix, &name) {
                Ok(()) => {}
                Err(Left::Because(reason)) => self.skip(&shown, &reason)?,
                Err(Left::Limit(reason)) => {
                    self.limit_hit = true;
                    self.skip(&shown, &reason)?;
                }
                Err(Left::Failed(error)) => return Err(error),
            }
        }
        Ok(())
    }

    fn entry(&mut self, folder: &OwnedFd, prefix: &str, name: &[u8]) -> Result<(), Left> {
        let text = std::str::from_utf8(name).map_err(|_| because("its name is not UTF-8"))?;
        let path = DatasitePath::parse(&format!("{prefix}{text}")).map_err(because)?;
        if is_reserved(&path) {
            return Err(because("its name is reserved"));
        }
        let found = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW).map_err(because)?;
        let kind = FileType::from_raw_mode(found.st_mode);
        if matches!(kind, FileType::Directory | FileType::RegularFile)
            && !self.keys.insert(path.fold_key())
        {
            return Err(because("another output has the same name on some systems"));
        }
        match kind {
            FileType::Directory => {
                let below = openat(folder, name, FOLDER, Mode::empty()).map_err(because)?;
                self.folder(&below, &format!("{path}/")).map_err(Left::Failed)
            }
            FileType::RegularFile => self.file(folder, name, path),
            FileType::Symlink => Err(because("it is a symbolic link")),
            FileType::Fifo => Err(because("it is a FIFO")),
            FileType::Socket => Err(because("it is a socket")),
            _ => Err(because("it is a device")),
        }
    }

    fn file(&mut self, folder: &OwnedFd, name: &[u8], path: DatasitePath) -> Result<(), Left> {
        let handle = openat(folder, name, FILE, Mode::empty()).map_err(because)?;
        let found = fstat(&handle).map_err(because)?;
        if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
            return Err(because("it is no regular file"));
        }
        if found.st_nlink > 1 {
            return Err(because("it is a hard link: it has another name elsewhere"));
        }
        let size = u64::try_from(found.st_size).unwrap_or(0);
        if self.bytes.saturating_add(size) > self.limits.outputs_bytes {
            let most = self.limits.outputs_bytes;
            return Err(Left::Limit(format!("with it the outputs would pass {most} bytes")));
        }
        if self.files >= self.limits.outputs_files {
            let most = self.limits.outputs_files;
            return Err(Left::Limit(format!("there are more than {most} files")));
        }
        if has_holes(&handle, &found) {
            return Err(because("it is sparse: it has holes in which nothing was written"));
        }
        self.files += 1;
        self.bytes += size;
        self.sink.file(path, &mut File::from(handle).take(size)).map_err(Left::Failed)
    }

    fn skip(&mut self, path: &str, reason: &str) -> Result<()> {
        self.sink.skipped(SkippedOutput { path: safe_text(path), reason: reason.to_owned() })
    }
}

/// A file system that compresses has less on the disk as well; it knows of no hole.
fn has_holes(handle: &OwnedFd, found: &Stat) -> bool {
    let length = u64::try_from(found.st_size).unwrap_or(0);
    let on_disk = u64::try_from(found.st_blocks).unwrap_or(u64::MAX).saturating_mul(512);
    if length.saturating_sub(on_disk) <= MOST_HOLES {
        return false;
    }
    let hole = seek(handle, SeekFrom::Hole(0));
    // The file is read from where its handle stands.
    let is_back = seek(handle, SeekFrom::Start(0)).is_ok();
    !is_back || hole.is_ok_and(|hole| hole < length)
}

/// The names in a folder, in byte order; somewhat more than `most` at most.
fn names(folder: &OwnedFd, most: u64) -> Vec<Vec<u8>> {
    let most = usize::try_from(most).unwrap_or(usize::MAX).saturating_add(3);
    let entries = Dir::read_from(folder).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_bytes().to_vec());
    let mut names: Vec<_> = names.take(most).filter(|name| name != b"." && name != b"..").collect();
    names.sort();
    names
}

fn because(reason: impl ToString) -> Left {
    Left::Because(reason.to_string())
}
