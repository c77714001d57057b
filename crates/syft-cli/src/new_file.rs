//! A file that a command makes for its user.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::errors::CliError;
use crate::exit::Exit;

/// A file that only its owner may open, and that was not there. It goes again unless it
/// is filled.
#[derive(Debug)]
pub(crate) struct NewFile {
    file: File,
    path: PathBuf,
    is_filled: bool,
}

impl NewFile {
    pub(crate) fn create(path: &Path) -> Result<Self, CliError> {
        let open = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let file = open.map_err(|error| failed(path, &error))?;
        Ok(NewFile { file, path: path.to_owned(), is_filled: false })
    }

    /// Writes all of it, durably.
    pub(crate) fn fill(mut self, bytes: &[u8]) -> Result<(), CliError> {
        let written = self.file.write_all(bytes).and_then(|()| self.file.sync_all());
        self.is_filled = written.is_ok();
        written.map_err(|error| failed(&self.path, &error))
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.is_filled {
            // Half of a file is worth nothing; that it stays harms nobody.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn failed(path: &Path, error: &std::io::Error) -> CliError {
    let message = format!("could not write {}: {error}", path.display());
    match error.kind() {
        ErrorKind::AlreadyExists => CliError::new(Exit::Conflict, "already_exists", message),
        _ => CliError::new(Exit::Store, "disk", message),
    }
}
