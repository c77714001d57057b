use std::path::PathBuf;

use clap::{Args, Subcommand};
use syft_sync::core::DatasetName;

use super::DatasetRef;
use super::values::recipient;

/// The commands about datasets.
#[derive(Debug, Subcommand)]
pub(crate) enum DatasetCommand {
    /// Publish a dataset: its mock is shared, its private part stays here
    Create(CreateArgs),
    /// Share a dataset of mine with more people
    Share(DatasetShareArgs),
    /// Stop sharing a dataset of mine
    Unshare(DatasetShareArgs),
    /// Delete a dataset of mine, here and in the store
    Delete(DatasetNameArgs),
    /// List my datasets and those that my peers share with me
    List,
    /// Show a dataset
    Show(DatasetRefArgs),
    /// Print where the mock of a dataset lies on this machine
    Path(DatasetRefArgs),
}

/// The arguments of `dataset create`.
#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// What to call it
    pub(crate) name: DatasetName,
    /// A file or folder like the private one, with invented rows: this is shared
    #[arg(long, value_name = "PATH")]
    pub(crate) mock: Option<PathBuf>,
    /// The real data, a file or folder: nobody is sent this
    #[arg(long, value_name = "PATH")]
    pub(crate) private: Option<PathBuf>,
    /// Who may have the mock: an address, or any; may be given several times
    #[arg(long, value_name = "EMAIL|any", value_parser = recipient)]
    pub(crate) share: Vec<String>,
    /// Keep the private part in the store too, for a new machine of mine: sealed,
    /// or where nobody else can read it
    #[arg(long, requires = "private")]
    pub(crate) upload_private: bool,
    /// One line on what it is
    #[arg(long, value_name = "TEXT")]
    pub(crate) summary: Option<String>,
    /// A Markdown file that is shared with the mock
    #[arg(long, value_name = "PATH")]
    pub(crate) readme: Option<PathBuf>,
    /// A word to find it by; may be given several times
    #[arg(long = "tag", value_name = "TAG")]
    pub(crate) tags: Vec<String>,
}

/// The arguments of `dataset share` and `dataset unshare`.
#[derive(Debug, Args)]
pub(crate) struct DatasetShareArgs {
    /// The dataset
    pub(crate) name: DatasetName,
    /// Who: an address, or any
    #[arg(required = true, value_name = "EMAIL|any", value_parser = recipient)]
    pub(crate) users: Vec<String>,
}

/// The argument of a command about a dataset of mine.
#[derive(Debug, Args)]
pub(crate) struct DatasetNameArgs {
    /// The dataset
    pub(crate) name: DatasetName,
}

/// The argument of a command about any dataset.
#[derive(Debug, Args)]
pub(crate) struct DatasetRefArgs {
    /// The dataset: OWNER/NAME, or NAME for one of mine
    #[arg(value_name = "OWNER/NAME")]
    pub(crate) dataset: DatasetRef,
}
