//! The peers as a Python client keeps them for itself beside its folders (`protocol.md`
//! b.3), so that either program goes on where the other one was.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use syft_core::{Access, ContentHash, Email, HomePath, NodePaths};
use syft_crypto::Bundle;
use syft_transport::{Object, ObjectName, PutMode, Space, TransportExt};

use super::{Bundles, PeerState, PeerTable, PinnedKey};
use crate::channels::patiently;
use crate::node::Pass;
use crate::{Error, Result, bodies};

/// The object that holds them.
pub(crate) const PYTHON_PEERS: &str = "SYFT_peers.json";
/// A larger one is not read, in bytes: 1,000 peers with their keys.
const LIMIT: u64 = 4 << 20;

/// One of them.
#[derive(Serialize, Deserialize)]
struct Entry {
    state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    public_encryption_bundle: Option<Value>,
}

/// Puts the peers of an owner where a Python client of theirs would look for them. What was
/// put last is noted on this machine, so that nothing is asked of the store while it holds.
/// A scientist restores none, and so replaces none.
///
/// # Errors
/// The store; the disk.
pub(crate) async fn show_table(pass: &Pass<'_>, table: &PeerTable) -> Result<()> {
    let transport = &*pass.node.transport;
    if !transport.info_of(&space_of(pass)).capabilities.profiles || !pass.ledger.state().has_begun()
    {
        return Ok(());
    }
    let disk = &*pass.node.disk;
    let bytes = written(table, &Bundles::load(disk)?, pass.node.seals())?;
    let hash = ContentHash::of(&bytes);
    let shown = disk.read_if_there(&shown()?, LIMIT)?;
    if shown.as_deref() == Some(hash.to_string().as_bytes())
        || (shown.is_none() && table.peers.is_empty())
    {
        return Ok(());
    }
    let (space, name) = (space_of(pass), ObjectName::parse(PYTHON_PEERS)?);
    let there = patiently(&space, 0, transport.list_all(&space)).await?;
    let older: Vec<Object> = there.into_iter().filter(|object| object.name == name).collect();
    let is_there = match older.as_slice() {
        [one] if shown.is_none() => bodies::holds(transport, one, hash).await?,
        _ => false,
    };
    if !is_there {
        patiently(&space, 0, transport.delete(&older)).await?;
        let size = bytes.len() as u64;
        let put = transport.put(&space, &name, bytes.into(), PutMode::Create);
        patiently(&name, size, put).await?;
    }
    let hash = hash.to_string();
    Ok(disk.write(&self::shown()?, hash.as_bytes(), Access::OwnerOnly)?)
}

/// The peers that a Python client of mine kept, with their keys; `None` if there is no such
/// table that is mine beyond doubt.
///
/// # Errors
/// The store, and [`Error::Integrity`] for a table that cannot be read.
pub(crate) async fn read_table(pass: &Pass<'_>) -> Result<Option<(PeerTable, Bundles)>> {
    let transport = &*pass.node.transport;
    let space = space_of(pass);
    if !transport.info_of(&space).capabilities.profiles {
        return Ok(None);
    }
    let mut there = patiently(&space, 0, transport.list_all(&space)).await?;
    there.retain(|object| object.name.as_str() == PYTHON_PEERS);
    let Some(object) = there.iter().find(|object| pass.node.is_provably_mine(object)) else {
        return Ok(None);
    };
    let bytes = bodies::whole(transport, object, LIMIT).await?;
    read(pass, &bytes).map(Some)
}

fn space_of(pass: &Pass<'_>) -> Space {
    Space::State { owner: pass.node.email.clone() }
}

/// The hash of what was put last. A cache: deleting it costs a few requests.
fn shown() -> Result<HomePath> {
    Ok(NodePaths::cache().join("python-peers")?)
}

fn written(table: &PeerTable, bundles: &Bundles, seals: bool) -> Result<Vec<u8>> {
    let mut entries = BTreeMap::new();
    for (email, record) in &table.peers {
        let (PeerState::Accepted | PeerState::RequestedByMe | PeerState::Rejected) = record.state
        else {
            continue;
        };
        let bundle = record.key.filter(|_| seals && record.seals);
        let bundle = bundle.and_then(|key| bundles.get(email, key.fingerprint));
        let bundle = bundle.map(|bundle| bundle.to_did(email)).transpose()?;
        let bundle = bundle.map(serde_json::to_value).transpose().map_err(not_written)?;
        let state = record.state.as_str().to_owned();
        entries.insert(email, Entry { state, public_encryption_bundle: bundle });
    }
    serde_json::to_vec_pretty(&entries).map_err(not_written)
}

fn read(pass: &Pass<'_>, bytes: &[u8]) -> Result<(PeerTable, Bundles)> {
    let entries: BTreeMap<String, Entry> = serde_json::from_slice(bytes).map_err(|error| {
        Error::Integrity(format!("{PYTHON_PEERS}, in which your peers stand: {error}"))
    })?;
    // Those of peers who were met here already stay.
    let (mut table, mut bundles) = (PeerTable::default(), Bundles::load(&*pass.node.disk)?);
    let now = pass.node.clock.now();
    for (email, entry) in entries {
        let state = match entry.state.as_str() {
            "accepted" => PeerState::Accepted,
            "requested_by_me" => PeerState::RequestedByMe,
            "rejected" => PeerState::Rejected,
            _ => continue,
        };
        let Ok(email) = Email::parse(&email) else { continue };
        table.set(&email, state, now);
        let bundle = entry.public_encryption_bundle.filter(|_| pass.node.seals());
        let bundle = bundle.and_then(|document| Bundle::from_did(&document).ok());
        if let (Some(bundle), Some(record)) = (bundle, table.peers.get_mut(&email)) {
            if !bundles.knows(&email) {
                bundles.keep(&email, &bundle)?;
            }
            record.seals = true;
            record.key = Some(PinnedKey { fingerprint: bundle.fingerprint(), verified: None });
        }
    }
    Ok((table, bundles))
}

fn not_written(error: serde_json::Error) -> Error {
    let detail = error.to_string();
    Error::Core(syft_core::Error::Encode { what: PYTHON_PEERS, detail })
}
