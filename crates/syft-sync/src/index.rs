//! What the disk last said of each file, so that an unchanged one is not read again.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use syft_core::{
    Access, ContentHash, DatasitePath, Disk, Email, HomePath, Metadata, NodePaths, Timestamp,
};

use crate::Result;

/// Changes with the format; an index of another version is thrown away.
const VERSION: u8 = 3;
const LIMIT: u64 = 1 << 30;
/// A file that was touched this shortly before it was hashed may be touched
/// again within the resolution of its time: it is hashed anew.
const RACY_NS: i64 = 2_000_000_000;

/// A file as the disk described it when it was read.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Known {
    size: u64,
    modified_ns: i64,
    changed_ns: i64,
    inode: u64,
    hashed_ns: i64,
    hash: [u8; 32],
}

/// A permission file with what was read in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct KnownRules {
    known: Known,
    text: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Saved {
    files: BTreeMap<String, Known>,
    rules: BTreeMap<String, KnownRules>,
}

/// A cache: without it every file is read again, and nothing is lost.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// As it was written last.
    saved: Saved,
    /// Whether `saved` is no longer what was written.
    changed: bool,
}

impl Index {
    /// The index of a datasite; empty if there is none or it is damaged.
    pub(crate) fn load(disk: &Arc<dyn Disk>, owner: &Email) -> Index {
        let bytes = path(owner).ok().and_then(|path| disk.read(&path, LIMIT).ok());
        let saved = bytes.and_then(|bytes| decode(&bytes)).unwrap_or_default();
        Index { saved, changed: false }
    }

    /// Whether the file was there in an earlier pass.
    pub(crate) fn knew(&self, path: &DatasitePath) -> bool {
        self.saved.files.contains_key(path.as_str())
    }

    /// Whether a file is surely not the one that stood there when it was read last.
    pub(crate) fn is_another(&self, path: &DatasitePath, now: &Metadata) -> bool {
        self.saved
            .files
            .get(path.as_str())
            .is_some_and(|known| known.inode != now.inode || known.modified_ns != now.modified_ns)
    }

    /// Whether there is an index that cannot be read.
    pub(crate) fn is_damaged(disk: &Arc<dyn Disk>, owner: &Email) -> Result<bool> {
        let bytes = disk.read_if_there(&path(owner)?, LIMIT)?;
        Ok(bytes.is_some_and(|bytes| decode(&bytes).is_none()))
    }

    /// Throws the index of a datasite away.
    pub(crate) fn remove(disk: &Arc<dyn Disk>, owner: &Email) -> Result<()> {
        Ok(disk.remove_file(&path(owner)?)?)
    }

    /// Forgets files that are there, so that they are read again, and writes the
    /// index.
    pub(crate) fn doubt(
        &mut self,
        disk: &Arc<dyn Disk>,
        owner: &Email,
        files: &[DatasitePath],
    ) -> Result<()> {
        for file in files {
            self.saved.files.remove(file.as_str());
            self.saved.rules.remove(file.as_str());
        }
        Ok(disk.write(&path(owner)?, &encode(&self.saved), Access::OwnerOnly)?)
    }

    /// The hash of a file, unless the disk says that it changed.
    pub(crate) fn hash(&self, path: &DatasitePath, now: &Metadata) -> Option<ContentHash> {
        let known = self.saved.files.get(path.as_str())?;
        known.matches(now).then(|| known.hash.into())
    }

    /// Remembers the hash of a file that was just read.
    pub(crate) fn note(
        &mut self,
        path: &DatasitePath,
        metadata: &Metadata,
        now: Timestamp,
        hash: ContentHash,
    ) {
        let known = Known::new(metadata, now, hash);
        self.saved.files.insert(path.as_str().to_owned(), known);
        self.changed = true;
    }

    /// What is written in a permission file, unless the disk says that it changed.
    pub(crate) fn rules(&self, path: &DatasitePath, now: &Metadata) -> Option<&str> {
        let rules = self.saved.rules.get(path.as_str())?;
        rules.known.matches(now).then_some(rules.text.as_str())
    }

    /// Remembers what is written in a permission file that was just read.
    pub(crate) fn note_rules(
        &mut self,
        path: &DatasitePath,
        metadata: &Metadata,
        now: Timestamp,
        text: String,
    ) {
        let hash = ContentHash::of(text.as_bytes());
        let rules = KnownRules { known: Known::new(metadata, now, hash), text };
        self.saved.rules.insert(path.as_str().to_owned(), rules);
        self.changed = true;
    }

    /// Forgets what is not among these files, and writes the index if it changed.
    pub(crate) fn save(
        &mut self,
        disk: &Arc<dyn Disk>,
        owner: &Email,
        files: &BTreeMap<DatasitePath, Metadata>,
        permission_files: &BTreeMap<DatasitePath, Metadata>,
    ) -> Result<()> {
        self.changed |= retain(&mut self.saved.files, files);
        self.changed |= retain(&mut self.saved.rules, permission_files);
        if self.changed {
            disk.write(&path(owner)?, &encode(&self.saved), Access::OwnerOnly)?;
        }
        self.changed = false;
        Ok(())
    }
}

/// Drops the entries of files that are gone. Both are in the order of the paths.
fn retain<T>(known: &mut BTreeMap<String, T>, here: &BTreeMap<DatasitePath, Metadata>) -> bool {
    let before = known.len();
    let mut here = here.keys().peekable();
    known.retain(|path, _| {
        while here.next_if(|file| file.as_str() < path.as_str()).is_some() {}
        here.peek().is_some_and(|file| file.as_str() == path)
    });
    before != known.len()
}

impl Known {
    fn new(metadata: &Metadata, now: Timestamp, hash: ContentHash) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "nanoseconds fit i64 until 2262")]
        let hashed_ns = (now.seconds() * 1e9) as i64;
        Known {
            size: metadata.size,
            modified_ns: metadata.modified_ns,
            changed_ns: metadata.changed_ns,
            inode: metadata.inode,
            hashed_ns,
            hash: *hash.as_bytes(),
        }
    }

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

fn encode(saved: &Saved) -> Vec<u8> {
    let body = bincode::serde::encode_to_vec(saved, bincode::config::standard());
    let body = body.unwrap_or_default();
    let mut bytes = vec![VERSION];
    bytes.extend_from_slice(ContentHash::of(&body).as_bytes());
    bytes.extend_from_slice(&body);
    bytes
}

fn decode(bytes: &[u8]) -> Option<Saved> {
    let (&version, rest) = bytes.split_first()?;
    let (checksum, body) = rest.split_at_checked(32)?;
    if version != VERSION || checksum != ContentHash::of(body).as_bytes() {
        return None;
    }
    let config = bincode::config::standard().with_limit::<{ LIMIT as usize }>();
    bincode::serde::decode_from_slice(body, config).ok().map(|(saved, _)| saved)
}
