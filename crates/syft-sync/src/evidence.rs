//! Whether the store still shows what it showed before, and what I put there: one that was
//! put back to an earlier state, or that takes writes and keeps none, is told of in the sync
//! that meets it (`threats.md` F14).

use std::collections::{BTreeMap, BTreeSet};

use futures::TryStreamExt;
use syft_core::{ContentHash, Email, EventsName, NewEntry, ProposalName};
use syft_transport::{
    CollectionKind, Object, ObjectName, Space, SpaceKind, Transport, TransportExt,
};

use crate::channels::patiently;
use crate::engine::Draft;
use crate::hello::HELLO;
use crate::ledger::{Fact, Gap, State, TrustFact};
use crate::node::Pass;
use crate::owner::note_problem;
use crate::peers::PeerTable;
use crate::report::SyncReport;
use crate::sealed::reject_of;
use crate::{Error, Result, bodies, collections};

/// A larger object is not put away with its bytes, in bytes.
const FORGED_LIMIT: u64 = 64 << 20;
/// So much of one channel is sealed anew at a time, in bytes: it waits in memory.
const ROOM: u64 = 64 << 20;

/// Looks whether the store has what this pass put into channels that stay, and shows the
/// newest object of my event log, if it ever did.
pub(crate) async fn check_own(pass: &mut Pass<'_>, report: &mut SyncReport) -> Result<()> {
    let mut written: BTreeMap<Space, Vec<Object>> = BTreeMap::new();
    for object in pass.take_written() {
        written.entry(object.space.clone()).or_default().push(object);
    }
    let log = Space::Log { owner: pass.node.email.clone() };
    let newest = pass.ledger.state().saved.log.last().map(|object| object.name.clone());
    if newest.is_some() && !pass.ledger.puts_into(&log) {
        written.entry(log.clone()).or_default();
    }
    let mut lost = Vec::new();
    for (space, objects) in written {
        let listed = patiently(&space, 0, pass.node.transport.list_all(&space)).await?;
        let names: BTreeSet<&str> = listed.iter().map(|object| object.name.as_str()).collect();
        for object in objects.iter().filter(|object| !names.contains(object.name.as_str())) {
            if is_gone(pass, object).await? {
                lost.push(object.to_string());
                if let Space::Outbox { recipient, .. } = &object.space {
                    let mut draft = Draft::default();
                    draft.fact(TrustFact::OutboxLost { peer: recipient.clone() });
                    pass.begin(draft)?;
                }
            }
        }
        let Some(newest) = newest.as_deref().filter(|_| space == log) else { continue };
        let shown = pass.ledger.state().log_shown.as_deref() == Some(newest);
        match names.contains(newest) {
            true if !shown => {
                let mut draft = Draft::default();
                draft.fact(TrustFact::LogShown { name: newest.to_owned() });
                pass.begin(draft)?;
            }
            false if shown => lost.push(format!("{space}/{newest}")),
            _ => {}
        }
    }
    for object in &lost {
        note(pass, object)?;
    }
    for peer in &pass.ledger.state().outbox_lost {
        let outbox = Space::Outbox { owner: pass.node.email.clone(), recipient: peer.clone() };
        if !lost.iter().any(|object| object.starts_with(&outbox.to_string())) {
            lost.push(format!("{outbox}, in part"));
        }
    }
    if let Some(object) = lost.first() {
        let more = match lost.len() {
            1 => String::new(),
            n => format!(" and {} more", n - 1),
        };
        report.alarms.push(format!(
            "the store does not have what you put there: {object}{more} is gone, and you did not \
             take it away; the store was put back to an earlier state, or keeps nothing of what \
             you write; ask whoever runs it, and then syft doctor --repair puts everything there \
             again"
        ));
    }
    Ok(())
}

