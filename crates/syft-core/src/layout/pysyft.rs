use super::{JobPath, JobPlace, Layout, LayoutKind};
use crate::{DatasetName, DatasitePath, Email, JobName};

const JOBS: &str = "app_data/job";
const INBOX: &str = "app_data/job/inbox";
const REVIEW: &str = "app_data/job/review";
const MOCKS: &str = "public/syft_datasets";
const REAL_DATA: &str = "private/syft_datasets";
/// The folder of jobs and datasets that say of themselves which version of the
/// protocol they are (`protocol.md` d.4).
const PROTOCOL_1: &str = "v1";

/// The layout of the Python peer (`protocol.md` f.2): a job's submission and what
/// the owner shows of it lie in two folders. New jobs are put where protocol 1 has
/// them, new datasets where protocol 0 has them; both are read from both places.
#[derive(Debug, Clone, Copy, Default)]
pub struct PysyftLayout;

impl PysyftLayout {
    fn place(submitter: &Email, below: &str) -> JobPlace {
        JobPlace {
            submission: DatasitePath::trusted(format!("{INBOX}/{submitter}/{below}")),
            results: DatasitePath::trusted(format!("{REVIEW}/{submitter}/{below}")),
        }
    }
}

impl Layout for PysyftLayout {
    fn kind(&self) -> LayoutKind {
        LayoutKind::Pysyft
    }

    fn jobs(&self) -> DatasitePath {
        DatasitePath::trusted(JOBS.to_owned())
    }

    fn job_inboxes(&self) -> DatasitePath {
        DatasitePath::trusted(INBOX.to_owned())
    }

    fn job_inbox(&self, submitter: &Email) -> DatasitePath {
        DatasitePath::trusted(format!("{INBOX}/{submitter}"))
    }

    fn job_review(&self, submitter: &Email) -> Option<DatasitePath> {
        Some(DatasitePath::trusted(format!("{REVIEW}/{submitter}")))
    }

    fn job_folders(&self, submitter: &Email) -> Vec<DatasitePath> {
        let current = DatasitePath::trusted(format!("{INBOX}/{submitter}/{PROTOCOL_1}"));
        vec![current, self.job_inbox(submitter)]
    }

    fn job_places(&self, submitter: &Email, name: &JobName) -> Vec<JobPlace> {
        vec![self.job(submitter, name), Self::place(submitter, name.as_str())]
    }

    fn job(&self, submitter: &Email, name: &JobName) -> JobPlace {
        Self::place(submitter, &format!("{PROTOCOL_1}/{name}"))
    }

    fn parse_job(&self, place: &str) -> Option<JobPath> {
        let rest = place.strip_prefix(JOBS)?.strip_prefix('/')?;
        let (side, rest) = rest.split_once('/')?;
        let in_results = match side {
            "inbox" => false,
            "review" => true,
            _ => return None,
        };
        let (submitter, rest) = rest.split_once('/')?;
        let current = rest.strip_prefix(PROTOCOL_1).and_then(|rest| rest.strip_prefix('/'));
        JobPath::below_inbox(Email::parse(submitter).ok()?, current.unwrap_or(rest), in_results)
    }

    fn mocks(&self) -> DatasitePath {
        DatasitePath::trusted(MOCKS.to_owned())
    }

    fn mock(&self, dataset: &DatasetName) -> DatasitePath {
        DatasitePath::trusted(format!("{MOCKS}/{dataset}"))
    }

    fn other_mock(&self, dataset: &DatasetName) -> Option<DatasitePath> {
        Some(DatasitePath::trusted(format!("{MOCKS}/{PROTOCOL_1}/{dataset}")))
    }

    fn mock_folders(&self) -> Vec<DatasitePath> {
        vec![self.mocks(), DatasitePath::trusted(format!("{MOCKS}/{PROTOCOL_1}"))]
    }

    fn real_data(&self, dataset: &DatasetName) -> DatasitePath {
        DatasitePath::trusted(format!("{REAL_DATA}/{dataset}"))
    }

    fn other_real_data(&self, dataset: &DatasetName) -> Option<DatasitePath> {
        Some(DatasitePath::trusted(format!("{REAL_DATA}/{PROTOCOL_1}/{dataset}")))
    }
}
