//! The tests of the commands of the pages, of stores, and of the names of the three documents.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod hostile_bucket;
mod names;
mod pins;
mod readme;
mod stores;
mod walkthrough;
