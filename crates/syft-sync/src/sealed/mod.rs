//! What goes through the store, closed to whoever keeps it.
//!
//! Messages, the log, its checkpoints and the record of peers and jobs are envelopes:
//! sealed to the one whom they are for and to their writer, signed, and labelled with the
//! place that they were written for. So who reads the store learns who writes to whom, when
//! and how much, and who writes it can put nothing there that anybody takes for another's. In
//! the open are hellos, which are signed and hold public keys. Datasets are sealed in
//! [`collections`](crate::collections).
//!
//! [`Sealed`] does it for everything that passes; [`KeyRing`] says with whom.

mod envelope;
mod layer;
mod ring;

pub(crate) use envelope::{is_unfinished, open, open_through, parties, refused, reject_of, seal};
pub(crate) use layer::{Sealed, is_closed};
pub(crate) use ring::{Correspondent, KeyRing};
