//! Whether the store still shows what it showed before, and what I put there: one that was
//! put back to an earlier state, or that takes writes and keeps none, is told of in the sync
//! that meets it, and what is lost or sealed to old keys is put there anew (`threats.md` F14).

mod repair;
mod reseal;
mod shown;

pub(crate) use repair::repair;
pub(crate) use reseal::{take_keys, take_sealing, unpropose};
pub(crate) use shown::{check_own, lacks, put_back};
