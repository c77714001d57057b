use std::path::PathBuf;
use std::str::FromStr as _;

use clap::{Args, ValueEnum};
use syft_sync::core::{Email, LayoutKind};
use syft_sync::{Encrypt, Role};

/// The arguments of `login`. In a home that is logged in, what is not said stays.
#[derive(Debug, Args)]
pub(crate) struct LoginArgs {
    /// Who I am: needed the first time
    #[arg(long)]
    pub(crate) email: Option<Email>,
    /// The store that my peers and I share, as file:///mnt/shared: needed the first time
    #[arg(long, value_name = "URL")]
    pub(crate) transport: Option<String>,
    /// What I do here [default: both]
    #[arg(long, value_enum)]
    pub(crate) role: Option<RoleArg>,
    /// How my datasite is laid out; one that is laid out otherwise is moved
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
