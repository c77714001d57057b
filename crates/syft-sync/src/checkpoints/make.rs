//! Makes checkpoints: gathers, puts, reads back, retires.

use std::collections::BTreeMap;

use syft_core::codec::{Limits, WireFormat, decode};
use syft_core::{
    Change, Checkpoint, CheckpointFile, CheckpointName, ContentHash, DatasitePath, FileChangeEvent,
    HomePath, IncrementalCheckpoint, Timestamp,
};
use syft_transport::Object;

use super::content::gather;
use super::decide::{
    in_order, incremental_until, on_checkpoint, on_rolling, on_unusable, on_verified,
    rolling_is_due,
};
use super::{Due, checkpoints_of, due, fetch_piece, is_mine, log_of, mine, rolling_of};
use crate::ledger::Unverified;
use crate::node::Pass;
use crate::report::SyncReport;
use crate::room::Room;
use crate::{Error, Result, SyncOptions};

/// Content in a full checkpoint, in bytes: a reader takes 1 GiB.
const FULL_BYTES: u64 = 900 << 20;

/// A checkpoint that was made and read back.
#[derive(Debug, Clone, PartialEq)]
pub enum MadeCheckpoint {
    /// The events since the checkpoint before.
    Incremental(IncrementalCheckpoint),
    /// All files, in place of the checkpoints before.
    Full(Checkpoint),
}

impl MadeCheckpoint {
    /// Path and hash of every file that it holds; a deletion is none.
    #[must_use]
    pub fn file_hashes(&self) -> BTreeMap<DatasitePath, ContentHash> {
        match self {
            MadeCheckpoint::Full(full) => full.file_hashes(),
            MadeCheckpoint::Incremental(incremental) => {
                let events = incremental.events.iter();
                events.filter_map(|e| Some((e.path.clone(), e.change.new_hash()?))).collect()
            }
        }
    }

    /// The name that it has in the store.
    #[must_use]
    pub fn name(&self) -> CheckpointName {
        match self {
            MadeCheckpoint::Full(full) => full.name(),
            MadeCheckpoint::Incremental(incremental) => incremental.name(),
        }
    }
}

/// The last step of a sync: a checkpoint if one is due, and else the rolling state, if
/// that is.
pub(crate) async fn at_end_of_sync(
    pass: &mut Pass<'_>,
    options: &SyncOptions,
    report: &mut SyncReport,
) -> Result<()> {
    // What waits for the store belongs before the checkpoint that holds it.
    if pass.ledger.puts_into(&log_of(&pass.node.email)) {
        return Ok(());
    }
    report.notes.extend(settle(pass).await?);
    if options.auto_checkpoint {
        match make_due(pass, options.checkpoint_threshold, options.compacting_threshold).await {
            Ok(_) => {}
            Err(error) if is_of_the_checkpoint(&error) => report.notes.push(error.to_string()),
            Err(error) => return Err(error),
        }
    }
    flush(pass).await
}

fn is_of_the_checkpoint(error: &Error) -> bool {
    !matches!(error, Error::Transport(_)) && !error.ends_the_pass()
}

/// Makes the checkpoint that is due, if one is.
pub(crate) async fn make_due(
    pass: &mut Pass<'_>,
    threshold: usize,
    compacting: usize,
) -> Result<Option<MadeCheckpoint>> {
    match due(&pass.ledger.state().saved, threshold, compacting) {
        Due::Nothing => Ok(None),
        Due::Full if full_size(pass)? <= full_bytes(pass) => {
            make_full(pass).await.map(|full| Some(MadeCheckpoint::Full(full)))
        }
        // A datasite that no full checkpoint can hold has incremental ones only.
        Due::Incremental | Due::Full => {
            make_incremental(pass).await.map(|made| Some(MadeCheckpoint::Incremental(made)))
        }
    }
}

