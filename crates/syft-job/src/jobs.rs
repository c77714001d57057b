use syft_core::Email;

use crate::job::{Job, Received, Side};
use crate::records::{JobRecord, Verdict};
use crate::state::{in_force, status};
use crate::{Error, JobId, JobStore, Result, Status};

/// The jobs of a home, oldest first: those sent to its owner, and those that its
/// owner sent.
#[derive(Debug, Clone, Default)]
pub struct JobsList(Vec<Job>);

impl JobsList {
    /// The job of this id, unambiguous prefix of an id, `submitter/name`,
    /// `owner/name`, or unambiguous name.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Ambiguous`], which lists the candidates
    /// (`threats.md` S11).
    pub fn get(&self, query: &str) -> Result<&Job> {
        let mut found: Vec<&Job> = self.0.iter().filter(|job| job.id.as_str() == query).collect();
        if found.is_empty() {
            found = self.0.iter().filter(|job| fits(job, query)).collect();
        }
        match found.as_slice() {
            [] => Err(Error::NotFound(query.to_owned())),
            [job] => Ok(job),
            several => Err(Error::Ambiguous {
                query: query.to_owned(),
                candidates: several.iter().map(|job| title(job)).collect(),
            }),
        }
    }

    /// The jobs, oldest first.
    pub fn iter(&self) -> std::slice::Iter<'_, Job> {
        self.0.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl IntoIterator for JobsList {
    type Item = Job;
    type IntoIter = std::vec::IntoIter<Job>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a JobsList {
    type Item = &'a Job;
    type IntoIter = std::slice::Iter<'a, Job>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

fn fits(job: &Job, query: &str) -> bool {
    if query.is_empty() {
        return false;
    }
    if let Some((who, name)) = query.split_once('/') {
        let is_side = job.submitter.as_str() == who || job.owner.as_str() == who;
        return is_side && job.name.as_str() == name;
    }
    job.name.as_str() == query || job.id.as_str().starts_with(query)
}

fn title(job: &Job) -> String {
    if job.owner == *job.store.me() {
        format!("{} ({}/{})", job.id, job.submitter, job.name)
    } else {
        format!("{} ({}/{} at {})", job.id, job.submitter, job.name, job.owner)
    }
}

impl JobStore {
    /// All jobs of this home. What arrived since the last [`JobStore::intake`] is
    /// not among them.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn jobs(&self) -> Result<JobsList> {
        let mut jobs = self.sent_jobs()?;
        for record in self.all_records()? {
            jobs.push(self.received_job(record)?);
        }
        // Times of submission have whole seconds.
        jobs.sort_by(|a, b| (a.first_seen, &a.name, &a.id).cmp(&(b.first_seen, &b.name, &b.id)));
        Ok(JobsList(jobs))
    }

    /// The one job that is meant: [`JobsList::get`].
    ///
    /// # Errors
    /// As there.
    pub fn job(&self, query: &str) -> Result<Job> {
        self.jobs()?.get(query).cloned()
    }

    /// A job that was sent to me.
    ///
    /// # Errors
    /// [`Error::NotFound`]; those of the disk.
    pub fn received(&self, id: &JobId) -> Result<Job> {
        self.received_job(self.record(id)?)
    }

    /// A job that somebody sent to me, by where it lies.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn received_from(
        &self,
        submitter: &Email,
        name: &syft_core::JobName,
    ) -> Result<Option<Job>> {
        self.record_of(submitter, name)?.map(|record| self.received_job(record)).transpose()
    }

    fn received_job(&self, record: JobRecord) -> Result<Job> {
        let decisions = self.read_decisions(&record.id)?.decisions;
        let (run, damage) = match self.last_run(&record.id) {
            // A run that cannot be read hides no other job.
            Err(error) if error.is_damage() => (None, Some(error.to_string())),
            run => (run?, None),
        };
        let live = self.live_run_for(run.as_ref())?;
        let status = match &damage {
            Some(_) => Status::Interrupted,
            None => status(&record, decisions.last(), run.as_ref(), live.as_deref()),
        };
        let current = record.current();
        let approved_before = decisions.iter().any(|d| d.verdict == Verdict::Approved);
        Ok(Job {
            store: self.clone(),
            id: record.id.clone(),
            name: record.name.clone(),
            submitter: record.submitter.clone(),
            owner: self.me.clone(),
            status,
            digest: current.map(|revision| revision.digest),
            datasets: current.map(|revision| revision.datasets.clone()).unwrap_or_default(),
            dependencies: current.map(|r| r.dependencies.clone()).unwrap_or_default(),
            description: current.and_then(|revision| revision.description.clone()),
            submitted_at: current.and_then(|revision| revision.submitted_at.clone()),
            first_seen: record.received_at().unwrap_or_else(|| self.now()),
            side: Side::Owner(Box::new(Received {
                decision: in_force(&record, decisions.last()).cloned(),
                changed_after_approval: status == Status::Inbox && approved_before,
                record,
                run,
                damage,
            })),
        })
    }
}
