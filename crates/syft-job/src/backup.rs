//! The records of jobs, for whoever keeps a copy of them elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use syft_core::{Error, FileKind, HomePath, NodePaths};

use crate::receipt::RECEIPT;
use crate::store::MAX_RECORD_BYTES;
use crate::{JobId, JobStore, Result};

/// What is recorded of a run.
const OF_A_RUN: [&str; 4] = ["started.json", "finished.json", "release.json", RECEIPT];

impl JobStore {
    /// All records of the jobs that were sent to me: the jobs, the decisions and
    /// the runs, by where they stand in the home. What jobs and runs hold is not
    /// among them. Written back there, they are what this home remembers, but for the
    /// file lists of revisions that neither would run nor were decided about: a
    /// submitter may send many, and of long lists.
    ///
    /// # Errors
    /// A damaged record; those of the disk.
    pub fn records(&self) -> Result<BTreeMap<String, String>> {
        let mut records = BTreeMap::new();
        for folder in [self.records_folder()?, NodePaths::decisions().join("jobs")?] {
            for entry in self.disk.list(&folder)? {
                if let Ok(name) = entry.name {
                    self.add(&mut records, &folder.join(&name)?)?;
                }
            }
        }
        self.drop_idle_lists(&mut records)?;
        for entry in self.disk.list(&NodePaths::runs())? {
            let (Ok(run), FileKind::Folder) = (entry.name, entry.metadata.kind) else { continue };
            for name in OF_A_RUN {
                self.add(&mut records, &NodePaths::run(&run)?.join(name)?)?;
            }
        }
        Ok(records)
    }

    fn add(&self, records: &mut BTreeMap<String, String>, path: &HomePath) -> Result<()> {
        if JobStore::record_place(path.as_str()).is_some()
            && let Some(bytes) = self.disk.read_if_there(path, MAX_RECORD_BYTES)?
        {
            let record = String::from_utf8(bytes).map_err(|error| Error::Corrupt {
                what: path.to_string(),
                detail: error.to_string(),
            })?;
            records.insert(path.to_string(), record);
        }
        Ok(())
    }

    fn drop_idle_lists(&self, records: &mut BTreeMap<String, String>) -> Result<()> {
        let folder = self.records_folder()?;
        for (path, record) in records.iter_mut() {
            let name = path.strip_prefix(folder.as_str()).and_then(|name| name.strip_prefix('/'));
            let id = name.and_then(|name| name.strip_suffix(".json")).and_then(JobId::parse);
            let Some(id) = id else { continue };
            let decided: BTreeSet<String> = self
                .read_decisions(&id)?
                .decisions
                .iter()
                .map(|decision| decision.revision.to_string())
                .collect();
            if let Some(short) = without_idle_lists(record, &decided) {
                *record = short;
            }
        }
        Ok(())
    }

    /// The place of a record, if it is one of [`JobStore::records`].
    #[must_use]
    pub fn record_place(name: &str) -> Option<HomePath> {
        let path = HomePath::parse(name).ok()?;
        let parts: Vec<&str> = path.components().collect();
        let is_job = |file: &str| file.strip_suffix(".json").and_then(JobId::parse).is_some();
        let is_record = match parts.as_slice() {
            [".syft", "jobs", file] | [".syft", "decisions", "jobs", file] => is_job(file),
            [".syft", "runs", _, file] => OF_A_RUN.contains(file),
            _ => false,
        };
        is_record.then_some(path)
    }
}

/// A job's record without the file lists of revisions that are neither the current
/// one nor among these; `None` if there are none of them.
fn without_idle_lists(record: &str, decided: &BTreeSet<String>) -> Option<String> {
    let mut record: Value = serde_json::from_str(record).ok()?;
    let (current, earlier) = record.get_mut("revisions")?.as_array_mut()?.split_last_mut()?;
    let is_used = |revision: &Value| {
        let digest = revision.get("digest").and_then(Value::as_str);
        revision.get("digest") == current.get("digest")
            || digest.is_some_and(|digest| decided.contains(digest))
    };
    let mut is_shorter = false;
    for revision in earlier.iter_mut().filter(|revision| !is_used(revision)) {
        if let Some(files) = revision.get_mut("files").and_then(Value::as_array_mut) {
            is_shorter |= !files.is_empty();
            files.clear();
        }
    }
    is_shorter.then(|| record.to_string())
}
