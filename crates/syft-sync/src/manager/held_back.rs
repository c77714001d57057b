use std::fmt;

use serde::Serialize;
use syft_core::DatasitePath;
use syft_job::{Job, JobId};
use syft_perm::{Level, Permissions};

use super::SyftboxManager;
use crate::Result;

/// A file that was released, and that a rule of the owner's keeps from the submitter
/// all the same. Such rules are also those by which the Python peer holds outputs back
/// until it shares them itself (`protocol.md` i.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeldBack {
    /// The file, below my datasite.
    pub path: DatasitePath,
    /// The permission file that decides, below my datasite; `None` if there is none on
    /// the way.
    pub rules: Option<String>,
    /// The line of the rule there, counted from 1.
    pub line: Option<u32>,
}

impl SyftboxManager {
    /// What was released of a job that was sent to me, and does not reach its submitter.
    ///
    /// # Errors
    /// As [`JobStore::received`](syft_job::JobStore::received); the disk.
    pub fn held_back(&self, id: &JobId) -> Result<Vec<HeldBack>> {
        let job = self.jobs.received(id)?;
        match job.released_paths()?.is_empty() {
            true => Ok(Vec::new()),
            false => held_back(&self.permissions()?, &job),
        }
    }

    /// The first one of all jobs that something is held back of.
    pub(super) fn first_held_back(
        &self,
        permissions: &Permissions,
    ) -> Result<Option<(Job, HeldBack)>> {
        for job in self.jobs.jobs()? {
            if let Some(first) = held_back(permissions, &job)?.into_iter().next() {
                return Ok(Some((job, first)));
            }
        }
        Ok(None)
    }
}

fn held_back(permissions: &Permissions, job: &Job) -> Result<Vec<HeldBack>> {
    let reader = job.submitted_by().as_str();
    let mut held = Vec::new();
    for path in job.released_paths()? {
        if !permissions.allows(reader, path.as_str(), Level::Read) {
            let why = permissions.explain(reader, path.as_str());
            held.push(HeldBack { path, rules: why.governing_file, line: why.line });
        }
    }
    Ok(held)
}

impl fmt::Display for HeldBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match (&self.rules, self.line) {
            (Some(rules), Some(line)) => write!(f, "{path}: line {line} of {rules} keeps it back"),
            (Some(rules), None) => write!(f, "{path}: nothing in {rules} lets it go"),
            (None, _) => write!(f, "{path}: no permission file lets it go"),
        }
    }
}
