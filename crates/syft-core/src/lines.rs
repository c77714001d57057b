//! A file of text lines that grows at its end: what journal and audit log share.

use std::sync::Arc;

use crate::{Access, Disk, HomePath, Result};

/// Largest file that is read back, in bytes.
const MAX_BYTES: u64 = 512 * 1024 * 1024;

/// Appends whole lines, and never behind a torn one.
#[derive(Debug)]
pub(crate) struct Lines {
    disk: Arc<dyn Disk>,
    path: HomePath,
    /// Length of the good content in bytes.
    length: usize,
    /// The last append failed: there may be more in the file than `length`.
    suspect: bool,
}

impl Lines {
    /// Reads the file and hands out its content; no file is an empty file.
    pub(crate) fn open(disk: Arc<dyn Disk>, path: HomePath) -> Result<(Self, Vec<u8>)> {
        let content = disk.read_if_there(&path, MAX_BYTES)?.unwrap_or_default();
        let length = content.len();
        Ok((Lines { disk, path, length, suspect: false }, content))
    }

    pub(crate) fn path(&self) -> &HomePath {
        &self.path
    }

    /// Length of the good content in bytes.
    pub(crate) fn length(&self) -> u64 {
        self.length as u64
    }

    pub(crate) fn disk(&self) -> &dyn Disk {
        &*self.disk
    }

    /// What is in the file now.
    pub(crate) fn read(&self) -> Result<Vec<u8>> {
        Ok(self.disk.read_if_there(&self.path, MAX_BYTES)?.unwrap_or_default())
    }

    /// Appends a line that ends in a line break; durable on return. After an
    /// error the next append first takes away what this one may have left.
    pub(crate) fn append(&mut self, line: &[u8]) -> Result<()> {
        if self.suspect {
            let mut content = self.read()?;
            content.truncate(self.length);
            self.replace(&content)?;
        }
        self.suspect = true;
        self.disk.append(&self.path, line)?;
        self.suspect = false;
        self.length += line.len();
        Ok(())
    }

    /// Replaces the whole file at once.
    pub(crate) fn replace(&mut self, content: &[u8]) -> Result<()> {
        self.suspect = true;
        self.disk.write(&self.path, content, Access::OwnerOnly)?;
        self.suspect = false;
        self.length = content.len();
        Ok(())
    }
}

/// Takes content apart into its lines without their line breaks, and what
/// follows the last line break: a line that was not written to its end.
pub(crate) fn split(content: &[u8]) -> (Vec<&[u8]>, &[u8]) {
    let mut lines: Vec<&[u8]> = content.split(|byte| *byte == b'\n').collect();
    let torn = lines.pop().unwrap_or_default();
    (lines, torn)
}
