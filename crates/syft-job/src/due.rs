//! Which jobs changed since they were looked at last, so that a pass reads no
//! others. What is remembered lies in `.syft/cache/`: deleting it loses nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use syft_core::{ContentHash, Email, FileKind, HomePath, JobName, Metadata, NodePaths};

use crate::intake::Before;
use crate::records::{JobRecord, Problem, SCHEMA};
use crate::{Error, Intake, JobId, JobStore, Result};

/// What changed this shortly before it was looked at may change again within the
/// resolution of the disk's times: it is looked at anew.
const RACY_NS: i64 = 2_000_000_000;

/// A job's place in my datasite: who sent it, and its name.
pub type JobKey = (Email, JobName);

/// All that stands in job folders, as a walk of my datasite saw it: the path below
/// the job's folder, and what the disk says of it.
pub type JobFolders = BTreeMap<JobKey, Vec<(String, Metadata)>>;

/// The jobs that a pass has to look at.
#[derive(Debug, Default)]
pub struct DueJobs {
    /// With their records, if they have any.
    jobs: BTreeMap<JobKey, Option<JobRecord>>,
    /// What there was to see of every job when this was made.
    stamps: BTreeMap<JobKey, Stamp>,
    /// The ids of all jobs that are known.
    ids: BTreeMap<JobKey, JobId>,
    /// The jobs that are to be looked at next time whatever the disk says.
    restless: BTreeSet<JobKey>,
    /// As it stands in the cache.
    cached: Cache,
}

/// What changes whenever a job or what is recorded of it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    hash: ContentHash,
    newest_ns: i64,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Cache {
    schema: u32,
    jobs: Vec<Looked>,
}

/// A job that needed nothing when it looked like this.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Looked {
    submitter: Email,
    name: JobName,
    id: JobId,
    stamp: ContentHash,
}

impl DueJobs {
    /// Whether there is nothing to look at.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    fn records(&self) -> impl Iterator<Item = (&JobKey, &JobRecord)> {
        self.jobs.iter().filter_map(|(key, record)| Some((key, record.as_ref()?)))
    }
}

impl JobStore {
    /// The jobs whose folder, record, decisions or runs are not as they were when
    /// they were looked at last, and those that still need a look.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn due(&self, folders: &JobFolders) -> Result<DueJobs> {
        let seen = Seen::of(self)?;
        let cached = self.read_cache();
        let mut due = DueJobs::default();
        for looked in &cached.jobs {
            if !seen.records.contains_key(&looked.id) {
                continue;
            }
            let key = (looked.submitter.clone(), looked.name.clone());
            let stamp = seen.stamp(Some(&looked.id), folders.get(&key));
            if stamp.hash == looked.stamp {
                due.ids.insert(key.clone(), looked.id.clone());
                due.stamps.insert(key, stamp);
            }
        }
        let settled: BTreeSet<JobId> = due.ids.values().cloned().collect();
        for id in seen.records.keys().filter(|id| !settled.contains(*id)) {
            let Some(record) = self.read_record(id)? else { continue };
            let key = (record.submitter.clone(), record.name.clone());
            due.stamps.insert(key.clone(), seen.stamp(Some(id), folders.get(&key)));
            due.ids.insert(key.clone(), id.clone());
            due.jobs.insert(key, Some(record));
        }
        for key in folders.keys().filter(|key| !due.ids.contains_key(*key)) {
            due.jobs.insert(key.clone(), None);
        }
        due.cached = cached;
        Ok(due)
    }

    /// Whether a run of this job has started, so that its folder must not change
    /// any more: ask before applying a proposal to it.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn is_frozen_among(
        &self,
        due: &DueJobs,
        submitter: &Email,
        name: &JobName,
    ) -> Result<bool> {
        let Some(id) = due.ids.get(&(submitter.clone(), name.clone())) else { return Ok(false) };
        self.read_record(id)?.map_or(Ok(false), |record| self.has_run(&record))
    }

    /// Makes good what a process that died left of these jobs, and shows in their
    /// folders what was decided, run and released; one that fails stops no other.
    ///
    /// # Errors
    /// Those of the disk that concern no single job.
    pub fn restore(&self, due: &mut DueJobs) -> Result<Vec<(JobId, Error)>> {
        let mut failed = Vec::new();
        let mut restless = BTreeSet::new();
        for (key, record) in due.records() {
            if !self.recover_runs_of(record)? {
                restless.insert(key.clone());
            }
            if let Err(error) = self.project_record(record) {
                restless.insert(key.clone());
                failed.push((record.id.clone(), error));
            }
        }
        due.restless.extend(restless);
        Ok(failed)
    }

    /// [`JobStore::intake`] of these jobs, and then what follows for their folders.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn take_in(&self, due: &mut DueJobs) -> Result<Vec<(Email, JobName, Intake)>> {
        let mut taken = Vec::new();
        for (key, record) in &due.jobs {
            let (submitter, name) = key;
            let id = record.as_ref().map(|record| record.id.clone());
            let intake = match self.intake_with(submitter, name, record.clone(), Before::Nothing) {
                // One folder that cannot be read stops no other job.
                Err(error) if error.is_damage() => {
                    let problem = Problem::Malformed { reason: error.to_string() };
                    Intake::Unusable { id, problem }
                }
                other => other?,
            };
            // What is wrong is told at every pass.
            if !matches!(intake, Intake::Unchanged { .. } | Intake::Cancelled { .. }) {
                due.restless.insert(key.clone());
            }
            taken.push((submitter.clone(), name.clone(), intake));
        }
        Ok(taken)
    }

    /// Remembers how these jobs looked, so that they are left alone until they
    /// change.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn settle(&self, due: &DueJobs) -> Result<()> {
        let quiet = |key: &JobKey, stamp: &Stamp| {
            !due.restless.contains(key) && self.is_settled(stamp.newest_ns)
        };
        let jobs = due.ids.iter().filter_map(|(key, id)| {
            let stamp = due.stamps.get(key).filter(|stamp| quiet(key, stamp))?;
            let (submitter, name) = key.clone();
            Some(Looked { submitter, name, id: id.clone(), stamp: stamp.hash })
        });
        let cache = Cache { schema: SCHEMA, jobs: jobs.collect() };
        if cache == due.cached {
            return Ok(());
        }
        self.write_json(&cache_path()?, &cache)
    }

    /// What changes whenever a record or a decision does; `None` if one changed so
    /// shortly ago that it may change again unseen.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn recorded(&self) -> Result<Option<ContentHash>> {
        let seen = Seen::of(self)?;
        let mut text = String::new();
        let mut newest_ns = 0;
        for id in seen.records.keys() {
            let stamp = seen.stamp(Some(id), None);
            newest_ns = newest_ns.max(stamp.newest_ns);
            let _ = writeln!(text, "{id} {}", stamp.hash);
        }
        Ok(self.is_settled(newest_ns).then(|| ContentHash::of(text.as_bytes())))
    }

    /// Whether what changed last at this time would show if it changed again.
    fn is_settled(&self, newest_ns: i64) -> bool {
        #[expect(clippy::cast_possible_truncation, reason = "nanoseconds fit i64 until 2262")]
        let now = (self.now().seconds() * 1e9) as i64;
        newest_ns < now - RACY_NS
    }

    fn read_cache(&self) -> Cache {
        let read = cache_path().and_then(|path| self.read_json::<Cache>(&path));
        // A cache that cannot be read is none.
        read.ok().flatten().filter(|cache| cache.schema == SCHEMA).unwrap_or_default()
    }
}

