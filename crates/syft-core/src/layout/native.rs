use super::{EXCLUDED, JobPath, Layout};
use crate::disk::is_temporary;
use crate::{DatasetName, DatasitePath, Email, JobName};

const JOBS: &str = "jobs";
const MOCKS: &str = "public/datasets";
const PRIVATE: &str = "private";
const REAL_DATA: &str = "private/datasets";

/// The layout of the seeds: `public/`, `private/`, `jobs/<submitter>/<job>/`.
#[derive(Debug, Clone, Copy, Default)]
pub struct NativeLayout;

impl Layout for NativeLayout {
    fn name(&self) -> &'static str {
        "native"
    }

    fn job_inbox(&self, submitter: &Email) -> DatasitePath {
        DatasitePath::trusted(format!("{JOBS}/{submitter}"))
    }

    fn job(&self, submitter: &Email, name: &JobName) -> DatasitePath {
        DatasitePath::trusted(format!("{JOBS}/{submitter}/{name}"))
    }

    fn parse_job(&self, path: &DatasitePath) -> Option<JobPath> {
        let rest = path.as_str().strip_prefix(JOBS)?.strip_prefix('/')?;
        let (submitter, rest) = rest.split_once('/')?;
        let (name, rest) = rest.split_once('/').unwrap_or((rest, ""));
        Some(JobPath {
            submitter: Email::parse(submitter).ok()?,
            name: JobName::parse(name).ok()?,
            rest: rest.to_owned(),
        })
    }

    fn jobs(&self) -> DatasitePath {
        DatasitePath::trusted(JOBS.to_owned())
    }

    fn mocks(&self) -> DatasitePath {
        DatasitePath::trusted(MOCKS.to_owned())
    }

    fn mock(&self, dataset: &DatasetName) -> DatasitePath {
        DatasitePath::trusted(format!("{MOCKS}/{dataset}"))
    }

    fn private(&self) -> DatasitePath {
        DatasitePath::trusted(PRIVATE.to_owned())
    }

    fn real_data(&self, dataset: &DatasetName) -> DatasitePath {
        DatasitePath::trusted(format!("{REAL_DATA}/{dataset}"))
    }

    fn travels(&self, path: &DatasitePath) -> bool {
        // Folded, since a file system may take `Private` for `private` (`threats.md` P4).
        let folded = path.fold_key();
        let below = |folder: &str| {
            folded.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        !below(PRIVATE)
            && !below(MOCKS)
            && !path.components().any(|name| EXCLUDED.contains(&name) || is_temporary(name))
    }
}
