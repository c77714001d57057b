use serde::{Deserialize, Serialize};
use syft_core::ContentHash;

use crate::records::SCHEMA;
use crate::{Error, JobId, JobStore, Result};

/// What its owner saw last of a job: `.syft/jobs/<id>.shown`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Version of this record.
    pub schema: u32,
    /// The submission digest of the bytes that were shown as a whole.
    #[serde(default)]
    pub digest: Option<ContentHash>,
    /// The run whose outputs were listed.
    #[serde(default)]
    pub run: Option<String>,
}

impl JobStore {
    /// Remembers that the owner has seen all of these bytes of a job: an approval
    /// that names none is of what was seen (`threats.md` R1).
    ///
    /// # Errors
    /// Those of the disk.
    pub fn note_shown(&self, id: &JobId, digest: &ContentHash) -> Result<()> {
        self.note(id, |shown| shown.digest = Some(*digest))
    }

    /// Remembers that the owner has seen what this run produced: a release that
    /// names no run is of that one.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn note_shown_run(&self, id: &JobId, run: &str) -> Result<()> {
        self.note(id, |shown| shown.run = Some(run.to_owned()))
    }

    /// What the owner saw last of a job; nothing, if that cannot be read.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn shown(&self, id: &JobId) -> Result<Shown> {
        match self.read_json(&self.shown_path(id)?) {
            Err(Error::Core(syft_core::Error::Corrupt { .. })) => Ok(Shown::default()),
            shown => Ok(shown?.unwrap_or_default()),
        }
    }

    fn note(&self, id: &JobId, change: impl FnOnce(&mut Shown)) -> Result<()> {
        let before = self.shown(id)?;
        let mut shown = Shown { schema: SCHEMA, ..before.clone() };
        change(&mut shown);
        if shown == before {
            return Ok(());
        }
        self.write_json(&self.shown_path(id)?, &shown)
    }
}
