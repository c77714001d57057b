//! The compatible codec: JSON in a `.tar.gz`, as a Python peer reads and writes it
//! (`protocol.md` b).
//!
//! Reading is total and bounded: whatever the bytes are, the answer is a value
//! that holds only what its types allow, or a [`Reject`] with its reason.
//! Writing is deterministic, and what is written has been read again before it
//! is returned.

mod collisions;
mod container;
mod float;
mod json;
mod limits;
mod name;
mod wire;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Error, FileChangeEventsMessage, ProposedFileChangesMessage, Reject, Result};
use wire::FromWire;

pub(crate) use float::python_repr;
pub(crate) use json::{read as read_json, write as write_json};
pub(crate) use name::canonical_name;

pub use limits::Limits;

/// A message or a backup that has a form on the wire.
pub trait WireFormat: Serialize + DeserializeOwned + FromWire {
    /// What a reader allows, and a writer keeps to.
    const LIMITS: Limits;
}

impl WireFormat for ProposedFileChangesMessage {
    const LIMITS: Limits = Limits::PROPOSAL;
}
impl WireFormat for FileChangeEventsMessage {
    const LIMITS: Limits = Limits::EVENTS;
}
impl WireFormat for crate::RollingState {
    const LIMITS: Limits = Limits::EVENTS;
}
impl WireFormat for crate::IncrementalCheckpoint {
    const LIMITS: Limits = Limits::EVENTS;
}
impl WireFormat for crate::Checkpoint {
    const LIMITS: Limits = Limits::EVENTS;
}

/// The exact bytes to store: same value, same bytes.
///
/// # Errors
/// [`Error::Rejected`] if a reader would refuse the value under
/// [`WireFormat::LIMITS`]; [`Error::Encode`] if it would read another one.
pub fn encode<T: WireFormat + PartialEq>(value: &T) -> Result<Vec<u8>> {
    let payload = json::write(value, T::INDENTED)?;
    let bytes = container::pack(&payload, &T::LIMITS)?;
    drop(payload);
    if decode::<T>(&bytes, &T::LIMITS)? == *value {
        Ok(bytes)
    } else {
        let detail = "it would be read back as something else".to_owned();
        Err(Error::Encode { what: "a message", detail })
    }
}

/// Reads stored bytes; what they claim about their channel is checked elsewhere.
///
/// # Errors
/// The first reason to refuse the bytes, in at most 500 characters; never panics,
/// and never takes more memory than a small multiple of what `limits` allows for
/// this many bytes. A container that is longer than it states is refused unread.
pub fn decode<T: WireFormat>(bytes: &[u8], limits: &Limits) -> Result<T, Reject> {
    let payload = container::unpack(bytes, limits)?;
    T::from_wire(json::read(&payload, limits)?)
}

/// Whether bytes that [`decode`] refuses are the beginning of what has a form on the wire:
/// where files arrive piece by piece, the rest of it may come. Up to what `limits` allow is
/// unpacked, and kept nowhere.
#[must_use]
pub fn is_cut(bytes: &[u8], limits: &Limits) -> bool {
    container::is_cut(bytes, limits)
}

/// [`encode`] for what goes into an inbox.
///
/// # Errors
/// As [`encode`].
pub fn encode_proposal(message: &ProposedFileChangesMessage) -> Result<Vec<u8>> {
    encode(message)
}

/// [`decode`] for what was found in an inbox, usually with [`Limits::PROPOSAL`].
///
/// # Errors
/// As [`decode`].
pub fn decode_proposal(
    bytes: &[u8],
    limits: &Limits,
) -> Result<ProposedFileChangesMessage, Reject> {
    decode(bytes, limits)
}

/// [`encode`] for what goes into a log or an outbox.
///
/// # Errors
/// As [`encode`].
pub fn encode_events(message: &FileChangeEventsMessage) -> Result<Vec<u8>> {
    encode(message)
}

/// [`decode`] for what was found in a log or an outbox, usually with [`Limits::EVENTS`].
///
/// # Errors
/// As [`decode`].
pub fn decode_events(bytes: &[u8], limits: &Limits) -> Result<FileChangeEventsMessage, Reject> {
    decode(bytes, limits)
}
