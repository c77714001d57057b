//! What came of a job: the one place where one is run and its outputs are taken.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use syft_core::{DirDisk, HomePath};
use syft_job::sandbox::{BoxReport, Limits, LogStream, Sandbox};
use syft_job::{Error, OutputsCollector};

use crate::box_common::Run;

/// Where outputs are taken to.
const KEPT: &str = "outputs";

#[derive(Debug)]
pub(crate) struct Came {
    pub(crate) report: Result<BoxReport, Error>,
    pub(crate) took: Duration,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) outputs: Outputs,
}

impl Came {
    pub(crate) fn got(&self) -> usize {
        String::from_utf8_lossy(&self.stdout).matches("GOT").count()
    }
}

/// What was collected, as it stands where it was collected to.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Outputs {
    pub(crate) files: Vec<(String, Vec<u8>)>,
    /// What is no regular file, or has another mode than files of the home have.
    pub(crate) odd: Vec<String>,
    /// How much was left.
    pub(crate) skipped: usize,
}

pub(crate) fn collect(sandbox: &dyn Sandbox, run: &Run, limits: &Limits, script: &str) -> Came {
    let mut job = run.job(script);
    job.limits = limits.clone();
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut log = |stream, bytes: &[u8]| match stream {
        LogStream::Stdout => stdout.extend_from_slice(bytes),
        LogStream::Stderr => stderr.extend_from_slice(bytes),
    };
    let disk = DirDisk::open(&run.path("kept")).unwrap();
    let to = HomePath::parse(KEPT).unwrap();
    let mut sink = OutputsCollector::new(limits, &disk, &to);
    let start = Instant::now();
    let report = sandbox.run(&job, &mut log, &mut sink);
    let took = start.elapsed();
    let mut outputs = Outputs { skipped: sink.finish().skipped.len(), ..Outputs::default() };
    let root = run.path("kept").join(KEPT);
    if root.exists() {
        walk(&root, &root, &mut outputs);
    }
    outputs.files.sort();
    Came { report, took, stdout, stderr, outputs }
}

fn walk(root: &Path, folder: &Path, outputs: &mut Outputs) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let found = fs::symlink_metadata(&path).unwrap();
        let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        if found.is_dir() {
            walk(root, &path, outputs);
        } else if !found.is_file() || found.permissions().mode() & 0o7777 != 0o600 {
            outputs.odd.push(name);
        } else {
            outputs.files.push((name, fs::read(&path).unwrap()));
        }
    }
}
