use std::borrow::Cow;

use crate::permissions::{CompiledFile, FileState, Permissions};
use crate::{Level, PERMISSION_FILE};

/// What stands for the content of a folder when the folder itself is asked.
const ANY_CHILD: &str = "__any__";

/// A path in the form in which rules see it.
#[derive(Debug)]
pub(crate) struct Question<'p> {
    path: Cow<'p, str>,
    /// It is a permission file or lies below something with that name.
    needs_admin: bool,
    is_folder: bool,
}

/// Whose word counts for a path.
#[derive(Debug)]
pub(crate) enum Governor<'a, 'q> {
    /// No permission file on the way.
    Nobody,
    /// A file that could not be read, in this folder.
    Bad { folder: &'q str, reason: &'a str },
    /// This file, with the path relative to its folder.
    File { folder: &'q str, file: &'a CompiledFile, path: &'q str },
}

impl<'p> Question<'p> {
    /// Reads the path as asked; `None` if only the owner may have an answer:
    /// absolute, with `..`, with a line break or NUL, or the datasite itself.
    pub(crate) fn new(permissions: &Permissions, path: &'p str) -> Option<Self> {
        if path.starts_with('/') || path.bytes().any(|byte| matches!(byte, b'\0' | b'\n')) {
            return None;
        }
        let is_odd = |part: &str| part.is_empty() || part == "." || part == "..";
        let mut asked = if path.split('/').any(is_odd) {
            let parts: Vec<&str> =
                path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
            if parts.is_empty() || parts.contains(&"..") {
                return None;
            }
            Cow::Owned(parts.join("/"))
        } else {
            Cow::Borrowed(path)
        };
        let is_folder = path.ends_with('/') || permissions.has_folder(&asked);
        if is_folder {
            asked.to_mut().push('/');
            asked.to_mut().push_str(ANY_CHILD);
        }
        let needs_admin = asked.ends_with(PERMISSION_FILE)
            || asked.split('/').any(|component| component == PERMISSION_FILE);
        Some(Question { path: asked, needs_admin, is_folder })
    }

    /// The level that a yes takes when this one is asked for.
    pub(crate) fn needed(&self, asked: Level) -> Level {
        if self.needs_admin { Level::Admin } else { asked }
    }

    /// The path as it was asked, or what is left of it below a permission file:
    /// with `/` at the end, or empty, for a folder.
    pub(crate) fn below<'q>(&'q self, rest: &'q str) -> &'q str {
        if self.is_folder { rest.strip_suffix(ANY_CHILD).unwrap_or(rest) } else { rest }
    }

    pub(crate) fn path(&self) -> &str {
        self.below(&self.path)
    }

    /// Walks from the datasite towards the path: the deepest permission file
    /// counts, but none behind a terminal one. A bad file counts always, also
    /// behind a terminal one: what it would have said is not known.
    pub(crate) fn governor<'a, 'q>(&'q self, permissions: &'a Permissions) -> Governor<'a, 'q> {
        let mut governor = Governor::Nobody;
        let mut terminal = false;
        let mut index = 0;
        let mut rest: &'q str = &self.path;
        while let Some(folder) = permissions.folders.get(index) {
            let walked = self.path.get(..self.path.len() - rest.len()).unwrap_or("");
            let name = walked.strip_suffix('/').unwrap_or(walked);
            match &folder.file {
                Some(FileState::Bad(reason)) => return Governor::Bad { folder: name, reason },
                Some(FileState::Good(file)) if !terminal => {
                    terminal = file.terminal;
                    governor = Governor::File { folder: name, file, path: rest };
                }
                _ => {}
            }
            let Some((part, behind)) = rest.split_once('/') else {
                break;
            };
            let Some(next) = folder.children.get(part) else {
                break;
            };
            (index, rest) = (*next, behind);
        }
        governor
    }
}

impl Permissions {
    /// Whether a permission file lies in or below this path: then it is a folder.
    fn has_folder(&self, path: &str) -> bool {
        let mut index = 0;
        for part in path.split('/') {
            let next = self.folders.get(index).and_then(|folder| folder.children.get(part));
            let Some(next) = next else {
                return false;
            };
            index = *next;
        }
        true
    }
}
