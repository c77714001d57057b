//! Two homes in temporary folders, a clock that stands, and a box that is none.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use syft_core::testing::{ManualClock, SeededEntropy};
use syft_core::{
    AuditLog, DatasetName, DirDisk, Email, JobName, LayoutKind, Layouts, NodePaths, Timestamp,
};
use syft_job::sandbox::{BoxReport, BoxedJob, Exit, IsolationLevel, LogSink, LogStream, Sandbox};
use syft_job::{
    ApproveOptions, Intake, JobId, JobRun, JobStore, OutputSink, Result, RunOptions, Script,
    Submission, Submitted, walk_outputs,
};

pub const OWNER: &str = "alice@hospital.org";
pub const SCIENTIST: &str = "bob@uni.edu";
pub const NOW: f64 = 1_795_000_000.0;

pub fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

pub fn name(text: &str) -> JobName {
    JobName::parse(text).unwrap()
}

pub fn dataset(text: &str) -> DatasetName {
    DatasetName::parse(text).unwrap()
}

/// One participant's home.
pub struct Home {
    pub folder: tempfile::TempDir,
    pub clock: Arc<ManualClock>,
    pub store: JobStore,
    pub layouts: Layouts,
    pub audit: Arc<Mutex<AuditLog>>,
}

impl Home {
    pub fn of(who: &str, seed: u64) -> Home {
        Home::in_layout(who, seed, LayoutKind::Native)
    }

    pub fn in_layout(who: &str, seed: u64, layout: LayoutKind) -> Home {
        let folder = scratch();
        let disk = Arc::new(DirDisk::open(folder.path()).unwrap());
        let clock = Arc::new(ManualClock::at(Timestamp::new(NOW).unwrap()));
        let audit = AuditLog::open(disk.clone(), NodePaths::audit()).unwrap();
        let audit = Arc::new(Mutex::new(audit));
        let layouts = Layouts::new(email(who), layout);
        let store = JobStore::new(
            disk,
            clock.clone(),
            Arc::new(SeededEntropy::new(seed)),
            layouts.clone(),
            email(who),
        )
        .with_audit(audit.clone());
        Home { folder, clock, store, layouts, audit }
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    pub fn write(&self, below: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub fn actions(&self) -> Vec<String> {
        self.audit.lock().unwrap().entries().unwrap().into_iter().map(|e| e.action).collect()
    }

    /// A detail of the last audit line about an action; nothing is null.
    pub fn detail(&self, action: &str, name: &str) -> serde_json::Value {
        let entries = self.audit.lock().unwrap().entries().unwrap();
        let line = entries.into_iter().rfind(|entry| entry.action == action).unwrap();
        line.details.get(name).cloned().unwrap_or_default()
    }
}

/// A temporary folder, in memory where there is one: what is tested here is not
/// how long a disk takes to sync.
pub fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// A bash text for the owner.
pub fn submission(job: &str, text: &str) -> Submission {
    let mut submission = Submission::new(email(OWNER), Script::Text(text.to_owned()));
    submission.name = Some(name(job));
    submission
}

/// An owner and a scientist.
pub struct Pair {
    pub owner: Home,
    pub scientist: Home,
    layout: LayoutKind,
}

impl Pair {
    pub fn new() -> Pair {
        Pair::in_layout(LayoutKind::Native)
    }

    /// Both homes in this layout.
    pub fn in_layout(layout: LayoutKind) -> Pair {
        let home = |who, seed| Home::in_layout(who, seed, layout);
        Pair { owner: home(OWNER, 1), scientist: home(SCIENTIST, 2), layout }
    }

    pub fn submit(&self, submission: &Submission) -> Submitted {
        let submitted = self.scientist.store.submit(submission).unwrap();
        self.deliver(submitted.name.as_str());
        submitted
    }

    /// The submission of a bash text, received by the owner.
    pub fn sent(&self, job: &str, text: &str) -> JobId {
        self.submit(&submission(job, text));
        match self.intake(job) {
            Intake::Received { id, .. } => id,
            other => panic!("not received: {other:?}"),
        }
    }

    pub fn intake(&self, job: &str) -> Intake {
        self.owner.store.intake(&email(SCIENTIST), &name(job)).unwrap()
    }

    pub fn job_folder(job: &str) -> String {
        format!("{OWNER}/jobs/{SCIENTIST}/{job}")
    }

    /// Where a job's submission lies, and what its owner shows of it.
    pub fn folders(&self, job: &str) -> (String, String) {
        let place = self.layout.layout().job(&email(SCIENTIST), &name(job));
        (format!("{OWNER}/{}", place.submission), format!("{OWNER}/{}", place.results))
    }

    /// What sync does from the scientist to the owner.
    pub fn deliver(&self, job: &str) {
        let (folder, _) = self.folders(job);
        for (path, bytes) in tree(&self.scientist.path(&folder)) {
            self.owner.write(&format!("{folder}/{path}"), bytes);
        }
        self.scientist.store.delivered(&email(OWNER), &name(job)).unwrap();
    }

    /// What sync does from the owner to the scientist.
    pub fn answer(&self, job: &str) {
        let (_, folder) = self.folders(job);
        let here = tree(&self.owner.path(&folder));
        for path in tree(&self.scientist.path(&folder)).keys() {
            if !here.contains_key(path) {
                fs::remove_file(self.scientist.path(&folder).join(path)).unwrap();
            }
        }
        for (path, bytes) in here {
            self.scientist.write(&format!("{folder}/{path}"), bytes);
        }
    }

    pub fn approve(&self, id: &JobId) {
        self.owner.store.approve(id, &ApproveOptions::default()).unwrap();
    }

    pub fn run(&self, id: &JobId) -> Result<JobRun> {
        self.owner.store.run(id, &RunOptions::default(), &Unboxed::default(), &mut quiet)
    }

    pub fn status(&self, id: &JobId) -> syft_job::Status {
        self.owner.store.received(id).unwrap().status()
    }
}

pub fn quiet(_: LogStream, _: &[u8]) {}

/// All regular files below a folder, by path.
pub fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(here) = pending.pop() {
        let Ok(entries) = fs::read_dir(&here) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else {
                let below = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                files.insert(below, fs::read(&path).unwrap());
            }
        }
    }
    files
}

