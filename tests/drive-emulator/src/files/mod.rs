//! `about` and `files`: everything but the uploads.

mod copy;
mod create;
mod get;
mod ids;
mod list;
mod meta;
mod parents;
mod remove;
mod update;

pub(crate) use copy::copy;
pub(crate) use create::{Media, allow_create, create, create_empty};
pub(crate) use get::{about, get};
pub(crate) use ids::generate_ids;
pub(crate) use list::{Pages, list, page_size};
pub(crate) use meta::Meta;
pub(crate) use remove::delete;
pub(crate) use update::{allow_update, update, update_metadata};
