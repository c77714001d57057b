use std::collections::BTreeMap;
use std::path::PathBuf;

use syft_core::{
    Access, ContentHash, DatasetName, DatasitePath, Email, HomePath, JobName, LayoutKind,
    NodePaths, yaml,
};

use crate::config::{JobConfig, ManifestEntry};
use crate::gather::{Gathered, gather};
use crate::{Error, JobId, JobKind, JobStore, PackageNeeds, Rehearsal, Result, Script};

/// A job that its submitter wants to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// Whose data it is for.
    pub owner: Email,
    /// Its name; without one it is called `Job - ` and eight hex digits.
    pub name: Option<JobName>,
    /// What it is for, in the submitter's words.
    pub description: Option<String>,
    /// What it is made from.
    pub script: Script,
    /// Bash or Python; without it, by file name, or whether a folder holds `run.sh`.
    pub kind: Option<JobKind>,
    /// The packages that it needs.
    pub dependencies: Vec<String>,
    /// The Python file to start, relative to the folder; without it `main.py`,
    /// else the only `*.py` at the top.
    pub entrypoint: Option<String>,
    /// The owner's datasets that it wants to read.
    pub datasets: Vec<DatasetName>,
    /// What was rehearsed, if it is to be that: what differs is not sent.
    pub rehearsed: Option<Rehearsed>,
}

/// Which bytes were rehearsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsed {
    /// The submission digest.
    pub digest: ContentHash,
    /// The name that it was made with; it may be sent under another.
    pub name: JobName,
}

impl From<&Rehearsal> for Rehearsed {
    fn from(rehearsal: &Rehearsal) -> Self {
        Rehearsed { digest: rehearsal.digest, name: rehearsal.name.clone() }
    }
}

impl Submission {
    /// A job for `owner` made from `script`, everything else left to the defaults.
    #[must_use]
    pub fn new(owner: Email, script: Script) -> Self {
        Submission {
            owner,
            name: None,
            description: None,
            script,
            kind: None,
            dependencies: Vec::new(),
            entrypoint: None,
            datasets: Vec::new(),
            rehearsed: None,
        }
    }
}

/// A job that lies in this home's copy of the owner's datasite, ready to travel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    /// Its id for life.
    pub id: JobId,
    /// The submission digest.
    pub digest: ContentHash,
    /// Its name.
    pub name: JobName,
    /// Its folder in the home.
    pub location: HomePath,
    /// The same folder for programs.
    pub path: PathBuf,
    /// Files that were not sent, relative to the script's folder: dot names,
    /// made folders, `outputs`.
    pub left_out: Vec<String>,
}

impl JobStore {
    /// Writes a job into this home's copy of the owner's datasite: all of it or
    /// nothing. Sending is the sync engine's.
    ///
    /// # Errors
    /// [`Error::Script`] that names the file which cannot be sent;
    /// [`Error::Requirement`] that names what is no package; [`Error::NotRehearsed`];
    /// [`Error::NameTaken`]; those of the disk.
    pub fn submit(&self, submission: &Submission) -> Result<Submitted> {
        let gathered = self.gather(submission)?;
        let name = match &submission.name {
            Some(name) => name.clone(),
            None => self.default_name()?,
        };
        self.check_free(&submission.owner, &name)?;
        self.check_paths(&submission.owner, &name, &gathered)?;
        let (config, digest) = self.config_of(submission, &name, &gathered)?;
        let location = self.folder(&submission.owner, &self.me, &name);
        let id = JobId::of(&digest);
        self.note_sent(&submission.owner, &name, &id)?;
        self.enqueue(&submission.owner, &name)?;
        self.move_into_place(&submission.owner, &name, &gathered, &config, &location)?;
        Ok(Submitted {
            id,
            digest,
            name,
            path: self.disk.real_path(&location),
            location,
            left_out: gathered.left_out,
        })
    }

    /// The files of a submission as they lie on the disk now.
    pub(crate) fn gather(&self, submission: &Submission) -> Result<Gathered> {
        let mut gathered =
            gather(&submission.script, submission.kind, submission.entrypoint.as_deref())?;
        if self.layouts.of(&submission.owner).kind() == LayoutKind::Pysyft {
            gathered.have_code();
        }
        match self.layouts.install_source_of(&submission.owner) {
            // What the Python peer can install is for it to say.
            Some(source) => gathered.start_with_uv(source, &submission.dependencies)?,
            None => drop(PackageNeeds::read(&submission.dependencies, &gathered.files)?),
        }
        if let Some(Rehearsed { digest, name }) = &submission.rehearsed
            && gathered.digest(&self.me, submission, name)? != *digest
        {
            return Err(Error::NotRehearsed { name: name.clone() });
        }
        Ok(gathered)
    }

    /// `config.yaml` of a submission under this name, and its digest.
    pub(crate) fn config_of(
        &self,
        submission: &Submission,
        name: &JobName,
        gathered: &Gathered,
    ) -> Result<(String, ContentHash)> {
        let digest = gathered.digest(&self.me, submission, name)?;
        let config = self.config_text(submission, name, gathered, &gathered.hashes(), digest)?;
        Ok((config, digest))
    }

