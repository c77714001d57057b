use serde::Serialize;
use syft_core::{ContentHash, HomePath, canonical_json};

use super::interpreter::Interpreter;
use super::layer::folder;
use super::phase::Scratch;
use super::tool::Tool;
use super::{PackageLock, PackageNeeds, PackageSource};
use crate::decide::current;
use crate::runner::demand;
use crate::sandbox::{IsolationLevel, Sandbox};
use crate::{Error, JobId, JobStore, Result};

/// Largest answer of an installer that is read, in bytes.
const MAX_ANSWER: u64 = 64 * 1024 * 1024;

/// What a resolution depends on, but for the index itself.
#[derive(Serialize)]
struct Question<'a> {
    needs: ContentHash,
    source: String,
    index: Option<&'a str>,
    python: &'a Interpreter,
}

impl JobStore {
    /// What the current bytes of a job that was sent to me need.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Requirement`]; those of the disk.
    pub fn package_needs(&self, id: &JobId) -> Result<PackageNeeds> {
        let record = self.record(id)?;
        let revision = current(&record)?;
        let path = self.snapshot(&revision.digest)?;
        let files = crate::read::read_job(self.disk.as_ref(), &path)?
            .map_err(|problem| crate::decide::problem_error(&record, &problem))?;
        PackageNeeds::read(&files.config.dependencies, &files.files)
    }

    /// Finds out which packages exactly a job that was sent to me needs: nothing, if
    /// it needs none. That is asked for over the network, in a box, and remembered:
    /// the approval that follows names it, and so do those of all jobs that need the
    /// same, until the cache is deleted. Needs no lock of the home.
    ///
    /// # Errors
    /// As [`JobStore::package_needs`]; [`Error::NoPackages`] if this node takes none;
    /// [`Error::Packages`] if they cannot be had as wheels, or not at all;
    /// [`Error::Isolation`] if there is no box; [`Error::Stopped`].
    pub fn resolve_packages(
        &self,
        id: &JobId,
        sandbox: &dyn Sandbox,
    ) -> Result<Option<PackageLock>> {
        let needs = self.package_needs(id)?;
        if needs.is_empty() {
            return Ok(None);
        }
        self.allow_packages(id.as_str(), &needs)?;
        demand(sandbox, IsolationLevel::L1)?;
        self.resolve(&needs, sandbox).map(Some)
    }

    /// Refuses needs where this node takes no packages.
    pub(crate) fn allow_packages(&self, job: &str, needs: &PackageNeeds) -> Result<()> {
        if needs.is_empty() || self.packages.source != PackageSource::None {
            return Ok(());
        }
        Err(Error::NoPackages { job: job.to_owned(), packages: needs.names() })
    }

    /// What these needs were found to be before, if the cache still knows.
    pub(crate) fn resolved(&self, needs: &PackageNeeds) -> Result<Option<PackageLock>> {
        // Without one, nothing was ever found for it.
        let Ok(python) = Interpreter::of_the_box() else { return Ok(None) };
        self.read_resolved(&self.resolved_path(needs, &python)?)
    }

    fn read_resolved(&self, path: &HomePath) -> Result<Option<PackageLock>> {
        match self.read_json(path) {
            // It is a cache: what cannot be read is found out again.
            Err(error) if error.is_damage() => Ok(None),
            lock => lock,
        }
    }

    pub(super) fn resolve(
        &self,
        needs: &PackageNeeds,
        sandbox: &dyn Sandbox,
    ) -> Result<PackageLock> {
        let python = Interpreter::of_the_box()?;
        needs.check_python(&python)?;
        let known = self.resolved_path(needs, &python)?;
        if let Some(lock) = self.read_resolved(&known)? {
            return Ok(lock);
        }
        let options = &self.packages;
        let tool = Tool::of(options);
        let scratch = Scratch::new(self)?;
        let to = scratch.taken()?;
        let mut requirements = needs.names().join("\n");
        requirements.push('\n');
        let command = |outputs: &std::path::Path| tool.lock_command(options, outputs);
        scratch.run(options, &requirements, command, &to, sandbox)?;
        let answer = self.disk.read(&to.join(tool.answer())?, MAX_ANSWER)?;
        let lock = PackageLock::of(&python, tool.read_answer(&answer)?)?;
        self.write_json(&known, &lock)?;
        Ok(lock)
    }

    fn resolved_path(&self, needs: &PackageNeeds, python: &Interpreter) -> Result<HomePath> {
        let question = Question {
            needs: needs.digest()?,
            source: self.packages.source.to_string(),
            index: self.packages.index.as_ref().map(url::Url::as_str),
            python,
        };
        let digest = ContentHash::of(&canonical_json(&question)?);
        Ok(folder()?.join(&format!("resolved/{digest}.json"))?)
    }
}
