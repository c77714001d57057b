use serde::Serialize;
use syft_core::{CheckpointName, EventsName, Timestamp};
use syft_transport::{Object, Space, TransportExt};

use super::{checkpoints_of, log_of, mine, rolling_of};
use crate::Result;
use crate::node::Pass;
use crate::peers::PeerTable;

/// Where the backup of my datasite stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckpointStatus {
    /// Events since the last checkpoint.
    pub events: u64,
    /// Incremental checkpoints since the full one.
    pub incrementals: usize,
    /// When the full checkpoint was made.
    pub full: Option<Timestamp>,
    /// When the last checkpoint of either kind was made.
    pub last: Option<Timestamp>,
    /// What a fresh machine would fetch.
    pub download: Download,
}

/// An amount of objects of the store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Download {
    /// How many.
    pub objects: usize,
    /// Their size together, in bytes.
    pub bytes: u64,
}

/// A piece of the backup, as it lies in the store.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckpointInfo {
    /// Its name there.
    pub name: String,
    /// Which tier it is of.
    pub kind: CheckpointKind,
    /// The number of an incremental one, from 1.
    pub sequence: Option<u64>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its size, in bytes.
    pub size: u64,
}

/// The tiers of a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckpointKind {
    /// All files.
    Full,
    /// Some fifty events.
    Incremental,
    /// The events since the last checkpoint.
    Rolling,
}

/// The pieces in the store, in the order in which a fresh machine takes them.
pub(crate) async fn list(pass: &Pass<'_>) -> Result<Vec<CheckpointInfo>> {
    let me = &pass.node.email;
    let mut objects = mine(pass, &checkpoints_of(me)).await?;
    objects.extend(mine(pass, &rolling_of(me)).await?);
    let mut pieces: Vec<CheckpointInfo> = objects.iter().filter_map(info).collect();
    pieces.sort_by(|a, b| {
        (a.kind, a.sequence, a.created_at).cmp(&(b.kind, b.sequence, b.created_at))
    });
    Ok(pieces)
}

fn info(object: &Object) -> Option<CheckpointInfo> {
    let name = CheckpointName::parse(object.name.as_str()).ok()?;
    let (kind, sequence) = match name {
        CheckpointName::Full { .. } => (CheckpointKind::Full, None),
        CheckpointName::Incremental { sequence, .. } => {
            (CheckpointKind::Incremental, Some(sequence))
        }
        CheckpointName::Rolling { .. } => (CheckpointKind::Rolling, None),
    };
    let (created_at, size) = (name.timestamp(), object.size);
    Some(CheckpointInfo { name: object.name.to_string(), kind, sequence, created_at, size })
}

pub(crate) async fn status(pass: &Pass<'_>) -> Result<CheckpointStatus> {
    let saved = &pass.ledger.state().saved;
    let made = |name: &str| CheckpointName::parse(name).ok().map(|name| name.timestamp());
    let full = saved.full.as_ref().and_then(|piece| made(&piece.name));
    let last = saved.incrementals.last().and_then(|piece| made(&piece.name)).or(full);
    Ok(CheckpointStatus {
        events: saved.events(),
        incrementals: saved.incrementals.len(),
        full,
        last,
        download: download(pass).await?,
    })
}

/// What a fresh machine would fetch: the pieces, the last object of the log that they
/// hold and all after it, what my readers were sent, and the state of this node.
async fn download(pass: &Pass<'_>) -> Result<Download> {
    let (me, saved) = (&pass.node.email, &pass.ledger.state().saved);
    let mut objects = mine(pass, &checkpoints_of(me)).await?;
    objects.extend(mine(pass, &rolling_of(me)).await?);
    let known = saved.rolling.as_ref().map_or(saved.covered(), |rolling| rolling.until);
    let log = mine(pass, &log_of(me)).await?;
    objects.extend(log.into_iter().filter(|object| {
        EventsName::parse(object.name.as_str()).is_ok_and(|name| name.timestamp >= known)
    }));
    for peer in PeerTable::load(&*pass.node.disk)?.peers.into_keys() {
        let outbox = Space::Outbox { owner: me.clone(), recipient: peer };
        let sent = pass.node.transport.list_all(&outbox).await?;
        objects.extend(sent.into_iter().filter(|o| EventsName::parse(o.name.as_str()).is_ok()));
    }
    if pass.node.transport.info().capabilities.access_control {
        objects.extend(mine(pass, &Space::State { owner: me.clone() }).await?);
    }
    Ok(Download { objects: objects.len(), bytes: objects.iter().map(|object| object.size).sum() })
}
