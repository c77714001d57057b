//! What is remembered of a Drive between two runs. All of it can be found out again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::names::Folder;
use crate::Cache;

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
struct Kept {
    /// The ids of each folder; of twins the oldest first.
    #[serde(with = "crate::pairs")]
    ids: BTreeMap<Folder, Vec<String>>,
    /// Those that were shared with the peer that they are for.
    shared: BTreeSet<String>,
    /// Objects that may have been put, though nobody said so.
    doubtful: BTreeSet<String>,
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

    /// Takes in what was found, oldest first, in place of all that these selected.
    pub(super) fn replace(&self, selected: impl Fn(&Folder) -> bool, found: Vec<(Folder, String)>) {
        self.change(|state| {
            let gone = |folder: &Folder| selected(folder);
            state.kept.ids.retain(|folder, _| !gone(folder));
            state.folders.retain(|_, folder| !gone(folder));
            found.into_iter().for_each(|(folder, id)| state.add(folder, id));
        });
    }

    pub(super) fn add(&self, folder: Folder, id: String) {
        self.change(|state| state.add(folder, id));
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

    /// Notes that an object is being put; whether an earlier put of it came to an end is
    /// not known.
    pub(super) fn begin(&self, key: &str) -> bool {
        self.change(|state| !state.kept.doubtful.insert(key.to_owned()))
    }

    /// Notes what came of it.
    pub(super) fn end(&self, key: &str) {
        self.change(|state| state.kept.doubtful.remove(key));
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
        if there != self.saved {
            self.kept.take_in(&self.base, &Kept::read(&there));
            self.index();
        }
        let Ok(bytes) = serde_json::to_vec(&self.kept) else { return };
        if bytes != there {
            cache.save(&bytes);
        }
        (self.saved, self.base) = (bytes, self.kept.clone());
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
            (&mut self.doubtful, &base.doubtful, &theirs.doubtful),
        ] {
            mine.extend(theirs.difference(base).cloned());
            mine.retain(|id| theirs.contains(id) || !base.contains(id));
        }
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

    #[derive(Debug, Default)]
    struct Box(Mutex<Option<Vec<u8>>>);

    impl Cache for Box {
        fn load(&self) -> Option<Vec<u8>> {
            self.0.lock().unwrap().clone()
        }
        fn save(&self, bytes: &[u8]) {
            *self.0.lock().unwrap() = Some(bytes.to_vec());
        }
    }

    #[test]
    fn what_is_known_is_known_in_the_next_run() {
        let memory = Arc::new(Box::default());
        let root = Folder::root(&Email::parse("o@example.org").unwrap());
        let known = Known::new(Some(memory.clone()));
        known.add(root.clone(), "a".to_owned());
        known.add(root.clone(), "b".to_owned());
        known.set_shared(&["a".to_owned()]);
        assert!(!known.begin("key"));
        let again = Known::new(Some(memory.clone()));
        assert_eq!(again.ids(&root), ["a", "b"]);
        assert!(again.is_shared("a"));
        assert!(again.begin("key"));
        again.end("key");
        assert_eq!(again.forget("a"), Some(root.clone()));
        let last = Known::new(Some(memory));
        assert_eq!((last.ids(&root), last.folder("a")), (vec!["b".to_owned()], None));
        assert!(!last.is_shared("a") && !last.begin("key"));
    }

    #[test]
    fn two_processes_do_not_lose_what_the_other_one_knows() {
        let memory = Arc::new(Box::default());
        let [first, second] =
            ["o@example.org", "p@example.org"].map(|it| Folder::root(&Email::parse(it).unwrap()));
        let begun = Known::new(Some(memory.clone()));
        begun.add(first.clone(), "a".to_owned());
        begun.set_shared(&["a".to_owned()]);
        begun.begin("old");
        let (one, other) = (Known::new(Some(memory.clone())), Known::new(Some(memory.clone())));
        one.add(second.clone(), "b".to_owned());
        one.set_unshared("a");
        one.begin("put without an answer");
        one.end("old");
        other.add(first.clone(), "c".to_owned());
        for known in [&other, &Known::new(Some(memory.clone()))] {
            assert_eq!(known.ids(&first), ["a", "c"]);
            assert_eq!(
                (known.ids(&second), known.folder("b")),
                (vec!["b".to_owned()], Some(second.clone()))
            );
            assert!(!known.is_shared("a"));
            assert!(known.begin("put without an answer") && !known.begin("old"));
            known.end("old");
        }
        one.forget("a");
        other.forget("c");
        assert!(Known::new(Some(memory)).ids(&first).is_empty());
    }

    #[test]
    fn a_damaged_memory_is_none() {
        let memory = Box(Mutex::new(Some(b"{}x".to_vec())));
        assert!(Known::new(Some(Arc::new(memory))).folders().is_empty());
    }
}
