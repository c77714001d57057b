use clap::{Args, Subcommand};
use syft_sync::perm::Level;

/// The commands about permissions.
#[derive(Debug, Subcommand)]
pub(crate) enum PermCommand {
    /// Show the permission files that decide about a path
    Show(PermShowArgs),
    /// Ask whether a user may do something: exit code 0 for yes, 4 for no
    Check(PermCheckArgs),
    /// Say which rule of which file decides, and why
    Explain(PermExplainArgs),
}

/// The arguments of `perm show`.
#[derive(Debug, Args)]
pub(crate) struct PermShowArgs {
    /// A path relative to my datasite
    #[arg(default_value = "", hide_default_value = true)]
    pub(crate) path: String,
}

/// The arguments of `perm check`; path and user are taken as they are.
#[derive(Debug, Args)]
pub(crate) struct PermCheckArgs {
    /// A path relative to my datasite
    pub(crate) path: String,
    /// Who asks
    pub(crate) user: String,
    /// For what: read, write or admin
    pub(crate) level: Level,
}

/// The arguments of `perm explain`; path and user are taken as they are.
#[derive(Debug, Args)]
pub(crate) struct PermExplainArgs {
    /// A path relative to my datasite
    pub(crate) path: String,
    /// Who asks
    pub(crate) user: String,
}
