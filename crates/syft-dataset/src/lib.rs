//! Datasets of a local datasite: a private part that stays and a mock that may
//! be shared.
//!
//! This crate knows no transport. It lays datasets out on disk, says who may
//! have which mock, and keeps readers' copies of the mocks of others; how those
//! travel is the business of `syft-sync`.

mod audience;
mod backup;
mod collection;
mod copy;
mod create;
mod dataset;
mod error;
mod files;
mod hashes;
mod manage;
mod metadata;
mod permission;
mod read;
mod relayout;
mod source;
mod staging;
mod store;

pub use audience::Audience;
pub use backup::IncomingBackup;
pub use collection::{Collection, CollectionFile};
pub use copy::IncomingCopy;
pub use create::NewDataset;
pub use dataset::{Dataset, FileInfo, Listing, Location, Unreadable};
pub use error::{Error, Result};
pub use metadata::PRIVATE_METADATA;
pub use store::{DatasetStore, Limits};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExample;
