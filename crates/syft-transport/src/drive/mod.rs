//! Google Drive.

pub mod auth;
