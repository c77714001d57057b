use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;
use syft_core::{AuditEntry, ContentHash, Email, EventsName, ProposalName, Timestamp};

use super::reason::{Decisions, Place};
use super::{COPIED, SENT, TAKEN};
use crate::hello::HELLO;
use crate::refusal::Refusal;

/// Which way an object went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From the store to this node.
    In,
    /// From this node into the store.
    Out,
}

/// One object that entered or left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Transfer {
    /// The line of the audit log that says so.
    pub seq: u64,
    /// When it was complete.
    #[serde(skip)]
    pub at: Timestamp,
    /// Which way it went.
    pub direction: Direction,
    /// To or from whom; for what all my readers share, or what is mine alone, nobody.
    pub peer: Option<Email>,
    /// To whom a dataset of mine was granted.
    pub readers: BTreeSet<Email>,
    /// Where it lies in the store, as `syft-1/inbox/alice@example.org/bob@example.org/hello`.
    pub object: String,
    /// What it is, in a word: `hello`, `proposal`, `events`, `refusal`, `grant`,
    /// `dataset`, or the kind of its space.
    pub kind: String,
    /// How much of it went; of one that the store copied, nothing.
    pub bytes: u64,
    /// The hash of these bytes.
    pub sha256: ContentHash,
    /// Whether the other side has all of it: not if the store did not take what it was
    /// given, as far as is known.
    pub complete: bool,
    /// The object that the store made it from, if it did.
    pub from: Option<String>,
    /// The files in it, as far as it holds files.
    pub files: BTreeSet<String>,
    /// Why it went, in words.
    pub reason: String,
    /// The line of the audit log with the decision that led to it, if one did.
    pub because: Option<u64>,
}

impl Transfer {
    /// Whether a peer has a part in it.
    #[must_use]
    pub fn concerns(&self, peer: &Email) -> bool {
        self.peer.as_ref() == Some(peer) || self.readers.contains(peer)
    }
}

/// The table from the entries of an audit log, oldest first.
pub(crate) fn transfers(entries: &[AuditEntry]) -> Vec<Transfer> {
    let known = Known::of(entries);
    let mut decisions = Decisions::default();
    let mut table = Vec::new();
    for entry in entries {
        decisions.learn(entry);
        table.extend(known.transfer(entry, &decisions));
    }
    table
}

/// What other lines say about objects.
#[derive(Default)]
struct Known<'a> {
    files: BTreeMap<&'a str, BTreeSet<String>>,
    /// Who was granted a dataset, by the hash of its content, which is in the name of its
    /// space unless it is sealed.
    readers: BTreeMap<&'a str, BTreeSet<Email>>,
    /// What the sealed collections hold, by what is in the names of their spaces.
    sealed: BTreeMap<&'a str, Sealed<'a>>,
}

/// A sealed collection.
struct Sealed<'a> {
    dataset: &'a str,
    hash: &'a str,
    /// What its objects are called in the dataset.
    files: BTreeMap<&'a str, &'a str>,
}

impl<'a> Sealed<'a> {
    /// What a line says of one.
    fn of(entry: &'a AuditEntry) -> Option<(&'a str, Self)> {
        let text = |name: &str| entry.details.get(name).and_then(Value::as_str);
        let files = entry.details.get("is").and_then(Value::as_object)?;
        let named =
            files.iter().filter_map(|(object, path)| Some((object.as_str(), path.as_str()?)));
        let (dataset, hash) = (entry.subject.as_str(), text("hash")?);
        Some((text("collection")?, Sealed { dataset, hash, files: named.collect() }))
    }
}

impl<'a> Known<'a> {
    fn of(entries: &'a [AuditEntry]) -> Self {
        let mut known = Known::default();
        for entry in entries {
            for object in texts(entry.details.get("objects")) {
                known.files.entry(object).or_default().extend(files_of(entry));
            }
            known.sealed.extend(Sealed::of(entry));
            if let Some(hash) = entry.details.get("hash").and_then(Value::as_str) {
                let readers = texts(entry.details.get("readers"));
                let readers = readers.filter_map(|reader| Email::parse(reader).ok());
                known.readers.entry(hash).or_default().extend(readers);
            }
        }
        known
    }

