use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use syft_sync::SyftboxManager;
use syft_sync::core::{self, Access, DatasitePath, DirDisk, Disk, HomePath};
use syft_sync::job::Job;

use super::receipt::FetchedReceipt;
use crate::errors::CliError;
use crate::exit::Exit;
use crate::output::Screen;

/// An output that was copied out of the home.
#[derive(Debug, Serialize)]
pub(in crate::commands) struct CopiedOutput {
    pub(in crate::commands) path: DatasitePath,
    pub(in crate::commands) to: PathBuf,
}

/// A folder outside of the home, into which things are copied.
pub(super) struct Target<'a> {
    job: &'a Job,
    folder: &'a Path,
    disk: DirDisk,
}

/// Copies all outputs that this side may see into a folder; a submitter's only if they are
/// what the receipt says and that one holds, and with it. What is there stays there: a file
/// that holds something else is a conflict.
pub(in crate::commands) fn fetch(
    screen: &Screen,
    manager: &SyftboxManager,
    job: &Job,
    folder: &Path,
) -> Result<(Option<FetchedReceipt>, Vec<CopiedOutput>), CliError> {
    let is_mine = job.owner() == manager.email();
    let receipt = match is_mine {
        true => None,
        false => FetchedReceipt::check(screen, manager, job)?,
    };
    job.check_outputs()?;
    let outputs = job.outputs()?.into_iter().filter(|output| is_mine || output.released);
    let outputs: Vec<DatasitePath> = outputs.map(|output| output.path).collect();
    let has_receipt = receipt.as_ref().is_some_and(FetchedReceipt::is_verified);
    if outputs.is_empty() && !has_receipt {
        return Ok((receipt, Vec::new()));
    }
    let target = Target::open(job, folder)?;
    let mut copied = Vec::new();
    for path in outputs {
        let to = target.place(path.as_str());
        target.create(path.as_str(), &job.output(&path)?)?;
        copied.push(CopiedOutput { path, to });
    }
    let receipt = receipt.map(|receipt| receipt.copy(manager, &target)).transpose()?;
    Ok((receipt, copied))
}

impl<'a> Target<'a> {
    fn open(job: &'a Job, folder: &'a Path) -> Result<Self, CliError> {
        let failed = |error: String| {
            let message = format!("could not write into {}: {error}", folder.display());
            CliError::new(Exit::Store, "disk", message)
        };
        fs::create_dir_all(folder).map_err(|error| failed(error.to_string()))?;
        let disk = DirDisk::open(folder).map_err(|error| failed(error.to_string()))?;
        Ok(Target { job, folder, disk })
    }

    pub(super) fn job(&self) -> &Job {
        self.job
    }

    pub(super) fn place(&self, below: &str) -> PathBuf {
        self.folder.join(below)
    }

    /// Makes a file, whole or not at all, unless there is one that holds the same.
    fn create(&self, below: &str, bytes: &[u8]) -> Result<(), CliError> {
        let path = self.path(below)?;
        let made = self.disk.create_new(&path, bytes, Access::Shared);
        let is_there = made.map_err(|error| self.failed(below, &error))?
            || self.read(below, bytes.len()).is_some_and(|there| there == bytes);
        if is_there { Ok(()) } else { Err(self.conflict(below)) }
    }

    /// What stands there, if it is a file of at most so many bytes.
    pub(super) fn read(&self, below: &str, limit: usize) -> Option<Vec<u8>> {
        self.disk.read(&self.path(below).ok()?, limit as u64).ok()
    }

    pub(super) fn is_taken(&self, below: &str) -> bool {
        self.place(below).symlink_metadata().is_ok()
    }

    /// Writes a file in place of what is there; there is the one or the other, whenever
    /// this ends.
    pub(super) fn replace(&self, below: &str, bytes: &[u8]) -> Result<(), CliError> {
        let disk: &dyn Disk = &self.disk;
        let written = disk.write(&self.path(below)?, bytes, Access::Shared);
        written.map_err(|error| self.failed(below, &error))
    }

    pub(super) fn conflict(&self, below: &str) -> CliError {
        let message = format!("{} holds something else and is kept", self.place(below).display());
        CliError::new(Exit::Conflict, "file_exists", message)
            .then(format!("syft job outputs {} -o DIR", self.job.id()))
    }

    fn path(&self, below: &str) -> Result<HomePath, CliError> {
        HomePath::home().join(below).map_err(|error| self.failed(below, &error))
    }

    fn failed(&self, below: &str, error: &core::Error) -> CliError {
        let message = format!("could not write {}: {error}", self.place(below).display());
        CliError::new(Exit::Store, "disk", message)
    }
}
