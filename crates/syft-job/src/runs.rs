//! What the owner's node remembers of runs: one folder each, `.syft/runs/<job id>-<n>/`.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use syft_core::{
    Access, ContentHash, DatasetName, DatasitePath, Email, HomePath, NodePaths, Timestamp,
};
use syft_disclosure::Finding;

use crate::packages::PackagesUsed;
use crate::sandbox::{Exit, IsolationLevel, LimitHit, Limits};
use crate::{Error, ErrorSummary, JobId, JobStore, OutputFile, Result, SkippedOutput, rehearse};

/// The logs of a run, in its folder and, once released, in the job's.
pub(crate) const STDOUT: &str = "stdout.txt";
pub(crate) const STDERR: &str = "stderr.txt";

/// What a runner holds, in the folder of what it runs.
const RUNNER: &str = ".runner";

/// `started.json`: written durably before the process starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunStarted {
    /// Version of this record.
    pub schema: u32,
    /// `<job id>-<n>`, n counting from 1.
    pub run: String,
    /// The job.
    pub job: JobId,
    /// The submission digest of the bytes that run.
    pub revision: ContentHash,
    /// The approval digest that authorises it.
    pub approval: ContentHash,
    /// What it may use: the approved limits, or the owner's for this one run.
    pub limits: Limits,
    /// The datasets that it may read.
    pub datasets: Vec<DatasetName>,
    /// The packages that it has, if it needs any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packages: Option<PackagesUsed>,
    /// The box it is started in.
    pub level: IsolationLevel,
    /// When it started.
    pub started_at: Timestamp,
}

/// `finished.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunFinished {
    /// Version of this record.
    pub schema: u32,
    /// When it ended.
    pub finished_at: Timestamp,
    /// How it ended; absent if the box broke.
    pub exit: Option<Exit>,
    /// What broke, if the box did.
    pub error: Option<String>,
    /// The limits that it reached.
    pub limits_hit: Vec<LimitHit>,
    /// The box it ran in.
    pub level: IsolationLevel,
    /// The version of Landlock that the box was made with, if it was.
    #[serde(default)]
    pub landlock_abi: Option<u32>,
    /// Seconds by the clock.
    pub seconds: f64,
    /// What it produced, kept in `outputs/` of the run.
    pub outputs: Vec<OutputFile>,
    /// What it left that was not collected.
    pub skipped: Vec<SkippedOutput>,
    /// Its standard output, kept in `stdout.txt`.
    pub stdout: LogFile,
    /// Its standard error, kept in `stderr.txt`.
    pub stderr: LogFile,
    /// What stood in its datasets: the same for the same data, and of no use to find out
    /// what that was. Empty in a home without keys.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dataset_digests: BTreeMap<DatasetName, ContentHash>,
    /// What its submitter is told of why it failed, if it did and nothing keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<ErrorSummary>,
    /// Whether the rules of its datasets kept why it failed: its submitter is told that it
    /// did, and no more. It stays so when the rules change.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failure_kept: bool,
    /// The outputs that were to be released at once, and in which something was seen that
    /// their owner has to look at first: [`JobRun::held`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<DatasitePath>,
}

impl RunFinished {
    /// Whether it ended with exit code 0.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.exit.is_some_and(Exit::is_success)
    }

    /// Why it failed, as far as its submitter is told before anything is released.
    pub(crate) fn told_failure(&self) -> Option<&ErrorSummary> {
        self.failure.as_ref().filter(|_| !self.failure_kept)
    }

    /// The exit code; `None` if it was killed, or the box broke.
    #[must_use]
    pub fn exit_code(&self) -> Option<i32> {
        match self.exit {
            Some(Exit::Code(code)) => Some(code),
            _ => None,
        }
    }
}

/// What is kept of one log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogFile {
    /// Bytes kept.
    pub size: u64,
    /// Of what was kept.
    pub sha256: ContentHash,
}

impl LogFile {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        LogFile { size: bytes.len() as u64, sha256: ContentHash::of(bytes) }
    }
}

