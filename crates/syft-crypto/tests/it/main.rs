//! The tests of keys and envelopes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod envelopes;
mod vectors;
