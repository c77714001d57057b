use std::path::PathBuf;
use std::str::FromStr as _;

use clap::{Args, ValueEnum};
use syft_sync::core::{Email, LayoutKind};
use syft_sync::{Encrypt, Role};

use super::values::{address, data_address};

/// The arguments of `login`. In a home that is logged in, what is not said stays.
#[derive(Debug, Args)]
pub(crate) struct LoginArgs {
    /// Who I am: needed the first time
    #[arg(long)]
    pub(crate) email: Option<Email>,
    /// The store that my peers and I share: file:///mnt/shared, gdrive: for Google Drive, or
    /// s3:, gs:, azblob:, webdav:, sftp:, dropbox: with its place; needed the first time
    #[arg(long, value_parser = address, value_name = "URL")]
    pub(crate) transport: Option<String>,
    /// Another store for my datasets alone, while all else goes over that one; none ends it.
    /// Whoever may have them names both of me: syft peer add EMAIL --via URL --via URL
    #[arg(long, value_parser = data_address, value_name = "URL|none")]
    pub(crate) data_transport: Option<String>,
    /// Google Drive: the token file of my login there (token.json, as Google's Python client
    /// writes it), or the key of a service account that may act as me
    /// [env: SYFT_TOKEN_PATH, while the home has no login]
    #[cfg(feature = "drive")]
    #[arg(long, value_name = "FILE")]
    pub(crate) token_path: Option<PathBuf>,
    /// Google Drive: log in there with a browser, for the program of this file
    /// (credentials.json of a "Desktop app", from Google's console)
    #[cfg(feature = "drive")]
    #[arg(long, value_name = "FILE", conflicts_with = "token_path")]
    pub(crate) credentials: Option<PathBuf>,
    /// What I do here [default: both]
    #[arg(long, value_enum)]
    pub(crate) role: Option<RoleArg>,
    /// How my datasite is laid out; one that is laid out otherwise is moved [default: pysyft
    /// on Google Drive, else native]
    #[arg(long, value_parser = LayoutKind::from_str, value_name = "native|pysyft")]
    pub(crate) layout: Option<LayoutKind>,
    /// What is sealed in the store: what goes to all who seal, too, and what is mine alone
    /// (auto); the same, and nothing goes to others (on); nothing (off)
    #[arg(long, value_parser = Encrypt::from_str, value_name = "auto|on|off")]
    pub(crate) encrypt: Option<Encrypt>,
    /// Where the packages that jobs need come from: a package index; nowhere, so that such
    /// a job does not run; or a folder of wheels
    #[arg(long, value_name = "index|none|DIR")]
    pub(crate) packages: Option<String>,
    /// Keep copies of my event log in .syft/cache/events
    #[arg(long)]
    pub(crate) event_cache: bool,
    /// Be who I was elsewhere, and open what the store keeps of mine: a file that
    /// `syft keys export` wrote there
    #[arg(long, value_name = "FILE")]
    pub(crate) recovery_key_file: Option<PathBuf>,
}

/// A role as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleArg {
    /// Keeps data, reviews and runs jobs.
    Owner,
    /// Sends jobs to others.
    Scientist,
    /// Both.
    Both,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Role {
        match role {
            RoleArg::Owner => Role::Owner,
            RoleArg::Scientist => Role::Scientist,
            RoleArg::Both => Role::Both,
        }
    }
}
