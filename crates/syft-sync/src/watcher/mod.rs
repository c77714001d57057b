//! The data scientist's side of sync.

mod changes;
mod propose;
mod pull;

use std::collections::BTreeSet;

use syft_core::Email;
use syft_transport::Space;

use crate::Result;
use crate::node::{Node, Pass};
use crate::owner::note_problem;
use crate::perform::Outgoing;
use crate::report::SyncReport;
use crate::{SyftboxManager, SyncOptions};

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
        let unheard: BTreeSet<Email> = proposed_to.iter().filter(is_new).cloned().collect();
        if !unheard.is_empty() {
            self.pull(pass, &unheard, greeting, report).await?;
        }
        let mut outgoing = Outgoing::default();
        for owner in proposed_to {
            if let Err(error) = self.propose(pass, owner, &mut outgoing, report) {
                note_problem(report, owner, error)?;
            }
        }
        pass.send(&mut outgoing, report).await?;
        self.pull(pass, pulled_from, greeting, report).await
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
