//! The gate between a run and its submitter: what came out is looked at beside the data
//! that went in. It warns and explains; the owner decides.

mod earlier;
mod private;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use syft_core::{ContentHash, DatasitePath, HomePath, NodePaths};
use syft_disclosure::{Checked, Checker, Finding, FindingKind, Output, Rules, Severity};

use crate::records::SCHEMA;
use crate::runs::{JobRun, RunStarted};
use crate::sandbox::IsolationLevel;
use crate::{Error, Job, JobStore, OutputFile, Result};

/// What was seen, in the folder of the run. It is made again where it is not there, and is
/// no record: it is in no backup.
const CHECKED: &str = "checked.json";

/// From so many findings on, one for each file is enough.
const MOST_FINDINGS: usize = 2_000;

/// Of all outputs of a run together, so many bytes are looked at.
const MOST_OUTPUT_BYTES: u64 = 256 * 1024 * 1024;

/// An output with its bytes.
type Body = (DatasitePath, Vec<u8>);

/// `checked.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct CheckedRecord {
    schema: u32,
    /// The least number of people that a count could be of.
    k: u32,
    /// What was released before of the same data, and so compared with; `None` in records
    /// of older versions.
    #[serde(default)]
    against: Option<ContentHash>,
    #[serde(flatten)]
    checked: Checked,
}

impl JobStore {
    /// [`Job::check_run`] of one run.
    pub(crate) fn checked_of(&self, run: &JobRun) -> Result<Checked> {
        let Some(finished) = &run.finished else { return Ok(Checked::default()) };
        // Of what is out already, nothing is left to decide.
        if finished.outputs.iter().all(|file| run.is_released(file))
            && let Some(kept) = self.last_checked(&run.started.run)?
        {
            return Ok(kept);
        }
        self.look(&run.started, &finished.outputs)
    }

    /// What was seen when the outputs of a run were last looked at.
    pub(crate) fn last_checked(&self, run: &str) -> Result<Option<Checked>> {
        match self.read_json::<CheckedRecord>(&checked_path(run)?) {
            // It is made again.
            Err(error) if error.is_damage() => Ok(None),
            record => Ok(record?.map(|record| record.checked)),
        }
    }

    /// Looks at the outputs of a run, unless nothing has changed since they were looked at.
    pub(crate) fn look(&self, started: &RunStarted, outputs: &[OutputFile]) -> Result<Checked> {
        // What could read nothing private has nothing private to tell.
        let read_nothing = started.datasets.is_empty() && started.level >= IsolationLevel::MINIMUM;
        if outputs.is_empty() || read_nothing {
            return Ok(Checked::default());
        }
        let rules = self.rules_for(started)?;
        let path = checked_path(&started.run)?;
        let before = match self.read_json::<CheckedRecord>(&path) {
            Err(error) if error.is_damage() => None,
            before => before?,
        };
        let (k, earlier) = (rules.k, self.released_before(started, outputs)?);
        let against = Some(earlier.digest()?);
        if let Some(before) = &before
            && before.k == k
            && before.against == against
        {
            return Ok(before.checked.clone());
        }
        let private = self.private_of(&started.datasets, &rules.limits)?;
        let (tables, left_out) = self.tables_of(&earlier, &rules.limits);
        let (mut checked, bodies) = self.bodies(started, outputs)?;
        let shown: Vec<Output<'_>> =
            bodies.iter().map(|(path, bytes)| Output { path, bytes }).collect();
        let seen = Checker::new(rules).check(&private, &tables, &shown);
        checked.findings.extend(seen.findings);
        checked.not_compared.extend(seen.not_compared);
        checked.not_compared.extend(left_out);
        let checked = shortened(with_those_of(checked, before, k));
        let record = CheckedRecord { schema: SCHEMA, k, against, checked };
        self.write_json(&path, &record)?;
        Ok(record.checked)
    }

    /// The usual rules, and what the owner's say of these datasets.
    fn rules_for(&self, started: &RunStarted) -> Result<Rules> {
        let k = match self.policy() {
            // Nothing leaves by itself under rules that cannot be read.
            Err(Error::PolicyFile { .. }) => None,
            policy => policy?.bounds(&started.datasets).k,
        };
        let usual = Rules::default();
        Ok(Rules { k: k.unwrap_or(usual.k), ..usual })
    }

    /// The outputs as they are kept, and what is to be said of those that are not read.
    fn bodies(&self, started: &RunStarted, outputs: &[OutputFile]) -> Result<(Checked, Vec<Body>)> {
        let folder = NodePaths::run(&started.run)?.join("outputs")?;
        let (mut checked, mut bodies, mut left) =
            (Checked::default(), Vec::new(), MOST_OUTPUT_BYTES);
        for file in outputs {
            let read = match file.size <= left {
                true => self.disk.read(&folder.join(file.path.as_str())?, file.size).ok(),
                false => None,
            };
            match read {
                Some(bytes) => {
                    left = left.saturating_sub(file.size);
                    bodies.push((file.path.clone(), bytes));
                }
                None => checked.findings.push(not_looked_at(&file.path)),
            }
        }
        Ok((checked, bodies))
    }
}

