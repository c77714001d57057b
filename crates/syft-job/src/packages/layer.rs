use std::path::PathBuf;

use syft_core::{FileKind, HomePath, NodePaths};

use super::interpreter::Interpreter;
use super::{PackageLock, PackageNeeds};
use crate::sandbox::Sandbox;
use crate::{Error, JobStore, Result};

/// In a layer: what Python looks for packages in.
pub(super) const SITE: &str = "site";

/// The packages of one execution.
#[derive(Debug, Default)]
pub(crate) enum Wanted {
    /// It needs none, and nothing of packages is touched.
    #[default]
    Nothing,
    /// Exactly these.
    Locked(PackageLock),
    /// What it needs, whatever that is found to be: for a rehearsal of one's own.
    Needed(PackageNeeds),
}

/// Installed packages, ready for a job.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) lock: PackageLock,
    /// For `PYTHONPATH`.
    pub(crate) site: PathBuf,
}

impl JobStore {
    /// The layer of these packages, installed first if the cache has none. Needs no
    /// lock of the home.
    pub(crate) fn layer(&self, wanted: &Wanted, sandbox: &dyn Sandbox) -> Result<Option<Layer>> {
        let lock = match wanted {
            Wanted::Nothing => return Ok(None),
            Wanted::Locked(lock) => lock.clone(),
            Wanted::Needed(needs) => self.resolve(needs, sandbox)?,
        };
        lock.check_python(&Interpreter::of_the_box()?)?;
        if !self.has_layer(&lock)? {
            self.install(&lock, sandbox)?;
        }
        let site = self.disk.real_path(&layer_folder(&lock)?.join(SITE)?);
        Ok(Some(Layer { lock, site }))
    }

    pub(crate) fn has_layer(&self, lock: &PackageLock) -> Result<bool> {
        let found = self.disk.metadata(&layer_folder(lock)?.join(SITE)?)?;
        Ok(found.is_some_and(|found| found.kind == FileKind::Folder))
    }

    /// The packages of a job that somebody else wants rehearsed: only those that are
    /// here already, since nothing is fetched for whoever asks.
    pub(crate) fn packages_at_hand(&self, job: &str, needs: &PackageNeeds) -> Result<Wanted> {
        if needs.is_empty() {
            return Ok(Wanted::Nothing);
        }
        match self.resolved(needs)? {
            Some(lock) if self.has_layer(&lock)? => Ok(Wanted::Locked(lock)),
            _ => Err(Error::PackagesMissing { job: job.to_owned(), packages: needs.names() }),
        }
    }
}

/// `.syft/cache/packages`.
pub(super) fn folder() -> Result<HomePath> {
    Ok(NodePaths::cache().join("packages")?)
}

pub(super) fn layer_folder(lock: &PackageLock) -> Result<HomePath> {
    Ok(folder()?.join(&lock.digest().to_string())?)
}
