//! The tests of the command, which is run as a person runs it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "tests"
)]

mod audit;
mod checkpoint;
mod common;
mod data_store;
mod dataset;
mod demo;
#[cfg(feature = "drive")]
mod drive;
mod gate;
mod job;
mod keys;
mod limits;
mod login;
#[cfg(target_os = "linux")]
mod no_box;
mod peer;
mod peer_via;
mod perm;
mod policy;
mod pysyft;
mod readme;
mod receipt;
mod rehearse;
mod reset;
mod review;
mod run;
mod seed_options;
mod shell;
mod shown;
mod story;
mod sync;
mod terminal;
mod transport;
