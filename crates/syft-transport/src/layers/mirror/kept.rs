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
    /// Whether the feed was seen to tell what somebody else put. Until then it may be
    /// blind to what others write, and their spaces are asked for each time.
    sees_others: bool,
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
                Change::Put(object) => {
                    self.sees_others |= object.space.writer() != me;
                    self.put(object);
                }
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

    pub(super) fn list(&self, space: &Space, now: Timestamp, me: &Email) -> Option<Vec<Listed>> {
        let is_told = self.sees_others || space.writer() == me;
        self.lists.get(space).filter(|_| is_told)?.valid(now)
    }

    pub(super) fn set_list(&mut self, space: &Space, told: Vec<Listed>, now: Timestamp) {
        let taken = Taken::after(self.lists.get(space), told, now);
        self.lists.insert(space.clone(), taken);
    }

    pub(super) fn discovered(&self, kind: SpaceKind, now: Timestamp) -> Option<Discovered> {
        let is_mine = matches!(kind, SpaceKind::Mine | SpaceKind::OwnCollection);
        self.discovered.get(&kind).filter(|_| self.sees_others || is_mine)?.valid(now)
    }

    pub(super) fn set_discovered(&mut self, kind: SpaceKind, told: Discovered, now: Timestamp) {
        let taken = Taken::after(self.discovered.get(&kind), told, now);
        self.discovered.insert(kind, taken);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ObjectName;

    #[test]
    fn f3_a_feed_is_believed_about_others_once_it_has_told_of_one() {
        let [me, peer] = ["o@example.org", "p@example.org"].map(|it| Email::parse(it).unwrap());
        let inbox = Space::Inbox { owner: me.clone(), sender: peer.clone() };
        let log = Space::Log { owner: me.clone() };
        let now = Timestamp::new(1.0).unwrap();
        let object = |space: &Space| Object {
            space: space.clone(),
            name: ObjectName::parse("event").unwrap(),
            id: space.to_string(),
            size: 1,
            version: None,
            owner: None,
            created: None,
        };
        let mut kept = Kept::at(Cursor("0".to_owned()));
        for space in [&inbox, &log] {
            kept.set_list(space, Vec::new(), now);
        }
        kept.set_discovered(SpaceKind::Inbox, Discovered::default(), now);
        kept.take(vec![Change::Put(object(&log))], Cursor("1".to_owned()), &me);
        assert_eq!(kept.list(&log, now, &me).unwrap().len(), 1);
        assert_eq!(kept.list(&inbox, now, &me), None);
        assert_eq!(kept.discovered(SpaceKind::Inbox, now), None);
        kept.take(vec![Change::Put(object(&inbox))], Cursor("2".to_owned()), &me);
        assert_eq!(kept.list(&inbox, now, &me).unwrap().len(), 1);
        assert!(kept.discovered(SpaceKind::Inbox, now).is_some());
    }
}
