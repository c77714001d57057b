use syft_core::{
    ContentHash, DatasitePath, Email, FileKind, HomePath, JobName, LayoutKind, Timestamp, yaml,
};

use crate::job::{Job, Side};
use crate::project::{MARKERS, Marker};
use crate::queue::Queued;
use crate::receipt::{MAX_RECEIPT_BYTES, RECEIPT, Receipt, SignedReceipt};
use crate::records::Problem;
use crate::runs::STDOUT;
use crate::store::Place;
use crate::{Error, ErrorSummary, JobId, JobStore, OutputFile, PythonState, Result, Status};

/// What the copy of an owner's datasite tells about a job of mine. It is what the
/// owner chose to show, for display; nothing is decided by it.
#[derive(Debug, Clone)]
pub(crate) struct SentJob {
    pub(crate) markers: Vec<Marker>,
    pub(crate) receipt: Option<Receipt>,
    /// Whether it still waits here to be sent.
    pub(crate) queued: Option<Queued>,
    /// Why the copy is no job that the owner could take.
    pub(crate) problem: Option<Problem>,
    /// The other run that the receipt is of, if it is of one that was asked for.
    pub(crate) earlier: Option<String>,
    /// What an owner tells who uses the Python peer: there are no receipts.
    pub(crate) told: Option<ToldByPython>,
}

/// What the Python peer tells of a job's end.
#[derive(Debug, Clone)]
pub(crate) struct ToldByPython {
    pub(crate) return_code: Option<i32>,
    /// Whether its logs are here.
    pub(crate) has_logs: bool,
}

impl SentJob {
    /// Whether the receipt names this file with these bytes.
    pub(crate) fn is_released(&self, file: &OutputFile) -> bool {
        let is_in = |receipt: &Receipt| receipt.outputs.contains(file);
        // What arrived from an owner without receipts is what that owner shares.
        self.receipt.as_ref().map_or(self.told.is_some(), is_in)
    }

    pub(crate) fn has_logs(&self) -> bool {
        let told = self.told.as_ref().is_some_and(|told| told.has_logs);
        told || self.receipt_in_force().is_some_and(|receipt| receipt.stdout.is_some())
    }

    pub(crate) fn exit_code(&self) -> Option<i32> {
        let told = self.told.as_ref().and_then(|told| told.return_code);
        let receipt = || self.receipt_in_force()?.exit_code();
        told.or_else(receipt).or_else(|| self.failure()?.exit_code())
    }

    /// What was told of why it failed, by the run that this speaks of.
    pub(crate) fn failure(&self) -> Option<&ErrorSummary> {
        let marker = self.markers.iter().rfind(|marker| marker.run.is_some())?;
        let is_asked = self.earlier.is_none() || self.earlier == marker.run;
        marker.failure.as_ref().filter(|_| is_asked && marker.status == Status::Failed)
    }

    /// The receipt, unless the job has run again since: it then tells nothing about
    /// what became of the job.
    pub(crate) fn receipt_in_force(&self) -> Option<&Receipt> {
        let latest = self.markers.iter().rev().find_map(|marker| marker.run.as_deref());
        let is_asked = |receipt: &&Receipt| {
            self.earlier.is_some() || latest.is_none_or(|latest| latest == receipt.run)
        };
        self.receipt.as_ref().filter(is_asked)
    }

    /// Whether the owner has answered what became of the job.
    pub(crate) fn is_answered(&self) -> bool {
        self.receipt_in_force().is_some_and(Receipt::is_answered)
    }

    pub(crate) fn decision(&self) -> Option<&Marker> {
        self.markers.iter().find(|m| matches!(m.status, Status::Approved | Status::Rejected))
    }
}

impl JobStore {
    /// The jobs that I sent, as this home's copies of their owners' datasites have them.
    pub(crate) fn sent_jobs(&self) -> Result<Vec<Job>> {
        let mut jobs = Vec::new();
        for owner in self.folders(&HomePath::home(), |name| Email::parse(name).ok())? {
            if owner == self.me {
                continue;
            }
            for name in self.job_folders(&owner, &self.me)? {
                match self.sent_job(&owner, &name) {
                    // What an owner did to its own copy hides no job of another.
                    Err(crate::Error::Core(
                        syft_core::Error::NotRegular { .. } | syft_core::Error::TooLarge { .. },
                    )) => {}
                    job => jobs.push(job?),
                }
            }
        }
        Ok(jobs)
    }

