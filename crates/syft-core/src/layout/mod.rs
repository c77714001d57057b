//! Where things stand in a datasite, and where this node keeps its own state.

mod native;
mod node;

use std::fmt;

pub use native::NativeLayout;
pub use node::NodePaths;

use crate::{DatasetName, DatasitePath, Email, JobName};

/// Path components that are never synced, at any depth (`protocol.md` f.3), and
/// the name of this node's own folder.
const EXCLUDED: [&str; 9] = [
    ".venv",
    ".git",
    "__pycache__",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    "node_modules",
    ".DS_Store",
    ".syft",
];

/// The shape of a datasite on disk. All paths are relative to the datasite.
pub trait Layout: fmt::Debug + Send + Sync {
    /// The name as configured: `native`, `pysyft`.
    fn name(&self) -> &'static str;

    /// The folder below which a submitter may write jobs.
    fn job_inbox(&self, submitter: &Email) -> DatasitePath;

    /// The folder of one job.
    fn job(&self, submitter: &Email, name: &JobName) -> DatasitePath;

    /// Takes a path apart that lies in a job's folder; `None` for any other.
    fn parse_job(&self, path: &DatasitePath) -> Option<JobPath>;

    /// The folder that holds the inboxes of all submitters.
    fn jobs(&self) -> DatasitePath;

    /// The folder that holds all mocks.
    fn mocks(&self) -> DatasitePath;

    /// The folder of one dataset's mock and metadata.
    fn mock(&self, dataset: &DatasetName) -> DatasitePath;

    /// The folder that never leaves.
    fn private(&self) -> DatasitePath;

    /// The folder of one dataset's real data.
    fn real_data(&self, dataset: &DatasetName) -> DatasitePath;

    /// Whether a file travels as events: not what is private, not the datasets
    /// (they travel as collections), not the excluded folders (`protocol.md` f.3).
    fn travels(&self, path: &DatasitePath) -> bool;
}

/// A path inside a job's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobPath {
    /// Whose inbox it lies in.
    pub submitter: Email,
    /// The job.
    pub name: JobName,
    /// What follows the job's folder; empty for the folder itself.
    pub rest: String,
}

impl JobPath {
    /// Whether the submitter writes this file; all else in a job's folder is the
    /// owner's.
    #[must_use]
    pub fn is_submitters(&self) -> bool {
        matches!(self.rest.as_str(), "run.sh" | "config.yaml" | "cancel")
            || self.rest.starts_with("code/")
    }
}
