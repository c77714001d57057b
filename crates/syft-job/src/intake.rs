use std::collections::{BTreeMap, BTreeSet};

use syft_core::{Access, ContentHash, Email, FileKind, JobName, LayoutKind, NodePaths};

use crate::read::{JobFiles, read_job};
use crate::records::{JobRecord, Problem, Revision, SCHEMA};
use crate::store::Place;
use crate::{JobId, JobStore, PythonState, Result};

/// Undecided revisions of a job that are kept.
const KEPT_REVISIONS: usize = 20;

/// Who had looked after the jobs of this datasite until now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Before {
    /// Nobody, or this node.
    Nothing,
    /// The Python peer.
    PythonPeer,
}

/// What came of reading a job's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Intake {
    /// No such folder, and none was ever there.
    Absent,
    /// A job seen for the first time: it waits for a decision.
    Received {
        /// Its id for life.
        id: JobId,
        /// The submission digest.
        digest: ContentHash,
    },
    /// Another revision, before a run: it waits for a decision again.
    Revised {
        /// Its id.
        id: JobId,
        /// The submission digest of the new revision.
        digest: ContentHash,
    },
    /// As it was.
    Unchanged {
        /// Its id.
        id: JobId,
    },
    /// Withdrawn by its submitter, before a run.
    Cancelled {
        /// Its id.
        id: JobId,
    },
    /// Changed after a run had started: the change counts for nothing.
    Frozen {
        /// Its id.
        id: JobId,
        /// The files and fields that differ from what ran.
        changed: Vec<String>,
    },
    /// It cannot be run as it is.
    Unusable {
        /// Its id, if it was ever complete.
        id: Option<JobId>,
        /// Why.
        problem: Problem,
    },
}

impl JobStore {
    /// Reads the folder of a job that was sent to me, and keeps what is new as a
    /// snapshot by content: only snapshots are ever shown, approved or run.
    ///
    /// # Errors
    /// Those of the disk; what is wrong with the job is an [`Intake`].
    pub fn intake(&self, submitter: &Email, name: &JobName) -> Result<Intake> {
        let record = self.record_of(submitter, name)?;
        self.intake_with(submitter, name, record, Before::Nothing)
    }

