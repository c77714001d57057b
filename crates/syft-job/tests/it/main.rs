//! The tests of jobs that need no process of their own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "tests"
)]

mod approved_bytes;
mod attempts;
#[cfg(target_os = "linux")]
#[path = "../box_common/mod.rs"]
mod box_common;
#[cfg(unix)]
mod box_outputs;
mod common;
mod crashes;
mod decisions;
mod gate;
mod hostile;
#[cfg(target_os = "linux")]
mod package_common;
#[cfg(target_os = "linux")]
mod packages;
#[cfg(target_os = "linux")]
mod packages_by_uv;
mod plain;
mod policy;
mod policy_rules;
mod pysyft_vectors;
mod python_boxes;
#[cfg(target_os = "linux")]
mod python_modules;
mod receipts;
#[cfg(target_os = "linux")]
mod rehearsals;
mod review;
mod runs;
mod seatbelt;
mod seed_examples;
mod shown;
mod submission;
mod summary;
