use syft_core::Email;

use super::{SyftboxManager, setup};
use crate::peers::{Peer, PeerState, PeerTable, greet};
use crate::report::SyncReport;
use crate::{Error, Result};

impl SyftboxManager {
    /// Looks in the store who asks and who answered. If the store is away, the
    /// list is what is known here.
    ///
    /// # Errors
    /// The disk, the lock.
    pub async fn load_peers(&self) -> Result<Vec<Peer>> {
        let mut pass = self.node.pass()?;
        let connections = self.connect(&mut pass, &mut SyncReport::default()).await?;
        Ok(connections.list(&*self.node.transport))
    }

    /// Asks somebody to become a peer; if that somebody asked first, accepts.
    /// Asking again changes nothing; `force` begins anew.
    ///
    /// # Errors
    /// [`Error::PeerState`] for oneself; the disk, the lock. If the store is
    /// away the request waits for the next sync.
    pub async fn add_peer(&self, email: &Email, force: bool) -> Result<Peer> {
        if *email == self.node.email {
            let problem = "is this datasite itself".to_owned();
            return Err(Error::PeerState { peer: email.clone(), problem });
        }
        let mut pass = self.node.pass()?;
        let mut connections = self.connect(&mut pass, &mut SyncReport::default()).await?;
        let asked_me = connections.heard.get(email).is_some_and(|heard| heard.hello.is_ok());
        let wanted = if asked_me { PeerState::Accepted } else { PeerState::RequestedByMe };
        let now = self.node.clock.now();
        match connections.table.state(email) {
            Some(PeerState::Accepted | PeerState::RequestedByMe) if !force => {}
            _ => {
                pass.note("peer.added", email.to_string())?;
                connections.table.set(email, wanted, now);
                if let Some(record) = connections.table.peers.get_mut(email) {
                    record.greeted = false;
                }
                connections.table.save(&*self.node.disk)?;
            }
        }
        self.settle(&mut pass, &mut connections.table, email).await?;
        find(connections.list(&*self.node.transport), email)
    }

    /// Accepts a peer's request: the peer gets a folder for jobs and, with the
    /// next sync, everything that peers may read.
    ///
    /// # Errors
    /// [`Error::UnknownPeer`] if nobody of that address asked and `peer_must_exist`;
    /// [`Error::Role`]; the disk, the lock.
    pub async fn approve_peer_request(&self, email: &Email, peer_must_exist: bool) -> Result<Peer> {
        self.need_owner()?;
        let mut pass = self.node.pass()?;
        let mut connections = self.connect(&mut pass, &mut SyncReport::default()).await?;
        let known = connections.table.state(email);
        let heard = connections.heard.contains_key(email);
        if known.is_none() && !heard && peer_must_exist {
            return Err(Error::UnknownPeer(email.clone()));
        }
        if known == Some(PeerState::RequestedByMe) && peer_must_exist {
            let problem = "has not answered yet: the request is yours".to_owned();
            return Err(Error::PeerState { peer: email.clone(), problem });
        }
        if known != Some(PeerState::Accepted) {
            pass.note("peer.approved", email.to_string())?;
            connections.table.set(email, PeerState::Accepted, self.node.clock.now());
            connections.table.save(&*self.node.disk)?;
        }
        self.settle(&mut pass, &mut connections.table, email).await?;
        find(connections.list(&*self.node.transport), email)
    }

    /// Refuses a peer's request; the peer is told nothing.
    ///
    /// # Errors
    /// [`Error::UnknownPeer`] if nobody of that address asked;
    /// [`Error::PeerState`] if the peer is connected; [`Error::Role`]; the disk, the lock.
    pub async fn reject_peer_request(&self, email: &Email) -> Result<Peer> {
        self.need_owner()?;
        let mut pass = self.node.pass()?;
        let mut connections = self.connect(&mut pass, &mut SyncReport::default()).await?;
        match connections.table.state(email) {
            Some(PeerState::Rejected) => {}
            Some(PeerState::Accepted) => {
                let problem = "is connected already".to_owned();
                return Err(Error::PeerState { peer: email.clone(), problem });
            }
            None if !connections.heard.contains_key(email) => {
                return Err(Error::UnknownPeer(email.clone()));
            }
            _ => {
                pass.note("peer.rejected", email.to_string())?;
                connections.table.set(email, PeerState::Rejected, self.node.clock.now());
                connections.table.save(&*self.node.disk)?;
            }
        }
        find(connections.list(&*self.node.transport), email)
    }

    /// What follows from a decision on a peer; what the store does not take now
    /// is done by the next sync.
    async fn settle(
        &self,
        pass: &mut crate::node::Pass<'_>,
        table: &mut PeerTable,
        email: &Email,
    ) -> Result<()> {
        if self.role.is_owner() && table.state(email) == Some(PeerState::Accepted) {
            setup::open_job_inbox(pass, email)?;
        }
        greet(pass, table).await?;
        Ok(())
    }
}

fn find(peers: Vec<Peer>, email: &Email) -> Result<Peer> {
    let found = peers.into_iter().find(|peer| peer.email == *email);
    found.ok_or_else(|| Error::UnknownPeer(email.clone()))
}