/// Makes a full checkpoint of everything that the log holds.
pub(crate) async fn make_full(pass: &mut Pass<'_>) -> Result<Checkpoint> {
    ready(pass).await?;
    let (size, most) = (full_size(pass)?, full_bytes(pass));
    if size > most {
        return Err(Error::Refused(format!(
            "the datasite has {size} bytes, and a full checkpoint holds {most}: \
             incremental checkpoints hold it"
        )));
    }
    let state = pass.ledger.state();
    let files = state.files.iter().filter(|(_, version)| version.logged);
    let wanted = files.map(|(path, version)| (path.clone(), version.hash)).collect();
    let until = state.saved.latest();
    let files = gather(pass, wanted).await?;
    let checkpoint = Checkpoint {
        timestamp: pass.ledger.state().next_time(pass.node.clock.now()),
        email: pass.node.email.clone(),
        last_event: Some(until).filter(|until| *until > Timestamp::EPOCH),
        files: files.into_iter().map(|(path, content)| CheckpointFile { path, content }).collect(),
    };
    put(pass, &checkpoint, checkpoint.name(), until).await?;
    Ok(checkpoint)
}

async fn make_incremental(pass: &mut Pass<'_>) -> Result<IncrementalCheckpoint> {
    ready(pass).await?;
    let saved = &pass.ledger.state().saved;
    let until = incremental_until(saved, &Room::of(pass.node.info_of_mine()));
    let sequence = saved.incrementals.len() as u64 + 1;
    let events = events_until(pass, until).await?;
    let checkpoint = IncrementalCheckpoint {
        timestamp: pass.ledger.state().next_time(pass.node.clock.now()),
        email: pass.node.email.clone(),
        sequence,
        events: in_order(events),
    };
    put(pass, &checkpoint, checkpoint.name(), until).await?;
    Ok(checkpoint)
}

/// Whether all is in the store that a checkpoint builds on.
async fn ready(pass: &mut Pass<'_>) -> Result<()> {
    if pass.ledger.puts_into(&log_of(&pass.node.email)) {
        let detail = "events still wait for the store, and a checkpoint comes after them";
        return Err(Error::Refused(detail.to_owned()));
    }
    // One that did not arrive counts for nothing, and this one is made in its place.
    settle(pass).await.map(drop)
}

async fn put<T: WireFormat + PartialEq>(
    pass: &mut Pass<'_>,
    checkpoint: &T,
    name: CheckpointName,
    until: Timestamp,
) -> Result<()> {
    let draft = on_checkpoint(&pass.node.scene(), checkpoint, name, until)?;
    pass.carry_out(draft).await?;
    match settle(pass).await? {
        None => Ok(()),
        Some(note) => Err(Error::Integrity(note)),
    }
}

/// What a full checkpoint holds here, in bytes. What is no text takes a third more in it.
fn full_bytes(pass: &Pass<'_>) -> u64 {
    let most = Room::of(pass.node.info_of_mine()).within(u64::MAX);
    FULL_BYTES.min(most / 4 * 3)
}

/// What my logged files take, roughly, without reading them.
fn full_size(pass: &Pass<'_>) -> Result<u64> {
    let mut size = 0;
    let files = pass.ledger.state().files.iter().filter(|(_, version)| version.logged);
    for (path, _) in files {
        let file = HomePath::in_datasite(&pass.node.email, path);
        size += pass.node.disk.metadata(&file)?.map_or(0, |metadata| metadata.size);
    }
    Ok(size)
}

/// The newest event of each path since the last checkpoint, up to a time.
async fn events_until(pass: &Pass<'_>, until: Timestamp) -> Result<Vec<FileChangeEvent>> {
    let newest = &pass.ledger.state().saved.newest;
    let newest = || newest.iter().filter(|(_, event)| event.timestamp <= until);
    let wanted = newest().filter_map(|(path, event)| Some((path.clone(), event.hash?))).collect();
    let mut contents = gather(pass, wanted).await?;
    let event = |(path, event): (&DatasitePath, &crate::ledger::LoggedEvent)| {
        let change = contents.remove(path).map_or(Change::Delete, Change::Write);
        event.with(path, &pass.node.email, change)
    };
    Ok(newest().map(event).collect())
}