    fn transfer(&self, entry: &AuditEntry, decisions: &Decisions<'_>) -> Option<Transfer> {
        let direction = match entry.action.as_str() {
            SENT | COPIED => Direction::Out,
            TAKEN => Direction::In,
            _ => return None,
        };
        let object = entry.subject.as_str();
        let (kind, file) = kind_of(object);
        let collection = object.split('/').nth(5).and_then(|id| Some((id, self.sealed.get(id)?)));
        let sealed = collection.map(|(_, sealed)| sealed);
        let file = match sealed {
            None => file,
            Some(sealed) => {
                let path = object.rsplit('/').next().and_then(|name| sealed.files.get(name));
                path.map(|path| format!("{}/{path}", sealed.dataset))
            }
        };
        let mut files = self.files.get(object).cloned().unwrap_or_default();
        files.extend(file);
        let detail = |name: &str| entry.details.get(name);
        let text = |name: &str| detail(name).and_then(Value::as_str);
        let peer = text("peer").and_then(|peer| Email::parse(peer).ok());
        let readers = self.readers_of(entry, sealed).filter(|_| peer.is_none());
        let mut transfer = Transfer {
            seq: entry.seq,
            at: entry.at,
            direction,
            peer,
            readers: readers.unwrap_or_default(),
            object: object.to_owned(),
            kind,
            bytes: detail("bytes").and_then(Value::as_u64)?,
            sha256: ContentHash::parse(text("sha256")?).ok()?,
            complete: detail("complete").and_then(Value::as_bool).unwrap_or(true),
            from: text("from").map(str::to_owned),
            files,
            reason: String::new(),
            because: None,
        };
        let place = place_of(object, sealed.map(|sealed| sealed.dataset));
        (transfer.reason, transfer.because) = decisions.reason(&transfer, place);
        Some(transfer)
    }

    /// To whom what lies in a collection of mine is granted.
    fn readers_of(
        &self,
        entry: &AuditEntry,
        sealed: Option<&Sealed<'_>>,
    ) -> Option<BTreeSet<Email>> {
        let object = entry.subject.as_str();
        let hash = sealed.map(|sealed| sealed.hash).or(object.split('/').nth(5));
        // A key is for one reader alone, or for its owner.
        match object.rsplit_once("/grant_").filter(|_| sealed.is_some()) {
            Some((_, reader)) => {
                let reader = Email::parse(reader.strip_suffix(".json")?).ok()?;
                Some([reader].into_iter().filter(|it| it.as_str() != entry.actor).collect())
            }
            None => hash.and_then(|hash| self.readers.get(hash)).cloned(),
        }
    }
}

/// What the key of an object says of where it lies.
fn place_of<'a>(object: &'a str, sealed: Option<&'a str>) -> Place<'a> {
    let mut components = object.split('/').skip(1);
    let space = components.next().unwrap_or_default();
    let is_collection = space == "collections";
    let is_private = is_collection && components.nth(1) == Some("private");
    let dataset = sealed.or(components.next()).filter(|_| is_collection);
    Place { space, dataset, is_private }
}

pub(super) fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// The files that a line names: `files` with their hashes, or else `paths`.
fn files_of(entry: &AuditEntry) -> BTreeSet<String> {
    let Some(files) = entry.details.get("files").and_then(Value::as_array) else {
        return texts(entry.details.get("paths")).map(str::to_owned).collect();
    };
    let paths = files.iter().filter_map(|file| file.get("path").and_then(Value::as_str));
    paths.map(str::to_owned).collect()
}

/// What an object is by its key, and the file that it is, if it is one.
fn kind_of(object: &str) -> (String, Option<String>) {
    let mut components = object.split('/').skip(1);
    let space = components.next().unwrap_or_default();
    let name = object.rsplit('/').next().unwrap_or_default();
    let kind = match space {
        "collections" => {
            let is_grant = name.starts_with("grant_") && name.ends_with(".json");
            let Some(tag) = components.nth(2).filter(|_| !is_grant) else {
                return ("grant".to_owned(), None);
            };
            let file = name.replace("%2F", "/").replace("%25", "%");
            return ("dataset".to_owned(), Some(format!("{tag}/{file}")));
        }
        "inbox" if name == HELLO => "hello",
        _ if ProposalName::parse(name).is_ok() => "proposal",
        _ if EventsName::parse(name).is_ok() => "events",
        _ if Refusal::is_name(name) => "refusal",
        other => other,
    };
    (kind.to_owned(), None)
}
