use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use syft_core::{
    Access, ContentHash, ContentHasher, DatasetName, Email, FileKind, HomePath, JobName,
    LayoutKind, NodePaths, Timestamp, yaml,
};

use crate::packages::PackagesUsed;
use crate::records::{Decision, JobRecord, SCHEMA, Verdict};
use crate::runs::{JobRun, LogFile, Release, STDERR, STDOUT};
use crate::sandbox::{Exit, IsolationLevel, Limits};
use crate::state::{in_force, status};
use crate::store::Place;
use crate::{Error, JobId, JobStore, OutputFile, PythonState, Result, Status};

/// The files in a job's folder that stand for the owner's decision.
pub(crate) const MARKERS: [&str; 5] = ["approved", "rejected", "running", "done", "failed"];
const LOGS: [&str; 2] = [STDOUT, STDERR];
pub(crate) const RETURN_CODE: &str = "returncode.txt";
pub(crate) const RECEIPT: &str = "receipt.yaml";
/// Holds what was released of the runs before the one that the job's folder shows.
pub(crate) const EARLIER: &str = "attempts";

/// A marker file: who did what, when, why, to which bytes. For the submitter's
/// eyes; the owner's node never reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// Version of these keys.
    pub schema: u32,
    /// The job's id.
    pub job: JobId,
    /// The state that the marker stands for.
    pub status: Status,
    /// Who.
    pub by: Email,
    /// When, RFC 3339.
    pub at: String,
    /// Why, in the owner's words.
    #[serde(default)]
    pub reason: Option<String>,
    /// The submission digest of what was decided about, or ran.
    pub digest: ContentHash,
    /// The run that it is about, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}

/// `receipt.yaml`: what a released run was, and what of it was released.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// Version of these keys.
    pub schema: u32,
    /// The job's id.
    pub job: JobId,
    /// Its name.
    pub name: JobName,
    /// Who sent it.
    pub submitter: Email,
    /// Whose data it read.
    pub owner: Email,
    /// Which run.
    pub run: String,
    /// The submission digest of what ran.
    pub submission_digest: ContentHash,
    /// What authorised it.
    pub approval_digest: ContentHash,
    /// Why it was approved, in the owner's words.
    #[serde(default)]
    pub reason: Option<String>,
    /// What it could read.
    pub datasets: Vec<DatasetName>,
    /// The packages that it had, if it needed any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packages: Option<PackagesUsed>,
    /// The box that it ran in.
    pub isolation: IsolationLevel,
    /// The version of Landlock that the box was made with, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub landlock_abi: Option<u32>,
    /// What it could use.
    pub limits: Limits,
    /// What was approved, which the owner may have changed for this one run.
    #[serde(default)]
    pub approved_limits: Option<Limits>,
    /// The limits that it reached, in words.
    pub limits_hit: Vec<String>,
    /// When it started, RFC 3339.
    pub started_at: String,
    /// When it ended, RFC 3339.
    pub finished_at: String,
    /// How it ended.
    pub exit: Option<Exit>,
    /// What the owner says about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The released outputs.
    pub outputs: Vec<OutputFile>,
    /// The standard output, if the logs were released.
    #[serde(default)]
    pub stdout: Option<LogFile>,
    /// The standard error, if the logs were released.
    #[serde(default)]
    pub stderr: Option<LogFile>,
}

impl Receipt {
    /// The exit code; `None` if the run was killed, or its box broke.
    #[must_use]
    pub fn exit_code(&self) -> Option<i32> {
        match self.exit? {
            Exit::Code(code) => Some(code),
            _ => None,
        }
    }
}

impl JobStore {
    /// Writes markers, receipt and released files of a job that was sent to me
    /// into its folder, and removes those that are no longer true. Repeating it
    /// changes nothing, so a crash is healed by doing it again.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Integrity`] if stored outputs are not the
    /// bytes that were released; those of the disk.
    pub fn project(&self, id: &JobId) -> Result<()> {
        self.project_record(&self.record(id)?)
    }

    /// [`JobStore::project`] of every job; one that fails stops no other.
    ///
    /// # Errors
    /// Those of the disk when the jobs are listed.
    pub fn project_all(&self) -> Result<Vec<(JobId, Error)>> {
        let records = self.all_records()?;
        let failed = records.into_iter().filter_map(|record| {
            self.project_record(&record).err().map(|error| (record.id, error))
        });
        Ok(failed.collect())
    }

