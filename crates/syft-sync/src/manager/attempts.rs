use syft_job::sandbox::{LogSink, Sandbox};
use syft_job::{Job, JobId, JobRun, Plan, Release, RunOptions, Submission, Submitted};

use super::SyftboxManager;
use super::process::Submitters;
use crate::{Error, Result};

/// What became of a submission that may be repeated.
#[derive(Debug, Clone)]
pub enum Sent {
    /// It was sent before: nothing was written.
    Before(Box<Job>),
    /// A job that had not begun to run is now this.
    Revised(Submitted),
    /// It is a new job.
    New(Submitted),
}

impl SyftboxManager {
    /// What [`SyftboxManager::submit_once`] would do.
    ///
    /// # Errors
    /// As [`JobStore::plan`](syft_job::JobStore::plan).
    pub fn plan_job(&self, submission: &Submission, again: bool) -> Result<Plan> {
        Ok(if again { self.jobs.plan_new(submission)? } else { self.jobs.plan(submission)? })
    }

    /// Writes a job for a peer into this home unless these very bytes were sent
    /// before. One that has not begun to run becomes the new bytes; one that has
    /// ended stays, and the next free name is taken, as it is with `again`.
    ///
    /// # Errors
    /// As [`SyftboxManager::submit_job`], and for names and revisions as
    /// [`JobStore::plan`](syft_job::JobStore::plan) and
    /// [`JobStore::revise`](syft_job::JobStore::revise).
    pub async fn submit_once(&self, submission: &Submission, again: bool) -> Result<Sent> {
        self.need_scientist()?;
        match self.submit_planned(submission, again).await {
            // Somebody beside this process took the name: what was sent there counts.
            Err(Error::Job(syft_job::Error::NameTaken { .. })) if !again => {
                self.submit_planned(submission, again).await
            }
            sent => sent,
        }
    }

    async fn submit_planned(&self, submission: &Submission, again: bool) -> Result<Sent> {
        match self.plan_job(submission, again)? {
            Plan::Resume(job) => Ok(Sent::Before(job)),
            Plan::Submit(submission) => Ok(Sent::New(self.submit_job(&submission, false).await?)),
            Plan::Revise(submission) => {
                let pass = self.node.pass()?;
                let revised = self.jobs.revise(&submission)?;
                let subject = format!("{} {}/{}", revised.id, submission.owner, revised.name);
                pass.note("job.revised", subject)?;
                Ok(Sent::Revised(revised))
            }
        }
    }

    /// Runs a job again that has run, in a box; the earlier run is kept. The home is
    /// held as by [`SyftboxManager::run_job`].
    ///
    /// # Errors
    /// As [`SyftboxManager::run_job`] and [`JobStore::rerun`](syft_job::JobStore::rerun).
    pub fn rerun_job(
        &self,
        id: &JobId,
        options: &RunOptions,
        sandbox: &dyn Sandbox,
        log: &mut dyn LogSink,
    ) -> Result<JobRun> {
        self.rerun_from(&self.known_submitters()?, id, options, sandbox, log)
    }

    pub(super) fn rerun_from(
        &self,
        submitters: &Submitters,
        id: &JobId,
        options: &RunOptions,
        sandbox: &dyn Sandbox,
        log: &mut dyn LogSink,
    ) -> Result<JobRun> {
        self.need_owner()?;
        self.jobs.check_rerun(id)?;
        let options = RunOptions { force: true, ..options.clone() };
        self.run_from(submitters, id, &options, sandbox, log)
    }

    /// Gives a finished job back to its submitter with a comment; the next sync
    /// sends it.
    ///
    /// # Errors
    /// [`Error::Role`](crate::Error::Role); as
    /// [`JobStore::give_back`](syft_job::JobStore::give_back); the lock.
    pub fn return_job(&self, id: &JobId, comment: &str) -> Result<Release> {
        self.need_owner()?;
        let _pass = self.node.pass()?;
        let release = self.jobs.give_back(id, comment)?;
        self.jobs.project_all()?;
        Ok(release)
    }
}
