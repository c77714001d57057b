use syft_core::{ContentHash, DatasetName, Email, JobName, LayoutKind};

use crate::Status;

/// What goes wrong with jobs, by what a caller would do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No job goes by this id, prefix or name.
    #[error("there is no job {0:?}")]
    NotFound(String),
    /// Several jobs go by this prefix or name (`threats.md` S11).
    #[error("{query:?} names several jobs: {}", candidates.join(", "))]
    Ambiguous {
        /// What was asked for.
        query: String,
        /// The jobs that fit, each as `id (submitter/name)`.
        candidates: Vec<String>,
    },
    /// The submitter has a job of this name with this owner already.
    #[error("a job named {name:?} was already sent to {owner}")]
    NameTaken {
        /// The datasite it was meant for.
        owner: Email,
        /// The name.
        name: String,
    },
    /// The script, its folder or its entry point cannot be sent.
    #[error("cannot send {what}: {reason}")]
    Script {
        /// The file or folder.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The script or what is said of it changed after it was rehearsed.
    #[error("{name} changed after it was tried on the mock, so it was not sent: run it again")]
    NotRehearsed {
        /// The name that it was rehearsed under.
        name: JobName,
    },
    /// The job's folder does not hold a job that can be run.
    #[error("job {job} cannot be used: {reason}")]
    Malformed {
        /// The job's id.
        job: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Another layout has no place for a job.
    #[error("job {job} cannot be kept in the {layout} layout: {reason}")]
    NoPlace {
        /// The job, as `submitter/name`.
        job: String,
        /// The layout.
        layout: LayoutKind,
        /// Why.
        reason: String,
    },
    /// Only the owner of the datasite decides about its jobs.
    #[error("only {owner} may {action} this job")]
    NotOwner {
        /// Who may.
        owner: Email,
        /// What was tried, as "approve".
        action: &'static str,
    },
    /// Only the submitter of a job withdraws it.
    #[error("only {submitter} may cancel this job")]
    NotSubmitter {
        /// Who may.
        submitter: Email,
    },
    /// The job is not in a state in which that can be done.
    #[error("job {job} is {status}: cannot {action} it")]
    WrongState {
        /// The job's id.
        job: String,
        /// The state it is in.
        status: Status,
        /// What was tried, as "approve".
        action: &'static str,
    },
    /// The job, or its last run, is no longer what was shown or approved
    /// (`threats.md` R1).
    #[error("job {job} is not what was shown or approved ({}): look at it again", changed.join(", "))]
    Changed {
        /// The job's id.
        job: String,
        /// What differs: file names, or the name of a field.
        changed: Vec<String>,
    },
    /// Stored bytes do not have the digest that was approved or released.
    #[error("{what} is not what was approved: expected {expected}, found {found}")]
    Integrity {
        /// Which bytes.
        what: String,
        /// The recorded digest.
        expected: ContentHash,
        /// The digest of what is there.
        found: ContentHash,
    },
    /// What a job asks for is no package of an index, or not for this Python.
    #[error("cannot take the package {text}: {reason}")]
    Requirement {
        /// What it asks for, made safe to show.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The job asks for packages, and this node takes none.
    #[error("job {job} needs packages, and this node takes none: {}", packages.join(", "))]
    NoPackages {
        /// The job's id or name.
        job: String,
        /// What it asks for.
        packages: Vec<String>,
    },
    /// The packages that the job asks for were not found out, or are not here.
    #[error("job {job} needs packages {}, which are not here yet", packages.join(", "))]
    PackagesMissing {
        /// The job's id or name.
        job: String,
        /// What it asks for.
        packages: Vec<String>,
    },
    /// Packages cannot be found, or not be installed.
    #[error("the packages cannot be had: {reason}")]
    Packages {
        /// What stands in the way; of an installer, the end of what it said.
        reason: String,
    },
    /// The job asks for a dataset that has no real data here.
    #[error("dataset {0} has no real data on this machine")]
    NoDataset(DatasetName),
    /// This home has no mock of a dataset to rehearse on.
    #[error("there is no mock of {owner}/{dataset} here to rehearse on")]
    NoMock {
        /// Whose dataset it is.
        owner: Email,
        /// The dataset.
        dataset: DatasetName,
    },
    /// Another process runs jobs of this home.
    #[error("another process is running jobs of this home")]
    RunnerBusy,
    /// No box of the demanded strength can be made here.
    #[error("no box of level {needed} can be made here: {reason}")]
    Isolation {
        /// The lowest level that was allowed.
        needed: String,
        /// What is missing.
        reason: String,
    },
    /// A file in the copy of a job is not what its owner's receipt says.
    #[error("{path} of job {job} is not what was released: {reason}")]
    Altered {
        /// The job's id.
        job: String,
        /// The file.
        path: String,
        /// What differs.
        reason: String,
    },
    /// The box could not be made, or it broke.
    #[error("the box failed: {0}")]
    Box(String),
    /// The run was ended because its owner asked for it.
    #[error("the run was stopped")]
    Stopped,
    /// A comment that cannot be sent.
    #[error("that is no comment: {0}")]
    Comment(String),
    /// A job has no run of this id.
    #[error("job {job} has no run {run:?}")]
    NoRun {
        /// The job's id.
        job: String,
        /// The run that was asked for.
        run: String,
    },
    /// A job has no output of this name.
    #[error("job {job} has no output {path:?}")]
    NoOutput {
        /// The job's id.
        job: String,
        /// The path that was asked for.
        path: String,
    },
    /// The owner's policy does not allow it.
    #[error("{what}: {rule} ({file})")]
    Policy {
        /// What is not done.
        what: String,
        /// Which rule is in the way, and what it says.
        rule: String,
        /// Where the rule stands.
        file: String,
    },
    /// No rule of the owner's policy goes by this name or number.
    #[error("there is no rule {0:?}")]
    NoRule(String),
    /// The owner's policy is not understood, so it allows nothing.
    #[error("{file} cannot be used: {reason}; until it is mended it allows nothing")]
    PolicyFile {
        /// Where it stands.
        file: String,
        /// What is wrong, and in which line.
        reason: String,
    },
    /// The disk, a name, or a file of this node.
    #[error(transparent)]
    Core(#[from] syft_core::Error),
}

impl Error {
    /// Whether one file of this node's own cannot be read, which concerns the job
    /// that it belongs to and no other.
    pub(crate) fn is_damage(&self) -> bool {
        use syft_core::Error as Core;
        match self {
            Error::Core(Core::Corrupt { .. } | Core::NotRegular { .. } | Core::TooLarge { .. }) => {
                true
            }
            Error::Core(Core::Io { source, .. }) => {
                source.kind() == std::io::ErrorKind::PermissionDenied
            }
            _ => false,
        }
    }
}

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;
