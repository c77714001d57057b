//! What the disk last said of each file, so that an unchanged one is not read again.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use syft_core::{
    Access, ContentHash, DatasitePath, Disk, Email, HomePath, Metadata, NodePaths, Timestamp,
};

use crate::Result;
use crate::perform::hash_of;

/// Changes with the format; an index of another version is thrown away.
const VERSION: u8 = 1;
const LIMIT: u64 = 1 << 30;
/// A file that was touched this shortly before it was hashed may be touched
/// again within the resolution of its time: it is hashed anew.
const RACY_NS: i64 = 2_000_000_000;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Known {
    size: u64,
    modified_ns: i64,
    changed_ns: i64,
    inode: u64,
    hashed_ns: i64,
    hash: [u8; 32],
}

/// A cache: without it every file is read again, and nothing is lost.
#[derive(Debug, Default)]
pub(crate) struct Index {
    known: BTreeMap<String, Known>,
    changed: bool,
}

impl Index {
    /// The index of a datasite; empty if there is none or it is damaged.
    pub(crate) fn load(disk: &Arc<dyn Disk>, owner: &Email) -> Index {
        let bytes = path(owner).ok().and_then(|path| disk.read(&path, LIMIT).ok());
        let known = bytes.and_then(|bytes| decode(&bytes)).unwrap_or_default();
        Index { known, changed: false }
    }

    /// Whether the file was there when the index was last written.
    pub(crate) fn knew(&self, path: &DatasitePath) -> bool {
        self.known.contains_key(path.as_str())
    }

    /// Whether a file is surely not the one that stood there when the index was
    /// last written.
    pub(crate) fn is_another(&self, path: &DatasitePath, now: &Metadata) -> bool {
        self.known
            .get(path.as_str())
            .is_some_and(|known| known.inode != now.inode || known.modified_ns != now.modified_ns)
    }

    /// The hash of a file; reads it only if the disk says that it changed.
    pub(crate) fn hash(
        &mut self,
        disk: &dyn Disk,
        owner: &Email,
        path: &DatasitePath,
        metadata: &Metadata,
        now: Timestamp,
    ) -> Result<Option<ContentHash>> {
        if let Some(known) = self.known.get(path.as_str())
            && known.matches(metadata)
        {
            return Ok(Some(known.hash.into()));
        }
        let Some(hash) = hash_of(disk, &HomePath::in_datasite(owner, path))? else {
            return Ok(None);
        };
        #[expect(clippy::cast_possible_truncation, reason = "nanoseconds fit i64 until 2262")]
        let hashed_ns = (now.seconds() * 1e9) as i64;
        let known = Known {
            size: metadata.size,
            modified_ns: metadata.modified_ns,
            changed_ns: metadata.changed_ns,
            inode: metadata.inode,
            hashed_ns,
            hash: *hash.as_bytes(),
        };
        self.known.insert(path.as_str().to_owned(), known);
        self.changed = true;
        Ok(Some(hash))
    }

    /// Forgets what is not among the files, and writes the index if it changed.
    pub(crate) fn save<'a>(
        &mut self,
        disk: &Arc<dyn Disk>,
        owner: &Email,
        keep: impl Fn(&str) -> bool + 'a,
    ) -> Result<()> {
        let before = self.known.len();
        self.known.retain(|path, _| keep(path));
        if self.changed || before != self.known.len() {
            disk.write(&path(owner)?, &encode(&self.known), Access::OwnerOnly)?;
            self.changed = false;
        }
        Ok(())
    }
}

impl Known {
    fn matches(&self, now: &Metadata) -> bool {
        let racy = self.modified_ns.max(self.changed_ns) >= self.hashed_ns - RACY_NS;
        !racy
            && self.size == now.size
            && self.modified_ns == now.modified_ns
            && self.changed_ns == now.changed_ns
            && self.inode == now.inode
    }
}

fn path(owner: &Email) -> Result<HomePath> {
    Ok(NodePaths::cache().join(&format!("index-{owner}.bin"))?)
}

fn encode(known: &BTreeMap<String, Known>) -> Vec<u8> {
    let body = bincode::serde::encode_to_vec(known, bincode::config::standard());
    let body = body.unwrap_or_default();
    let mut bytes = vec![VERSION];
    bytes.extend_from_slice(ContentHash::of(&body).as_bytes());
    bytes.extend_from_slice(&body);
    bytes
}

fn decode(bytes: &[u8]) -> Option<BTreeMap<String, Known>> {
    let (&version, rest) = bytes.split_first()?;
    let (checksum, body) = rest.split_at_checked(32)?;
    if version != VERSION || checksum != ContentHash::of(body).as_bytes() {
        return None;
    }
    let config = bincode::config::standard().with_limit::<{ LIMIT as usize }>();
    bincode::serde::decode_from_slice(body, config).ok().map(|(known, _)| known)
}
