use syft_core::{DatasetName, Email, JobName};
use syft_job::{JobKind, Script, Submission, Submitted};

use super::SyftboxManager;
use crate::hello::Dealing;
use crate::peers::PeerState;
use crate::watcher::DatasiteWatcherSyncer;
use crate::{Error, Result};

/// What may be said of a job beside its script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubmitOptions {
    /// Its name; without one it is called `Job - ` and eight hex digits.
    pub name: Option<JobName>,
    /// What it is for, for the one who reviews it.
    pub description: Option<String>,
    /// The packages that it needs.
    pub dependencies: Vec<String>,
    /// The Python file of a folder to start.
    pub entrypoint: Option<String>,
    /// The owner's datasets that it reads.
    pub datasets: Vec<DatasetName>,
    /// Whether to sync afterwards; else the next sync sends it.
    pub sync: bool,
    /// Send it also to an owner who speaks another version of the protocol.
    pub force_submission: bool,
}

/// The seeds' defaults.
impl Default for SubmitOptions {
    fn default() -> Self {
        SubmitOptions {
            name: None,
            description: None,
            dependencies: Vec::new(),
            entrypoint: None,
            datasets: Vec::new(),
            sync: true,
            force_submission: false,
        }
    }
}

impl SyftboxManager {
    /// Sends a Python file or folder to an owner; a text is a script as
    /// [`Script`]'s `From<&str>` reads it.
    ///
    /// # Errors
    /// As [`SyftboxManager::submit_job`].
    pub async fn submit_python_job(
        &self,
        user: &Email,
        script: impl Into<Script> + Send,
        options: SubmitOptions,
    ) -> Result<Submitted> {
        self.submit_kind(JobKind::Python, user, script.into(), options).await
    }

    /// Sends a bash script, or a folder that holds `run.sh`, to an owner; a text is
    /// a script as [`Script`]'s `From<&str>` reads it.
    ///
    /// # Errors
    /// As [`SyftboxManager::submit_job`].
    pub async fn submit_bash_job(
        &self,
        user: &Email,
        script: impl Into<Script> + Send,
        options: SubmitOptions,
    ) -> Result<Submitted> {
        self.submit_kind(JobKind::Bash, user, script.into(), options).await
    }

    async fn submit_kind(
        &self,
        kind: JobKind,
        user: &Email,
        script: Script,
        options: SubmitOptions,
    ) -> Result<Submitted> {
        let SubmitOptions { sync, force_submission, .. } = options;
        let submission = Submission {
            owner: user.clone(),
            name: options.name,
            description: options.description,
            script,
            kind: Some(kind),
            dependencies: options.dependencies,
            entrypoint: options.entrypoint,
            datasets: options.datasets,
            rehearsed: None,
        };
        let submitted = self.submit_job(&submission, force_submission).await?;
        self.sync_if(sync).await?;
        Ok(submitted)
    }

    /// Writes a job for a peer into this home; the next sync sends it. The
    /// peer may be one that has not answered yet: the job waits in its inbox.
    ///
    /// `force` is for this job alone: to a peer who speaks another version it is
    /// sent here and now, since a sync leaves that peer out. It is audited.
    ///
    /// # Errors
    /// [`Error::UnknownPeer`]; [`Error::Incompatible`] unless `force`;
    /// [`Error::Role`]; [`Error::Refused`] for files that an owner's Python client could
    /// not take, or the store over which the owner is reached, also with `force`; what the job
    /// lacks; the disk, the lock.
    pub async fn submit_job(&self, submission: &Submission, force: bool) -> Result<Submitted> {
        self.need_scientist()?;
        let mut pass = self.node.pass()?;
        let owner = &submission.owner;
        let connections = self.look(&mut pass).await?;
        let state = connections.table.state(owner);
        if !matches!(state, Some(PeerState::Accepted | PeerState::RequestedByMe)) {
            return Err(Error::UnknownPeer(owner.clone()));
        }
        connections.table.check_key(owner)?;
        let problem = connections.problem(owner, Dealing::Propose);
        if let Some(detail) = problem.clone().filter(|_| !force) {
            return Err(Error::Incompatible { peer: owner.clone(), detail });
        }
        let submitted = self.jobs.submit(submission)?;
        self.note_queued(&connections)?;
        let watcher = DatasiteWatcherSyncer::new(self, &self.node);
        let is_python = connections.table.is_python(owner);
        if let Err(refused) = watcher.check_job(&pass, owner, &submitted.name, is_python) {
            self.node.disk.remove_dir_all(&submitted.location)?;
            self.jobs.delivered(owner, &submitted.name)?;
            return Err(refused);
        }
        let job = format!("{} {}/{}", submitted.id, owner, submitted.name);
        pass.note("job.submitted", &job)?;
        if problem.is_some() {
            pass.note("submission.forced", &job)?;
            let sent = watcher.propose_job(&mut pass, owner, &submitted.name).await;
            self.unless_away(sent)?;
            self.note_delivered(&pass)?;
        }
        self.done(format!("job {} ({}) is ready for {owner}", submitted.id, submitted.name));
        Ok(submitted)
    }
}
