use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use syft_core::{DatasitePath, Email};
use syft_job::Queued;
use syft_transport::Space;

use super::{SyftboxManager, setup};
use crate::hello::Dealing;
use crate::node::Pass;
use crate::owner::DatasiteOwnerSyncer;
use crate::peers::{Connections, PeerRecord, PeerState, PeerTable, refresh, show_table, withdraw};
use crate::report::SyncReport;
use crate::reset::forget_store;
use crate::watcher::DatasiteWatcherSyncer;
use crate::{Error, Notice, Result, Role, checkpoints, collections, evidence};

/// What a sync is to do.
#[derive(Debug, Clone)]
pub struct SyncOptions {
    /// Only with these peers; with all if there are none.
    pub peers: BTreeSet<Email>,
    /// Whether checkpoints are made when they are due.
    pub auto_checkpoint: bool,
    /// The number of events since the last checkpoint that makes the next one due.
    pub checkpoint_threshold: usize,
    /// The number of incremental checkpoints that makes a full one due.
    pub compacting_threshold: usize,
    /// Whether to look for my own edits: what the disk says changed is hashed.
    pub recompute_hashes: bool,
    /// Whether to ask the store first what others did, where that is a call of its own.
    pub look: bool,
}

/// The seeds' defaults.
impl Default for SyncOptions {
    fn default() -> Self {
        SyncOptions {
            peers: BTreeSet::new(),
            auto_checkpoint: true,
            checkpoint_threshold: 50,
            compacting_threshold: 10,
            recompute_hashes: true,
            look: true,
        }
    }
}

/// With whom a pass deals, as what.
#[derive(Debug, Default)]
struct Partners {
    /// Those whom I serve as an owner.
    served: BTreeSet<Email>,
    /// Those to whom I propose as a scientist.
    proposed_to: BTreeSet<Email>,
    /// Those from whom I take as a scientist.
    pulled_from: BTreeSet<Email>,
}

impl SyftboxManager {
    /// One pass: finishes what an earlier one left, looks for peers, takes and
    /// sends what is due. If the store is away, what is due waits and the report
    /// says so.
    ///
    /// # Errors
    /// Those of this machine: the disk, the lock, a damaged journal. What is
    /// wrong with a peer or a message is in the report.
    pub async fn sync(&self, options: &SyncOptions) -> Result<SyncReport> {
        Ok(self.sync_and_look(options).await?.0)
    }

    /// Sends what this home has for others, by what is known of them: a sync that does not
    /// ask the store what others did, unless a peer has said nothing yet, or this manager has
    /// not asked before.
    ///
    /// # Errors
    /// As [`SyftboxManager::sync`].
    pub async fn deliver(&self) -> Result<SyncReport> {
        let table = PeerTable::load(&*self.node.disk)?;
        let awaits = |peer: &PeerRecord| peer.state.is_connected() && peer.kind.is_none();
        let look = !self.node.looked.load(Ordering::Relaxed) || table.peers.values().any(awaits);
        self.sync(&SyncOptions { look, ..SyncOptions::default() }).await
    }

    /// As [`SyftboxManager::sync`], with the peers as this pass found them.
    pub(super) async fn sync_and_look(
        &self,
        options: &SyncOptions,
    ) -> Result<(SyncReport, Connections)> {
        self.sync_as(options, self.role).await
    }

    /// The owner's half of a sync.
    pub(crate) async fn sync_owner(&self, options: &SyncOptions) -> Result<SyncReport> {
        self.need_owner()?;
        Ok(self.sync_as(options, Role::Owner).await?.0)
    }

    /// The scientist's half of a sync.
    pub(crate) async fn sync_scientist(&self, options: &SyncOptions) -> Result<SyncReport> {
        self.need_scientist()?;
        Ok(self.sync_as(options, Role::Scientist).await?.0)
    }

