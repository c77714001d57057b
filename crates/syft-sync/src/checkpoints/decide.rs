//! What is due, and which plan it becomes; without any I/O.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::successors;

use serde_json::json;
use syft_core::codec::{WireFormat, encode};
use syft_core::{
    Change, CheckpointName, ContentHash, DatasitePath, FileChangeEvent, RollingState, Timestamp,
};
use syft_transport::{Object, ObjectName};

use super::{checkpoints_of, rolling_of};
use crate::Result;
use crate::engine::{Draft, Scene};
use crate::ledger::{Fact, LogObject, LoggedEvent, Piece, Saved, State, Unverified};
use crate::room::Room;

/// Content in a rolling state, in bytes; above it the log alone holds the events.
const ROLLING_BYTES: u64 = 64 << 20;
/// With so many objects of the log that are newer, the rolling state is put anew: a fresh
/// machine should not have to fetch it piece by piece.
const MOST_NEWER: usize = 10;
/// Content in an incremental checkpoint, in bytes, unless one event is larger.
const INCREMENTAL_BYTES: u64 = 256 << 20;

/// Which checkpoint is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    Nothing,
    Incremental,
    Full,
}

/// Which checkpoint is due: with `threshold` events since the last one an
/// incremental one, and a full one in place of the last of `compacting` ones.
pub(crate) fn due(saved: &Saved, threshold: usize, compacting: usize) -> Due {
    let events = saved.events();
    // One that is on its way has its number, and may hold these events.
    if events == 0 || events < threshold as u64 || saved.unverified.is_some() {
        return Due::Nothing;
    }
    if saved.incrementals.len() + 1 >= compacting { Due::Full } else { Due::Incremental }
}

/// Whether a fresh machine should have a newer rolling state: too much of the log is newer
/// than it and the checkpoints, or that cannot be taken in any order. Where a log begins there
/// is one at once: what an earlier log left there is older than it.
pub(super) fn rolling_is_due(saved: &Saved, room: &Room) -> bool {
    let size: u64 = saved.newest.values().map(|event| event.size).sum();
    let rolled = saved.rolling.as_ref().map_or(Timestamp::EPOCH, |rolling| rolling.until);
    let held = rolled.max(saved.covered());
    let newer: Vec<&LogObject> =
        saved.log.iter().rev().take_while(|object| object.at > held).collect();
    let is_first = held == Timestamp::EPOCH && !newer.is_empty();
    (is_first || newer.len() >= MOST_NEWER || needs_order(saved, held, &newer))
        && size <= room.within(ROLLING_BYTES)
}

/// Whether these objects of the log, newer than what is held, amount to the same in their own
/// order alone. A Python client that restores applies them from the newest to the oldest
/// (`protocol.md` h.4): of a path that comes twice, in whatever spelling, what is older would
/// count, and a file would stand in the way of what lies below its name since.
fn needs_order(saved: &Saved, held: Timestamp, newer: &[&LogObject]) -> bool {
    let events: u64 = newer.iter().map(|object| object.events).sum();
    let is_newer = |(_, event): &(&DatasitePath, &LoggedEvent)| event.timestamp > held;
    let paths = || saved.newest.iter().filter(is_newer).map(|(path, _)| path);
    let names: BTreeSet<String> = paths().map(DatasitePath::fold_key).collect();
    let mut above = paths().flat_map(|path| successors(path.parent(), DatasitePath::parent));
    events > names.len() as u64 || above.any(|folder| names.contains(&folder.fold_key()))
}

/// Up to when the next incremental checkpoint goes: to the newest event, or as
/// far as it is not too large. Events of one message stay together.
pub(super) fn incremental_until(saved: &Saved, room: &Room) -> Timestamp {
    let mut messages: BTreeMap<Timestamp, u64> = BTreeMap::new();
    for event in saved.newest.values() {
        *messages.entry(event.timestamp).or_default() += event.size;
    }
    let most = room.within(INCREMENTAL_BYTES);
    let (mut size, mut until) = (0, None);
    for (at, more) in messages {
        size += more;
        if let Some(until) = until.filter(|_| size > most) {
            return until;
        }
        until = Some(at);
    }
    saved.latest()
}

