//! Each server starts, answers, and leaves nothing behind.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod ends;
mod missing;
mod s3;
mod sftp;
mod webdav;
