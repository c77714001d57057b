//! The backup of Alice's datasite, read by somebody who knows only its formats.

use std::collections::BTreeMap;
use std::sync::Arc;

use syft_core::codec::{Limits, WireFormat, decode};
use syft_core::{
    Change, Checkpoint, FileChangeEvent, FileChangeEventsMessage, IncrementalCheckpoint,
    RollingState, Timestamp,
};
use syft_transport::{MemoryStore, Space};

use super::{Member, alice, events_in, in_space, log_of};

/// Alice alone with a store, after her first sync.
pub(crate) async fn solo() -> (MemoryStore, Member) {
    let store = MemoryStore::new();
    let node = Member::join(alice(), Arc::new(store.user(alice())), 1).await;
    node.sync().await;
    (store, node)
}

/// Writes or removes a file of the member's own datasite.
pub(crate) fn edit(node: &Member, path: &str, content: Option<&[u8]>) {
    let file = node.path(&format!("{}/{path}", node.email));
    match content {
        Some(bytes) => {
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, bytes).unwrap();
        }
        None => drop(std::fs::remove_file(file)),
    }
}

/// What of a member's datasite travels as events.
pub(crate) fn box_of(node: &Member) -> BTreeMap<String, Vec<u8>> {
    let mut files = node.tree(node.email.as_str());
    files.retain(|path, _| !path.starts_with("private/") && !path.starts_with("public/datasets/"));
    files
}

/// The tiers and the log as they lie in the store.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pieces {
    pub(crate) fulls: Vec<Checkpoint>,
    pub(crate) incrementals: Vec<IncrementalCheckpoint>,
    pub(crate) rolling: Vec<RollingState>,
    pub(crate) log: Vec<FileChangeEventsMessage>,
}

impl Pieces {
    pub(crate) fn of(store: &MemoryStore) -> Pieces {
        let checkpoints = Space::Checkpoints { owner: alice() };
        let mut incrementals: Vec<IncrementalCheckpoint> =
            read(store, &checkpoints, "incremental_checkpoint_");
        incrementals.sort_by_key(|one| one.sequence);
        Pieces {
            fulls: read(store, &checkpoints, "checkpoint_"),
            incrementals,
            rolling: read(store, &Space::Rolling { owner: alice() }, "rolling_state_"),
            log: events_in(store, &log_of(alice())),
        }
    }

    /// What they amount to: full, incremental ones, rolling, newer events.
    pub(crate) fn fold(&self) -> BTreeMap<String, Vec<u8>> {
        assert!(self.fulls.len() <= 1 && self.rolling.len() <= 1, "one of a kind");
        let mut files = BTreeMap::new();
        let mut until = Timestamp::EPOCH;
        for full in &self.fulls {
            until = full.last_event.unwrap_or(until);
            let file = |file: &syft_core::CheckpointFile| {
                (file.path.to_string(), file.content.as_bytes().to_vec())
            };
            files.extend(full.files.iter().map(file));
        }
        for (number, one) in self.incrementals.iter().enumerate() {
            assert_eq!(one.sequence, number as u64 + 1);
            apply(&mut files, &mut until, &one.events);
        }
        for rolling in &self.rolling {
            assert_eq!(rolling.base_checkpoint, until);
            apply(&mut files, &mut until, &rolling.events);
            until = until.max(rolling.last_event.unwrap());
        }
        for message in &self.log {
            if message.name.timestamp > until {
                apply(&mut files, &mut until, &message.events);
            }
        }
        files
    }
}

fn apply(files: &mut BTreeMap<String, Vec<u8>>, until: &mut Timestamp, events: &[FileChangeEvent]) {
    for event in events {
        *until = event.timestamp.max(*until);
        match &event.change {
            Change::Write(content) => {
                files.insert(event.path.to_string(), content.as_bytes().to_vec());
            }
            Change::Delete => drop(files.remove(event.path.as_str())),
        }
    }
}

fn read<T: WireFormat>(store: &MemoryStore, space: &Space, prefix: &str) -> Vec<T> {
    in_space(store, space)
        .iter()
        .filter(|object| object.name.as_str().starts_with(prefix))
        .map(|object| decode(&store.bytes(&object.id).unwrap(), &Limits::EVENTS).unwrap())
        .collect()
}
