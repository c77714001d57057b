use std::fs::{File, TryLockError};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::{DirDisk, Disk, Error, HomePath, NodePaths, Result};

/// How often a home that is held is tried again.
const POLL: Duration = Duration::from_millis(20);

/// The right to change a home: one holder at a time, in this process or any
/// other on this machine. Given back when dropped, also when the process dies.
///
/// Hold it for one pass, never while waiting for a person, a job or the store.
#[derive(Debug)]
#[must_use = "the lock is given back when it is dropped"]
pub struct HomeLock {
    file: File,
    pysyft: Option<File>,
}

/// The file that a Python peer locks while it works on its box (`protocol.md` f.1).
const PYSYFT: &str = ".sync.lock";

/// The file that tells a box of the Python peer, also where no sync has been yet.
const PYSYFT_BOX: &str = "SYFT_version.json";

impl HomeLock {
    /// Waits at most `wait` for the lock of a home, a folder that is there.
    ///
    /// # Errors
    /// `Locked` if another holder keeps it; `NotFound` if there is no such home;
    /// `NotRegular`; `Io`.
    pub fn acquire(home: &Path, wait: Duration) -> Result<Self> {
        let disk = DirDisk::open(home)?;
        let mut file = disk.open_for_lock(&NodePaths::lock())?;
        let start = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) if is_in_place(&disk, &file)? => {
                    let left = wait.saturating_sub(start.elapsed());
                    let pysyft = lock_out_pysyft(&disk, home, left)?;
                    return Ok(HomeLock { file, pysyft });
                }
                // The holder before has removed the home's state: that file locks nothing.
                Ok(()) => {
                    file = disk.open_for_lock(&NodePaths::lock())?;
                    continue;
                }
                Err(TryLockError::Error(source)) => {
                    let path = NodePaths::lock().to_string();
                    return Err(Error::Io { action: "lock", path, source });
                }
                Err(TryLockError::WouldBlock) => {}
            }
            let left = wait.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Err(Error::Locked { home: home.to_owned() });
            }
            std::thread::sleep(POLL.min(left));
        }
    }
}

impl Drop for HomeLock {
    /// A child that another thread has just started holds the files until its program begins:
    /// that they are closed here alone would leave the home locked for so long.
    fn drop(&mut self) {
        for file in [Some(&self.file), self.pysyft.as_ref()].into_iter().flatten() {
            // What cannot be given back now goes when the files are closed.
            let _ = file.unlock();
        }
    }
}

/// Keeps a Python peer out of a box of its own, where there is one.
fn lock_out_pysyft(disk: &DirDisk, home: &Path, wait: Duration) -> Result<Option<File>> {
    let path = HomePath::home().join(PYSYFT)?;
    let is_box = disk.metadata(&HomePath::home().join(PYSYFT_BOX)?)?.is_some();
    if !is_box && disk.metadata(&path)?.is_none() {
        return Ok(None);
    }
    let file = disk.open_for_lock(&path)?;
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::Error(source)) => {
                return Err(Error::Io { action: "lock", path: path.to_string(), source });
            }
            Err(TryLockError::WouldBlock) if start.elapsed() >= wait => {
                return Err(Error::Locked { home: home.to_owned() });
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(POLL),
        }
    }
}

fn is_in_place(disk: &DirDisk, file: &File) -> Result<bool> {
    let path = NodePaths::lock();
    let locked = file.metadata().map_err(|source| Error::Io {
        action: "lock",
        path: path.to_string(),
        source,
    })?;
    Ok(disk.metadata(&path)?.is_some_and(|there| there.inode == locked.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_that_is_just_being_started_keeps_no_lock() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join(PYSYFT_BOX), "{}").unwrap();
        let lock = HomeLock::acquire(home.path(), Duration::ZERO).unwrap();
        // As between its fork and its exec.
        let held = [Some(&lock.file), lock.pysyft.as_ref()].map(|it| it.unwrap().try_clone());
        assert!(matches!(
            HomeLock::acquire(home.path(), Duration::ZERO),
            Err(Error::Locked { .. })
        ));
        drop(lock);
        drop(HomeLock::acquire(home.path(), Duration::ZERO).unwrap());
        drop(held);
    }
}
