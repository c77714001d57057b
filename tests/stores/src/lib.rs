#![doc = include_str!("../README.md")]

mod error;
mod output;
mod places;
mod process;
mod required;
mod s3;

pub use error::{Error, Result};
pub use required::required_or_noted;
pub use s3::S3;