    /// The names of my jobs that lie in this home's copy of an owner's datasite where
    /// this layout has them.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn sent_names(&self, owner: &Email, layout: LayoutKind) -> Result<Vec<JobName>> {
        self.job_folders_in(owner, &self.me, layout)
    }

    /// A job that I sent, by where it lies.
    ///
    /// # Errors
    /// [`Error::NotFound`]; those of the disk.
    pub fn sent_to(&self, owner: &Email, name: &JobName) -> Result<Job> {
        if self.disk.metadata(&self.folder(owner, &self.me, name))?.is_none() {
            return Err(Error::NotFound(format!("{owner}/{name}")));
        }
        self.sent_job(owner, name)
    }

    /// Remembers the id of a job that is about to lie in its owner's datasite, so
    /// that nothing which the owner writes there changes it.
    pub(crate) fn note_sent(&self, owner: &Email, name: &JobName, id: &JobId) -> Result<()> {
        self.write_json(&self.sent_path(owner, name)?, id)
    }

    /// The id of a job of mine: as it was noted, or else from what lies there.
    fn sent_id(&self, owner: &Email, name: &JobName, first: Option<ContentHash>) -> Result<JobId> {
        match self.read_json(&self.sent_path(owner, name)?) {
            Ok(Some(id)) => return Ok(id),
            Err(error) if !error.is_damage() => return Err(error),
            _ => {}
        }
        let place = || ContentHash::of(format!("{owner}/{}/{name}", self.me).as_bytes());
        Ok(JobId::of(&first.unwrap_or_else(place)))
    }

    fn sent_job(&self, owner: &Email, name: &JobName) -> Result<Job> {
        let place = self.place(owner, &self.me, name);
        let folder = &place.submission;
        let (files, problem) = match self.read_at(&place)? {
            Ok(files) => (Some(files), None),
            Err(problem) => (None, Some(problem)),
        };
        let config = files.as_ref().map(|files| &files.config);
        let digest = files.as_ref().map(|files| files.digest(&self.me, owner, name)).transpose()?;
        let receipt = self.read_receipt(&place.results.join(RECEIPT)?)?;
        let cancelled = self.disk.metadata(&folder.join("cancel")?)?.is_some();
        let queued = self.queued_for(owner, name)?;
        let first = config.and_then(|config| config.submission_digest).or(digest);
        let id = self.sent_id(owner, name, first)?;
        let (markers, told) = self.markers_at(&place, owner, &id, digest)?;
        let submitted_at = config.and_then(|config| config.submitted_at.clone());
        let said = submitted_at.as_deref().map(Timestamp::from_rfc3339).and_then(Result::ok);
        let first_seen = match said {
            Some(said) => said,
            None => self.newest_file(folder)?.unwrap_or_else(|| self.now()),
        };
        Ok(Job {
            store: self.clone(),
            id,
            name: name.clone(),
            submitter: self.me.clone(),
            owner: owner.clone(),
            status: shown_status(&markers, digest, cancelled),
            digest,
            datasets: config.map(|config| config.datasets_of(owner)).unwrap_or_default(),
            dependencies: config.map(|config| config.dependencies.clone()).unwrap_or_default(),
            description: config.and_then(|config| config.description.clone()),
            first_seen,
            submitted_at,
            side: Side::Submitter(Box::new(SentJob {
                markers,
                receipt,
                queued,
                problem,
                earlier: None,
                told,
            })),
        })
    }

    /// What the owner shows of a job: as markers, and what a Python peer tells
    /// besides.
    fn markers_at(
        &self,
        place: &Place,
        owner: &Email,
        id: &JobId,
        digest: Option<ContentHash>,
    ) -> Result<(Vec<Marker>, Option<ToldByPython>)> {
        if place.layout == LayoutKind::Native {
            let mut markers = Vec::new();
            for marker in MARKERS {
                markers.extend(self.read_shown::<Marker>(&place.results.join(marker)?)?);
            }
            return Ok((markers, None));
        }
        let Some(mut state) = self.shown_state(place)? else { return Ok((Vec::new(), None)) };
        if let Some(markers) = state.markers.take() {
            return Ok((markers, None));
        }
        let has_logs = self.disk.metadata(&place.results.join(STDOUT)?)?.is_some();
        let return_code = state.return_code.and_then(|code| i32::try_from(code).ok());
        // What it decided about is what lies here: it knows no digests.
        let digest = digest.unwrap_or_else(|| ContentHash::of(b""));
        Ok((state.as_markers(owner, id, digest), Some(ToldByPython { return_code, has_logs })))
    }

    /// The `state.yaml` of a job in the PySyft layout; one that cannot be read tells
    /// nothing.
    pub(crate) fn shown_state(&self, place: &Place) -> Result<Option<PythonState>> {
        if place.layout == LayoutKind::Native {
            return Ok(None);
        }
        let text = self.read_text(&place.results.join(PythonState::FILE)?)?;
        Ok(text.and_then(|text| PythonState::parse(&text, place.protocol).ok()))
    }

    /// The same, if the Python peer wrote it: a state with markers is one that a native
    /// node wrote.
    pub(crate) fn state_of_python(&self, place: &Place) -> Result<Option<PythonState>> {
        Ok(self.shown_state(place)?.filter(|state| state.markers.is_none()))
    }

    /// When a file of a copy changed last.
    fn newest_file(&self, folder: &HomePath) -> Result<Option<Timestamp>> {
        let entries = self.disk.list(folder)?;
        let files = entries.iter().filter(|entry| entry.metadata.kind == FileKind::File);
        let newest = files.map(|entry| entry.metadata.modified_ns).max();
        #[expect(clippy::cast_precision_loss, reason = "a microsecond more or less is none here")]
        let time = newest.map(|nanoseconds| Timestamp::new(nanoseconds as f64 / 1e9));
        Ok(time.and_then(syft_core::Result::ok))
    }

    /// A receipt that the owner's node wrote; one that cannot be read tells nothing.
    pub(crate) fn read_receipt(&self, path: &HomePath) -> Result<Option<Receipt>> {
        match self.disk.read(path, MAX_RECEIPT_BYTES) {
            Ok(bytes) => Ok(SignedReceipt::parse(&bytes).ok().map(|signed| signed.receipt)),
            Err(error @ syft_core::Error::Io { .. }) => Err(error.into()),
            Err(_) => Ok(None),
        }
    }

    /// A file that the owner's node wrote; one that cannot be read tells nothing.
    pub(crate) fn read_shown<T: serde::de::DeserializeOwned>(
        &self,
        path: &HomePath,
    ) -> Result<Option<T>> {
        Ok(self.read_text(path)?.and_then(|text| yaml::from_str(&text).ok()))
    }

    fn read_text(&self, path: &HomePath) -> Result<Option<String>> {
        match self.disk.read(path, yaml::MAX_BYTES as u64) {
            Ok(bytes) => Ok(String::from_utf8(bytes).ok()),
            Err(error @ syft_core::Error::Io { .. }) => Err(error.into()),
            Err(_) => Ok(None),
        }
    }

    /// The files that lie in the `outputs/` of a copy.
    pub(crate) fn copied_outputs(&self, folder: &HomePath) -> Result<Vec<OutputFile>> {
        let mut files = Vec::new();
        let mut pending = vec![String::new()];
        while let Some(prefix) = pending.pop() {
            let here = if prefix.is_empty() { folder.clone() } else { folder.join(&prefix)? };
            for entry in self.disk.list(&here)? {
                let Ok(name) = entry.name else { continue };
                let path = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
                match (entry.metadata.kind, DatasitePath::parse(&path)) {
                    (FileKind::Folder, _) => pending.push(path),
                    (FileKind::File, Ok(parsed)) => {
                        let sha256 = self.hash(&folder.join(&path)?)?;
                        files.push(OutputFile { path: parsed, size: entry.metadata.size, sha256 });
                    }
                    _ => {}
                }
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }
}

/// The state that the markers show. A decision about other bytes than those that
/// lie here counts for nothing.
fn shown_status(markers: &[Marker], digest: Option<ContentHash>, cancelled: bool) -> Status {
    let is_run = |status: Status| {
        matches!(status, Status::Running | Status::Interrupted | Status::Done | Status::Failed)
    };
    if let Some(marker) = markers.iter().rev().find(|marker| is_run(marker.status)) {
        return marker.status;
    }
    if cancelled {
        return Status::Cancelled;
    }
    let decided = markers.iter().find(|marker| !is_run(marker.status));
    match decided {
        Some(marker) if digest.is_none_or(|digest| digest == marker.digest) => marker.status,
        _ => Status::Inbox,
    }
}
