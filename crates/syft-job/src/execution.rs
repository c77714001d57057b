//! How the files of a job become one boxed process and its outputs: the same for
//! a run and for a rehearsal.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use syft_core::{Access, Email, HomePath};

use crate::grant::Grant;
use crate::packages::{Front, Layer, PackageNeeds, Wanted};
use crate::sandbox::{
    BoundedLog, BoxReport, BoxedJob, Limits, LogSink, LogStream, Network, Sandbox, join_outputs,
};
use crate::{Collected, Error, JobKind, JobStore, OutputsCollector, Result};

/// What one boxed process is made from.
#[derive(Debug)]
pub(crate) struct Execution {
    /// Where its scratch folders are made and its `outputs/` are collected.
    pub(crate) folder: HomePath,
    /// Whose datasite the job was sent to.
    pub(crate) owner: Email,
    /// By path below the job's folder.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    pub(crate) kind: JobKind,
    pub(crate) grants: Vec<Grant>,
    /// What it says that it needs, and what of it is installed before it starts.
    pub(crate) needs: PackageNeeds,
    pub(crate) packages: Wanted,
    pub(crate) limits: Limits,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Executed {
    pub(crate) outcome: Result<(BoxReport, Collected)>,
    /// Whether the job was begun: nothing of it was if its packages are not there.
    pub(crate) has_begun: bool,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

/// Hands on what a job prints, and keeps a bounded part of it.
struct Tee<'a> {
    onwards: &'a mut dyn LogSink,
    stdout: BoundedLog,
    stderr: BoundedLog,
}

impl LogSink for Tee<'_> {
    fn chunk(&mut self, stream: LogStream, bytes: &[u8]) {
        match stream {
            LogStream::Stdout => self.stdout.push(bytes),
            LogStream::Stderr => self.stderr.push(bytes),
        }
        self.onwards.chunk(stream, bytes);
    }
}

impl Execution {
    /// Runs the job in its box until it ends or is ended, and removes its scratch
    /// folders. What goes wrong with the box is part of what came of it.
    ///
    /// # Errors
    /// Those of the disk.
    pub(crate) fn execute(
        &self,
        store: &JobStore,
        sandbox: &dyn Sandbox,
        log: &mut dyn LogSink,
    ) -> Result<Executed> {
        let kept = self.limits.log_bytes;
        let mut tee =
            Tee { onwards: log, stdout: BoundedLog::new(kept), stderr: BoundedLog::new(kept) };
        // With the network, and before anything of the job is there.
        let layer = store.layer(&self.packages, sandbox);
        let has_begun = layer.is_ok();
        let outcome = layer.and_then(|layer| self.boxed(store, layer.as_ref(), sandbox, &mut tee));
        store.remove_scratch(&self.folder)?;
        if outcome.is_err() {
            store.remove_outputs(&self.folder)?;
        }
        let (stdout, stderr) = (tee.stdout.into_bytes(), tee.stderr.into_bytes());
        Ok(Executed { outcome, has_begun, stdout, stderr })
    }

