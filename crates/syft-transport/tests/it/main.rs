//! The tests of the trait, its backends and its layers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

#[cfg(feature = "s3")]
mod access_policy;
mod conformance;
mod conformance_catches;
#[cfg(feature = "drive")]
mod drive;
#[cfg(feature = "drive")]
mod drive_auth;
mod folder;
mod folder_processes;
mod hostile;
mod in_place;
mod layers;
mod memory;
#[cfg(feature = "opendal")]
mod opendal;
mod routes;
mod routes_data;
mod store_url;
mod values;
