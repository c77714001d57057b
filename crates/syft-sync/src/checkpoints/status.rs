use serde::Serialize;
use syft_core::{CheckpointName, EventsName, Timestamp};
use syft_transport::Object;

use super::{checkpoints_of, log_of, mine, record, restore, rolling_of};
use crate::node::Pass;
use crate::peers::PeerTable;
use crate::{Result, collections};

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

impl Download {
    fn add<'o>(&mut self, objects: impl IntoIterator<Item = &'o Object>) {
        for object in objects {
            self.objects += 1;
            self.bytes += object.size;
        }
    }
}

/// What a fresh machine would fetch: exactly what a restore reads.
async fn download(pass: &Pass<'_>) -> Result<Download> {
    let mut download = Download::default();
    history(pass, &mut download).await?;
    let table = PeerTable::load(&*pass.node.disk)?;
    let is_guarded = pass.node.is_guarded();
    // Where others can write, nobody is known before the owner says so again.
    let known = table.peers.keys().filter(|_| is_guarded);
    for reader in restore::readers(pass, known).await? {
        download.add(restore::listed_outbox(pass, &reader).await?.iter().map(|(_, object)| object));
    }
    if is_guarded {
        own(pass, &mut download).await?;
    }
    Ok(download)
}

/// The tiers, the last object of the log that they hold, and all after it.
async fn history(pass: &Pass<'_>, download: &mut Download) -> Result<()> {
    let (me, saved) = (&pass.node.email, &pass.ledger.state().saved);
    let mut tiers = mine(pass, &checkpoints_of(me)).await?;
    tiers.extend(mine(pass, &rolling_of(me)).await?);
    let named = |object: &Object| CheckpointName::parse(object.name.as_str()).ok();
    let newest = |is_kind: fn(&CheckpointName) -> bool| {
        let times = tiers.iter().filter_map(named).filter(is_kind).map(|name| name.timestamp());
        times.max()
    };
    let full = newest(|name| matches!(name, CheckpointName::Full { .. }));
    let rolling = newest(|name| matches!(name, CheckpointName::Rolling { .. }));
    download.add(tiers.iter().filter(|object| match named(object) {
        Some(CheckpointName::Full { timestamp }) => full == Some(timestamp),
        Some(CheckpointName::Incremental { timestamp, .. }) => Some(timestamp) >= full,
        Some(CheckpointName::Rolling { timestamp }) => rolling == Some(timestamp),
        None => false,
    }));
    let rolled = saved.rolling.as_ref().map(|rolling| rolling.until);
    let known = rolled.unwrap_or(Timestamp::EPOCH).max(saved.covered());
    let log = mine(pass, &log_of(me)).await?.into_iter();
    let log = log.filter_map(|o| Some((EventsName::parse(o.name.as_str()).ok()?.timestamp, o)));
    let log: Vec<_> = log.collect();
    let last = log.iter().map(|(at, _)| *at).filter(|at| *at <= known).max();
    let is_read = |at: Timestamp| at > known || Some(at) == last;
    download.add(log.iter().filter(|(at, _)| is_read(*at)).map(|(_, object)| object));
    Ok(())
}

/// What only a store with access control keeps: the state of this node, and by it
/// the mocks; and the private parts.
async fn own(pass: &Pass<'_>, download: &mut Download) -> Result<()> {
    let (states, _) = record::listed(pass).await?;
    download.add(states.first());
    for (name, published) in &pass.ledger.state().published {
        let mock = restore::listed_mock(pass, name, published).await?;
        download.add(mock.iter().map(|file| &file.object));
    }
    for copies in collections::kept(pass).await?.datasets.into_values() {
        let newest = copies.first().into_iter().flat_map(|copy| &copy.files);
        download.add(newest.map(|file| &file.object));
    }
    Ok(())
}
