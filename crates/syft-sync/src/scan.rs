//! What stands in a datasite on this disk.

use std::collections::BTreeMap;

use syft_core::{DatasitePath, Disk, Email, FileKind, HomePath, Layout, Metadata, yaml};
use syft_perm::Permissions;

use crate::Result;

/// Folders are nested at most this deep: a path has no more components.
const MAX_DEPTH: usize = DatasitePath::MAX_COMPONENTS;

/// A datasite as one walk saw it.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// The regular files that travel as events.
    pub(crate) files: BTreeMap<DatasitePath, Metadata>,
    /// Every permission file, by its folder; also where nothing travels.
    pub(crate) permission_files: Vec<(String, std::result::Result<String, String>)>,
    /// What was not read, and why: links, devices, names that cannot travel.
    pub(crate) strange: Vec<String>,
    /// Whether a folder could not be listed: then what is missing may be in it.
    pub(crate) incomplete: bool,
}

impl Walk {
    /// Walks a whole datasite; reads permission files and nothing else.
    pub(crate) fn of(disk: &dyn Disk, layout: &dyn Layout, owner: &Email) -> Result<Walk> {
        let mut walk = Walk::default();
        let root = HomePath::datasite(owner);
        walk.folder(disk, layout, &root, "", 0)?;
        Ok(walk)
    }

    /// The compiled permission files.
    pub(crate) fn permissions(&self, owner: &Email) -> Permissions {
        Permissions::compile(owner.as_str(), self.permission_files.iter().cloned())
    }

    fn folder(
        &mut self,
        disk: &dyn Disk,
        layout: &dyn Layout,
        folder: &HomePath,
        below: &str,
        depth: usize,
    ) -> Result<()> {
        let entries = match disk.list(folder).map_err(crate::Error::from) {
            Ok(entries) => entries,
            Err(error) if !error.ends_the_pass() => {
                self.incomplete = true;
                self.odd(below, "", &error.to_string());
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        for entry in entries {
            let name = match entry.name {
                Ok(name) => name,
                Err(lossy) => {
                    self.odd(below, &lossy, "its name is not UTF-8");
                    continue;
                }
            };
            let full = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
            let path = match DatasitePath::parse(&full) {
                Ok(path) => path,
                Err(error) => {
                    self.odd(below, &name, &error.to_string());
                    continue;
                }
            };
            match entry.metadata.kind {
                FileKind::Folder if depth < MAX_DEPTH => {
                    self.folder(disk, layout, &folder.join(&name)?, &full, depth + 1)?;
                }
                FileKind::Folder => self.odd(below, &name, "it lies too deep"),
                FileKind::File => self.file(disk, layout, folder, below, path, entry.metadata)?,
                FileKind::Link => self.odd(below, &name, "a link is never followed"),
                FileKind::Other => self.odd(below, &name, "it is no regular file"),
            }
        }
        Ok(())
    }

    fn file(
        &mut self,
        disk: &dyn Disk,
        layout: &dyn Layout,
        folder: &HomePath,
        below: &str,
        path: DatasitePath,
        metadata: Metadata,
    ) -> Result<()> {
        if path.is_permission_file() {
            let read = disk.read(&folder.join(path.file_name())?, yaml::MAX_BYTES as u64);
            let text = read
                .map_err(|error| error.to_string())
                .and_then(|bytes| String::from_utf8(bytes).map_err(|error| error.to_string()));
            self.permission_files.push((below.to_owned(), text));
        }
        if layout.travels(&path) {
            self.files.insert(path, metadata);
        }
        Ok(())
    }

    fn odd(&mut self, below: &str, name: &str, why: &str) {
        let place = if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") };
        self.strange.push(format!("{}: {why}", syft_core::safe_text(&place)));
    }
}
