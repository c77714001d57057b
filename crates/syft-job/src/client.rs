use std::path::{Path, PathBuf};
use std::sync::Arc;

use syft_core::{
    DirDisk, Email, HomePath, JobName, LayoutKind, Layouts, SystemClock, SystemEntropy,
};

use crate::{Error, JobKind, JobStore, JobsList, Result, Script, Submission};

/// The jobs of a home on this machine, for those who have the sync done by
/// something else.
#[derive(Debug, Clone)]
pub struct JobClient {
    store: JobStore,
}

/// Opens the jobs of the home of `email`, in the layout that its datasite has; the
/// folder is made if it is not there. The one who calls sees to it that no other
/// process changes the home meanwhile.
///
/// # Errors
/// A bad address; those of the disk.
pub fn get_client(home: &Path, email: &str) -> Result<JobClient> {
    let disk = Arc::new(DirDisk::create(home)?);
    let email = Email::parse(email)?;
    let layout = LayoutKind::found(&*disk, &email)?.unwrap_or_default();
    let layouts = Layouts::new(email.clone(), layout);
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
    let store = JobStore::new(disk, clock, entropy, layouts, email);
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

    /// Whose jobs these are.
    #[must_use]
    pub fn email(&self) -> &Email {
        self.store.me()
    }

    /// The folder that holds all datasites.
    #[must_use]
    pub fn syftbox_folder(&self) -> PathBuf {
        self.store.disk.real_path(&HomePath::home())
    }

    /// Sends a bash job to `user`. `script` is the text of a script, or one line
    /// that is the path of a script or of a folder that holds `run.sh`. An empty
    /// name gives a default one. Returns the job's folder.
    ///
    /// # Errors
    /// [`Error::Script`] for what looks like the path of a script that is not there;
    /// as [`JobStore::submit`].
    pub fn submit_bash_job(&self, user: &str, script: &str, job_name: &str) -> Result<PathBuf> {
        let mut submission = Submission::new(Email::parse(user)?, bash_script(script)?);
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
    pub fn jobs(&self) -> Result<JobsList> {
        self.store.intake_all()?;
        self.store.jobs()
    }
}

fn optional_name(name: &str) -> Result<Option<JobName>> {
    if name.is_empty() { Ok(None) } else { Ok(Some(JobName::parse(name)?)) }
}

/// A path that exists, or else a text.
fn bash_script(script: &str) -> Result<Script> {
    let line = script.trim();
    let path = Path::new(line);
    if !line.is_empty() && !line.contains('\n') && path.exists() {
        return Ok(Script::Path(path.to_owned()));
    }
    // A text of this one word could run nothing: the job's folder holds no such file.
    if !line.contains(char::is_whitespace) && line.ends_with(".sh") {
        let (what, reason) = (line.to_owned(), "there is no such file".to_owned());
        return Err(Error::Script { what, reason });
    }
    Ok(Script::Text(script.trim_start().to_owned()))
}
