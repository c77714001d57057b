//! The runs of a job: the latest one is what a job speaks of, the others are kept.

use serde::Serialize;

use crate::job::{Job, Side};
use crate::project::EARLIER;
use crate::receipt::{RECEIPT, Receipt};
use crate::runs::{JobRun, run_id};
use crate::sandbox::{IsolationLevel, LogSink, Sandbox};
use crate::{Error, JobId, JobStore, Result, RunOptions, Status};

/// One run of a job, as far as this side may know of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Attempt {
    /// Its id.
    pub run: String,
    /// What became of it.
    pub status: Status,
    /// When it started, RFC 3339.
    pub started_at: String,
    /// When it ended, RFC 3339.
    pub finished_at: Option<String>,
    /// Its exit code.
    pub exit_code: Option<i32>,
    /// The box that it ran in.
    pub isolation: IsolationLevel,
    /// How many of its outputs were released.
    pub released: usize,
    /// Whether its logs were released.
    pub logs_released: bool,
    /// What the owner said about it: for the submitter foreign text.
    pub comment: Option<String>,
}

impl Job {
    /// All its runs, oldest first; for the submitter those that left a receipt.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn attempts(&self) -> Result<Vec<Attempt>> {
        match &self.side {
            Side::Owner(received) => {
                let latest = received.run.as_ref().map(|run| run.started.run.as_str());
                let of = |run: &JobRun| match &run.finished {
                    Some(finished) if finished.is_success() => Status::Done,
                    Some(_) => Status::Failed,
                    None if latest == Some(run.started.run.as_str()) => self.status,
                    None => Status::Interrupted,
                };
                let runs = self.store.runs(&self.id)?;
                Ok(runs.iter().map(|run| Attempt::of_run(run, of(run))).collect())
            }
            Side::Submitter(sent) => {
                let mut receipts = Vec::new();
                for run in self.store.run_folders(&self.place().results.join(EARLIER)?)? {
                    receipts.extend(self.store.earlier_receipt(self, &run)?);
                }
                receipts.extend(sent.receipt.clone());
                receipts.sort_by_key(|receipt| number_of(&self.id, &receipt.run));
                Ok(receipts.iter().map(Attempt::of_receipt).collect())
            }
        }
    }

    /// The same job, with outputs and logs those of another run: its id, or the
    /// number at the end of it.
    ///
    /// # Errors
    /// [`Error::NoRun`], also for a submitter who has no receipt of it; those of the disk.
    pub fn attempt(&self, run: &str) -> Result<Job> {
        let missing = || Error::NoRun { job: self.id.to_string(), run: run.to_owned() };
        let number = run.parse().ok().or_else(|| number_of(&self.id, run)).ok_or_else(missing)?;
        let wanted = run_id(&self.id, number);
        let mut job = self.clone();
        match &mut job.side {
            Side::Owner(received) => {
                let runs = self.store.runs(&self.id)?;
                let found = runs.into_iter().find(|run| run.started.run == wanted);
                received.run = Some(found.ok_or_else(missing)?);
            }
            Side::Submitter(sent) if sent.receipt.as_ref().is_some_and(|r| r.run == wanted) => {}
            Side::Submitter(sent) => {
                let receipt = self.store.earlier_receipt(self, &wanted)?.ok_or_else(missing)?;
                sent.receipt = Some(receipt);
                sent.earlier = Some(wanted);
            }
        }
        Ok(job)
    }

    /// [`JobStore::rerun`].
    ///
    /// # Errors
    /// As there, and [`Error::NotOwner`].
    pub fn rerun(
        &self,
        options: &RunOptions,
        sandbox: &dyn Sandbox,
        log: &mut dyn LogSink,
    ) -> Result<JobRun> {
        self.must_own("rerun")?;
        self.store.rerun(&self.id, options, sandbox, log)
    }
}

impl JobStore {
    /// Runs a job again that has run: done, failed or interrupted, by the choice of
    /// its owner alone (`threats.md` X11). It runs under the approval in force, as a
    /// rule the one that it ran under, if that still binds; the earlier run is kept with
    /// all that it left and all that was released of it. For the locks see
    /// [`JobStore::run`].
    ///
    /// # Errors
    /// [`Error::WrongState`] if it has not run; as [`JobStore::run`].
    pub fn rerun(
        &self,
        id: &JobId,
        options: &RunOptions,
        sandbox: &dyn Sandbox,
        log: &mut dyn LogSink,
    ) -> Result<JobRun> {
        self.check_rerun(id)?;
        let options = RunOptions { force: true, ..options.clone() };
        self.run(id, &options, sandbox, log)
    }

    /// Whether there is a run that a rerun would repeat.
    ///
    /// # Errors
    /// [`Error::WrongState`] if there is none, or one goes on; those of the disk.
    pub fn check_rerun(&self, id: &JobId) -> Result<()> {
        match self.status_of(&self.record(id)?)? {
            Status::Done | Status::Failed | Status::Interrupted => Ok(()),
            status => Err(Error::WrongState { job: id.to_string(), status, action: "rerun" }),
        }
    }

    /// The names of the folders in a folder of runs.
    pub(crate) fn run_folders(&self, folder: &syft_core::HomePath) -> Result<Vec<String>> {
        self.folders(folder, |name| Some(name.to_owned()))
    }

    fn earlier_receipt(&self, job: &Job, run: &str) -> Result<Option<Receipt>> {
        let path = job.place().results.join(EARLIER)?.join(run)?.join(RECEIPT)?;
        let receipt = self.read_receipt(&path)?;
        // What names another run tells nothing about this one.
        Ok(receipt.filter(|receipt| receipt.run == run))
    }
}

impl Attempt {
    fn of_run(run: &JobRun, status: Status) -> Self {
        let (started, finished) = (&run.started, run.finished.as_ref());
        Attempt {
            run: started.run.clone(),
            status,
            started_at: started.started_at.to_rfc3339(),
            finished_at: finished.map(|finished| finished.finished_at.to_rfc3339()),
            exit_code: finished.and_then(|finished| finished.exit_code()),
            isolation: finished.map_or(started.level, |finished| finished.level),
            released: run.release.as_ref().map_or(0, |release| release.files.len()),
            logs_released: run.logs_released(),
            comment: run.comment().map(str::to_owned),
        }
    }

    fn of_receipt(receipt: &Receipt) -> Self {
        let done = receipt.exit.is_some_and(crate::sandbox::Exit::is_success);
        Attempt {
            run: receipt.run.clone(),
            status: if done { Status::Done } else { Status::Failed },
            started_at: receipt.started_at.clone(),
            finished_at: Some(receipt.finished_at.clone()),
            exit_code: receipt.exit_code(),
            isolation: receipt.isolation,
            released: receipt.outputs.len(),
            logs_released: receipt.stdout.is_some(),
            comment: receipt.comment.clone(),
        }
    }
}

fn number_of(id: &JobId, run: &str) -> Option<usize> {
    run.strip_prefix(id.as_str())?.strip_prefix('-')?.parse().ok()
}
