use clap::{Args, Subcommand};

/// The commands about the audit log.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Show what was decided, what ran and what left, oldest first
    Log(AuditLogArgs),
    /// Check that the log is whole and unchanged: exit code 9 if it is not
    Verify,
}

/// The arguments of `audit log`.
#[derive(Debug, Args)]
pub(crate) struct AuditLogArgs {
    /// Only the last N entries
    #[arg(long, value_name = "N")]
    pub(crate) last: Option<usize>,
}
