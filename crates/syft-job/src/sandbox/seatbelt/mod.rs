//! A box of level L1m, made by Seatbelt of macOS.
//!
//! What Seatbelt is told, the [`Seatbelt`] of a job, is made of plain functions and
//! tested on every system. What starts it compiles on macOS alone; the tests of this
//! repository have neither compiled nor run that there.

mod profile;
#[cfg(target_os = "macos")]
mod start;
#[cfg(target_os = "macos")]
mod sweep;
#[cfg(target_os = "macos")]
mod trial;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{BoxedJob, Limits, Network};
use crate::{Error, Result};

#[cfg(target_os = "macos")]
pub use start::SeatbeltSandbox;

/// The program that applies a profile and then becomes the one that it is given.
const SANDBOX_EXEC: &str = "/usr/bin/sandbox-exec";

/// What Seatbelt is told about one job: a profile that names parameters, and the
/// paths that they stand for. No path is ever part of the text, so that none can
/// change what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seatbelt {
    profile: String,
    parameters: Vec<(String, PathBuf)>,
}

impl Seatbelt {
    /// What is granted to a job, and nothing else. Seatbelt compares paths without
    /// links, so every path is looked up now.
    ///
    /// # Errors
    /// [`Error::Box`] if a path of the job is not there;
    /// [`Error::Isolation`] if one lies where every job can read.
    pub fn of(job: &BoxedJob) -> Result<Seatbelt> {
        let mut parameters = Vec::new();
        let mut named = |kind: &str, paths: &[PathBuf]| -> Result<Vec<String>> {
            paths
                .iter()
                .enumerate()
                .map(|(number, path)| {
                    let name = format!("{kind}_{number}");
                    parameters.push((name.clone(), real(path)?));
                    Ok(name)
                })
                .collect()
        };
        let one = |path: &PathBuf| std::slice::from_ref(path).to_vec();
        let granted = profile::Granted {
            readable: named("READ", &job.readable)?,
            programs: named("PROGRAM", &job.programs)?,
            listable: named("LIST", &job.listable)?,
            writable: [
                named("WORK", &one(&job.work_dir))?,
                named("TMP", &one(&job.tmp_dir))?,
                named("OUTPUTS", &one(&job.outputs_dir))?,
            ]
            .concat(),
            is_network_open: job.network == Network::Open,
        };
        Ok(Seatbelt { profile: profile::text(&granted), parameters })
    }

    /// The profile: ASCII alone, and the same for all jobs with as many grants.
    #[must_use]
    pub fn profile(&self) -> &str {
        &self.profile
    }

    /// What the parameters of the profile stand for.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &Path)> {
        self.parameters.iter().map(|(name, path)| (name.as_str(), path.as_path()))
    }

    /// The program and its arguments that start this command in the box, under the
    /// limits that the system keeps for a process: processor time, open files and
    /// the size of a file.
    ///
    /// # Errors
    /// [`Error::Box`] if the command does not begin with an absolute path, so that
    /// it might be taken for an option.
    pub fn command(&self, limits: &Limits, command: &[OsString]) -> Result<Vec<OsString>> {
        let is_program = command.first().is_some_and(|program| Path::new(program).is_absolute());
        if !is_program {
            return Err(Error::Box("the job's command is no absolute path".to_owned()));
        }
        let mut arguments = limited(limits);
        arguments.extend([SANDBOX_EXEC, "-p", &self.profile].map(OsString::from));
        for (name, path) in &self.parameters {
            let mut value = OsString::from(format!("{name}="));
            value.push(path);
            arguments.extend([OsString::from("-D"), value]);
        }
        arguments.extend_from_slice(command);
        Ok(arguments)
    }
}

/// A shell that sets limits and becomes what comes behind it. Only numbers of ours are
/// in its text; what it becomes are arguments, which no shell reads.
fn limited(limits: &Limits) -> Vec<OsString> {
    /// The unit of the shell for the size of a file.
    const BLOCK: u64 = 1024;
    let script = format!(
        "ulimit -c 0 && ulimit -t {} && ulimit -n {} && ulimit -f {} && exec \"$@\"",
        limits.cpu_seconds,
        limits.open_files,
        limits.file_bytes.div_ceil(BLOCK),
    );
    ["/bin/bash", "-c", &script, "syft-job"].map(OsString::from).to_vec()
}

fn real(path: &Path) -> Result<PathBuf> {
    let real = path
        .canonicalize()
        .map_err(|error| Error::Box(format!("could not find {}: {error}", path.display())))?;
    match profile::SYSTEM.iter().find(|folder| real.starts_with(folder)) {
        None => Ok(real),
        Some(folder) => Err(Error::Isolation {
            needed: super::IsolationLevel::L1m.to_string(),
            reason: format!("{} is below {folder}, which every job can read", path.display()),
        }),
    }
}