impl Job {
    /// What may disclose private data in the outputs of the run that this speaks of, as far
    /// as the check sees; nothing before it has ended, and for a submitter. It looks again
    /// if since then something was released that came from the same data, or a rule about
    /// it changed, unless all of it is released.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn check_run(&self) -> Result<Checked> {
        self.run().map_or_else(|| Ok(Checked::default()), |run| self.store.checked_of(run))
    }
}

impl JobRun {
    /// The outputs that were to be released right after the run, and are held because of
    /// what was seen in them, until their owner releases them or returns the job.
    #[must_use]
    pub fn held(&self) -> Vec<&DatasitePath> {
        let Some(finished) = self.finished.as_ref().filter(|_| self.comment().is_none()) else {
            return Vec::new();
        };
        let is_released = |path: &DatasitePath| {
            let outputs = finished.outputs.iter();
            outputs.filter(|file| &file.path == path).any(|file| self.is_released(file))
        };
        finished.held.iter().filter(|path| !is_released(path)).collect()
    }
}

/// Whether something was seen in this output that is worth a question.
pub(crate) fn has_finding(checked: &Checked, path: &DatasitePath) -> bool {
    findings_in(checked, path).next().is_some()
}

/// What was seen in this output that is worth a question.
pub(crate) fn findings_in<'a>(
    checked: &'a Checked,
    path: &'a DatasitePath,
) -> impl Iterator<Item = &'a Finding> {
    let is_finding = |finding: &&Finding| finding.severity == Severity::Finding;
    checked.findings.iter().filter(is_finding).filter(move |finding| &finding.file == path)
}

/// A finding as a line of the audit log says it.
pub(crate) fn in_audit(finding: &Finding) -> String {
    let place = match finding.place {
        Some(place) => format!(" row {}", place.row),
        None => String::new(),
    };
    let dataset = finding.dataset.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
    format!("{} {}{place}{dataset}", kind_in_words(finding.kind), finding.file)
}

/// The kind of a finding, in words.
#[must_use]
pub fn kind_in_words(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::SmallCount => "small count",
        FindingKind::RowCopy => "copy of a private row",
        FindingKind::NearRowCopy => "near copy of a private row",
        FindingKind::RowLike => "as many rows as the private data",
        FindingKind::ManyValues => "very many values",
        FindingKind::Dominance => "total of mostly one person",
        FindingKind::PrivateValue => "private value",
        FindingKind::OddType => "odd type of file",
        FindingKind::Image => "picture with room for data",
        FindingKind::Difference => "difference to an earlier release",
        FindingKind::Unreadable => "not read",
        FindingKind::NotCompared => "not compared",
        FindingKind::UnroundedCount => "unrounded count",
    }
}

/// What was seen before counts on, should the data that it was seen in be gone by now; not
/// what another `k` decides anew.
fn with_those_of(mut checked: Checked, before: Option<CheckedRecord>, k: u32) -> Checked {
    use FindingKind::{Difference, Dominance, SmallCount, UnroundedCount};
    let Some(before) = before else { return checked };
    let is_of_k =
        |old: &Finding| matches!(old.kind, SmallCount | Difference | Dominance | UnroundedCount);
    let old = before.checked.findings.into_iter();
    for old in old.filter(|old| before.k == k || !is_of_k(old)) {
        let is_same = |new: &Finding| {
            new.file == old.file && new.kind == old.kind && new.dataset == old.dataset
        };
        if !checked.findings.iter().any(is_same) {
            checked.findings.push(old);
        }
    }
    checked
}

/// A job chooses how many files it leaves, and so how much there is to say: of those beyond
/// so many findings one each is kept, so that what is kept can be read back.
fn shortened(mut checked: Checked) -> Checked {
    let (mut number, mut told) = (0, BTreeSet::new());
    checked.findings.retain(|found| {
        number += 1;
        told.insert(found.file.clone()) || number <= MOST_FINDINGS
    });
    checked
}

fn not_looked_at(path: &DatasitePath) -> Finding {
    Finding {
        file: path.clone(),
        kind: FindingKind::Unreadable,
        severity: FindingKind::Unreadable.severity(),
        place: None,
        dataset: None,
        detail: "it is larger than what is looked at, or is no longer here, so that it was not \
                 looked into. Look at it yourself, or release without this file."
            .to_owned(),
    }
}

fn checked_path(run: &str) -> Result<HomePath> {
    Ok(NodePaths::run(run)?.join(CHECKED)?)
}
