//! What left the owner: what the audit log says, against what lies in the store.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use syft_sync::SyftboxManager;
use syft_sync::core::{ContentHash, DatasetName};
use syft_sync::crypto::Keys;

use super::stage::{OWNER, SCIENTIST};
use super::store::{Found, Opened, read_all};
use crate::errors::CliError;

/// One thing of the owner's that lies in the store.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) what: String,
    pub(super) size: usize,
    pub(super) hash: Option<ContentHash>,
}

/// The store, compared with the audit log.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// What lies there and is accounted for.
    pub(super) entries: BTreeSet<Entry>,
    /// What lies there and should not.
    pub(super) strangers: Vec<String>,
    /// What the audit log names and the store does not hold.
    pub(super) missing: Vec<String>,
}

/// What the owner's audit log says was sent: path and hash, `None` for a deletion.
type Sent = BTreeSet<(String, Option<ContentHash>)>;

pub(super) fn compare(
    alice: &SyftboxManager,
    shared: &Path,
    keys: &[&Keys],
) -> Result<Ledger, CliError> {
    let sent = sent(alice)?;
    let published = published(alice)?;
    let mut ledger = Ledger::default();
    let mut seen = Sent::new();
    for found in read_all(shared, keys)? {
        let path = found.path.display().to_string();
        let words: Vec<&str> = path.split('/').collect();
        match words.as_slice() {
            [_, "log" | "rolling" | "checkpoints" | "state", OWNER, ..]
                if found.sealed_for == [alice.email().clone()] =>
            {
                own(&mut ledger, &found);
            }
            [_, "outbox", OWNER, ..] => message(&mut ledger, &mut seen, &sent, &found),
            [_, "collections", OWNER, .., file] => {
                collection(&mut ledger, &published, &found, file)
            }
            [_, "profile", OWNER, ..] => plain(&mut ledger, &found, "who I am"),
            [_, "inbox", SCIENTIST, OWNER, ..] => plain(&mut ledger, &found, "greeting to bob"),
            // What others have put there is theirs.
            [
                _,
                "outbox" | "collections" | "profile" | "state" | "log" | "rolling" | "checkpoints",
                owner,
                ..,
            ] if *owner != OWNER => {}
            [_, "inbox", OWNER, ..] => {}
            _ => ledger.strangers.push(path),
        }
    }
    let missing = sent.difference(&seen).map(|(path, _)| path.clone());
    ledger.missing = missing.collect();
    Ok(ledger)
}

/// A message to a peer: each file in it must be in the audit log.
fn message(ledger: &mut Ledger, seen: &mut Sent, sent: &Sent, found: &Found) {
    let Opened::Message(parts) = &found.opened else {
        ledger.strangers.push(found.path.display().to_string());
        return;
    };
    for part in parts {
        let key = (part.path.clone(), part.hash);
        if !sent.contains(&key) {
            ledger.strangers.push(format!("{} in {}", part.path, found.path.display()));
            continue;
        }
        seen.insert(key);
        let (what, size) = (part.path.clone(), part.bytes.len());
        ledger.entries.insert(Entry { what, size, hash: part.hash });
    }
}

/// A file of a dataset: its bytes must be those of the public side of one.
fn collection(
    ledger: &mut Ledger,
    published: &BTreeMap<ContentHash, String>,
    found: &Found,
    file: &str,
) {
    let hash = ContentHash::of(&found.bytes);
    if file.starts_with("grant_") {
        return plain(ledger, found, "the key to the mock of patients, for bob");
    }
    if file == "index" {
        return plain(ledger, found, "what the files of patients are called");
    }
    match published.get(&hash) {
        Some(name) => {
            let (what, size) = (format!("public/datasets/{name}"), found.bytes.len());
            ledger.entries.insert(Entry { what, size, hash: Some(hash) });
        }
        None => ledger.strangers.push(found.path.display().to_string()),
    }
}

/// A piece of the owner's backup, which the owner alone can open.
fn own(ledger: &mut Ledger, found: &Found) {
    let hash = Some(ContentHash::of(&found.bytes));
    let what = "backup that alice alone can open".to_owned();
    ledger.entries.insert(Entry { what, size: found.bytes.len(), hash });
}

/// What the node says of itself: address, version, peers.
fn plain(ledger: &mut Ledger, found: &Found, kind: &str) {
    if serde_json::from_slice::<serde_json::Value>(&found.bytes).is_err() {
        return ledger.strangers.push(found.path.display().to_string());
    }
    let hash = Some(ContentHash::of(&found.bytes));
    ledger.entries.insert(Entry { what: kind.to_owned(), size: found.bytes.len(), hash });
}

fn sent(alice: &SyftboxManager) -> Result<Sent, CliError> {
    let mut sent = Sent::new();
    for entry in alice.audit_entries()? {
        if entry.action != "files.sent" {
            continue;
        }
        let files = entry.details.get("files").and_then(|files| files.as_array());
        for file in files.into_iter().flatten() {
            let path = file.get("path").and_then(|path| path.as_str()).unwrap_or_default();
            let hash = file.get("sha256").and_then(|hash| hash.as_str());
            let hash = hash.map(ContentHash::parse).transpose()?;
            sent.insert((path.to_owned(), hash));
        }
    }
    Ok(sent)
}

/// The files of the datasets that the audit log names as published, by their bytes.
fn published(alice: &SyftboxManager) -> Result<BTreeMap<ContentHash, String>, CliError> {
    let mut published = BTreeMap::new();
    for entry in alice.audit_entries()? {
        if entry.action != "dataset.published" {
            continue;
        }
        let name = DatasetName::parse(&entry.subject)?;
        let below = format!("{OWNER}/public/datasets/{name}");
        for found in read_all(&alice.syftbox_folder().join(below), &[])? {
            let path = format!("{name}/{}", found.path.display());
            published.insert(ContentHash::of(&found.bytes), path);
        }
    }
    Ok(published)
}
