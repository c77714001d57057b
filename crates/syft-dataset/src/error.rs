use std::path::PathBuf;

use syft_core::{DatasetName, DatasitePath, Email, HomePath};

/// What goes wrong in this crate, by what a caller would do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such dataset here.
    #[error("dataset {owner}/{name} does not exist here")]
    NotFound {
        /// Whose datasite was asked.
        owner: Email,
        /// The dataset.
        name: DatasetName,
    },
    /// The name is taken, or one that jobs could not tell from it.
    #[error(
        "dataset {name} cannot be created: {existing} exists, and jobs know both as {variable}"
    )]
    NameTaken {
        /// The name asked for.
        name: DatasetName,
        /// The folder that has it.
        existing: String,
        /// The variable that would name both.
        variable: String,
    },
    /// The name is another one only where file systems tell case and accents apart.
    #[error(
        "dataset {name} cannot be created: {existing} exists, and where upper and lower case or \
         accents do not count, as in folders of a Mac or of Windows, both would be one; choose a \
         name that differs in more"
    )]
    NameFolds {
        /// The name asked for.
        name: DatasetName,
        /// The folder that would be the same.
        existing: String,
    },
    /// Another layout has one place for two datasets.
    #[error(
        "dataset {name} cannot be kept in another layout: {one} and {other} would be one; \
         move one of them away"
    )]
    NoPlace {
        /// The name of both.
        name: DatasetName,
        /// Where one lies.
        one: HomePath,
        /// Where the other one lies.
        other: HomePath,
    },
    /// A dataset without a mock: nobody could try a job on it.
    #[error(
        "dataset {0} needs a mock: a file or folder like the private one, with invented rows, \
         which others write and try their jobs on"
    )]
    NoMock(DatasetName),
    /// The dataset has no private part on this machine.
    #[error("dataset {0} has no private data here")]
    NoPrivate(DatasetName),
    /// The mock would give the private data away.
    #[error("mock file {mock} has the same content as private file {private}: it must be invented")]
    MockIsPrivate {
        /// The file of the mock.
        mock: DatasitePath,
        /// The private file that it equals.
        private: DatasitePath,
    },
    /// A file or folder handed in cannot become part of a dataset.
    #[error("{} cannot be part of a dataset: {reason}", path.display())]
    Source {
        /// The file or folder.
        path: PathBuf,
        /// The rule that it breaks.
        reason: String,
    },
    /// More than may be shared.
    #[error("{what} is more than the limit of {limit}")]
    TooLarge {
        /// What was counted, as "the size of the mock in bytes".
        what: &'static str,
        /// The limit, in the same unit.
        limit: u64,
    },
    /// A file of a dataset says something that it must not say.
    #[error("{path} cannot be used: {detail}")]
    Damaged {
        /// The file.
        path: HomePath,
        /// What does not fit.
        detail: String,
    },
    /// One's own dataset is no copy, and a peer's copy is not one's own.
    #[error("the datasets of {0} are its own: they are not copies that come and go")]
    NotACopy(Email),
    /// One named user cannot be taken out of "any".
    #[error("dataset {0} is shared with any peer: stop that first, then name those who keep it")]
    SharedWithAny(DatasetName),
    /// The disk, a name, or bytes of a peer.
    #[error(transparent)]
    Core(#[from] syft_core::Error),
}

impl Error {
    /// Whether the disk is full.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Error::Core(error) if error.is_disk_full())
    }
}

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;
