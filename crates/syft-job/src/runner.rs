use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use syft_core::{Access, DatasetName, FileKind, HomePath, NodePaths};

use crate::decide::{changed, current, problem_error};
use crate::read::{JobFiles, read_job};
use crate::records::{Approval, JobRecord, Revision, SCHEMA, Verdict};
use crate::runs::{JobRun, LogFile, RunFinished, RunStarted, RunnerLock, run_id};
use crate::sandbox::{
    BoundedLog, BoxReport, BoxedJob, IsolationLevel, Limits, LogSink, LogStream, Sandbox,
    join_outputs,
};
use crate::state::in_force;
use crate::{
    Collected, Error, JobId, JobStore, ReleaseFiles, Result, Status, approval_digest,
    collect_outputs,
};

/// How the owner runs an approved job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunOptions {
    /// For this run alone, instead of the approved wall time.
    pub timeout: Option<Duration>,
    /// The weakest box that will do.
    pub minimum: IsolationLevel,
    /// Run again what has run already.
    pub force: bool,
    /// Release all outputs right after the run.
    pub share_outputs: bool,
    /// Release the logs right after the run.
    pub share_logs: bool,
}

impl Default for RunOptions {
    fn default() -> Self {
        RunOptions {
            timeout: None,
            minimum: IsolationLevel::L1,
            force: false,
            share_outputs: false,
            share_logs: false,
        }
    }
}

/// A run that is recorded as started; from here until it is finished it is
/// `running`, and if this value is lost it is `interrupted`.
#[derive(Debug)]
pub struct BegunRun {
    store: JobStore,
    record: JobRecord,
    started: RunStarted,
    files: JobFiles,
    grants: Vec<Grant>,
    options: RunOptions,
    lock: RunnerLock,
}

/// A run whose process has ended and that is not recorded as finished yet.
#[derive(Debug)]
pub struct EndedRun {
    begun: BegunRun,
    outcome: Result<(BoxReport, Collected), Error>,
    stdout: LogFile,
    stderr: LogFile,
}

/// The real data of a granted dataset.
#[derive(Debug)]
struct Grant {
    variable: String,
    /// Its one file, or its folder.
    path: PathBuf,
    /// The data in it. What else stands in the folder is the owner's.
    entries: Vec<PathBuf>,
}

impl JobStore {
    /// Runs one approved job from beginning to end. For a caller that holds no
    /// lock of the home; else take the three steps one by one:
    /// [`JobStore::begin_run`] and [`EndedRun::finish`] under the lock,
    /// [`BegunRun::execute`] without it.
    ///
    /// # Errors
    /// As those three.
    pub fn run(
        &self,
        id: &JobId,
        options: &RunOptions,
        sandbox: &dyn Sandbox,
        log: &mut dyn LogSink,
    ) -> Result<JobRun> {
        self.begin_run(id, options, sandbox)?.execute(sandbox, log)?.finish()
    }

    /// Checks that this job may run, and records durably that it has started. Of
    /// one approval comes one run, unless the owner forces another.
    ///
    /// # Errors
    /// [`Error::WrongState`]; [`Error::Changed`] if the folder is no longer what
    /// was approved; [`Error::Dependencies`]; [`Error::NoDataset`];
    /// [`Error::Integrity`] if the snapshot is not what was approved;
    /// [`Error::Isolation`] if the box is too weak; [`Error::RunnerBusy`].
    pub fn begin_run(
        &self,
        id: &JobId,
        options: &RunOptions,
        sandbox: &dyn Sandbox,
    ) -> Result<BegunRun> {
        let mut lock = self.lock_runner()?;
        let record = self.reread(&self.record(id)?)?;
        let revision = current(&record)?.clone();
        let approval = self.authority(&record, &revision, options)?;
        if !revision.dependencies.is_empty() {
            let dependencies = revision.dependencies.clone();
            return Err(Error::Dependencies { job: id.to_string(), dependencies });
        }
        let files = self.approved_files(&record, &revision, &approval)?;
        let grants = self.grants(&record, &approval.datasets)?;
        if sandbox.level() < options.minimum {
            let needed = options.minimum.to_string();
            let reason = format!("this one is {}", sandbox.level());
            return Err(Error::Isolation { needed, reason });
        }
        let mut limits = approval.limits.clone();
        limits.wall = options.timeout.unwrap_or(limits.wall).min(Limits::LONGEST_WALL);
        let started = RunStarted {
            schema: SCHEMA,
            run: run_id(id, self.runs_of(id)?.len() + 1),
            job: id.clone(),
            revision: revision.digest,
            approval: approval.digest,
            limits,
            datasets: approval.datasets.clone(),
            level: sandbox.level(),
            started_at: self.now(),
        };
        self.tell_started(&record, &started)?;
        lock.name(&started.run).map_err(|error| Error::Box(error.to_string()))?;
        self.create_run(&started)?;
        self.project_record(&record)?;
        let (store, options) = (self.clone(), options.clone());
        Ok(BegunRun { store, record, started, files, grants, options, lock })
    }

