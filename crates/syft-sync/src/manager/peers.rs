use std::collections::BTreeSet;

use syft_core::{ContentHash, DatasetName, Email, NewEntry};
use syft_crypto::{Bundle, verification_words};
use syft_job::policy::RuleName;
use syft_transport::Space;

use super::{SyftboxManager, closing};
use crate::engine::Draft;
use crate::ledger::TrustFact;
use crate::node::Pass;
use crate::peers::{
    Connections, Peer, PeerList, PeerRecord, PeerState, PeerTable, PinnedKey, greet, show_table,
    withdraw,
};
use crate::report::SyncReport;
use crate::{Error, Hello, Notice, Result, checkpoints, collections};

/// What became of a peer that was removed, and what cannot be undone.
#[derive(Debug, Clone, PartialEq)]
pub struct Removal {
    /// Who.
    pub peer: Peer,
    /// Files of mine that the peer was sent. It is told to forget them; a copy
    /// that it made cannot be recalled.
    pub files: usize,
    /// Datasets whose mocks it could fetch; what it fetched cannot be recalled.
    pub datasets: Vec<DatasetName>,
    /// Whether all of it is withdrawn from the store; else the next sync goes on.
    pub withdrawn: bool,
}

impl SyftboxManager {
    /// Looks in the store who asks and who answered. If the store is away, the
    /// list is what is known here. [`SyftboxManager::peers`] syncs before.
    ///
    /// # Errors
    /// The disk, the lock.
    pub async fn load_peers(&self) -> Result<PeerList> {
        let mut pass = self.node.pass()?;
        let connections = self.look(&mut pass).await?;
        Ok(self.list(&connections))
    }

    /// Asks somebody to become a peer; if that somebody asked first, accepts.
    /// Asking again changes nothing; `force` begins anew.
    ///
    /// # Errors
    /// [`Error::PeerState`] for oneself; the disk, the lock. If the store is
    /// away the request waits for the next sync.
    pub async fn add_peer(&self, email: &Email, force: bool) -> Result<Peer> {
        self.add(email, force, None).await
    }

    /// The same, with the stores over which it is reached, if they are named.
    pub(super) async fn add(
        &self,
        email: &Email,
        force: bool,
        via: Option<Vec<String>>,
    ) -> Result<Peer> {
        if *email == self.node.email {
            let problem = "is this datasite itself".to_owned();
            return Err(Error::PeerState { peer: email.clone(), problem });
        }
        let mut pass = self.node.pass()?;
        let mut connections = self.look(&mut pass).await?;
        if !force {
            connections.table.check_key(email)?;
        }
        let known = connections.table.peers.get(email);
        let had = known.map(|record| record.via.as_slice()).unwrap_or_default();
        let looks_again = via.is_some();
        let is_elsewhere = via.as_deref().is_some_and(|via| via != had);
        let asked_me = connections.heard.get(email).is_some_and(|heard| heard.hello.is_ok());
        // Over other stores it may have asked, too: they are looked into below.
        let wanted =
            if asked_me && via.is_none() { PeerState::Accepted } else { PeerState::RequestedByMe };
        match connections.table.state(email) {
            Some(PeerState::Accepted | PeerState::RequestedByMe) if !force && !is_elsewhere => {
                self.done(format!("{email} was asked before"));
            }
            _ => {
                pass.note("peer.added", email.to_string())?;
                connections.decide(&self.node, email, wanted);
                if let Some(record) = connections.table.peers.get_mut(email) {
                    record.greeted = false;
                    record.said = None;
                    if let Some(via) = via {
                        (record.via, record.moving) = (via, None);
                    }
                    if force && (record.alarm.take().is_some() || record.seals) {
                        // Begun anew: the key that is shown next is the first one.
                        (record.key, record.seals) = (None, false);
                        pass.note("peer.key_forgotten", email.to_string())?;
                    }
                }
                connections.table.note_trusted(&pass, email)?;
                connections.keep_bundles(&*self.node.disk)?;
                connections.table.save(&*self.node.disk)?;
                if looks_again {
                    connections = self.look(&mut pass).await?;
                }
                self.done(match connections.table.state(email).unwrap_or(wanted) {
                    PeerState::Accepted => format!("{email} is a peer now"),
                    _ => format!("asked {email} to become a peer"),
                });
            }
        }
        self.settle(&mut pass, &mut connections.table, email).await?;
        self.keep_decision(&mut pass, &connections.table).await?;
        self.find(&connections, email)
    }

