use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use syft_core::Email;
use syft_job::sandbox::{LogSink, LogStream, Sandbox};
use syft_job::{BegunRehearsal, JobId, Rehearsal, RehearsalOptions, Submission};

use super::SyftboxManager;
use crate::peers::{PeerState, PeerTable};
use crate::{Error, Result};

/// What the jobs of others may use to be tried before anybody has looked at them.
#[derive(Debug, Clone)]
pub struct RehearsalBudget {
    /// Time by the clock of one job.
    pub per_job: Duration,
    /// Time by the clock of all jobs of one peer together.
    pub per_peer: Duration,
    used: BTreeMap<Email, Duration>,
}

impl Default for RehearsalBudget {
    /// A minute for a job, two for a peer.
    fn default() -> Self {
        let [per_job, per_peer] = [60, 120].map(Duration::from_secs);
        RehearsalBudget { per_job, per_peer, used: BTreeMap::new() }
    }
}

/// What is known of a job on the mock before it is reviewed.
#[derive(Debug, Clone, PartialEq)]
pub enum Preview {
    /// These very bytes were rehearsed before.
    Known,
    /// They were rehearsed now.
    Made(Box<Rehearsal>),
    /// They were not, and why.
    Skipped(String),
}

impl SyftboxManager {
    /// Whether nothing is known yet of the bytes of a job that was sent to me.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn is_new(&self, id: &JobId) -> Result<bool> {
        match self.jobs.received(id)?.digest() {
            Some(digest) => Ok(self.jobs.rehearsal(&digest)?.is_none()),
            None => Ok(false),
        }
    }

    /// Rehearses a job that waits for my decision, unless its bytes were rehearsed
    /// before or its submitter has used up what a peer may. So a review has something
    /// to show without a question.
    ///
    /// # Errors
    /// Those of the disk. What cannot be rehearsed is skipped.
    pub fn preview_job(
        &self,
        id: &JobId,
        budget: &mut RehearsalBudget,
        sandbox: &dyn Sandbox,
    ) -> Result<Preview> {
        let job = self.jobs.received(id)?;
        let Some(digest) = job.digest() else {
            return Ok(Preview::Skipped("it cannot be run as it is".to_owned()));
        };
        if self.jobs.rehearsal(&digest)?.is_some() {
            return Ok(Preview::Known);
        }
        let submitter = job.submitted_by().clone();
        let used = budget.used.entry(submitter.clone()).or_default();
        let left = budget.per_peer.saturating_sub(*used);
        // A job that had less than its time would be shown as one that takes too long.
        if left < budget.per_job {
            return Ok(Preview::Skipped(format!(
                "jobs of {submitter} were tried for {} s already",
                used.as_secs()
            )));
        }
        let mut limits = self.limits();
        limits.wall = limits.wall.min(budget.per_job);
        let options = RehearsalOptions { limits, ..RehearsalOptions::default() };
        let mut unheard = |_: LogStream, _: &[u8]| {};
        // Whatever comes of it, and whatever a box says that it took.
        let start = Instant::now();
        let rehearsed = self.rehearse_job(id, &options, sandbox, &mut unheard);
        let said = rehearsed.as_ref().map_or(0.0, |rehearsal| rehearsal.seconds);
        *used += start.elapsed().max(Duration::try_from_secs_f64(said).unwrap_or_default());
        match rehearsed {
            Ok(rehearsal) => Ok(Preview::Made(Box::new(rehearsal))),
            Err(Error::Job(syft_job::Error::Core(error))) => Err(error.into()),
            Err(error) => Ok(Preview::Skipped(error.to_string())),
        }
    }

    /// Rehearses a job on the mock: one that was sent to me on my own, one that I
    /// sent on my copy of its owner's. In the box of a run, without an approval, and
    /// without deciding anything. Code of others than accepted peers does not run here.
    ///
    /// # Errors
    /// [`Error::UnknownPeer`] for a job of somebody who is no accepted peer;
    /// [`Error::KeyChanged`] while their key is another than the one they are known by; as
    /// [`JobStore::rehearse`](syft_job::JobStore::rehearse).
    pub fn rehearse_job(
        &self,
        id: &JobId,
        options: &RehearsalOptions,
        sandbox: &dyn Sandbox,
        log: &mut dyn LogSink,
    ) -> Result<Rehearsal> {
        let job = self.jobs.job(id.as_str())?;
        let submitter = job.submitted_by();
        if *submitter != self.node.email {
            let table = PeerTable::load(&*self.node.disk)?;
            if table.state(submitter) != Some(PeerState::Accepted) {
                return Err(Error::UnknownPeer(submitter.clone()));
            }
            table.check_key(submitter)?;
        }
        let begun = self.jobs.begin_rehearsal(&job, options, sandbox)?;
        self.carry_out_rehearsal(begun, sandbox, log)
    }

    /// Rehearses what I might send, as it lies on the disk, on what I have of the
    /// owner's mocks. Sent under the same name and unchanged, it has been rehearsed.
    ///
    /// # Errors
    /// As [`JobStore::begin_rehearsal_of`](syft_job::JobStore::begin_rehearsal_of).
    pub fn rehearse_submission(
        &self,
        submission: &Submission,
        options: &RehearsalOptions,
        sandbox: &dyn Sandbox,
        log: &mut dyn LogSink,
    ) -> Result<Rehearsal> {
        let begun = self.jobs.begin_rehearsal_of(submission, options, sandbox)?;
        self.carry_out_rehearsal(begun, sandbox, log)
    }

    /// The home is held to remember what came of it, not while it goes on; it is
    /// waited for as long as another holds it.
    fn carry_out_rehearsal(
        &self,
        begun: BegunRehearsal,
        sandbox: &dyn Sandbox,
        log: &mut dyn LogSink,
    ) -> Result<Rehearsal> {
        let ended = begun.execute(sandbox, log)?;
        let node = self.patient_node();
        let _pass = node.pass()?;
        Ok(ended.finish()?)
    }
}
