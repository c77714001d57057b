//! The journal of sync: what was decided, what is still to be done, and the
//! state that follows from it.

mod arrived;
mod plan;
mod saved;
mod snapshot;
mod state;
mod trust;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use syft_core::{Blobs, ContentHash, Disk, Journal, Metadata, NodePaths};
use syft_transport::{Object, Space};

pub(crate) use arrived::{Arrived, Gap, Head, Link};
pub(crate) use plan::{LocalEffect, Plan, RemoteEffect};
pub(crate) use saved::{LogObject, LoggedEvent, Piece, Saved, Unverified};
pub(crate) use state::{
    CopyVersion, Fact, FileVersion, PrivateBackup, Proposed, Published, Refused, State,
};

pub(crate) use trust::{Contradiction, TrustFact};

use self::snapshot::Snapshot;
use crate::{Error, Result};

/// The journal is rewritten when more than this is in it that counts no longer, in
/// bytes, and more than a quarter of its snapshot: every command reads all of it.
const COMPACT_ABOVE: u64 = 1 << 20;
/// What an event since the last checkpoint takes in a snapshot, in bytes, about.
const EVENT_BYTES: u64 = 256;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "record")]
#[expect(clippy::large_enum_variant, reason = "one at a time, between state and disk")]
enum Record {
    Snapshot(Snapshot),
    Plan(Planned),
    /// A plan of before the snapshot, which has its facts.
    Pending(Left),
    /// The local effects of a plan are done and are never repeated.
    LocalDone {
        id: u64,
    },
    /// So is all that it does in the store but to retire messages.
    Sent {
        id: u64,
    },
    Done {
        id: u64,
    },
}

#[derive(Debug, Serialize, Deserialize)]
struct Planned {
    id: u64,
    plan: Plan,
}

#[derive(Debug, Serialize, Deserialize)]
struct Left {
    id: u64,
    pending: Pending,
}

/// A journalled plan that is not done.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Pending {
    pub(crate) plan: Plan,
    pub(crate) local_done: bool,
}

/// The journal, opened: the state so far and the plans that are not done.
pub(crate) struct Ledger {
    journal: Journal,
    blobs: Blobs,
    state: State,
    pending: BTreeMap<u64, Pending>,
    next: u64,
    sizes: Sizes,
    /// The journal's file when the last pass ended.
    left: Option<Metadata>,
}

/// What the records of the journal take, in bytes.
#[derive(Debug, Default)]
struct Sizes {
    snapshot: u64,
    /// Of each plan that is not done.
    pending: BTreeMap<u64, u64>,
    /// Of all that counts no longer.
    stale: u64,
}

impl Sizes {
    fn add(&mut self, record: &Record, size: u64) {
        match record {
            Record::Snapshot(_) => *self = Sizes { snapshot: size, ..Sizes::default() },
            Record::Plan(Planned { id, .. }) | Record::Pending(Left { id, .. }) => {
                self.pending.insert(*id, size);
            }
            Record::LocalDone { .. } | Record::Sent { .. } => self.stale += size,
            Record::Done { id } => self.stale += size + self.pending.remove(id).unwrap_or(0),
        }
    }

