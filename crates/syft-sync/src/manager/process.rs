use std::time::Duration;

use syft_core::Email;
use syft_job::sandbox::{IsolationLevel, LogSink, LogStream, Sandbox};
use syft_job::{JobId, JobRun, RunOptions, Status};

use super::SyftboxManager;
use crate::hello::Dealing;
use crate::peers::{Connections, PeerState, PeerTable};
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
    /// Run also jobs of peers who speak another version; audited. One of somebody
    /// who is no peer does not run in any case.
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
        let submitters = {
            let mut pass = self.node.pass()?;
            let connections = self.look(&mut pass).await?;
            Submitters { connections, force: options.force_execution }
        };
        let run = options.of_run();
        let mut silent = |_: LogStream, _: &[u8]| {};
        let mut processed = Processed::new();
        for id in ids {
            let shown: &mut dyn LogSink = if options.stream_output { log } else { &mut silent };
            let outcome = match options.again {
                true => self.rerun_from(&submitters, id, &run, sandbox, shown),
                false => self.run_from(&submitters, id, &run, sandbox, shown),
            };
            // Who stops one run wants no other to begin.
            let stopped = match &outcome {
                Ok(run) => run.finished.is_none(),
                Err(error) => matches!(error, Error::Job(syft_job::Error::Stopped)),
            };
            processed.push((id.clone(), outcome));
            if stopped {
                break;
            }
        }
        Ok(processed)
    }

    /// The submitters as they are known here, without a look at the store.
    pub(super) fn known_submitters(&self) -> Result<Submitters> {
        let table = PeerTable::load(&*self.node.disk)?;
        Ok(Submitters { connections: Connections::offline(table), force: false })
    }

    /// Whether the one who sent a job is a peer, and can be understood, so that it
    /// can be answered; insisting on the latter is audited.
    pub(super) fn may_run(&self, submitters: &Submitters, id: &JobId) -> Result<()> {
        let job = self.jobs.received(id)?;
        let submitter = job.submitted_by();
        if *submitter == self.node.email {
            return Ok(());
        }
        let Some(refusal) = submitters.refusal(submitter) else { return Ok(()) };
        if submitters.force && matches!(refusal, Error::Incompatible { .. }) {
            let pass = self.node.pass()?;
            return pass.note("execution.forced", format!("{id} of {submitter}"));
        }
        self.node.notices.notice(&Notice::JobSkipped {
            job: id.clone(),
            submitter: submitter.clone(),
            reason: refusal.to_string(),
        });
        Err(refusal)
    }
}

/// What is known of those who sent jobs, and whether their version counts.
#[derive(Debug)]
pub(super) struct Submitters {
    connections: Connections,
    force: bool,
}

impl Submitters {
    fn refusal(&self, submitter: &Email) -> Option<Error> {
        let problem = match self.connections.table.state(submitter) {
            Some(PeerState::Accepted) => {
                if let Err(changed) = self.connections.table.check_key(submitter) {
                    return Some(changed);
                }
                let detail = self.connections.problem(submitter, Dealing::Serve)?;
                return Some(Error::Incompatible { peer: submitter.clone(), detail });
            }
            Some(PeerState::Removed) => "is no peer of this datasite any more",
            Some(PeerState::Rejected) => "was rejected as a peer of this datasite",
            Some(PeerState::RequestedByMe | PeerState::RequestedByPeer) | None => {
                "is no peer of this datasite"
            }
        };
        let way = format!("`syft peer approve {submitter}` or `syft peer add {submitter}`");
        let problem = format!("{problem}: its jobs run again after {way}");
        Some(Error::PeerState { peer: submitter.clone(), problem })
    }
}
