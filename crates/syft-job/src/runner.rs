use std::collections::BTreeMap;
use std::time::Duration;

use syft_core::{Access, ContentHash, DatasetName, DatasitePath, NodePaths};
use syft_disclosure::Checked;

use crate::audit::AuditLine;
use crate::decide::{changed, current, problem_error};
use crate::execution::{Executed, Execution};
use crate::gate::has_finding;
use crate::grant::DataSide;
use crate::growing::Growing;
use crate::packages::{PackageNeeds, PackagesUsed, Wanted};
use crate::policy::{AutoRelease, DatasetBounds, shareable};
use crate::read::read_job;
use crate::records::{Approval, JobRecord, Revision, SCHEMA, Verdict};
use crate::runs::{JobRun, LogFile, RunFinished, RunStarted, RunnerLock, STDERR, STDOUT, run_id};
use crate::sandbox::{BoxReport, Exit, IsolationLevel, Limits, LogSink, Sandbox};
use crate::state::in_force;
use crate::{
    Collected, Error, ErrorSummary, FailedRun, JobId, JobStore, OutputFile, Result, Status,
    approval_digest,
};

/// The audit entry of a run that ended.
const FINISHED: &str = "job.run.finished";

/// How the owner runs an approved job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunOptions {
    /// For this run alone, instead of the approved wall time.
    pub timeout: Option<Duration>,
    /// The weakest box that will do.
    pub minimum: IsolationLevel,
    /// Run again what has run already.
    pub force: bool,
    /// Release the outputs right after the run in which nothing was seen that may disclose
    /// private data; hold the others.
    pub share_outputs: bool,
    /// Release the logs right after the run.
    pub share_logs: bool,
}