    async fn sync_as(
        &self,
        options: &SyncOptions,
        role: Role,
    ) -> Result<(SyncReport, Connections)> {
        if !self.has_store {
            let home = self.node.home.display().to_string();
            return Err(Error::NotLoggedIn { home });
        }
        let mut pass = self.node.pass()?;
        let mut report = SyncReport::default();
        self.datasets.recover()?;
        if let Some(error) = pass.finish_pending().await? {
            report.store = Some(error.to_string());
        }
        if pass.ledger.state().emptying {
            // It was stopped half-way.
            let forgotten = forget_store(&mut pass).await;
            store_problem(&mut report, forgotten)?;
        }
        let is_known = self.restore_in_sync(&mut pass, &mut report).await?;
        if is_known || !role.is_owner() {
            let taken = evidence::take_sealing(&mut pass).await;
            store_problem(&mut report, taken)?;
        }
        let mut connections = self.connect(&mut pass, options.look, &mut report).await?;
        evidence::take_keys(&mut pass, &connections.table.peers, &mut report).await?;
        if role.is_owner() && is_known {
            let accepted = self.accept_by_rule(&mut pass, &mut connections, &mut report).await;
            store_problem(&mut report, accepted)?;
        }
        let wanted = |email: &Email| options.peers.is_empty() || options.peers.contains(email);
        let partners = self.partners(&pass, &connections, role, &mut report);
        if role.is_owner() && is_known {
            let owner = DatasiteOwnerSyncer::new(self, &self.node, &self.jobs);
            let peers = partners.served.iter().filter(|email| wanted(email)).cloned().collect();
            for peer in &partners.served {
                setup::open_job_inbox(&pass, peer)?;
            }
            // A peer that cannot be understood just now is a reader all the same.
            let readers = connections.table.in_state(PeerState::Accepted).cloned().collect();
            let listed = std::mem::take(&mut connections.inboxes);
            if owner
                .pass(&mut pass, &peers, &readers, listed, options.recompute_hashes, &mut report)
                .await?
            {
                let published =
                    collections::publish(&mut pass, &self.datasets, &readers, &mut report).await;
                store_problem(&mut report, published)?;
                let saved = collections::back_up(&mut pass, &self.datasets, &mut report).await;
                store_problem(&mut report, saved)?;
                let left = collections::leave(&mut pass, &mut report).await;
                store_problem(&mut report, left)?;
                let made = checkpoints::at_end_of_sync(&mut pass, options, &mut report).await;
                store_problem(&mut report, made)?;
            }
        }
        if is_known || !role.is_owner() {
            let removed: Vec<Email> = connections.table.to_withdraw().cloned().collect();
            for peer in removed {
                let done = withdraw(&mut pass, &mut connections.table, &peer, role).await;
                store_problem(&mut report, done.map(drop))?;
            }
        }
        if role.is_scientist() {
            let Partners { mut proposed_to, mut pulled_from, .. } = partners;
            proposed_to.retain(wanted);
            pulled_from.retain(wanted);
            let watcher = DatasiteWatcherSyncer::new(self, &self.node);
            let greeting = connections.greeting();
            watcher.pass(&mut pass, &proposed_to, &pulled_from, &greeting, &mut report).await?;
            let datasets = &self.datasets;
            let pulled = collections::pull(&mut pass, datasets, &pulled_from, &mut report).await;
            store_problem(&mut report, pulled)?;
        }
        let shown = show_table(&pass, &connections.table).await;
        store_problem(&mut report, shown)?;
        if role.is_owner() && is_known {
            // It holds where the messages of this pass stand.
            let saved = checkpoints::back_up(&mut pass, &connections.table, &self.jobs).await;
            store_problem(&mut report, saved)?;
            // Nothing needs the messages any more that were dealt with.
            if let Some(error) = pass.take_leave().await? {
                report.store.get_or_insert_with(|| error.to_string());
            }
            let checked = evidence::check_own(&mut pass, &mut report).await;
            store_problem(&mut report, checked)?;
        }
        for email in connections.table.peers.keys() {
            if let (late @ Some(_), _) = pass.ledger.state().late(&self.node.email, email) {
                report.peer(email).late = late;
            }
        }
        self.node.tell_of_stores(&mut report);
        self.note_delivered(&pass)?;
        report.queued_out =
            pass.ledger.queued_out() + PeerTable::load(&*self.node.disk)?.ungreeted();
        Ok((report, connections))
    }