    /// [`JobStore::intake`] of every folder below `jobs/` and of every job known.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn intake_all(&self) -> Result<Vec<(Email, JobName, Intake)>> {
        self.intake_each(Before::Nothing)
    }

    /// [`JobStore::intake_all`] of a box that the Python peer had until now: what it
    /// recorded of a job is the history of that job. Later nothing that stands in a
    /// `state.yaml` is: it may be left over from an earlier job of the same name.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn take_over(&self) -> Result<()> {
        self.intake_each(Before::PythonPeer).map(drop)
    }

    fn intake_each(&self, before: Before) -> Result<Vec<(Email, JobName, Intake)>> {
        let mut jobs: BTreeMap<(Email, JobName), Option<JobRecord>> = self
            .all_records()?
            .into_iter()
            .map(|record| ((record.submitter.clone(), record.name.clone()), Some(record)))
            .collect();
        let folder = syft_core::HomePath::in_datasite(&self.me, &self.layouts.own().job_inboxes());
        for submitter in self.folders(&folder, |name| Email::parse(name).ok())? {
            for name in self.job_folders(&self.me, &submitter)? {
                jobs.entry((submitter.clone(), name)).or_insert(None);
            }
        }
        jobs.into_iter()
            .map(|((submitter, name), record)| {
                let id = record.as_ref().map(|record| record.id.clone());
                let intake = match self.intake_with(&submitter, &name, record, before) {
                    // One folder that cannot be read stops no other job.
                    Err(error) if error.is_damage() => {
                        let problem = Problem::Malformed { reason: error.to_string() };
                        Intake::Unusable { id, problem }
                    }
                    other => other?,
                };
                Ok((submitter, name, intake))
            })
            .collect()
    }

    /// Whether a run of this job has started, so that its folder must not change
    /// any more: ask before applying a proposal to it.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn is_frozen(&self, submitter: &Email, name: &JobName) -> Result<bool> {
        self.record_of(submitter, name)?.map_or(Ok(false), |record| self.has_run(&record))
    }

    /// Also by the Python peer, before this node took the box over.
    pub(crate) fn has_run(&self, record: &JobRecord) -> Result<bool> {
        match self.runs_of(&record.id) {
            // A run that cannot be read has started all the same.
            Err(error) if error.is_damage() => Ok(true),
            runs => Ok(!runs?.is_empty() || record.has_run_before()),
        }
    }

    /// The names of the job folders of a submitter in a datasite.
    pub(crate) fn job_folders(&self, owner: &Email, submitter: &Email) -> Result<Vec<JobName>> {
        self.job_folders_in(owner, submitter, self.layouts.of(owner).kind())
    }

    /// [`JobStore::job_folders`] of a datasite as if it had this layout.
    pub(crate) fn job_folders_in(
        &self,
        owner: &Email,
        submitter: &Email,
        layout: LayoutKind,
    ) -> Result<Vec<JobName>> {
        let mut names = Vec::new();
        let name_of = match layout {
            LayoutKind::Native => JobName::parse,
            LayoutKind::Pysyft => JobName::existing,
        };
        for folder in layout.layout().job_folders(submitter) {
            let folder = syft_core::HomePath::in_datasite(owner, &folder);
            names.extend(self.folders(&folder, |name| name_of(name).ok())?);
        }
        names.sort();
        names.dedup();
        Ok(names)
    }

    pub(crate) fn folders<T>(
        &self,
        folder: &syft_core::HomePath,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>> {
        let entries = match self.disk.list(folder) {
            Ok(entries) => entries,
            // A peer may have put a file where this folder belongs: then it holds no jobs.
            Err(syft_core::Error::NotRegular { .. }) => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let folders = entries.iter().filter(|entry| entry.metadata.kind == FileKind::Folder);
        Ok(folders.filter_map(|entry| parse(entry.name.as_deref().ok()?)).collect())
    }

    pub(crate) fn intake_with(
        &self,
        submitter: &Email,
        name: &JobName,
        record: Option<JobRecord>,
        before: Before,
    ) -> Result<Intake> {
        let place = self.place(&self.me, submitter, name);
        let folder = place.submission.clone();
        if record.is_none() && self.disk.metadata(&folder)?.is_none() {
            return Ok(Intake::Absent);
        }
        let found = self.read_at(&place)?;
        if let Some(record) = &record
            && (!self.runs_of(&record.id)?.is_empty() || record.has_run_before())
        {
            return self.compare_frozen(record, found);
        }
        let files = match found {
            Ok(files) => files,
            Err(problem) => return self.unusable(record, problem),
        };
        let mut revision = files.revision(submitter, &self.me, name, self.now())?;
        let Some(mut record) = record else {
            let history = match before {
                Before::Nothing => None,
                Before::PythonPeer => self.state_of_python(&place)?,
            };
            return self.first_revision(&place, submitter, name, (revision, history), &files);
        };
        let cancel = folder.join("cancel")?;
        let cancelled = record.cancelled_at.is_none() && self.disk.metadata(&cancel)?.is_some();
        let healed = record.problem.take().is_some();
        let revised = record.current().map(|current| current.digest) != Some(revision.digest);
        if revised {
            // What the digest does not cover stays as it was when these bytes came first.
            let same = |earlier: &&Revision| earlier.digest == revision.digest;
            if let Some(earlier) = record.revisions.iter().find(same) {
                let Revision { received_at, files, .. } = revision;
                revision = Revision { received_at, files, ..earlier.clone() };
            }
            if let Some(last) = record.current() {
                revision.received_at = revision.received_at.after(last.received_at);
            }
            self.keep_snapshot(&revision, &files)?;
            record.revisions.push(revision.clone());
            record.received += 1;
        }
        if cancelled {
            record.cancelled_at = Some(self.now());
        }
        if revised {
            self.tell_received(&record, &revision)?;
        }
        if cancelled {
            self.tell_cancelled(&record)?;
        }
        if revised || healed || cancelled {
            let dropped = self.drop_old_revisions(&mut record)?;
            self.write_record(&record)?;
            for digest in dropped {
                self.disk.remove_dir_all(&self.snapshot(&digest)?)?;
                self.forget_rehearsal(&digest)?;
            }
            self.project_record(&record)?;
        }
        let id = record.id;
        Ok(match (cancelled, revised) {
            (true, _) => Intake::Cancelled { id },
            (false, true) => Intake::Revised { id, digest: revision.digest },
            (false, false) => Intake::Unchanged { id },
        })
    }

    /// However often a submitter changes a job, what is kept of it stays small.
    /// Returns the revisions whose snapshots nothing refers to any more.
    fn drop_old_revisions(&self, record: &mut JobRecord) -> Result<Vec<ContentHash>> {
        let latest = record.revisions.len().saturating_sub(KEPT_REVISIONS);
        if latest <= 1 {
            return Ok(Vec::new());
        }
        let decisions = self.read_decisions(&record.id)?.decisions;
        let decided = |digest| decisions.iter().any(|decision| decision.revision == digest);
        let last: BTreeMap<ContentHash, usize> =
            record.revisions.iter().zip(1..).map(|(revision, n)| (revision.digest, n)).collect();
        let mut dropped = BTreeSet::new();
        let mut number = 0;
        record.revisions.retain(|revision| {
            number += 1;
            let is_last = last.get(&revision.digest) == Some(&number);
            let keep = number == 1 || number > latest || (is_last && decided(revision.digest));
            if !keep {
                dropped.insert(revision.digest);
            }
            keep
        });
        for revision in &record.revisions {
            dropped.remove(&revision.digest);
        }
        Ok(dropped.into_iter().collect())
    }

    fn first_revision(
        &self,
        place: &Place,
        submitter: &Email,
        name: &JobName,
        (revision, history): (Revision, Option<PythonState>),
        files: &JobFiles,
    ) -> Result<Intake> {
        let id = JobId::of(&revision.digest);
        // Two jobs whose digests share 12 digits can be made on purpose.
        if let Some(other) = self.read_record(&id)? {
            let reason = format!("its id {id} is that of {}", other.title());
            return Ok(Intake::Unusable { id: None, problem: Problem::Malformed { reason } });
        }
        let digest = revision.digest;
        let cancel = place.submission.join("cancel")?;
        let cancelled = self.disk.metadata(&cancel)?.is_some();
        self.keep_snapshot(&revision, files)?;
        let record = JobRecord {
            schema: SCHEMA,
            id: id.clone(),
            submitter: submitter.clone(),
            name: name.clone(),
            revisions: vec![revision.clone()],
            received: 1,
            cancelled_at: cancelled.then(|| self.now()),
            problem: None,
            history: history.map(Box::new),
        };
        self.tell_received(&record, &revision)?;
        if cancelled {
            self.tell_cancelled(&record)?;
        }
        self.write_record(&record)?;
        self.project_record(&record)?;
        Ok(if cancelled { Intake::Cancelled { id } } else { Intake::Received { id, digest } })
    }

    fn unusable(&self, record: Option<JobRecord>, problem: Problem) -> Result<Intake> {
        let Some(mut record) = record else {
            return Ok(Intake::Unusable { id: None, problem });
        };
        if record.problem.as_ref() != Some(&problem) {
            record.problem = Some(problem.clone());
            self.write_record(&record)?;
            self.project_record(&record)?;
        }
        Ok(Intake::Unusable { id: Some(record.id), problem })
    }

    fn compare_frozen(
        &self,
        record: &JobRecord,
        found: Result<JobFiles, Problem>,
    ) -> Result<Intake> {
        let id = record.id.clone();
        let Some(current) = record.current() else {
            return Ok(Intake::Unchanged { id });
        };
        let changed = match found {
            Ok(files) => {
                let now = files.revision(
                    &record.submitter,
                    &self.me,
                    &record.name,
                    current.received_at,
                )?;
                if now.digest == current.digest {
                    return Ok(Intake::Unchanged { id });
                }
                changed_between(current, &now)
            }
            Err(Problem::Incomplete { missing }) => missing,
            Err(Problem::Malformed { reason }) => vec![reason],
        };
        let key = format!("{id}/{}", ContentHash::of(changed.join("\n").as_bytes()).short());
        let mut entry = self.entry("job.frozen", record, &record.submitter, &key);
        entry.details.insert("changed".to_owned(), changed.join(", ").into());
        self.tell(entry)?;
        Ok(Intake::Frozen { id, changed })
    }

    /// Stores a revision under its digest. What is there under that name is
    /// checked, since a snapshot that does not fit its name would never run.
    fn keep_snapshot(&self, revision: &Revision, files: &JobFiles) -> Result<()> {
        let path = self.snapshot(&revision.digest)?;
        if self.disk.metadata(&path)?.is_some() {
            let kept = read_job(self.disk.as_ref(), &path)?;
            if kept.is_ok_and(|kept| kept.files == files.files) {
                return Ok(());
            }
            self.disk.remove_dir_all(&path)?;
        }
        let staging = NodePaths::staging().join(&format!("snapshot-{}", revision.digest))?;
        self.disk.remove_dir_all(&staging)?;
        self.disk.create_dir_all(&staging, Access::OwnerOnly)?;
        for (file, bytes) in &files.files {
            self.disk.write(&staging.join(file)?, bytes, Access::OwnerOnly)?;
        }
        self.disk.write(&staging.join("config.yaml")?, &files.config_bytes, Access::OwnerOnly)?;
        self.disk.rename(&staging, &path)?;
        Ok(())
    }

    fn tell_received(&self, record: &JobRecord, revision: &Revision) -> Result<()> {
        // The number keeps a return to an earlier revision an event of its own.
        let key = format!("{}/{}", record.id, record.received);
        let mut entry = self.entry("job.received", record, &record.submitter, &key);
        entry.details.insert("digest".to_owned(), revision.digest.to_string().into());
        self.tell(entry)
    }

    fn tell_cancelled(&self, record: &JobRecord) -> Result<()> {
        let key = record.id.to_string();
        self.tell(self.entry("job.cancelled", record, &record.submitter, &key))
    }
}

/// The files and fields in which two revisions differ.
pub(crate) fn changed_between(old: &Revision, new: &Revision) -> Vec<String> {
    let files = |revision: &Revision| -> BTreeMap<String, ContentHash> {
        revision.files.iter().map(|file| (file.path.clone(), file.sha256)).collect()
    };
    let (old_files, new_files) = (files(old), files(new));
    let mut changed: Vec<String> = old_files
        .iter()
        .filter(|(path, hash)| new_files.get(*path) != Some(hash))
        .map(|(path, _)| path.clone())
        .chain(new_files.keys().filter(|path| !old_files.contains_key(*path)).cloned())
        .collect();
    changed.sort();
    let fields = [
        ("entrypoint", old.entrypoint != new.entrypoint),
        ("dependencies", old.dependencies != new.dependencies),
        ("datasets", old.datasets != new.datasets),
    ];
    changed.extend(fields.into_iter().filter(|(_, differs)| *differs).map(|(n, _)| n.to_owned()));
    changed
}
