use std::collections::BTreeMap;

use syft_core::{ContentHash, DatasetName, Email, FileKind, HomePath, JobName, NodePaths};

use crate::decide::{current, problem_error};
use crate::execution::{Executed, Execution};
use crate::grant::DataSide;
use crate::job::Side;
use crate::packages::{PackageNeeds, Wanted};
use crate::read::read_job;
use crate::records::SCHEMA;
use crate::rehearsal::{MockRead, Rehearsal, RehearsalOptions};
use crate::runner::demand;
use crate::runs::RunnerLock;
use crate::sandbox::{IsolationLevel, LogSink, Sandbox};
use crate::{Error, Job, JobId, JobKind, JobStore, Result, Submission};

/// Rehearsals that are remembered.
const KEPT: usize = 200;
/// Files of one rehearsal that are remembered by name.
const LISTED: usize = 100;
/// Bytes of a log that are remembered.
const TAIL: usize = 4 * 1024;

/// A rehearsal that is ready to go; losing it leaves nothing behind that the next
/// one does not remove.
#[derive(Debug)]
pub struct BegunRehearsal {
    store: JobStore,
    subject: Subject,
    read: Vec<MockRead>,
    execution: Execution,
    level: IsolationLevel,
    _lock: RunnerLock,
}

/// A rehearsal whose process has ended and that is not remembered yet.
#[derive(Debug)]
pub struct EndedRehearsal {
    begun: BegunRehearsal,
    executed: Executed,
}

/// The job that is rehearsed.
#[derive(Debug)]
struct Subject {
    /// Of a job that was sent; what is not sent yet goes by its name.
    id: Option<JobId>,
    digest: ContentHash,
    owner: Email,
    submitter: Email,
    name: JobName,
    datasets: Vec<DatasetName>,
    needs: PackageNeeds,
    kind: JobKind,
    files: BTreeMap<String, Vec<u8>>,
}

impl JobStore {
    /// Rehearses a job that was sent to me on my mocks, or one that I sent on what
    /// I have of its owner's. For a caller that holds no lock of the home; else take
    /// the three steps one by one: [`JobStore::begin_rehearsal`],
    /// [`BegunRehearsal::execute`] without the lock, [`EndedRehearsal::finish`]
    /// under it. Whether the submitter may have code run here is the caller's to
    /// know.
    ///
    /// # Errors
    /// As those three.
    pub fn rehearse(
        &self,
        job: &Job,
        options: &RehearsalOptions,
        sandbox: &dyn Sandbox,
        log: &mut dyn LogSink,
    ) -> Result<Rehearsal> {
        self.begin_rehearsal(job, options, sandbox)?.execute(sandbox, log)?.finish()
    }

    /// Makes ready to rehearse the bytes that a job is now. Needs no approval, and
    /// changes nothing of the job.
    ///
    /// # Errors
    /// [`Error::Malformed`]; [`Error::NoMock`]; [`Error::Requirement`];
    /// [`Error::NoPackages`] if this node takes none; [`Error::PackagesMissing`] if
    /// another's job needs what is not here: nothing is fetched for whoever asks;
    /// [`Error::Isolation`] if the box is too weak; [`Error::RunnerBusy`] if another
    /// rehearsal goes on; [`Error::Integrity`] if the snapshot is not what arrived;
    /// [`Error::Stopped`] if the box begins no job any more.
    pub fn begin_rehearsal(
        &self,
        job: &Job,
        options: &RehearsalOptions,
        sandbox: &dyn Sandbox,
    ) -> Result<BegunRehearsal> {
        self.begin(self.subject(job)?, options, sandbox)
    }

    /// The same with what a submitter wants to send, as it lies on the disk. A job
    /// that is sent under the same name and unchanged has been rehearsed.
    ///
    /// # Errors
    /// As [`JobStore::begin_rehearsal`], and [`Error::Script`].
    pub fn begin_rehearsal_of(
        &self,
        submission: &Submission,
        options: &RehearsalOptions,
        sandbox: &dyn Sandbox,
    ) -> Result<BegunRehearsal> {
        let gathered = self.gather(submission)?;
        let name = match &submission.name {
            Some(name) => name.clone(),
            None => JobName::parse("rehearsal")?,
        };
        let subject = Subject {
            id: None,
            digest: gathered.digest(&self.me, submission, &name)?,
            owner: submission.owner.clone(),
            submitter: self.me.clone(),
            name,
            datasets: submission.datasets.clone(),
            needs: PackageNeeds::read(&gathered.all_dependencies(submission), &gathered.files)?,
            kind: gathered.kind,
            files: gathered.files,
        };
        self.begin(subject, options, sandbox)
    }

