//! Files that a job deleted and holds on to: they take up space without a name.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, stat};
use rustix::io::Errno;

use super::disk_use::{DiskUse, Identity, allocated, identity, length};
use super::tree;

/// How often the processes are walked while some of them go away.
const MOST_ROUNDS: usize = 4;
/// More processes than a job may have; the limit on them ends it first.
const MOST_PROCESSES: usize = 100_000;

/// Adds what no walk of `roots` finds. A process that cannot be looked into, and a
/// deleted file of which nothing but a mapping is left, make the sum partial.
pub(super) fn add_nameless(total: &mut DiskUse, counted: &mut HashSet<Identity>, roots: &[&Path]) {
    // As the kernel writes them.
    let roots: Vec<PathBuf> = roots.iter().filter_map(|root| fs::canonicalize(root).ok()).collect();
    let (held, mapped) = (HashSet::new(), HashSet::new());
    let mut search = Search { total, counted, held, mapped, roots: &roots };
    for _ in 0..MOST_ROUNDS {
        // What was mapped between two looks at one process shows in the next round.
        search.mapped.clear();
        let mut all_there = true;
        tree::descend(MOST_PROCESSES, |pid| all_there &= search.process(pid));
        if all_there && !search.has_lost() {
            return;
        }
    }
    search.total.is_partial |= search.has_lost();
}

struct Search<'a> {
    total: &'a mut DiskUse,
    counted: &'a mut HashSet<Identity>,
    /// Inodes of nameless files that are open.
    held: HashSet<u64>,
    /// Inodes of nameless files that are mapped. Some file systems name another
    /// device in a mapping than for the file, so that inodes alone are compared.
    mapped: HashSet<u64>,
    roots: &'a [PathBuf],
}

impl Search<'_> {
    /// Whether there is a file that is mapped and not open: its size is not known.
    fn has_lost(&self) -> bool {
        !self.mapped.is_subset(&self.held)
    }

    /// `false` if it went away meanwhile: what it held may be held by another now.
    /// Each thread may have descriptors of its own.
    fn process(&mut self, pid: i32) -> bool {
        let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return false };
        let mut all_there = true;
        let mut maps = Vec::new();
        for thread in threads.flatten().map(|thread| thread.path()) {
            all_there &= self.descriptors(&thread);
            // One memory for all threads; one that has ended shows none.
            if maps.is_empty() {
                maps = fs::read(thread.join("maps")).unwrap_or_default();
            }
        }
        self.mappings(&maps);
        all_there
    }

    fn descriptors(&mut self, thread: &Path) -> bool {
        let entries = match fs::read_dir(thread.join("fd")) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                self.refused(thread);
                return true;
            }
            Err(_) => return false,
        };
        for entry in entries.flatten() {
            let found = match stat(entry.path()) {
                Ok(found) => found,
                Err(Errno::ACCESS) => {
                    self.refused(thread);
                    return true;
                }
                // Closed meanwhile.
                Err(_) => continue,
            };
            let is_file = FileType::from_raw_mode(found.st_mode) == FileType::RegularFile;
            if !is_file || found.st_nlink != 0 {
                continue;
            }
            self.held.insert(found.st_ino);
            if self.counted.insert(identity(&found)) {
                self.total.bytes = self.total.bytes.saturating_add(allocated(&found));
                self.total.longest = self.total.longest.max(length(&found));
            }
        }
        true
    }

    /// So it is for what runs a program that nobody may read, and also for what
    /// has ended and is not reaped.
    fn refused(&mut self, thread: &Path) {
        let is_refused = || {
            fs::read(thread.join("maps"))
                .is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
        };
        self.total.is_partial |= is_refused() && has_memory(thread);
    }

    fn mappings(&mut self, maps: &[u8]) {
        for line in maps.split(|byte| *byte == b'\n') {
            let Some(before) = line.strip_suffix(b" (deleted)") else { continue };
            // Addresses, rights, offset, device, inode, and a path after blanks.
            let mut fields = before.splitn(6, |byte| *byte == b' ');
            let inode = fields.nth(4).and_then(|field| str::from_utf8(field).ok()?.parse().ok());
            let (Some(inode), Some(path)) = (inode, fields.next()) else { continue };
            let path = path.trim_ascii_start();
            let is_of_job =
                self.roots.iter().any(|root| path.starts_with(root.as_os_str().as_bytes()));
            if is_of_job && !is_called_deleted(line, path.len(), inode) {
                self.mapped.insert(inode);
            }
        }
    }
}

/// Whether the file is there, and its name is one that ends like this.
fn is_called_deleted(line: &[u8], length: usize, inode: u64) -> bool {
    let start = line.len().saturating_sub(length + b" (deleted)".len());
    let name = std::ffi::OsStr::from_bytes(line.get(start..).unwrap_or_default());
    fs::symlink_metadata(PathBuf::from(name)).is_ok_and(|found| found.ino() == inode)
}

/// Whether it has not ended.
fn has_memory(thread: &Path) -> bool {
    fs::read_to_string(thread.join("status")).is_ok_and(|status| status.contains("\nVmPeak:"))
}
