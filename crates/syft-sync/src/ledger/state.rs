use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use syft_core::{ContentHash, DatasetName, DatasitePath, Email, Timestamp};
use uuid::Uuid;

use super::arrived::remember;
use super::trust::{Contradiction, TrustFact};
use super::{Arrived, Head, Link, LogObject, LoggedEvent, Piece, Saved, Unverified};

/// Messages of mine in one channel whose hashes are remembered.
const MOST_EMITTED: usize = 64;

/// Everything that sync has to remember: the fold of all journalled [`Fact`]s.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    /// My own datasite as the event log has it.
    pub(crate) files: BTreeMap<DatasitePath, FileVersion>,
    #[serde(skip)]
    names: Names,
    /// What each reader was sent of my datasite; written with the snapshot.
    #[serde(skip)]
    pub(crate) sent: BTreeMap<Email, BTreeMap<DatasitePath, ContentHash>>,
    /// Folders of which a reader was told to forget a file: they may still stand there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) emptied: BTreeMap<Email, BTreeSet<String>>,
    /// Those from whose outbox everything was taken, and who were sent nothing since.
    #[serde(default)]
    pub(crate) withdrawn: BTreeSet<Email>,
    /// What I was told of other datasites.
    pub(crate) copies: BTreeMap<Email, BTreeMap<DatasitePath, CopyVersion>>,
    /// What I proposed to other datasites and heard nothing of yet.
    pub(crate) proposed: BTreeMap<Email, BTreeMap<DatasitePath, Proposed>>,
    /// Edits in other datasites' copies that are to be proposed wherever they lie.
    #[serde(default)]
    pub(crate) meant: BTreeMap<Email, BTreeSet<DatasitePath>>,
    /// What other datasites refused; the same bytes are not proposed again.
    pub(crate) refused: BTreeMap<Email, BTreeMap<DatasitePath, Refused>>,
    /// What arrived, per channel.
    pub(crate) arrived: BTreeMap<String, Arrived>,
    /// Where my own messages stand, per channel.
    pub(crate) emitted: BTreeMap<String, Head>,
    /// My datasets as they stand in the store.
    pub(crate) published: BTreeMap<DatasetName, Published>,
    /// The backups of my datasets' private parts, as they stand in the store.
    #[serde(default)]
    pub(crate) private: BTreeMap<DatasetName, PrivateBackup>,
    /// What is recorded of peers and decisions in the store.
    pub(crate) backup: Option<ContentHash>,
    /// The bytes of the record that was put there as a whole last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) record: Option<ContentHash>,
    /// The latest time that I gave to an event or a message.
    pub(crate) latest: Option<Timestamp>,
    /// The event log and its checkpoints as they stand in the store.
    #[serde(default)]
    pub(crate) saved: Saved,
    /// Whether private parts of datasets are still to be looked for in the store.
    #[serde(default)]
    pub(crate) private_due: bool,
    /// Whether it is settled that my datasite goes on here: the store had no backup of
    /// it, or it was made from that.
    #[serde(default)]
    begun: bool,
    /// The hashes of the last messages of mine, per channel.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) emitted_before: BTreeMap<String, BTreeMap<u64, ContentHash>>,
    /// The channels of mine in which this home has sent nothing yet.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) adopted: BTreeSet<String>,
    /// What does not fit, per channel.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) contradictions: BTreeMap<String, Contradiction>,
    /// The objects of my event log that the store has shown, by name.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) log_seen: BTreeSet<String>,
    /// The key of mine by which what is mine alone in the store is sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sealed_by: Option<ContentHash>,
    /// Those to whom I sent something that is not in the store.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) outbox_lost: BTreeSet<Email>,
    /// The keys to which all is sealed that I send, by their owners.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) sealed_to: BTreeMap<Email, ContentHash>,
    /// When the mocks were published that came here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) mocks: BTreeMap<Email, BTreeMap<DatasetName, Timestamp>>,
    /// Whether the store is being emptied of all that is mine.
    #[serde(default)]
    pub(crate) emptying: bool,
}

/// Follows from the files, and is made when it is first asked for.
#[derive(Debug, Clone, Default)]
struct Names(OnceLock<BTreeMap<String, DatasitePath>>);

impl PartialEq for Names {
    fn eq(&self, _: &Names) -> bool {
        true
    }
}

/// A file of my own datasite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileVersion {
    /// What it holds.
    pub(crate) hash: ContentHash,
    /// The event that made it so.
    pub(crate) event: Uuid,
    /// When the author made it.
    pub(crate) submitted: Timestamp,
    /// When it was accepted here.
    pub(crate) timestamp: Timestamp,
    /// Whether the event log in the store has it.
    pub(crate) logged: bool,
}