    /// With whom something is exchanged; each of whom there is less than the role would
    /// do is told.
    fn partners(
        &self,
        pass: &Pass<'_>,
        connections: &Connections,
        role: Role,
        report: &mut SyncReport,
    ) -> Partners {
        let mut partners = Partners::default();
        let mut fitting = 0;
        for (email, record) in &connections.table.peers {
            if !record.state.is_connected() {
                continue;
            }
            if let Some(problem) = connections.problem_of(email, role) {
                let (peer, reason) = (email.clone(), problem.clone());
                self.node.notices.notice(&Notice::PeerSkipped { peer, reason });
                let told = report.peer(email);
                (told.problem, told.alarm) = (Some(problem), record.alarm.is_some());
                told.key_alarm = told.alarm;
            }
            if let Some(contradiction) = pass.ledger.state().contradiction_with(email) {
                report.alarm(email, contradiction.reason.clone());
                continue;
            }
            // One who has not shown a key yet may be fit all the same.
            fitting += usize::from(connections.problem(email, Dealing::Propose).is_none());
            let fits = |dealing| connections.allows(email, dealing);
            if record.state == PeerState::Accepted && fits(Dealing::Serve) {
                partners.served.insert(email.clone());
            }
            if fits(Dealing::Propose) {
                partners.proposed_to.insert(email.clone());
            }
            if fits(Dealing::Pull) {
                partners.pulled_from.insert(email.clone());
            }
        }
        self.warn_if_nobody_fits(connections, fitting);
        partners
    }

    /// A scientist who can reach nobody is told so, beyond what is said of each.
    fn warn_if_nobody_fits(&self, connections: &Connections, compatible: usize) {
        let connected = connections.table.peers.values();
        let peers = connected.filter(|record| record.state.is_connected()).count();
        if self.role.is_scientist() && peers > 0 && compatible == 0 {
            self.node.notices.notice(&Notice::NobodyCompatible { peers });
        }
    }

    /// Which jobs of mine wait for an owner, and which for a sync.
    pub(super) fn note_queued(&self, connections: &Connections) -> Result<()> {
        Ok(self.jobs.note_queued(|owner| match connections.awaits_key(owner) {
            true => Queued::ForOwner,
            false => Queued::ForSync,
        })?)
    }

    /// Jobs of mine that lie in their owners' inboxes wait for me no longer.
    pub(super) fn note_delivered(&self, pass: &Pass<'_>) -> Result<()> {
        let state = pass.ledger.state();
        for (owner, name) in self.jobs.queued()? {
            let folder = self.node.layouts.of(&owner).job(&self.node.email, &name).submission;
            let within = |path: &DatasitePath| path.is_within(&folder);
            let proposed = state.proposed.get(&owner).is_some_and(|all| all.keys().any(within));
            let known = state.copies.get(&owner).is_some_and(|all| all.keys().any(within));
            let inbox = Space::Inbox { owner: owner.clone(), sender: self.node.email.clone() };
            if (proposed || known) && !pass.ledger.puts_into(&inbox) {
                self.jobs.delivered(&owner, &name)?;
            }
        }
        Ok(())
    }

    /// The peers as the store shows them, or as they are known if it is away. Without a
    /// `look`, what others did just now shows in a later pass.
    pub(super) async fn connect(
        &self,
        pass: &mut Pass<'_>,
        look: bool,
        report: &mut SyncReport,
    ) -> Result<Connections> {
        let mut connections = match refresh(pass, look).await {
            Ok(connections) => {
                report.notes.extend(connections.suspicious.iter().cloned());
                connections
            }
            Err(crate::Error::Transport(error)) => {
                report.store.get_or_insert_with(|| error.to_string());
                Connections::offline(PeerTable::load(&*self.node.disk)?)
            }
            Err(error) => return Err(error),
        };
        self.learn(pass, &connections.table)?;
        connections.look_at_channels(pass.ledger.state(), &pass.node.email);
        if let Some(ring) = &pass.node.ring {
            connections.look_at_keys(ring)?;
        }
        self.note_queued(&connections)?;
        Ok(connections)
    }
}

fn store_problem(report: &mut SyncReport, result: Result<()>) -> Result<()> {
    match result {
        Err(crate::Error::Transport(error)) => {
            report.store.get_or_insert_with(|| error.to_string());
            Ok(())
        }
        Err(error) if !error.ends_the_pass() => {
            report.notes.push(error.to_string());
            Ok(())
        }
        other => other,
    }
}