    pub(crate) fn project_record(&self, record: &JobRecord) -> Result<()> {
        let place = self.place(&self.me, &record.submitter, &record.name);
        let decisions = self.read_decisions(&record.id)?.decisions;
        let runs = self.runs(&record.id)?;
        if runs.is_empty() && self.is_left_to_python(record, &place, &decisions)? {
            return Ok(());
        }
        let live = self.live_run_for(runs.last())?;
        let decision = decisions.last();
        let status = status(record, decision, runs.last(), live.as_deref());
        let decision = in_force(record, decision);
        let markers = self.markers(record, decision, runs.last(), status);
        match place.layout {
            LayoutKind::Native => self.project_markers(&place.results, &markers)?,
            LayoutKind::Pysyft => {
                let state = python_state(record, decision, runs.last(), status, markers);
                self.project_state(&place, &state)?;
            }
        }
        let mut released: Vec<&JobRun> = runs.iter().filter(|run| run.release.is_some()).collect();
        let latest = released.pop();
        self.project_release(&place.results, record, &decisions, latest)?;
        if place.layout == LayoutKind::Pysyft {
            self.project_return_code(&place.results, latest)?;
        }
        self.project_earlier(&place.results.join(EARLIER)?, record, &decisions, &released)
    }

    /// A job that has not run here stays as the Python peer left it until something is
    /// decided here; and what that peer ran itself, on a box that both work on, it
    /// keeps.
    fn is_left_to_python(
        &self,
        record: &JobRecord,
        place: &Place,
        decisions: &[Decision],
    ) -> Result<bool> {
        if decisions.is_empty() && record.history.is_some() {
            return Ok(true);
        }
        let theirs = self.state_of_python(place)?;
        Ok(theirs.is_some_and(|theirs| decisions.is_empty() || theirs.status.has_run()))
    }

    /// What was released is not taken back when a later run is released too.
    fn project_earlier(
        &self,
        folder: &HomePath,
        record: &JobRecord,
        decisions: &[Decision],
        released: &[&JobRun],
    ) -> Result<()> {
        if released.is_empty() {
            return Ok(self.disk.remove_dir_all(folder)?);
        }
        for name in self.run_folders(folder)? {
            if !released.iter().any(|run| run.started.run == name) {
                self.disk.remove_dir_all(&folder.join(&name)?)?;
            }
        }
        for run in released {
            let place = folder.join(&run.started.run)?;
            self.project_release(&place, record, decisions, Some(run))?;
        }
        Ok(())
    }

    /// What there is to say of a job, by the name of the marker that says it.
    fn markers(
        &self,
        record: &JobRecord,
        decision: Option<&Decision>,
        run: Option<&JobRun>,
        status: Status,
    ) -> Vec<(&'static str, Marker)> {
        let mut wanted = Vec::new();
        if let Some(decision) = decision
            && !matches!(status, Status::Inbox | Status::Cancelled)
        {
            let (name, status) = match decision.verdict {
                Verdict::Approved => ("approved", Status::Approved),
                Verdict::Rejected => ("rejected", Status::Rejected),
            };
            let marker = self.marker(record, status, decision.at, decision.revision);
            let reason = decision.reason.clone();
            wanted.push((name, Marker { by: decision.by.clone(), reason, ..marker }));
        }
        if let Some(run) = run {
            let (name, at) = match (&run.finished, status) {
                (Some(finished), Status::Done) => ("done", finished.finished_at),
                (Some(finished), _) => ("failed", finished.finished_at),
                (None, _) => ("running", run.started.started_at),
            };
            let marker = self.marker(record, status, at, run.started.revision);
            wanted.push((name, Marker { run: Some(run.started.run.clone()), ..marker }));
        }
        wanted
    }

    fn project_markers(&self, folder: &HomePath, wanted: &[(&str, Marker)]) -> Result<()> {
        for name in MARKERS {
            let path = folder.join(name)?;
            match wanted.iter().find(|(marker, _)| *marker == name) {
                Some((_, marker)) => {
                    let text = yaml::to_string(marker)?;
                    self.write_if_other(&path, text.as_bytes(), Access::Shared)?;
                }
                None => self.disk.remove_file(&path)?,
            }
        }
        Ok(())
    }

    fn project_state(&self, place: &Place, state: &PythonState) -> Result<()> {
        let text = state.to_yaml(place.protocol)?;
        let path = place.results.join(PythonState::FILE)?;
        self.write_if_other(&path, text.as_bytes(), Access::Shared)
    }

