use std::io::Read;
use std::sync::Arc;

use syft_core::{ContentHash, Disk, HomePath, NodePaths};

use crate::Result;

/// What is larger lies in a file on this machine on its way to the store and back, in bytes.
pub(super) const IN_MEMORY: u64 = 8 << 20;

/// How the names of such files begin, in the folder of what is being made.
pub(crate) const SPOOL: &str = "spool-";

/// A file on its way; it goes when it is not needed any more.
#[derive(Debug)]
pub(crate) struct Spool {
    disk: Arc<dyn Disk>,
    path: HomePath,
}

impl Spool {
    /// One for the object of this label; nothing is there yet.
    pub(super) fn new(disk: &Arc<dyn Disk>, label: &str) -> Result<Self> {
        let name = format!("{SPOOL}{}", ContentHash::of(label.as_bytes()).short());
        Ok(Spool { disk: disk.clone(), path: NodePaths::staging().join(&name)? })
    }

    /// Where it lies.
    pub(super) fn path(&self) -> &HomePath {
        &self.path
    }

    /// What it holds.
    pub(super) fn open(&self) -> syft_core::Result<Box<dyn Read + Send>> {
        self.disk.open(&self.path)
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        // What stays is swept with other leftovers.
        let _ = self.disk.remove_file(&self.path);
    }
}
