use std::path::PathBuf;

use serde::Serialize;
use syft_core::{
    ContentHash, DatasetName, DatasitePath, Email, HomePath, JobName, NodePaths, Timestamp,
};
use syft_disclosure::{Checked, Finding};

use crate::policy::RuleName;
use crate::project::EARLIER;
use crate::receipt::{MAX_RECEIPT_BYTES, RECEIPT};
use crate::records::{Decision, JobRecord, Problem};
use crate::runs::{JobRun, STDERR, STDOUT};
use crate::sandbox::{IsolationLevel, LogStream};
use crate::sent::SentJob;
use crate::store::Place;
use crate::waiting::{WaitingFor, waiting_for};
use crate::{
    ApproveOptions, Error, ErrorSummary, JobId, JobStore, OutputFile, PythonState, PythonStatus,
    Rehearsal, RehearsalSummary, Release, Result, Status,
};

/// Largest log that is read back, in bytes.
const MAX_LOG_BYTES: u64 = 256 * 1024 * 1024;

/// A job as one of its two sides sees it, at the moment when it was looked up.
#[derive(Debug, Clone)]
pub struct Job {
    pub(crate) store: JobStore,
    pub(crate) id: JobId,
    pub(crate) name: JobName,
    pub(crate) submitter: Email,
    pub(crate) owner: Email,
    pub(crate) status: Status,
    pub(crate) digest: Option<ContentHash>,
    pub(crate) datasets: Vec<DatasetName>,
    pub(crate) dependencies: Vec<String>,
    pub(crate) description: Option<String>,
    pub(crate) submitted_at: Option<String>,
    /// When it was first received; on the submitter's side when it was sent.
    pub(crate) first_seen: Timestamp,
    pub(crate) side: Side,
}

/// What each side knows more.
#[derive(Debug, Clone)]
pub(crate) enum Side {
    Owner(Box<Received>),
    Submitter(Box<SentJob>),
}

#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) record: JobRecord,
    /// The last decision, if it is about the current revision.
    pub(crate) decision: Option<Decision>,
    /// Whether an earlier revision was approved.
    pub(crate) changed_after_approval: bool,
    pub(crate) run: Option<JobRun>,
    /// Why its runs cannot be read.
    pub(crate) damage: Option<String>,
}

impl Received {
    /// What the Python peer recorded of a job that had ended with it.
    fn ended_before(&self) -> Option<&PythonState> {
        self.record.ended_before().and(self.record.history.as_deref())
    }
}

/// An output with whether the submitter may have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JobOutput {
    /// Below `outputs/`.
    pub path: DatasitePath,
    /// In bytes.
    pub size: u64,
    /// Of its content.
    pub sha256: ContentHash,
    /// Whether it was released.
    pub released: bool,
}

/// One of a job's two logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobLog {
    /// The bytes that were kept; they need not be text.
    pub bytes: Vec<u8>,
}

impl JobLog {
    /// The log as text, bytes that are none replaced. It is foreign text: show it
    /// line by line through [`syft_core::safe_text`].
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

impl Job {
    /// Its id for life.
    #[must_use]
    pub fn id(&self) -> &JobId {
        &self.id
    }

    /// Its name; several submitters may use the same one.
    #[must_use]
    pub fn name(&self) -> &JobName {
        &self.name
    }

    /// Who sent it.
    #[must_use]
    pub fn submitted_by(&self) -> &Email {
        &self.submitter
    }

    /// Whose data it is for.
    #[must_use]
    pub fn owner(&self) -> &Email {
        &self.owner
    }

    /// Its state; on the submitter's side as the owner last told.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status
    }

    /// The submission digest of what it is now; `None` on the submitter's side if
    /// its copy is not complete.
    #[must_use]
    pub fn digest(&self) -> Option<ContentHash> {
        self.digest
    }

    /// The owner's datasets that it wants to read.
    #[must_use]
    pub fn datasets(&self) -> &[DatasetName] {
        &self.datasets
    }

    /// The packages that it wants.
    #[must_use]
    pub fn dependencies(&self) -> &[String] {
        &self.dependencies
    }

