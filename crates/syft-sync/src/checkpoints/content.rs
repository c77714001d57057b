//! Where the contents of a checkpoint come from: my disk, or else the store.

use std::collections::BTreeMap;

use syft_core::codec::{Limits, decode, decode_events};
use syft_core::{
    Checkpoint, Content, ContentHash, DatasitePath, FileChangeEvent, HomePath,
    IncrementalCheckpoint,
};

use super::{checkpoints_of, fetch_piece, log_of, mine};
use crate::node::Pass;
use crate::{Error, Result};

/// A larger file is no event, in bytes.
const FILE_LIMIT: u64 = 512 << 20;

type Contents = BTreeMap<DatasitePath, Content>;

/// What these files hold. A file that was edited since its event, or that this
/// disk could not take, is looked up in the log and the checkpoints.
pub(super) async fn gather(
    pass: &Pass<'_>,
    wanted: BTreeMap<DatasitePath, ContentHash>,
) -> Result<Contents> {
    let mut found = Contents::new();
    let mut missing = BTreeMap::new();
    for (path, hash) in wanted {
        let here = match pass.contents.holding(&path, hash) {
            None => on_disk(pass, &path)?.filter(|content| content.hash() == hash),
            read => read,
        };
        match here {
            Some(content) => drop(found.insert(path, content)),
            None => drop(missing.insert(path, hash)),
        }
    }
    if !missing.is_empty() {
        in_log(pass, &mut missing, &mut found).await?;
    }
    if !missing.is_empty() {
        in_checkpoints(pass, &mut missing, &mut found).await?;
    }
    match missing.into_keys().next() {
        None => Ok(found),
        Some(path) => Err(Error::NotFound(format!(
            "{path}: what the event log has of it is neither here nor in the store, so no \
             checkpoint can hold it before it is synced again"
        ))),
    }
}

fn on_disk(pass: &Pass<'_>, path: &DatasitePath) -> Result<Option<Content>> {
    let file = HomePath::in_datasite(&pass.node.email, path);
    match pass.node.disk.read_if_there(&file, FILE_LIMIT).map_err(Error::from) {
        Ok(bytes) => Ok(bytes.map(Content::from_bytes)),
        Err(error) if error.ends_the_pass() => Err(error),
        Err(_) => Ok(None),
    }
}

async fn in_log(
    pass: &Pass<'_>,
    missing: &mut BTreeMap<DatasitePath, ContentHash>,
    found: &mut Contents,
) -> Result<()> {
    let objects = mine(pass, &log_of(&pass.node.email)).await?;
    for known in pass.ledger.state().saved.log.iter().rev() {
        if missing.is_empty() {
            break;
        }
        let bytes = match pass.node.cached_event(&known.name) {
            Some(bytes) => bytes,
            None => {
                let object = objects.iter().find(|object| object.name.as_str() == known.name);
                let Some(object) = object else { continue };
                fetch_piece(pass, object).await?
            }
        };
        if let Ok(message) = decode_events(&bytes, &Limits::EVENTS) {
            take_events(message.events, missing, found);
        }
    }
    Ok(())
}

async fn in_checkpoints(
    pass: &Pass<'_>,
    missing: &mut BTreeMap<DatasitePath, ContentHash>,
    found: &mut Contents,
) -> Result<()> {
    let saved = &pass.ledger.state().saved;
    let objects = mine(pass, &checkpoints_of(&pass.node.email)).await?;
    for piece in saved.incrementals.iter().rev().chain(&saved.full) {
        if missing.is_empty() {
            break;
        }
        let object = objects.iter().find(|object| object.name.as_str() == piece.name);
        let Some(object) = object else { continue };
        let bytes = fetch_piece(pass, object).await?;
        if let Ok(piece) = decode::<IncrementalCheckpoint>(&bytes, &Limits::EVENTS) {
            take_events(piece.events, missing, found);
        } else if let Ok(full) = decode::<Checkpoint>(&bytes, &Limits::EVENTS) {
            for file in full.files {
                take(file.path, file.content, missing, found);
            }
        }
    }
    Ok(())
}

fn take_events(
    events: Vec<FileChangeEvent>,
    missing: &mut BTreeMap<DatasitePath, ContentHash>,
    found: &mut Contents,
) {
    for event in events {
        if let Some(content) = event.change.content() {
            take(event.path.clone(), content.clone(), missing, found);
        }
    }
}

fn take(
    path: DatasitePath,
    content: Content,
    missing: &mut BTreeMap<DatasitePath, ContentHash>,
    found: &mut Contents,
) {
    if missing.get(&path).is_some_and(|hash| *hash == content.hash()) {
        missing.remove(&path);
        found.insert(path, content);
    }
}