    /// Accepts a peer's request, named by its address or as a peer of a list: the
    /// peer gets a folder for jobs and every dataset that is for any peer, at once
    /// or, if the store is away, with the next sync; which also sends everything
    /// else that the peer may read.
    ///
    /// # Errors
    /// [`Error::UnknownPeer`] if nobody of that address asked and `peer_must_exist`;
    /// [`Error::Role`]; the disk, the lock.
    pub async fn approve_peer_request(
        &self,
        peer: impl AsRef<Email> + Send,
        peer_must_exist: bool,
    ) -> Result<Peer> {
        self.approve(peer.as_ref(), peer_must_exist, None).await
    }

    /// The same of one who shows the key of these words, which were compared with the
    /// peer: it is verified from the first moment on.
    ///
    /// # Errors
    /// As there; [`Error::OtherWords`]; [`Error::NotFound`] if no key is shown.
    pub async fn approve_verified_peer(
        &self,
        peer: impl AsRef<Email> + Send,
        words: &str,
    ) -> Result<Peer> {
        self.approve(peer.as_ref(), true, Some(words)).await
    }

    async fn approve(
        &self,
        email: &Email,
        peer_must_exist: bool,
        words: Option<&str>,
    ) -> Result<Peer> {
        self.need_owner()?;
        let mut pass = self.node.pass()?;
        let mut connections = self.look(&mut pass).await?;
        let known = connections.table.state(email);
        let heard = connections.heard.contains_key(email);
        if known.is_none() && !heard && peer_must_exist {
            return Err(Error::UnknownPeer(email.clone()));
        }
        if known == Some(PeerState::RequestedByMe) && peer_must_exist {
            let problem = "has not answered yet: the request is yours".to_owned();
            return Err(Error::PeerState { peer: email.clone(), problem });
        }
        connections.table.check_key(email)?;
        let verified = words.map(|words| verified_key(&connections, email, words)).transpose()?;
        if known != Some(PeerState::Accepted) {
            if let Some(Err(reason)) = connections.heard.get(email).map(|heard| &heard.hello) {
                let problem = format!("has asked in words that cannot be read: {reason}");
                return Err(Error::PeerState { peer: email.clone(), problem });
            }
            self.accept(&mut pass, &mut connections, email, None, verified.is_some())?;
            self.done(format!("{email} is a peer now"));
        }
        if let Some(fingerprint) = verified {
            self.note_verified(&mut pass, &mut connections, email, fingerprint)?;
        }
        self.settle(&mut pass, &mut connections.table, email).await?;
        self.keep_decision(&mut pass, &connections.table).await?;
        self.find(&connections, email)
    }

    /// The words of the key that a peer shows: the one by which it is known, or if that
    /// has changed, the other one.
    ///
    /// # Errors
    /// [`Error::UnknownPeer`]; [`Error::NotFound`] if the peer shows no key; the disk, the
    /// lock.
    pub async fn words_of(&self, email: &Email) -> Result<String> {
        let mut pass = self.node.pass()?;
        let connections = self.look(&mut pass).await?;
        let record = connections.table.peers.get(email);
        let record = record.ok_or_else(|| Error::UnknownPeer(email.clone()))?;
        Ok(verification_words(email, &shown_key(email, record)?))
    }