/// Whether an object that is not listed is not there: a listing may lag.
async fn is_gone(pass: &Pass<'_>, object: &Object) -> Result<bool> {
    // Not to its end, so that nothing is recorded as taken.
    let first = async {
        let mut body = pass.node.store.get(object, None).await?;
        body.try_next().await.map(drop)
    };
    match patiently(object, 0, first).await {
        Ok(()) => Ok(false),
        Err(syft_transport::Error::NotFound { .. }) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

fn note(pass: &Pass<'_>, object: &str) -> Result<()> {
    Ok(pass.node.audit.append(NewEntry {
        key: Some(format!("lost:{object}")),
        at: pass.node.clock.now(),
        actor: pass.node.email.to_string(),
        action: "object.lost".to_owned(),
        subject: object.to_owned(),
        details: BTreeMap::new(),
    })?)
}

/// That an outbox shows an older state than it did before, in words. Its owner takes things
/// away only to put something newer there.
pub(crate) fn put_back(
    state: &State,
    owner: &Email,
    space: &Space,
    listed: &[Object],
) -> Option<String> {
    let known = state.arrived.get(&space.to_string())?;
    let time = |name: &str| EventsName::parse(name).ok().map(|name| name.timestamp);
    let newest = known
        .names
        .iter()
        .filter_map(|name| Some((time(name)?, name)))
        .max_by(|a, b| a.0.cmp(&b.0))?;
    let shows = |object: &Object| time(object.name.as_str()).is_some_and(|at| at >= newest.0);
    if listed.iter().any(shows) {
        return None;
    }
    Some(format!(
        "the store shows an older state of what {owner} sent than you have seen: {} is gone; it \
         was put back, or somebody took things away; ask {owner}, and if that is so, syft doctor \
         --repair goes on with what is there",
        newest.1
    ))
}

/// Goes on in spite of all that does not fit, since the owner of this home says so. Returns
/// what was done, a line each; what stands in the way with one peer is a line, too.
pub(crate) async fn repair(pass: &mut Pass<'_>, peers: &BTreeSet<Email>) -> Result<Vec<String>> {
    let mut done = Vec::new();
    let found: Vec<_> = pass.ledger.state().contradictions.clone().into_iter().collect();
    for (channel, contradiction) in found {
        let mut draft = Draft::default();
        reconciled(pass, &mut draft, &channel);
        draft.fact(TrustFact::Reconciled { channel });
        pass.begin(draft)?;
        done.push(format!("goes on with {} from here", contradiction.peer));
    }
    for peer in peers {
        match repair_with(pass, peer, &mut done).await {
            Err(error) if error.ends_the_pass() => return Err(error),
            Err(error) => done.push(format!("{peer}: could not look: {error}")),
            Ok(()) => {}
        }
    }
    let lost: Vec<Email> = pass.ledger.state().outbox_lost.iter().cloned().collect();
    for peer in lost {
        done.push(format!("the next sync sends everything to {peer} again"));
        let mut draft = Draft::default();
        draft.fact(TrustFact::SentAnew { peer });
        pass.begin(draft)?;
    }
    if has_lost_log(pass).await? {
        put_again(pass, peers).await?;
        done.push("the next sync puts everything of yours into the store again".to_owned());
    }
    Ok(done)
}

/// The same with one peer: what is missing is given up, what was forged is put away.
async fn repair_with(pass: &mut Pass<'_>, peer: &Email, done: &mut Vec<String>) -> Result<()> {
    let (me, peer) = (pass.node.email.clone(), peer.clone());
    let outbox = Space::Outbox { owner: peer.clone(), recipient: me.clone() };
    let inbox = Space::Inbox { owner: me, sender: peer.clone() };
    for space in [outbox, inbox] {
        let channel = space.to_string();
        let Some(arrived) = pass.ledger.state().arrived.get(&channel).cloned() else { continue };
        let listed = patiently(&space, 0, pass.node.transport.list_all(&space)).await?;
        let mut draft = Draft::default();
        if put_back(pass.ledger.state(), &peer, &space, &listed).is_some() {
            reconciled(pass, &mut draft, &channel);
            draft.fact(TrustFact::Forgotten { channel: channel.clone() });
            done.push(format!("goes on with what {peer} has in the store"));
        }
        if let Some(Gap { messages, .. }) = arrived.gap() {
            draft.fact(TrustFact::GapClosed { channel: channel.clone() });
            done.push(format!("goes on without {messages} of {peer} that did not arrive"));
        }
        let forged = listed.iter().filter(|object| arrived.forged.contains(object.name.as_str()));
        for object in forged {
            let body = bodies::whole(&*pass.node.transport, object, FORGED_LIMIT).await;
            let Some(reject) = body.as_ref().err().and_then(reject_of) else { continue };
            let raw = bodies::whole(&*pass.node.store, object, FORGED_LIMIT).await.ok();
            draft.quarantine(&pass.node.scene(), &peer, object, raw.as_deref(), None, reject);
            if matches!(object.space, Space::Inbox { .. }) {
                draft.retire(object);
            }
            done.push(format!("put {} away, which was not of {peer}", object.name));
        }
        pass.carry_out(draft).await?;
    }
    Ok(())
}

fn reconciled(pass: &Pass<'_>, draft: &mut Draft, channel: &str) {
    let scene = pass.node.scene();
    let key = format!("reconciled:{channel}");
    draft.audit(key, scene.now, scene.me, "channel.reconciled", channel, []);
}

async fn has_lost_log(pass: &Pass<'_>) -> Result<bool> {
    let log = Space::Log { owner: pass.node.email.clone() };
    let Some(newest) = pass.ledger.state().saved.log.last() else { return Ok(false) };
    if pass.ledger.puts_into(&log) {
        return Ok(false);
    }
    let listed = patiently(&log, 0, pass.node.transport.list_all(&log)).await?;
    Ok(!listed.iter().any(|object| object.name.as_str() == newest.name))
}

/// Takes what is left of my backup out of the store, and makes all that lay there due again;
/// in one plan, so that none of it is forgotten.
async fn put_again(pass: &mut Pass<'_>, readers: &BTreeSet<Email>) -> Result<()> {
    let mut draft = Draft::default();
    backup_anew(pass, &mut draft).await?;
    draft.fact(TrustFact::DatasetsAnew);
    for peer in readers {
        draft.fact(TrustFact::SentAnew { peer: peer.clone() });
        let inbox = Space::Inbox { owner: peer.clone(), sender: pass.node.email.clone() };
        let listed = patiently(&inbox, 0, pass.node.transport.list_all(&inbox)).await?;
        let names = listed.iter().filter_map(|one| ProposalName::parse(one.name.as_str()).ok());
        let waiting: BTreeSet<String> = names.map(|name| name.uid().to_owned()).collect();
        unpropose(pass, &mut draft, peer, |message| !waiting.contains(message));
    }
    pass.carry_out(draft).await
}

/// The proposals to an owner whose messages are gone are made again.
fn unpropose(pass: &Pass<'_>, draft: &mut Draft, owner: &Email, is_gone: impl Fn(&str) -> bool) {
    let proposed = pass.ledger.state().proposed.get(owner).into_iter().flatten();
    for (path, proposed) in proposed {
        if is_gone(&proposed.message.to_string()) {
            draft.fact(Fact::Unproposed { owner: owner.clone(), path: path.clone() });
        }
    }
}

async fn backup_anew(pass: &Pass<'_>, draft: &mut Draft) -> Result<()> {
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
        let mine =
            patiently(&"my spaces", 0, pass.node.transport.discover(SpaceKind::Mine)).await?;
        for space in mine.spaces {
            if matches!(space, Space::Collection { kind: CollectionKind::Mock, .. }) {
                collections::withdraw(pass, &space).await?;
            }
        }
        backup_anew(pass, &mut draft).await?;
        draft.fact(TrustFact::DatasetsAnew);
    }
    let scene = pass.node.scene();
    draft.fact(TrustFact::SealedBy { key });
    let word = if key.is_some() { "on" } else { "off" };
    draft.audit("sealing", scene.now, scene.me, "sealing", word, []);
    pass.carry_out(draft).await
}

/// What was sent to a peer in the open, or sealed to a key that it has no more, it does not
/// take: once all is sealed to the key that it has, what waits for it is sealed anew.
pub(crate) async fn take_keys(pass: &mut Pass<'_>, report: &mut SyncReport) -> Result<()> {
    let Some(ring) = pass.node.ring.clone() else { return Ok(()) };
    let peers = PeerTable::load(&*pass.node.disk)?.peers;
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
    let mut listed = patiently(space, 0, pass.node.transport.list_all(space)).await?;
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

impl Pass<'_> {
    /// Remembers what was put into a channel in which it stays.
    pub(crate) fn note_written(&self, object: Object) -> Result<()> {
        if matches!(object.space, Space::Outbox { .. } | Space::Log { .. }) {
            self.written.lock().map_err(|_| lost_track())?.push(object);
        }
        Ok(())
    }

    /// What I take away again is not missed.
    pub(crate) fn note_removed(&self, object: &Object) {
        if let Ok(mut written) = self.written.lock() {
            written.retain(|one| one.space != object.space || one.name != object.name);
        }
    }

    fn take_written(&self) -> Vec<Object> {
        self.written.lock().map(|mut all| std::mem::take(&mut *all)).unwrap_or_default()
    }
}

fn lost_track() -> Error {
    Error::Refused("another part of this pass has failed".to_owned())
}