    fn boxed(
        &self,
        store: &JobStore,
        layer: Option<&Layer>,
        sandbox: &dyn Sandbox,
        log: &mut Tee<'_>,
    ) -> Result<(BoxReport, Collected)> {
        let disk = store.disk.as_ref();
        let place = |name: &str| -> Result<PathBuf> {
            let path = self.folder.join(name)?;
            disk.create_dir_all(&path, Access::OwnerOnly)?;
            Ok(disk.real_path(&path))
        };
        let work_dir = place("work")?;
        let (tmp_dir, view, outputs_dir) = (place("tmp")?, place("box")?, place("raw")?);
        for (path, bytes) in &self.files {
            disk.write(&self.folder.join("work")?.join(path)?, bytes, Access::OwnerOnly)?;
        }
        join_outputs(&work_dir, &outputs_dir)?;
        let mut readable: Vec<PathBuf> =
            self.grants.iter().flat_map(|grant| grant.entries.clone()).collect();
        readable.push(view.clone());
        let mut environment = self.environment(&tmp_dir, &view, &outputs_dir)?;
        let mut programs = Vec::new();
        if self.kind == JobKind::Python || layer.is_some() {
            let modules = place("python")?;
            let site = layer.iter().map(|layer| layer.site.clone());
            readable.extend(site.chain([modules.clone()]));
            programs.push(self.write_python(store, layer, &modules, &mut environment)?);
        }
        let folders = self.grants.iter().filter(|grant| !grant.entries.contains(&grant.path));
        let listable = folders.map(|grant| grant.path.clone()).collect();
        let job = BoxedJob {
            environment,
            work_dir,
            readable,
            programs,
            listable,
            tmp_dir,
            outputs_dir,
            command: ["/bin/bash", "run.sh"].map(OsString::from).to_vec(),
            limits: self.limits.clone(),
            network: Network::Closed,
        };
        let to = self.folder.join("outputs")?;
        let mut outputs = OutputsCollector::new(&self.limits, disk, &to);
        let report = sandbox.run(&job, log, &mut outputs)?;
        Ok((report, outputs.finish()))
    }

    /// Writes what a Python job finds without a package, and the installers that
    /// install nothing, and leads its environment there. Returns the folder of the
    /// latter.
    fn write_python(
        &self,
        store: &JobStore,
        layer: Option<&Layer>,
        modules: &Path,
        environment: &mut Vec<(String, String)>,
    ) -> Result<PathBuf> {
        let folder = self.folder.join("python")?;
        store.write_shim(&folder)?;
        let front = Front::new(&self.needs, layer.map(|layer| &layer.lock));
        let programs = store.write_front(&folder, &front)?;
        let site = layer.map(|layer| text(&layer.site)).transpose()?;
        let modules = text(modules)?;
        let path = site.map_or(modules.clone(), |site| format!("{site}:{modules}"));
        environment.push(("PYTHONPATH".to_owned(), path));
        if let Some((_, path)) = environment.iter_mut().find(|(name, _)| name == "PATH") {
            *path = format!("{}:{path}", text(&programs)?);
        }
        Ok(programs)
    }

    /// The environment of every job; nothing of the owner's is inherited.
    /// `SYFTBOX_FOLDER` is an empty folder of this run alone: what a job may read
    /// has a variable of its own.
    fn environment(
        &self,
        tmp: &Path,
        view: &Path,
        outputs: &Path,
    ) -> Result<Vec<(String, String)>> {
        let mut environment = vec![
            ("PATH".to_owned(), "/usr/bin:/bin".to_owned()),
            ("HOME".to_owned(), text(tmp)?),
            ("TMPDIR".to_owned(), text(tmp)?),
            ("LANG".to_owned(), "C.UTF-8".to_owned()),
            ("SYFTBOX_FOLDER".to_owned(), text(view)?),
            ("SYFTBOX_EMAIL".to_owned(), self.owner.to_string()),
            ("SYFT_IS_IN_JOB".to_owned(), "true".to_owned()),
            ("SYFT_OUTPUTS".to_owned(), text(outputs)?),
        ];
        for grant in &self.grants {
            environment.push((grant.variable.clone(), text(&grant.path)?));
        }
        Ok(environment)
    }
}

impl JobStore {
    /// Removes what a run left that no record names.
    pub(crate) fn remove_outputs(&self, folder: &HomePath) -> Result<()> {
        Ok(self.disk.remove_dir_all(&folder.join("outputs")?)?)
    }

    pub(crate) fn remove_scratch(&self, folder: &HomePath) -> Result<()> {
        for scratch in ["work", "tmp", "box", "raw", "python"] {
            self.disk.remove_dir_all(&folder.join(scratch)?)?;
        }
        Ok(())
    }
}

fn text(path: &Path) -> Result<String> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        Error::Box(format!("{} is not UTF-8, as an environment must be", path.display()))
    })
}
