//! Everything that lies in a folder, opened: what is sealed with the keys of both, and what
//! is packed unpacked.

use std::fs;
use std::path::{Path, PathBuf};

use syft_sync::core::codec::{self, Limits};
use syft_sync::core::{
    Change, Checkpoint, ContentHash, Email, FileChangeEvent, FileChangeEventsMessage,
    IncrementalCheckpoint, ProposedFileChangesMessage, RollingState,
};
use syft_sync::crypto::{Keys, Limits as EnvelopeLimits, Party, Sealer as _, is_envelope};

use super::stage::disk;
use crate::errors::CliError;

/// A file with all that can be read out of it.
#[derive(Debug)]
pub(super) struct Found {
    /// Below the folder that was searched.
    pub(super) path: PathBuf,
    /// What it holds, unsealed.
    pub(super) bytes: Vec<u8>,
    pub(super) opened: Opened,
    /// Who can open it; nobody's is for whoever can read the folder.
    pub(super) sealed_for: Vec<Email>,
}

/// What a file turned out to be.
#[derive(Debug)]
pub(super) enum Opened {
    /// A message about files of somebody's datasite.
    Message(Vec<Part>),
    /// Bytes that are what they look like.
    Plain,
    /// Something packed that could not be unpacked: nobody knows what is in it.
    Closed,
}

/// A file in a message.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) path: String,
    pub(super) bytes: Vec<u8>,
    pub(super) hash: Option<ContentHash>,
}

/// Reads all files of a folder, with the keys of these.
pub(super) fn read_all(folder: &Path, keys: &[&Keys]) -> Result<Vec<Found>, CliError> {
    let mut found = Vec::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(here) = pending.pop() {
        for entry in fs::read_dir(&here).map_err(|error| disk(&here, &error))? {
            let entry = entry.map_err(|error| disk(&here, &error))?;
            let path = entry.path();
            let kind = entry.file_type().map_err(|error| disk(&path, &error))?;
            if kind.is_dir() {
                pending.push(path);
            } else if kind.is_file() {
                let bytes = fs::read(&path).map_err(|error| disk(&path, &error))?;
                let path = path.strip_prefix(folder).unwrap_or(&path).to_owned();
                found.push(Found::new(path, bytes, keys));
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// What an envelope of one of them holds, and who of them can open it.
fn unseal(bytes: &[u8], keys: &[&Keys]) -> (Option<Vec<u8>>, Vec<Email>) {
    let (mut held, mut readers) = (None, Vec::new());
    for reader in keys {
        for sender in keys {
            let party = Party { email: sender.email(), bundle: sender.bundle() };
            let mut plain = Vec::new();
            let opened = reader.open(party, &EnvelopeLimits::default(), &mut &*bytes, &mut plain);
            if opened.is_ok() {
                held = Some(plain);
                readers.push(reader.email().clone());
            }
        }
    }
    (held, readers)
}

fn open(bytes: &[u8]) -> Opened {
    if is_envelope(bytes) {
        return Opened::Closed;
    }
    if !bytes.starts_with(&[0x1F, 0x8B]) {
        return Opened::Plain;
    }
    parts_of(bytes).map_or(Opened::Closed, Opened::Message)
}

/// The files in a message or a piece of a backup; `None` for anything else.
fn parts_of(bytes: &[u8]) -> Option<Vec<Part>> {
    let events = |events: Vec<FileChangeEvent>| {
        events.into_iter().map(|event| part(event.path.as_str(), &event.change)).collect()
    };
    if let Some(FileChangeEventsMessage { events: held, .. }) = decode(bytes) {
        return Some(events(held));
    }
    if let Some(RollingState { events: held, .. }) = decode(bytes) {
        return Some(events(held));
    }
    if let Some(IncrementalCheckpoint { events: held, .. }) = decode(bytes) {
        return Some(events(held));
    }
    if let Some(Checkpoint { files, .. }) = decode(bytes) {
        let file = |path: &str, content| part(path, &Change::Write(content));
        return Some(files.into_iter().map(|f| file(f.path.as_str(), f.content)).collect());
    }
    let ProposedFileChangesMessage { changes, .. } = decode(bytes)?;
    Some(changes.iter().map(|change| part(change.path.as_str(), &change.change)).collect())
}

fn decode<T: codec::WireFormat>(bytes: &[u8]) -> Option<T> {
    codec::decode(bytes, &Limits::EVENTS).ok()
}

fn part(path: &str, change: &Change) -> Part {
    let bytes = change.content().map(|content| content.as_bytes().to_vec()).unwrap_or_default();
    Part { path: path.to_owned(), bytes, hash: change.new_hash() }
}

impl Found {
    fn new(path: PathBuf, bytes: Vec<u8>, keys: &[&Keys]) -> Self {
        let (held, sealed_for) = match is_envelope(&bytes) {
            true => unseal(&bytes, keys),
            false => (None, Vec::new()),
        };
        let bytes = held.unwrap_or(bytes);
        Found { path, opened: open(&bytes), bytes, sealed_for }
    }

    /// Whether a text is in it, packed or not.
    pub(super) fn holds(&self, text: &str) -> bool {
        let parts = match &self.opened {
            Opened::Message(parts) => parts.as_slice(),
            Opened::Plain | Opened::Closed => &[],
        };
        holds(&self.bytes, text) || parts.iter().any(|part| holds(&part.bytes, text))
    }
}

fn holds(bytes: &[u8], text: &str) -> bool {
    String::from_utf8_lossy(bytes).contains(text)
}
