use clap::Subcommand;

/// The commands about checkpoints.
#[derive(Debug, Subcommand)]
pub(crate) enum CheckpointCommand {
    /// Make a full checkpoint of my datasite now
    Create,
    /// Show where the backup stands, and what a fresh machine would fetch
    Status,
    /// List the pieces of the backup in the store
    List,
}
