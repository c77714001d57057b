//! Whether anything that is backed up changed since the backup was made, without
//! reading it. A cache: deleting it loses nothing.

use serde::{Deserialize, Serialize};
use syft_core::{Access, ContentHash, Disk, HomePath, NodePaths, canonical_json};
use syft_job::JobStore;

use super::{Body, permission_file};
use crate::Result;
use crate::node::Pass;

/// Never larger, in bytes.
const LIMIT: u64 = 4_096;

/// What the backup in the store was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct BackedUp {
    backup: Option<ContentHash>,
    outline: ContentHash,
    jobs: ContentHash,
}

impl BackedUp {
    /// As it was noted last.
    pub(super) fn load(disk: &dyn Disk) -> Option<Self> {
        let bytes = disk.read(&path().ok()?, LIMIT).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// As it is; `None` if that cannot be told without reading it.
    pub(super) fn now(pass: &Pass<'_>, outline: &Body, jobs: &JobStore) -> Result<Option<Self>> {
        let Some(jobs) = jobs.recorded()? else { return Ok(None) };
        let mut files = Vec::new();
        for name in outline.datasets.keys() {
            let file = pass.node.disk.metadata(&permission_file(pass, name)?)?;
            files.push(file.map(|file| (file.size, file.modified_ns, file.inode)));
        }
        let outline =
            ContentHash::of(&canonical_json(&serde_json::json!((outline.content()?.1, files)))?);
        Ok(Some(BackedUp { backup: pass.ledger.state().backup, outline, jobs }))
    }

    /// Notes that the backup is of this.
    pub(super) fn save(disk: &dyn Disk, seen: Option<Self>) -> Result<()> {
        let Some(seen) = seen else { return Ok(()) };
        let bytes = serde_json::to_vec(&seen).unwrap_or_default();
        Ok(disk.write(&path()?, &bytes, Access::OwnerOnly)?)
    }
}

fn path() -> Result<HomePath> {
    Ok(NodePaths::cache().join("backup.json")?)
}
