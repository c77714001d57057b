//! Wheels that a test makes, an index that serves them on loopback, and jobs that
//! need them.

mod index;
pub(crate) mod uv;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use syft_core::DatasitePath;
use syft_job::sandbox::{BoxReport, BoxedJob, IsolationLevel, LogSink, Sandbox};
use syft_job::{
    ApproveOptions, Error, Intake, JobId, JobKind, JobRun, OutputSink, PackageOptions,
    PackageSource, Result, RunOptions, Script, Submission,
};

use crate::common::{Home, OWNER, Pair, dataset, email, name, quiet};
pub(crate) use index::Index;

const WRITE_WHEEL: &str = "\
import base64, hashlib, json, sys, zipfile
spec = json.loads(sys.argv[1])
stem = '%s-%s' % (spec['name'], spec['version'])
info = stem + '.dist-info/'
files = dict(spec['files'])
files[info + 'METADATA'] = 'Metadata-Version: 2.1\\nName: %s\\nVersion: %s\\n' % (
    spec['name'], spec['version']) + ''.join('Requires-Dist: %s\\n' % r for r in spec['requires'])
files[info + 'WHEEL'] = 'Wheel-Version: 1.0\\nGenerator: a test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n'
record = ''
for path, text in files.items():
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()
    record += '%s,sha256=%s,%d\\n' % (path, digest, len(text.encode()))
files[info + 'RECORD'] = record + info + 'RECORD,,\\n'
with zipfile.ZipFile('%s/%s-py3-none-any.whl' % (spec['folder'], stem), 'w') as wheel:
    for path, text in files.items():
        wheel.writestr(zipfile.ZipInfo(path), text)
";

/// Writes a wheel of pure Python.
pub(crate) fn wheel(
    folder: &Path,
    name: &str,
    version: &str,
    files: &[(&str, &str)],
    requires: &[&str],
) {
    let files: std::collections::BTreeMap<_, _> = files.iter().copied().collect();
    let spec = serde_json::json!({
        "folder": folder, "name": name, "version": version, "files": files, "requires": requires,
    });
    let mut python = Command::new("/usr/bin/python3");
    assert!(python.args(["-c", WRITE_WHEEL]).arg(spec.to_string()).status().unwrap().success());
}

/// `tiny`, which says 42 and needs `base` for it.
pub(crate) fn wheels(folder: &Path) {
    wheel(
        folder,
        "tiny",
        "1.2",
        &[("tiny.py", "import base\nANSWER = 41 + base.ONE\n")],
        &["base>=1"],
    );
    wheel(folder, "base", "1.0", &[("base.py", "ONE = 1\n")], &[]);
}

/// An owner with a dataset, a scientist, and an index that both use.
pub(crate) struct Packages {
    pub(crate) pair: Pair,
    pub(crate) index: Index,
}

impl Packages {
    /// Installed by pip.
    pub(crate) fn new() -> Packages {
        Packages::by(None)
    }

    pub(crate) fn by(uv: Option<PathBuf>) -> Packages {
        let mut pair = Pair::new();
        let index = Index::new();
        wheels(index.folder());
        let options = PackageOptions { index: Some(index.url()), uv, ..PackageOptions::default() };
        for home in [&mut pair.owner, &mut pair.scientist] {
            configure(home, options.clone());
        }
        let private = format!("{OWNER}/private/datasets/census");
        pair.owner.write(&format!("{private}/census.csv"), "real\n");
        for home in [&pair.owner, &pair.scientist] {
            home.write(&format!("{OWNER}/public/datasets/census/mock.csv"), "mock\n");
        }
        Packages { pair, index }
    }

    /// A Python job of this text that names packages.
    pub(crate) fn submission(&self, job: &str, script: &str, packages: &[&str]) -> Submission {
        let mut submission = Submission::new(email(OWNER), Script::Text(script.to_owned()));
        submission.kind = Some(JobKind::Python);
        submission.name = Some(name(job));
        submission.datasets = vec![dataset("census")];
        submission.dependencies = packages.iter().map(|text| (*text).to_owned()).collect();
        submission
    }

    pub(crate) fn sent(&self, job: &str, script: &str, packages: &[&str]) -> JobId {
        self.pair.submit(&self.submission(job, script, packages));
        self.received(job)
    }

    pub(crate) fn received(&self, job: &str) -> JobId {
        match self.pair.intake(job) {
            Intake::Received { id, .. } => id,
            other => panic!("not received: {other:?}"),
        }
    }

