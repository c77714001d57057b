use clap::{Args, Subcommand};

/// The commands about quarantine.
#[derive(Debug, Subcommand)]
pub(crate) enum QuarantineCommand {
    /// List what was put away, and why
    List,
    /// Show one message that was put away
    Show(QuarantineItemArgs),
    /// Drop one message for good
    Drop(QuarantineItemArgs),
}

/// The argument of a command about one message.
#[derive(Debug, Args)]
pub(crate) struct QuarantineItemArgs {
    /// The message, as the list names it
    pub(crate) id: String,
}
