//! What may be sent to a Python client. Such a client stops at the first message that
//! it cannot apply, for all of its peers and each time anew, and drops without a word
//! what it filters (`protocol.md` b.4, f.3, k.2, k.3, k.5). So neither is sent: a file
//! that is not fit is told by its name, and stays here.
//!
//! That a name is spelled in the one way that is found again (b.2), that no path leads
//! upwards or holds a NUL, and that text is UTF-8 and all else base64 (b.3) is so by the
//! types of a message; the tests of this module hold them against the same rules.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use syft_core::{Content, DatasitePath, Email, Layout, NEVER_SYNCED};
use syft_perm::Permissions;

use super::{Due, NewFile};
use crate::ledger::State;

/// How the name of a file ends that only an administrator may write (g.2).
const RULES: &str = "syft.pub.yaml";
/// Folders that a Python client takes no proposal for (f.3).
const RESERVED: [&str; 2] = ["private", "public/syft_datasets"];

/// Why a file is not sent to a Python client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// It filters this component or folder.
    Filtered(String),
    /// Its rules match no name with a leading dot, unless they spell it.
    Hidden(String),
    /// A folder would have the name of a permission file.
    RulesFolder,
    /// A submitter may not write permission files.
    RulesInJob,
    /// It could load no permissions any more.
    BadRules(String),
    /// A file would stand where a folder stands, or the other way round.
    Clash(String),
    /// An earlier change of the file has no answer yet, and may have been dropped.
    Unanswered,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unfit::Filtered(what) => {
                write!(f, "a Python client takes nothing in {what}: move it or leave it out")
            }
            Unfit::Hidden(name) => {
                write!(f, "a Python client takes no hidden name: rename {name} or leave it out")
            }
            Unfit::RulesFolder => write!(f, "a folder cannot be called {RULES}: rename it"),
            Unfit::RulesInJob => {
                write!(f, "a job cannot bring a file whose name ends in {RULES}: rename it")
            }
            Unfit::BadRules(reason) => write!(f, "a Python client cannot read it: {reason}"),
            Unfit::Clash(other) => write!(f, "{other} stands in its way there: rename it"),
            Unfit::Unanswered => f.write_str(
                "an earlier change of it waits for an answer: change it again after that",
            ),
        }
    }
}

/// What keeps changes from a Python owner.
#[derive(Debug)]
pub(crate) struct ToOwner {
    /// The folder of all jobs, and the one of mine.
    jobs: DatasitePath,
    mine: DatasitePath,
    there: There,
    /// Files of which a change is on its way.
    unanswered: BTreeSet<DatasitePath>,
}

impl ToOwner {
    /// The owner's datasite as it is known here: what it told of, gone or not, and what
    /// is on its way. A folder that lost its last file may still stand there.
    pub(crate) fn new(state: &State, layout: &dyn Layout, me: &Email, owner: &Email) -> Self {
        let (copies, proposed) = (state.copies.get(owner), state.proposed.get(owner));
        let here = |path| copies.and_then(|copies| copies.get(path)?.hash);
        let mut there = There::default();
        for (path, version) in copies.into_iter().flatten() {
            match version.hash {
                Some(_) => there.write(path),
                None => there.folders_of(path),
            }
        }
        let mut unanswered = BTreeSet::new();
        for (path, change) in proposed.into_iter().flatten() {
            there.write(path);
            if change.stands_on(here(path)) {
                unanswered.insert(path.clone());
            }
        }
        for folder in ["inbox", "review"] {
            there.folder(&format!("app_data/job/{folder}/{me}/v1"));
        }
        RESERVED.iter().for_each(|folder| there.folder(folder));
        ToOwner { jobs: layout.jobs(), mine: layout.job_inbox(me), there, unanswered }
    }

    /// Takes files that are of use together alone, as those of a job; no path among
    /// them stands twice.
    ///
    /// # Errors
    /// Those that are not fit, each with its reason: then none is taken.
    pub(crate) fn take(&mut self, files: &[NewFile]) -> Result<(), Vec<(DatasitePath, Unfit)>> {
        let (mut added, mut unfit) = (There::default(), Vec::new());
        for NewFile { path, content } in files {
            let checked = self.check(path, content);
            let checked = checked.and_then(|()| self.there.clash(path));
            match checked.and_then(|()| added.clash(path)) {
                Ok(()) => added.write(path),
                Err(reason) => unfit.push((path.clone(), reason)),
            }
        }
        if !unfit.is_empty() {
            return Err(unfit);
        }
        self.there.files.append(&mut added.files);
        self.there.folders.append(&mut added.folders);
        self.unanswered.extend(files.iter().map(|file| file.path.clone()));
        Ok(())
    }

