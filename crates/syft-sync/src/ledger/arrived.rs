use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use syft_core::{ContentHash, Timestamp};
use uuid::Uuid;

/// Gaps of one channel that are remembered; a sender has a say in their number.
const MOST_MISSING: u64 = 256;

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

impl Arrived {
    /// The number that the next message has if none is missing.
    pub(crate) fn expected(&self) -> u64 {
        self.head.map_or(1, |head| head.seq.saturating_add(1))
    }

    /// Whether a message that was sent before this one did not arrive.
    pub(crate) fn lacks_one_before(&self, seq: u64) -> bool {
        seq > self.expected() || self.missing.range(..seq).next().is_some()
    }

    /// A message waits, or waits on.
    pub(super) fn hold(&mut self, name: String, since: Timestamp) {
        self.held.insert(name, since);
        self.stirred = false;
    }

    /// Takes the position of a message in.
    pub(super) fn advance(&mut self, head: Head) {
        self.stirred = !self.held.is_empty();
        let expected = self.expected();
        if head.seq < expected {
            self.missing.remove(&head.seq);
            return;
        }
        let oldest = head.seq.saturating_sub(MOST_MISSING).max(expected);
        self.missing.extend(oldest..head.seq);
        while self.missing.len() as u64 > MOST_MISSING {
            self.missing.pop_first();
        }
        self.head = Some(head);
    }
}
