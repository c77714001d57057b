//! Where things stand in a datasite, and where this node keeps its own state.

mod job_path;
mod kind;
mod known;
mod native;
mod node;
mod pysyft;

use std::fmt;

pub use job_path::{JobPath, JobPlace};
pub use kind::LayoutKind;
pub use known::Layouts;
pub use native::NativeLayout;
pub use node::NodePaths;
pub use pysyft::PysyftLayout;

use crate::disk::is_temporary;
use crate::{DatasetName, DatasitePath, Email, JobName};

/// Path components that nobody syncs, at any depth (`protocol.md` f.3).
pub const NEVER_SYNCED: [&str; 8] = [
    ".venv",
    ".git",
    "__pycache__",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    "node_modules",
    ".DS_Store",
];

/// The name of a node's own folder, which does not travel either.
const OWN: &str = ".syft";

const PRIVATE: &str = "private";

/// The shape of a datasite on disk. All paths are relative to the datasite.
pub trait Layout: fmt::Debug + Send + Sync {
    /// Which one it is.
    fn kind(&self) -> LayoutKind;

    /// The folder of all that has to do with jobs: below it a peer writes its own
    /// submissions and nothing else.
    fn jobs(&self) -> DatasitePath;

    /// The folder that holds the inboxes of all submitters.
    fn job_inboxes(&self) -> DatasitePath;

    /// The folder below which a submitter may write jobs.
    fn job_inbox(&self, submitter: &Email) -> DatasitePath;

    /// The folder in which a submitter is shown what came of its jobs, where that is
    /// not beside the submissions.
    fn job_review(&self, submitter: &Email) -> Option<DatasitePath>;

    /// The folders that a submitter's jobs lie in; new ones are put into the first.
    fn job_folders(&self, submitter: &Email) -> Vec<DatasitePath>;

    /// Where a job may lie; a new one is put at the first place.
    fn job_places(&self, submitter: &Email, name: &JobName) -> Vec<JobPlace>;

    /// Where a new job is put.
    fn job(&self, submitter: &Email, name: &JobName) -> JobPlace;

    /// Takes a place below the datasite apart that has to do with a job; `None` for
    /// any other. The place may be one that no path can be.
    fn parse_job(&self, place: &str) -> Option<JobPath>;

    /// The folder that holds all mocks.
    fn mocks(&self) -> DatasitePath;

    /// The folder of one dataset's mock and metadata.
    fn mock(&self, dataset: &DatasetName) -> DatasitePath;

    /// Where the mock of a dataset may lie that was made by another version of its
    /// protocol; such a one is read, and never made.
    fn other_mock(&self, dataset: &DatasetName) -> Option<DatasitePath>;

    /// The folders of which each holds a mock: [`Layout::mocks`], and what holds
    /// those of another version.
    fn mock_folders(&self) -> Vec<DatasitePath>;

    /// The folder of one dataset's real data.
    fn real_data(&self, dataset: &DatasetName) -> DatasitePath;

    /// As [`Layout::other_mock`] of the real data.
    fn other_real_data(&self, dataset: &DatasetName) -> Option<DatasitePath>;

    /// The folder that never leaves.
    fn private(&self) -> DatasitePath {
        DatasitePath::trusted(PRIVATE.to_owned())
    }

    /// Whether a file travels as events: not what is private, not the datasets
    /// (they travel as collections), not the excluded folders (`protocol.md` f.3).
    fn travels(&self, path: &DatasitePath) -> bool {
        // Folded, since a file system may take `Private` for `private` (`threats.md` P4).
        let folded = path.fold_key();
        let below = |folder: &DatasitePath| {
            let rest = folded.strip_prefix(folder.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        !below(&self.private())
            && !below(&self.mocks())
            && !path
                .components()
                .any(|name| NEVER_SYNCED.contains(&name) || name == OWN || is_temporary(name))
    }
}
