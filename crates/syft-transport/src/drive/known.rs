//! What is remembered of a Drive between two runs. All of it can be found out again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::names::Folder;
use crate::Cache;

/// Of so many things that were made it is remembered under which ids.
const FINISHED: usize = 64;

/// What folders are called by Drive.
#[derive(Debug, Default)]
pub(super) struct Known {
    state: Mutex<State>,
    cache: Option<Arc<dyn Cache>>,
}

#[derive(Debug, Default)]
struct State {
    kept: Kept,
    /// The same the other way round.
    folders: HashMap<String, Folder>,
    /// Those that this process shared.
    shared_by_us: BTreeSet<String>,
    /// What the cache holds, as far as is known, and what that says.
    saved: Vec<u8>,
    base: Kept,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    /// The ids of each folder; of twins the oldest first.
    #[serde(with = "crate::pairs")]
    ids: BTreeMap<Folder, Vec<String>>,
    /// Those that were shared with the peer that they are for.
    shared: BTreeSet<String>,
    /// Those that I made and no list has shown yet.
    unlisted: BTreeSet<String>,
    /// The ids of what may have been made, though nobody said so.
    reserved: BTreeMap<String, String>,
    /// What was made last, with its ids: a process that dies before it notes that may try
    /// it again.
    finished: Vec<(String, String)>,
    /// Ids that nothing has yet.
    spare_ids: BTreeSet<String>,
}

impl Known {
    /// Goes on with what was kept.
    pub(super) fn new(cache: Option<Arc<dyn Cache>>) -> Self {
        let saved = cache.as_ref().and_then(|cache| cache.load()).unwrap_or_default();
        let base = Kept::read(&saved);
        let mut state = State { kept: base.clone(), base, saved, ..State::default() };
        state.index();
        Known { state: Mutex::new(state), cache }
    }

    /// The ids of a folder; none if it is not known.
    pub(super) fn ids(&self, folder: &Folder) -> Vec<String> {
        self.state().kept.ids.get(folder).cloned().unwrap_or_default()
    }

    pub(super) fn folder(&self, id: &str) -> Option<Folder> {
        self.state().folders.get(id).cloned()
    }

    pub(super) fn folders(&self) -> Vec<Folder> {
        self.state().kept.ids.keys().cloned().collect()
    }

    /// Takes in what a list showed, oldest first, in place of all that these selected. What
    /// I made stays until a list has shown it: one that lags does not say that it is gone.
    pub(super) fn replace(&self, selected: impl Fn(&Folder) -> bool, found: Vec<(Folder, String)>) {
        self.change(|state| {
            let State { kept, folders, .. } = state;
            kept.unlisted.retain(|made| !found.iter().any(|(_, id)| id == made));
            folders.retain(|id, folder| !selected(folder) || kept.unlisted.contains(id));
            let made: Vec<(Folder, String)> = folders
                .iter()
                .filter(|(_, folder)| selected(folder))
                .map(|(id, folder)| (folder.clone(), id.clone()))
                .collect();
            kept.ids.retain(|folder, _| !selected(folder));
            found.into_iter().chain(made).for_each(|(folder, id)| state.add(folder, id));
        });
    }

    pub(super) fn add(&self, folder: Folder, id: String) {
        self.change(|state| state.add(folder, id));
    }

    /// Takes in a folder that I made.
    pub(super) fn add_made(&self, folder: Folder, id: String) {
        self.change(|state| {
            state.kept.unlisted.insert(id.clone());
            state.add(folder, id);
        });
    }

    /// Forgets a folder that is gone.
    pub(super) fn forget(&self, id: &str) -> Option<Folder> {
        self.change(|state| {
            let folder = state.folders.remove(id)?;
            if let Some(ids) = state.kept.ids.get_mut(&folder) {
                ids.retain(|known| known != id);
                if ids.is_empty() {
                    state.kept.ids.remove(&folder);
                }
            }
            state.unshare(id);
            state.kept.unlisted.remove(id);
            Some(folder)
        })
    }

    pub(super) fn is_shared(&self, id: &str) -> bool {
        self.state().kept.shared.contains(id)
    }

    /// Whether this very process shared it.
    pub(super) fn is_shared_by_us(&self, id: &str) -> bool {
        self.state().shared_by_us.contains(id)
    }

    pub(super) fn set_shared(&self, ids: &[String]) {
        self.change(|state| {
            state.kept.shared.extend(ids.iter().cloned());
            state.shared_by_us.extend(ids.iter().cloned());
        });
    }

