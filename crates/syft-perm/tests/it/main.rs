//! The tests of permissions, one file for each subject.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod decisions;
mod edits;
mod files;
mod hostile;
mod properties;
mod vectors;
