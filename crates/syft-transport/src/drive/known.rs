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
    /// Ids that nothing has yet.
    spare_ids: Vec<String>,
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
            state.kept.shared.remove(id);
            state.kept.unlisted.remove(id);
            Some(folder)
        })
    }

    pub(super) fn is_shared(&self, id: &str) -> bool {
        self.state().kept.shared.contains(id)
    }

    pub(super) fn set_shared(&self, ids: &[String]) {
        self.change(|state| state.kept.shared.extend(ids.iter().cloned()));
    }

    /// The id for what is being made: the one of an earlier try if it is not known what came
    /// of that, or else one that is spare; `None` if there is none.
    pub(super) fn reserve(&self, key: &str) -> Option<String> {
        self.change(|state| {
            if let Some(id) = state.kept.reserved.get(key) {
                return Some(id.clone());
            }
            let id = state.kept.spare_ids.pop()?;
            state.kept.reserved.insert(key.to_owned(), id.clone());
            Some(id)
        })
    }

    /// Notes that it is known what became of it.
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
    fn a_damaged_memory_is_none() {
        let memory = Box(Mutex::new(Some(b"{}x".to_vec())));
        assert!(Known::new(Some(Arc::new(memory))).folders().is_empty());
    }
}