    /// Notes that a peer is being shut out of a folder.
    pub(super) fn set_unshared(&self, id: &str) {
        self.change(|state| state.unshare(id));
    }

    /// The id for what is being made: the one of an earlier try, which may have come through,
    /// or else one that is spare; `None` if there is none.
    pub(super) fn reserve(&self, key: &str) -> Option<String> {
        self.change(|state| {
            // No other process may have the same spare one.
            if let Some(cache) = &self.cache {
                state.catch_up(&cache.load().unwrap_or_default());
            }
            if let Some(id) = state.kept.reserved.get(key) {
                return Some(id.clone());
            }
            let finished = state.kept.finished.extract_if(.., |(known, _)| known == key).last();
            let id = match finished {
                Some((_, id)) => id,
                None => state.kept.spare_ids.pop_last()?,
            };
            state.kept.reserved.insert(key.to_owned(), id.clone());
            Some(id)
        })
    }

    /// Notes that it was made.
    pub(super) fn finish(&self, key: &str) {
        self.change(|state| {
            let finished = &mut state.kept.finished;
            finished.extend(state.kept.reserved.remove_entry(key));
            finished.drain(..finished.len().saturating_sub(FINISHED));
        });
    }

    /// Notes that nothing has its id.
    pub(super) fn end(&self, key: &str) {
        self.change(|state| state.kept.reserved.remove(key));
    }

    pub(super) fn add_spare_ids(&self, ids: Vec<String>) {
        self.change(|state| state.kept.spare_ids.extend(ids));
    }

    pub(super) fn drop_spare_ids(&self) {
        self.change(|state| state.kept.spare_ids.clear());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state();
        let changed = change(&mut state);
        if let Some(cache) = &self.cache {
            state.save(&**cache);
        }
        changed
    }
}

impl State {
    fn add(&mut self, folder: Folder, id: String) {
        let ids = self.kept.ids.entry(folder.clone()).or_default();
        if !ids.contains(&id) {
            ids.push(id.clone());
        }
        self.folders.insert(id, folder);
    }

    fn unshare(&mut self, id: &str) {
        self.kept.shared.remove(id);
        self.shared_by_us.remove(id);
    }

    fn index(&mut self) {
        let of = |(folder, ids): (&Folder, &Vec<String>)| {
            ids.iter().map(|id| (id.clone(), folder.clone())).collect::<Vec<_>>()
        };
        self.folders = self.kept.ids.iter().flat_map(of).collect();
    }

    /// Keeps what is news. Another process may have kept something since: that counts, too.
    fn save(&mut self, cache: &dyn Cache) {
        let is_same =
            |bytes: &[u8], kept: &Kept| serde_json::to_vec(kept).is_ok_and(|now| now == bytes);
        if is_same(&self.saved, &self.kept) {
            return;
        }
        let there = cache.load().unwrap_or_default();
        self.catch_up(&there);
        let Ok(bytes) = serde_json::to_vec(&self.kept) else { return };
        if bytes != there {
            cache.save(&bytes);
        }
        (self.saved, self.base) = (bytes, self.kept.clone());
    }

    /// Takes in what another process has kept since.
    fn catch_up(&mut self, there: &[u8]) {
        if there == self.saved {
            return;
        }
        let theirs = Kept::read(there);
        self.kept.take_in(&self.base, &theirs);
        self.index();
        (self.saved, self.base) = (there.to_vec(), theirs);
    }
}

impl Kept {
    /// What a cache holds; nothing if that cannot be read.
    fn read(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_default()
    }