    fn check(&self, path: &DatasitePath, content: &Content) -> Result<(), Unfit> {
        check_names(path)?;
        if path.as_str().ends_with(RULES) && path.is_within(&self.jobs) {
            return Err(Unfit::RulesInJob);
        }
        if path.is_permission_file() {
            check_rules(path, content)?;
        }
        // Elsewhere than in my jobs a change may have been dropped: the next one would then
        // be a change to an unknown file.
        if self.unanswered.contains(path) && !path.is_within(&self.mine) {
            return Err(Unfit::Unanswered);
        }
        Ok(())
    }
}

/// What keeps events from a Python scientist, who applies each one as it comes.
#[derive(Debug)]
pub(crate) struct ToReader {
    there: There,
}

impl ToReader {
    /// The reader's copy as it was sent, with the folders that stay when they are empty.
    pub(crate) fn new(state: &State, reader: &Email) -> Self {
        let mut there = There::default();
        let sent = state.sent.get(reader);
        sent.into_iter().flatten().for_each(|(path, _)| there.write(path));
        let emptied = state.emptied.get(reader);
        emptied.into_iter().flatten().for_each(|folder| there.folder(folder));
        ToReader { there }
    }

    /// Takes one file, in the order of the message.
    ///
    /// # Errors
    /// Why it is not fit.
    pub(crate) fn take(&mut self, file: &Due) -> Result<(), Unfit> {
        if file.hash.is_none() {
            self.there.delete(&file.path);
            return Ok(());
        }
        if parents(file.path.as_str()).any(|folder| name_of(folder) == RULES) {
            return Err(Unfit::RulesFolder);
        }
        self.there.clash(&file.path)?;
        self.there.write(&file.path);
        Ok(())
    }
}

/// What a Python owner does not take by its name alone.
fn check_names(path: &DatasitePath) -> Result<(), Unfit> {
    let excluded = path.components().find(|name| NEVER_SYNCED.contains(name));
    let below = |folder: &&&str| {
        let rest = path.as_str().strip_prefix(**folder);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if let Some(what) = excluded.or_else(|| RESERVED.iter().find(below).copied()) {
        return Err(Unfit::Filtered(what.to_owned()));
    }
    if let Some(hidden) = path.components().find(|name| name.starts_with('.')) {
        return Err(Unfit::Hidden(hidden.to_owned()));
    }
    if parents(path.as_str()).any(|folder| name_of(folder) == RULES) {
        return Err(Unfit::RulesFolder);
    }
    Ok(())
}

/// Rules that cannot be read make a Python owner load none at all.
fn check_rules(path: &DatasitePath, content: &Content) -> Result<(), Unfit> {
    let folder = path.parent().map(|folder| folder.to_string()).unwrap_or_default();
    let text = std::str::from_utf8(content.as_bytes()).map(str::to_owned);
    let text = text.map_err(|_| "it is no text".to_owned());
    match Permissions::compile("", [(folder, text)]).problems().first() {
        Some(problem) => Err(Unfit::BadRules(problem.reason.clone())),
        None => Ok(()),
    }
}

/// The files and folders of a datasite elsewhere, by what a case-blind and normalising
/// file system calls them.
#[derive(Debug, Clone, Default)]
struct There {
    files: BTreeMap<String, String>,
    /// Folders are made for files, and stay when these go.
    folders: BTreeMap<String, String>,
}

impl There {
    fn write(&mut self, path: &DatasitePath) {
        self.files.insert(path.fold_key(), path.to_string());
        self.folders_of(path);
    }

    fn delete(&mut self, path: &DatasitePath) {
        self.files.remove(&path.fold_key());
    }

    fn folders_of(&mut self, path: &DatasitePath) {
        if let Some(folder) = path.parent() {
            self.folder(folder.as_str());
        }
    }

    /// A folder with all above it.
    fn folder(&mut self, folder: &str) {
        for folder in parents(folder).chain([folder]) {
            if let Ok(path) = DatasitePath::parse(folder) {
                self.folders.entry(path.fold_key()).or_insert_with(|| folder.to_owned());
            }
        }
    }

    /// Whether a file cannot be written there, or would be merged with another one.
    fn clash(&self, path: &DatasitePath) -> Result<(), Unfit> {
        let key = path.fold_key();
        let same = self.files.get(&key).filter(|there| *there != path.as_str());
        let above = || parents(&key).find_map(|folder| self.files.get(folder));
        let mut folders = parents(&key).zip(parents(path.as_str()));
        let respelled = || {
            folders.find_map(|(key, folder)| self.folders.get(key).filter(|there| *there != folder))
        };
        match same.or_else(|| self.folders.get(&key)).or_else(above).or_else(respelled) {
            Some(other) => Err(Unfit::Clash(other.clone())),
            None => Ok(()),
        }
    }
}

/// The folders that hold a path, outermost first.
fn parents(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').filter_map(|(end, _)| path.get(..end))
}

fn name_of(folder: &str) -> &str {
    folder.rsplit_once('/').map_or(folder, |(_, name)| name)
}

#[cfg(test)]
mod tests;
