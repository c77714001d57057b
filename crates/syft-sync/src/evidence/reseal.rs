use std::collections::{BTreeMap, BTreeSet};

use syft_core::{ContentHash, Email, ProposalName};
use syft_transport::{
    CollectionKind, Object, ObjectName, Space, SpaceKind, Transport, TransportExt,
};

use crate::channels::patiently;
use crate::engine::Draft;
use crate::hello::HELLO;
use crate::ledger::{Fact, TrustFact};
use crate::node::Pass;
use crate::owner::note_problem;
use crate::peers::PeerRecord;
use crate::report::SyncReport;
use crate::sealed::reject_of;
use crate::{Result, bodies, collections};

/// So much of one channel is sealed anew at a time, in bytes: it waits in memory.
const ROOM: u64 = 64 << 20;

/// What lies in the store is sealed by my key from now on, or by none: what was put there
/// otherwise is put there anew.
pub(crate) async fn take_sealing(pass: &mut Pass<'_>) -> Result<()> {
    let ring = pass.node.ring.as_ref().filter(|ring| ring.encrypt().seals());
    let (key, state) = (ring.map(|ring| ring.keys().bundle().fingerprint()), pass.ledger.state());
    if state.sealed_by == key {
        return Ok(());
    }
    let mut draft = Draft::default();
    if key.is_some() && state.has_sent() {
        mocks_anew(pass, &mut draft).await?;
        backup_anew(pass, &mut draft).await?;
    }
    let scene = pass.node.scene();
    draft.fact(TrustFact::SealedBy { key });
    let word = if key.is_some() { "on" } else { "off" };
    draft.audit("sealing", scene.now, scene.me, "sealing", word, []);
    pass.carry_out(draft).await
}

/// Takes all mocks of mine out of the store; they are due there again.
pub(super) async fn mocks_anew(pass: &Pass<'_>, draft: &mut Draft) -> Result<()> {
    let mine = patiently(&"my spaces", 0, pass.node.transport.discover(SpaceKind::Mine)).await?;
    for space in mine.spaces {
        if matches!(space, Space::Collection { kind: CollectionKind::Mock, .. }) {
            collections::withdraw(pass, &space).await?;
        }
    }
    draft.fact(TrustFact::DatasetsAnew);
    Ok(())
}

/// What was sent to a peer in the open, or sealed to a key that it has no more, it does not
/// take: once all is sealed to the key that it has, what waits for it is sealed anew.
pub(crate) async fn take_keys(
    pass: &mut Pass<'_>,
    peers: &BTreeMap<Email, PeerRecord>,
    report: &mut SyncReport,
) -> Result<()> {
    let Some(ring) = pass.node.ring.clone() else { return Ok(()) };
    for (peer, _) in peers.iter().filter(|(_, record)| record.state.is_connected()) {
        let Ok(found) = ring.with(peer)? else { continue };
        let Some(bundle) = found.bundle.filter(|_| found.seals) else { continue };
        let key = bundle.fingerprint();
        if pass.ledger.state().sealed_to.get(peer) == Some(&key) {
            continue;
        }
        if let Err(error) = seal_anew(pass, peer, key).await {
            note_problem(report, peer, error)?;
        }
    }
    Ok(())
}

/// What lies in my channels to a peer: the last messages of mine are sealed anew under their
/// names, so that nothing is missing. What I cannot read is not: its files are due again.
async fn seal_anew(pass: &mut Pass<'_>, peer: &Email, key: ContentHash) -> Result<()> {
    let me = pass.node.email.clone();
    let mut draft = Draft::default();
    let outbox = Space::Outbox { owner: me.clone(), recipient: peer.clone() };
    let inbox = Space::Inbox { owner: peer.clone(), sender: me };
    let dropped = seal_channel(pass, &mut draft, &outbox).await?;
    if !dropped.is_empty() {
        draft.fact(TrustFact::SentAnew { peer: peer.clone() });
        // So that what lies there is newer than what lay there, also if nothing is due.
        let (state, scene) = (pass.ledger.state(), pass.node.scene());
        let at = state.next_time(scene.now);
        draft.fact(Fact::Time { at });
        draft.emit_events(state, &scene, outbox, at, Vec::new())?;
    }
    let dropped = seal_channel(pass, &mut draft, &inbox).await?;
    let names = dropped.iter().filter_map(|name| ProposalName::parse(name.as_str()).ok());
    let gone: BTreeSet<String> = names.map(|name| name.uid().to_owned()).collect();
    unpropose(pass, &mut draft, peer, |message| gone.contains(message));
    draft.fact(TrustFact::SealedTo { peer: peer.clone(), key });
    pass.carry_out(draft).await
}

/// Seals anew what I can read of one channel, and takes away all that lay there. Returns what
/// is not there again.
async fn seal_channel(
    pass: &Pass<'_>,
    draft: &mut Draft,
    space: &Space,
) -> Result<Vec<ObjectName>> {
    let mut dropped = Vec::new();
    let channel = space.to_string();
    if !pass.ledger.state().emitted.contains_key(&channel) {
        return Ok(dropped);
    }
    let mut listed = pass.list_whole(space).await?;
    listed.retain(|object| {
        object.name.as_str() != HELLO
            && object.owner.as_ref().is_none_or(|owner| *owner == pass.node.email)
    });
    let mut room = ROOM;
    // The newest first: those are what waits.
    for object in listed.into_iter().rev() {
        draft.delete(&object);
        let held = match object.size <= room {
            true => mine_in(pass, &channel, &object).await?,
            false => None,
        };
        match held {
            Some(bytes) => {
                room -= object.size;
                draft.put(space.clone(), object.name, bytes);
            }
            None => dropped.push(object.name),
        }
    }
    Ok(dropped)
}

/// What I put into an object, if I can tell that it was me.
async fn mine_in(pass: &Pass<'_>, channel: &str, object: &Object) -> Result<Option<Vec<u8>>> {
    match bodies::whole(&*pass.node.transport, object, ROOM).await {
        Ok(bytes) => return Ok(Some(bytes)),
        Err(error) if reject_of(&error).is_none() => return Err(error.into()),
        Err(_) => {}
    }
    // In the open it is mine if I have sent just this.
    let bytes = bodies::whole(&*pass.node.store, object, ROOM).await?;
    Ok(Some(bytes).filter(|bytes| pass.ledger.state().is_mine(channel, bytes)))
}

/// Takes what is left of my backup out of the store, and makes all of it due again.
pub(super) async fn backup_anew(pass: &Pass<'_>, draft: &mut Draft) -> Result<()> {
    let owner = || pass.node.email.clone();
    let spaces = [
        Space::Log { owner: owner() },
        Space::Checkpoints { owner: owner() },
        Space::Rolling { owner: owner() },
        Space::State { owner: owner() },
    ];
    for space in spaces {
        for object in patiently(&space, 0, pass.node.transport.list_all(&space)).await? {
            draft.delete(&object);
        }
    }
    draft.fact(TrustFact::BackupAnew);
    Ok(())
}

/// The proposals to an owner whose messages are gone are made again.
pub(crate) fn unpropose(
    pass: &Pass<'_>,
    draft: &mut Draft,
    owner: &Email,
    is_gone: impl Fn(&str) -> bool,
) {
    let proposed = pass.ledger.state().proposed.get(owner).into_iter().flatten();
    for (path, proposed) in proposed {
        if is_gone(&proposed.message.to_string()) {
            draft.fact(Fact::Unproposed { owner: owner.clone(), path: path.clone() });
        }
    }
}
