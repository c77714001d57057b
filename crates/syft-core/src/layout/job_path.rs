use crate::{DatasitePath, Email, JobName};

/// Where a job lies in its owner's datasite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobPlace {
    /// What the submitter wrote.
    pub submission: DatasitePath,
    /// What the owner shows of it: state, released outputs, logs. In the native
    /// layout the same folder.
    pub results: DatasitePath,
}

/// A place that has to do with a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobPath {
    /// Whose inbox it lies in.
    pub submitter: Email,
    /// The job.
    pub name: JobName,
    /// What follows the job's folder; empty for the folder itself.
    pub rest: String,
    /// Whether it lies in a folder that the owner alone writes.
    pub in_results: bool,
}

impl JobPath {
    /// Whether the submitter writes this file; all else of a job is the owner's.
    #[must_use]
    pub fn is_submitters(&self) -> bool {
        !self.in_results
            && (matches!(self.rest.as_str(), "run.sh" | "config.yaml" | "cancel")
                || self.rest.starts_with("code/"))
    }

    /// `SUBMITTER/JOB/REST` taken apart.
    pub(super) fn below_inboxes(place: &str, in_results: bool) -> Option<Self> {
        let (submitter, rest) = place.split_once('/')?;
        let submitter = Email::parse(submitter).ok()?;
        Self::below_inbox(submitter, rest, in_results)
    }

    pub(super) fn below_inbox(submitter: Email, rest: &str, in_results: bool) -> Option<Self> {
        let (name, rest) = rest.split_once('/').unwrap_or((rest, ""));
        let name = JobName::parse(name).ok()?;
        Some(JobPath { submitter, name, rest: rest.to_owned(), in_results })
    }
}