    /// What came of the last rehearsal of these bytes on this node; nothing, if
    /// that cannot be read.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn rehearsal(&self, digest: &ContentHash) -> Result<Option<Rehearsal>> {
        match self.read_json(&record_path(digest)?) {
            Err(error) if error.is_damage() => Ok(None),
            rehearsal => rehearsal,
        }
    }

    pub(crate) fn forget_rehearsal(&self, digest: &ContentHash) -> Result<()> {
        Ok(self.disk.remove_file(&record_path(digest)?)?)
    }

    fn begin(
        &self,
        mut subject: Subject,
        options: &RehearsalOptions,
        sandbox: &dyn Sandbox,
    ) -> Result<BegunRehearsal> {
        if sandbox.is_stopped() {
            return Err(Error::Stopped);
        }
        let name = match &subject.id {
            Some(id) => id.to_string(),
            None => subject.name.to_string(),
        };
        let needs = std::mem::take(&mut subject.needs);
        self.allow_packages(&name, &needs)?;
        let packages = match needs.is_empty() {
            true => Wanted::Nothing,
            false if subject.submitter == self.me || options.fetch_packages => {
                Wanted::Needed(needs.clone())
            }
            false => self.packages_at_hand(&name, &needs)?,
        };
        let grants = self.grants(&name, &subject.datasets, DataSide::Mock(&subject.owner))?;
        demand(sandbox, options.minimum)?;
        let lock = self.lock_in(&folder()?)?;
        self.remove_leftovers()?;
        let read = subject.datasets.iter().zip(&grants).map(|(dataset, grant)| MockRead {
            dataset: dataset.clone(),
            variable: grant.variable.clone(),
            path: grant.path.clone(),
        });
        let read = read.collect();
        let execution = Execution {
            folder: folder()?.join(&subject.digest.short())?,
            owner: subject.owner.clone(),
            kind: subject.kind,
            files: std::mem::take(&mut subject.files),
            grants,
            needs,
            packages,
            limits: options.limits.clone(),
        };
        let (store, level) = (self.clone(), sandbox.level());
        Ok(BegunRehearsal { store, subject, read, execution, level, _lock: lock })
    }

    /// The bytes of a job: for its owner from the snapshot, for its submitter from
    /// the own copy.
    fn subject(&self, job: &Job) -> Result<Subject> {
        let malformed = |reason: String| Error::Malformed { job: job.id.to_string(), reason };
        let (digest, files) = match &job.side {
            Side::Owner(received) => {
                let record = &received.record;
                if let Some(problem) = &record.problem {
                    return Err(problem_error(record, problem));
                }
                let digest = current(record)?.digest;
                (digest, read_job(self.disk.as_ref(), &self.snapshot(&digest)?)?)
            }
            Side::Submitter(_) => {
                let found = self.read_at(&job.place())?;
                let digest = job.digest.ok_or_else(|| {
                    malformed(job.problem().map(ToString::to_string).unwrap_or_default())
                })?;
                (digest, found)
            }
        };
        let files = files.map_err(|problem| malformed(problem.to_string()))?;
        let found = files.digest(&job.submitter, &job.owner, &job.name)?;
        if found != digest {
            let what = format!("the snapshot of job {}", job.id);
            return Err(Error::Integrity { what, expected: digest, found });
        }
        let mut datasets = files.config.datasets_of(&job.owner);
        if let Side::Owner(_) = &job.side {
            // What it names it may be granted, and its owner is to see it with that.
            let mut named = self.named_datasets(&datasets, &files.files)?;
            named.retain(|name| self.mock_data(&job.owner, name).is_ok());
            datasets.extend(named);
        }
        Ok(Subject {
            id: Some(job.id.clone()),
            digest,
            owner: job.owner.clone(),
            submitter: job.submitter.clone(),
            name: job.name.clone(),
            datasets,
            needs: PackageNeeds::read(&files.config.dependencies, &files.files)?,
            kind: files.config.kind,
            files: files.files,
        })
    }

    /// Removes what a rehearsal that died left.
    fn remove_leftovers(&self) -> Result<()> {
        let folder = folder()?;
        for entry in self.disk.list(&folder)? {
            if let (FileKind::Folder, Ok(name)) = (entry.metadata.kind, entry.name) {
                self.disk.remove_dir_all(&folder.join(&name)?)?;
            }
        }
        Ok(())
    }

    /// However much is rehearsed, what is remembered of it stays small.
    fn forget_old_rehearsals(&self) -> Result<()> {
        let folder = folder()?;
        let entries = self.disk.list(&folder)?;
        let mut records: Vec<(i64, String)> = entries
            .into_iter()
            .filter_map(|entry| Some((entry.metadata.modified_ns, entry.name.ok()?)))
            .filter(|(_, name)| name.ends_with(".json"))
            .collect();
        records.sort();
        let surplus = records.len().saturating_sub(KEPT);
        for (_, name) in records.iter().take(surplus) {
            self.disk.remove_file(&folder.join(name)?)?;
        }
        Ok(())
    }

    /// Somebody else's code has run here: the audit log says so.
    fn tell_rehearsed(&self, id: &JobId, rehearsal: &Rehearsal) -> Result<()> {
        let title = format!("{}/{}", rehearsal.submitter, rehearsal.name);
        let key = format!("{}/{}", rehearsal.digest, rehearsal.at.python_repr());
        let mut entry = self.entry_about("job.rehearsed", (id, title), &self.me, &key);
        entry.details.extend([
            ("digest".to_owned(), rehearsal.digest.to_string().into()),
            ("isolation".to_owned(), rehearsal.level.to_string().into()),
            ("result".to_owned(), rehearsal.to_string().into()),
        ]);
        self.tell(entry)
    }
}