    /// The file in which the Python peer looks for the exit code; it goes with the
    /// logs.
    fn project_return_code(&self, folder: &HomePath, released: Option<&JobRun>) -> Result<()> {
        let path = folder.join(RETURN_CODE)?;
        let code = released.filter(|run| run.logs_released()).and_then(return_code);
        match code {
            Some(code) => self.write_if_other(&path, code.to_string().as_bytes(), Access::Shared),
            None => Ok(self.disk.remove_file(&path)?),
        }
    }

    fn marker(
        &self,
        record: &JobRecord,
        status: Status,
        at: Timestamp,
        digest: ContentHash,
    ) -> Marker {
        Marker {
            schema: SCHEMA,
            job: record.id.clone(),
            status,
            by: self.me.clone(),
            at: at.to_rfc3339(),
            reason: None,
            digest,
            run: None,
        }
    }

    fn project_release(
        &self,
        folder: &HomePath,
        record: &JobRecord,
        decisions: &[Decision],
        released: Option<&JobRun>,
    ) -> Result<()> {
        let release = released.and_then(|run| run.release.as_ref());
        let files: Vec<&OutputFile> =
            release.iter().flat_map(|release| release.files.iter().map(|r| &r.file)).collect();
        let outputs = folder.join("outputs")?;
        let keep: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
        self.remove_others(&outputs, "", &keep)?;
        let (Some(run), Some(release)) = (released, release) else {
            for name in LOGS.into_iter().chain([RECEIPT]) {
                self.disk.remove_file(&folder.join(name)?)?;
            }
            return Ok(());
        };
        let stored = NodePaths::run(&run.started.run)?;
        for file in files {
            let to = outputs.join(file.path.as_str())?;
            let from = stored.join("outputs")?.join(file.path.as_str())?;
            self.copy_verified(&from, &to, file.sha256, file.size)?;
        }
        let finished = run.finished.as_ref();
        for name in LOGS {
            let to = folder.join(name)?;
            let log = finished.map(|f| if name == STDOUT { &f.stdout } else { &f.stderr });
            match log {
                Some(log) if release.logs.is_some() => {
                    self.copy_verified(&stored.join(name)?, &to, log.sha256, log.size)?;
                }
                _ => self.disk.remove_file(&to)?,
            }
        }
        let receipt = receipt(record, decisions, &self.me, run, release);
        let text = yaml::to_string(&receipt)?;
        self.write_if_other(&folder.join(RECEIPT)?, text.as_bytes(), Access::Shared)
    }

    /// Removes what lies in `outputs/` and was not released.
    fn remove_others(&self, folder: &HomePath, prefix: &str, keep: &BTreeSet<&str>) -> Result<()> {
        match self.disk.metadata(folder)?.map(|metadata| metadata.kind) {
            None => return Ok(()),
            Some(FileKind::Folder) => {}
            Some(_) => return Ok(self.disk.remove_file(folder)?),
        }
        for entry in self.disk.list(folder)? {
            let name = match entry.name {
                Ok(name) => name,
                // Nothing here has such a name but by hand; it is reported, not synced.
                Err(_) => continue,
            };
            let path = format!("{prefix}{name}");
            let below = folder.join(&name)?;
            let inner = format!("{path}/");
            match entry.metadata.kind {
                FileKind::Folder if keep.iter().any(|kept| kept.starts_with(&inner)) => {
                    self.remove_others(&below, &inner, keep)?;
                }
                FileKind::Folder => self.disk.remove_dir_all(&below)?,
                FileKind::File if keep.contains(path.as_str()) => {}
                _ => self.disk.remove_file(&below)?,
            }
        }
        Ok(())
    }

    /// Copies a file whose bytes must have this hash: they are checked before
    /// anything is written, and again as they are written.
    fn copy_verified(
        &self,
        from: &HomePath,
        to: &HomePath,
        expected: ContentHash,
        size: u64,
    ) -> Result<()> {
        let there = self.disk.metadata(to)?;
        if there.is_some_and(|there| there.kind == FileKind::File && there.size == size)
            && self.hash(to)? == expected
        {
            return Ok(());
        }
        let found = self.hash(from)?;
        if found != expected {
            return Err(Error::Integrity { what: from.to_string(), expected, found });
        }
        let mut body = self.disk.open(from)?;
        self.disk.write_from(to, &mut body, Access::Shared)?;
        let found = self.hash(to)?;
        if found != expected {
            self.disk.remove_file(to)?;
            return Err(Error::Integrity { what: from.to_string(), expected, found });
        }
        Ok(())
    }

