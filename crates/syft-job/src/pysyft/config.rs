use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use syft_core::{ContentHash, DatasetName, Timestamp, yaml};

use super::{Protocol, identity};
use crate::{JobConfig, JobKind, Result};

const CANONICAL_NAME: &str = "JobSubmissionMetadata";

/// `config.yaml` in the Python peer's keys and their order. Keys of our own stand
/// among them: it ignores what it does not know.
#[derive(Debug, Serialize)]
pub(crate) struct ConfigText<'a> {
    canonical_name: &'static str,
    /// Never a path of the submitter's machine (`protocol.md` k.29).
    code_path: Option<()>,
    datasets: Option<&'a BTreeMap<String, Vec<DatasetName>>>,
    dependencies: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    entrypoint: Option<&'a str>,
    /// Below `code/`.
    files: Vec<&'a str>,
    headers: BTreeMap<String, String>,
    is_folder_submission: bool,
    job_type: &'static str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'a str>,
    schema: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    submission_digest: Option<ContentHash>,
    submitted_at: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    submitter: Option<&'a str>,
    #[serde(rename = "type")]
    kind: JobKind,
    version: &'static str,
}

impl<'a> From<&'a JobConfig> for ConfigText<'a> {
    fn from(config: &'a JobConfig) -> Self {
        let paths = config.files.iter().map(|file| file.path.as_str());
        ConfigText {
            canonical_name: CANONICAL_NAME,
            code_path: None,
            datasets: config.datasets.as_ref(),
            dependencies: &config.dependencies,
            description: config.description.as_deref(),
            entrypoint: config.entrypoint.as_deref(),
            files: paths.filter_map(|path| path.strip_prefix("code/")).collect(),
            headers: BTreeMap::new(),
            is_folder_submission: config.is_folder_submission,
            job_type: "local",
            name: &config.name,
            owner: config.owner.as_deref(),
            schema: config.schema,
            submission_digest: config.submission_digest,
            submitted_at: config.submitted_at.as_deref(),
            submitter: config.submitter.as_deref(),
            kind: config.kind,
            version: identity::VERSION,
        }
    }
}

/// What the Python peer asks of the file besides what every reader does.
#[derive(Debug, Deserialize)]
struct Asked {
    #[serde(default)]
    submitted_at: Option<String>,
}

/// Why the Python peer would not take this `config.yaml` for one, if so.
pub(crate) fn check_config(text: &str, protocol: Protocol) -> Result<Option<String>> {
    if let Some(problem) = identity::check(text, CANONICAL_NAME, protocol)? {
        return Ok(Some(problem));
    }
    let asked: Asked = yaml::from_str(text)?;
    let said = asked.submitted_at.as_deref();
    Ok(match said.filter(|time| Timestamp::from_iso8601(time).is_ok()) {
        Some(_) => None,
        None => Some("it does not say when it was sent, as submitted_at".to_owned()),
    })
}
