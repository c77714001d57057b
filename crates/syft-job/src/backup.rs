//! The records of jobs, for whoever keeps a copy of them elsewhere.

use std::collections::BTreeMap;

use syft_core::{Error, FileKind, HomePath, NodePaths};

use crate::store::MAX_RECORD_BYTES;
use crate::{JobId, JobStore, Result};

/// What is recorded of a run.
const OF_A_RUN: [&str; 3] = ["started.json", "finished.json", "release.json"];

impl JobStore {
    /// All records of the jobs that were sent to me: the jobs, the decisions and
    /// the runs, by where they stand in the home. What jobs and runs hold is not
    /// among them. Written back there, they are what this home remembers.
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
