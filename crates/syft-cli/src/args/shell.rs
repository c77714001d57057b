use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

/// The arguments of `completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell that is to complete commands
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,
}

/// The arguments of `man`.
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// The folder for the pages; made if it is not there
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
}