    /// Notes that the words of a peer's key were compared with the peer, who is verified
    /// from now on. If the key had changed, the one with these words takes the place of
    /// the old one.
    ///
    /// # Errors
    /// [`Error::OtherWords`]; [`Error::UnknownPeer`]; [`Error::NotFound`] if the peer shows
    /// no key; the disk, the lock.
    pub async fn verify_peer(&self, peer: impl AsRef<Email> + Send, words: &str) -> Result<Peer> {
        let email = peer.as_ref();
        let mut pass = self.node.pass()?;
        let mut connections = self.look(&mut pass).await?;
        let record = connections.table.peers.get(email);
        let record = record.ok_or_else(|| Error::UnknownPeer(email.clone()))?;
        let had_alarm = record.alarm.is_some();
        let fingerprint = same_key(email, shown_key(email, record)?, words)?;
        self.note_verified(&mut pass, &mut connections, email, fingerprint)?;
        if had_alarm {
            // What the new key says was not listened to yet.
            connections = self.look(&mut pass).await?;
        }
        self.keep_decision(&mut pass, &connections.table).await?;
        self.find(&connections, email)
    }

    fn note_verified(
        &self,
        pass: &mut Pass<'_>,
        connections: &mut Connections,
        email: &Email,
        fingerprint: ContentHash,
    ) -> Result<()> {
        let Some(record) = connections.table.peers.get_mut(email) else { return Ok(()) };
        let is_another = record.key.is_some_and(|key| key.fingerprint != fingerprint);
        record.key = Some(PinnedKey { fingerprint, verified: Some(self.node.clock.now()) });
        record.alarm = None;
        pass.note("peer.verified", format!("{email} {fingerprint}"))?;
        connections.keep_bundles(&*self.node.disk)?;
        connections.table.save(&*self.node.disk)?;
        if is_another {
            // Whoever has other keys begins anew: what was sealed with the old ones is gone.
            let me = || self.node.email.clone();
            let mut draft = Draft::default();
            for space in [
                Space::Inbox { owner: me(), sender: email.clone() },
                Space::Outbox { owner: email.clone(), recipient: me() },
            ] {
                draft.fact(TrustFact::Anew { channel: space.to_string() });
            }
            pass.begin(draft)?;
        }
        Ok(())
    }

    /// Refuses a peer's request, named by its address or as a peer of a list; the
    /// peer is told nothing.
    ///
    /// # Errors
    /// [`Error::UnknownPeer`] if nobody of that address asked;
    /// [`Error::PeerState`] if the peer is connected; [`Error::Role`]; the disk, the lock.
    pub async fn reject_peer_request(&self, peer: impl AsRef<Email> + Send) -> Result<Peer> {
        let email = peer.as_ref();
        self.need_owner()?;
        let mut pass = self.node.pass()?;
        let mut connections = self.look(&mut pass).await?;
        match connections.table.state(email) {
            Some(PeerState::Rejected | PeerState::Removed) => {}
            Some(PeerState::Accepted) => {
                let problem = "is connected already".to_owned();
                return Err(Error::PeerState { peer: email.clone(), problem });
            }
            None if !connections.heard.contains_key(email) => {
                return Err(Error::UnknownPeer(email.clone()));
            }
            _ => {
                pass.note("peer.rejected", email.to_string())?;
                connections.decide(&self.node, email, PeerState::Rejected);
                connections.table.save(&*self.node.disk)?;
                self.done(format!("refused the request of {email}"));
                self.keep_decision(&mut pass, &connections.table).await?;
            }
        }
        self.find(&connections, email)
    }