/// A file of another datasite, as its owner told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CopyVersion {
    /// What it holds; `None` once it was deleted.
    pub(crate) hash: Option<ContentHash>,
    /// The owner's time of the event: events of one owner strictly increase, so
    /// that an older one that comes late changes nothing.
    pub(crate) timestamp: Timestamp,
}

/// A change on its way to another datasite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Proposed {
    /// What the file is to hold.
    pub(crate) hash: ContentHash,
    /// What the owner was known to have there.
    pub(crate) base: Option<ContentHash>,
    /// What the change was made to: the same, or an earlier change of mine that
    /// was still on its way.
    pub(crate) old: Option<ContentHash>,
    /// The message that carries it.
    pub(crate) message: Uuid,
    /// When it was proposed.
    pub(crate) at: Timestamp,
}

impl Proposed {
    /// Whether the change is still on its way, if the owner is known to have
    /// `here`: it goes by what the owner has, and not by time.
    pub(crate) fn stands_on(&self, here: Option<ContentHash>) -> bool {
        self.base == here || self.old == here
    }
}

/// A change that another datasite did not take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refused {
    /// What the file was to hold.
    pub(crate) hash: ContentHash,
    /// The reason in the owner's words, safe to show.
    pub(crate) reason: String,
    /// When the refusal arrived.
    pub(crate) at: Timestamp,
}

/// A dataset as it stands in the store.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Published {
    /// The hash in the name of its space.
    pub(crate) hash: String,
    /// Who was granted it, or may have been.
    pub(crate) readers: BTreeSet<Email>,
    /// Those of them who read it sealed, with the keys to which it is.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) sealed: BTreeMap<Email, ContentHash>,
    /// Those of them who have a copy for themselves, with the keys to which it is sealed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) apart: BTreeMap<Email, ContentHash>,
    /// Whether all of it is done.
    pub(crate) complete: bool,
    /// The hashes of older ones that may still lie there.
    pub(crate) older: BTreeSet<String>,
}

impl Published {
    /// The key to which a reader has it sealed; `None` in the open.
    pub(crate) fn key_of(&self, reader: &Email) -> Option<ContentHash> {
        self.sealed.get(reader).or_else(|| self.apart.get(reader)).copied()
    }

    /// The hashes in the names of its spaces.
    pub(crate) fn places(&self) -> impl Iterator<Item = String> {
        let apart = self.apart.iter();
        let apart = apart.map(|(reader, key)| Published::hash_apart(&self.hash, reader, *key));
        [self.hash.clone()].into_iter().chain(apart)
    }

    /// The hash in the name of the space of one reader: another for each content, reader
    /// and key.
    pub(crate) fn hash_apart(hash: &str, reader: &Email, key: ContentHash) -> String {
        ContentHash::of(format!("{hash}\0{reader}\0{key}").as_bytes()).short()
    }
}

/// A dataset's private part in the store, for its owner alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PrivateBackup {
    /// Whether there is to be one.
    pub(crate) wanted: bool,
    /// The hash in the name of its space, once all of it is there.
    pub(crate) hash: Option<String>,
    /// The hashes of others that may lie there, whole or in part.
    pub(crate) older: BTreeSet<String>,
}