/// Events in the order of a rolling state or a checkpoint: newest last, except
/// that a deletion frees its name before another spelling of it takes its place.
pub(super) fn in_order(mut events: Vec<FileChangeEvent>) -> Vec<FileChangeEvent> {
    let written: BTreeMap<String, DatasitePath> = events
        .iter()
        .filter(|event| !event.change.is_delete())
        .map(|event| (event.path.fold_key(), event.path.clone()))
        .collect();
    let frees = |event: &FileChangeEvent| {
        event.change == Change::Delete && written.contains_key(&event.path.fold_key())
    };
    events.sort_by(|a, b| {
        let key = |event: &FileChangeEvent| (!frees(event), event.timestamp);
        key(a).cmp(&key(b)).then_with(|| a.path.cmp(&b.path))
    });
    events
}

/// The rolling state takes the place of the older one.
pub(super) fn on_rolling(
    state: &State,
    scene: &Scene<'_>,
    events: Vec<FileChangeEvent>,
    listed: &[Object],
) -> Result<Draft> {
    let saved = &state.saved;
    let timestamp = state.next_time(scene.now);
    let rolling = RollingState {
        timestamp,
        email: scene.me.clone(),
        base_checkpoint: saved.covered(),
        last_event: Some(saved.latest()),
        events: in_order(events),
    };
    let name = ObjectName::parse(&rolling.name().to_string())?;
    let mut draft = Draft::default();
    draft.fact(Fact::Time { at: timestamp });
    let piece = Piece { name: name.to_string(), until: saved.latest() };
    draft.fact(Fact::Rolled { rolling: piece });
    // One object that is replaced, as a Python client has it (`protocol.md` a.1).
    let is_older = |object: &&Object| {
        saved.rolling.as_ref().is_some_and(|older| older.name == object.name.as_str())
    };
    let mut older = listed.iter().filter(is_older);
    let replaced = older.next().cloned();
    draft.put_in_place(rolling_of(scene.me), name, encode(&rolling)?, replaced);
    older.for_each(|object| draft.delete(object));
    Ok(draft)
}

/// A checkpoint is put; what it holds stays until it was read back.
pub(super) fn on_checkpoint<T: WireFormat + PartialEq>(
    scene: &Scene<'_>,
    checkpoint: &T,
    name: CheckpointName,
    until: Timestamp,
) -> Result<Draft> {
    let bytes = encode(checkpoint)?;
    let object = ObjectName::parse(&name.to_string())?;
    let mut draft = Draft::default();
    draft.fact(Fact::Time { at: name.timestamp() });
    draft.fact(Fact::Checkpoint {
        unverified: Some(Unverified {
            piece: Piece { name: object.to_string(), until },
            hash: ContentHash::of(&bytes),
            full: matches!(name, CheckpointName::Full { .. }),
        }),
    });
    draft.put(checkpoints_of(scene.me), object, bytes);
    Ok(draft)
}

/// The checkpoint was read back: what it holds is retired, by name.
pub(super) fn on_verified(state: &State, scene: &Scene<'_>, listed: &[Object]) -> Draft {
    let mut draft = Draft::default();
    let Some(new) = &state.saved.unverified else { return draft };
    let retired = state.saved.retirable();
    draft.fact(Fact::Verified);
    draft.audit(
        format!("checkpoint:{}", new.piece.name),
        scene.now,
        scene.me,
        "checkpoint.created",
        new.piece.name.clone(),
        [("sha256", json!(new.hash)), ("retired", json!(retired.len()))],
    );
    delete(&mut draft, listed, &retired);
    draft
}

/// The checkpoint is not there, or is not what was put: it counts for nothing.
pub(super) fn on_unusable(
    state: &State,
    scene: &Scene<'_>,
    reason: &str,
    listed: &[Object],
) -> Draft {
    let mut draft = Draft::default();
    let Some(new) = &state.saved.unverified else { return draft };
    draft.fact(Fact::Checkpoint { unverified: None });
    draft.audit(
        format!("checkpoint:{}", new.piece.name),
        scene.now,
        scene.me,
        "checkpoint.unusable",
        new.piece.name.clone(),
        [("reason", json!(reason))],
    );
    delete(&mut draft, listed, &BTreeSet::from([new.piece.name.clone()]));
    draft
}

fn delete(draft: &mut Draft, listed: &[Object], names: &BTreeSet<String>) {
    let named = listed.iter().filter(|object| names.contains(object.name.as_str()));
    named.for_each(|object| draft.delete(object));
}