impl Default for RunOptions {
    fn default() -> Self {
        RunOptions {
            timeout: None,
            minimum: IsolationLevel::MINIMUM,
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
    execution: Execution,
    options: RunOptions,
    lock: RunnerLock,
}

/// A run whose process has ended and that is not recorded as finished yet.
#[derive(Debug)]
pub struct EndedRun {
    begun: BegunRun,
    outcome: Result<(BoxReport, Collected), Error>,
    has_begun: bool,
    read: BTreeMap<DatasetName, ContentHash>,
    failure: Option<ErrorSummary>,
    stdout: LogFile,
    stderr: LogFile,
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
    /// was approved; [`Error::PackagesMissing`]; [`Error::NoPackages`]; [`Error::NoDataset`];
    /// [`Error::Integrity`] if the snapshot is not what was approved;
    /// [`Error::Isolation`] if the box is too weak; [`Error::RunnerBusy`];
    /// [`Error::Stopped`] if the box begins no job any more.
    pub fn begin_run(
        &self,
        id: &JobId,
        options: &RunOptions,
        sandbox: &dyn Sandbox,
    ) -> Result<BegunRun> {
        if sandbox.is_stopped() {
            return Err(Error::Stopped);
        }
        let mut lock = self.lock_runner()?;
        let record = self.reread(&self.record(id)?)?;
        let revision = current(&record)?.clone();
        let approval = self.authority(&record, &revision, options)?;
        let files = self.approved_files(&record, &revision, &approval)?;
        let needs = PackageNeeds::read(&revision.dependencies, &files)?;
        let packages = self.approved_packages(id, &needs, &approval)?;
        let grants = self.grants(id.as_str(), &approval.datasets, DataSide::Real)?;
        demand(sandbox, self.minimum_of(&record, &approval, options)?)?;
        let runs = self.runs_of(id)?;
        let mut limits = approval.limits.clone();
        limits.wall = options.timeout.unwrap_or(limits.wall).min(Limits::LONGEST_WALL);
        let started = RunStarted {
            schema: SCHEMA,
            run: run_id(id, runs.len() + 1),
            job: id.clone(),
            revision: revision.digest,
            approval: approval.digest,
            limits,
            datasets: approval.datasets.clone(),
            packages: approval.packages.as_ref().map(PackagesUsed::from),
            level: sandbox.level(),
            started_at: self.now(),
        };
        let overrides = overrides(&started, &approval, options);
        self.tell_started(&record, &started, runs.last(), overrides)?;
        lock.name(&started.run).map_err(|error| Error::Box(error.to_string()))?;
        self.create_run(&started)?;
        self.project_record(&record)?;
        let (store, options) = (self.clone(), options.clone());
        let (folder, owner) = (NodePaths::run(&started.run)?, self.me.clone());
        // The kind is what was shown: the digest does not cover what the snapshot says.
        let kind = revision.kind;
        let limits = started.limits.clone();
        let execution = Execution { folder, owner, files, kind, grants, needs, packages, limits };
        Ok(BegunRun { store, record, started, execution, options, lock })
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
    ) -> Result<BTreeMap<String, Vec<u8>>> {
        let path = self.snapshot(&revision.digest)?;
        let files = read_job(self.disk.as_ref(), &path)?
            .map_err(|problem| problem_error(record, &problem))?;
        let found = files.digest(&record.submitter, &self.me, &record.name)?;
        if found != revision.digest {
            let expected = revision.digest;
            return Err(Error::Integrity { what: path.to_string(), expected, found });
        }
        let Approval { limits, datasets, packages, .. } = approval;
        let authorised = approval_digest(&found, limits, datasets, packages.as_ref())?;
        let mut asked_for = files.config.datasets_of(&self.me).into_iter();
        if authorised != approval.digest || !asked_for.all(|name| datasets.contains(&name)) {
            let what = format!("the approval of job {}", record.id);
            let (expected, found) = (approval.digest, authorised);
            return Err(Error::Integrity { what, expected, found });
        }
        Ok(files.files)
    }

    /// The packages of the approval, if the job needs any.
    fn approved_packages(
        &self,
        id: &JobId,
        needs: &PackageNeeds,
        approval: &Approval,
    ) -> Result<Wanted> {
        if needs.is_empty() {
            return Ok(Wanted::Nothing);
        }
        self.allow_packages(id.as_str(), needs)?;
        match &approval.packages {
            Some(lock) => Ok(Wanted::Locked(lock.clone())),
            None => Err(Error::PackagesMissing { job: id.to_string(), packages: needs.names() }),
        }
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
            self.recover_runs_of(&record)?;
            // A run that cannot be read is shown as damaged; the others go on.
            let status = match self.status_of(&record) {
                Err(error) if error.is_damage() => continue,
                status => status?,
            };
            if status == Status::Interrupted {
                self.project_record(&record)?;
                interrupted.push(record.id);
            }
        }
        Ok(interrupted)
    }

    /// Makes good what a process that died left of the runs of one job. Returns
    /// whether none of them goes on.
    pub(crate) fn recover_runs_of(&self, record: &JobRecord) -> Result<bool> {
        let runs = match self.runs(&record.id) {
            Err(error) if error.is_damage() => return Ok(false),
            runs => runs?,
        };
        // Asked after: a run is named as the living one before it is recorded.
        let live = match runs.iter().all(|run| run.finished.is_some()) {
            true => None,
            false => self.live_run()?,
        };
        let mut over = true;
        for JobRun { started, finished, .. } in &runs {
            if let Some(finished) = finished {
                self.tell_finished(record, started, finished)?;
            } else if live.as_ref() == Some(&started.run) {
                over = false;
            } else {
                self.tell_interrupted(record, started)?;
                let folder = NodePaths::run(&started.run)?;
                self.remove_scratch(&folder)?;
                self.remove_outputs(&folder)?;
            }
        }
        Ok(over)
    }

    /// Told after it is recorded, since it is a fact by then; a crash in between
    /// is made good by [`JobStore::recover_runs`].
    fn tell_finished(
        &self,
        record: &JobRecord,
        started: &RunStarted,
        finished: &RunFinished,
    ) -> Result<()> {
        let mut entry = self.entry(FINISHED, record, &self.me, &started.run);
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
            // The hash of this line is in a receipt: without this, what it says of outputs that
            // stay here could be guessed by it.
            ("nonce".to_owned(), self.entropy.uuid()?.to_string().into()),
        ]);
        self.tell(entry)
    }

    /// The line of the audit log that says how a run ended.
    pub(crate) fn line_of_end(&self, run: &str) -> Result<Option<AuditLine>> {
        let Some(audit) = &self.audit else { return Ok(None) };
        Ok(audit.line_of(&format!("{FINISHED}/{run}"))?)
    }

    /// Takes back a run that no box could be made for, or no packages be had: its job
    /// is as it was before.
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

    fn tell_interrupted(&self, record: &JobRecord, started: &RunStarted) -> Result<()> {
        let mut entry = self.entry("job.run.interrupted", record, &self.me, &attempt(started));
        entry.details.insert("run".to_owned(), started.run.clone().into());
        self.tell(entry)
    }

    fn tell_started(
        &self,
        record: &JobRecord,
        started: &RunStarted,
        before: Option<&RunStarted>,
        overrides: Vec<String>,
    ) -> Result<()> {
        let mut entry = self.entry("job.run.started", record, &self.me, &attempt(started));
        let datasets: Vec<String> = started.datasets.iter().map(ToString::to_string).collect();
        entry.details.extend([
            ("run".to_owned(), started.run.clone().into()),
            ("digest".to_owned(), started.revision.to_string().into()),
            ("approval".to_owned(), started.approval.to_string().into()),
            ("isolation".to_owned(), started.level.to_string().into()),
            ("datasets".to_owned(), datasets.into()),
            ("limits".to_owned(), started.limits.in_words().into()),
        ]);
        if !overrides.is_empty() {
            entry.details.insert("overrides".to_owned(), overrides.into());
        }
        if let Some(before) = before {
            entry.details.insert("rerun_of".to_owned(), before.run.clone().into());
        }
        self.tell(entry)
    }
}

