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
    /// Let somebody read, write or administer a path; the next sync sends what is there
    Grant(PermChangeArgs),
    /// Take that away again, on the path and on all below it
    Revoke(PermChangeArgs),
    /// List who may do what with which file
    List(PermListArgs),
}

/// The arguments of `perm grant` and `perm revoke`.
#[derive(Debug, Args)]
pub(crate) struct PermChangeArgs {
    /// A path relative to my datasite; a folder ends in `/`, and `/` is all of it
    pub(crate) path: String,
    /// An address, `*` for everyone, or `*@example.org`
    pub(crate) user: String,
    /// What: read, write or admin; each includes the ones before it
    pub(crate) level: Level,
}

/// The arguments of `perm list`.
#[derive(Debug, Args)]
pub(crate) struct PermListArgs {
    /// Only about this user, who need not be a peer
    #[arg(long, value_name = "EMAIL")]
    pub(crate) who: Option<String>,
    /// Only what somebody may do that much with: read, write or admin
    #[arg(long, value_name = "LEVEL", default_value = "read", hide_default_value = true)]
    pub(crate) level: Level,
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