fn cache_path() -> Result<HomePath> {
    Ok(NodePaths::cache().join("jobs.json")?)
}

/// What the disk says of all that is recorded of jobs, without reading any of it.
struct Seen {
    records: BTreeMap<JobId, Metadata>,
    decisions: BTreeMap<JobId, Metadata>,
    runs: BTreeMap<JobId, Vec<(String, Metadata)>>,
}

impl Seen {
    fn of(store: &JobStore) -> Result<Self> {
        let mut runs: BTreeMap<JobId, Vec<_>> = BTreeMap::new();
        for (name, metadata) in names(store, &NodePaths::runs())? {
            let id = name.rsplit_once('-').and_then(|(id, _)| JobId::parse(id));
            if let Some(id) = id {
                runs.entry(id).or_default().push((name, metadata));
            }
        }
        Ok(Seen {
            records: by_id(store, &store.records_folder()?)?,
            decisions: by_id(store, &NodePaths::decisions().join("jobs")?)?,
            runs,
        })
    }

    fn stamp(&self, id: Option<&JobId>, folder: Option<&Vec<(String, Metadata)>>) -> Stamp {
        let mut text = String::new();
        let mut newest_ns = 0;
        let mut add = |name: &str, m: &Metadata, is_folder: bool| {
            // Writing to a String cannot fail. Names are lengthened by what they
            // are so that no two lists give the same text.
            let _ = if is_folder {
                writeln!(text, "{name:?} folder")
            } else {
                newest_ns = newest_ns.max(m.modified_ns).max(m.changed_ns);
                let (size, inode) = (m.size, m.inode);
                let (modified, changed) = (m.modified_ns, m.changed_ns);
                writeln!(text, "{name:?} {:?} {size} {modified} {changed} {inode}", m.kind)
            };
        };
        for (name, metadata) in folder.into_iter().flatten() {
            // What lies in a folder is listed itself.
            add(name, metadata, metadata.kind == FileKind::Folder);
        }
        if let Some(id) = id {
            let recorded = self.records.get(id).map(|m| (".record", m));
            let decided = self.decisions.get(id).map(|m| (".decisions", m));
            recorded.into_iter().chain(decided).for_each(|(name, m)| add(name, m, false));
            for (name, metadata) in self.runs.get(id).into_iter().flatten() {
                // Its files are replaced by renaming, which changes the folder.
                add(name, metadata, false);
            }
        }
        Stamp { hash: ContentHash::of(text.as_bytes()), newest_ns }
    }
}

fn by_id(store: &JobStore, folder: &HomePath) -> Result<BTreeMap<JobId, Metadata>> {
    let id = |name: &str| name.strip_suffix(".json").and_then(JobId::parse);
    let names = names(store, folder)?;
    Ok(names.into_iter().filter_map(|(name, metadata)| Some((id(&name)?, metadata))).collect())
}

fn names(store: &JobStore, folder: &HomePath) -> Result<Vec<(String, Metadata)>> {
    let entries = store.disk.list(folder)?;
    Ok(entries.into_iter().filter_map(|entry| Some((entry.name.ok()?, entry.metadata))).collect())
}
