use syft_core::{DatasitePath, NodePaths};
use syft_disclosure::{Checked, Finding};

use crate::gate::{findings_in, in_audit};
use crate::policy::may_release;
use crate::records::SCHEMA;
use crate::runs::{JobRun, Release, ReleasedFile};
use crate::{Error, JobId, JobStore, OutputFile, Result, Status};

/// Which outputs of a finished job the submitter may have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ReleaseFiles {
    /// None more than before.
    #[default]
    None,
    /// All of them.
    All,
    /// These, by their path below `outputs/`.
    Paths(Vec<DatasitePath>),
}

impl JobStore {
    /// Lets the submitter have outputs, and on demand the logs, of the latest run
    /// of a job: records the hashes, then copies exactly those bytes into the
    /// job's folder. What was seen in them is recorded and keeps nothing back: that is
    /// [`Job::check_run`](crate::Job::check_run), for the owner to look at first. What was released before
    /// stays released. `expected_run` is the
    /// run that was looked at, if one was.
    ///
    /// # Errors
    /// [`Error::WrongState`] unless the job is done or failed; [`Error::Changed`] if
    /// its last run is not the expected one; [`Error::NoOutput`];
    /// [`Error::Integrity`] if a stored output is not what the run produced.
    pub fn release(
        &self,
        id: &JobId,
        expected_run: Option<&str>,
        files: &ReleaseFiles,
        logs: bool,
    ) -> Result<Release> {
        let record = self.record(id)?;
        let status = self.status_of(&record)?;
        let run = self.last_run(id)?;
        let (Some(run), Status::Done | Status::Failed) = (run, status) else {
            return Err(Error::WrongState { job: id.to_string(), status, action: "release" });
        };
        if let Some(expected) = expected_run
            && expected != run.started.run
        {
            let changed = format!("run {expected} was looked at, {} is the last", run.started.run);
            return Err(Error::Changed { job: id.to_string(), changed: vec![changed] });
        }
        let chosen = choose(&run, files)?;
        let paths = chosen.iter().map(|file| &file.path);
        may_release(self, &run.started.datasets, paths, logs)?;
        let folder = NodePaths::run(&run.started.run)?;
        for file in &chosen {
            let path = folder.join("outputs")?.join(file.path.as_str())?;
            let found = self.hash(&path)?;
            if found != file.sha256 {
                let expected = file.sha256;
                return Err(Error::Integrity { what: path.to_string(), expected, found });
            }
        }
        // Logs are looked at by their owner alone.
        let checked = match chosen.is_empty() {
            true => Checked::default(),
            false => self.checked_of(&run)?,
        };
        let mut release = self.grown(&run, &chosen, logs);
        let findings: Vec<Finding> =
            chosen.iter().flat_map(|file| findings_in(&checked, &file.path)).cloned().collect();
        for finding in &findings {
            if !release.findings.contains(finding) {
                release.findings.push(finding.clone());
            }
        }
        if run.release.as_ref() != Some(&release) {
            let number = release.files.len();
            let key = format!("{}/{number}/{}", run.started.run, release.logs.is_some());
            let mut entry = self.entry("job.released", &record, &self.me, &key);
            let shown: Vec<String> =
                chosen.iter().map(|file| format!("{} {}", file.sha256, file.path)).collect();
            entry.details.insert("run".to_owned(), run.started.run.clone().into());
            entry.details.insert("outputs".to_owned(), shown.into());
            entry.details.insert("logs".to_owned(), logs.into());
            if !findings.is_empty() {
                let seen: Vec<String> = findings.iter().map(in_audit).collect();
                entry.details.insert("findings".to_owned(), seen.into());
            }
            self.tell(entry)?;
            self.write_release(&run, &release)?;
        }
        self.project_record(&record)?;
        Ok(release)
    }

    pub(crate) fn grown(&self, run: &JobRun, chosen: &[OutputFile], logs: bool) -> Release {
        let at = self.now();
        let mut release = run.release.clone().unwrap_or_else(|| Release {
            schema: SCHEMA,
            by: self.me.clone(),
            files: Vec::new(),
            logs: None,
            comment: None,
            findings: Vec::new(),
        });
        for file in chosen {
            if !run.is_released(file) {
                release.files.push(ReleasedFile { file: file.clone(), at });
            }
        }
        release.files.sort_by(|a, b| a.file.path.cmp(&b.file.path));
        if logs && release.logs.is_none() {
            release.logs = Some(at);
        }
        release
    }
}

fn choose(run: &JobRun, files: &ReleaseFiles) -> Result<Vec<OutputFile>> {
    let outputs = run.finished.as_ref().map(|finished| finished.outputs.as_slice());
    let outputs = outputs.unwrap_or_default();
    match files {
        ReleaseFiles::None => Ok(Vec::new()),
        ReleaseFiles::All => Ok(outputs.to_vec()),
        ReleaseFiles::Paths(paths) => paths
            .iter()
            .map(|path| {
                outputs.iter().find(|file| &file.path == path).cloned().ok_or_else(|| {
                    Error::NoOutput { job: run.started.job.to_string(), path: path.to_string() }
                })
            })
            .collect(),
    }
}
