//! Leaving: takes everything of mine out of the store and off this disk.

mod broadcast;
mod gather;
mod kept;
mod local;
mod remote;

use serde::Serialize;
use syft_core::Email;

use crate::peers::Away;

pub(crate) use broadcast::{broadcast, due, finish};
pub(crate) use gather::gather;
pub(crate) use kept::Kept;
pub(crate) use local::{clear_local, local_items};
pub(crate) use remote::{clear_remote, forget_store, note_emptying};

/// What [`delete_syftbox`](crate::SyftboxManager::delete_syftbox) is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeleteOptions {
    /// Whether peers are told first to forget what they were sent (owners only).
    pub broadcast_delete_events: bool,
    /// Whether everything of mine goes out of the store.
    pub remote: bool,
    /// Whether this home goes: all datasites, my own with its private data, and
    /// the node's state.
    pub local: bool,
    /// Whether it is only told what would go.
    pub dry_run: bool,
}

/// The seed's defaults: everything, and peers are told.
impl Default for DeleteOptions {
    fn default() -> Self {
        DeleteOptions { broadcast_delete_events: true, remote: true, local: true, dry_run: false }
    }
}

/// What went, or would go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DeleteReport {
    /// Who is told to forget which number of files.
    pub broadcast: Vec<Broadcast>,
    /// The objects that went out of the store.
    pub remote: Vec<RemoteItem>,
    /// The objects that stay in the store until the peers have read them.
    pub kept: Vec<String>,
    /// The datasites and the state that went off this disk.
    pub local: Vec<LocalItem>,
    /// What was left where it is, since it is not of this node or not its to take.
    pub left: Vec<Left>,
}

/// A peer that is told to forget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Broadcast {
    /// Who.
    pub peer: Email,
    /// How many files.
    pub files: usize,
}

/// An object of mine in the store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RemoteItem {
    /// Where it lies.
    pub object: String,
    /// Its size.
    pub bytes: u64,
    /// Whether no record of this home knows it: it was found by its name.
    pub orphan: bool,
}

/// A folder of this home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LocalItem {
    /// Where it lies in the home.
    pub path: String,
    /// How many files are in it.
    pub files: u64,
    /// Their sizes together.
    pub bytes: u64,
}

/// Something that stays.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Left {
    /// What it is: the key of an object, or a path in the home; safe to show.
    pub what: String,
    /// Why.
    pub reason: String,
}

impl Left {
    fn new(what: impl AsRef<str>, reason: impl Into<String>) -> Self {
        Left { what: syft_core::safe_text(what.as_ref()), reason: reason.into() }
    }

    /// All that may lie in another store than that of the home.
    pub(crate) fn away(Away { name, reason }: Away) -> Self {
        Left::new(name, format!("what of yours lies there was not looked at: {reason}"))
    }
}
