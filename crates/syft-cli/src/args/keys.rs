use std::path::PathBuf;

use clap::{Args, Subcommand};

/// The commands about keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Show who I am to my peers, in numbers and in words
    Show,
    /// Write my recovery key into a new file: whoever has it is me, and opens all that is
    /// sealed for me
    Export(KeysExportArgs),
    /// Take the keys of a file that was exported here, on another machine or by PySyft
    Import(KeysImportArgs),
}

/// The arguments of `keys export`.
#[derive(Debug, Args)]
pub(crate) struct KeysExportArgs {
    /// The file, which must not be there yet
    pub(crate) file: PathBuf,
    /// Write the keys as PySyft keeps them, not the words that they come from
    #[arg(long)]
    pub(crate) pysyft: bool,
}

/// The arguments of `keys import`.
#[derive(Debug, Args)]
pub(crate) struct KeysImportArgs {
    /// The file: 24 words, 64 hexadecimal digits, or crypto_keys.json of PySyft
    pub(crate) file: PathBuf,
    /// Give up the keys that are here; my peers must compare the new ones
    #[arg(long)]
    pub(crate) replace: bool,
}