    fn are_worth_a_rewrite(&self) -> bool {
        self.stale > COMPACT_ABOVE.max(self.snapshot / 4)
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger")
            .field("pending", &self.pending.len())
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

impl Ledger {
    /// Opens the journal of a home and folds it.
    ///
    /// # Errors
    /// A damaged journal; the disk.
    pub(crate) fn open(disk: Arc<dyn Disk>) -> Result<Self> {
        let blobs = Blobs::new(disk.clone(), &NodePaths::journal());
        let (journal, records) = Journal::open(disk, NodePaths::journal())?;
        let mut ledger = Ledger {
            journal,
            blobs,
            state: State::default(),
            pending: BTreeMap::new(),
            next: 1,
            sizes: Sizes::default(),
            left: None,
        };
        for bytes in records {
            let record = decode(&bytes).map_err(|error| {
                Error::Core(syft_core::Error::Corrupt {
                    what: "the journal".to_owned(),
                    detail: error.to_string(),
                })
            })?;
            ledger.take(record, bytes.len() as u64);
        }
        Ok(ledger)
    }

    /// A pass ends: the next one need not read the journal again, if nobody else
    /// writes to it meanwhile.
    pub(crate) fn leave(&mut self) {
        self.left = self.journal.metadata().ok().flatten();
    }

    /// Whether this is what the journal says, also after somebody else had the home.
    pub(crate) fn is_current(&self) -> bool {
        self.left.as_ref().is_some_and(|left| self.journal.is_as(left).unwrap_or(false))
    }

    fn fold(&mut self, record: Record) {
        match record {
            Record::Snapshot(Snapshot { state, next }) => {
                (self.state, self.next) = (state, next);
                self.pending.clear();
            }
            Record::Pending(Left { id, pending }) => {
                self.pending.insert(id, pending);
            }
            Record::Plan(Planned { id, plan }) => {
                self.next = id + 1;
                for other in &plan.appended {
                    if let Some(pending) = self.pending.get_mut(other) {
                        pending.plan.drop_appends();
                    }
                }
                plan.facts.iter().cloned().for_each(|fact| self.state.apply(fact));
                self.pending.insert(id, Pending { plan, local_done: false });
            }
            Record::LocalDone { id } => {
                if let Some(pending) = self.pending.get_mut(&id) {
                    pending.local_done = true;
                }
            }
            Record::Sent { id } => {
                if let Some(pending) = self.pending.get_mut(&id) {
                    pending.plan.keep_retirements();
                }
            }
            Record::Done { id } => {
                self.pending.remove(&id);
            }
        }
    }

    /// What is true by all that was decided so far.
    #[must_use]
    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    /// Removes the blobs that no plan needs: what a stopped restore left.
    pub(crate) fn drop_idle_blobs(&self) -> Result<()> {
        let needed: BTreeSet<ContentHash> =
            self.pending.values().flat_map(|pending| pending.plan.blobs()).collect();
        self.blobs.retain(|blob| needed.contains(blob))?;
        Ok(())
    }

    pub(crate) fn blobs(&self) -> &Blobs {
        &self.blobs
    }

    /// The plans that are not done, oldest first.
    pub(crate) fn pending(&self) -> Vec<(u64, Pending)> {
        self.pending.iter().map(|(id, pending)| (*id, pending.clone())).collect()
    }

    /// What a plan that is not done is to do in the store.
    pub(crate) fn remote_of(&self, id: u64) -> &[RemoteEffect] {
        self.pending.get(&id).map(|pending| pending.plan.remote.as_slice()).unwrap_or_default()
    }

    /// What plans append to channels, in their order: which plan, where, by which blob.
    pub(crate) fn appends(&self) -> Vec<(u64, Space, ContentHash)> {
        let of_plan = |(id, pending): (&u64, &Pending)| {
            let appends = pending.plan.appends();
            appends.map(|(space, blob)| (*id, space.clone(), blob)).collect::<Vec<_>>()
        };
        self.pending.iter().flat_map(of_plan).collect()
    }

    /// Whether an object is about to be retired.
    pub(crate) fn retires(&self, object: &Object) -> bool {
        self.pending.values().flat_map(|pending| &pending.plan.remote).any(|effect| {
            matches!(effect, RemoteEffect::Retire { object: other } if other.id == object.id)
        })
    }

    /// Whether something is still to be put into a space.
    pub(crate) fn puts_into(&self, space: &Space) -> bool {
        let mut effects = self.pending.values().flat_map(|pending| &pending.plan.remote);
        effects.any(|effect| effect.puts_into(space))
    }

    /// How many objects wait for the store.
    #[must_use]
    pub(crate) fn queued_out(&self) -> usize {
        let puts = |pending: &Pending| {
            let is_put = |effect: &&RemoteEffect| {
                matches!(effect, RemoteEffect::Put { .. } | RemoteEffect::Append { .. })
            };
            pending.plan.remote.iter().filter(is_put).count()
        };
        self.pending.values().map(puts).sum()
    }

    /// Journals a plan; from here on it will be carried out, whatever happens.
    pub(crate) fn commit(&mut self, plan: Plan) -> Result<u64> {
        let id = self.next;
        let appended = plan.appended.clone();
        self.without_blobs(&appended, Record::Plan(Planned { id, plan }))?;
        Ok(id)
    }

    pub(crate) fn local_done(&mut self, id: u64) -> Result<()> {
        self.write(Record::LocalDone { id })
    }

    /// All that a plan does in the store is done but to retire messages.
    pub(crate) fn sent(&mut self, id: u64) -> Result<()> {
        self.without_blobs(&[id], Record::Sent { id })
    }

    pub(crate) fn done(&mut self, id: u64) -> Result<()> {
        self.without_blobs(&[id], Record::Done { id })?;
        if self.sizes.are_worth_a_rewrite() {
            self.compact()?;
        }
        Ok(())
    }

    /// Writes a record, after which some blobs of these plans may be needed no more.
    fn without_blobs(&mut self, plans: &[u64], record: Record) -> Result<()> {
        let of_plans = plans.iter().filter_map(|id| self.pending.get(id));
        let blobs: BTreeSet<ContentHash> =
            of_plans.flat_map(|pending| pending.plan.blobs()).collect();
        self.write(record)?;
        let still: BTreeSet<ContentHash> =
            self.pending.values().flat_map(|pending| pending.plan.blobs()).collect();
        for blob in blobs.difference(&still) {
            self.blobs.remove(blob)?;
        }
        Ok(())
    }

    fn write(&mut self, record: Record) -> Result<()> {
        let bytes = encode(&record)?;
        self.journal.append(&bytes)?;
        self.take(record, bytes.len() as u64);
        Ok(())
    }

    /// Folds a record of this size. The events that a checkpoint holds from now on
    /// stand in the snapshot for nothing.
    fn take(&mut self, record: Record, size: u64) {
        self.sizes.add(&record, size);
        let before = self.state.saved.newest.len();
        self.fold(record);
        let settled = before.saturating_sub(self.state.saved.newest.len()) as u64;
        self.sizes.stale += settled * EVENT_BYTES;
    }

    fn compact(&mut self) -> Result<()> {
        let snapshot = Snapshot { state: self.state.clone(), next: self.next };
        let mut records = vec![Record::Snapshot(snapshot)];
        let pending = self.pending().into_iter();
        records.extend(pending.map(|(id, pending)| Record::Pending(Left { id, pending })));
        let bytes = records.iter().map(encode).collect::<Result<Vec<_>>>()?;
        self.journal.rewrite(&bytes)?;
        for (record, bytes) in records.iter().zip(&bytes) {
            self.sizes.add(record, bytes.len() as u64);
        }
        self.drop_idle_blobs()
    }
}

/// Reads a record. The large ones are told by how they begin, since a tagged
/// enumeration is read twice: once to find its tag.
fn decode(bytes: &[u8]) -> serde_json::Result<Record> {
    if bytes.starts_with(br#"{"record":"snapshot","#) {
        serde_json::from_slice(bytes).map(Record::Snapshot)
    } else if bytes.starts_with(br#"{"record":"plan","#) {
        serde_json::from_slice(bytes).map(Record::Plan)
    } else if bytes.starts_with(br#"{"record":"pending","#) {
        serde_json::from_slice(bytes).map(Record::Pending)
    } else {
        serde_json::from_slice(bytes)
    }
}

fn encode(record: &Record) -> Result<Vec<u8>> {
    serde_json::to_vec(record).map_err(|error| {
        Error::Core(syft_core::Error::Encode { what: "journal record", detail: error.to_string() })
    })
}
