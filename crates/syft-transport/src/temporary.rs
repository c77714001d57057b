//! Objects that are written aside, under a name of their own, until they are whole.

use std::time::Duration;

use syft_core::{Clock, ContentHash, Email, SystemClock};

/// Starts with a dot, and so is in no listing.
const PREFIX: &str = ".syft-tmp-";
/// How many characters of the hash of an address tell whose it is.
const WHOSE: usize = 8;
/// After so long without a byte its writer is gone.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// What the names of this participant's temporary objects begin with. Those of others are
/// theirs to clear away: in a folder that is synchronised they come from machines whose clocks
/// nobody knows.
pub(crate) fn temporaries_of(me: &Email) -> String {
    let whose = ContentHash::of(me.as_str().as_bytes()).to_string();
    format!("{PREFIX}{}-", whose.get(..WHOSE).unwrap_or_default())
}

/// Whether the writer of what was changed last at this time, in seconds since 1970, is gone.
pub(crate) fn is_abandoned(changed: i64) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "an age of a day needs no nanoseconds")]
    let age = SystemClock.now().seconds() - changed as f64;
    age > ABANDONED.as_secs_f64()
}