    /// What it is for, in the submitter's words: foreign text.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// What came of running these bytes on the mock, on this node.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn rehearsal(&self) -> Result<Option<Rehearsal>> {
        self.digest.map_or(Ok(None), |digest| self.store.rehearsal(&digest))
    }

    /// Its folder, for programs.
    #[must_use]
    pub fn location(&self) -> PathBuf {
        self.store.disk.real_path(&self.folder())
    }

    /// Its folder in the home.
    #[must_use]
    pub fn folder(&self) -> HomePath {
        self.place().submission
    }

    /// Where in my datasite the files lie that its submitter may have of the run that
    /// this speaks of; nothing for a job that I sent.
    ///
    /// # Errors
    /// Only if the place were no path, which does not happen.
    pub fn released_paths(&self) -> Result<Vec<DatasitePath>> {
        let Side::Owner(received) = &self.side else { return Ok(Vec::new()) };
        let release = received.run.as_ref().and_then(|run| run.release.as_ref());
        let Some(release) = release else { return Ok(Vec::new()) };
        let outputs =
            release.files.iter().map(|released| format!("outputs/{}", released.file.path));
        let logs = [STDOUT, STDERR].map(str::to_owned);
        let logs = logs.into_iter().filter(|_| release.logs.is_some());
        let results = self.place().results;
        let below = format!("{}/", self.owner);
        let results = results.as_str().strip_prefix(&below).unwrap_or_default();
        let paths = outputs.chain(logs);
        Ok(paths
            .map(|path| DatasitePath::parse(&format!("{results}/{path}")))
            .collect::<Result<_, _>>()?)
    }

    pub(crate) fn place(&self) -> Place {
        self.store.place(&self.owner, &self.submitter, &self.name)
    }

    /// The state in which the Python peer left a job that was sent to me, before this
    /// node took its box over. What had ended is shown as ended; an approval of that
    /// time counts for nothing here.
    #[must_use]
    pub fn pysyft_state(&self) -> Option<PythonStatus> {
        match &self.side {
            Side::Owner(received) => Some(received.record.history.as_ref()?.status),
            Side::Submitter(_) => None,
        }
    }

    /// Why it cannot be run as it is; for the submitter why its copy is no job.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        match &self.side {
            Side::Owner(received) => received.record.problem.as_ref(),
            Side::Submitter(sent) => sent.problem.as_ref(),
        }
    }

    /// Why this node's own record of its runs cannot be read.
    #[must_use]
    pub fn damage(&self) -> Option<&str> {
        match &self.side {
            Side::Owner(received) => received.damage.as_deref(),
            Side::Submitter(_) => None,
        }
    }

    /// Whether it is in the inbox because it changed after it had been approved.
    #[must_use]
    pub fn changed_after_approval(&self) -> bool {
        match &self.side {
            Side::Owner(received) => received.changed_after_approval,
            Side::Submitter(_) => false,
        }
    }

    /// The latest run; only its owner knows.
    #[must_use]
    pub fn run(&self) -> Option<&JobRun> {
        match &self.side {
            Side::Owner(received) => received.run.as_ref(),
            Side::Submitter(_) => None,
        }
    }

    /// When it was decided about, and why, if the decision still holds.
    #[must_use]
    pub fn decided(&self) -> Option<(Timestamp, Option<&str>)> {
        match &self.side {
            Side::Owner(received) => {
                let Some(decision) = &received.decision else {
                    return received.ended_before()?.decided();
                };
                Some((decision.at, decision.reason.as_deref()))
            }
            Side::Submitter(sent) => {
                let marker = sent.decision()?;
                let at = Timestamp::from_iso8601(&marker.at).unwrap_or(Timestamp::EPOCH);
                Some((at, marker.reason.as_deref()))
            }
        }
    }

    /// The rules that approved it; none if a person decided. A submitter is not told.
    #[must_use]
    pub fn rules(&self) -> &[RuleName] {
        let Side::Owner(received) = &self.side else { return &[] };
        received.decision.as_ref().map_or(&[], |decision| decision.method.rules())
    }

    /// The box that it ran in; the submitter learns it from the receipt.
    #[must_use]
    pub fn isolation(&self) -> Option<IsolationLevel> {
        match &self.side {
            Side::Owner(received) => {
                let run = received.run.as_ref()?;
                Some(run.finished.as_ref().map_or(run.started.level, |finished| finished.level))
            }
            Side::Submitter(sent) => Some(sent.receipt_in_force()?.isolation),
        }
    }

    /// Its exit code; the submitter learns it from the receipt.
    #[must_use]
    pub fn exit_code(&self) -> Option<i32> {
        match &self.side {
            Side::Owner(received) => match &received.run {
                Some(run) => run.finished.as_ref()?.exit_code(),
                None => i32::try_from(received.ended_before()?.return_code?).ok(),
            },
            Side::Submitter(sent) => sent.exit_code(),
        }
    }

    /// What its submitter is told of why it failed, whether or not the logs were
    /// released; for its owner also where the rules keep it ([`Job::failure_kept`]). Nothing in it could carry a value.
    #[must_use]
    pub fn failure(&self) -> Option<&ErrorSummary> {
        match &self.side {
            Side::Owner(received) => received.run.as_ref()?.finished.as_ref()?.failure.as_ref(),
            Side::Submitter(sent) => sent.failure(),
        }
    }

    /// Whether the rules of its datasets kept from its submitter why its latest run
    /// failed, for its owner to know: [`Job::failure`] then stays here.
    #[must_use]
    pub fn failure_kept(&self) -> bool {
        match &self.side {
            Side::Owner(received) => {
                let finished = received.run.as_ref().and_then(|run| run.finished.as_ref());
                finished.is_some_and(|finished| finished.failure_kept)
            }
            Side::Submitter(_) => false,
        }
    }

    /// What it produced: for the owner all of the latest run. For the submitter
    /// what lies in its copy; only what the receipt names, with these bytes, was
    /// released.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn outputs(&self) -> Result<Vec<JobOutput>> {
        let output = |file: &OutputFile, released: bool| JobOutput {
            path: file.path.clone(),
            size: file.size,
            sha256: file.sha256,
            released,
        };
        match &self.side {
            Side::Owner(received) => {
                let Some(run) = &received.run else {
                    let before = received.ended_before().is_some();
                    let folder = self.outputs_folder()?;
                    let files =
                        if before { self.store.copied_outputs(&folder)? } else { Vec::new() };
                    return Ok(files.iter().map(|file| output(file, false)).collect());
                };
                let files = run.finished.as_ref().map(|finished| finished.outputs.as_slice());
                let files = files.unwrap_or_default();
                Ok(files.iter().map(|file| output(file, run.is_released(file))).collect())
            }
            Side::Submitter(sent) => {
                let files = self.store.copied_outputs(&self.outputs_folder()?)?;
                Ok(files.iter().map(|file| output(file, sent.is_released(file))).collect())
            }
        }
    }

    /// What was seen in the outputs of the latest run when they were last looked at, which
    /// [`Job::check_run`] does; nothing for a submitter.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn checked(&self) -> Result<Checked> {
        let ended = self.run().filter(|run| run.finished.is_some());
        let Some(run) = ended else { return Ok(Checked::default()) };
        Ok(self.store.last_checked(&run.started.run)?.unwrap_or_default())
    }

    /// The outputs of the latest run that wait for their owner although they were to be
    /// released at once: [`JobRun::held`].
    #[must_use]
    pub fn held(&self) -> Vec<DatasitePath> {
        self.run().map(|run| run.held().into_iter().cloned().collect()).unwrap_or_default()
    }

    /// Whether this side's copy of what was released is what the receipt says;
    /// always so for the owner, who has no copy.
    ///
    /// # Errors
    /// [`Error::Altered`], which names the first file that is missing or differs;
    /// those of the disk.
    pub fn check_outputs(&self) -> Result<()> {
        let Side::Submitter(sent) = &self.side else { return Ok(()) };
        let there = self.store.copied_outputs(&self.outputs_folder()?)?;
        for released in sent.receipt.iter().flat_map(|receipt| &receipt.outputs) {
            let reason = match there.iter().find(|file| file.path == released.path) {
                Some(file) if file == released => continue,
                Some(_) => "its bytes are not those of the receipt",
                None => "it is missing",
            };
            let (job, path) = (self.id.to_string(), released.path.to_string());
            return Err(Error::Altered { job, path, reason: reason.to_owned() });
        }
        Ok(())
    }

    /// The bytes of one output.
    ///
    /// # Errors
    /// [`Error::NoOutput`]; those of the disk.
    pub fn output(&self, path: &DatasitePath) -> Result<Vec<u8>> {
        let file = self.outputs_folder()?.join(path.as_str())?;
        let size = self.outputs()?.into_iter().find(|file| &file.path == path).map(|f| f.size);
        let Some(size) = size else {
            return Err(Error::NoOutput { job: self.id.to_string(), path: path.to_string() });
        };
        Ok(self.store.disk.read(&file, size)?)
    }

    /// The folder that holds the outputs which this side may see.
    ///
    /// # Errors
    /// Only if a run's id were no path, which does not happen.
    pub fn outputs_folder(&self) -> Result<HomePath> {
        Ok(self.results_folder()?.join("outputs")?)
    }

    /// Where what came of the run lies that this speaks of.
    fn results_folder(&self) -> Result<HomePath> {
        match &self.side {
            Side::Owner(received) => match &received.run {
                Some(run) => Ok(NodePaths::run(&run.started.run)?),
                None => Ok(self.place().results),
            },
            Side::Submitter(sent) => match &sent.earlier {
                Some(run) => Ok(self.place().results.join(EARLIER)?.join(run)?),
                None => Ok(self.place().results),
            },
        }
    }

    /// The file of one of its logs, for programs; there is none before
    /// [`Job::stdout`] or [`Job::stderr`] is something.
    ///
    /// # Errors
    /// Only if a run's id were no path, which does not happen.
    pub fn log_path(&self, stream: LogStream) -> Result<PathBuf> {
        let name = match stream {
            LogStream::Stdout => STDOUT,
            LogStream::Stderr => STDERR,
        };
        Ok(self.store.disk.real_path(&self.results_folder()?.join(name)?))
    }

    /// The run that outputs and logs are of; for the submitter the latest that was
    /// answered, or the latest as long as none was.
    #[must_use]
    pub fn run_id(&self) -> Option<&str> {
        match &self.side {
            Side::Owner(received) => Some(received.run.as_ref()?.started.run.as_str()),
            Side::Submitter(sent) => Some(sent.receipt.as_ref()?.run.as_str()),
        }
    }

    /// The receipt of [`Job::run_id`] as it lies in its file: for the owner the one that
    /// names all that came out, for the submitter the one that the owner let have.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn receipt_file(&self) -> Result<Option<Vec<u8>>> {
        let path = self.results_folder()?.join(RECEIPT)?;
        Ok(self.store.disk.read_if_there(&path, MAX_RECEIPT_BYTES)?)
    }

    /// The place of [`Job::receipt_file`], for programs.
    ///
    /// # Errors
    /// Only if a run's id were no path, which does not happen.
    pub fn receipt_path(&self) -> Result<PathBuf> {
        Ok(self.store.disk.real_path(&self.results_folder()?.join(RECEIPT)?))
    }

    /// What the owner said about the latest run: for the submitter foreign text.
    #[must_use]
    pub fn comment(&self) -> Option<&str> {
        match &self.side {
            Side::Owner(received) => received.run.as_ref()?.comment(),
            Side::Submitter(sent) => sent.receipt_in_force()?.comment.as_deref(),
        }
    }

    /// Its standard output: for the owner of the latest run, as far as it has come;
    /// for the submitter if it was released.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn stdout(&self) -> Result<Option<JobLog>> {
        self.log(STDOUT)
    }

    /// Its standard error, as [`Job::stdout`].
    ///
    /// # Errors
    /// Those of the disk.
    pub fn stderr(&self) -> Result<Option<JobLog>> {
        self.log(STDERR)
    }

    fn log(&self, name: &str) -> Result<Option<JobLog>> {
        let path = self.results_folder()?.join(name)?;
        let bytes = self.store.disk.read_if_there(&path, MAX_LOG_BYTES)?;
        Ok(bytes.map(|bytes| JobLog { bytes }))
    }

    /// Whether the logs of the latest run were released.
    #[must_use]
    pub fn logs_released(&self) -> bool {
        match &self.side {
            Side::Owner(received) => received.run.as_ref().is_some_and(JobRun::logs_released),
            Side::Submitter(sent) => sent.has_logs(),
        }
    }

    /// Who must act next on it, since when, and what that person types.
    #[must_use]
    pub fn waiting_for(&self) -> Option<WaitingFor> {
        waiting_for(self)
    }

    /// [`JobStore::approve`] as it was looked up.
    ///
    /// # Errors
    /// As there, and [`Error::NotOwner`].
    pub fn approve(&self, reason: Option<&str>) -> Result<Decision> {
        self.must_own("approve")?;
        let options = ApproveOptions {
            reason: reason.map(str::to_owned),
            expected: self.digest,
            ..ApproveOptions::default()
        };
        self.store.approve(&self.id, &options)
    }

    /// [`JobStore::reject`].
    ///
    /// # Errors
    /// As there, and [`Error::NotOwner`].
    pub fn reject(&self, reason: Option<&str>) -> Result<Decision> {
        self.must_own("reject")?;
        self.store.reject(&self.id, reason)
    }

    /// [`JobStore::give_back`].
    ///
    /// # Errors
    /// As there, and [`Error::NotOwner`].
    pub fn give_back(&self, comment: &str) -> Result<Release> {
        self.must_own("return")?;
        self.store.give_back(&self.id, comment)
    }

    /// [`JobStore::cancel`].
    ///
    /// # Errors
    /// As there, and [`Error::NotSubmitter`].
    pub fn cancel(&self) -> Result<()> {
        if self.submitter != *self.store.me() {
            return Err(Error::NotSubmitter { submitter: self.submitter.clone() });
        }
        self.store.cancel(&self.owner, &self.name)
    }

    pub(crate) fn must_own(&self, action: &'static str) -> Result<()> {
        if self.owner == *self.store.me() {
            Ok(())
        } else {
            Err(Error::NotOwner { owner: self.owner.clone(), action })
        }
    }

    /// The job as a program reads it.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn summary(&self) -> Result<JobSummary> {
        let decided = self.decided();
        let checked = self.checked()?;
        Ok(JobSummary {
            id: self.id.clone(),
            name: self.name.clone(),
            submitter: self.submitter.clone(),
            owner: self.owner.clone(),
            status: self.status,
            pysyft_state: self.pysyft_state(),
            rehearsal: self.rehearsal()?.map(|rehearsal| rehearsal.summary()),
            description: self.description.clone(),
            digest: self.digest,
            datasets: self.datasets.clone(),
            dependencies: self.dependencies.clone(),
            submitted_at: self.submitted_at.clone(),
            decided_at: decided.map(|(at, _)| at.to_rfc3339()),
            reason: decided.and_then(|(_, reason)| reason.map(str::to_owned)),
            rules: self.rules().to_vec(),
            waiting_for: self.waiting_for(),
            isolation: self.isolation(),
            exit_code: self.exit_code(),
            failure: self.failure().cloned(),
            failure_kept: self.failure_kept(),
            comment: self.comment().map(str::to_owned),
            outputs: self.outputs()?,
            findings: checked.findings,
            not_compared: checked.not_compared,
            held: self.held(),
            logs_released: self.logs_released(),
        })
    }
}

