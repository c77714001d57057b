//! Dropbox on loopback, for tests: accounts and tokens, files and folders, listings
//! with cursors, uploads and batches, as its HTTP API of the second version has them,
//! with its words for what is refused, and with faults at will.

mod account;
mod accounts;
mod args;
mod emulator;
mod error;
mod faults;
mod files;
mod hash;
mod log;
mod oauth;
mod path;
mod render;
mod route;
mod serve;
mod state;
mod tree;
mod users;

pub use account::AccountHandle;
pub use accounts::Consent;
pub use emulator::DropboxEmulator;
pub use faults::{Fault, FaultPlan, Rule};
pub use hash::content_hash;
pub use log::{EntrySnapshot, RequestLine};

/// The example of the README is run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
