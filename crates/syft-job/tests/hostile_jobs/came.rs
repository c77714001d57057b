//! What came of a job: the one place where one is run and its outputs are taken.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use syft_core::{DirDisk, HomePath};
use syft_job::sandbox::{BoxReport, Limits, LogStream, Sandbox};
use syft_job::{Error, collect_outputs};

use crate::box_common::Run;

#[derive(Debug)]
pub(crate) struct Came {
    pub(crate) report: Result<BoxReport, Error>,
    pub(crate) took: Duration,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) outputs: Outputs,
    /// The same once more: nothing changes any more.
    pub(crate) outputs_again: Outputs,
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
    let start = Instant::now();
    let report = sandbox.run(&job, &mut log);
    let took = start.elapsed();
    let [outputs, outputs_again] = ["first", "second"].map(|name| outputs(run, limits, name));
    Came { report, took, stdout, stderr, outputs, outputs_again }
}

fn outputs(run: &Run, limits: &Limits, name: &str) -> Outputs {
    let kept = run.path("kept");
    let disk = DirDisk::open(&kept).unwrap();
    let to = HomePath::parse(name).unwrap();
    let collected = match collect_outputs(&run.path("outputs"), limits, &disk, &to) {
        Ok(collected) => collected,
        Err(error) => return Outputs { odd: vec![error.to_string()], ..Outputs::default() },
    };
    let mut outputs = Outputs { skipped: collected.skipped.len(), ..Outputs::default() };
    let root = kept.join(name);
    if root.exists() {
        walk(&root, &root, &mut outputs);
    }
    outputs.files.sort();
    outputs
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