    /// Ends it with a peer: nothing of it is taken from now on, its job folder is
    /// closed, it is told to forget every file that it was sent, what lay in the
    /// store for it is deleted, no dataset is shared with it any more, and what only
    /// peers see of me it sees no longer, where the store keeps who may see what. The
    /// peer is kept as removed; approving or adding it begins anew. If the store
    /// is away, the next sync goes on.
    ///
    /// # Errors
    /// [`Error::UnknownPeer`]; [`Error::PeerState`] for a mere request; the disk,
    /// the lock.
    pub async fn remove_peer(&self, peer: impl AsRef<Email> + Send) -> Result<Removal> {
        let email = peer.as_ref();
        let mut pass = self.node.pass()?;
        let mut connections = self.look(&mut pass).await?;
        match connections.table.state(email) {
            Some(state) if state.is_connected() || state == PeerState::Removed => {}
            Some(_) => {
                let problem = "is no peer: its request was rejected".to_owned();
                return Err(Error::PeerState { peer: email.clone(), problem });
            }
            None if connections.heard.contains_key(email) => {
                let problem = "is no peer yet: its request can be rejected".to_owned();
                return Err(Error::PeerState { peer: email.clone(), problem });
            }
            None => return Err(Error::UnknownPeer(email.clone())),
        }
        if connections.table.state(email) != Some(PeerState::Removed) {
            pass.note("peer.removed", email.to_string())?;
            connections.decide(&self.node, email, PeerState::Removed);
            connections.table.save(&*self.node.disk)?;
            self.done(format!("{email} is no peer any more: nothing of theirs is taken"));
        }
        let files = pass.ledger.state().sent.get(email).map_or(0, |sent| sent.len());
        let published = pass.ledger.state().published.iter();
        let readable = published.filter(|(_, published)| published.readers.contains(email));
        let datasets: Vec<DatasetName> = readable.map(|(name, _)| name.clone()).collect();
        if self.role.is_owner() {
            closing::close_job_inbox(&pass, email)?;
            self.done(format!("closed the job folder of {email}"));
            self.unshare_all(&pass, email)?;
        }
        let done = withdraw(&mut pass, &mut connections.table, email, self.role).await;
        self.unless_away(done)?;
        self.keep_decision(&mut pass, &connections.table).await?;
        let withdrawn = !connections.table.to_withdraw().any(|waits| waits == email);
        if withdrawn && files + datasets.len() > 0 {
            self.done(format!(
                "told {email} to forget {files} files, and shares {} datasets no longer; \
                 what they copied cannot be recalled",
                datasets.len()
            ));
        }
        Ok(Removal { peer: self.find(&connections, email)?, files, datasets, withdrawn })
    }

    /// Takes a peer out of the audience of each dataset that names it. One for any
    /// peer is shared with those that are peers.
    fn unshare_all(&self, pass: &Pass<'_>, email: &Email) -> Result<()> {
        let removal = syft_dataset::Audience::users(BTreeSet::from([email.clone()]));
        for dataset in self.datasets.list()?.datasets {
            if matches!(&dataset.audience, Some(syft_dataset::Audience::Users(users)) if users.contains(email))
            {
                self.datasets.unshare(&dataset.name, &removal)?;
                let from = [("from", email.as_str().into())];
                pass.note_with("dataset.unshared", dataset.name.to_string(), from)?;
                self.done(format!("dataset {} is shared with {email} no longer", dataset.name));
            }
        }
        Ok(())
    }

    /// Takes somebody for a peer, by a rule of mine if one is named.
    pub(super) fn accept(
        &self,
        pass: &mut Pass<'_>,
        connections: &mut Connections,
        email: &Email,
        rule: Option<&RuleName>,
        verified: bool,
    ) -> Result<()> {
        let rule = rule.map(|rule| ("rule".to_owned(), rule.as_str().into()));
        pass.node.audit.append(NewEntry {
            key: None,
            at: pass.node.clock.now(),
            actor: pass.node.email.to_string(),
            action: "peer.approved".to_owned(),
            subject: email.to_string(),
            details: rule.into_iter().collect(),
        })?;
        connections.decide(&self.node, email, PeerState::Accepted);
        if !verified {
            connections.table.note_trusted(pass, email)?;
        }
        connections.keep_bundles(&*self.node.disk)?;
        connections.table.save(&*self.node.disk)
    }

    /// What follows from a decision on a peer; what the store does not take now
    /// is done by the next sync.
    pub(super) async fn settle(
        &self,
        pass: &mut Pass<'_>,
        table: &mut PeerTable,
        email: &Email,
    ) -> Result<()> {
        self.node.lead(table);
        let is_new_reader = self.role.is_owner() && table.state(email) == Some(PeerState::Accepted);
        if is_new_reader {
            closing::reopen_job_inbox(pass, email)?;
            self.done(format!("{email} may send jobs into their folder here"));
        }
        greet(pass, table).await?;
        if !is_new_reader {
            return Ok(());
        }
        let peers: BTreeSet<Email> = table.in_state(PeerState::Accepted).cloned().collect();
        let mut report = SyncReport::default();
        let shared =
            collections::share_with(pass, &self.datasets, &peers, email, &mut report).await;
        for name in self.unless_away(shared)?.unwrap_or_default() {
            self.done(format!("dataset {name} is shared with {email}"));
        }
        for problem in report.notes {
            self.done(problem);
        }
        Ok(())
    }