async fn flush(pass: &mut Pass<'_>) -> Result<()> {
    let saved = &pass.ledger.state().saved;
    // One that waits for the store takes a place that it still has to get.
    let room = Room::of(pass.node.info_of_mine());
    if !rolling_is_due(saved, &room) || pass.ledger.puts_into(&rolling_of(&pass.node.email)) {
        return Ok(());
    }
    let until = saved.latest();
    let has_older = saved.rolling.is_some();
    let events = events_until(pass, until).await?;
    let listed =
        if has_older { mine(pass, &rolling_of(&pass.node.email)).await? } else { Vec::new() };
    let draft = on_rolling(pass.ledger.state(), &pass.node.scene(), events, &listed)?;
    pass.carry_out(draft).await
}

/// Reads back the checkpoint on its way, if there is one, and retires what it
/// holds. Returns what is wrong with it; then nothing is retired.
async fn settle(pass: &mut Pass<'_>) -> Result<Option<String>> {
    let Some(new) = pass.ledger.state().saved.unverified.clone() else { return Ok(None) };
    let me = pass.node.email.clone();
    if pass.ledger.puts_into(&checkpoints_of(&me)) {
        return Ok(None);
    }
    let mut listed = mine(pass, &checkpoints_of(&me)).await?;
    let wrong = match listed.iter().find(|object| object.name.as_str() == new.piece.name) {
        None if may_show_up(&new, pass.node.clock.now()) => return Ok(None),
        None => Some("it is not there".to_owned()),
        Some(object) => read_back(pass, object, &new).await?,
    };
    if let Some(reason) = wrong {
        let scene = pass.node.scene();
        let draft = on_unusable(pass.ledger.state(), &scene, &reason, &listed);
        pass.carry_out(draft).await?;
        let name = &new.piece.name;
        return Ok(Some(format!(
            "checkpoint {name} is not what was put into the store: {reason}; nothing was retired, \
             and the next one is made anew"
        )));
    }
    listed.extend(mine(pass, &log_of(&me)).await?);
    listed.extend(mine(pass, &rolling_of(&me)).await?);
    let draft = on_verified(pass.ledger.state(), &pass.node.scene(), &listed);
    pass.carry_out(draft).await?;
    Ok(None)
}

/// Whether a listing may be one of before the checkpoint was put (`threats.md` F3).
fn may_show_up(new: &Unverified, now: Timestamp) -> bool {
    /// How long a listing may lag, in seconds.
    const LAG: f64 = 600.0;
    let made = CheckpointName::parse(&new.piece.name).map(|name| name.timestamp());
    made.is_ok_and(|made| (now.seconds() - made.seconds()).abs() < LAG)
}

/// Fetches a checkpoint and compares it with what was put; returns what is wrong.
async fn read_back(pass: &Pass<'_>, object: &Object, new: &Unverified) -> Result<Option<String>> {
    debug_assert!(is_mine(object, &pass.node.email), "others' objects are not looked at");
    let bytes = match fetch_piece(pass, object).await {
        Ok(bytes) => bytes,
        Err(error) if error.is_retryable() => return Err(error.into()),
        Err(error) => return Ok(Some(error.to_string())),
    };
    if ContentHash::of(&bytes) != new.hash {
        return Ok(Some("its bytes are others".to_owned()));
    }
    let readable = match new.full {
        true => decode::<Checkpoint>(&bytes, &Limits::EVENTS).err(),
        false => decode::<IncrementalCheckpoint>(&bytes, &Limits::EVENTS).err(),
    };
    Ok(readable.map(|reject| reject.to_string()))
}
