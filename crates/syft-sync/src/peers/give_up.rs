//! A peer whose older store is gone for good: nothing is brought along from there any more.

use std::collections::BTreeSet;

use serde_json::json;
use syft_core::{Email, ProposalName};
use syft_transport::{Space, TransportExt};

use super::{Moving, PeerTable};
use crate::Result;
use crate::channels::patiently;
use crate::engine::Draft;
use crate::evidence::unpropose;
use crate::ledger::{Fact, TrustFact};
use crate::node::Pass;

/// Goes on with a peer that is being moved in the new store alone: what I sent it is due
/// again, and what it sent is taken up with whatever it has there. Each step can be repeated.
pub(crate) async fn give_up_older(
    pass: &mut Pass<'_>,
    table: &mut PeerTable,
    peer: &Email,
) -> Result<()> {
    let Some(record) = table.peers.get(peer).cloned() else { return Ok(()) };
    let (Some(moving), Some(new)) = (record.moving, record.via.first()) else { return Ok(()) };
    let waiting = waiting_in(pass, peer, new).await?;
    let draft = anew(pass, peer, &moving, &waiting)?;
    pass.begin(draft)?;
    if let Some(record) = table.peers.get_mut(peer) {
        record.moving = None;
    }
    table.save(&*pass.node.disk)?;
    pass.node.lead(table);
    Ok(())
}

/// The proposals of mine that lie in the new store, by their ids.
async fn waiting_in(pass: &Pass<'_>, peer: &Email, new: &str) -> Result<BTreeSet<String>> {
    let Some(new) = pass.node.store_at(new) else { return Ok(BTreeSet::new()) };
    let inbox = Space::Inbox { owner: peer.clone(), sender: pass.node.email.clone() };
    let listed = patiently(&inbox, 0, new.list_all(&inbox)).await?;
    let names = listed.iter().filter_map(|one| ProposalName::parse(one.name.as_str()).ok());
    Ok(names.map(|name| name.uid().to_owned()).collect())
}

fn anew(
    pass: &Pass<'_>,
    peer: &Email,
    moving: &Moving,
    waiting: &BTreeSet<String>,
) -> Result<Draft> {
    let mut draft = Draft::default();
    let (state, scene) = (pass.ledger.state(), pass.node.scene());
    let me = scene.me;
    let theirs = Space::Outbox { owner: peer.clone(), recipient: me.clone() }.to_string();
    if state.arrived.contains_key(&theirs) {
        draft.fact(TrustFact::Forgotten { channel: theirs });
    }
    let asked = Space::Inbox { owner: me.clone(), sender: peer.clone() }.to_string();
    if state.arrived.contains_key(&asked) {
        draft.fact(TrustFact::Anew { channel: asked });
    }
    draft.fact(TrustFact::SentAnew { peer: peer.clone() });
    draft.fact(TrustFact::DatasetsAnew);
    unpropose(pass, &mut draft, peer, |message| !waiting.contains(message));
    let outbox = Space::Outbox { owner: me.clone(), recipient: peer.clone() };
    if state.emitted.contains_key(&outbox.to_string()) {
        // So that what lies there is newer than what lay elsewhere, also if nothing is due.
        let at = state.next_time(scene.now);
        draft.fact(Fact::Time { at });
        draft.emit_events(state, &scene, outbox, at, Vec::new())?;
    }
    let details = [("from", json!(moving.from))];
    draft.audit(
        format!("given up:{peer}"),
        scene.now,
        me,
        "peer.store_given_up",
        peer.to_string(),
        details,
    );
    Ok(draft)
}