/// `release.json`: what of a run the submitter may have. Files and logs only ever grow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Release {
    /// Version of this record.
    pub schema: u32,
    /// Who released.
    pub by: Email,
    /// The outputs, each by its bytes.
    pub files: Vec<ReleasedFile>,
    /// When the logs were released, if they were.
    pub logs: Option<Timestamp>,
    /// What the owner said about the run, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<Comment>,
    /// What was seen in the released files, and did not keep the owner from it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

/// What an owner says about a run to its submitter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comment {
    /// The words.
    pub text: String,
    /// When.
    pub at: Timestamp,
}

/// One released output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReleasedFile {
    /// The file.
    pub file: OutputFile,
    /// When it was released.
    pub at: Timestamp,
}

/// A run with all that is recorded of it.
#[derive(Debug, Clone, PartialEq)]
pub struct JobRun {
    /// How it began.
    pub started: RunStarted,
    /// How it ended, if it did.
    pub finished: Option<RunFinished>,
    /// What of it was released, if anything was.
    pub release: Option<Release>,
}

impl JobRun {
    /// Whether these bytes of this output were released.
    #[must_use]
    pub fn is_released(&self, file: &OutputFile) -> bool {
        self.release.as_ref().is_some_and(|release| release.files.iter().any(|r| &r.file == file))
    }

    /// Whether the logs were released.
    #[must_use]
    pub fn logs_released(&self) -> bool {
        self.release.as_ref().is_some_and(|release| release.logs.is_some())
    }

    /// What the owner said about it.
    #[must_use]
    pub fn comment(&self) -> Option<&str> {
        Some(self.release.as_ref()?.comment.as_ref()?.text.as_str())
    }
}

