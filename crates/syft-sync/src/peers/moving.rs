//! A peer that is to be reached over another store than before. Each step can be repeated:
//! what is due is told by the record of the peer and by what lies in the stores.

use std::collections::BTreeMap;
use std::sync::Arc;

use syft_core::{ContentHash, Email};
use syft_transport::{Object, ObjectName, PutMode, Space, Transport, TransportExt};

use super::greet::say_hello;
use super::{Moving, PeerRecord, PeerTable};
use crate::channels::patiently;
use crate::engine::Draft;
use crate::evidence::lacks;
use crate::hello::{HELLO, HELLO_LIMIT};
use crate::ledger::TrustFact;
use crate::node::{Node, Pass};
use crate::router::proposal_order;
use crate::traffic::Recorded;
use crate::{Error, Hello, Result, bodies, collections};

/// A larger message is not there, in bytes.
const LIMIT: u64 = 1 << 30;

/// Goes on with each peer that is being moved. Returns what stands in the way, a line each:
/// it concerns that peer alone, and is tried again by the next pass.
pub(crate) async fn move_on(pass: &mut Pass<'_>, table: &mut PeerTable) -> Result<Vec<String>> {
    let connected = table.peers.iter().filter(|(_, record)| record.state.is_connected());
    let moving = connected.filter(|(_, record)| record.moving.is_some());
    let moving: Vec<Email> = moving.map(|(email, _)| email.clone()).collect();
    let mut problems = Vec::new();
    for email in moving {
        let held_up = match move_one(pass, table, &email).await {
            Err(error) if error.ends_the_pass() => return Err(error),
            Err(error) => Some(error.to_string()),
            Ok(()) => None,
        };
        problems.extend(held_up.iter().map(|why| format!("{email} is not moved yet: {why}")));
        let moving = table.peers.get(&email).and_then(|record| record.moving.clone());
        if let Some(moving) = moving.filter(|moving| moving.held_up != held_up) {
            keep(pass, table, &email, Some(Moving { held_up, ..moving }))?;
        }
    }
    Ok(problems)
}

async fn move_one(pass: &mut Pass<'_>, table: &mut PeerTable, email: &Email) -> Result<()> {
    let Some(record) = table.peers.get(email).cloned() else { return Ok(()) };
    let Some(mut moving) = record.moving.clone() else { return Ok(()) };
    let Some(new) = record.via.first().and_then(|url| pass.node.store_at(url)) else {
        return Ok(());
    };
    // Before my hello: who is heard here finds here what was said before.
    let mut brought = Ok(());
    for old in moving.from.iter().filter_map(|url| pass.node.store_at(url)) {
        brought = brought.and(bring_along(pass, email, &*old, &*new).await);
    }
    say_hello(pass, email, &*new).await?;
    if !moving.came {
        if !is_there(pass, email, &record, &*new).await? {
            return brought;
        }
        // The datasets as well: they are due in the store that is the first one now.
        let mut draft = Draft::default();
        draft.fact(TrustFact::DatasetsAnew);
        pass.begin(draft)?;
        moving.came = true;
        keep(pass, table, email, Some(moving.clone()))?;
    }
    brought?;
    if !shows_all(pass, email, &*new).await? {
        return Ok(());
    }
    for old in moving.from.iter().filter_map(|url| pass.node.store_at(url)) {
        if waits_there(pass, email, &*old).await? {
            return Ok(());
        }
    }
    for url in &moving.from {
        if let Some(old) = pass.node.store_at(url) {
            leave(pass, table, email, url, &*old).await?;
        }
    }
    keep(pass, table, email, None)?;
    pass.note_with("peer.moved", email.to_string(), [("via", record.via.into())])
}

/// Puts what I sent to a peer, and it has not taken yet, into the store over which it is to
/// be reached: under its name, as it was sealed.
pub(super) async fn bring_along(
    pass: &Pass<'_>,
    peer: &Email,
    old: &dyn Transport,
    new: &dyn Transport,
) -> Result<()> {
    for space in channels(&pass.node.email, peer) {
        let there = patiently(&space, 0, new.list_all(&space)).await?;
        let there: BTreeMap<ObjectName, u64> =
            there.into_iter().map(|object| (object.name, object.size)).collect();
        let mut due = mine(pass, old, &space).await?;
        due.retain(|object| {
            object.name.as_str() != HELLO && there.get(&object.name) != Some(&object.size)
        });
        for object in due {
            let bytes = bodies::whole(old, &object, LIMIT).await?;
            let (size, hash) = (object.size, ContentHash::of(&bytes));
            let put = async {
                new.open(&space).await?;
                new.put(&space, &object.name, bytes.into(), PutMode::Create).await
            };
            let put = patiently(&space, size, put).await?;
            let is_checked = new.info().capabilities.checked_puts;
            if !is_checked && !bodies::holds(new, &put, hash).await? {
                let name = &new.info().name;
                return Err(Error::Integrity(format!("{name} does not give {put} back as it is")));
            }
        }
    }
    Ok(())
}

