//! The tests of datasets, one file for each subject.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "tests"
)]

mod backup;
mod copies;
mod crash;
mod hostile;
mod own;
mod python_vectors;
mod support;
