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
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    match fs::File::create_new(path) {
        Ok(mut file) => file.write_all(bytes).and_then(|()| file.sync_all()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if fs::read(path).is_ok_and(|here| here == bytes) { Ok(()) } else { Err(error) }
        }
        Err(error) => Err(error),
    }
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
