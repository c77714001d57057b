//! Folders that are made in `.syft/staging/` and renamed into place.
//!
//! A stage without an intent is work that was not finished: it is thrown away.
//! The intent is written when everything is staged and only renames are left;
//! from then on an interrupted operation is settled, by undoing a creation and
//! finishing a replacement or deletion.

use serde::{Deserialize, Serialize};
use syft_core::{Access, DatasetName, Disk, Email, Entropy, HomePath, NodePaths, yaml};

use crate::{Error, Result};

/// What the names of this crate's stages start with.
const PREFIX: &str = "dataset-";
const INTENT: &str = "intent.yaml";

/// What is being moved, once only moves are left.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Intent {
    pub(crate) operation: Operation,
    pub(crate) owner: Email,
    pub(crate) name: DatasetName,
    /// The dataset's uid; empty for a copy.
    pub(crate) uid: String,
}

/// The kinds of moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Operation {
    /// `private` and `public` go to the datasite, in this order.
    Create,
    /// What stands in the datasite goes to `old`, `public` takes its place.
    Replace,
    /// What stands in the datasite goes away, the mock first.
    Delete,
}

/// One folder below `.syft/staging/`.
#[derive(Debug)]
pub(crate) struct Stage {
    folder: HomePath,
}

impl Stage {
    /// A new, empty stage.
    pub(crate) fn new(disk: &dyn Disk, entropy: &dyn Entropy) -> Result<Self> {
        let folder = NodePaths::staging().join(&format!("{PREFIX}{}", entropy.uuid()?))?;
        disk.create_dir_all(&folder, Access::OwnerOnly)?;
        Ok(Stage { folder })
    }

    /// All stages of this crate that stand on disk.
    pub(crate) fn all(disk: &dyn Disk) -> Result<Vec<Stage>> {
        let staging = NodePaths::staging();
        let mut stages = Vec::new();
        for entry in disk.list(&staging)? {
            if let Ok(name) = entry.name
                && name.starts_with(PREFIX)
            {
                stages.push(Stage { folder: staging.join(&name)? });
            }
        }
        Ok(stages)
    }

    /// The files that will be seen by readers.
    pub(crate) fn public(&self) -> Result<HomePath> {
        Ok(self.folder.join("public")?)
    }

    /// The files that stay.
    pub(crate) fn private(&self) -> Result<HomePath> {
        Ok(self.folder.join("private")?)
    }

    /// What was replaced.
    pub(crate) fn old(&self) -> Result<HomePath> {
        Ok(self.folder.join("old")?)
    }

    /// Says that everything is staged, and what remains to be moved.
    pub(crate) fn record(&self, disk: &dyn Disk, intent: &Intent) -> Result<()> {
        let text = yaml::to_string(intent)?;
        Ok(disk.write(&self.folder.join(INTENT)?, text.as_bytes(), Access::OwnerOnly)?)
    }

    /// What remained to be moved; `None` for a stage that was never complete.
    pub(crate) fn intent(&self, disk: &dyn Disk) -> Result<Option<Intent>> {
        let path = self.folder.join(INTENT)?;
        let Some(bytes) = disk.read_if_there(&path, yaml::MAX_BYTES as u64)? else {
            return Ok(None);
        };
        let damaged = |detail: String| Error::Damaged { path: path.clone(), detail };
        let text = std::str::from_utf8(&bytes).map_err(|error| damaged(error.to_string()))?;
        Ok(Some(yaml::from_str(text).map_err(|error| damaged(error.to_string()))?))
    }

    /// Throws the stage away; its intent first, so that half of it is never
    /// taken for work to be done.
    pub(crate) fn discard(&self, disk: &dyn Disk) -> Result<()> {
        disk.remove_file(&self.folder.join(INTENT)?)?;
        Ok(disk.remove_dir_all(&self.folder)?)
    }
}
