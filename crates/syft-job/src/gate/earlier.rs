//! What was released before that came from the same data.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use syft_core::{ContentHash, HomePath, NodePaths, Timestamp, canonical_json};
use syft_disclosure::{Earlier, ReadLimits, Table};

use crate::runs::RunStarted;
use crate::{JobStore, OutputFile, Result};

/// So many files that were released before are compared with.
const MOST_FILES: usize = 200;

/// One file that was released.
struct ReleasedBefore {
    at: Timestamp,
    /// The job and its run, for people.
    what: String,
    file: OutputFile,
    /// Where it is kept, and where its submitter gets it from: after a restore there is
    /// the latter alone.
    places: [HomePath; 2],
}

/// The files that were released from the same data: those of the names of outputs first,
/// then the latest. The same bytes count once.
pub(super) struct Before(Vec<ReleasedBefore>);

impl Before {
    /// What tells these from any others.
    pub(super) fn digest(&self) -> Result<ContentHash> {
        let files: Vec<(&str, &str, ContentHash)> = self
            .0
            .iter()
            .map(|file| (file.what.as_str(), file.file.path.as_str(), file.file.sha256))
            .collect();
        Ok(ContentHash::of(&canonical_json(&files)?))
    }
}

impl JobStore {
    /// The files of other runs that read a dataset which this run read too.
    pub(super) fn released_before(
        &self,
        started: &RunStarted,
        outputs: &[OutputFile],
    ) -> Result<Before> {
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
                        places: [place(&kept)?, place(&results)?],
                        file: released.file.clone(),
                    });
                }
            }
        }
        let has_its_name =
            |file: &ReleasedBefore| outputs.iter().any(|output| output.path == file.file.path);
        files.sort_by_cached_key(|file| (!has_its_name(file), Reverse(file.at)));
        let mut known = BTreeSet::new();
        files.retain(|file| known.insert(file.file.sha256));
        Ok(Before(files))
    }

    /// The tables in them, and what is to be said of those that are not compared with.
    pub(super) fn tables_of(
        &self,
        before: &Before,
        limits: &ReadLimits,
    ) -> (Vec<Earlier>, Option<String>) {
        let (mut earlier, mut left_out) = (Vec::new(), before.0.len().saturating_sub(MOST_FILES));
        for file in before.0.iter().take(MOST_FILES) {
            let size = file.file.size;
            let fits = size <= limits.bytes as u64;
            let mut places = file.places.iter().filter(|_| fits);
            let Some(bytes) = places.find_map(|place| self.disk.read(place, size).ok()) else {
                left_out += 1;
                continue;
            };
            let tables = Table::read(&file.file.path, &bytes, limits).unwrap_or_default();
            earlier.extend(tables.into_iter().map(|table| {
                let (what, path) = (file.what.clone(), file.file.path.clone());
                Earlier { what, path, table }
            }));
        }
        let told = || {
            format!(
                "{left_out} of the files that were released before from the same data are too many, \
                 too large or no longer here, so outputs were not compared with them"
            )
        };
        let told = (left_out > 0).then(told);
        (earlier, told)
    }
}
