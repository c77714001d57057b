use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use syft_core::{ContentHash, DatasetName, Email, JobName, yaml};

use crate::{JobKind, Result};

/// `config.yaml` of a job: what the submitter says about it. It holds no path of
/// the submitter's machine, and the place where it lies outweighs what it says
/// about submitter, owner and name.
///
/// The keys of the Python peer keep their meaning (`protocol.md` f.4), so that
/// it can read the file as data; unknown keys are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobConfig {
    /// Version of our own keys.
    #[serde(default)]
    pub schema: u32,
    /// The job's name.
    pub name: String,
    /// Bash or Python.
    #[serde(rename = "type")]
    pub kind: JobKind,
    /// Who sends it.
    #[serde(default)]
    pub submitter: Option<String>,
    /// Whose data it is for.
    #[serde(default)]
    pub owner: Option<String>,
    /// When it was sent, as text: for display only.
    #[serde(default)]
    pub submitted_at: Option<String>,
    /// What it is for, in the submitter's words.
    #[serde(default)]
    pub description: Option<String>,
    /// The program to start, relative to `code/`.
    #[serde(default)]
    pub entrypoint: Option<String>,
    /// The packages that it needs.
    #[serde(default)]
    pub dependencies: Vec<String>,
    /// By owner, the datasets that it wants to read.
    #[serde(default)]
    pub datasets: Option<BTreeMap<String, Vec<DatasetName>>>,
    /// Manifest: every file, by path below the job's folder.
    #[serde(default)]
    pub files: Vec<ManifestEntry>,
    /// Whether `code/` was a folder of the submitter's.
    #[serde(default)]
    pub is_folder_submission: bool,
    /// The submission digest when it was sent.
    #[serde(default)]
    pub submission_digest: Option<ContentHash>,
}

/// One file of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestEntry {
    /// Below the job's folder.
    pub path: String,
    /// Of its content when the job was sent; left out where the file would
    /// otherwise be longer than a reader takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<ContentHash>,
}

impl JobConfig {
    /// Reads the file.
    ///
    /// # Errors
    /// As [`yaml::from_str`].
    pub fn parse(text: &str) -> Result<JobConfig> {
        Ok(yaml::from_str(text)?)
    }

    /// The file as text.
    ///
    /// # Errors
    /// As [`yaml::to_string`].
    pub fn to_yaml(&self) -> Result<String> {
        Ok(yaml::to_string(self)?)
    }

    /// The datasets of this owner that it wants.
    #[must_use]
    pub fn datasets_of(&self, owner: &Email) -> Vec<DatasetName> {
        let mut names = self
            .datasets
            .as_ref()
            .and_then(|by_owner| by_owner.get(owner.as_str()))
            .cloned()
            .unwrap_or_default();
        names.sort();
        names.dedup();
        names
    }

    /// What it says that the place where it lies contradicts.
    pub(crate) fn contradictions(
        &self,
        submitter: &Email,
        owner: &Email,
        name: &JobName,
    ) -> Vec<String> {
        let said = [
            ("submitter", self.submitter.as_deref(), submitter.as_str()),
            ("owner", self.owner.as_deref(), owner.as_str()),
            ("name", Some(self.name.as_str()), name.as_str()),
        ];
        said.into_iter()
            .filter_map(|(key, said, is)| {
                said.filter(|said| *said != is)
                    .map(|said| format!("config.yaml names the {key} {said:?}, it is {is:?}"))
            })
            .collect()
    }
}
