use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use syft_core::{ContentHash, DatasetName, Email, JobName, LayoutKind, yaml};

use crate::pysyft::ConfigText;
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
    #[serde(default)]
    pub name: String,
    /// Bash or Python.
    #[serde(rename = "type", default)]
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

/// Where the Python peer runs a job.
#[derive(Debug, Deserialize)]
struct Destination {
    #[serde(default)]
    job_type: JobType,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum JobType {
    #[default]
    Local,
    Enclave,
}

/// One file of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "ManifestText")]
pub struct ManifestEntry {
    /// Below the job's folder.
    pub path: String,
    /// Of its content when the job was sent; left out where the file would
    /// otherwise be longer than a reader takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<ContentHash>,
}

/// An entry as it is written; the Python peer writes a path below `code/` alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum ManifestText {
    Code(String),
    Entry {
        path: String,
        #[serde(default)]
        sha256: Option<ContentHash>,
    },
}

impl From<ManifestText> for ManifestEntry {
    fn from(text: ManifestText) -> Self {
        match text {
            ManifestText::Code(path) => {
                ManifestEntry { path: format!("code/{path}"), sha256: None }
            }
            ManifestText::Entry { path, sha256 } => ManifestEntry { path, sha256 },
        }
    }
}

impl JobConfig {
    /// Reads the file, as a native or as a Python peer writes it.
    ///
    /// # Errors
    /// As [`yaml::from_str`]; [`syft_core::Error::Invalid`] for a job that is to run in
    /// an enclave, which a node is not, in whatever layout it lies.
    pub fn parse(text: &str) -> Result<JobConfig> {
        let config = yaml::from_str(text)?;
        match yaml::from_str::<Destination>(text)?.job_type {
            JobType::Local => Ok(config),
            JobType::Enclave => {
                let reason = "it is for an enclave, which this node is not".to_owned();
                let input = String::new();
                Err(syft_core::Error::Invalid { kind: "config.yaml", input, reason }.into())
            }
        }
    }

    /// The file as text, for a datasite of this layout.
    ///
    /// # Errors
    /// As [`yaml::to_string`].
    pub fn to_yaml(&self, layout: LayoutKind) -> Result<String> {
        match layout {
            LayoutKind::Native => Ok(yaml::to_string(self)?),
            LayoutKind::Pysyft => Ok(yaml::to_string(&ConfigText::from(self))?),
        }
    }

    /// The same as a file of this layout says it: the Python peer's manifest names
    /// what lies below `code/`, and no hashes.
    #[must_use]
    pub(crate) fn in_layout(mut self, layout: LayoutKind) -> Self {
        if layout == LayoutKind::Pysyft {
            self.files.retain(|file| file.path.starts_with("code/"));
            self.files.iter_mut().for_each(|file| file.sha256 = None);
        }
        self
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
            ("name", Some(self.name.as_str()).filter(|name| !name.is_empty()), name.as_str()),
        ];
        said.into_iter()
            .filter_map(|(key, said, is)| {
                said.filter(|said| *said != is)
                    .map(|said| format!("config.yaml names the {key} {said:?}, it is {is:?}"))
            })
            .collect()
    }
}
