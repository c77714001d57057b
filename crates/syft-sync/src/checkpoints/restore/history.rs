//! The pieces of a datasite's history, found, checked and put together.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use syft_core::codec::{Limits, WireFormat, decode};
use syft_core::{
    Checkpoint, CheckpointName, ContentHash, Email, EventsName, FileChangeEventsMessage,
    IncrementalCheckpoint, RecordChange, RollingState, Timestamp,
};
use syft_transport::{Object, Space, TransportExt};

use super::files::Files;
use super::{Progress, damaged, unusable};
use crate::channels::patiently;
use crate::checkpoints::record::{Backup, lost};
use crate::checkpoints::{checkpoints_of, fetch_piece, is_mine, log_of, rolling_of};
use crate::ledger::{Head, LogObject, LoggedEvent, Piece, Saved};
use crate::node::Pass;
use crate::{Error, Result};

/// The pieces that count: nothing is older than the full checkpoint.
#[derive(Debug, Default)]
pub(super) struct Found {
    full: Option<(Timestamp, Object)>,
    /// In their order.
    incrementals: Vec<(u64, Timestamp, Object)>,
    rolling: Option<Object>,
    /// Oldest first.
    log: Vec<(Timestamp, Object)>,
    /// What newer pieces took the place of.
    superseded: Vec<Object>,
}

impl Found {
    pub(super) fn is_empty(&self) -> bool {
        self.objects() == 0
    }

    pub(super) fn objects(&self) -> u64 {
        let tiers = usize::from(self.full.is_some()) + usize::from(self.rolling.is_some());
        (tiers + self.incrementals.len() + self.log.len()) as u64
    }
}

/// Lists the pieces. What somebody else put there is none.
pub(super) async fn find(pass: &Pass<'_>, notes: &mut Vec<String>) -> Result<Found> {
    let me = &pass.node.email;
    let mut found = Found::default();
    let mut fulls = Vec::new();
    for object in listed(pass, &checkpoints_of(me), notes).await? {
        match CheckpointName::parse(object.name.as_str()) {
            Ok(CheckpointName::Full { timestamp }) => fulls.push((timestamp, object)),
            Ok(CheckpointName::Incremental { sequence, timestamp }) => {
                found.incrementals.push((sequence, timestamp, object));
            }
            _ => {}
        }
    }
    fulls.sort_by_key(|(timestamp, _)| *timestamp);
    found.full = fulls.pop();
    found.superseded.extend(fulls.into_iter().map(|(_, object)| object));
    let full = found.full.as_ref().map(|(timestamp, _)| *timestamp);
    let older = |at: Timestamp| full.is_some_and(|full| at < full);
    let superseded = found.incrementals.extract_if(.., |(_, at, _)| older(*at));
    found.superseded.extend(superseded.map(|(.., object)| object));
    // Of one number the newest counts: an older one never showed up while it was
    // waited for, and was made anew.
    found.incrementals.sort_by_key(|(sequence, at, _)| (*sequence, Reverse(*at)));
    let mut last = None;
    let again =
        found.incrementals.extract_if(.., |(number, ..)| last.replace(*number) == Some(*number));
    found.superseded.extend(again.map(|(.., object)| object));
    let rolling = listed(pass, &rolling_of(me), notes).await?.into_iter();
    let rolling = rolling.filter_map(|o| Some((CheckpointName::parse(o.name.as_str()).ok()?, o)));
    let mut rolling: Vec<_> = rolling.collect();
    rolling.sort_by_key(|(name, _)| name.timestamp());
    found.rolling = rolling.pop().map(|(_, object)| object);
    found.superseded.extend(rolling.into_iter().map(|(_, object)| object));
    let log = listed(pass, &log_of(me), notes).await?.into_iter();
    let log = log.filter_map(|o| Some((EventsName::parse(o.name.as_str()).ok()?.timestamp, o)));
    found.log = log.collect();
    found.log.sort_by_key(|(timestamp, _)| *timestamp);
    Ok(found)
}

async fn listed(pass: &Pass<'_>, space: &Space, notes: &mut Vec<String>) -> Result<Vec<Object>> {
    let mut objects = patiently(space, 0, pass.node.transport.list_all(space)).await?;
    objects.retain(|object| {
        let mine = is_mine(object, &pass.node.email);
        if !mine {
            notes.push(format!("{object} was put there by somebody else, and was not looked at"));
        }
        mine
    });
    Ok(objects)
}