    /// The approval that this run rests on.
    fn authority(
        &self,
        record: &JobRecord,
        revision: &Revision,
        options: &RunOptions,
    ) -> Result<Approval> {
        let status = self.status_of(record)?;
        let decisions = self.read_decisions(&record.id)?.decisions;
        let decision = in_force(record, decisions.last());
        let may_run = match status {
            Status::Approved => true,
            Status::Done | Status::Failed | Status::Interrupted => options.force,
            _ => false,
        };
        let approval = decision
            .filter(|decision| may_run && decision.verdict == Verdict::Approved)
            .and_then(|decision| decision.approval.clone());
        if let Some(approval) = approval {
            return Ok(approval);
        }
        if status == Status::Inbox {
            if let Some(problem) = &record.problem {
                return Err(problem_error(record, problem));
            }
            let approved = decisions.iter().rev().find(|d| d.verdict == Verdict::Approved);
            if let Some(approved) = approved {
                return Err(changed(record, &approved.revision, revision));
            }
        }
        Err(Error::WrongState { job: record.id.to_string(), status, action: "run" })
    }

    /// The bytes of the snapshot, if they and the approval are what was decided
    /// about (`threats.md` rule 6).
    fn approved_files(
        &self,
        record: &JobRecord,
        revision: &Revision,
        approval: &Approval,
    ) -> Result<JobFiles> {
        let path = self.snapshot(&revision.digest)?;
        let files = read_job(self.disk.as_ref(), &path)?
            .map_err(|problem| problem_error(record, &problem))?;
        let found = files.digest(&record.submitter, &self.me, &record.name)?;
        if found != revision.digest {
            let expected = revision.digest;
            return Err(Error::Integrity { what: path.to_string(), expected, found });
        }
        let authorised = approval_digest(&found, &approval.limits, &approval.datasets)?;
        if authorised != approval.digest || files.config.datasets_of(&self.me) != approval.datasets
        {
            let what = format!("the approval of job {}", record.id);
            let (expected, found) = (approval.digest, authorised);
            return Err(Error::Integrity { what, expected, found });
        }
        Ok(files)
    }

    fn grants(&self, record: &JobRecord, datasets: &[DatasetName]) -> Result<Vec<Grant>> {
        let mut grants: Vec<Grant> = Vec::new();
        for name in datasets {
            let variable = name.variable();
            if grants.iter().any(|grant| grant.variable == variable) {
                let reason = format!("two of its datasets are both ${variable}");
                return Err(Error::Malformed { job: record.id.to_string(), reason });
            }
            let (path, entries) = self.real_data(name)?;
            grants.push(Grant { variable, path, entries });
        }
        Ok(grants)
    }

