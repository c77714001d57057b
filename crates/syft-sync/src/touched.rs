//! What this process itself changed in the home during a pass.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use syft_core::{Access, Disk, Email, Entry, HomePath, Metadata, NodePaths, Result};

/// The places in datasites that were changed through a [`NotingDisk`], so that
/// what a walk saw can be brought up to date without walking again.
#[derive(Debug, Clone, Default)]
pub(crate) struct Touched(Arc<Mutex<BTreeSet<HomePath>>>);

impl Touched {
    /// Forgets everything: a walk is about to see all of it.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    /// What was changed in a datasite since the last call or [`Touched::clear`].
    pub(crate) fn take(&self, owner: &Email) -> Vec<HomePath> {
        let root = HomePath::datasite(owner);
        self.lock().extract_if(.., |path| is_within(path, &root)).collect()
    }

    fn note(&self, path: &HomePath) {
        // The node's own state is no part of what is walked.
        if !is_within(path, &NodePaths::root()) {
            self.lock().insert(path.clone());
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<HomePath>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_within(path: &HomePath, folder: &HomePath) -> bool {
    let rest = path.as_str().strip_prefix(folder.as_str());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A disk that notes what is changed through it. A call that fails may have
/// changed something, too.
#[derive(Debug)]
pub(crate) struct NotingDisk {
    inner: Arc<dyn Disk>,
    touched: Touched,
}

impl NotingDisk {
    pub(crate) fn new(inner: Arc<dyn Disk>, touched: Touched) -> Self {
        NotingDisk { inner, touched }
    }
}

impl Disk for NotingDisk {
    fn read(&self, path: &HomePath, limit: u64) -> Result<Vec<u8>> {
        self.inner.read(path, limit)
    }

    fn open(&self, path: &HomePath) -> Result<Box<dyn Read + Send>> {
        self.inner.open(path)
    }

    fn write_from(&self, path: &HomePath, body: &mut dyn Read, access: Access) -> Result<u64> {
        self.touched.note(path);
        self.inner.write_from(path, body, access)
    }

    fn create_new(&self, path: &HomePath, bytes: &[u8], access: Access) -> Result<bool> {
        self.touched.note(path);
        self.inner.create_new(path, bytes, access)
    }

    fn append(&self, path: &HomePath, bytes: &[u8]) -> Result<()> {
        self.touched.note(path);
        self.inner.append(path, bytes)
    }

    fn metadata(&self, path: &HomePath) -> Result<Option<Metadata>> {
        self.inner.metadata(path)
    }

    fn list(&self, folder: &HomePath) -> Result<Vec<Entry>> {
        self.inner.list(folder)
    }

    fn create_dir_all(&self, folder: &HomePath, access: Access) -> Result<()> {
        self.touched.note(folder);
        self.inner.create_dir_all(folder, access)
    }

    fn rename(&self, from: &HomePath, to: &HomePath) -> Result<()> {
        self.touched.note(from);
        self.touched.note(to);
        self.inner.rename(from, to)
    }

    fn remove_file(&self, path: &HomePath) -> Result<()> {
        self.touched.note(path);
        self.inner.remove_file(path)
    }

    fn remove_dir_all(&self, folder: &HomePath) -> Result<()> {
        self.touched.note(folder);
        self.inner.remove_dir_all(folder)
    }

    fn unfinished(&self, folder: &HomePath, before_ns: i64, remove: bool) -> Result<u64> {
        self.inner.unfinished(folder, before_ns, remove)
    }

    fn real_path(&self, path: &HomePath) -> PathBuf {
        self.inner.real_path(path)
    }
}
