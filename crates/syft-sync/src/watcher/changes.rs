use syft_core::{Content, DatasitePath, Email, HomePath};

use super::DatasiteWatcherSyncer;
use crate::engine::{NewFile, on_meant};
use crate::node::Pass;
use crate::owner::note_problem;
use crate::peers::{PeerState, PeerTable};
use crate::perform::{Outgoing, hash_of};
use crate::report::SyncReport;
use crate::{Error, Result};

impl DatasiteWatcherSyncer<'_> {
    /// Queues a change in the copy of a peer's datasite, to be proposed to the
    /// peer. `path` is relative to the home, its first component the peer. With
    /// `content` the file is written first; without, it is taken as it stands.
    /// With `process_now` the queue is sent at once, else by the next sync. A
    /// store that is away is no error: the change waits.
    ///
    /// Whether the peer takes it is the peer's decision: by its `syft.pub.yaml`,
    /// and by what it has there (seed: `on_file_change`).
    ///
    /// # Errors
    /// A path that is not of a peer's datasite, or never travels, or that a peer's
    /// Python client could not take; no file there; the disk, the lock.
    pub async fn on_file_change(
        &self,
        path: &str,
        content: Option<&[u8]>,
        process_now: bool,
    ) -> Result<()> {
        let (owner, path) = self.of_a_peer(path)?;
        let mut pass = self.node.pass()?;
        let file = HomePath::in_datasite(&owner, &path);
        let here = hash_of(&*self.node.disk, &file)?;
        if here.is_none() && content.is_none() {
            return Err(Error::NotFound(format!("there is no file {owner}/{path} here")));
        }
        if PeerTable::load(&*self.node.disk)?.is_python(&owner) {
            self.check_change(&pass, &owner, &path, content)?;
        }
        pass.carry_out(on_meant(&owner, &path, here, content)).await?;
        drop(pass);
        if process_now { self.process_file_changes_queue().await.map(drop) } else { Ok(()) }
    }

    /// Whether an owner that runs the Python client could take a change.
    fn check_change(
        &self,
        pass: &Pass<'_>,
        owner: &Email,
        path: &DatasitePath,
        content: Option<&[u8]>,
    ) -> Result<()> {
        let content = match content {
            Some(bytes) => Some(Content::from_bytes(bytes.to_vec())),
            None => self.read(owner, path)?,
        };
        let file = content.map(|content| NewFile { path: path.clone(), content });
        match self.unfit(pass, owner, file.as_slice()).first() {
            Some((path, why)) => Err(Error::Refused(format!("{owner}/{path}: {why}"))),
            None => Ok(()),
        }
    }

    /// Proposes every change that is queued, one message per peer and batch.
    ///
    /// # Errors
    /// The disk, the lock. What is wrong with a peer or the store is in the report.
    pub async fn process_file_changes_queue(&self) -> Result<SyncReport> {
        let mut pass = self.node.pass()?;
        let mut report = SyncReport::default();
        let owners: Vec<Email> = pass.ledger.state().meant.keys().cloned().collect();
        let table = PeerTable::load(&*self.node.disk)?;
        let mut outgoing = Outgoing::default();
        for owner in &owners {
            let proposed = match table.check_key(owner) {
                Ok(()) => self.propose(&mut pass, owner, &mut outgoing, &mut report),
                Err(changed) => Err(changed),
            };
            if let Err(error) = proposed {
                note_problem(&mut report, owner, error)?;
            }
        }
        pass.send(&mut outgoing, &mut report).await?;
        report.queued_out = pass.ledger.queued_out();
        Ok(report)
    }

    /// The peer and the file that a path below the home means.
    fn of_a_peer(&self, path: &str) -> Result<(Email, DatasitePath)> {
        let (owner, below) = path.split_once('/').unwrap_or((path, ""));
        let owner = Email::parse(owner)?;
        if owner == self.node.email {
            let reason =
                format!("{path} is in your own datasite: sync finds what you change there");
            return Err(Error::Refused(reason));
        }
        let table = PeerTable::load(&*self.node.disk)?;
        match table.state(&owner) {
            Some(PeerState::Accepted | PeerState::RequestedByMe) => {}
            _ => return Err(Error::UnknownPeer(owner)),
        }
        let below = DatasitePath::parse(below)?;
        if !self.node.layouts.of(&owner).travels(&below) {
            return Err(Error::Refused(format!("{owner}/{below} never travels as a change")));
        }
        Ok((owner, below))
    }
}
