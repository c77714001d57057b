use std::fmt;

use serde::{Deserialize, Serialize};
use syft_core::{DatasetName, Email};

use crate::keys::LAYOUT;
use crate::{Error, Result};

/// A place in a store, by what it is for, so that a backend can map it to what
/// its store does best. All its fields are parsed values: no name of a peer can
/// lead out of the place (`threats.md` P12).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Space {
    /// Messages to an owner: opened and written by the sender, read and
    /// consumed by the owner.
    Inbox {
        /// Who reads.
        owner: Email,
        /// Who writes.
        sender: Email,
    },
    /// Messages of an owner to one peer: opened, written and deleted by the owner.
    Outbox {
        /// Who writes.
        owner: Email,
        /// Who reads.
        recipient: Email,
    },
    /// The owner's event log, for the owner alone.
    Log {
        /// Whose.
        owner: Email,
    },
    /// Full and incremental checkpoints, for the owner alone.
    Checkpoints {
        /// Whose.
        owner: Email,
    },
    /// The rolling state, for the owner alone.
    Rolling {
        /// Whose.
        owner: Email,
    },
    /// Consumed messages, where a store keeps them; for the owner alone.
    Archive {
        /// Whose.
        owner: Email,
    },
    /// Peers and decisions, so that a fresh machine of the owner knows them.
    State {
        /// Whose.
        owner: Email,
    },
    /// The files of one dataset, for those it is shared with.
    Collection {
        /// Whose dataset.
        owner: Email,
        /// Mock or real data.
        kind: CollectionKind,
        /// The dataset.
        tag: DatasetName,
        /// The hash of its content.
        hash: CollectionHash,
    },
    /// Version, capabilities and public keys of a participant, for its peers.
    Profile {
        /// Whose.
        owner: Email,
    },
}

/// What is asked of [`Transport::discover`](crate::Transport::discover).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SpaceKind {
    /// Inboxes of mine, one for each sender that opened one.
    Inbox,
    /// Outboxes that others opened for me.
    Outbox,
    /// Collections of others that are shared with me.
    Collection,
    /// My own collections, shared or not: how a fresh machine finds them.
    OwnCollection,
    /// Profiles of others that I may read.
    Profile,
    /// Everything that I opened: my own spaces, my outboxes, and the inboxes of
    /// others that I write. How a reset finds what no record knows.
    Mine,
}

impl SpaceKind {
    /// Whether it is asked for by `me`, as far as a space says it by itself: those of
    /// others must also be readable.
    #[must_use]
    pub fn is_of(self, space: &Space, me: &Email) -> bool {
        match (self, space) {
            (SpaceKind::Inbox, Space::Inbox { owner, .. }) => owner == me,
            (SpaceKind::Outbox, Space::Outbox { recipient, .. }) => recipient == me,
            (SpaceKind::Collection, Space::Collection { owner, .. })
            | (SpaceKind::Profile, Space::Profile { owner }) => owner != me,
            (SpaceKind::OwnCollection, Space::Collection { owner, .. }) => owner == me,
            (SpaceKind::Mine, space) => space.writer() == me,
            _ => false,
        }
    }
}

/// Whether a collection holds a dataset's mock or its real data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CollectionKind {
    /// Invented data, to be shared.
    Mock,
    /// A backup of the real data, shared with nobody.
    Private,
}

impl CollectionKind {
    /// The word in keys: `mock` or `private`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            CollectionKind::Mock => "mock",
            CollectionKind::Private => "private",
        }
    }
}

/// The hash in a collection's name: 1 to 128 of `[A-Za-z0-9-]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CollectionHash(String);

impl CollectionHash {
    /// Reads a hash.
    ///
    /// # Errors
    /// [`Error::Permanent`] that names the broken rule.
    pub fn parse(text: &str) -> Result<Self> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if (1..=128).contains(&text.len()) && text.bytes().all(allowed) && !text.starts_with('-') {
            return Ok(CollectionHash(text.to_owned()));
        }
        Err(Error::permanent(
            "read",
            "the hash of a collection",
            "it must be 1 to 128 letters, digits and dashes",
        ))
    }

    /// The hash as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CollectionHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for CollectionHash {
    type Error = Error;
    fn try_from(text: String) -> Result<Self> {
        CollectionHash::parse(&text)
    }
}

impl From<CollectionHash> for String {
    fn from(hash: CollectionHash) -> String {
        hash.0
    }
}

impl Space {
    /// Whose space it is.
    #[must_use]
    pub fn owner(&self) -> &Email {
        match self {
            Space::Inbox { owner, .. }
            | Space::Outbox { owner, .. }
            | Space::Log { owner }
            | Space::Checkpoints { owner }
            | Space::Rolling { owner }
            | Space::Archive { owner }
            | Space::State { owner }
            | Space::Collection { owner, .. }
            | Space::Profile { owner } => owner,
        }
    }

    /// Who opens the space and puts objects there: the sender of an inbox, the
    /// owner of any other space.
    #[must_use]
    pub fn writer(&self) -> &Email {
        match self {
            Space::Inbox { sender, .. } => sender,
            other => other.owner(),
        }
    }

    /// The components of the key under which folders and object stores keep the
    /// space, `syft-1` first.
    #[must_use]
    pub fn components(&self) -> Vec<&str> {
        let rest: Vec<&str> = match self {
            Space::Inbox { owner, sender } => vec!["inbox", owner.as_str(), sender.as_str()],
            Space::Outbox { owner, recipient } => {
                vec!["outbox", owner.as_str(), recipient.as_str()]
            }
            Space::Log { owner } => vec!["log", owner.as_str()],
            Space::Checkpoints { owner } => vec!["checkpoints", owner.as_str()],
            Space::Rolling { owner } => vec!["rolling", owner.as_str()],
            Space::Archive { owner } => vec!["archive", owner.as_str()],
            Space::State { owner } => vec!["state", owner.as_str()],
            Space::Collection { owner, kind, tag, hash } => {
                vec!["collections", owner.as_str(), kind.as_str(), tag.as_str(), hash.as_str()]
            }
            Space::Profile { owner } => vec!["profile", owner.as_str()],
        };
        std::iter::once(LAYOUT).chain(rest).collect()
    }
}

/// The key on folders and object stores, as `syft-1/log/alice@example.org`.
impl fmt::Display for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.components().join("/"))
    }
}
