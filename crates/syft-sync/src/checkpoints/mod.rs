//! The backup of an owner's datasite in the store, in three tiers.
//!
//! The event log is the truth; the tiers make it short, so that a fresh machine
//! has little to fetch:
//!
//! 1. the *rolling state*: the newest event of each path since the last
//!    checkpoint, put at the end of the first sync, and in place of the one
//!    before once a path comes twice in what of the log is newer, or that is
//!    ten objects;
//! 2. an *incremental checkpoint*: the same, once there are enough events;
//! 3. a *full checkpoint*: all files, in place of enough incremental ones.
//!
//! What a checkpoint holds is taken out of the store only after the checkpoint
//! was read back from it, and by the names that this node's journal holds
//! (`threats.md` F13). The newest object of the log always stays: the next one is
//! chained to it.
//!
//! All tiers hold exactly the files that the log holds. They are sealed for the owner
//! alone, so that is everything but datasets and `private/`. Of one who seals nothing, in a
//! store without access control, it is what some peer may read. Datasets and `private/` are never
//! events, so they are in no tier either: a mock lies in the store as a
//! collection, as long as it is shared with somebody.

mod content;
mod decide;
mod make;
mod record;
mod restore;
mod status;

use syft_core::Email;
use syft_transport::{Object, Space, TransportExt};

pub(crate) use decide::{Due, due};
pub use make::MadeCheckpoint;
pub(crate) use make::{at_end_of_sync, make_due, make_full};
pub(crate) use record::back_up;
pub use restore::Restored;
pub(crate) use restore::{Home, listed_mock, other_layout, restore_if_new};
pub use status::{CheckpointInfo, CheckpointKind, CheckpointStatus, Download};
pub(crate) use status::{list, status};

use crate::channels::patiently;
use crate::node::Pass;
use crate::{Result, bodies};

/// A larger piece of a backup is not fetched, in bytes.
const PIECE_LIMIT: u64 = syft_core::codec::Limits::EVENTS.packed_bytes;

fn log_of(owner: &Email) -> Space {
    Space::Log { owner: owner.clone() }
}

fn checkpoints_of(owner: &Email) -> Space {
    Space::Checkpoints { owner: owner.clone() }
}

fn rolling_of(owner: &Email) -> Space {
    Space::Rolling { owner: owner.clone() }
}

/// A piece, which is waited for as any answer of the store.
async fn fetch_piece(pass: &Pass<'_>, object: &Object) -> syft_transport::Result<Vec<u8>> {
    bodies::whole(&*pass.node.transport, object, PIECE_LIMIT).await
}

/// Whether the store does not say that somebody else put an object there.
fn is_mine(object: &Object, me: &Email) -> bool {
    object.owner.as_ref().is_none_or(|owner| owner == me)
}

/// What I put into a space of mine.
async fn mine(pass: &Pass<'_>, space: &Space) -> Result<Vec<Object>> {
    let mut objects = patiently(space, 0, pass.node.transport.list_all(space)).await?;
    objects.retain(|object| is_mine(object, &pass.node.email));
    Ok(objects)
}
