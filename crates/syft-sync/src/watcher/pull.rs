use syft_core::codec::{Limits, decode_events};
use syft_core::{Email, EventsName, Timestamp};
use syft_transport::Space;

use super::DatasiteWatcherSyncer;
use crate::Result;
use crate::engine::{on_events, on_refusal};
use crate::inbox::Fetched;
use crate::node::Pass;
use crate::owner::is_quarantine;
use crate::refusal::Refusal;
use crate::report::SyncReport;

/// A refusal is never larger, in bytes.
const REFUSAL_LIMIT: u64 = 4 << 20;

impl DatasiteWatcherSyncer<'_> {
    /// Takes what an owner put into my outbox there, in the owner's order.
    pub(super) async fn pull(
        &self,
        pass: &mut Pass<'_>,
        owner: &Email,
        report: &mut SyncReport,
    ) -> Result<()> {
        let me = self.node.email.clone();
        let space = Space::Outbox { owner: owner.clone(), recipient: me };
        for object in pass.new_objects(&space, order).await? {
            let is_refusal = Refusal::is_name(object.name.as_str());
            let limits = Limits::EVENTS;
            let limit = if is_refusal { REFUSAL_LIMIT } else { limits.packed_bytes };
            let bytes = match pass.fetch(&object, owner, limit, false).await? {
                Fetched::Bytes(bytes) => bytes,
                Fetched::PutAway => {
                    report.peer(owner).quarantined += 1;
                    continue;
                }
                Fetched::Gone => continue,
            };
            let scene = self.node.scene();
            let state = pass.ledger.state();
            let draft = if is_refusal {
                on_refusal(state, &scene, owner, &object, &bytes, Refusal::from_bytes(&bytes))
            } else {
                let layout = &*self.node.layout;
                let decoded = decode_events(&bytes, &limits);
                on_events(state, &scene, layout, owner, &object, &bytes, decoded)
            };
            let peer = report.peer(owner);
            if is_quarantine(&draft) {
                peer.quarantined += 1;
            } else {
                peer.received += 1;
            }
            pass.carry_out(draft).await?;
        }
        Ok(())
    }
}

/// Refusals first: they free the names that the owner's version then takes.
fn order(name: &str) -> Option<(bool, Timestamp, String)> {
    if Refusal::is_name(name) {
        return Some((false, Timestamp::EPOCH, name.to_owned()));
    }
    let parsed = EventsName::parse(name).ok()?;
    Some((true, parsed.timestamp, name.to_owned()))
}
