//! What entered and what left: recorded where it happens, read back as a table.

mod body;
mod reason;
mod recorded;
mod table;
#[cfg(test)]
mod tests;

pub(crate) use recorded::Recorded;
pub(crate) use table::transfers;
pub use table::{Direction, Transfer};

/// What the audit log calls an object that was put into the store.
const SENT: &str = "object.sent";
/// What it calls an object that was taken from there.
const TAKEN: &str = "object.taken";
/// What it calls one that the store made from another one of its own.
const COPIED: &str = "object.copied";
/// What it calls letting somebody read, where the store itself keeps who may.
const GRANTED: &str = "store.granted";
/// What it calls taking that back.
const REVOKED: &str = "store.revoked";
