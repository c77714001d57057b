//! What a job produced: found in its box, handed on file by file, and kept in the
//! home of the owner.

mod collector;
#[cfg(unix)]
mod walk;

use std::io::Read;

use serde::{Deserialize, Serialize};
use syft_core::{ContentHash, DatasitePath};

use crate::Result;

pub use collector::OutputsCollector;
#[cfg(unix)]
pub use walk::walk_outputs;

/// Outputs are handed on by handle, which only Unix has in this form.
///
/// # Errors
/// Always.
#[cfg(not(unix))]
pub fn walk_outputs(
    _: &std::path::Path,
    _: &crate::sandbox::Limits,
    _: &mut dyn OutputSink,
) -> Result<bool> {
    Err(crate::Error::Box("outputs can be collected on Unix only".to_owned()))
}

/// One file that a job produced and that was collected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputFile {
    /// Where it stood below the outputs folder, and where its copy stands below
    /// the folder it was collected into.
    pub path: DatasitePath,
    /// Bytes.
    pub size: u64,
    /// The hash of its bytes.
    pub sha256: ContentHash,
}

/// Something in the outputs folder that was left where it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedOutput {
    /// Its path below the outputs folder, made safe to show.
    pub path: String,
    /// Why it was not collected.
    pub reason: String,
}

/// What was found in an outputs folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collected {
    /// The files that were copied, in code-point order of their paths.
    pub files: Vec<OutputFile>,
    /// What was left, the first thousand.
    pub skipped: Vec<SkippedOutput>,
}

/// Takes what a job produced, after all its processes are dead.
pub trait OutputSink {
    /// Takes one file. What of it is not read is lost.
    ///
    /// # Errors
    /// Those of whoever takes it; then nothing more comes.
    fn file(&mut self, path: DatasitePath, body: &mut dyn Read) -> Result<()>;

    /// Is told of what was left where it was.
    ///
    /// # Errors
    /// As for a file.
    fn skipped(&mut self, skipped: SkippedOutput) -> Result<()>;
}

/// For what produces nothing that is of interest.
#[derive(Debug, Clone, Copy)]
pub struct NoOutputs;

impl OutputSink for NoOutputs {
    fn file(&mut self, _: DatasitePath, _: &mut dyn Read) -> Result<()> {
        Ok(())
    }

    fn skipped(&mut self, _: SkippedOutput) -> Result<()> {
        Ok(())
    }
}