/// One thing that became true; the journal keeps them in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "fact")]
pub(crate) enum Fact {
    /// A file of mine holds this now.
    FileIs { path: DatasitePath, version: FileVersion },
    /// A file of mine is gone.
    FileGone { path: DatasitePath },
    /// A reader was sent this state of a file of mine (`None`: its deletion).
    Sent { reader: Email, path: DatasitePath, hash: Option<ContentHash> },
    /// All that lay in a reader's outbox is taken away.
    Withdrawn { reader: Email },
    /// A file of another datasite holds this now.
    CopyIs { owner: Email, path: DatasitePath, version: CopyVersion },
    /// I want an edit in the copy of another datasite to be proposed.
    Meant { owner: Email, path: DatasitePath },
    /// I proposed a change.
    Proposed { owner: Email, path: DatasitePath, proposed: Proposed },
    /// A proposal of mine was not taken, through no fault of its own.
    Unproposed { owner: Email, path: DatasitePath },
    /// A proposal of mine was refused.
    Refused { owner: Email, path: DatasitePath, refused: Refused },
    /// A message was dealt with; `name` if its object stays where it is.
    Arrived { channel: String, name: Option<String>, message: Option<Uuid>, link: Option<Link> },
    /// A message stays in its inbox, since then, until one arrives that was sent before it.
    Held { channel: String, name: String, at: Timestamp },
    /// A channel stands here by a backup: nothing before it is missing.
    ChannelAt { channel: String, head: Head },
    /// A message waits no longer.
    Released { channel: String, name: String },
    /// A message of mine has this place in its channel.
    Emitted { channel: String, head: Head },
    /// A message of mine has no place: the store does not take it.
    Unemitted { channel: String, seq: u64 },
    /// A dataset of mine stands in the store so (`None`: no longer).
    Published { dataset: DatasetName, published: Option<Published> },
    /// The private part of a dataset of mine stands in the store so (`None`: no longer).
    PrivateBackup { dataset: DatasetName, backup: Option<PrivateBackup> },
    /// The store has this record of mine, by what is recorded and by the bytes that were put
    /// as a whole.
    BackedUp {
        hash: ContentHash,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        record: Option<ContentHash>,
    },
    /// An object of the event log went without what is recorded, which has to be put as a
    /// whole.
    RecordBehind,
    /// A time was given.
    Time { at: Timestamp },
    /// An object of the event log holds these events.
    Logged { object: LogObject, events: Vec<(DatasitePath, LoggedEvent)> },
    /// An object of the event log is not there, nor are its events.
    Unlogged { name: String, events: BTreeSet<Uuid> },
    /// The rolling state stands in the store so.
    Rolled { rolling: Piece },
    /// A checkpoint is on its way (`None`: it did not arrive).
    Checkpoint { unverified: Option<Unverified> },
    /// The checkpoint on its way was read back.
    Verified,
    /// A backup was found in the store, and stands there so.
    Restored { saved: Saved },
    /// My datasite goes on here.
    Begun,
    /// All that is mine is about to be taken out of the store.
    Emptying,
    /// Nothing of mine lies in the store any more.
    StoreEmptied,
    /// A restore is done but for the private parts of datasets (`false`: they are
    /// here, too).
    PrivateDue { due: bool },
    /// What is known of seals and of the order of messages.
    Trust(TrustFact),
}

impl State {
    /// My files by what a case-blind and normalising file system calls them.
    pub(crate) fn names(&self) -> &BTreeMap<String, DatasitePath> {
        let named = |path: &DatasitePath| (path.fold_key(), path.clone());
        self.names.0.get_or_init(|| self.files.keys().map(named).collect())
    }

    /// Takes a fact in.
    pub(crate) fn apply(&mut self, fact: Fact) {
        match fact {
            Fact::FileIs { path, version } => {
                if let Some(names) = self.names.0.get_mut() {
                    names.insert(path.fold_key(), path.clone());
                }
                self.files.insert(path, version);
            }
            Fact::FileGone { path } => {
                if let Some(names) = self.names.0.get_mut() {
                    names.remove(&path.fold_key());
                }
                self.files.remove(&path);
            }
            Fact::Sent { reader, path, hash } => {
                if hash.is_some() {
                    self.withdrawn.remove(&reader);
                } else if let Some(folder) = path.parent() {
                    let emptied = self.emptied.entry(reader.clone()).or_default();
                    emptied.insert(folder.to_string());
                }
                let sent = self.sent.entry(reader).or_default();
                match hash {
                    Some(hash) => sent.insert(path, hash),
                    None => sent.remove(&path),
                };
            }
            Fact::Withdrawn { reader } => {
                self.withdrawn.insert(reader);
            }
            Fact::CopyIs { owner, path, version } => self.copy_is(owner, path, version),
            Fact::Meant { owner, path } => {
                self.meant.entry(owner).or_default().insert(path);
            }
            Fact::Proposed { owner, path, proposed } => {
                self.proposed.entry(owner).or_default().insert(path, proposed);
            }
            Fact::Unproposed { owner, path } => self.unproposed(&owner, &path),
            Fact::Refused { owner, path, refused } => {
                self.answered(&owner, &path);
                self.unproposed(&owner, &path);
                self.refused.entry(owner).or_default().insert(path, refused);
            }
            Fact::Arrived { channel, name, message, link } => {
                let arrived = self.arrived.entry(channel).or_default();
                arrived.ids.extend(message);
                arrived.names.extend(name);
                if let Some(link) = link {
                    arrived.advance(link);
                }
            }
            Fact::Held { channel, name, at } => {
                self.arrived.entry(channel).or_default().hold(name, at);
            }
            Fact::ChannelAt { channel, head } => {
                self.arrived.entry(channel).or_default().head = Some(head);
            }
            Fact::Released { channel, name } => {
                self.arrived.entry(channel).or_default().held.remove(&name);
            }
            Fact::Emitted { channel, head } => {
                let recent = self.emitted_before.entry(channel.clone()).or_default();
                remember(recent, head, MOST_EMITTED);
                self.adopted.remove(&channel);
                self.emitted.insert(channel, head);
            }
            Fact::Unemitted { channel, seq } => self.unemitted(channel, seq),
            Fact::Published { dataset, published } => {
                match published {
                    Some(published) => self.published.insert(dataset, published),
                    None => self.published.remove(&dataset),
                };
            }
            Fact::PrivateBackup { dataset, backup } => {
                match backup {
                    Some(backup) => self.private.insert(dataset, backup),
                    None => self.private.remove(&dataset),
                };
            }
            Fact::BackedUp { hash, record } => (self.backup, self.record) = (Some(hash), record),
            Fact::RecordBehind => self.backup = None,
            Fact::Time { at } => self.latest = Some(at),
            Fact::Logged { object, events } => self.saved.logged(object, events),
            Fact::Unlogged { name, events } => self.saved.unlogged(&name, &events),
            Fact::Rolled { rolling } => self.saved.rolling = Some(rolling),
            Fact::Checkpoint { unverified } => self.saved.unverified = unverified,
            Fact::Verified => self.checkpoint_verified(),
            Fact::Restored { saved } => (self.saved, self.begun) = (saved, true),
            Fact::Begun => self.begun = true,
            Fact::Emptying => self.emptying = true,
            Fact::StoreEmptied => self.store_emptied(),
            Fact::PrivateDue { due } => self.private_due = due,
            Fact::Trust(fact) => self.apply_trust(fact),
        }
    }

