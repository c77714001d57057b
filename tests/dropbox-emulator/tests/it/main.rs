//! The emulator as its clients see it: over HTTP.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod batches;
mod client;
mod downloads;
mod faults;
mod folders;
mod listings;
mod moves;
mod oauth;
mod refusals;
mod sessions;
mod uploads;