    /// The file of a dataset, or its folder if it has several; and its data, entry
    /// by entry.
    pub(crate) fn real_data(&self, name: &DatasetName) -> Result<(PathBuf, Vec<PathBuf>)> {
        let folder = HomePath::in_datasite(&self.me, &self.layout.real_data(name));
        let own = ["syft.pub.yaml", "private_metadata.yaml"];
        let entries = self.disk.list(&folder)?;
        let data = entries.iter().filter_map(|entry| {
            let name = entry.name.as_deref().ok()?;
            (!own.contains(&name) && !name.starts_with('.')).then_some((name, entry.metadata.kind))
        });
        let data: Vec<(&str, FileKind)> = data.collect();
        let path = match data.as_slice() {
            [] => return Err(Error::NoDataset(name.clone())),
            [(file, FileKind::File)] => folder.join(file)?,
            _ => folder.clone(),
        };
        let mut granted = Vec::new();
        for (entry, kind) in data {
            // A link would grant what it leads to.
            if matches!(kind, FileKind::File | FileKind::Folder) {
                granted.push(self.disk.real_path(&folder.join(entry)?));
            }
        }
        Ok((self.disk.real_path(&path), granted))
    }

    /// Makes good what a process that died left: records the ends of runs in the
    /// audit log, removes the scratch folders of all runs that were lost, and shows
    /// a job as interrupted whose last run it was. Call it when a process starts. Returns
    /// the jobs that were interrupted; none of them is run again by itself
    /// (`threats.md` X11).
    ///
    /// # Errors
    /// Those of the disk.
    pub fn recover_runs(&self) -> Result<Vec<JobId>> {
        let mut interrupted = Vec::new();
        for record in self.all_records()? {
            let runs = match self.runs(&record.id) {
                // A run that cannot be read is shown as damaged; the others go on.
                Err(error) if error.is_damage() => continue,
                runs => runs?,
            };
            // Asked after: a run is named as the living one before it is recorded.
            let live = self.live_run()?;
            for JobRun { started, finished, .. } in &runs {
                if let Some(finished) = finished {
                    self.tell_finished(&record, started, finished)?;
                } else if live.as_ref() != Some(&started.run) {
                    self.remove_scratch(&started.run)?;
                }
            }
            if self.status_of(&record)? != Status::Interrupted {
                continue;
            }
            self.project_record(&record)?;
            interrupted.push(record.id);
        }
        Ok(interrupted)
    }

    /// Told after it is recorded, since it is a fact by then; a crash in between
    /// is made good by [`JobStore::recover_runs`].
    fn tell_finished(
        &self,
        record: &JobRecord,
        started: &RunStarted,
        finished: &RunFinished,
    ) -> Result<()> {
        let mut entry = self.entry("job.run.finished", record, &self.me, &started.run);
        let outputs: Vec<String> =
            finished.outputs.iter().map(|file| format!("{} {}", file.sha256, file.path)).collect();
        let exit = finished.exit.map(|exit| exit.to_string());
        let hits: Vec<String> = finished.limits_hit.iter().map(ToString::to_string).collect();
        entry.details.extend([
            ("run".to_owned(), started.run.clone().into()),
            ("exit".to_owned(), exit.or(finished.error.clone()).unwrap_or_default().into()),
            ("isolation".to_owned(), finished.level.to_string().into()),
            ("limits_hit".to_owned(), hits.into()),
            ("outputs".to_owned(), outputs.into()),
        ]);
        self.tell(entry)
    }

    fn remove_scratch(&self, run: &str) -> Result<()> {
        let folder = NodePaths::run(run)?;
        for scratch in ["work", "tmp", "box", "raw"] {
            self.disk.remove_dir_all(&folder.join(scratch)?)?;
        }
        Ok(())
    }

    /// Takes back a run that no box could be made for: its job is as it was before.
    fn refuse(&self, record: &JobRecord, started: &RunStarted, reason: &str) -> Result<()> {
        let mut entry = self.entry("job.run.refused", record, &self.me, &attempt(started));
        entry.details.extend([
            ("run".to_owned(), started.run.clone().into()),
            ("reason".to_owned(), reason.into()),
        ]);
        self.tell(entry)?;
        self.disk.remove_dir_all(&NodePaths::run(&started.run)?)?;
        self.project_record(record)
    }