/// In what this run is not as it was approved, or not in the box that is usual.
fn overrides(started: &RunStarted, approval: &Approval, options: &RunOptions) -> Vec<String> {
    let mut overrides = Vec::new();
    let (given, approved) = (started.limits.wall, approval.limits.wall);
    if given != approved {
        let (given, approved) = (given.as_secs_f64(), approved.as_secs_f64());
        overrides.push(format!("may run {given} s, approved were {approved} s"));
    }
    if options.minimum < IsolationLevel::MINIMUM {
        overrides.push(format!("a box of level {} is allowed", options.minimum));
    }
    if options.force {
        overrides.push("may run again".to_owned());
    }
    overrides
}

/// A run that was refused leaves its number to the next attempt.
fn attempt(started: &RunStarted) -> String {
    format!("{}/{}", started.run, started.started_at.python_repr())
}

/// Refuses a box that is weaker than this.
pub(crate) fn demand(sandbox: &dyn Sandbox, minimum: IsolationLevel) -> Result<()> {
    if sandbox.level() >= minimum {
        return Ok(());
    }
    let reason = match sandbox.why_no_stronger() {
        Some(why) => why.to_owned(),
        None => format!("this one is {}", sandbox.level()),
    };
    Err(Error::Isolation { needed: minimum.to_string(), reason })
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
        let folder = &self.execution.folder;
        let read = self.store.dataset_digests(&self.started.datasets)?;
        let mut log = Growing::new(&self.store, folder, self.started.limits.log_bytes, log)?;
        let Executed { outcome, has_begun, stdout, stderr } =
            self.execution.execute(&self.store, sandbox, &mut log)?;
        let disk = self.store.disk.as_ref();
        disk.write(&folder.join(STDOUT)?, &stdout, Access::OwnerOnly)?;
        disk.write(&folder.join(STDERR)?, &stderr, Access::OwnerOnly)?;
        let failure = self.failure(outcome.as_ref().ok().map(|(report, _)| report), &stderr);
        let (stdout, stderr) = (LogFile::of(&stdout), LogFile::of(&stderr));
        let collected = outcome.as_ref().map_or(&[] as &[_], |(_, collected)| &collected.files);
        // It takes a while, and is kept for when the home is held. That it cannot be looked at
        // is no reason to lose a run.
        let _ = self.store.look(&self.started, collected);
        Ok(EndedRun { begun: self, outcome, has_begun, read, failure, stdout, stderr })
    }

    /// What may be told of why it failed, if it did.
    fn failure(&self, report: Option<&BoxReport>, stderr: &[u8]) -> Option<ErrorSummary> {
        let exit = report.map(|report| report.exit);
        if exit.is_some_and(Exit::is_success) {
            return None;
        }
        let columns = self.store.mock_columns(&self.started.datasets, &self.record.submitter);
        Some(ErrorSummary::of(&FailedRun {
            exit,
            limits_hit: report.map(|report| report.limits_hit.as_slice()).unwrap_or_default(),
            stderr,
            files: &self.execution.files,
            columns: &columns,
        }))
    }
}