    /// Takes in what somebody else added to the base, and took away from it.
    fn take_in(&mut self, base: &Kept, theirs: &Kept) {
        for (mine, base, theirs) in [
            (&mut self.shared, &base.shared, &theirs.shared),
            (&mut self.unlisted, &base.unlisted, &theirs.unlisted),
            (&mut self.spare_ids, &base.spare_ids, &theirs.spare_ids),
        ] {
            mine.extend(theirs.difference(base).cloned());
            mine.retain(|id| theirs.contains(id) || !base.contains(id));
        }
        self.reserved
            .retain(|key, _| theirs.reserved.contains_key(key) || !base.reserved.contains_key(key));
        for (key, id) in &theirs.reserved {
            if !base.reserved.contains_key(key) {
                self.reserved.entry(key.clone()).or_insert_with(|| id.clone());
            }
        }
        self.finished.retain(|one| theirs.finished.contains(one) || !base.finished.contains(one));
        let news = theirs.finished.iter().filter(|one| !base.finished.contains(one)).cloned();
        self.finished.splice(..0, news);
        let has = |ids: &BTreeMap<Folder, Vec<String>>, folder: &Folder, id: &String| {
            ids.get(folder).is_some_and(|ids| ids.contains(id))
        };
        for (folder, ids) in &mut self.ids {
            ids.retain(|id| has(&theirs.ids, folder, id) || !has(&base.ids, folder, id));
        }
        for (folder, ids) in &theirs.ids {
            let mine = self.ids.entry(folder.clone()).or_default();
            let news = ids.iter().filter(|id| !has(&base.ids, folder, id));
            let news: Vec<String> = news.filter(|id| !mine.contains(id)).cloned().collect();
            mine.extend(news);
        }
        self.ids.retain(|_, ids| !ids.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use syft_core::Email;

    use super::*;
    use crate::MemoryCache;

    #[test]
    fn what_is_known_is_known_in_the_next_run() {
        let memory = Arc::new(MemoryCache::default());
        let root = Folder::root(&Email::parse("o@example.org").unwrap());
        let known = Known::new(Some(memory.clone()));
        known.add(root.clone(), "a".to_owned());
        known.add(root.clone(), "b".to_owned());
        known.set_shared(&["a".to_owned()]);
        known.add_spare_ids(vec!["1".to_owned(), "2".to_owned()]);
        assert_eq!(known.reserve("key").as_deref(), Some("2"));
        let again = Known::new(Some(memory.clone()));
        assert_eq!(again.ids(&root), ["a", "b"]);
        assert!(again.is_shared("a"));
        assert_eq!(again.reserve("key").as_deref(), Some("2"));
        again.end("key");
        assert_eq!(again.forget("a"), Some(root.clone()));
        let last = Known::new(Some(memory));
        assert_eq!((last.ids(&root), last.folder("a")), (vec!["b".to_owned()], None));
        assert!(!last.is_shared("a"));
        assert_eq!(last.reserve("key").as_deref(), Some("1"));
        assert_eq!(last.reserve("another"), None);
    }

    #[test]
    fn f3_what_was_made_is_not_forgotten_before_a_list_has_shown_it() {
        let root = Folder::root(&Email::parse("o@example.org").unwrap());
        let known = Known::new(None);
        known.add_made(root.clone(), "a".to_owned());
        known.replace(|_| true, Vec::new());
        assert_eq!(known.ids(&root), ["a"]);
        known.replace(|_| true, vec![(root.clone(), "a".to_owned())]);
        assert_eq!(known.ids(&root), ["a"]);
        known.replace(|_| true, Vec::new());
        assert!(known.ids(&root).is_empty());
    }

    #[test]
    fn two_processes_do_not_lose_what_the_other_one_knows() {
        let memory = Arc::new(MemoryCache::default());
        let [first, second] =
            ["o@example.org", "p@example.org"].map(|it| Folder::root(&Email::parse(it).unwrap()));
        let begun = Known::new(Some(memory.clone()));
        begun.add(first.clone(), "a".to_owned());
        begun.set_shared(&["a".to_owned()]);
        begun.add_spare_ids((1..=4).map(|n| n.to_string()).collect());
        begun.reserve("old");
        let (one, other) = (Known::new(Some(memory.clone())), Known::new(Some(memory.clone())));
        one.add(second.clone(), "b".to_owned());
        one.set_unshared("a");
        assert_eq!(one.reserve("put without an answer").as_deref(), Some("3"));
        one.finish("old");
        assert_eq!(other.reserve("its").as_deref(), Some("2"), "no id is given out twice");
        other.add(first.clone(), "c".to_owned());
        for known in [&other, &Known::new(Some(memory.clone()))] {
            assert_eq!(known.ids(&first), ["a", "c"]);
            assert_eq!(
                (known.ids(&second), known.folder("b")),
                (vec!["b".to_owned()], Some(second.clone()))
            );
            assert!(!known.is_shared("a"));
            assert_eq!(known.reserve("put without an answer").as_deref(), Some("3"));
            assert_eq!(known.reserve("old").as_deref(), Some("4"), "it may be tried again");
            known.finish("old");
        }
        one.forget("a");
        other.forget("c");
        assert!(Known::new(Some(memory)).ids(&first).is_empty());
    }

    #[test]
    fn a_damaged_memory_is_none() {
        let memory = Arc::new(MemoryCache::default());
        memory.save(b"{}x");
        assert!(Known::new(Some(memory)).folders().is_empty());
    }
}