    /// The first of `NAME`, `NAME-2`, `NAME-3` … that is not taken with this owner.
    ///
    /// # Errors
    /// [`Error::NameTaken`] if a thousand are; those of the disk.
    pub fn free_name(&self, owner: &Email, wanted: &JobName) -> Result<JobName> {
        for number in 1..=1_000 {
            let name = if number == 1 {
                wanted.clone()
            } else {
                JobName::parse(&format!("{wanted}-{number}"))?
            };
            if self.check_free(owner, &name).is_ok() {
                return Ok(name);
            }
        }
        Err(Error::NameTaken { owner: owner.clone(), name: wanted.to_string() })
    }

    fn default_name(&self) -> Result<JobName> {
        let mut bytes = [0; 4];
        self.entropy.fill(&mut bytes)?;
        Ok(JobName::parse(&format!("Job - {:08x}", u32::from_be_bytes(bytes)))?)
    }

    fn check_free(&self, owner: &Email, name: &JobName) -> Result<()> {
        let key = |name: &str| DatasitePath::parse(name).map(|path| path.fold_key()).ok();
        let wanted = key(name.as_str());
        let is_it = |other: &str| other == name.as_str() || key(other) == wanted;
        for folder in self.layouts.of(owner).job_folders(&self.me) {
            let there = self.disk.list(&HomePath::in_datasite(owner, &folder))?;
            if there.iter().any(|entry| entry.name.as_deref().is_ok_and(is_it)) {
                return Err(Error::NameTaken { owner: owner.clone(), name: name.to_string() });
            }
        }
        Ok(())
    }

    /// Every path must still be one below the job's folder in the datasite.
    pub(crate) fn check_paths(
        &self,
        owner: &Email,
        name: &JobName,
        gathered: &Gathered,
    ) -> Result<()> {
        let folder = self.layouts.of(owner).job(&self.me, name).submission;
        for path in gathered.files.keys() {
            folder
                .join(path)
                .map_err(|error| Error::Script { what: path.clone(), reason: error.to_string() })?;
        }
        let mut seen = BTreeMap::new();
        for path in gathered.files.keys() {
            let key = DatasitePath::parse(path)?.fold_key();
            if let Some(other) = seen.insert(key, path) {
                return Err(Error::Script {
                    what: path.clone(),
                    reason: format!("some systems take its name for the same as {other}"),
                });
            }
        }
        Ok(())
    }

    fn config_text(
        &self,
        submission: &Submission,
        name: &JobName,
        gathered: &Gathered,
        hashes: &BTreeMap<String, ContentHash>,
        digest: ContentHash,
    ) -> Result<String> {
        let layout = self.layouts.of(&submission.owner).kind();
        let entry = |(path, hash): (&String, &ContentHash)| ManifestEntry {
            path: path.clone(),
            sha256: Some(*hash),
        };
        let mut datasets = submission.datasets.clone();
        datasets.sort();
        datasets.dedup();
        let by_owner = BTreeMap::from([(submission.owner.to_string(), datasets)]);
        let mut config = JobConfig {
            schema: crate::records::SCHEMA,
            name: name.to_string(),
            kind: gathered.kind,
            submitter: Some(self.me.to_string()),
            owner: Some(submission.owner.to_string()),
            submitted_at: Some(self.now().to_rfc3339()),
            description: submission.description.clone(),
            entrypoint: gathered.entrypoint.clone(),
            dependencies: gathered.all_dependencies(submission),
            datasets: (!submission.datasets.is_empty()).then_some(by_owner),
            files: hashes.iter().map(entry).collect(),
            is_folder_submission: gathered.is_folder,
            submission_digest: Some(digest),
        }
        .in_layout(layout);
        let mut text = config.to_yaml(layout)?;
        if text.len() > yaml::MAX_BYTES {
            config.files.iter_mut().for_each(|file| file.sha256 = None);
            text = config.to_yaml(layout)?;
        }
        // What is written must be readable on the other side, and say the same.
        match JobConfig::parse(&text) {
            Ok(read) if read == config => Ok(text),
            Ok(_) => Err(Error::Script {
                what: "config.yaml".to_owned(),
                reason: "it would not be read back as it was written".to_owned(),
            }),
            Err(error) => Err(Error::Script {
                what: "config.yaml".to_owned(),
                reason: format!("it could not be read back: {error}"),
            }),
        }
    }

    /// Stages the folder aside and moves it into place in one step.
    fn move_into_place(
        &self,
        owner: &Email,
        name: &JobName,
        gathered: &Gathered,
        config: &str,
        location: &HomePath,
    ) -> Result<()> {
        let id = self.entropy.uuid()?;
        let staging = NodePaths::staging().join(&format!("submit-{id}"))?;
        let staged = self.stage(&staging, gathered, config).and_then(|()| {
            self.disk.rename(&staging, location).map_err(|error| match error {
                syft_core::Error::AlreadyExists(_) => {
                    Error::NameTaken { owner: owner.clone(), name: name.to_string() }
                }
                other => other.into(),
            })
        });
        if staged.is_err() {
            // The first error is the one to report; a leftover in staging harms nobody.
            let _ = self.disk.remove_dir_all(&staging);
        }
        staged
    }

    fn stage(&self, staging: &HomePath, gathered: &Gathered, config: &str) -> Result<()> {
        self.disk.create_dir_all(staging, Access::Shared)?;
        for (path, bytes) in &gathered.files {
            self.disk.write(&staging.join(path)?, bytes, Access::Shared)?;
        }
        self.disk.write(&staging.join("config.yaml")?, config.as_bytes(), Access::Shared)?;
        Ok(())
    }
}
