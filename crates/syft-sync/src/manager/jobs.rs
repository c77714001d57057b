use std::time::Duration;

use syft_core::{Content, Email, JobName};
use syft_job::sandbox::{Limits, LogSink, Sandbox};
use syft_job::{
    ApproveOptions, Decision, JobId, JobRun, JobStore, PackageLock, Release, ReleaseFiles,
    RunOptions,
};

use super::SyftboxManager;
use super::process::Submitters;
use crate::node::Node;
use crate::peers::PeerTable;
use crate::room::Room;
use crate::{Error, Result};

/// The shortest wall time that makes sense for a job.
const SHORTEST_WALL: Duration = Duration::from_secs(1);

impl SyftboxManager {
    /// The jobs of this home as they are here now: those sent to me and those that
    /// I sent. [`SyftboxManager::jobs`] syncs before.
    #[must_use]
    pub fn job_store(&self) -> &JobStore {
        &self.jobs
    }

    /// What an approval lets a job use, if nothing else is said: what a review is
    /// to show, and [`ApproveOptions::limits`] to bind.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let wall = self.job_timeout.clamp(SHORTEST_WALL, Limits::LONGEST_WALL);
        Limits { wall, ..Limits::default() }
    }

    /// Finds out which packages exactly a job that was sent to me needs, before it is
    /// approved: nothing, if it needs none. The home is not held meanwhile.
    ///
    /// # Errors
    /// [`Error::Role`](crate::Error::Role); as [`JobStore::resolve_packages`].
    pub fn resolve_packages(
        &self,
        id: &JobId,
        sandbox: &dyn Sandbox,
    ) -> Result<Option<PackageLock>> {
        self.need_owner()?;
        Ok(self.jobs.resolve_packages(id, sandbox)?)
    }

    /// Approves these bytes of a job that was sent to me. The packages of one that
    /// needs any are found out before, by [`SyftboxManager::resolve_packages`].
    ///
    /// # Errors
    /// [`Error::Role`](crate::Error::Role); as [`JobStore::approve`]; the lock.
    pub fn approve_job(&self, id: &JobId, options: &ApproveOptions) -> Result<Decision> {
        self.need_owner()?;
        let _pass = self.node.pass()?;
        let decision = self.jobs.approve(id, options)?;
        self.jobs.project_all()?;
        Ok(decision)
    }

    /// Rejects a job that was sent to me.
    ///
    /// # Errors
    /// [`Error::Role`](crate::Error::Role); as [`JobStore::reject`]; the lock.
    pub fn reject_job(&self, id: &JobId, reason: Option<&str>) -> Result<Decision> {
        self.need_owner()?;
        let _pass = self.node.pass()?;
        let decision = self.jobs.reject(id, reason)?;
        self.jobs.project_all()?;
        Ok(decision)
    }

    /// Withdraws a job that I sent.
    ///
    /// # Errors
    /// [`Error::Role`](crate::Error::Role); [`Error::Refused`](crate::Error::Refused) for
    /// a job of an owner who runs the Python client, which knows no withdrawal; as
    /// [`JobStore::cancel`]; the lock.
    pub fn cancel_job(&self, owner: &Email, name: &JobName) -> Result<()> {
        self.need_scientist()?;
        let pass = self.node.pass()?;
        if PeerTable::load(&*self.node.disk)?.is_python(owner) {
            let why =
                format!("{owner} uses PySyft, where no job is withdrawn: ask for a rejection");
            return Err(Error::Refused(why));
        }
        self.jobs.cancel(owner, name)?;
        pass.note("job.withdrawn", format!("{owner}/{name}"))
    }

    /// Runs one approved job in a box. The home is held to begin and to finish
    /// the run, not while it goes on. Code of others than accepted peers does not
    /// run here; whether the peer still speaks this version is known from the store:
    /// [`SyftboxManager::process_jobs`] looks.
    ///
    /// # Errors
    /// [`Error::Role`](crate::Error::Role); [`Error::PeerState`](crate::Error::PeerState)
    /// for a job of somebody who is no peer; as [`JobStore::run`]; the lock, to begin.
    pub fn run_job(
        &self,
        id: &JobId,
        options: &RunOptions,
        sandbox: &dyn Sandbox,
        log: &mut dyn LogSink,
    ) -> Result<JobRun> {
        self.run_from(&self.known_submitters()?, id, options, sandbox, log)
    }

    /// The one way by which a job runs: its submitter is judged first.
    pub(super) fn run_from(
        &self,
        submitters: &Submitters,
        id: &JobId,
        options: &RunOptions,
        sandbox: &dyn Sandbox,
        log: &mut dyn LogSink,
    ) -> Result<JobRun> {
        self.need_owner()?;
        self.may_run(submitters, id)?;
        let begun = {
            let _pass = self.node.pass()?;
            let begun = self.jobs.begin_run(id, options, sandbox)?;
            self.jobs.project_all()?;
            begun
        };
        let ended = begun.execute(sandbox, log)?;
        log.end();
        let node = self.patient_node();
        let _pass = node.pass()?;
        let run = ended.finish()?;
        self.jobs.project_all()?;
        Ok(run)
    }

    /// This node as it takes its home when there is something to lose: it waits for
    /// as long as another holds it. What ran cannot be had again.
    pub(super) fn patient_node(&self) -> Node {
        Node { lock_wait: Duration::MAX, ..self.node.clone() }
    }

    /// Releases what is named of a finished job to its submitter; the next sync
    /// sends it. `expected_run` is the run that was looked at, if one was.
    ///
    /// # Errors
    /// [`Error::Role`](crate::Error::Role); [`Error::Refused`](crate::Error::Refused) for an
    /// output that is larger than the stores take over which it would go; as
    /// [`JobStore::release`]; the lock.
    pub fn release_job(
        &self,
        id: &JobId,
        expected_run: Option<&str>,
        files: &ReleaseFiles,
        logs: bool,
    ) -> Result<Release> {
        self.need_owner()?;
        let _pass = self.node.pass()?;
        self.check_rooms(id, files)?;
        let release = self.jobs.release(id, expected_run, files, logs)?;
        self.jobs.project_all()?;
        Ok(release)
    }

    /// Refuses outputs that could never be sent, before anything of them is released.
    fn check_rooms(&self, id: &JobId, files: &ReleaseFiles) -> Result<()> {
        let job = self.jobs.received(id)?;
        let rooms = [Room::of(self.node.info_of_mine()), self.node.room_to(job.submitted_by())];
        let folder = job.outputs_folder()?;
        for output in job.outputs()? {
            let is_chosen = match files {
                ReleaseFiles::None => false,
                ReleaseFiles::All => true,
                ReleaseFiles::Paths(paths) => paths.contains(&output.path),
            };
            if !is_chosen || !rooms.iter().any(|room| room.may_lack(output.size)) {
                continue;
            }
            let bytes = self.node.disk.read(&folder.join(output.path.as_str())?, output.size)?;
            let content = Content::from_bytes(bytes);
            for room in &rooms {
                if let Some(size) = room.beyond(&output.path, &content) {
                    return Err(Error::Refused(room.lack(&output.path, size)));
                }
            }
        }
        Ok(())
    }
}