impl BegunRehearsal {
    /// Runs the job in its box, on the mock, until it ends or is ended. Needs no
    /// lock of the home.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn execute(self, sandbox: &dyn Sandbox, log: &mut dyn LogSink) -> Result<EndedRehearsal> {
        let executed = self.execution.execute(&self.store, sandbox, log)?;
        self.store.disk.remove_dir_all(&self.execution.folder)?;
        Ok(EndedRehearsal { begun: self, executed })
    }
}

impl EndedRehearsal {
    /// Remembers what came of it. A job that failed is no error.
    ///
    /// # Errors
    /// [`Error::Isolation`] if no box could be made, [`Error::Packages`] or
    /// [`Error::Requirement`] if its packages cannot be had: then nothing has run.
    /// [`Error::Stopped`] if its end was asked for. Those of the disk.
    pub fn finish(self) -> Result<Rehearsal> {
        let EndedRehearsal { begun, executed } = self;
        let BegunRehearsal { store, subject, read, level, _lock, .. } = begun;
        let Executed { outcome, has_begun, stdout, stderr } = executed;
        let mut rehearsal = Rehearsal {
            schema: SCHEMA,
            digest: subject.digest,
            owner: subject.owner,
            submitter: subject.submitter,
            name: subject.name,
            kind: subject.kind,
            read,
            at: store.now(),
            exit: None,
            error: None,
            limits_hit: Vec::new(),
            level,
            landlock_abi: None,
            seconds: 0.0,
            outputs: Vec::new(),
            outputs_count: 0,
            skipped: Vec::new(),
            stdout: tail(&stdout),
            stderr: tail(&stderr),
        };
        match outcome {
            Err(error) if !has_begun => return Err(error),
            Err(error @ (Error::Isolation { .. } | Error::Stopped)) => return Err(error),
            Err(error) => rehearsal.error = Some(error.to_string()),
            Ok((report, collected)) => {
                rehearsal.exit = Some(report.exit);
                rehearsal.limits_hit = report.limits_hit;
                rehearsal.level = report.level;
                rehearsal.landlock_abi = report.landlock_abi;
                rehearsal.seconds = report.duration.as_secs_f64();
                rehearsal.outputs_count = collected.files.len();
                rehearsal.outputs = collected.files.into_iter().take(LISTED).collect();
                rehearsal.skipped = collected.skipped.into_iter().take(LISTED).collect();
            }
        }
        if let Some(id) = subject.id.filter(|_| rehearsal.submitter != store.me) {
            store.tell_rehearsed(&id, &rehearsal)?;
        }
        store.write_json(&record_path(&rehearsal.digest)?, &rehearsal)?;
        store.forget_old_rehearsals()?;
        Ok(rehearsal)
    }
}

pub(crate) fn folder() -> Result<HomePath> {
    Ok(NodePaths::root().join("rehearsals")?)
}

fn record_path(digest: &ContentHash) -> Result<HomePath> {
    Ok(folder()?.join(&format!("{digest}.json"))?)
}

/// The last lines of a log, within the limit.
fn tail(log: &[u8]) -> String {
    let from = log.len().saturating_sub(TAIL);
    let kept = log.get(from..).unwrap_or_default();
    let whole = match kept.iter().position(|byte| *byte == b'\n') {
        Some(end) if from > 0 => kept.get(end + 1..).unwrap_or_default(),
        _ => kept,
    };
    String::from_utf8_lossy(whole).into_owned()
}
