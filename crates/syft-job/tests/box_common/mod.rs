//! A box around a bash script, for the tests of this folder.
#![allow(dead_code, reason = "each test binary uses its part")]

pub(crate) mod user;

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use syft_job::sandbox::{BoxReport, BoxedJob, Limits, LogStream, Sandbox, WardenSandbox};
use tempfile::TempDir;

/// A run's folders, and a home beside them that the job has no business with.
pub(crate) struct Run {
    root: TempDir,
    pub(crate) limits: Limits,
    pub(crate) readable: Vec<PathBuf>,
    pub(crate) environment: Vec<(String, String)>,
}

pub(crate) struct Ran {
    pub(crate) report: BoxReport,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

impl Ran {
    pub(crate) fn out(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    pub(crate) fn err(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }
}

pub(crate) fn boxed() -> WardenSandbox {
    WardenSandbox::new(user::warden(), Vec::new())
}

pub(crate) fn unboxed() -> WardenSandbox {
    boxed().without_box()
}

impl Run {
    pub(crate) fn new() -> Self {
        Run::below(&std::env::temp_dir())
    }

    pub(crate) fn below(folder: &Path) -> Self {
        let root = tempfile::Builder::new().prefix("box").tempdir_in(folder).unwrap();
        for folder in ["work", "tmp", "outputs", "granted", "home"] {
            fs::create_dir(root.path().join(folder)).unwrap();
        }
        fs::write(root.path().join("granted/data.csv"), "granted rows\n").unwrap();
        fs::write(root.path().join("home/secret"), "the secret\n").unwrap();
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let limits = Limits { wall: Duration::from_secs(20), ..Limits::default() };
        let readable = vec![root.path().join("granted")];
        let environment = vec![("PATH".to_owned(), "/usr/bin:/bin".to_owned())];
        Run { root, limits, readable, environment }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    pub(crate) fn job(&self, script: &str) -> BoxedJob {
        fs::write(self.path("work/run.sh"), script).unwrap();
        BoxedJob {
            work_dir: self.path("work"),
            readable: self.readable.clone(),
            listable: Vec::new(),
            tmp_dir: self.path("tmp"),
            outputs_dir: self.path("outputs"),
            command: ["/bin/bash", "run.sh"].map(OsString::from).to_vec(),
            environment: self.environment.clone(),
            limits: self.limits.clone(),
        }
    }

    pub(crate) fn run(&self, sandbox: &dyn Sandbox, script: &str) -> Ran {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let mut log = |stream, bytes: &[u8]| match stream {
            LogStream::Stdout => stdout.extend_from_slice(bytes),
            LogStream::Stderr => stderr.extend_from_slice(bytes),
        };
        let report = sandbox.run(&self.job(script), &mut log).unwrap();
        Ran { report, stdout, stderr }
    }
}