/// A box that says it is one, so that the model is tested without one: runs the
/// command with the environment it is given and nothing else.
#[derive(Debug)]
pub struct Unboxed {
    pub level: IsolationLevel,
    pub jobs: Mutex<Vec<BoxedJob>>,
}

impl Default for Unboxed {
    fn default() -> Self {
        Unboxed { level: IsolationLevel::L2, jobs: Mutex::default() }
    }
}

impl Sandbox for Unboxed {
    fn level(&self) -> IsolationLevel {
        self.level
    }

    fn run(
        &self,
        job: &BoxedJob,
        log: &mut dyn LogSink,
        outputs: &mut dyn OutputSink,
    ) -> Result<BoxReport> {
        self.jobs.lock().unwrap().push(job.clone());
        let output = Command::new(&job.command[0])
            .args(&job.command[1..])
            .current_dir(&job.work_dir)
            .env_clear()
            .envs(job.environment.iter().cloned())
            .output()
            .unwrap();
        log.chunk(LogStream::Stdout, &output.stdout);
        log.chunk(LogStream::Stderr, &output.stderr);
        walk_outputs(&job.outputs_dir, &job.limits, outputs)?;
        Ok(BoxReport {
            exit: Exit::Code(output.status.code().unwrap_or(-1)),
            limits_hit: Vec::new(),
            duration: Duration::from_secs(1),
            level: self.level,
            landlock_abi: None,
            stdout_bytes: output.stdout.len() as u64,
            stderr_bytes: output.stderr.len() as u64,
        })
    }
}
