use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use syft_sync::core::DatasitePath;
use syft_sync::job::Job;

use crate::errors::CliError;
use crate::exit::Exit;

/// An output that was copied out of the home.
#[derive(Debug, Serialize)]
pub(in crate::commands) struct CopiedOutput {
    pub(in crate::commands) path: DatasitePath,
    pub(in crate::commands) to: PathBuf,
}

/// Copies all outputs that this side may see into a folder; a submitter's only if
/// they are what the receipt says. What is there stays there: a file that holds
/// something else is a conflict.
pub(in crate::commands) fn copy_outputs(
    job: &Job,
    folder: &Path,
) -> Result<Vec<CopiedOutput>, CliError> {
    job.check_outputs()?;
    let is_mine = job.run().is_some();
    let mut copied = Vec::new();
    for output in job.outputs()?.into_iter().filter(|output| is_mine || output.released) {
        let to = folder.join(output.path.as_str());
        let bytes = job.output(&output.path)?;
        write_new(&to, &bytes).map_err(|error| failed(job, &to, &error))?;
        copied.push(CopiedOutput { path: output.path, to });
    }
    Ok(copied)
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let is_there = || fs::read(path).is_ok_and(|here| here == bytes);
    if is_there() {
        return Ok(());
    }
    let part = write_part(path, bytes)?;
    // Other than a rename, it takes no place that is taken.
    let done = match fs::hard_link(&part, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if is_there() {
                Ok(())
            } else {
                Err(error)
            }
        }
        // Not every file system knows links.
        Err(_) if path.symlink_metadata().is_err() => return fs::rename(&part, path),
        done => done,
    };
    fs::remove_file(&part)?;
    done
}

/// Writes a file in place of what is there; there is the one or the other, whenever this
/// ends.
pub(in crate::commands) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::rename(write_part(path, bytes)?, path)
}

/// A file beside its place: one that is there under its own name is there as a whole. Said
/// again, it takes the place of what a process that died left of it.
fn write_part(path: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let part = path.with_file_name(format!(".{name}.syft-part"));
    match fs::remove_file(&part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = fs::File::create_new(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(part)
}

fn failed(job: &Job, path: &Path, error: &io::Error) -> CliError {
    let message = format!("could not write {}: {error}", path.display());
    if error.kind() == io::ErrorKind::AlreadyExists {
        let message = format!("{} holds something else and is kept", path.display());
        return CliError::new(Exit::Conflict, "file_exists", message)
            .then(format!("syft job outputs {} -o DIR", job.id()));
    }
    CliError::new(Exit::Store, "disk", message)
}
