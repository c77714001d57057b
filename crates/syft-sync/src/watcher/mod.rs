//! The data scientist's side of sync.

mod changes;
mod propose;
mod pull;

use std::collections::BTreeSet;

use syft_core::codec::{Limits, decode_proposal};
use syft_core::{ContentHash, Email};
use syft_transport::Space;

use crate::ledger::{Head, TrustFact};
use crate::node::{Node, Pass};
use crate::owner::note_problem;
use crate::perform::Outgoing;
use crate::report::SyncReport;
use crate::router::proposal_order;
use crate::sealed::reject_of;
use crate::{Result, SyftboxManager, SyncOptions, bodies};

/// Sends what is new below my jobs in the copies of other datasites, and keeps
/// those copies as their owners tell.
#[derive(Debug)]
pub struct DatasiteWatcherSyncer<'n> {
    manager: &'n SyftboxManager,
    node: &'n Node,
}

impl<'n> DatasiteWatcherSyncer<'n> {
    pub(crate) fn new(manager: &'n SyftboxManager, node: &'n Node) -> Self {
        DatasiteWatcherSyncer { manager, node }
    }

    /// Sends what is queued, then pulls the messages and datasets of these owners,
    /// or of all if none is named: the scientist's half of [`SyftboxManager::sync`].
    ///
    /// # Errors
    /// As [`SyftboxManager::sync`]; [`Error::Role`](crate::Error::Role) for an owner.
    pub async fn sync_down(&self, peer_emails: &[Email]) -> Result<SyncReport> {
        let peers = peer_emails.iter().cloned().collect();
        self.manager.sync_scientist(&SyncOptions { peers, ..SyncOptions::default() }).await
    }

    /// One pass: my proposals first, then what the owners sent.
    pub(crate) async fn pass(
        &self,
        pass: &mut Pass<'_>,
        proposed_to: &BTreeSet<Email>,
        pulled_from: &BTreeSet<Email>,
        greeting: &BTreeSet<Email>,
        report: &mut SyncReport,
    ) -> Result<()> {
        // On a new machine an owner's words tell first where my proposals go on.
        let is_new = |owner: &&Email| self.has_nothing_of(pass, owner);
        let mut unheard: BTreeSet<Email> = proposed_to.iter().filter(is_new).cloned().collect();
        let mut unlearnt = BTreeSet::new();
        if !unheard.is_empty() {
            for owner in &unheard {
                if let Err(error) = self.learn_mine(pass, owner).await {
                    note_problem(report, owner, error)?;
                    unlearnt.insert(owner.clone());
                }
            }
            unheard.retain(|owner| !unlearnt.contains(owner));
            self.pull(pass, &unheard, greeting, report).await?;
        }
        let mut outgoing = Outgoing::default();
        let fits = |owner: &&Email| {
            pass.ledger.state().contradiction_with(owner).is_none() && !unlearnt.contains(*owner)
        };
        let proposed_to: Vec<&Email> = proposed_to.iter().filter(fits).collect();
        for owner in proposed_to {
            if let Err(error) = self.propose(pass, owner, &mut outgoing, report) {
                note_problem(report, owner, error)?;
            }
        }
        pass.send(&mut outgoing, report).await?;
        let pulled_from = pulled_from.difference(&unlearnt).cloned().collect();
        self.pull(pass, &pulled_from, greeting, report).await
    }

    /// Goes on after what this person sent from another machine, and the owner has not
    /// taken yet.
    async fn learn_mine(&self, pass: &mut Pass<'_>, owner: &Email) -> Result<()> {
        let (owner, sender) = (owner.clone(), self.node.email.clone());
        let inbox = Space::Inbox { owner, sender };
        let transport = &*self.node.transport;
        let listed = pass.list_whole(&inbox).await?;
        let mut sent: Vec<_> = listed
            .iter()
            .filter_map(|one| Some((proposal_order(one.name.as_str())?, one)))
            .collect();
        sent.sort_by(|(a, _), (b, _)| a.cmp(b));
        let limits = Limits::PROPOSAL;
        let mut newest = None;
        while let Some((_, object)) = sent.pop() {
            match bodies::whole(transport, object, limits.packed_bytes).await {
                Ok(bytes) => {
                    let read = decode_proposal(&bytes, &limits).ok();
                    newest = read.and_then(|message| Some((message.position?, bytes)));
                }
                // What cannot be opened is none of mine.
                Err(error) if reject_of(&error).is_some() => {}
                Err(error) => return Err(error.into()),
            }
            if newest.is_some() {
                break;
            }
        }
        let Some((position, bytes)) = newest else { return Ok(()) };
        let head = Head { seq: position.seq, hash: ContentHash::of(&bytes) };
        pass.learn(TrustFact::Adopted { channel: inbox.to_string(), head })
    }

    /// Whether nothing was ever exchanged with an owner here.
    fn has_nothing_of(&self, pass: &Pass<'_>, owner: &Email) -> bool {
        let (me, state) = (self.node.email.clone(), pass.ledger.state());
        let inbox = Space::Inbox { owner: owner.clone(), sender: me.clone() };
        let outbox = Space::Outbox { owner: owner.clone(), recipient: me };
        !state.emitted.contains_key(&inbox.to_string())
            && !state.arrived.contains_key(&outbox.to_string())
    }
}
