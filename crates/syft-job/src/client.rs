use std::path::{Path, PathBuf};
use std::sync::Arc;

use syft_core::{DirDisk, Email, JobName, NativeLayout, SystemClock, SystemEntropy};

use crate::{JobKind, JobStore, Jobs, Result, Script, Submission};

/// The jobs of a home on this machine, for those who have the sync done by
/// something else.
#[derive(Debug, Clone)]
pub struct JobClient {
    store: JobStore,
}

/// Opens the jobs of the home of `email`, native layout; the folder is made if it
/// is not there. The one who calls sees to it that no other process changes the
/// home meanwhile.
///
/// # Errors
/// A bad address; those of the disk.
pub fn get_client(home: &Path, email: &str) -> Result<JobClient> {
    let store = JobStore::new(
        Arc::new(DirDisk::create(home)?),
        Arc::new(SystemClock),
        Arc::new(SystemEntropy),
        Arc::new(NativeLayout),
        Email::parse(email)?,
    );
    Ok(JobClient { store })
}

impl JobClient {
    /// A client over jobs that are open already.
    #[must_use]
    pub fn new(store: JobStore) -> Self {
        JobClient { store }
    }

    /// Everything that can be done with these jobs.
    #[must_use]
    pub fn store(&self) -> &JobStore {
        &self.store
    }

    /// Sends the text of a bash script to `user`; an empty name gives a default
    /// one. Returns the job's folder.
    ///
    /// # Errors
    /// As [`JobStore::submit`].
    pub fn submit_bash_job(&self, user: &str, script: &str, job_name: &str) -> Result<PathBuf> {
        let mut submission =
            Submission::new(Email::parse(user)?, Script::Text(script.trim_start().to_owned()));
        submission.name = optional_name(job_name)?;
        submission.kind = Some(JobKind::Bash);
        Ok(self.store.submit(&submission)?.path)
    }

    /// Sends a Python file or folder to `user`; an empty name gives a default one.
    /// Returns the job's folder.
    ///
    /// # Errors
    /// As [`JobStore::submit`].
    pub fn submit_python_job(
        &self,
        user: &str,
        code_path: &Path,
        job_name: &str,
        dependencies: &[String],
    ) -> Result<PathBuf> {
        let mut submission =
            Submission::new(Email::parse(user)?, Script::Path(code_path.to_owned()));
        submission.name = optional_name(job_name)?;
        submission.kind = Some(JobKind::Python);
        submission.dependencies = dependencies.to_vec();
        Ok(self.store.submit(&submission)?.path)
    }

    /// The jobs as they are now, what has arrived included.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn jobs(&self) -> Result<Jobs> {
        self.store.intake_all()?;
        self.store.jobs()
    }
}

fn optional_name(name: &str) -> Result<Option<JobName>> {
    if name.is_empty() { Ok(None) } else { Ok(Some(JobName::parse(name)?)) }
}
