use crate::pattern::Reach;
use crate::permissions::{CompiledFile, FileState, Permissions};
use crate::question::{Governor, Question};
use crate::{Error, Result};

/// The permission file in which an edit about a path belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The folder of the file, relative to the datasite; empty for the datasite
    /// itself. There may be no file in it yet.
    pub folder: String,
    /// The path relative to that folder, for [`PermissionFile::grant`](crate::PermissionFile::grant):
    /// with `/` at its end, or empty, for a folder.
    pub path: String,
}

impl Permissions {
    /// Where an edit about a path belongs: into the file that decides about it,
    /// or into a new one in the folder, if no rule is about anything in there; a
    /// folder is asked with `/` at its end, the datasite itself by the empty path.
    ///
    /// # Errors
    /// [`Error::BadFile`] if the file that decides cannot be read: it must be
    /// mended first; [`Error::Path`] for a path that leaves the datasite.
    pub fn place(&self, path: &str) -> Result<Place> {
        if path.is_empty() {
            return match self.folders.first().and_then(|folder| folder.file.as_ref()) {
                Some(FileState::Bad(reason)) => Err(bad("", reason)),
                _ => Ok(Place { folder: String::new(), path: String::new() }),
            };
        }
        let Some(question) = Question::new(self, path) else {
            return Err(Error::Path(path.to_owned()));
        };
        match question.governor(self) {
            Governor::Bad { folder, reason } => Err(bad(folder, reason)),
            Governor::Nobody => Ok(own_file(question.path())),
            Governor::File { folder, file, path } => {
                let below = question.below(path);
                let is_inner_folder =
                    below.strip_suffix('/').is_some_and(|inner| file.is_silent(inner));
                if is_inner_folder {
                    return Ok(own_file(question.path()));
                }
                Ok(Place { folder: folder.to_owned(), path: below.to_owned() })
            }
        }
    }

    /// All places that have a say about a path and what lies below it: that of
    /// [`place`](Self::place), and each file further down that can be read. A
    /// revocation edits them all.
    ///
    /// # Errors
    /// As [`place`](Self::place).
    pub fn places(&self, path: &str) -> Result<Vec<Place>> {
        let first = self.place(path)?;
        let mut places = Vec::new();
        let mut left = vec![(0, String::new())];
        while let Some((index, name)) = left.pop() {
            let Some(folder) = self.folders.get(index) else {
                continue;
            };
            let slashed = if name.is_empty() { String::new() } else { format!("{name}/") };
            let is_below = path.is_empty() || path.ends_with('/') && slashed.starts_with(path);
            if is_below && name != first.folder && matches!(folder.file, Some(FileState::Good(_))) {
                places.push(Place { folder: name, path: String::new() });
            }
            let children = folder.children.iter();
            left.extend(children.map(|(child, at)| (*at, format!("{slashed}{child}"))));
        }
        places.sort_by(|a, b| a.folder.cmp(&b.folder));
        places.insert(0, first);
        Ok(places)
    }
}

impl CompiledFile {
    /// Whether a file of its own in a folder below would take nothing away from
    /// this one.
    fn is_silent(&self, folder: &str) -> bool {
        !self.terminal
            && self.rules.iter().all(|rule| {
                !rule.pattern.has_template()
                    && rule.pattern.reach_below(folder, "") == Reach::Nothing
            })
    }
}

/// In the folder itself, or in the folder that holds the file.
fn own_file(path: &str) -> Place {
    let (folder, path) = match path.strip_suffix('/') {
        Some(folder) => (folder, ""),
        None => path.rsplit_once('/').unwrap_or(("", path)),
    };
    Place { folder: folder.to_owned(), path: path.to_owned() }
}

fn bad(folder: &str, reason: &str) -> Error {
    Error::BadFile { folder: folder.to_owned(), reason: reason.to_owned() }
}
