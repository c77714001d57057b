use std::cell::RefCell;
use std::collections::BTreeMap;

use syft_core::codec::{Limits, decode_proposal};
use syft_core::{Email, JobName, ProposalName};
use syft_perm::Permissions;
use syft_transport::Space;

use super::DatasiteOwnerSyncer;
use crate::Result;
use crate::engine::{Draft, OwnerRules, on_proposal};
use crate::inbox::Fetched;
use crate::ledger::LocalEffect;
use crate::node::Pass;
use crate::report::SyncReport;

impl DatasiteOwnerSyncer<'_> {
    /// Deals with all messages of one peer, in the order of the sender's times.
    /// Returns whether there were any.
    pub(super) async fn take_messages(
        &self,
        pass: &mut Pass<'_>,
        permissions: &Permissions,
        from: &Email,
        report: &mut SyncReport,
    ) -> Result<bool> {
        let space = Space::Inbox { owner: self.node.email.clone(), sender: from.clone() };
        let order = |name: &str| {
            let name = ProposalName::parse(name).ok()?;
            Some((name.submitted(), name.uid().to_owned()))
        };
        let asked = RefCell::new(BTreeMap::new());
        let frozen = |submitter: &Email, name: &JobName| {
            // A job that cannot be looked up keeps its bytes.
            let look = || self.jobs.is_frozen(submitter, name).unwrap_or(true);
            let job = (submitter.clone(), name.clone());
            *asked.borrow_mut().entry(job).or_insert_with(look)
        };
        let rules =
            OwnerRules { layout: &*self.node.layout, permissions, frozen: &frozen, answers: true };
        let mut any = false;
        for object in pass.new_objects(&space, order).await? {
            let limits = Limits::PROPOSAL;
            let bytes = match pass.fetch(&object, from, limits.packed_bytes, true).await? {
                Fetched::Bytes(bytes) => bytes,
                Fetched::PutAway => {
                    report.peer(from).quarantined += 1;
                    continue;
                }
                Fetched::Gone => continue,
            };
            let decoded = decode_proposal(&bytes, &limits);
            let scene = self.node.scene();
            let state = pass.ledger.state();
            let draft = on_proposal(state, &scene, &rules, from, &object, &bytes, decoded)?;
            let peer = report.peer(from);
            if is_quarantine(&draft) {
                peer.quarantined += 1;
            } else {
                peer.received += 1;
            }
            any = true;
            pass.carry_out(draft).await?;
        }
        Ok(any)
    }
}

pub(crate) fn is_quarantine(draft: &Draft) -> bool {
    draft.plan.local.iter().any(|effect| matches!(effect, LocalEffect::Quarantine { .. }))
}