/// A datasite as its history has it.
#[derive(Debug, Default)]
pub(super) struct History {
    pub(super) files: Files,
    pub(super) saved: Saved,
    /// Where the log goes on.
    pub(super) head: Option<Head>,
    /// What newer pieces took the place of.
    pub(super) superseded: Vec<Object>,
    /// What the newest object of the log that says it says of the record, and its number.
    pub(super) record: Option<(u64, RecordChange)>,
}

impl History {
    pub(super) async fn fetch(
        progress: &mut Progress<'_, '_>,
        found: Found,
        backup: &mut Option<Backup>,
        notes: &mut Vec<String>,
    ) -> Result<History> {
        let full = found.full.as_ref().map(|(at, _)| *at);
        if let Some(backup) = &backup {
            backup.check_pieces(&found.names(), full)?;
        }
        let superseded = found.superseded.clone();
        let mut history = History { superseded, ..History::default() };
        if let Some((_, object)) = &found.full {
            history.take_full(progress, object).await?;
        }
        for (number, (.., object)) in found.incrementals.iter().enumerate() {
            history.take_incremental(progress, object, number as u64 + 1).await?;
        }
        let covered = history.files.until;
        let mut events = BTreeMap::new();
        if let Some(object) = &found.rolling {
            history.take_rolling(progress, object, &mut events, notes).await?;
        }
        history.take_log(progress, &found.log, &mut events).await?;
        history.note_log(covered, &found.log, &events);
        if let (Some(put), Some(head)) = (&*backup, history.head)
            && !put.is_of(head.seq, history.record.as_ref().map(|(number, _)| *number))
        {
            notes.push(lost("the event log goes on without it"));
        }
        if let (Some(put), Some((number, change))) =
            (backup.take_if(|_| history.record.is_some()), &history.record)
        {
            let changed = put.changed_by(*number, change, notes);
            changed.check_pieces(&found.names(), full)?;
            *backup = Some(changed);
        }
        Ok(history)
    }

    async fn take_full(&mut self, progress: &mut Progress<'_, '_>, object: &Object) -> Result<()> {
        let full: Checkpoint = fetch(progress, object).await?.0;
        is_of(progress, object, &full.email)?;
        let until = full.last_event.unwrap_or(Timestamp::EPOCH);
        for file in full.files {
            self.files.take_file(progress.pass, file, until)?;
        }
        self.files.until = until;
        self.saved.full = Some(Piece { name: object.name.to_string(), until });
        Ok(())
    }

    async fn take_incremental(
        &mut self,
        progress: &mut Progress<'_, '_>,
        object: &Object,
        number: u64,
    ) -> Result<()> {
        let incremental: IncrementalCheckpoint = fetch(progress, object).await?.0;
        is_of(progress, object, &incremental.email)?;
        if incremental.sequence != number {
            return Err(damaged(object, format!("incremental checkpoint {number} is missing")));
        }
        for event in incremental.events {
            self.files.take_event(progress.pass, event)?;
        }
        let until = self.files.until;
        self.saved.incrementals.push(Piece { name: object.name.to_string(), until });
        Ok(())
    }

