use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use syft_core::{Change, Content, ContentHash, DatasitePath, FileChangeEvent, Timestamp};
use uuid::Uuid;

/// What of my datasite's history lies where in the store.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Saved {
    /// The objects of the event log that are not retired, oldest first.
    pub(crate) log: Vec<LogObject>,
    /// The newest event of each path since the last checkpoint.
    pub(crate) newest: BTreeMap<DatasitePath, LoggedEvent>,
    /// The rolling state.
    pub(crate) rolling: Option<Piece>,
    /// The incremental checkpoints since the full one, in their order.
    pub(crate) incrementals: Vec<Piece>,
    /// The full checkpoint.
    pub(crate) full: Option<Piece>,
    /// A checkpoint that was not read back yet: nothing that it holds is retired.
    pub(crate) unverified: Option<Unverified>,
}

/// One object of the event log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct LogObject {
    pub(crate) name: String,
    /// The time of its events.
    pub(crate) at: Timestamp,
    /// How many of its events no checkpoint holds.
    pub(crate) events: u64,
}

/// One event without its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LoggedEvent {
    pub(crate) id: Uuid,
    /// What the file holds since; `None` after a deletion.
    pub(crate) hash: Option<ContentHash>,
    pub(crate) old_hash: Option<ContentHash>,
    pub(crate) submitted: Timestamp,
    pub(crate) timestamp: Timestamp,
    /// What the content takes in a message, in bytes.
    pub(crate) size: u64,
}

impl LoggedEvent {
    pub(crate) fn of(event: &FileChangeEvent) -> Self {
        LoggedEvent {
            id: event.id,
            hash: event.change.new_hash(),
            old_hash: event.old_hash,
            submitted: event.submitted,
            timestamp: event.timestamp,
            size: event.change.content().map_or(0, Content::wire_len),
        }
    }

    /// The event again, with its content.
    pub(crate) fn with(
        self,
        path: &DatasitePath,
        datasite: &syft_core::Email,
        change: Change,
    ) -> FileChangeEvent {
        FileChangeEvent {
            id: self.id,
            path: path.clone(),
            datasite: datasite.clone(),
            change,
            old_hash: self.old_hash,
            submitted: self.submitted,
            timestamp: self.timestamp,
        }
    }
}

/// One object of the backup.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Piece {
    pub(crate) name: String,
    /// Together with the pieces before it, it holds all events up to this time.
    pub(crate) until: Timestamp,
}

/// A checkpoint on its way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Unverified {
    pub(crate) piece: Piece,
    /// What must be read back.
    pub(crate) hash: ContentHash,
    pub(crate) full: bool,
}

impl Saved {
    /// How many events no checkpoint holds.
    pub(crate) fn events(&self) -> u64 {
        self.log.iter().map(|object| object.events).sum()
    }

    /// Up to when the checkpoints hold everything.
    pub(crate) fn covered(&self) -> Timestamp {
        let pieces = self.incrementals.iter().chain(&self.full);
        pieces.map(|piece| piece.until).max().unwrap_or(Timestamp::EPOCH)
    }

    /// The time of the newest event of the log.
    pub(crate) fn latest(&self) -> Timestamp {
        self.log.last().map_or(Timestamp::EPOCH, |object| object.at).max(self.covered())
    }

    /// What may be deleted once the checkpoint on its way is known to be there, by
    /// name: all that it holds. The newest object of the log of which that is so stays, since
    /// the next one is chained to it.
    pub(crate) fn retirable(&self) -> BTreeSet<String> {
        let Some(new) = &self.unverified else { return BTreeSet::new() };
        let until = new.piece.until;
        let mut held: Vec<&String> = self
            .log
            .iter()
            .filter(|object| object.at <= until)
            .map(|object| &object.name)
            .collect();
        held.pop();
        let rolling = self.rolling.iter().filter(|rolling| rolling.until <= until);
        let replaced = self.incrementals.iter().chain(&self.full).filter(|_| new.full);
        let pieces = rolling.chain(replaced).map(|piece| &piece.name);
        held.into_iter().chain(pieces).cloned().collect()
    }

    /// Another object stands in the log.
    pub(super) fn logged(&mut self, object: LogObject, events: Vec<(DatasitePath, LoggedEvent)>) {
        self.log.push(object);
        self.newest.extend(events);
    }

    /// An object of the log is not there.
    pub(super) fn unlogged(&mut self, name: &str, events: &BTreeSet<Uuid>) {
        self.log.retain(|object| object.name != name);
        self.newest.retain(|_, event| !events.contains(&event.id));
    }

    /// The checkpoint on its way is there.
    pub(super) fn verified(&mut self) {
        let retired = self.retirable();
        let Some(new) = self.unverified.take() else { return };
        let until = new.piece.until;
        self.log.retain(|object| !retired.contains(&object.name));
        for object in self.log.iter_mut().filter(|object| object.at <= until) {
            object.events = 0;
        }
        self.newest.retain(|_, event| event.timestamp > until);
        self.rolling = self.rolling.take().filter(|rolling| !retired.contains(&rolling.name));
        if new.full {
            self.incrementals.clear();
            self.full = Some(new.piece);
        } else {
            self.incrementals.push(new.piece);
        }
    }
}
