use syft_core::Checkpoint;

use super::SyftboxManager;
use crate::checkpoints::{self, Due, Home};
use crate::node::Pass;
use crate::report::SyncReport;
use crate::{
    CheckpointInfo, CheckpointStatus, Error, MadeCheckpoint, Notice, Restored, Result, SyncOptions,
};

impl SyftboxManager {
    /// Makes a full checkpoint of my datasite, so that a fresh machine of mine has
    /// one object to fetch instead of the whole event log. Syncs first: it holds
    /// the datasite as it is. What it holds is retired from the store once the
    /// checkpoint was read back.
    ///
    /// # Errors
    /// [`Error::Role`] for a scientist; the store;
    /// [`Error::Integrity`] if the store gives back something else, when nothing
    /// was retired; [`Error::Refused`] for a datasite that is too large for one
    /// object.
    pub async fn create_checkpoint(&self) -> Result<Checkpoint> {
        self.need_owner()?;
        let options = SyncOptions { auto_checkpoint: false, ..SyncOptions::default() };
        self.sync(&options).await?;
        checkpoints::make_full(&mut self.settled_pass().await?).await
    }

    /// Whether there are at least `threshold` events since the last checkpoint.
    ///
    /// # Errors
    /// [`Error::Role`] for a scientist; the disk, the lock.
    pub fn should_create_checkpoint(&self, threshold: usize) -> Result<bool> {
        self.need_owner()?;
        let pass = self.node.pass()?;
        Ok(checkpoints::due(&pass.ledger.state().saved, threshold, usize::MAX) != Due::Nothing)
    }

    /// Makes a checkpoint if there are at least `threshold` events since the last
    /// one: an incremental one, or a full one in place of `compacting_threshold`
    /// incremental ones. `None` if none is due.
    ///
    /// # Errors
    /// As [`SyftboxManager::create_checkpoint`].
    pub async fn try_create_checkpoint(
        &self,
        threshold: usize,
        compacting_threshold: usize,
    ) -> Result<Option<MadeCheckpoint>> {
        self.need_owner()?;
        let mut pass = self.settled_pass().await?;
        checkpoints::make_due(&mut pass, threshold, compacting_threshold).await
    }

    /// Where the backup of my datasite stands, and what a fresh machine would fetch.
    ///
    /// # Errors
    /// [`Error::Role`] for a scientist; the store; the disk, the lock.
    pub async fn checkpoint_status(&self) -> Result<CheckpointStatus> {
        self.need_owner()?;
        checkpoints::status(&self.node.pass()?).await
    }

    /// The pieces of the backup of my datasite as they lie in the store, in the
    /// order in which a fresh machine takes them.
    ///
    /// # Errors
    /// [`Error::Role`] for a scientist; the store; the disk, the lock.
    pub async fn checkpoints(&self) -> Result<Vec<CheckpointInfo>> {
        self.need_owner()?;
        checkpoints::list(&self.node.pass()?).await
    }

    /// What this login found in the store and brought here; `None` if this home
    /// had a history of its own, or the store had none of it.
    #[must_use]
    pub fn restored(&self) -> Option<&Restored> {
        self.restored.as_ref()
    }

    /// A pass that has finished what an earlier one left for the store.
    async fn settled_pass(&self) -> Result<Pass<'_>> {
        let mut pass = self.node.pass()?;
        if let Some(error) = pass.finish_pending().await? {
            return Err(Error::Transport(error));
        }
        if pass.ledger.state().has_begun() {
            return Ok(pass);
        }
        Err(Error::Refused(
            "your datasite was not restored yet from the backup that the store may have, so              there is nothing to make a checkpoint of"
                .to_owned(),
        ))
    }

    /// Makes the home of an owner from the backup, if nothing was ever done here.
    /// The one place where something comes back after a restore.
    pub(super) async fn restore(&self, pass: &mut Pass<'_>) -> Result<Home> {
        if !self.role.is_owner() {
            return Ok(Home::Kept);
        }
        let mut home = checkpoints::restore_if_new(pass).await?;
        if let Home::Restored(restored) = &home {
            let told = format!("restored {} files from the store", restored.files);
            self.node.notices.notice(&Notice::Done(told));
        }
        if pass.ledger.state().private_due {
            let mut report = SyncReport::default();
            let private = self.restore_private_in(pass, &mut report).await?.len();
            let mut notes = report.notes;
            notes.extend(report.store.map(|why| format!("private parts of datasets wait: {why}")));
            home = home.with_private(private, notes);
        }
        Ok(home)
    }

    /// As [`SyftboxManager::restore`], at the start of a sync. Returns whether it
    /// is known what my datasite holds.
    pub(super) async fn restore_in_sync(
        &self,
        pass: &mut Pass<'_>,
        report: &mut SyncReport,
    ) -> Result<bool> {
        match self.restore(pass).await? {
            Home::Kept => Ok(true),
            Home::Restored(restored) => {
                report.notes.extend(restored.notes);
                report.datasets += restored.private;
                if restored.files > 0 {
                    let told = format!("restored {} files from the store", restored.files);
                    report.notes.push(told);
                }
                Ok(true)
            }
            Home::Away(problem) => {
                report.store.get_or_insert(problem);
                Ok(false)
            }
            Home::Waits(reason) => {
                report.notes.push(format!("your datasite waits: {reason}"));
                Ok(false)
            }
            Home::NotMine(reason) => {
                report.alarms.push(format!("your datasite waits: {reason}"));
                Ok(false)
            }
            Home::OtherLayout(layout) => {
                let reason = checkpoints::other_layout(layout);
                report.notes.push(format!("your datasite waits: {reason}"));
                Ok(false)
            }
        }
    }
}
