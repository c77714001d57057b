//! The files and folders that some accounts see.

use std::collections::BTreeMap;
use std::ops::Bound;

use bytes::Bytes;
use syft_loopback::Millis;

use crate::hash::content_hash;
use crate::path::Path;

/// A file or a folder.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// `id:…`.
    pub(crate) id: String,
    pub(crate) path: Path,
    /// None is a folder.
    pub(crate) file: Option<File>,
}

/// What only a file has.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) bytes: Bytes,
    pub(crate) hash: String,
    pub(crate) rev: String,
    pub(crate) client_modified: Millis,
    pub(crate) server_modified: Millis,
}

impl File {
    pub(crate) fn new(bytes: Bytes, rev: String, told: Option<Millis>, now: Millis) -> Self {
        let hash = content_hash(&bytes);
        let client_modified = told.unwrap_or(now);
        File { bytes, hash, rev, client_modified, server_modified: now }
    }
}

/// All files and folders below one root.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    /// By their path in lower case.
    nodes: BTreeMap<String, Node>,
    /// When a path changed last, also of what is there no more.
    changes: BTreeMap<String, (u64, Path)>,
    step: u64,
    /// How many bytes may be kept.
    pub(crate) space: Option<usize>,
}

impl Tree {
    pub(crate) fn step(&self) -> u64 {
        self.step
    }

    pub(crate) fn get(&self, path: &Path) -> Option<&Node> {
        self.nodes.get(&path.lower)
    }

    pub(crate) fn by_id(&self, id: &str) -> Option<&Node> {
        self.nodes.values().find(|node| node.id == id)
    }

    pub(crate) fn by_rev(&self, rev: &str) -> Option<&Node> {
        let of = |node: &&Node| node.file.as_ref().is_some_and(|file| file.rev == rev);
        self.nodes.values().find(of)
    }

    /// Everything, in the order of the paths.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Node> {
        self.nodes.values()
    }

    /// What lies in a folder, or also in the folders in it.
    pub(crate) fn below(&self, folder: &Path, recursive: bool) -> Vec<&Node> {
        let start = format!("{}/", folder.lower);
        let from = (Bound::Included(start.clone()), Bound::Unbounded);
        let within = self.nodes.range(from).take_while(|(path, _)| path.starts_with(&start));
        let direct = |path: &str| !path.get(start.len()..).unwrap_or_default().contains('/');
        within.filter(|(path, _)| recursive || direct(path)).map(|(_, node)| node).collect()
    }

    /// What changed after a step, in the order in which it did: what is there now, or
    /// the path where nothing is any more.
    pub(crate) fn changes_after(&self, step: u64) -> Vec<(&Path, Option<&Node>)> {
        let mut changes: Vec<&(u64, Path)> =
            self.changes.values().filter(|(changed, _)| *changed > step).collect();
        changes.sort_by_key(|(changed, _)| *changed);
        changes.into_iter().map(|(_, path)| (path, self.get(path))).collect()
    }

    /// The path that was deleted, if something was there and is no more.
    pub(crate) fn deleted(&self, path: &Path) -> Option<&Path> {
        let (_, was) = self.changes.get(&path.lower)?;
        self.get(path).is_none().then_some(was)
    }

    /// How many bytes are kept.
    pub(crate) fn used(&self) -> usize {
        self.nodes.values().filter_map(|node| node.file.as_ref()).map(|file| file.bytes.len()).sum()
    }

    /// The same path with the folders above spelled as they are.
    pub(crate) fn spelled(&self, path: &Path) -> Path {
        let known = path.above().into_iter().rev().find_map(|folder| {
            let node = self.get(&folder)?;
            Some(path.moved(&folder, &node.path))
        });
        known.unwrap_or_else(|| path.clone())
    }

    /// Puts it at its path, in place of what is there.
    pub(crate) fn put(&mut self, node: Node) {
        self.changed(&node.path);
        self.nodes.insert(node.path.lower.clone(), node);
    }

    /// Takes away what is there, with all that lies below; gives it back in this order.
    pub(crate) fn take(&mut self, path: &Path) -> Vec<Node> {
        let mut gone: Vec<Path> = vec![path.clone()];
        gone.extend(self.below(path, true).into_iter().map(|node| node.path.clone()));
        let mut taken = Vec::new();
        for path in gone {
            if let Some(node) = self.nodes.remove(&path.lower) {
                self.changed(&node.path);
                taken.push(node);
            }
        }
        taken
    }

    fn changed(&mut self, path: &Path) {
        self.step += 1;
        self.changes.insert(path.lower.clone(), (self.step, path.clone()));
    }
}
