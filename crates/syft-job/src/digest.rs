use std::collections::BTreeMap;

use serde::Serialize;
use syft_core::{ContentHash, DatasetName, Email, JobName, canonical_json};

use crate::Result;
use crate::packages::PackageLock;
use crate::sandbox::Limits;

/// What a submission digest is made over: who asks whom for what, and every
/// byte that would run. No modes, no times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubmissionFields<'a> {
    /// Who sends the job.
    pub submitter: &'a Email,
    /// Whose data it is for.
    pub owner: &'a Email,
    /// The job's name.
    pub name: &'a JobName,
    /// The owner's datasets that it wants to read.
    pub datasets: &'a [DatasetName],
    /// The program below `code/`, as the submitter states it.
    pub entrypoint: Option<&'a str>,
    /// The packages that it wants.
    pub dependencies: &'a [String],
    /// `run.sh` and every file of `code/`, by path below the job's folder.
    pub files: &'a BTreeMap<String, ContentHash>,
}

#[derive(Serialize)]
struct SubmissionJson<'a> {
    submitter: &'a Email,
    owner: &'a Email,
    name: &'a JobName,
    datasets: Vec<&'a DatasetName>,
    entrypoint: Option<&'a str>,
    dependencies: &'a [String],
    files: Vec<(&'a str, ContentHash)>,
}

impl SubmissionFields<'_> {
    /// SHA-256 over the canonical JSON (RFC 8785) of the fields. Both sides
    /// compute it from the files that exist; no name is skipped (`threats.md` R3).
    ///
    /// # Errors
    /// Only if the fields had no JSON form, which does not happen.
    pub fn digest(&self) -> Result<ContentHash> {
        let json = SubmissionJson {
            submitter: self.submitter,
            owner: self.owner,
            name: self.name,
            datasets: sorted(self.datasets),
            entrypoint: self.entrypoint,
            dependencies: self.dependencies,
            files: self.files.iter().map(|(path, hash)| (path.as_str(), *hash)).collect(),
        };
        Ok(ContentHash::of(&canonical_json(&json)?))
    }
}

#[derive(Serialize)]
struct ApprovalJson<'a> {
    submission: &'a ContentHash,
    /// The lock of the packages; none for a job that needs none.
    environment: Option<ContentHash>,
    limits: &'a Limits,
    datasets: Vec<&'a DatasetName>,
}

/// What an approval authorises, and nothing else: these bytes, under these
/// limits, beside these datasets, with these packages.
///
/// # Errors
/// Only if the limits had no JSON form, which does not happen.
pub fn approval_digest(
    submission: &ContentHash,
    limits: &Limits,
    datasets: &[DatasetName],
    packages: Option<&PackageLock>,
) -> Result<ContentHash> {
    let environment = packages.map(PackageLock::digest);
    let json = ApprovalJson { submission, environment, limits, datasets: sorted(datasets) };
    Ok(ContentHash::of(&canonical_json(&json)?))
}

pub(crate) fn sorted(datasets: &[DatasetName]) -> Vec<&DatasetName> {
    let mut names: Vec<&DatasetName> = datasets.iter().collect();
    names.sort();
    names.dedup();
    names
}
