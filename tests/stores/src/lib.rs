#![doc = include_str!("../README.md")]

mod azblob;
mod error;
mod gs;
mod objects;
mod output;
mod places;
mod process;
mod required;
mod s3;
mod sftp;
mod webdav;

pub use azblob::Azblob;
pub use error::{Error, Result};
pub use gs::Gs;
pub use objects::Objects;
pub use required::{if_there_or_noted, required_or_noted};
pub use s3::S3;
pub use sftp::Sftp;
pub use webdav::WebDav;
