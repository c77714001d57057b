use syft_job::sandbox::{LogSink, Sandbox};
use syft_job::{BegunRehearsal, JobId, Rehearsal, RehearsalOptions, Submission};

use super::SyftboxManager;
use crate::peers::{PeerState, PeerTable};
use crate::{Error, Result};

impl SyftboxManager {
    /// Rehearses a job on the mock: one that was sent to me on my own, one that I
    /// sent on my copy of its owner's. In the box of a run, without an approval, and
    /// without deciding anything. Code of others than accepted peers does not run here.
    ///
    /// # Errors
    /// [`Error::UnknownPeer`] for a job of somebody who is no accepted peer; as
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
