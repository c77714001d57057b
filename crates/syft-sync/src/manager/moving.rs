use syft_core::Email;

use super::SyftboxManager;
use crate::connect::one_form;
use crate::engine::Draft;
use crate::ledger::TrustFact;
use crate::peers::{Moving, Peer, PeerState, PeerTable, give_up_older, move_on};
use crate::{Error, Result};

impl SyftboxManager {
    /// Reaches a peer over another store from now on. What was exchanged stays as it is, and
    /// what waits for the peer is brought along. Until the peer has done the same, both stores
    /// are used; each sync goes on, and repeating the call does no harm.
    ///
    /// # Errors
    /// [`Error::UnknownPeer`]; [`Error::PeerState`] if nothing is exchanged with the peer;
    /// [`Error::Config`] or [`Error::Transport`] for a store that cannot be opened; the disk,
    /// the lock.
    pub async fn move_peer(&self, peer: impl AsRef<Email> + Send, via: &str) -> Result<Peer> {
        let email = peer.as_ref();
        let via = one_form(via);
        let known = PeerTable::load(&*self.node.disk)?;
        match known.state(email) {
            Some(state) if state.is_connected() => {}
            Some(_) => {
                let problem = "is no peer: nothing is exchanged that could be moved".to_owned();
                return Err(Error::PeerState { peer: email.clone(), problem });
            }
            None => return Err(Error::UnknownPeer(email.clone())),
        }
        self.prepare(std::slice::from_ref(&via))?;
        let mut pass = self.node.pass()?;
        let mut connections = self.look(&mut pass).await?;
        let home = self.home_url().to_owned();
        if let Some(record) = connections.table.peers.get_mut(email)
            && !is_same(&record.via, &via, &home)
        {
            let mut from = record.ways();
            if from.is_empty() {
                from.push(home);
            }
            from.retain(|way| *way != via);
            record.via = vec![via.clone()];
            record.moving =
                Some(Moving { from, since: self.node.clock.now(), came: false, held_up: None });
            let mut draft = Draft::default();
            draft.fact(TrustFact::DatasetsAnew);
            pass.begin(draft)?;
            connections.table.save(&*self.node.disk)?;
            let details = [("via", via.clone().into())];
            pass.note_with("peer.moving", email.to_string(), details)?;
            self.done(format!("{email} is to be reached over {via}"));
        }
        self.settle(&mut pass, &mut connections.table, email).await?;
        for problem in move_on(&mut pass, &mut connections.table).await? {
            self.done(problem);
        }
        self.keep_decision(&mut pass, &connections.table).await?;
        self.find(&connections, email)
    }

    /// Goes on with a peer that is being moved without the store that it leaves, which is gone
    /// for good: what I sent is sent again, and what the peer had sent there, and I had not
    /// taken, is lost unless the peer sends it again, too. Of a peer that is not being moved
    /// nothing changes.
    ///
    /// # Errors
    /// [`Error::UnknownPeer`]; the store to which it is moved; the disk, the lock.
    pub async fn give_up_older_store(&self, peer: impl AsRef<Email> + Send) -> Result<Peer> {
        let email = peer.as_ref();
        let mut pass = self.node.pass()?;
        let mut connections = self.look(&mut pass).await?;
        let record = connections.table.peers.get(email);
        let record = record.ok_or_else(|| Error::UnknownPeer(email.clone()))?;
        if let Some(moving) = record.moving.clone() {
            give_up_older(&mut pass, &mut connections.table, email).await?;
            self.done(format!("{} is given up for {email}", moving.from.join(", ")));
            self.keep_decision(&mut pass, &connections.table).await?;
        }
        self.find(&connections, email)
    }

    /// As [`SyftboxManager::add_peer`], of somebody who is reached over these stores in their
    /// order. The peer names them, too: nothing that it says makes this node look elsewhere.
    /// Of a peer that is connected further stores can be named, as that of its datasets.
    ///
    /// # Errors
    /// As there; [`Error::PeerState`] if the peer is reached over others already, which
    /// [`SyftboxManager::move_peer`] changes; [`Error::Config`] or [`Error::Transport`] for a
    /// store that cannot be opened.
    pub async fn add_peer_via(&self, email: &Email, force: bool, via: &[String]) -> Result<Peer> {
        let via: Vec<String> = via.iter().map(|url| one_form(url)).collect();
        let known = PeerTable::load(&*self.node.disk)?;
        if let Some(record) = known.peers.get(email)
            && record.state == PeerState::Accepted
            && !force
            && record.via != via
        {
            if self.are_further(record, &via) {
                return self.reach_also(email, via).await;
            }
            let problem = format!(
                "is reached over {}: syft peer move keeps what was exchanged",
                record.via.first().map_or(self.home_url(), String::as_str)
            );
            return Err(Error::PeerState { peer: email.clone(), problem });
        }
        self.prepare(&via)?;
        self.add(email, force, Some(via)).await
    }

    /// Makes sure that these stores are there.
    pub(super) fn prepare(&self, via: &[String]) -> Result<()> {
        for url in via.iter().filter(|url| *url != self.home_url()) {
            self.node.stores.create(url)?;
        }
        Ok(())
    }

    fn home_url(&self) -> &str {
        self.node.routes.home()
    }
}

/// Whether this is the store over which a peer is reached.
fn is_same(ways: &[String], via: &str, home: &str) -> bool {
    match ways {
        [] => via == home,
        [only] => only == via,
        _ => false,
    }
}
