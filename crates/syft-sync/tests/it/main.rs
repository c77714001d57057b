//! The tests of the node as a library, one file for each subject.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod check_up;
mod checkpoints;
mod common;
mod converge;
mod damaged_objects;
mod datasets;
mod drive;
mod drive_faults;
mod drive_misbehaviour;
mod event_cache;
mod exactly_once;
#[cfg(feature = "drive")]
mod google;
mod hostile_any;
mod hostile_store;
mod keys;
mod layouts;
mod on_file_change;
mod one_pass;
mod peers;
mod permissions;
mod private_parts;
mod python_peers;
mod python_proposals;
mod python_routing;
mod rehearse;
mod reset;
mod restore;
mod restore_waits;
mod router;
mod routing;
mod runs;
mod sealed;
mod seed_manager;
mod seed_syncers;
mod stale;
mod story;
mod threats_inbox;
mod threats_jobs;
mod threats_messages;
mod threats_store;
mod threats_sync;
mod traffic;
mod watch;