    fn tell_started(&self, record: &JobRecord, started: &RunStarted) -> Result<()> {
        let mut entry = self.entry("job.run.started", record, &self.me, &attempt(started));
        let datasets: Vec<String> = started.datasets.iter().map(ToString::to_string).collect();
        entry.details.extend([
            ("run".to_owned(), started.run.clone().into()),
            ("digest".to_owned(), started.revision.to_string().into()),
            ("approval".to_owned(), started.approval.to_string().into()),
            ("isolation".to_owned(), started.level.to_string().into()),
            ("datasets".to_owned(), datasets.into()),
        ]);
        self.tell(entry)
    }
}

/// A run that was refused leaves its number to the next attempt.
fn attempt(started: &RunStarted) -> String {
    format!("{}/{}", started.run, started.started_at.python_repr())
}

/// Hands on what a job prints, and keeps a bounded part of it.
struct Tee<'a> {
    onwards: &'a mut dyn LogSink,
    stdout: BoundedLog,
    stderr: BoundedLog,
}

impl LogSink for Tee<'_> {
    fn chunk(&mut self, stream: LogStream, bytes: &[u8]) {
        match stream {
            LogStream::Stdout => self.stdout.push(bytes),
            LogStream::Stderr => self.stderr.push(bytes),
        }
        self.onwards.chunk(stream, bytes);
    }
}

impl BegunRun {
    /// The run's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.started.run
    }

    /// Runs the job in its box until it ends or is ended. Needs no lock of the home.
    ///
    /// # Errors
    /// Those of the disk. What else goes wrong belongs to the run, and is recorded
    /// when it is finished.
    pub fn execute(self, sandbox: &dyn Sandbox, log: &mut dyn LogSink) -> Result<EndedRun> {
        let kept = self.started.limits.log_bytes;
        let mut tee =
            Tee { onwards: log, stdout: BoundedLog::new(kept), stderr: BoundedLog::new(kept) };
        let outcome = self.boxed(sandbox, &mut tee);
        let folder = NodePaths::run(&self.started.run)?;
        self.store.remove_scratch(&self.started.run)?;
        let (stdout, stderr) = (tee.stdout.into_bytes(), tee.stderr.into_bytes());
        let disk = self.store.disk.as_ref();
        disk.write(&folder.join("stdout.txt")?, &stdout, Access::OwnerOnly)?;
        disk.write(&folder.join("stderr.txt")?, &stderr, Access::OwnerOnly)?;
        let (stdout, stderr) = (LogFile::of(&stdout), LogFile::of(&stderr));
        Ok(EndedRun { begun: self, outcome, stdout, stderr })
    }

    fn boxed(&self, sandbox: &dyn Sandbox, log: &mut Tee<'_>) -> Result<(BoxReport, Collected)> {
        let disk = self.store.disk.as_ref();
        let folder = NodePaths::run(&self.started.run)?;
        let place = |name: &str| -> Result<PathBuf> {
            let path = folder.join(name)?;
            disk.create_dir_all(&path, Access::OwnerOnly)?;
            Ok(disk.real_path(&path))
        };
        let work_dir = place("work")?;
        let (tmp_dir, view, outputs_dir) = (place("tmp")?, place("box")?, place("raw")?);
        for (path, bytes) in &self.files.files {
            disk.write(&folder.join("work")?.join(path)?, bytes, Access::OwnerOnly)?;
        }
        join_outputs(&work_dir, &outputs_dir)?;
        let mut readable: Vec<PathBuf> =
            self.grants.iter().flat_map(|grant| grant.entries.clone()).collect();
        readable.push(view.clone());
        let folders = self.grants.iter().filter(|grant| !grant.entries.contains(&grant.path));
        let listable = folders.map(|grant| grant.path.clone()).collect();
        let job = BoxedJob {
            environment: self.environment(&tmp_dir, &view, &outputs_dir)?,
            work_dir,
            readable,
            listable,
            tmp_dir,
            outputs_dir: outputs_dir.clone(),
            command: ["/bin/bash", "run.sh"].map(OsString::from).to_vec(),
            limits: self.started.limits.clone(),
        };
        let report = sandbox.run(&job, log)?;
        let to = folder.join("outputs")?;
        let collected = collect_outputs(&outputs_dir, &self.started.limits, disk, &to)?;
        Ok((report, collected))
    }

    /// The whole environment of the job; nothing of the owner's is inherited.
    /// `SYFTBOX_FOLDER` is an empty folder of this run alone: what a job may read
    /// has a variable of its own.
    fn environment(
        &self,
        tmp: &std::path::Path,
        view: &std::path::Path,
        outputs: &std::path::Path,
    ) -> Result<Vec<(String, String)>> {
        let text = |path: &std::path::Path| {
            path.to_str().map(str::to_owned).ok_or_else(|| {
                Error::Box(format!("{} is not UTF-8, as an environment must be", path.display()))
            })
        };
        let mut environment = vec![
            ("PATH".to_owned(), "/usr/bin:/bin".to_owned()),
            ("HOME".to_owned(), text(tmp)?),
            ("TMPDIR".to_owned(), text(tmp)?),
            ("LANG".to_owned(), "C.UTF-8".to_owned()),
            ("SYFTBOX_FOLDER".to_owned(), text(view)?),
            ("SYFTBOX_EMAIL".to_owned(), self.store.me.to_string()),
            ("SYFT_IS_IN_JOB".to_owned(), "true".to_owned()),
            ("SYFT_OUTPUTS".to_owned(), text(outputs)?),
        ];
        for grant in &self.grants {
            environment.push((grant.variable.clone(), text(&grant.path)?));
        }
        Ok(environment)
    }
}

