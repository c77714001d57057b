use std::collections::BTreeMap;
use std::path::PathBuf;

use syft_core::{ContentHash, FileKind, HomePath, NodePaths};

use super::interpreter::Interpreter;
use super::{PackageLock, PackageNeeds};
use crate::runner::demand;
use crate::sandbox::{IsolationLevel, Sandbox};
use crate::{Error, JobStore, OutputFile, Result};

/// In a layer: what Python looks for packages in.
pub(super) const SITE: &str = "site";
/// In a layer: what was installed, file by file.
pub(super) const FILES: &str = "files.json";

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
            demand(sandbox, IsolationLevel::L1)?;
            self.install(&lock, sandbox)?;
        }
        let site = self.disk.real_path(&layer_folder(&lock)?.join(SITE)?);
        Ok(Some(Layer { lock, site }))
    }

    /// Whether these packages are installed: every file as it was when they were, and
    /// no other. What is not so is as good as absent.
    pub(crate) fn has_layer(&self, lock: &PackageLock) -> Result<bool> {
        let layer = layer_folder(lock)?;
        let files: Option<Vec<OutputFile>> = match self.read_json(&layer.join(FILES)?) {
            Err(error) if error.is_damage() => None,
            files => files?,
        };
        let Some(files) = files else { return Ok(false) };
        let site = layer.join(SITE)?;
        let mut expected = BTreeMap::new();
        for file in files {
            expected.insert(site.join(file.path.as_str())?, file.sha256);
        }
        Ok(self.takes_all(&site, &mut expected)? && expected.is_empty())
    }

    /// Takes what stands in a folder from what is expected; `false` at the first thing
    /// that is not as expected.
    fn takes_all(
        &self,
        folder: &HomePath,
        expected: &mut BTreeMap<HomePath, ContentHash>,
    ) -> Result<bool> {
        for entry in self.disk.list(folder)? {
            let Ok(name) = entry.name else { return Ok(false) };
            let path = folder.join(&name)?;
            let is_as_expected = match entry.metadata.kind {
                FileKind::Folder => self.takes_all(&path, expected)?,
                FileKind::File => match expected.remove(&path) {
                    Some(sha256) => self.hash(&path)? == sha256,
                    None => false,
                },
                _ => false,
            };
            if !is_as_expected {
                return Ok(false);
            }
        }
        Ok(true)
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
