//! Which changes of a proposal are taken.

use std::collections::BTreeMap;

use syft_core::{
    Change, ContentHash, DatasitePath, Email, ProposedFileChange, ProposedFileChangesMessage,
    Reject, RejectCode,
};
use syft_perm::Level;

use super::OwnerRules;
use crate::ledger::State;
use crate::refusal::RefusedPath;

/// Paths that are named in a reason; the rest is counted.
const NAMED_PATHS: usize = 5;

/// What becomes of the changes of one message.
pub(super) struct Judgement<'a> {
    /// Why nothing of the message is taken.
    pub(super) whole: Option<Reject>,
    pub(super) allowed: Vec<&'a ProposedFileChange>,
    /// The changes that are to blame.
    pub(super) refused: Vec<RefusedPath>,
}

/// Permission is per change; a conflict or a collision is of the whole message.
pub(super) fn judge<'a>(
    state: &State,
    rules: &OwnerRules<'_>,
    from: &Email,
    message: &'a ProposedFileChangesMessage,
) -> Judgement<'a> {
    let mut judged = Judgement { whole: None, allowed: Vec::new(), refused: Vec::new() };
    for change in &message.changes {
        match refusal_of(rules, from, &change.path) {
            None => judged.allowed.push(change),
            Some(code) => judged.refused.push(blame(change, code)),
        }
    }
    if let (true, Some(first)) = (judged.allowed.is_empty(), judged.refused.first()) {
        judged.whole = Some(Reject::new(first.code, refusal_text(from, &judged.refused)));
        return judged;
    }
    let mut here = Here { state, hashes: BTreeMap::new(), names: BTreeMap::new() };
    for change in &judged.allowed {
        match here.conflict(change).or_else(|| here.collision(change)) {
            None => here.take(change),
            Some(reject) => {
                judged.refused.push(blame(change, reject.code));
                judged.whole.get_or_insert(reject);
            }
        }
    }
    judged
}

fn blame(change: &ProposedFileChange, code: RejectCode) -> RefusedPath {
    RefusedPath { path: change.path.clone(), hash: change.change.new_hash(), code }
}

/// Why a change is refused whatever it holds. Below the jobs a peer writes the
/// submitter's files of its own jobs and nothing else, whoever granted what.
fn refusal_of(rules: &OwnerRules<'_>, from: &Email, path: &DatasitePath) -> Option<RejectCode> {
    let may = rules.layout.travels(path)
        && rules.permissions.allows(from.as_str(), path.as_str(), Level::Write);
    if !may {
        return Some(RejectCode::PermissionDenied);
    }
    if !path.is_within(&rules.layout.jobs()) || path.is_permission_file() {
        return None;
    }
    let own = rules.layout.parse_job(path.as_str()).filter(|job| job.submitter == *from);
    let Some(job) = own.filter(|job| job.is_submitters()) else {
        return Some(RejectCode::PermissionDenied);
    };
    let frozen = job.rest != "cancel" && (rules.frozen)(&job.submitter, &job.name);
    frozen.then_some(RejectCode::Frozen)
}

fn refusal_text(from: &Email, refused: &[RefusedPath]) -> String {
    let named = refused.iter().take(NAMED_PATHS).map(|refused| refused.path.as_str());
    let mut paths = named.collect::<Vec<_>>().join(", ");
    if refused.len() > NAMED_PATHS {
        paths.push_str(&format!(" and {} more", refused.len() - NAMED_PATHS));
    }
    match refused.first().map(|refused| refused.code) {
        Some(RejectCode::Frozen) => {
            format!("the job was already run, so {paths} stays as it was")
        }
        _ => format!("{from} may not write {paths}"),
    }
}

/// The datasite as it would be after the changes taken so far.
struct Here<'a> {
    state: &'a State,
    hashes: BTreeMap<&'a DatasitePath, Option<ContentHash>>,
    /// By fold key; `None` for a name that became free.
    names: BTreeMap<String, Option<&'a DatasitePath>>,
}

impl<'a> Here<'a> {
    fn hash(&self, path: &DatasitePath) -> Option<ContentHash> {
        let known = || self.state.files.get(path).map(|version| version.hash);
        self.hashes.get(path).copied().unwrap_or_else(known)
    }

    fn take(&mut self, change: &'a ProposedFileChange) {
        let hash = change.change.new_hash();
        self.hashes.insert(&change.path, hash);
        self.names.insert(change.path.fold_key(), hash.map(|_| &change.path));
    }

    /// A change that was made to something else than what stands here. A Python client
    /// that changes a file twice in one message means what stood here before it.
    fn conflict(&self, change: &ProposedFileChange) -> Option<Reject> {
        let here = self.hash(&change.path);
        let before = self.state.files.get(&change.path).map(|version| version.hash);
        let is_of_this = [here, before].contains(&change.old_hash);
        if is_of_this || here.is_some() && here == change.change.new_hash() {
            return None;
        }
        let shown = |hash: Option<ContentHash>| hash.map_or("no file".to_owned(), |h| h.short());
        let (path, old) = (&change.path, shown(change.old_hash));
        let detail =
            format!("{path}: the change was made to {old}, but {} stands here", shown(here));
        Some(Reject::new(RejectCode::Conflict, detail))
    }

    /// A name that some file system would merge with another one here, or a file
    /// where a folder stands and the other way round.
    fn collision(&self, change: &ProposedFileChange) -> Option<Reject> {
        if change.change == Change::Delete {
            return None;
        }
        let key = change.path.fold_key();
        let same = self.named(&key).filter(|other| **other != change.path);
        let above = || key.match_indices('/').find_map(|(end, _)| self.named(key.get(..end)?));
        let other = same.or_else(above).or_else(|| self.below(&format!("{key}/")))?;
        let detail = format!("{} and {other} cannot both stand here", change.path);
        Some(Reject::new(RejectCode::NameCollision, detail))
    }

    fn named(&self, key: &str) -> Option<&DatasitePath> {
        match self.names.get(key) {
            Some(changed) => *changed,
            None => self.state.names().get(key),
        }
    }

    fn below(&self, prefix: &str) -> Option<&DatasitePath> {
        let from = prefix.to_owned();
        let mut changed = self.names.range(from.clone()..);
        let changed = changed.find_map(|(key, path)| path.filter(|_| key.starts_with(prefix)));
        let known = || {
            let known = self.state.names().range(from..);
            let mut known = known.take_while(|(key, _)| key.starts_with(prefix));
            known.find(|(key, _)| !self.names.contains_key(*key)).map(|(_, path)| path)
        };
        changed.or_else(known)
    }
}