    /// A job as the Python client writes it, below its own `run.sh`.
    pub(crate) fn of_python_client(&self, job: &str, script: &str) -> JobId {
        let folder = Pair::job_folder(job);
        let packages = ["git+https://example.org/PySyft@abc", "tiny"];
        let config = format!(
            "name: {job}\ntype: python\nentrypoint: main.py\ndependencies: {packages:?}\n\
             datasets:\n  {OWNER}: [census]\nfiles: [main.py, pyproject.toml]\n"
        );
        let project = "[project]\nname = 'job'\nversion = '1'\ndependencies = ['base>=1']\n";
        self.pair.owner.write(&format!("{folder}/code/main.py"), script);
        self.pair.owner.write(&format!("{folder}/code/pyproject.toml"), project);
        let run_sh = "#!/bin/bash\nset -euo pipefail\nexport UV_SYSTEM_PYTHON=false\ncd code\n\
                      uv venv --python 3.12\nsource .venv/bin/activate\nuv sync --python 3.12\n\
                      uv pip install \"git+https://example.org/PySyft@abc\" \"tiny\"\n\
                      export PYTHONPATH=.:${PYTHONPATH:-}\npython main.py\n";
        self.pair.owner.write(&format!("{folder}/run.sh"), run_sh);
        self.pair.owner.write(&format!("{folder}/config.yaml"), config);
        self.received(job)
    }

    /// Resolves, approves and runs.
    pub(crate) fn run(&self, id: &JobId, sandbox: &dyn Sandbox) -> Result<JobRun> {
        self.approve(id, sandbox)?;
        self.run_approved(id, sandbox)
    }

    pub(crate) fn approve(&self, id: &JobId, sandbox: &dyn Sandbox) -> Result<()> {
        let store = &self.pair.owner.store;
        store.resolve_packages(id, sandbox)?;
        store.approve(id, &ApproveOptions::default()).map(drop)
    }

    pub(crate) fn run_approved(&self, id: &JobId, sandbox: &dyn Sandbox) -> Result<JobRun> {
        self.pair.owner.store.run(id, &RunOptions::default(), sandbox, &mut quiet)
    }

    /// Runs it to a good end, and what it leaves as `answer.txt`.
    pub(crate) fn answer(&self, id: &JobId, sandbox: &dyn Sandbox) -> String {
        let run = self.run(id, sandbox).unwrap();
        assert!(run.finished.unwrap().is_success(), "{}", self.errors(id));
        self.output(id)
    }

    pub(crate) fn output(&self, id: &JobId) -> String {
        let job = self.pair.owner.store.received(id).unwrap();
        let answer = job.output(&DatasitePath::parse("answer.txt").unwrap());
        String::from_utf8(answer.unwrap()).unwrap()
    }

    pub(crate) fn errors(&self, id: &JobId) -> String {
        let job = self.pair.owner.store.received(id).unwrap();
        job.stderr().unwrap().unwrap().text().to_string()
    }

    /// The layers of the owner's node.
    pub(crate) fn layers(&self) -> Vec<String> {
        let folder = self.pair.owner.path(".syft/cache/packages");
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let names = entries.map(|entry| entry.file_name().into_string().unwrap());
        names.filter(|name| name != "resolved").collect()
    }
}

pub(crate) fn configure(home: &mut Home, options: PackageOptions) {
    home.store = home.store.clone().with_packages(options);
}

pub(crate) fn from_folder(folder: &Path, uv: Option<PathBuf>) -> PackageOptions {
    PackageOptions { source: PackageSource::Folder(folder.to_owned()), index: None, uv }
}

pub(crate) fn reason(error: &Error) -> &str {
    match error {
        Error::Packages { reason } => reason,
        other => panic!("{other}"),
    }
}

/// Says what `tiny` says of the private data.
pub(crate) const ASKS: &str = "\
import os, tiny
with open('outputs/answer.txt', 'w') as out:
    print(tiny.ANSWER, open(os.environ['SYFT_DATASET_CENSUS']).read().strip(), file=out)
";

/// A box that remembers what it ran.
#[derive(Debug)]
pub(crate) struct Recorded<S> {
    pub(crate) inner: S,
    pub(crate) jobs: Mutex<Vec<BoxedJob>>,
}

impl<S: Sandbox> Recorded<S> {
    pub(crate) fn new(inner: S) -> Self {
        Recorded { inner, jobs: Mutex::default() }
    }
}

impl<S: Sandbox> Sandbox for Recorded<S> {
    fn level(&self) -> IsolationLevel {
        self.inner.level()
    }

    fn run(
        &self,
        job: &BoxedJob,
        log: &mut dyn LogSink,
        outputs: &mut dyn OutputSink,
    ) -> Result<BoxReport> {
        self.jobs.lock().unwrap().push(job.clone());
        self.inner.run(job, log, outputs)
    }
}

/// A program of this text.
pub(crate) fn program(path: &Path, text: &str) -> PathBuf {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    path.to_owned()
}
