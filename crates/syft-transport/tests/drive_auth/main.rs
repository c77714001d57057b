//! Tokens for Google Drive, against a server of this test on loopback.
#![cfg(feature = "drive")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

mod browser;
mod files;
mod keeping;
mod login;
mod machines;
mod secrets;
mod server;
mod tokens;
