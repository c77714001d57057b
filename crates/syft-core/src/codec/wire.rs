//! The JSON shapes of `protocol.md` b.3. Written from borrowed values, keys in
//! the Python peer's order; read into loose values first, so that each rule that
//! is broken has its own reason.

mod changes;
mod checkpoints;
mod fields;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};

use crate::Reject;

/// How a type is read from its JSON.
pub trait FromWire: Sized {
    /// The loose shape.
    type Wire: DeserializeOwned;
    /// Whether the Python peer indents it.
    const INDENTED: bool = false;
    /// Checks everything that the body alone can show.
    fn from_wire(wire: Self::Wire) -> Result<Self, Reject>;
}

/// Elsewhere, as in a journal, the types are plain serde types of the same shape.
macro_rules! deserialize_from_wire {
    ($($type:ty),*) => {$(
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let wire = Deserialize::deserialize(deserializer)?;
                <$type as FromWire>::from_wire(wire).map_err(D::Error::custom)
            }
        }
    )*};
}

deserialize_from_wire!(
    crate::ProposedFileChange,
    crate::ProposedFileChangesMessage,
    crate::FileChangeEvent,
    crate::FileChangeEventsMessage,
    crate::RollingState,
    crate::IncrementalCheckpoint,
    crate::Checkpoint,
    crate::CheckpointFile
);