/// Whether a peer said hello in this store.
async fn is_there(
    pass: &Pass<'_>,
    peer: &Email,
    record: &PeerRecord,
    new: &dyn Transport,
) -> Result<bool> {
    let me = &pass.node.email;
    let space = Space::Inbox { owner: me.clone(), sender: peer.clone() };
    let hello = patiently(&space, 0, new.find(&space, &ObjectName::parse(HELLO)?)).await?;
    let Some(hello) = hello.filter(|hello| hello.owner.as_ref().is_none_or(|who| who == peer))
    else {
        return Ok(false);
    };
    let said = bodies::whole(new, &hello, HELLO_LIMIT).await?;
    let Ok(hello) = Hello::from_bytes(&said, peer, me) else { return Ok(false) };
    // Anybody can say hello there, but with the key by which this one is known.
    let shown = hello.bundle().map(syft_crypto::Bundle::fingerprint);
    Ok(record.key.is_none_or(|key| shown == Some(key.fingerprint)))
}

/// Whether this store shows the newest that I have of a peer.
async fn shows_all(pass: &Pass<'_>, peer: &Email, new: &dyn Transport) -> Result<bool> {
    let space = Space::Outbox { owner: peer.clone(), recipient: pass.node.email.clone() };
    let listed = patiently(&space, 0, new.list_all(&space)).await?;
    Ok(lacks(pass.ledger.state(), &space, &listed).is_none())
}

/// Whether something of a peer that I have not taken waits in this store.
async fn waits_there(pass: &Pass<'_>, peer: &Email, old: &dyn Transport) -> Result<bool> {
    let space = Space::Inbox { owner: pass.node.email.clone(), sender: peer.clone() };
    let mut listed = patiently(&space, 0, old.list_all(&space)).await?;
    // What was put there by somebody else never is.
    let arrived = pass.ledger.state().arrived.get(&space.to_string());
    listed.retain(|object| {
        !arrived.is_some_and(|arrived| arrived.forged.contains(object.name.as_str()))
    });
    Ok(!pass.new_objects(&space, listed, proposal_order).is_empty())
}

/// Takes what is mine out of a store over which a peer is not reached any more, as far as
/// nobody else needs it there.
async fn leave(
    pass: &Pass<'_>,
    table: &PeerTable,
    peer: &Email,
    url: &str,
    old: &dyn Transport,
) -> Result<()> {
    for space in channels(&pass.node.email, peer) {
        let objects = mine(pass, old, &space).await?;
        patiently(&space, 0, old.delete(&objects)).await?;
    }
    let mut others = table.peers.iter().filter(|(email, _)| *email != peer);
    let is_used = |record: &PeerRecord| record.ways().iter().any(|way| way == url);
    let is_mine = pass.node.routes.is_home(url) || pass.node.routes.datasets_at() == url;
    if is_mine || others.any(|(_, record)| is_used(record)) {
        return Ok(());
    }
    collections::clear(pass, old).await
}

/// What I put into a space there.
pub(super) async fn mine(
    pass: &Pass<'_>,
    store: &dyn Transport,
    space: &Space,
) -> Result<Vec<Object>> {
    let mut objects = patiently(space, 0, store.list_all(space)).await?;
    let me = &pass.node.email;
    objects.retain(|object| object.owner.as_ref().is_none_or(|owner| owner == me));
    Ok(objects)
}

pub(super) fn channels(me: &Email, peer: &Email) -> [Space; 2] {
    [
        Space::Outbox { owner: me.clone(), recipient: peer.clone() },
        Space::Inbox { owner: peer.clone(), sender: me.clone() },
    ]
}

fn keep(
    pass: &Pass<'_>,
    table: &mut PeerTable,
    email: &Email,
    moving: Option<Moving>,
) -> Result<()> {
    if let Some(record) = table.peers.get_mut(email) {
        record.moving = moving;
    }
    table.save(&*pass.node.disk)?;
    pass.node.lead(table);
    Ok(())
}

impl Node {
    /// One of the stores by itself, with the audit log of what goes there.
    pub(crate) fn store_at(&self, url: &str) -> Option<Arc<dyn Transport>> {
        let store = self.routes.store_at(url)?;
        let (clock, audit) = (self.clock.clone(), self.audit.clone());
        Some(Arc::new(Recorded::new(store, clock, audit, self.email.clone())))
    }
}
