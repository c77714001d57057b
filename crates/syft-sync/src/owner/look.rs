use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::sync::Arc;

use syft_core::{
    Content, ContentHash, DatasitePath, Error as CoreError, HomePath, JobPath, Metadata, yaml,
};
use syft_job::JobFolders;
use syft_perm::Permissions;

use super::local::MESSAGE_BYTES;
use crate::Result;
use crate::contents::Contents;
use crate::index::Index;
use crate::node::Node;
use crate::perform::hash_of;
use crate::scan::{Ground, Walk};

/// My datasite as one pass sees it: walked once, and kept up to date with what
/// the pass itself changes.
#[derive(Debug)]
pub(super) struct Look<'n> {
    node: &'n Node,
    pub(super) walk: Walk,
    pub(super) index: Index,
    pub(super) contents: Contents,
    /// Files that were there and that this pass removed.
    pub(super) removed: BTreeSet<DatasitePath>,
}

/// What stands in a file; its content if it was read just now.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) hash: ContentHash,
    pub(super) content: Option<Content>,
}

impl<'n> Look<'n> {
    pub(super) fn new(node: &'n Node) -> Result<Self> {
        node.touched.clear();
        let walk = Walk::of(ground(node))?;
        let index = Index::load(&node.disk, &node.email);
        let (contents, removed) = (Contents::default(), BTreeSet::new());
        Ok(Look { node, walk, index, contents, removed })
    }

    /// Takes in what this pass changed since; the files that came, changed or went.
    pub(super) fn again(&mut self) -> Result<BTreeSet<DatasitePath>> {
        let places = self.node.touched.take(&self.node.email);
        let changed = self.walk.look_again(ground(self.node), &places)?;
        for path in &changed {
            if self.walk.files.contains_key(path) {
                self.removed.remove(path);
            } else {
                self.removed.insert(path.clone());
            }
        }
        Ok(changed)
    }

    /// The compiled permission files. One is read only if the disk says that it
    /// changed, and all are compiled only if one reads otherwise than before.
    ///
    /// # Errors
    /// The disk: a file that could not be read just now is no closed one.
    pub(super) fn permissions(&mut self) -> Result<Arc<Permissions>> {
        let mut files = Vec::with_capacity(self.walk.permission_files.len());
        for (path, metadata) in self.walk.permission_files.clone() {
            let (path, metadata) = (&path, &metadata);
            let folder = path.as_str().rsplit_once('/').map_or("", |(folder, _)| folder);
            let text = match self.index.rules(path, metadata) {
                Some(text) => Ok(text.to_owned()),
                None => self.read_rules(path, metadata)?,
            };
            files.push((folder.to_owned(), text));
        }
        Ok(self.node.permissions.compile(&self.node.email, files))
    }

    /// What is written in a permission file, or why it has no text. That is not
    /// remembered: it may be another time.
    fn read_rules(
        &mut self,
        path: &DatasitePath,
        metadata: &Metadata,
    ) -> Result<std::result::Result<String, String>> {
        let content = match self.contents.at(path, metadata) {
            Some((_, content)) => content,
            None => match self.read_rule_file(path, metadata)? {
                Ok(content) => content,
                Err(reason) => return Ok(Err(reason)),
            },
        };
        let text = String::from_utf8(content.into_bytes()).map_err(|error| error.to_string());
        if let Ok(text) = &text {
            self.index.note_rules(path, metadata, self.node.clock.now(), text.clone());
        }
        Ok(text)
    }

    fn read_rule_file(
        &mut self,
        path: &DatasitePath,
        metadata: &Metadata,
    ) -> Result<std::result::Result<Content, String>> {
        let file = HomePath::in_datasite(&self.node.email, path);
        let content = match self.node.disk.read(&file, yaml::MAX_BYTES as u64) {
            Ok(bytes) => Content::from_bytes(bytes),
            // The disk does not work: what is written there is not known.
            Err(CoreError::Io { source, .. }) if source.kind() != ErrorKind::PermissionDenied => {
                return Err(CoreError::Io { action: "read", path: file.to_string(), source }.into());
            }
            Err(error) => return Ok(Err(error.to_string())),
        };
        let hash = content.hash();
        self.index.note(path, metadata, self.node.clock.now(), hash);
        self.contents.keep(path, metadata, hash, &content);
        Ok(Ok(content))
    }

    /// What stands in a file; `None` if it is gone. Reads it only if the disk says
    /// that it changed, and then once.
    pub(super) fn see(&mut self, path: &DatasitePath, metadata: &Metadata) -> Result<Option<Seen>> {
        if let Some((hash, content)) = self.contents.at(path, metadata) {
            return Ok(Some(Seen { hash, content: Some(content) }));
        }
        if let Some(hash) = self.index.hash(path, metadata) {
            return Ok(Some(Seen { hash, content: None }));
        }
        let file = HomePath::in_datasite(&self.node.email, path);
        let seen = if metadata.size > MESSAGE_BYTES {
            hash_of(&*self.node.disk, &file)?.map(|hash| Seen { hash, content: None })
        } else {
            let content = self.node.disk.read_if_there(&file, MESSAGE_BYTES)?;
            content.map(Content::from_bytes).map(|content| {
                let hash = content.hash();
                Seen { hash, content: Some(content) }
            })
        };
        if self.node.disk.metadata(&file)?.as_ref() != Some(metadata) {
            // Somebody is writing: what was read may be half of it, or be meant for
            // others than the rules say that were read before. The next pass sees it.
            return Ok(None);
        }
        if let Some(seen) = &seen {
            self.index.note(path, metadata, self.node.clock.now(), seen.hash);
        }
        Ok(seen)
    }

    pub(super) fn save(&mut self) -> Result<()> {
        let (files, permission_files) = (&self.walk.files, &self.walk.permission_files);
        self.index.save(&self.node.disk, &self.node.email, files, permission_files)
    }

    /// The folders of the jobs that were sent to me, with all that stands in them.
    pub(super) fn job_folders(&self) -> JobFolders {
        let mut folders = JobFolders::new();
        let layout = self.node.layouts.own();
        for (place, metadata) in &self.walk.jobs {
            let Some(JobPath { submitter, name, rest, in_results }) = layout.parse_job(place)
            else {
                continue;
            };
            let is_folder = metadata.kind == syft_core::FileKind::Folder;
            // A job is there once its submission is.
            if rest.is_empty() && is_folder && !in_results {
                folders.entry((submitter, name)).or_default();
            } else if !rest.is_empty() {
                let side = if in_results { "results/" } else { "" };
                let files = folders.entry((submitter, name)).or_default();
                files.push((format!("{side}{rest}"), *metadata));
            }
        }
        folders
    }
}

pub(super) fn ground(node: &Node) -> Ground<'_> {
    Ground { disk: &*node.disk, layout: node.layouts.own(), owner: &node.email }
}
