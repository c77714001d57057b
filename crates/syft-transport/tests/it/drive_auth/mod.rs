//! Tokens for Google Drive, against a server of this test on loopback.
#![allow(unreachable_pub, reason = "tests")]

mod browser;
mod files;
mod keeping;
mod login;
mod machines;
mod secrets;
mod server;
mod tokens;
