use syft_core::{Access, Email, JobName};

use crate::digest::sorted;
use crate::gather::Gathered;
use crate::lineage::split;
use crate::{Error, Job, JobStore, Result, Status, Submission, Submitted};

/// How a submission goes with what its submitter has sent before.
#[derive(Debug, Clone)]
pub enum Plan {
    /// These very bytes were sent: this is their job.
    Resume(Box<Job>),
    /// A job that has not begun to run is to become this: a new revision of it.
    Revise(Submission),
    /// It is a job of its own, under a name that is free.
    Submit(Submission),
}

impl JobStore {
    /// Finds what a submission that may be repeated leads to, so that sending it
    /// twice is sending it once. The jobs that count are those of its name, and of
    /// its name with a number at the end. A submission without a name is always new.
    ///
    /// # Errors
    /// [`Error::Script`]; [`Error::NotRehearsed`]; those of the disk.
    pub fn plan(&self, submission: &Submission) -> Result<Plan> {
        let Some(wanted) = &submission.name else {
            return Ok(Plan::Submit(submission.clone()));
        };
        let gathered = self.gather(submission)?;
        let mut sent = self.successors(&submission.owner, wanted)?;
        let mut latest = None;
        while let Some(name) = sent.pop() {
            let job = self.sent_to(&submission.owner, &name)?;
            let digest = gathered.digest(&self.me, submission, &name)?;
            if job.digest() == Some(digest) {
                return Ok(Plan::Resume(Box::new(job)));
            }
            latest.get_or_insert(job);
        }
        match latest {
            Some(job) if self.can_become(&job, submission, &gathered)? => {
                let name = Some(job.name().clone());
                Ok(Plan::Revise(Submission { name, ..submission.clone() }))
            }
            _ => self.plan_new(submission),
        }
    }

    /// The submission as a new job, whatever was sent before.
    ///
    /// # Errors
    /// As [`JobStore::free_name`].
    pub fn plan_new(&self, submission: &Submission) -> Result<Plan> {
        let name = match &submission.name {
            Some(name) => Some(self.free_name(&submission.owner, name)?),
            None => None,
        };
        Ok(Plan::Submit(Submission { name, ..submission.clone() }))
    }

    /// Writes a submission over the job of its name, which has not begun to run: a
    /// new revision, which its owner decides about anew. Its id stays.
    ///
    /// # Errors
    /// [`Error::Script`]; [`Error::NotRehearsed`]; [`Error::NotFound`];
    /// [`Error::WrongState`] if it cannot be revised any more, or would leave out a file that was sent; those of the disk.
    pub fn revise(&self, submission: &Submission) -> Result<Submitted> {
        let owner = &submission.owner;
        let name = submission.name.as_ref().ok_or_else(|| Error::NotFound(String::new()))?;
        let gathered = self.gather(submission)?;
        let job = self.sent_to(owner, name)?;
        if !self.can_become(&job, submission, &gathered)? {
            let (job, status) = (job.id().to_string(), job.status());
            return Err(Error::WrongState { job, status, action: "revise" });
        }
        self.check_paths(owner, name, &gathered)?;
        let (config, digest) = self.config_of(submission, name, &gathered)?;
        let location = self.folder(owner, &self.me, name);
        self.enqueue(owner, name)?;
        for (path, bytes) in &gathered.files {
            let path = location.join(path)?;
            if !self.disk.read(&path, bytes.len() as u64).is_ok_and(|there| there == *bytes) {
                self.disk.write(&path, bytes, Access::Shared)?;
            }
        }
        // Last: it vouches for the others.
        self.disk.write(&location.join("config.yaml")?, config.as_bytes(), Access::Shared)?;
        Ok(Submitted {
            id: job.id().clone(),
            digest,
            name: name.clone(),
            path: self.disk.real_path(&location),
            location,
            left_out: gathered.left_out,
        })
    }

    /// Whether a job of mine may still become this: it waits to be decided about or
    /// run, is about the same data, and no file that was sent would be missing, since
    /// a submitter takes no file back.
    fn can_become(&self, job: &Job, to: &Submission, gathered: &Gathered) -> Result<bool> {
        if !matches!(job.status(), Status::Inbox | Status::Approved)
            || sorted(job.datasets()) != sorted(&to.datasets)
            || job.description() != to.description.as_deref()
        {
            return Ok(false);
        }
        let there = self.read_at(&job.place())?;
        Ok(there.is_ok_and(|there| there.files.keys().all(|p| gathered.files.contains_key(p))))
    }

    /// The names of the jobs that I sent to `owner` as `wanted` or as its successors,
    /// in their order.
    fn successors(&self, owner: &Email, wanted: &JobName) -> Result<Vec<JobName>> {
        let mut names = self.job_folders(owner, &self.me)?;
        names.retain(|name| name == wanted || split(name).0 == wanted.as_str());
        names.sort_by_key(|name| if name == wanted { 1 } else { split(name).1 });
        Ok(names)
    }
}