impl EndedRun {
    /// Records durably how the run ended, shows it in the job's folder, and
    /// releases what the options say.
    ///
    /// # Errors
    /// [`Error::Isolation`] if no box could be made, and whatever kept its packages from
    /// being installed: then there was no run, and its job is approved as before.
    /// Those of the disk. A job that failed is no error,
    /// nor is one that was stopped: that one is interrupted, its run not finished.
    pub fn finish(self) -> Result<JobRun> {
        let EndedRun { begun, outcome, has_begun, read, failure, stdout, stderr } = self;
        let BegunRun { store, record, started, options, lock, .. } = begun;
        let outcome = match outcome {
            Err(error) if !has_begun || matches!(error, Error::Isolation { .. }) => {
                store.refuse(&record, &started, &error.to_string())?;
                drop(lock);
                return Err(error);
            }
            outcome => outcome,
        };
        if let Err(Error::Stopped) = outcome {
            store.tell_interrupted(&record, &started)?;
            // While it is held, the run looks alive.
            drop(lock);
            store.project_record(&record)?;
            return store.load_run(started);
        }
        let finished = finished(&store, &started, outcome, stdout, stderr);
        let by_rule = store.auto_release(&record.id);
        let share_outputs = options.share_outputs || matches!(by_rule, Ok(AutoRelease::Outputs));
        let wanted = if share_outputs { finished.outputs.as_slice() } else { &[] };
        let bounds = store.policy().map(|policy| policy.bounds(&started.datasets));
        // Under rules that cannot be read nothing is told by itself either.
        let is_kept = bounds.as_ref().map_or(true, |bounds| bounds.no_errors.is_some());
        let failure_kept = is_kept && !finished.is_success();
        let bounds = bounds.unwrap_or_default();
        // What was released meanwhile counts.
        let seen = store.look(&started, &finished.outputs).ok();
        let (held, clean) = held_and_clean(wanted, seen.as_ref(), &bounds);
        let finished =
            RunFinished { dataset_digests: read, failure, failure_kept, held, ..finished };
        let folder = NodePaths::run(&started.run)?;
        store.write_json(&folder.join("finished.json")?, &finished)?;
        store.tell_finished(&record, &started, &finished)?;
        drop(lock);
        store.project_record(&record)?;
        let is_any_clean = finished.outputs.is_empty() || !clean.is_empty();
        if (share_outputs && is_any_clean) || options.share_logs {
            let shared = shareable(&store, &started.datasets, &clean, options.share_logs)?;
            if let Some((files, logs)) = shared {
                store.release(&record.id, Some(&started.run), &files, logs)?;
            }
        }
        store.load_run(started)
    }
}

/// Of what is to be released at once, what waits for its owner because of what was seen,
/// and what may leave without it. What may never leave waits for nobody.
fn held_and_clean(
    outputs: &[OutputFile],
    seen: Option<&Checked>,
    bounds: &DatasetBounds,
) -> (Vec<DatasitePath>, Vec<OutputFile>) {
    let is_held = |file: &&OutputFile| seen.is_none_or(|seen| has_finding(seen, &file.path));
    let (held, clean): (Vec<&OutputFile>, Vec<&OutputFile>) = outputs.iter().partition(is_held);
    let held = held.into_iter().filter(|file| bounds.allows(&file.path));
    let held = held.map(|file| file.path.clone()).collect();
    (held, clean.into_iter().cloned().collect())
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
        dataset_digests: BTreeMap::new(),
        failure: None,
        failure_kept: false,
        held: Vec::new(),
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