/// A job as programs read it; fields are only ever added.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JobSummary {
    /// Its id for life.
    pub id: JobId,
    /// Its name.
    pub name: JobName,
    /// Who sent it.
    pub submitter: Email,
    /// Whose data it is for.
    pub owner: Email,
    /// Its state.
    pub status: Status,
    /// The state in which the Python peer left it: [`Job::pysyft_state`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pysyft_state: Option<PythonStatus>,
    /// What came of running it on the mock, on this node.
    pub rehearsal: Option<RehearsalSummary>,
    /// What it is for: foreign text.
    pub description: Option<String>,
    /// The submission digest of what it is now.
    pub digest: Option<ContentHash>,
    /// The datasets that it wants to read.
    pub datasets: Vec<DatasetName>,
    /// The packages that it wants.
    pub dependencies: Vec<String>,
    /// When it was sent, in the submitter's words.
    pub submitted_at: Option<String>,
    /// When it was decided about, RFC 3339.
    pub decided_at: Option<String>,
    /// Why, in the owner's words.
    pub reason: Option<String>,
    /// The owner's rules that approved it, if it was not a person.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleName>,
    /// Who must act next.
    pub waiting_for: Option<WaitingFor>,
    /// The box that it ran in.
    pub isolation: Option<IsolationLevel>,
    /// Its exit code.
    pub exit_code: Option<i32>,
    /// What its submitter is told of why it failed.
    pub failure: Option<ErrorSummary>,
    /// Whether the rules of its datasets keep that from its submitter; for their owner.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub failure_kept: bool,
    /// What the owner said about its latest run: foreign text.
    pub comment: Option<String>,
    /// What it produced, as far as this side may see it.
    pub outputs: Vec<JobOutput>,
    /// What was seen in them that may disclose private data; for their owner.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// With what they could not be compared, and why: sentences that are safe to show.
    pub not_compared: Vec<String>,
    /// The outputs that are held because of it; for their owner.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<DatasitePath>,
    /// Whether its logs were released.
    pub logs_released: bool,
}
