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
    /// What the cache holds.
    saved: Vec<u8>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
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
        let kept: Kept = serde_json::from_slice(&saved).unwrap_or_default();
        let of = |(folder, ids): (&Folder, &Vec<String>)| {
            ids.iter().map(|id| (id.clone(), folder.clone())).collect::<Vec<_>>()
        };
        let folders = kept.ids.iter().flat_map(of).collect();
        Known { state: Mutex::new(State { kept, folders, saved }), cache }
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
            state.kept.shared.remove(id);
            Some(folder)
        })
    }

    pub(super) fn is_shared(&self, id: &str) -> bool {
        self.state().kept.shared.contains(id)
    }

    pub(super) fn set_shared(&self, ids: &[String]) {
        self.change(|state| state.kept.shared.extend(ids.iter().cloned()));
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
        if let (Some(cache), Ok(bytes)) = (&self.cache, serde_json::to_vec(&state.kept))
            && bytes != state.saved
        {
            cache.save(&bytes);
            state.saved = bytes;
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
    fn a_damaged_memory_is_none() {
        let memory = Box(Mutex::new(Some(b"{}x".to_vec())));
        assert!(Known::new(Some(Arc::new(memory))).folders().is_empty());
    }
}
