use super::{JobPath, JobPlace, Layout, LayoutKind};
use crate::{DatasetName, DatasitePath, Email, JobName};

const JOBS: &str = "jobs";
const MOCKS: &str = "public/datasets";
const REAL_DATA: &str = "private/datasets";

/// The layout of the seeds: `public/`, `private/`, `jobs/<submitter>/<job>/`.
#[derive(Debug, Clone, Copy, Default)]
pub struct NativeLayout;

impl Layout for NativeLayout {
    fn kind(&self) -> LayoutKind {
        LayoutKind::Native
    }

    fn jobs(&self) -> DatasitePath {
        DatasitePath::trusted(JOBS.to_owned())
    }

    fn job_inboxes(&self) -> DatasitePath {
        self.jobs()
    }

    fn job_inbox(&self, submitter: &Email) -> DatasitePath {
        DatasitePath::trusted(format!("{JOBS}/{submitter}"))
    }

    fn job_review(&self, _: &Email) -> Option<DatasitePath> {
        None
    }

    fn job_folders(&self, submitter: &Email) -> Vec<DatasitePath> {
        vec![self.job_inbox(submitter)]
    }

    fn job_places(&self, submitter: &Email, name: &JobName) -> Vec<JobPlace> {
        vec![self.job(submitter, name)]
    }

    fn job(&self, submitter: &Email, name: &JobName) -> JobPlace {
        let folder = DatasitePath::trusted(format!("{JOBS}/{submitter}/{name}"));
        JobPlace { submission: folder.clone(), results: folder }
    }

    fn parse_job(&self, place: &str) -> Option<JobPath> {
        JobPath::below_inboxes(place.strip_prefix(JOBS)?.strip_prefix('/')?, false)
    }

    fn mocks(&self) -> DatasitePath {
        DatasitePath::trusted(MOCKS.to_owned())
    }

    fn mock(&self, dataset: &DatasetName) -> DatasitePath {
        DatasitePath::trusted(format!("{MOCKS}/{dataset}"))
    }

    fn other_mock(&self, _: &DatasetName) -> Option<DatasitePath> {
        None
    }

    fn mock_folders(&self) -> Vec<DatasitePath> {
        vec![self.mocks()]
    }

    fn real_data(&self, dataset: &DatasetName) -> DatasitePath {
        DatasitePath::trusted(format!("{REAL_DATA}/{dataset}"))
    }

    fn other_real_data(&self, _: &DatasetName) -> Option<DatasitePath> {
        None
    }
}
