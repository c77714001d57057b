//! What was released before that came from the same data.

use std::cmp::Reverse;

use syft_core::{DatasitePath, HomePath, NodePaths, Timestamp};
use syft_disclosure::{Earlier, ReadLimits, Table};

use crate::runs::RunStarted;
use crate::{JobStore, Result};

/// So many files that were released last are compared with.
const MOST_FILES: usize = 200;

/// One file that was released.
pub(super) struct ReleasedBefore {
    pub(super) at: Timestamp,
    /// The job and its run, for people.
    what: String,
    path: DatasitePath,
    /// Where it is kept, and where its submitter gets it from: after a restore there is
    /// the latter alone.
    places: [HomePath; 2],
    size: u64,
}

impl JobStore {
    /// The files of other runs that read a dataset which this run read too; the latest
    /// first.
    pub(super) fn released_before(&self, started: &RunStarted) -> Result<Vec<ReleasedBefore>> {
        let mut files = Vec::new();
        for record in self.all_records()? {
            let results = self.place(&self.me, &record.submitter, &record.name).results;
            let runs = match self.runs(&record.id) {
                // One that cannot be read hides no other.
                Err(error) if error.is_damage() => continue,
                runs => runs?,
            };
            for run in runs.iter().filter(|run| run.started.run != started.run) {
                let is_of_same = |name| started.datasets.contains(name);
                if !run.started.datasets.iter().any(is_of_same) {
                    continue;
                }
                let kept = NodePaths::run(&run.started.run)?;
                for released in run.release.iter().flat_map(|release| &release.files) {
                    let place = |folder: &HomePath| -> Result<HomePath> {
                        Ok(folder.join("outputs")?.join(released.file.path.as_str())?)
                    };
                    files.push(ReleasedBefore {
                        at: released.at,
                        what: format!("job {}, run {}", record.title(), run.started.run),
                        path: released.file.path.clone(),
                        places: [place(&kept)?, place(&results)?],
                        size: released.file.size,
                    });
                }
            }
        }
        files.sort_by_key(|file| Reverse(file.at));
        files.truncate(MOST_FILES);
        Ok(files)
    }

    /// The tables in them. One that is gone or cannot be read is not compared with.
    pub(super) fn tables_of(
        &self,
        files: &[ReleasedBefore],
        limits: &ReadLimits,
    ) -> Result<Vec<Earlier>> {
        let mut earlier = Vec::new();
        for file in files.iter().filter(|file| file.size <= limits.bytes as u64) {
            let read = file.places.iter().find_map(|place| self.disk.read(place, file.size).ok());
            let Some(bytes) = read else { continue };
            let tables = Table::read(&file.path, &bytes, limits).unwrap_or_default();
            earlier.extend(tables.into_iter().map(|table| {
                let (what, path) = (file.what.clone(), file.path.clone());
                Earlier { what, path, table }
            }));
        }
        Ok(earlier)
    }
}