    /// An edit is not on its way any more.
    fn unproposed(&mut self, owner: &Email, path: &DatasitePath) {
        if let Some(proposed) = self.proposed.get_mut(owner) {
            proposed.remove(path);
        }
    }

    /// The next message takes the place of one that was not sent, unless another one came
    /// after it: then its reader is told that one is missing.
    fn unemitted(&mut self, channel: String, seq: u64) {
        let is_last = self.emitted.get(&channel).is_some_and(|head| head.seq == seq);
        let Some(before) = seq.checked_sub(1).filter(|_| is_last) else { return };
        let recent = self.emitted_before.entry(channel.clone()).or_default();
        match recent.get(&before) {
            Some(hash) => drop(self.emitted.insert(channel, Head { seq: before, hash: *hash })),
            None if before == 0 => drop(self.emitted.remove(&channel)),
            None => return,
        }
        recent.remove(&seq);
    }

    /// What the store had is due again.
    fn store_emptied(&mut self) {
        self.sent.clear();
        self.published.clear();
        for backup in self.private.values_mut() {
            (backup.hash, backup.older) = (None, BTreeSet::new());
        }
        self.emptying = false;
        self.private_due = false;
        self.backup_anew();
    }

    fn copy_is(&mut self, owner: Email, path: DatasitePath, version: CopyVersion) {
        let answered = |hash: ContentHash| version.hash == Some(hash);
        if let Some(proposed) = self.proposed.get_mut(&owner)
            && proposed.get(&path).is_some_and(|proposed| answered(proposed.hash))
        {
            proposed.remove(&path);
            self.answered(&owner, &path);
        }
        if let Some(refused) = self.refused.get_mut(&owner) {
            refused.remove(&path);
        }
        self.copies.entry(owner).or_default().insert(path, version);
    }

    /// Whether an edit is to be proposed wherever it lies.
    pub(crate) fn is_meant(&self, owner: &Email, path: &DatasitePath) -> bool {
        self.meant.get(owner).is_some_and(|paths| paths.contains(path))
    }

    /// The owner has decided on an edit: a later one is to be meant anew.
    fn answered(&mut self, owner: &Email, path: &DatasitePath) {
        if let Some(paths) = self.meant.get_mut(owner) {
            paths.remove(path);
            if paths.is_empty() {
                self.meant.remove(owner);
            }
        }
    }

    /// Whether something was exchanged with somebody, or is about to be.
    pub(crate) fn knows(&self, peer: &Email) -> bool {
        self.sent.contains_key(peer)
            || self.copies.contains_key(peer)
            || self.proposed.contains_key(peer)
            || self.meant.contains_key(peer)
            || self.refused.contains_key(peer)
    }

    /// Whether anything of mine was ever put into the store, beyond hellos.
    pub(crate) fn has_sent(&self) -> bool {
        self.saved != Saved::default() || !self.emitted.is_empty()
    }

    /// Whether my datasite goes on here. Until then it is not known what it holds:
    /// nothing of it is read, sent or put into a checkpoint.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun || !self.files.is_empty() || self.saved != Saved::default()
    }

    /// The next time for an event or message of mine: now, or just after the
    /// latest one if the clock went back.
    pub(crate) fn next_time(&self, now: Timestamp) -> Timestamp {
        self.latest.map_or(now, |latest| now.after_in_names(latest))
    }
}
