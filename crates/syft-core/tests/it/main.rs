//! The tests of the vocabulary, one file for each subject.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "tests"
)]

mod advert;
mod audit;
mod codec_hostile;
mod codec_properties;
mod codec_vectors;
mod disk;
mod hostile;
mod journal;
mod layout;
mod lock;
mod names;
mod paths;
mod python_names;
mod support;
mod url;
mod yaml;
