use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::grant::Grant;
use crate::{Access, Level, Pattern, PermissionFile, Rule};

/// All permission files of a datasite, compiled.
#[derive(Debug, Clone)]
pub struct Permissions {
    pub(crate) owner: String,
    /// The folders on the way to a permission file; the first is the datasite.
    pub(crate) folders: Vec<Folder>,
    problems: Vec<Problem>,
}

/// A permission file that does not count, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The folder of the file, relative to the datasite; empty for the datasite itself.
    pub folder: String,
    /// What is wrong with the file. This may hold foreign text: show it with
    /// `syft_core::safe_text`.
    pub reason: String,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Folder {
    pub(crate) children: BTreeMap<Box<str>, usize>,
    pub(crate) file: Option<FileState>,
}

#[derive(Debug, Clone)]
pub(crate) enum FileState {
    Good(CompiledFile),
    /// It could not be read: nobody but the owner may do anything below.
    Bad(String),
}

#[derive(Debug, Clone)]
pub(crate) struct CompiledFile {
    /// The most specific first; ties in the order of the file.
    pub(crate) rules: Vec<CompiledRule>,
    pub(crate) terminal: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct CompiledRule {
    pub(crate) pattern: Pattern,
    pub(crate) text: String,
    pub(crate) line: Option<u32>,
    admin: Vec<Grant>,
    write: Vec<Grant>,
    read: Vec<Grant>,
}

impl Permissions {
    /// Compiles the permission files of one owner's datasite.
    ///
    /// A file is its folder, relative to the datasite and with `/` between
    /// components (empty for the datasite itself), and its text or why that
    /// could not be had. A bad file makes its folder and all below it the
    /// owner's alone and is told by [`problems`](Self::problems); the other
    /// files are not affected.
    #[must_use]
    pub fn compile(
        owner: &str,
        files: impl IntoIterator<Item = (String, Result<String, String>)>,
    ) -> Self {
        let mut permissions = Permissions {
            owner: owner.to_owned(),
            folders: vec![Folder::default()],
            problems: Vec::new(),
        };
        for (folder, text) in files {
            permissions.add(folder, text);
        }
        permissions
    }

    /// The files that do not count.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The owner of the datasite, who may do everything.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// Everybody whom a rule names, and patterns of names as they are written; not
    /// `*`, which is everyone.
    #[must_use]
    pub fn named(&self) -> BTreeSet<&str> {
        let good = self.folders.iter().filter_map(|folder| match &folder.file {
            Some(FileState::Good(file)) => Some(file),
            _ => None,
        });
        let lists = good.flat_map(|file| &file.rules).flat_map(|r| [&r.admin, &r.write, &r.read]);
        lists.flatten().filter_map(Grant::named).collect()
    }

    fn add(&mut self, folder: String, text: Result<String, String>) {
        if folder.starts_with('/') || folder.split('/').any(|part| part == "..") {
            let reason = "the folder is not inside the datasite".to_owned();
            self.problems.push(Problem { folder, reason });
            return;
        }
        let parsed = text.and_then(|text| {
            let file = PermissionFile::parse(&text).map_err(|error| error.to_string())?;
            CompiledFile::compile(file).map_err(|error| error.to_string())
        });
        let index = self.index_of(&folder);
        let Some(node) = self.folders.get_mut(index) else {
            return;
        };
        let state = match (parsed, &node.file) {
            (_, Some(_)) => FileState::Bad("the folder has two permission files".to_owned()),
            (Ok(file), None) => FileState::Good(file),
            (Err(reason), None) => FileState::Bad(reason),
        };
        if let FileState::Bad(reason) = &state {
            self.problems.push(Problem { folder, reason: reason.clone() });
        }
        node.file = Some(state);
    }

    /// The place of a folder in the tree, made if it is not there yet.
    fn index_of(&mut self, folder: &str) -> usize {
        let mut index = 0;
        for part in folder.split('/').filter(|part| !part.is_empty() && *part != ".") {
            let next = self.folders.len();
            let Some(node) = self.folders.get_mut(index) else {
                return index;
            };
            index = *node.children.entry(part.into()).or_insert(next);
            if index == next {
                self.folders.push(Folder::default());
            }
        }
        index
    }
}

impl CompiledFile {
    fn compile(file: PermissionFile) -> crate::Result<Self> {
        let mut rules =
            file.rules.into_iter().map(CompiledRule::compile).collect::<crate::Result<Vec<_>>>()?;
        rules.sort_by_key(|rule| Reverse(rule.pattern.specificity()));
        Ok(CompiledFile { rules, terminal: file.terminal })
    }
}

impl CompiledRule {
    fn compile(rule: Rule) -> crate::Result<Self> {
        let line = rule.line();
        let grants = |entries: Vec<String>| entries.iter().map(|e| Grant::parse(e)).collect();
        let Access { admin, write, read } = rule.access;
        Ok(CompiledRule {
            pattern: Pattern::parse(&rule.pattern)?,
            text: rule.pattern,
            line,
            admin: grants(admin),
            write: grants(write),
            read: grants(read),
        })
    }

    /// Whether the rule lets this user do that; a level includes the lower ones.
    pub(crate) fn grants(&self, user: &str, level: Level) -> bool {
        let in_list = |list: &[Grant]| list.iter().any(|grant| grant.covers(user));
        in_list(&self.admin)
            || level <= Level::Write && in_list(&self.write)
            || level == Level::Read && in_list(&self.read)
    }
}