    pub(crate) fn hash(&self, path: &HomePath) -> Result<ContentHash> {
        let mut body = self.disk.open(path)?;
        let mut hasher = ContentHasher::new();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = body.read(&mut buffer).map_err(|source| syft_core::Error::Io {
                action: "read",
                path: path.to_string(),
                source,
            })?;
            match buffer.get(..read) {
                Some(bytes) if read > 0 => hasher.update(bytes),
                _ => return Ok(hasher.finish()),
            }
        }
    }

    pub(crate) fn write_if_other(
        &self,
        path: &HomePath,
        bytes: &[u8],
        access: Access,
    ) -> Result<()> {
        let limit = bytes.len() as u64;
        if self.disk.read(path, limit).is_ok_and(|there| there == bytes) {
            return Ok(());
        }
        self.disk.write(path, bytes, access)?;
        Ok(())
    }
}

/// The exit code as the Python peer has it: negative for a signal, and -1 for a job
/// that was ended from outside.
fn return_code(run: &JobRun) -> Option<i64> {
    Some(match run.finished.as_ref()?.exit {
        Some(Exit::Code(code)) => code.into(),
        Some(Exit::Signal(signal)) => -i64::from(signal),
        Some(Exit::TimedOut) | None => -1,
    })
}

/// What a Python peer is shown of a job.
fn python_state(
    record: &JobRecord,
    decision: Option<&Decision>,
    run: Option<&JobRun>,
    status: Status,
    markers: Vec<(&str, Marker)>,
) -> PythonState {
    let received = record.received_at().map(Timestamp::to_rfc3339_micros);
    let history = record.history.as_ref().and_then(|history| history.received_at.clone());
    let markers = markers.into_iter().map(|(_, marker)| marker).collect();
    let mut state = PythonState {
        received_at: history.or(received),
        status: status.into(),
        markers: Some(markers),
        ..PythonState::default()
    };
    if status == Status::Cancelled {
        state.rejected_by = Some(record.submitter.to_string());
        state.rejected_at = record.cancelled_at.map(Timestamp::to_rfc3339_micros);
        state.review_reason = Some("it was withdrawn by its submitter".to_owned());
    } else if let Some(decision) = decision.filter(|_| status != Status::Inbox) {
        let (by, at) = (Some(decision.by.to_string()), Some(decision.at.to_rfc3339_micros()));
        state.review_reason = decision.reason.clone();
        match decision.verdict {
            Verdict::Approved => {
                state.approval_method = Some("manual".to_owned());
                (state.approved_by, state.approved_at) = (by, at);
            }
            Verdict::Rejected => (state.rejected_by, state.rejected_at) = (by, at),
        }
    }
    if let Some(finished) = run.and_then(|run| run.finished.as_ref()) {
        // No more than the marker says, until the logs are released.
        state.completed_at = Some(finished.finished_at.to_rfc3339());
        state.return_code = run.filter(|run| run.logs_released()).and_then(return_code);
    }
    state
}

fn receipt(
    record: &JobRecord,
    decisions: &[Decision],
    owner: &Email,
    run: &JobRun,
    release: &Release,
) -> Receipt {
    let started = &run.started;
    let finished = run.finished.as_ref();
    let authorised_by = decisions.iter().rev().find(|decision| {
        decision.approval.as_ref().is_some_and(|approval| approval.digest == started.approval)
    });
    let logs = finished.filter(|_| release.logs.is_some());
    Receipt {
        schema: SCHEMA,
        job: record.id.clone(),
        name: record.name.clone(),
        submitter: record.submitter.clone(),
        owner: owner.clone(),
        run: started.run.clone(),
        submission_digest: started.revision,
        approval_digest: started.approval,
        reason: authorised_by.and_then(|decision| decision.reason.clone()),
        datasets: started.datasets.clone(),
        packages: started.packages.clone(),
        isolation: finished.map_or(started.level, |finished| finished.level),
        landlock_abi: finished.and_then(|finished| finished.landlock_abi),
        limits: started.limits.clone(),
        approved_limits: authorised_by
            .and_then(|decision| decision.approval.as_ref())
            .map(|approval| approval.limits.clone()),
        limits_hit: finished
            .map(|f| f.limits_hit.iter().map(ToString::to_string).collect())
            .unwrap_or_default(),
        started_at: started.started_at.to_rfc3339(),
        finished_at: finished.map(|f| f.finished_at.to_rfc3339()).unwrap_or_default(),
        exit: finished.and_then(|finished| finished.exit),
        comment: run.comment().map(str::to_owned),
        outputs: release.files.iter().map(|released| released.file.clone()).collect(),
        stdout: logs.map(|finished| finished.stdout.clone()),
        stderr: logs.map(|finished| finished.stderr.clone()),
    }
}
