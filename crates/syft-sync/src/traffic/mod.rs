//! What entered and what left: recorded where it happens, read back as a table.

mod recorded;
mod table;

pub(crate) use recorded::Recorded;
pub(crate) use table::transfers;
pub use table::{Direction, Transfer};

/// What the audit log calls an object that was put into the store.
const SENT: &str = "object.sent";
/// What it calls an object that was taken from there.
const TAKEN: &str = "object.taken";
