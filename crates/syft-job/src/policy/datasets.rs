use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use syft_core::{DatasetName, DatasitePath};

use crate::{Error, JobStore, OutputFile, ReleaseFiles, Result};

use super::file::FILE;

/// What of a dataset may leave at most, whatever the job and whoever decides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetRule {
    /// The least number of people that a count may be of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub k: Option<u32>,
    /// The types of outputs that may leave; without them, all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outputs: Option<BTreeSet<OutputType>>,
    /// Whether logs may leave.
    #[serde(default)]
    pub logs: LogsRule,
    /// Whether it is told why a job failed.
    #[serde(default)]
    pub errors: ErrorsRule,
}

/// Whether the logs of a job may be released.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogsRule {
    /// Where their owner says so.
    #[default]
    Ask,
    /// Never.
    Never,
}

/// Whether the submitter of a job that failed is told more than that. A log that its owner
/// releases is no part of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ErrorsRule {
    /// What [`ErrorSummary`](crate::ErrorSummary) holds.
    #[default]
    Tell,
    /// That it failed, and nothing else.
    Never,
}

/// The type of an output, as the end of its name says it: `csv` of `table.csv`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OutputType(String);

impl OutputType {
    /// The type of an output, if its name has one.
    #[must_use]
    pub fn of(path: &DatasitePath) -> Option<OutputType> {
        let name = path.as_str().rsplit('/').next()?;
        let (stem, end) = name.rsplit_once('.')?;
        (!stem.is_empty()).then(|| end.to_ascii_lowercase()).and_then(|end| end.try_into().ok())
    }
}

impl TryFrom<String> for OutputType {
    type Error = String;

    fn try_from(text: String) -> Result<OutputType, String> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        match (1..=10).contains(&text.len()) && text.chars().all(plain) {
            true => Ok(OutputType(text)),
            false => Err("a type of outputs is the end of a name, as csv".to_owned()),
        }
    }
}

impl From<OutputType> for String {
    fn from(of: OutputType) -> String {
        of.0
    }
}

/// The rules of some datasets together: the strictest of each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DatasetBounds {
    /// The greatest of their `k`.
    pub k: Option<u32>,
    /// The types that all of them let out, and the first dataset that names some.
    pub outputs: Option<(BTreeSet<OutputType>, DatasetName)>,
    /// The first dataset whose logs never leave.
    pub no_logs: Option<DatasetName>,
    /// The first dataset of whose jobs nothing but that they failed is told.
    pub no_errors: Option<DatasetName>,
}

impl DatasetBounds {
    pub(super) fn of(rules: &BTreeMap<DatasetName, DatasetRule>, names: &[DatasetName]) -> Self {
        let mut bounds = DatasetBounds::default();
        for (name, rule) in names.iter().filter_map(|name| rules.get_key_value(name)) {
            bounds.k = bounds.k.max(rule.k);
            bounds.outputs = match (bounds.outputs, &rule.outputs) {
                (Some((known, first)), Some(more)) => {
                    Some((known.intersection(more).cloned().collect(), first))
                }
                (None, Some(types)) => Some((types.clone(), name.clone())),
                (known, None) => known,
            };
            if rule.logs == LogsRule::Never {
                bounds.no_logs.get_or_insert_with(|| name.clone());
            }
            if rule.errors == ErrorsRule::Never {
                bounds.no_errors.get_or_insert_with(|| name.clone());
            }
        }
        bounds
    }

    /// Whether an output of this name may leave.
    #[must_use]
    pub fn allows(&self, path: &DatasitePath) -> bool {
        let Some((types, _)) = &self.outputs else { return true };
        OutputType::of(path).is_some_and(|of| types.contains(&of))
    }

    pub(super) fn refusal(&self, path: &DatasitePath) -> Option<Error> {
        let (types, name) = self.outputs.as_ref().filter(|_| !self.allows(path))?;
        let types: Vec<&str> = types.iter().map(|of| of.0.as_str()).collect();
        let rule = match types.as_slice() {
            [] => format!("the rules of its datasets, as that of {name}, let out no type together"),
            types => format!("the rule of dataset {name} lets out {} alone", types.join(", ")),
        };
        let what = format!("{path} cannot be released");
        Some(Error::Policy { what, rule, file: FILE.to_owned() })
    }

    pub(super) fn logs_refusal(&self) -> Option<Error> {
        let name = self.no_logs.as_ref()?;
        Some(Error::Policy {
            what: "the logs cannot be released".to_owned(),
            rule: format!("the rule of dataset {name} lets no logs out"),
            file: FILE.to_owned(),
        })
    }
}

/// Of what a run is to share by itself, that which the rules of its datasets let out:
/// the rest waits for its owner. Nothing, if all of it waits.
pub(crate) fn shareable(
    store: &JobStore,
    datasets: &[DatasetName],
    outputs: &[OutputFile],
    logs: bool,
) -> Result<Option<(ReleaseFiles, bool)>> {
    let bounds = match store.policy() {
        // Nothing leaves by itself under rules that cannot be read.
        Err(Error::PolicyFile { .. }) => return Ok(None),
        policy => policy?.bounds(datasets),
    };
    let wanted = outputs.len() + usize::from(logs);
    let logs = logs && bounds.no_logs.is_none();
    let paths = outputs.iter().map(|file| &file.path).filter(|path| bounds.allows(path));
    let paths: Vec<DatasitePath> = paths.cloned().collect();
    let all_waits = wanted > 0 && paths.is_empty() && !logs;
    Ok((!all_waits).then_some((ReleaseFiles::Paths(paths), logs)))
}

/// Whether the rules of these datasets let all of these outputs out, and the logs.
pub(crate) fn may_release<'a>(
    store: &JobStore,
    datasets: &[DatasetName],
    mut outputs: impl Iterator<Item = &'a DatasitePath>,
    logs: bool,
) -> Result<()> {
    let bounds = store.policy()?.bounds(datasets);
    if let Some(refusal) = outputs.find_map(|path| bounds.refusal(path)) {
        return Err(refusal);
    }
    match bounds.logs_refusal().filter(|_| logs) {
        Some(refusal) => Err(refusal),
        None => Ok(()),
    }
}