impl JobStore {
    /// The runs of a job that was sent to me, oldest first.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn runs(&self, id: &JobId) -> Result<Vec<JobRun>> {
        self.runs_of(id)?.into_iter().map(|started| self.load_run(started)).collect()
    }

    pub(crate) fn load_run(&self, started: RunStarted) -> Result<JobRun> {
        let folder = NodePaths::run(&started.run)?;
        let finished = self.read_json(&folder.join("finished.json")?)?;
        let release = self.read_json(&folder.join("release.json")?)?;
        Ok(JobRun { started, finished, release })
    }

    /// The latest run of a job.
    pub(crate) fn last_run(&self, id: &JobId) -> Result<Option<JobRun>> {
        self.runs_of(id)?.pop().map(|started| self.load_run(started)).transpose()
    }

    pub(crate) fn write_release(&self, run: &JobRun, release: &Release) -> Result<()> {
        self.write_json(&NodePaths::run(&run.started.run)?.join("release.json")?, release)
    }

    /// The beginnings of all runs of a job, oldest first.
    pub(crate) fn runs_of(&self, id: &JobId) -> Result<Vec<RunStarted>> {
        let mut runs = Vec::new();
        for number in 1.. {
            let path = run_folder(id, number)?.join("started.json")?;
            match self.read_json(&path)? {
                Some(started) => runs.push(started),
                None => break,
            }
        }
        Ok(runs)
    }

    /// Writes the beginning of the next run; two runners never get the same one
    /// (`threats.md` X12).
    pub(crate) fn create_run(&self, started: &RunStarted) -> Result<()> {
        let path = NodePaths::run(&started.run)?.join("started.json")?;
        let bytes = crate::store::to_json(started)?;
        if !self.disk.create_new(&path, &bytes, Access::OwnerOnly)? {
            return Err(Error::RunnerBusy);
        }
        // A beginning that cannot be read again would stand in the way for ever.
        match self.read_json::<RunStarted>(&path) {
            Ok(Some(read)) if read.run == started.run && read.approval == started.approval => {
                Ok(())
            }
            other => {
                self.disk.remove_dir_all(&NodePaths::run(&started.run)?)?;
                let detail = match other {
                    Err(error) => error.to_string(),
                    Ok(_) => "it is not read back as it was written".to_owned(),
                };
                Err(syft_core::Error::Corrupt { what: path.to_string(), detail }.into())
            }
        }
    }

    fn runner_file(&self, folder: &HomePath) -> Result<File> {
        self.disk.create_dir_all(folder, Access::OwnerOnly)?;
        let path = self.disk.real_path(folder).join(RUNNER);
        File::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(
            |source| {
                let path = path.display().to_string();
                syft_core::Error::Io { action: "open", path, source }.into()
            },
        )
    }

    /// Becomes the one runner of this home, or finds it taken.
    pub(crate) fn lock_runner(&self) -> Result<RunnerLock> {
        self.lock_in(&NodePaths::runs())
    }

    /// Makes sure that no job of this home runs or is rehearsed now; writes nothing.
    ///
    /// # Errors
    /// [`Error::RunnerBusy`] if one is; those of the disk.
    pub fn check_idle(&self) -> Result<()> {
        for folder in [NodePaths::runs(), rehearse::folder()?] {
            let is_there = self.disk.metadata(&folder.join(RUNNER)?)?.is_some();
            if is_there && self.is_held(&folder)? {
                return Err(Error::RunnerBusy);
            }
        }
        Ok(())
    }

    fn is_held(&self, folder: &HomePath) -> Result<bool> {
        let file = self.runner_file(folder)?;
        Ok(matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// Keeps runs and rehearsals of this home from beginning.
    ///
    /// # Errors
    /// [`Error::RunnerBusy`] if one goes on; those of the disk.
    pub fn hold_runs(&self) -> Result<NoRuns> {
        let runs = self.lock_runner()?;
        let rehearsals = self.lock_in(&rehearse::folder()?)?;
        Ok(NoRuns { _runs: runs, _rehearsals: rehearsals })
    }

    /// Becomes the one process that runs jobs in this folder.
    pub(crate) fn lock_in(&self, folder: &HomePath) -> Result<RunnerLock> {
        let file = self.runner_file(folder)?;
        // Whoever asks for the living run holds the file for an instant.
        for _ in 0..20 {
            match file.try_lock() {
                Ok(()) => {
                    // The name of a run that was lost must not look alive.
                    file.set_len(0).map_err(|source| {
                        let path = folder.to_string();
                        syft_core::Error::Io { action: "write", path, source }
                    })?;
                    return Ok(RunnerLock(file));
                }
                Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(5)),
                Err(TryLockError::Error(source)) => {
                    let path = folder.to_string();
                    return Err(syft_core::Error::Io { action: "lock", path, source }.into());
                }
            }
        }
        Err(Error::RunnerBusy)
    }

    /// The run that a living runner is busy with.
    pub(crate) fn live_run(&self) -> Result<Option<String>> {
        let file = self.runner_file(&NodePaths::runs())?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => {
                let mut run = String::new();
                // What cannot be read names no run.
                let _ = (&file).take(200).read_to_string(&mut run);
                Ok(Some(run))
            }
            _ => Ok(None),
        }
    }
}

pub(crate) fn run_id(id: &JobId, number: usize) -> String {
    format!("{id}-{number}")
}

fn run_folder(id: &JobId, number: usize) -> Result<HomePath> {
    Ok(NodePaths::run(&run_id(id, number))?)
}

/// No job of a home runs or is rehearsed until this is dropped.
#[derive(Debug)]
pub struct NoRuns {
    _runs: RunnerLock,
    _rehearsals: RunnerLock,
}

/// Held while a run goes on; freed by the system if the runner dies.
#[derive(Debug)]
pub(crate) struct RunnerLock(File);

impl Drop for RunnerLock {
    /// A process that was forked this instant has a handle of the same file, which
    /// would hold it a moment longer.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

impl RunnerLock {
    /// Says which run this is about, for whoever asks what goes on.
    pub(crate) fn name(&mut self, run: &str) -> std::io::Result<()> {
        self.0.set_len(0)?;
        self.0.rewind()?;
        self.0.write_all(run.as_bytes())
    }
}
