use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use syft_core::{Email, Timestamp};

use crate::{Change, Cursor, Discovered, Listed, Object, Space, SpaceKind};

/// How long after it was first taken a listing is taken once more, in seconds: by then it
/// shows what it lagged behind (`threats.md` F3).
const SETTLED_AFTER: f64 = 60.0;

/// What is known of a store at one place of its feed.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Kept {
    cursor: Option<Cursor>,
    #[serde(with = "crate::pairs")]
    lists: BTreeMap<Space, Taken<Vec<Listed>>>,
    #[serde(with = "crate::pairs")]
    discovered: BTreeMap<SpaceKind, Taken<Discovered>>,
}

/// What was taken of the store, and when, if it is to be taken once more.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Taken<T> {
    told: T,
    first: Option<Timestamp>,
}

impl<T: Clone> Taken<T> {
    /// Whether this settles what was taken before.
    fn after(before: Option<&Self>, told: T, now: Timestamp) -> Self {
        let first = match before.map(|before| before.first) {
            Some(None) => None,
            Some(Some(first)) => (!is_settled(first, now)).then_some(first),
            None => Some(now),
        };
        Taken { told, first }
    }

    /// It, unless it is to be taken once more.
    fn valid(&self, now: Timestamp) -> Option<T> {
        let is_due = self.first.is_some_and(|first| is_settled(first, now));
        (!is_due).then(|| self.told.clone())
    }
}

/// A clock that goes back settles nothing for ever.
fn is_settled(first: Timestamp, now: Timestamp) -> bool {
    (now.seconds() - first.seconds()).abs() >= SETTLED_AFTER
}

impl Kept {
    pub(super) fn at(cursor: Cursor) -> Self {
        Kept { cursor: Some(cursor), ..Kept::default() }
    }

    pub(super) fn cursor(&self) -> Option<Cursor> {
        self.cursor.clone()
    }

    /// What the last process kept, if it is not damaged.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Takes in what happened up to a place.
    pub(super) fn take(&mut self, changes: Vec<Change>, next: Cursor, me: &Email) {
        for change in changes {
            match change {
                Change::Opened(space) => self.open(&space, me),
                Change::Put(object) => self.put(object),
                Change::Removed { id } => self.remove(&id),
                Change::Space(space) => {
                    self.lists.remove(&space);
                    self.discovered.clear();
                }
            }
        }
        self.cursor = Some(next);
    }

    /// An object is where it is said to be and nowhere else.
    pub(super) fn put(&mut self, object: Object) {
        self.remove(&object.id);
        if let Some(list) = self.lists.get_mut(&object.space) {
            list.told.push(Listed::Object(object));
        }
    }

    pub(super) fn remove(&mut self, id: &str) {
        let is_it = |line: &Listed| matches!(line, Listed::Object(object) if object.id == id);
        self.lists.values_mut().for_each(|list| list.told.retain(|line| !is_it(line)));
    }

    /// A space is there. Of one that is news what was listed before counts no more.
    pub(super) fn open(&mut self, space: &Space, me: &Email) {
        for (kind, taken) in &mut self.discovered {
            if !kind.is_of(space, me) {
                continue;
            }
            if let Err(place) = taken.told.spaces.binary_search(space) {
                taken.told.spaces.insert(place, space.clone());
                self.lists.remove(space);
            }
        }
    }

    pub(super) fn list(&self, space: &Space, now: Timestamp) -> Option<Vec<Listed>> {
        self.lists.get(space)?.valid(now)
    }

    pub(super) fn set_list(&mut self, space: &Space, told: Vec<Listed>, now: Timestamp) {
        let taken = Taken::after(self.lists.get(space), told, now);
        self.lists.insert(space.clone(), taken);
    }

    pub(super) fn discovered(&self, kind: SpaceKind, now: Timestamp) -> Option<Discovered> {
        self.discovered.get(&kind)?.valid(now)
    }

    pub(super) fn set_discovered(&mut self, kind: SpaceKind, told: Discovered, now: Timestamp) {
        let taken = Taken::after(self.discovered.get(&kind), told, now);
        self.discovered.insert(kind, taken);
    }
}
