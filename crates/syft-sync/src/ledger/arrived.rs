use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use syft_core::{ChannelHead, ContentHash, Timestamp};
use uuid::Uuid;

/// Gaps of one channel that are remembered; a sender has a say in their number.
const MOST_MISSING: u64 = 256;
/// Objects of one channel that are remembered as forged: anybody may put them there.
const MOST_FORGED: usize = 1_000;
/// Messages of one channel whose hashes are remembered.
const MOST_RECENT: usize = 32;

/// What arrived in one channel.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Arrived {
    /// The ids of all messages that were dealt with.
    pub(crate) ids: BTreeSet<Uuid>,
    /// The names of the objects that were dealt with and still lie there, since
    /// only their owner takes them away.
    pub(crate) names: BTreeSet<String>,
    /// The highest position seen.
    pub(crate) head: Option<Head>,
    /// The numbers below it of messages that did not arrive.
    #[serde(default)]
    missing: BTreeSet<u64>,
    /// Since when one is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
    /// What is known of those: the hash that the message after one names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    named: BTreeMap<u64, ContentHash>,
    /// The hashes of the last ones that arrived.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    recent: BTreeMap<u64, ContentHash>,
    /// When the last one arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) newest: Option<Timestamp>,
    /// The names of objects there that are not what they should be.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) forged: BTreeSet<String>,
    /// Whether it goes on with whatever comes next: nothing before that is missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_anew: bool,
    /// Messages that wait for an earlier one, by their objects' names, and since when.
    #[serde(default)]
    pub(crate) held: BTreeMap<String, Timestamp>,
    /// Whether another message arrived since they were looked at.
    #[serde(default)]
    pub(crate) stirred: bool,
}

/// Where a channel stands: each message names its number and the hash of the
/// one before, so that a store that drops, reorders or forks is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    /// The number of the last message; the first is 1.
    pub(crate) seq: u64,
    /// The hash of its bytes.
    pub(crate) hash: ContentHash,
}

impl From<ChannelHead> for Head {
    fn from(head: ChannelHead) -> Self {
        Head { seq: head.seq, hash: head.hash }
    }
}

impl From<Head> for ChannelHead {
    fn from(head: Head) -> Self {
        ChannelHead { seq: head.seq, hash: head.hash }
    }
}

/// A message in its channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Link {
    /// Which one it is.
    pub(crate) head: Head,
    /// The one before, as it says.
    pub(crate) prev: Option<ContentHash>,
    /// When it arrived.
    pub(crate) at: Timestamp,
}

/// Messages of a channel that did not arrive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Gap {
    /// How many.
    pub(crate) messages: usize,
    /// Since when that is known.
    pub(crate) since: Option<Timestamp>,
}

impl Arrived {
    /// The number that the next message has if none is missing.
    pub(crate) fn expected(&self) -> u64 {
        self.head.map_or(1, |head| head.seq.saturating_add(1))
    }

    /// Whether a message that was sent before this one did not arrive.
    pub(crate) fn lacks_one_before(&self, seq: u64) -> bool {
        seq > self.expected() && !self.is_anew || self.missing.range(..seq).next().is_some()
    }

    /// What did not arrive; `None` if all did.
    pub(crate) fn gap(&self) -> Option<Gap> {
        let messages = self.missing.len();
        (messages > 0).then_some(Gap { messages, since: self.since })
    }

    /// Why a message that did not arrive before cannot be of the same channel as those that
    /// did; `None` if it can.
    pub(crate) fn contradiction(
        &self,
        Head { seq, hash }: Head,
        prev: Option<ContentHash>,
    ) -> Option<String> {
        if seq < self.expected() && !self.missing.contains(&seq) {
            return Some(format!("another message was number {seq} before"));
        }
        if self.named.get(&seq).is_some_and(|named| *named != hash) {
            return Some(format!("the message after number {seq} was sent after another one"));
        }
        let Some(before) = seq.checked_sub(1).filter(|before| *before > 0) else {
            return prev.map(|_| "it says that it is the first, and names one before".to_owned());
        };
        let known = self.recent.get(&before).copied();
        let known = known.or(self.head.filter(|head| head.seq == before).map(|head| head.hash));
        match (known, prev) {
            (_, None) => Some(format!("it does not name the message before, number {before}")),
            (Some(known), Some(prev)) if known != prev => {
                Some(format!("it was sent after another message number {before}"))
            }
            _ => None,
        }
    }

    /// A message waits, or waits on.
    pub(super) fn hold(&mut self, name: String, since: Timestamp) {
        self.held.insert(name, since);
        self.stirred = false;
    }

    /// Takes the position of a message in.
    pub(super) fn advance(&mut self, Link { head, prev, at }: Link) {
        self.stirred = !self.held.is_empty();
        self.newest = Some(at);
        let expected = self.expected();
        if head.seq < expected {
            self.missing.remove(&head.seq);
            self.named.remove(&head.seq);
        } else {
            let oldest = head.seq.saturating_sub(MOST_MISSING).max(expected);
            let oldest = if std::mem::take(&mut self.is_anew) { head.seq } else { oldest };
            self.missing.extend(oldest..head.seq);
            while self.missing.len() as u64 > MOST_MISSING {
                self.missing.pop_first();
            }
            self.head = Some(head);
        }
        let before = head.seq.saturating_sub(1);
        if let Some(prev) = prev.filter(|_| self.missing.contains(&before)) {
            self.named.insert(before, prev);
        }
        self.since = self.since.or(Some(at)).filter(|_| !self.missing.is_empty());
        remember(&mut self.recent, head, MOST_RECENT);
    }

    /// Goes on without what did not arrive.
    pub(super) fn close_gap(&mut self) {
        self.missing.clear();
        self.named.clear();
        self.since = None;
    }

    pub(super) fn note_forged(&mut self, name: String) {
        if self.forged.len() < MOST_FORGED {
            self.forged.insert(name);
        }
    }

    /// Goes on from whatever comes next: what was known of its order is forgotten, and no
    /// message is taken twice.
    pub(super) fn begin_anew(&mut self) {
        self.head = None;
        self.is_anew = true;
        self.missing.clear();
        self.since = None;
        self.named.clear();
        self.recent.clear();
    }
}

/// Keeps the last hashes of a channel.
pub(super) fn remember(recent: &mut BTreeMap<u64, ContentHash>, head: Head, most: usize) {
    recent.insert(head.seq, head.hash);
    while recent.len() > most {
        recent.pop_first();
    }
}
