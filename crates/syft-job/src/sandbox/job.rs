use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Limits;
use crate::{Error, Result};

/// A job as its box takes it. All paths are absolute and hold no symbolic link
/// that another than the runner could have placed.
#[derive(Debug, Clone)]
pub struct BoxedJob {
    /// The working directory: a writable throw-away copy of the snapshot.
    pub work_dir: PathBuf,
    /// Files and folders of the granted datasets: read-only, with all that is in
    /// them.
    pub readable: Vec<PathBuf>,
    /// Files and folders that are readable likewise, whose files may be started as
    /// programs as well.
    pub programs: Vec<PathBuf>,
    /// Folders whose names may be listed, and those of the folders in them; no
    /// file in them may be read for that.
    pub listable: Vec<PathBuf>,
    /// A writable folder of this run alone. A box with namespaces gives the job a
    /// `/tmp` of its own in its place.
    pub tmp_dir: PathBuf,
    /// The folder whose files are collected: writable.
    pub outputs_dir: PathBuf,
    /// The program, with its absolute path, and its arguments.
    pub command: Vec<OsString>,
    /// The whole environment; nothing is inherited. A value that is `tmp_dir` is
    /// given as the folder that the job has in its place.
    pub environment: Vec<(String, String)>,
    /// What it may use.
    pub limits: Limits,
    /// What it may reach of the network.
    pub network: Network,
}

/// What a boxed process may reach of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Network {
    /// Nothing, itself included: so it is for every job.
    Closed,
    /// All that this machine reaches: for what installs packages, with no data and
    /// no job beside it.
    Open,
}

/// Makes `outputs/` and, where there is a `code/`, `code/outputs/` of a working
/// copy lead to the one folder that is collected. What the submitter sent under
/// these names is removed from the copy.
///
/// # Errors
/// [`Error::Box`] if the disk refuses.
pub fn join_outputs(work_dir: &Path, outputs_dir: &Path) -> Result<()> {
    link_folder(&work_dir.join("outputs"), outputs_dir)?;
    let code = work_dir.join("code");
    if fs::symlink_metadata(&code).is_ok_and(|found| found.is_dir()) {
        link_folder(&code.join("outputs"), outputs_dir)?;
    }
    Ok(())
}

fn link_folder(link: &Path, target: &Path) -> Result<()> {
    let failed =
        |error: io::Error| Error::Box(format!("could not link {}: {error}", link.display()));
    match fs::symlink_metadata(link) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(link).map_err(failed)?,
        Ok(_) => fs::remove_file(link).map_err(failed)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    symlink(target, link).map_err(failed)
}

#[cfg(unix)]
fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(not(unix))]
fn symlink(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}
