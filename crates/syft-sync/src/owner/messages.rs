use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use syft_core::codec::{Limits, decode_proposal};
use syft_core::{Email, JobName};
use syft_job::DueJobs;
use syft_perm::Permissions;
use syft_transport::{Object, Space};

use super::{DatasiteOwnerSyncer, note_ignored, note_problem};
use crate::Result;
use crate::channels::{Arrival, Arrivals, Body, list_all};
use crate::engine::{Draft, OwnerRules, is_held, on_proposal};
use crate::inbox::ignored;
use crate::ledger::LocalEffect;
use crate::node::Pass;
use crate::perform::Outgoing;
use crate::report::SyncReport;
use crate::router::proposal_order;

/// Messages that are taken before what follows from them is sent.
const SENT_AFTER: usize = 64;

impl DatasiteOwnerSyncer<'_> {
    /// Deals with the messages of these peers: those of one in the order of the
    /// sender's times, the peers in turn. `listed` are the inboxes that were looked
    /// into already. A peer whose messages or folder are bad stops nobody else.
    pub(super) async fn take_messages(
        &self,
        pass: &mut Pass<'_>,
        permissions: &Permissions,
        jobs: &DueJobs,
        peers: &BTreeSet<Email>,
        mut listed: BTreeMap<Email, Vec<Object>>,
        report: &mut SyncReport,
    ) -> Result<()> {
        let inbox = |peer: &Email| {
            let (owner, sender) = (self.node.email.clone(), peer.clone());
            Space::Inbox { owner, sender }
        };
        let missing = peers.iter().filter(|peer| !listed.contains_key(*peer));
        let missing = missing.map(|peer| (peer.clone(), inbox(peer))).collect();
        for (peer, _, objects) in list_all(&*self.node.transport, missing).await {
            match objects {
                Ok(objects) => drop(listed.insert(peer, objects)),
                Err(error) => note_problem(report, &peer, error.into())?,
            }
        }
        let mut channels = Vec::new();
        for peer in peers {
            let Some(objects) = listed.remove(peer) else { continue };
            note_ignored(report, peer, ignored(&objects, proposal_order));
            let objects = pass.new_objects(&inbox(peer), objects, proposal_order);
            if !objects.is_empty() {
                channels.push((peer.clone(), objects));
            }
        }
        let asked = RefCell::new(BTreeMap::new());
        let frozen = |submitter: &Email, name: &JobName| {
            // A job that cannot be looked up keeps its bytes.
            let look = || self.jobs.is_frozen_among(jobs, submitter, name).unwrap_or(true);
            let job = (submitter.clone(), name.clone());
            *asked.borrow_mut().entry(job).or_insert_with(look)
        };
        let rules =
            OwnerRules { layout: &*self.node.layout, permissions, frozen: &frozen, answers: true };
        let limit = |_: &Object| Limits::PROPOSAL.packed_bytes;
        let mut arrivals = Arrivals::new(&self.node.transport, channels, limit);
        let mut outgoing = Outgoing::default();
        while let Some(arrival) = arrivals.next().await {
            let peer = arrival.peer.clone();
            if let Err(error) = self.take(pass, &rules, arrival, &mut outgoing, report) {
                arrivals.stop(&peer);
                note_problem(report, &peer, error)?;
            }
            if outgoing.len() >= SENT_AFTER {
                for peer in pass.send(&mut outgoing, report).await? {
                    arrivals.stop(&peer);
                }
            }
        }
        pass.send(&mut outgoing, report).await?;
        Ok(())
    }

    /// One message: decided, journalled and done here; what is due in the store
    /// goes out later.
    fn take(
        &self,
        pass: &mut Pass<'_>,
        rules: &OwnerRules<'_>,
        arrival: Arrival,
        outgoing: &mut Outgoing,
        report: &mut SyncReport,
    ) -> Result<()> {
        let Arrival { peer: from, object, body, .. } = arrival;
        let (from, object) = (&from, &object);
        let draft = match body {
            Body::Gone => return Ok(()),
            Body::Failed(error) => return Err(error.into()),
            Body::Refused(reject, foreign) => {
                pass.put_away(object, from, &reject, foreign, true)?
            }
            Body::Bytes(bytes) => {
                let decoded = decode_proposal(&bytes, &Limits::PROPOSAL);
                let state = pass.ledger.state();
                on_proposal(state, &self.node.scene(), rules, from, object, &bytes, decoded)?
            }
        };
        if is_held(&draft) {
            report.notes.push(format!("a message of {from} waits for one that was sent before it"));
        } else if is_quarantine(&draft) {
            report.peer(from).quarantined += 1;
        } else {
            report.peer(from).received += 1;
        }
        outgoing.extend(from, pass.begin(draft)?);
        Ok(())
    }
}

pub(crate) fn is_quarantine(draft: &Draft) -> bool {
    draft.plan.local.iter().any(|effect| matches!(effect, LocalEffect::Quarantine { .. }))
}