    /// The log holds the same events, so one that cannot be read costs time only.
    async fn take_rolling(
        &mut self,
        progress: &mut Progress<'_, '_>,
        object: &Object,
        events: &mut BTreeMap<Timestamp, u64>,
        notes: &mut Vec<String>,
    ) -> Result<()> {
        let rolling: RollingState = match fetch(progress, object).await {
            Ok((rolling, _)) => rolling,
            Err(Error::Integrity(reason)) => {
                notes.push(format!("{reason}; the event log was used in its place"));
                return Ok(());
            }
            Err(Error::Core(syft_core::Error::Rejected(reject))) => {
                let name = &object.name;
                notes.push(format!("{name}: {reject}; the event log was used in its place"));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        is_of(progress, object, &rolling.email)?;
        if rolling.base_checkpoint > self.files.until {
            return Err(damaged(object, "the checkpoint that it builds on is missing"));
        }
        let until = rolling.last_event.unwrap_or(Timestamp::EPOCH);
        if until <= self.files.until {
            return Ok(());
        }
        for event in rolling.events.into_iter().filter(|e| e.timestamp > rolling.base_checkpoint) {
            *events.entry(event.timestamp).or_default() += 1;
            self.saved.newest.insert(event.path.clone(), LoggedEvent::of(&event));
            self.files.take_event(progress.pass, event)?;
        }
        self.files.until = self.files.until.max(until);
        self.saved.rolling = Some(Piece { name: object.name.to_string(), until });
        Ok(())
    }

    /// The newer events of the log, which must be whole, and where it goes on. The
    /// last object that the tiers hold still lies there: the newer ones follow it.
    async fn take_log(
        &mut self,
        progress: &mut Progress<'_, '_>,
        log: &[(Timestamp, Object)],
        events: &mut BTreeMap<Timestamp, u64>,
    ) -> Result<()> {
        let known = self.files.until;
        if let Some((_, object)) = log.iter().rfind(|(at, _)| *at <= known) {
            let (message, hash) = fetch::<FileChangeEventsMessage>(progress, object).await?;
            self.head = message.position.map(|position| Head { seq: position.seq, hash });
            self.take_record(progress, object, message.record);
        }
        for (at, object) in log.iter().filter(|(at, _)| *at > known) {
            let (message, hash) = fetch::<FileChangeEventsMessage>(progress, object).await?;
            message.check_channel(&progress.pass.node.email).map_err(|e| damaged(object, e))?;
            let seq = self.follows(object, &message)?;
            self.head = Some(Head { seq, hash });
            self.take_record(progress, object, message.record);
            for event in message.events {
                *events.entry(*at).or_default() += 1;
                self.saved.newest.insert(event.path.clone(), LoggedEvent::of(&event));
                self.files.take_event(progress.pass, event)?;
            }
        }
        Ok(())
    }

    fn take_record(
        &mut self,
        progress: &Progress<'_, '_>,
        object: &Object,
        record: Option<RecordChange>,
    ) {
        let number = self.head.map_or(0, |head| head.seq);
        if let Some(record) = record.filter(|_| progress.pass.node.is_provably_mine(object)) {
            self.record = Some((number, record));
        }
    }

    /// Each message of the log names the one before it.
    fn follows(&self, object: &Object, message: &FileChangeEventsMessage) -> Result<u64> {
        let Some(position) = message.position else {
            return Err(damaged(object, "it has no place in the event log"));
        };
        let (before, prev) =
            (self.head.map_or(0, |head| head.seq), self.head.map(|head| head.hash));
        if position.seq == before + 1 && position.prev == prev {
            return Ok(position.seq);
        }
        let number = position.seq;
        Err(damaged(object, format!("the message before number {number} of the log is missing")))
    }

    fn note_log(
        &mut self,
        covered: Timestamp,
        log: &[(Timestamp, Object)],
        events: &BTreeMap<Timestamp, u64>,
    ) {
        let object = |(at, object): &(Timestamp, Object)| LogObject {
            name: object.name.to_string(),
            at: *at,
            events: events.get(at).copied().filter(|_| *at > covered).unwrap_or(0),
        };
        self.saved.log = log.iter().map(object).collect();
    }
}

impl Found {
    fn names(&self) -> Vec<&str> {
        let full = self.full.iter().map(|(_, object)| object);
        let incrementals = self.incrementals.iter().map(|(.., object)| object);
        full.chain(incrementals).map(|object| object.name.as_str()).collect()
    }
}

/// A piece and the hash of its bytes. What cannot be read is damage, unless the
/// store is only away.
pub(super) async fn fetch<T: WireFormat>(
    progress: &mut Progress<'_, '_>,
    object: &Object,
) -> Result<(T, ContentHash)> {
    let bytes = match fetch_piece(progress.pass, object).await {
        Ok(bytes) => bytes,
        Err(error) => return Err(unusable(object, error)),
    };
    progress.step();
    let piece = decode(&bytes, &Limits::EVENTS).map_err(|reject| damaged(object, reject))?;
    Ok((piece, ContentHash::of(&bytes)))
}

fn is_of(progress: &Progress<'_, '_>, object: &Object, email: &Email) -> Result<()> {
    if *email == progress.pass.node.email {
        return Ok(());
    }
    Err(damaged(object, format!("it is of {email}")))
}