    /// Puts a decision on a peer into the backup at once, so that a fresh machine
    /// does not restore a removed peer as accepted. What stands in the way is told,
    /// and the next sync tries again. A home without a history waits for the restore,
    /// which reads what would be replaced here.
    pub(super) async fn keep_decision(&self, pass: &mut Pass<'_>, table: &PeerTable) -> Result<()> {
        if !self.role.is_owner() || !pass.ledger.state().has_begun() {
            return Ok(());
        }
        let kept = match checkpoints::back_up(pass, table, &self.jobs).await {
            Ok(()) => show_table(pass, table).await,
            kept => kept,
        };
        match kept {
            Err(error @ (Error::Refused(_) | Error::Integrity(_))) => {
                self.done(error.to_string());
                Ok(())
            }
            done => self.unless_away(done).map(drop),
        }
    }

    /// The peers as the store shows them; one that is away is told.
    pub(super) async fn look(&self, pass: &mut Pass<'_>) -> Result<Connections> {
        let mut report = SyncReport::default();
        let connections = self.connect(pass, true, &mut report).await?;
        self.node.tell_of_stores(&mut report);
        if let Some(reason) = report.store {
            self.node.notices.notice(&Notice::StoreAway { reason });
        }
        Ok(connections)
    }

    pub(super) fn list(&self, connections: &Connections) -> PeerList {
        connections.list(&self.node, self.role)
    }

    pub(super) fn find(&self, connections: &Connections, email: &Email) -> Result<Peer> {
        let found = self.list(connections).get(email).cloned();
        found.ok_or_else(|| Error::UnknownPeer(email.clone()))
    }

    /// A store that is away is told, and is no error: what is due waits.
    pub(super) fn unless_away<T>(&self, result: Result<T>) -> Result<Option<T>> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(Error::Transport(error)) => {
                self.node.notices.notice(&Notice::StoreAway { reason: error.to_string() });
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Tells a step that was taken.
    pub(super) fn done(&self, what: String) {
        self.node.notices.notice(&Notice::Done(what));
    }
}

/// Whether somebody typed these words, however they set them apart.
fn is_same_words(typed: &str, words: &str) -> bool {
    let typed = typed.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    typed.map(str::to_lowercase).eq(words.split(' '))
}

/// The key that a peer shows now.
fn shown_key(email: &Email, record: &PeerRecord) -> Result<ContentHash> {
    let pinned = record.key.map(|key| key.fingerprint);
    let shown = record.alarm.map_or(pinned, |alarm| alarm.shown);
    shown.ok_or_else(|| no_key(email))
}

/// The key of somebody who asks, which must have these words.
fn verified_key(connections: &Connections, email: &Email, words: &str) -> Result<ContentHash> {
    let pinned = connections.table.peers.get(email).and_then(|record| record.key);
    let heard = connections.heard.get(email).and_then(|heard| heard.hello.as_ref().ok());
    let shown = heard.and_then(Hello::bundle).map(Bundle::fingerprint);
    let key = pinned.map(|key| key.fingerprint).or(shown);
    same_key(email, key.ok_or_else(|| no_key(email))?, words)
}

fn same_key(email: &Email, key: ContentHash, words: &str) -> Result<ContentHash> {
    let shown = verification_words(email, &key);
    match is_same_words(words, &shown) {
        true => Ok(key),
        false => Err(Error::OtherWords { peer: email.clone(), shown }),
    }
}

fn no_key(email: &Email) -> Error {
    Error::NotFound(format!("{email} shows no key that could be compared"))
}
