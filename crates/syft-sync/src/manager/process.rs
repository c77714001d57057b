use std::time::Duration;

use syft_core::Email;
use syft_job::sandbox::{IsolationLevel, LogSink, LogStream, Sandbox};
use syft_job::{Job, JobId, JobRun, RunOptions, Status};

use super::SyftboxManager;
use crate::peers::{Connections, PeerState};
use crate::{Error, Notice, Result};

/// How approved jobs are run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessOptions {
    /// Whether what a job prints is shown as it comes; it is kept in any case.
    pub stream_output: bool,
    /// How long each job may run, instead of what its approval says: that is the
    /// node's [`job_timeout`](super::Config::job_timeout) unless the owner said
    /// otherwise.
    pub timeout: Option<Duration>,
    /// Run also jobs of peers who speak another version, or are no peers any more;
    /// audited.
    pub force_execution: bool,
    /// Run again what has run already; the earlier attempt is kept.
    pub again: bool,
    /// Release all outputs to the submitter right after the run.
    pub share_outputs_with_submitter: bool,
    /// Release the logs to the submitter right after the run.
    pub share_logs_with_submitter: bool,
    /// The weakest box that will do.
    pub minimum: IsolationLevel,
}

/// The seeds' defaults, in a box.
impl Default for ProcessOptions {
    fn default() -> Self {
        let RunOptions { timeout, minimum, .. } = RunOptions::default();
        ProcessOptions {
            stream_output: true,
            timeout,
            force_execution: false,
            again: false,
            share_outputs_with_submitter: false,
            share_logs_with_submitter: false,
            minimum,
        }
    }
}

impl ProcessOptions {
    fn of_run(&self) -> RunOptions {
        RunOptions {
            timeout: self.timeout,
            minimum: self.minimum,
            force: false,
            share_outputs: self.share_outputs_with_submitter,
            share_logs: self.share_logs_with_submitter,
        }
    }
}

/// What came of each job, in the order in which they were to run.
pub type Processed = Vec<(JobId, Result<JobRun>)>;

impl SyftboxManager {
    /// Runs every approved job, one after the other, and syncs afterwards unless
    /// [`Config::pre_sync`](super::Config::pre_sync) is off. A job that cannot be
    /// run stops no other; each has its own result. One of a peer who speaks
    /// another version is skipped, which is told. The thread is held while a job
    /// runs; the home is not.
    ///
    /// # Errors
    /// [`Error::Role`]; the disk, the lock.
    pub async fn process_approved_jobs(
        &self,
        options: &ProcessOptions,
        sandbox: &dyn Sandbox,
        log: &mut (dyn LogSink + Send),
    ) -> Result<Processed> {
        let approved = self.approved_jobs()?;
        let processed = self.process_jobs(&approved, options, sandbox, log).await?;
        self.sync_if(self.pre_sync).await?;
        Ok(processed)
    }

    /// The jobs that are approved and have not run, oldest first.
    ///
    /// # Errors
    /// [`Error::Role`]; the disk.
    pub fn approved_jobs(&self) -> Result<Vec<JobId>> {
        self.need_owner()?;
        let jobs = self.jobs.jobs()?;
        let approved = jobs
            .iter()
            .filter(|job| *job.owner() == self.node.email && job.status() == Status::Approved);
        Ok(approved.map(|job| job.id().clone()).collect())
    }

    /// Runs these jobs as [`SyftboxManager::process_approved_jobs`] does, without a
    /// sync.
    ///
    /// # Errors
    /// As there.
    pub async fn process_jobs(
        &self,
        ids: &[JobId],
        options: &ProcessOptions,
        sandbox: &dyn Sandbox,
        log: &mut (dyn LogSink + Send),
    ) -> Result<Processed> {
        self.need_owner()?;
        if ids.is_empty() {
            return Ok(Processed::new());
        }
        let connections = {
            let mut pass = self.node.pass()?;
            self.look(&mut pass).await?
        };
        let run = options.of_run();
        let mut silent = |_: LogStream, _: &[u8]| {};
        let mut processed = Processed::new();
        for id in ids {
            let may = self.jobs.received(id).map_err(Error::from);
            let may = may.and_then(|job| self.may_run(&job, &connections, options));
            let shown: &mut dyn LogSink = if options.stream_output { log } else { &mut silent };
            let outcome = may.and_then(|()| match options.again {
                true => self.rerun_job(id, &run, sandbox, shown),
                false => self.run_job(id, &run, sandbox, shown),
            });
            // Who stops one run wants no other to begin.
            let stopped = outcome.as_ref().is_ok_and(|run| run.finished.is_none());
            processed.push((id.clone(), outcome));
            if stopped {
                break;
            }
        }
        Ok(processed)
    }

    /// Whether the one who sent a job can be understood, so that it can be
    /// answered; insisting is audited.
    fn may_run(
        &self,
        job: &Job,
        connections: &Connections,
        options: &ProcessOptions,
    ) -> Result<()> {
        let submitter = job.submitted_by();
        let Some(refusal) = unheard(connections, submitter) else { return Ok(()) };
        if options.force_execution {
            let pass = self.node.pass()?;
            return pass.note("execution.forced", format!("{} of {submitter}", job.id()));
        }
        self.node.notices.notice(&Notice::JobSkipped {
            job: job.id().clone(),
            submitter: submitter.clone(),
            reason: refusal.to_string(),
        });
        Err(refusal)
    }
}

fn unheard(connections: &Connections, submitter: &Email) -> Option<Error> {
    let peer = submitter.clone();
    match connections.table.state(submitter) {
        Some(PeerState::Accepted) => {
            let detail = connections.problem(submitter)?;
            Some(Error::Incompatible { peer, detail })
        }
        _ => {
            let problem = "is no peer of this datasite any more".to_owned();
            Some(Error::PeerState { peer, problem })
        }
    }
}
