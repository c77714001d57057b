//! Hashes of a folder's files, remembered in `.syft/cache/` so that listing
//! datasets does not read them again. Deleting the cache loses nothing.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use syft_core::{Access, ContentHash, ContentHasher, HomePath, NodePaths};

use crate::files::{self, Found};
use crate::{DatasetStore, FileInfo, Result};

/// A file that changed less than this before it was hashed may change again
/// without the disk's clock showing it: what is hashed so soon is not remembered.
const SETTLED_NS: f64 = 2e9;

/// Largest cache file that is read, in bytes.
const MAX_BYTES: u64 = 64 << 20;

/// What is known of a folder's files, in the order of their paths.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Hashes {
    /// The state of the folder that this was computed for.
    stamp: ContentHash,
    /// Each file.
    pub(crate) files: Vec<FileInfo>,
    /// The hash over all names and contents, as a collection is named by it.
    pub(crate) whole: String,
}

impl DatasetStore {
    /// The hashes of the files that a walk of `folder` found.
    pub(crate) fn hashes(&self, folder: &HomePath, found: &[Found]) -> Result<Hashes> {
        let now = self.clock.now().seconds() * 1e9;
        let stamp = stamp(found);
        if let Some(known) = self.remembered(folder)
            && known.stamp == stamp
            && known.files.len() == found.len()
        {
            return Ok(known);
        }
        let hashes = self.compute(stamp, found)?;
        #[expect(clippy::cast_precision_loss, reason = "compared to seconds")]
        let newest = found.iter().map(|file| file.metadata.changed_ns as f64).fold(0.0, f64::max);
        if now - newest > SETTLED_NS {
            // It is only slower if this cannot be written.
            let _ = self.remember(folder, &hashes);
        }
        Ok(hashes)
    }

    fn compute(&self, stamp: ContentHash, found: &[Found]) -> Result<Hashes> {
        let mut whole = ContentHasher::new();
        let mut infos = Vec::with_capacity(found.len());
        for Found { path, at, .. } in found {
            whole.update(path.as_str().as_bytes());
            let (size, sha256) = files::feed(self.disk(), at, &mut whole)?;
            infos.push(FileInfo { path: path.clone(), size, sha256 });
        }
        Ok(Hashes { stamp, files: infos, whole: whole.finish().short() })
    }

    fn remembered(&self, folder: &HomePath) -> Option<Hashes> {
        let bytes = self.disk().read(&cache_file(folder).ok()?, MAX_BYTES).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    fn remember(&self, folder: &HomePath, hashes: &Hashes) -> Result<()> {
        let Ok(text) = serde_json::to_vec(hashes) else { return Ok(()) };
        Ok(self.disk().write(&cache_file(folder)?, &text, Access::OwnerOnly)?)
    }
}

fn cache_file(folder: &HomePath) -> Result<HomePath> {
    Ok(NodePaths::cache().join(&format!("datasets/{}.json", folder.as_str()))?)
}

/// What changes whenever the disk says that a file changed.
fn stamp(found: &[Found]) -> ContentHash {
    let mut text = String::new();
    for Found { path, metadata: m, .. } in found {
        // Writing to a String cannot fail; no path holds a line break.
        let _ = writeln!(text, "{} {} {} {} {path}", m.size, m.modified_ns, m.changed_ns, m.inode);
    }
    ContentHash::of(text.as_bytes())
}
