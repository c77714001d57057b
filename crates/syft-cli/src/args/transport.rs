use clap::{Args, Subcommand};

use super::values::address;

/// The commands about stores.
#[derive(Debug, Subcommand)]
pub(crate) enum TransportCommand {
    /// Try out what a store keeps of what it promises
    Check(TransportUrlArgs),
    /// Print the least that each of my peers and I must be let do there
    Policy(TransportUrlArgs),
}

/// The arguments of the commands about stores.
#[derive(Debug, Args)]
pub(crate) struct TransportUrlArgs {
    /// The store, as s3://bucket/folder
    #[arg(value_parser = address)]
    pub(crate) url: String,
}
