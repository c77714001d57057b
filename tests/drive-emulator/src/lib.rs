//! Google Drive on loopback, for tests: accounts and tokens, files and folders,
//! rights, queries, uploads, batches and changes, as far as Syft uses them, with
//! Google's words for what is refused, and with faults at will.

mod access;
mod accounts;
mod auth;
mod batch;
mod changes;
mod emulator;
mod error;
mod faults;
mod fields;
mod files;
mod item;
mod log;
mod oauth;
mod permissions;
mod query;
mod render;
mod route;
mod schema;
mod serve;
mod state;
mod store;
mod upload;
mod user;

pub use accounts::Consent;
pub use emulator::DriveEmulator;
pub use faults::{Fault, FaultPlan, Lag, Rule};
pub use log::{FileSnapshot, Mail, RequestLine};
pub use user::UserHandle;

/// The example of the README is run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
