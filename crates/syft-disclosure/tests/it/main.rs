//! The tests of the disclosure check, one file for each subject.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod corpus;
mod examples;
mod form;
mod hostile;
mod innocent;
mod planted;
mod properties;
