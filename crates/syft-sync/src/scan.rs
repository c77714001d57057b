//! What stands in a datasite on this disk.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use syft_core::{DatasitePath, Disk, Email, FileKind, HomePath, Layout, Metadata};

use crate::Result;

/// Folders are nested at most this deep: a path has no more components.
const MAX_DEPTH: usize = DatasitePath::MAX_COMPONENTS;

/// A datasite as one walk saw it; no file was read.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// The regular files that travel as events.
    pub(crate) files: BTreeMap<DatasitePath, Metadata>,
    /// Every permission file; also where nothing travels.
    pub(crate) permission_files: BTreeMap<DatasitePath, Metadata>,
    /// All that stands below the folder of jobs, whatever it is and is called.
    pub(crate) jobs: BTreeMap<String, Metadata>,
    /// What was not read, by its place, and why: links, devices, names that cannot
    /// travel.
    strange: BTreeMap<String, String>,
    /// Whether a folder could not be listed: then what is missing may be in it.
    pub(crate) incomplete: bool,
}

/// Where a walk goes.
#[derive(Clone, Copy)]
pub(crate) struct Ground<'a> {
    pub(crate) disk: &'a dyn Disk,
    pub(crate) layout: &'a dyn Layout,
    pub(crate) owner: &'a Email,
}

impl Walk {
    /// Walks a whole datasite.
    pub(crate) fn of(ground: Ground<'_>) -> Result<Walk> {
        let mut walk = Walk::default();
        let jobs = ground.layout.jobs();
        walk.folder(ground, &jobs, &HomePath::datasite(ground.owner), None, 0)?;
        Ok(walk)
    }

    /// Looks again at places that changed since, and returns the files that came,
    /// changed or went with them.
    pub(crate) fn look_again(
        &mut self,
        ground: Ground<'_>,
        places: &[HomePath],
    ) -> Result<BTreeSet<DatasitePath>> {
        let root = HomePath::datasite(ground.owner);
        let jobs = ground.layout.jobs();
        let mut changed = BTreeSet::new();
        for place in places {
            let below = place.as_str().strip_prefix(root.as_str()).unwrap_or_default();
            let Ok(path) = DatasitePath::parse(below.trim_start_matches('/')) else { continue };
            changed.extend(self.forget(&path));
            let metadata = match ground.disk.metadata(place).map_err(crate::Error::from) {
                Ok(Some(metadata)) => metadata,
                Ok(None) => continue,
                Err(error) if error.ends_the_pass() => return Err(error),
                // Somebody else put something in the way just now: what is missing
                // may come back.
                Err(_) => {
                    self.incomplete = true;
                    continue;
                }
            };
            let parent = path.parent();
            let depth = path.as_str().matches('/').count();
            let folder = place.parent().unwrap_or_else(|| root.clone());
            self.entry(ground, &jobs, &folder, parent.as_ref(), path.file_name(), metadata, depth)?;
            let here = self.files.range(span(&path)).map(|(file, _)| file);
            changed.extend(here.filter(|file| file.is_within(&path)).cloned());
        }
        Ok(changed)
    }

    /// What is odd, a line each.
    pub(crate) fn notes(&self) -> impl Iterator<Item = String> + '_ {
        self.strange.iter().map(|(place, why)| format!("{}: {why}", syft_core::safe_text(place)))
    }

    /// Forgets a place with all below it; returns the files that were there.
    fn forget(&mut self, path: &DatasitePath) -> Vec<DatasitePath> {
        let gone = |key: &str| {
            key.strip_prefix(path.as_str()).is_some_and(|r| r.is_empty() || r.starts_with('/'))
        };
        self.permission_files.retain(|file, _| !gone(file.as_str()));
        self.jobs.retain(|place, _| !gone(place));
        self.strange.retain(|place, _| !gone(place));
        let gone = self.files.extract_if(span(path), |file, _| file.is_within(path));
        gone.map(|(file, _)| file).collect()
    }

    fn folder(
        &mut self,
        ground: Ground<'_>,
        jobs: &DatasitePath,
        folder: &HomePath,
        below: Option<&DatasitePath>,
        depth: usize,
    ) -> Result<()> {
        let entries = match ground.disk.list(folder).map_err(crate::Error::from) {
            Ok(entries) => entries,
            Err(error) if !error.ends_the_pass() => {
                self.incomplete = true;
                self.odd(below, "", &error.to_string());
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        for entry in entries {
            match entry.name {
                Ok(name) => {
                    self.entry(ground, jobs, folder, below, &name, entry.metadata, depth)?;
                }
                Err(lossy) => {
                    self.odd(below, &lossy, "its name is not UTF-8");
                    self.note_job(jobs, below, &lossy, entry.metadata);
                }
            }
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "the place in the walk, used here alone")]
    fn entry(
        &mut self,
        ground: Ground<'_>,
        jobs: &DatasitePath,
        folder: &HomePath,
        below: Option<&DatasitePath>,
        name: &str,
        metadata: Metadata,
        depth: usize,
    ) -> Result<()> {
        self.note_job(jobs, below, name, metadata);
        let path = match DatasitePath::below(below, name) {
            Ok(path) => path,
            Err(error) => {
                self.odd(below, name, &error.to_string());
                return Ok(());
            }
        };
        match metadata.kind {
            FileKind::Folder if depth < MAX_DEPTH => {
                self.folder(ground, jobs, &folder.join(name)?, Some(&path), depth + 1)?;
            }
            FileKind::Folder => self.odd(below, name, "it lies too deep"),
            FileKind::File => {
                if path.is_permission_file() {
                    self.permission_files.insert(path.clone(), metadata);
                }
                if ground.layout.travels(&path) {
                    self.files.insert(path, metadata);
                }
            }
            FileKind::Link => self.odd(below, name, "a link is never followed"),
            FileKind::Other => self.odd(below, name, "it is no regular file"),
        }
        Ok(())
    }

    fn note_job(
        &mut self,
        jobs: &DatasitePath,
        below: Option<&DatasitePath>,
        name: &str,
        metadata: Metadata,
    ) {
        if below.is_some_and(|below| below.is_within(jobs)) {
            self.jobs.insert(place(below, name), metadata);
        }
    }

    fn odd(&mut self, below: Option<&DatasitePath>, name: &str, why: &str) {
        self.strange.insert(place(below, name), why.to_owned());
    }
}

/// A piece of the order of paths that holds a place and all below it, and little
/// else: `0` is the sign after `/`.
fn span(place: &DatasitePath) -> (Bound<DatasitePath>, Bound<DatasitePath>) {
    let end = DatasitePath::parse(&format!("{place}0")).ok();
    (Bound::Included(place.clone()), end.map_or(Bound::Unbounded, Bound::Excluded))
}

/// A place, whatever its name is; the folder itself if there is none.
fn place(below: Option<&DatasitePath>, name: &str) -> String {
    let parts = below.map(DatasitePath::as_str).into_iter().chain([name]);
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
}
