use std::path::PathBuf;

use clap::{Args, Subcommand};
use syft_sync::core::Email;

/// The commands about the audit log.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Show what was decided, what ran and what left, oldest first
    Log(AuditLogArgs),
    /// Check that the log is whole and unchanged, or a receipt: exit code 9 if it is not
    Verify(AuditVerifyArgs),
    /// Write the log as it stands, byte for byte, to be kept or checked elsewhere: exit code 9
    /// if it is not whole
    Export(AuditExportArgs),
    /// Show every object that entered or left: when, with whom, its size and hash, and why
    Traffic(AuditTrafficArgs),
}

/// The arguments of `audit verify`.
#[derive(Debug, Args)]
pub(crate) struct AuditVerifyArgs {
    /// Check this receipt instead, by the key of its owner that is known here
    #[arg(long, value_name = "F")]
    pub(crate) receipt: Option<PathBuf>,
}

/// The arguments of `audit export`.
#[derive(Debug, Args)]
pub(crate) struct AuditExportArgs {
    /// Into a new file instead of to the standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// The arguments of `audit traffic`.
#[derive(Debug, Args)]
pub(crate) struct AuditTrafficArgs {
    /// Only with this peer
    #[arg(long, value_name = "EMAIL")]
    pub(crate) peer: Option<Email>,
}

/// The arguments of `audit log`.
#[derive(Debug, Args)]
pub(crate) struct AuditLogArgs {
    /// Only the last N entries
    #[arg(long, value_name = "N")]
    pub(crate) last: Option<usize>,
}