impl EndedRun {
    /// Records durably how the run ended, shows it in the job's folder, and
    /// releases what the options say.
    ///
    /// # Errors
    /// [`Error::Isolation`] if no box could be made: then there was no run, and its
    /// job is approved as before. Those of the disk. A job that failed is no error.
    pub fn finish(self) -> Result<JobRun> {
        let EndedRun { begun, outcome, stdout, stderr } = self;
        let BegunRun { store, record, started, options, lock, .. } = begun;
        if let Err(error @ Error::Isolation { .. }) = outcome {
            store.refuse(&record, &started, &error.to_string())?;
            drop(lock);
            return Err(error);
        }
        let finished = finished(&store, &started, outcome, stdout, stderr);
        let folder = NodePaths::run(&started.run)?;
        store.write_json(&folder.join("finished.json")?, &finished)?;
        store.tell_finished(&record, &started, &finished)?;
        drop(lock);
        store.project_record(&record)?;
        if options.share_outputs || options.share_logs {
            let files = if options.share_outputs { ReleaseFiles::All } else { ReleaseFiles::None };
            store.release(&record.id, Some(&started.run), &files, options.share_logs)?;
        }
        store.load_run(started)
    }
}

fn finished(
    store: &JobStore,
    started: &RunStarted,
    outcome: Result<(BoxReport, Collected)>,
    stdout: LogFile,
    stderr: LogFile,
) -> RunFinished {
    let finished_at = store.now();
    let base = RunFinished {
        schema: SCHEMA,
        finished_at,
        exit: None,
        error: None,
        limits_hit: Vec::new(),
        level: started.level,
        landlock_abi: None,
        seconds: finished_at.seconds() - started.started_at.seconds(),
        outputs: Vec::new(),
        skipped: Vec::new(),
        stdout,
        stderr,
    };
    match outcome {
        Ok((report, collected)) => RunFinished {
            exit: Some(report.exit),
            limits_hit: report.limits_hit,
            level: report.level,
            landlock_abi: report.landlock_abi,
            seconds: report.duration.as_secs_f64(),
            outputs: collected.files,
            skipped: collected.skipped,
            ..base
        },
        Err(error) => RunFinished { error: Some(error.to_string()), ..base },
    }
}
