//! The emulator as its clients see it: over HTTP.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod access;
mod batch;
mod changes;
mod client;
mod faults;
mod fields;
mod files;
mod moves;
mod oauth;
mod permissions;
mod queries;
mod trace;
mod uploads;
