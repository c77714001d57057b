#![doc = include_str!("../README.md")]

mod error;
mod output;
mod places;
mod process;
mod required;
mod s3;
mod sftp;
mod webdav;

pub use error::{Error, Result};
pub use required::{no_server, required_or_noted};
pub use s3::S3;
pub use sftp::Sftp;
pub use webdav::WebDav;
