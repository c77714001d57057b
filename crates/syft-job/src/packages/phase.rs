//! One step of the first phase: an installer in a box, with the network that its
//! source needs, without data, and without anything of the owner's.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use syft_core::{Access, HomePath, NodePaths, safe_text, shorten};

use super::tool::{self, REQUIREMENTS, Tool};
use super::{PackageOptions, PackageSource};
use crate::sandbox::{BoundedLog, BoxedJob, Exit, LimitKind, Limits, LogStream, Sandbox};
use crate::{Collected, Error, JobStore, OutputsCollector, Result};

const MIB: u64 = 1024 * 1024;
/// Bytes of what an installer prints that are looked at.
const LOG_BYTES: u64 = 64 * 1024;
/// Of its complaint, the last lines and characters that are told.
const TOLD_LINES: usize = 8;
const TOLD: usize = 1_000;
/// Whom connections are trusted to, where the system says it in one file.
const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// The folders of one step, gone when this is dropped.
#[derive(Debug)]
pub(super) struct Scratch<'a> {
    store: &'a JobStore,
    folder: HomePath,
}

impl Drop for Scratch<'_> {
    fn drop(&mut self) {
        // What is left in staging harms nobody.
        let _ = self.store.disk.remove_dir_all(&self.folder);
    }
}

impl<'a> Scratch<'a> {
    pub(super) fn new(store: &'a JobStore) -> Result<Self> {
        let id = store.entropy.uuid()?;
        let folder = NodePaths::staging().join(&format!("packages-{id}"))?;
        Ok(Scratch { store, folder })
    }

    /// What a step has written lies here; the rest of it is nothing to keep.
    pub(super) fn taken(&self) -> Result<HomePath> {
        Ok(self.folder.join("taken")?)
    }

    fn place(&self, name: &str) -> Result<PathBuf> {
        let path = self.folder.join(name)?;
        self.store.disk.create_dir_all(&path, Access::OwnerOnly)?;
        Ok(self.store.disk.real_path(&path))
    }

    /// Runs an installer on these requirements. `command` gets the folder that it
    /// writes to, of which all regular files are taken to `to`.
    ///
    /// # Errors
    /// [`Error::Packages`] with what it complained about; those of the box.
    pub(super) fn run(
        &self,
        options: &PackageOptions,
        requirements: &str,
        command: impl FnOnce(&Path) -> Vec<OsString>,
        to: &HomePath,
        sandbox: &dyn Sandbox,
    ) -> Result<Collected> {
        let (work_dir, tmp_dir) = (self.place("work")?, self.place("tmp")?);
        let outputs_dir = self.place("raw")?;
        // What an installer keeps for itself counts as its work.
        let home = self.place("work/home")?;
        let disk = self.store.disk.as_ref();
        let file = self.folder.join("work")?.join(REQUIREMENTS)?;
        disk.write(&file, requirements.as_bytes(), Access::OwnerOnly)?;
        let readable = match &options.source {
            // What every box can read needs no grant, and would be refused one.
            PackageSource::Folder(folder) if !folder.starts_with("/usr") => vec![folder.clone()],
            _ => Vec::new(),
        };
        let job = BoxedJob {
            command: command(&outputs_dir),
            environment: environment(&home),
            work_dir,
            readable,
            programs: Tool::of(options).programs(),
            listable: Vec::new(),
            tmp_dir,
            outputs_dir,
            limits: limits(),
            network: tool::network(&options.source),
        };
        self.boxed(&job, to, sandbox)
    }

    fn boxed(&self, job: &BoxedJob, to: &HomePath, sandbox: &dyn Sandbox) -> Result<Collected> {
        let mut said = BoundedLog::new(LOG_BYTES);
        let mut log = |_: LogStream, bytes: &[u8]| said.push(bytes);
        let mut outputs = OutputsCollector::new(&job.limits, self.store.disk.as_ref(), to);
        let report = sandbox.run(job, &mut log, &mut outputs)?;
        if report.exit != Exit::Code(0) {
            let mut reason = format!("the installer ended with {}", report.exit);
            for hit in &report.limits_hit {
                let _ = write!(reason, "; {hit}");
            }
            return Err(Error::Packages { reason: complaint(reason, &said.into_bytes()) });
        }
        match report.limits_hit.iter().find(|hit| hit.limit == LimitKind::Outputs) {
            Some(hit) => Err(Error::Packages { reason: hit.to_string() }),
            None => Ok(outputs.finish()),
        }
    }
}

fn environment(home: &Path) -> Vec<(String, String)> {
    let home = home.to_string_lossy();
    let mut environment =
        vec![("PATH", "/usr/bin:/bin"), ("HOME", &home), ("TMPDIR", &home), ("LANG", "C.UTF-8")];
    if Path::new(CERTIFICATES).exists() {
        environment.push(("SSL_CERT_FILE", CERTIFICATES));
    }
    environment.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Packages are larger than what a job is to bring out.
fn limits() -> Limits {
    Limits {
        wall: Duration::from_secs(900),
        cpu_seconds: 900,
        scratch_bytes: 3 * 1024 * MIB,
        outputs_bytes: 1024 * MIB,
        outputs_files: 100_000,
        log_bytes: LOG_BYTES,
        ..Limits::default()
    }
}

/// The last lines that an installer printed: foreign text, made safe.
fn complaint(reason: String, said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    if said.contains("No module named pip") {
        return "pip is not there: install it (apt-get install python3-pip), or uv".to_owned();
    }
    let lines: Vec<String> =
        said.lines().map(str::trim).filter(|line| !line.is_empty()).map(safe_text).collect();
    match lines.get(lines.len().saturating_sub(TOLD_LINES)..).unwrap_or_default() {
        [] => reason,
        last => format!("{reason}: {}", shorten(&last.join(" "), TOLD)),
    }
}
