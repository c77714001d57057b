use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use syft_core::{Email, Timestamp};

use crate::{Change, Cursor, Discovered, Listed, Object, Skipped, Space, SpaceKind};

/// How long after it was first taken a listing is taken once more, in seconds: by then it
/// shows what it lagged behind (`threats.md` F3).
const SETTLED_AFTER: f64 = 60.0;

/// What was not asked for in so many rounds is not asked for together with what is.
const IN_USE: u64 = 3;

/// What is known of a store at one place of its feed.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Kept {
    cursor: Option<Cursor>,
    /// Whether the feed was seen to tell what somebody else put into a space that may lie
    /// with that somebody. Until then it may be blind to those, and they are asked for in
    /// each round.
    sees_others: bool,
    /// The same of my outboxes with others, which may lie with me.
    #[serde(default)]
    sees_outboxes: bool,
    /// Counts the times that notice was taken of what others did.
    #[serde(default)]
    round: u64,
    #[serde(with = "crate::pairs")]
    lists: BTreeMap<Space, Taken<Vec<Listed>>>,
    #[serde(with = "crate::pairs")]
    discovered: BTreeMap<SpaceKind, Taken<Discovered>>,
    /// What objects were before I put others in their places, until the feed has told of
    /// what they are now: one that lags tells of them as they were.
    #[serde(default)]
    former: Vec<Object>,
    /// What others put, as the feed told it, until a listing shows it: one that lags does not,
    /// and the feed tells nothing twice (`threats.md` F3).
    #[serde(default)]
    told: BTreeMap<String, Object>,
}

/// What was taken of the store, and when, if it is to be taken once more.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Taken<T> {
    told: T,
    first: Option<Timestamp>,
    /// In which round it was taken, and in which it was asked for last.
    #[serde(default)]
    taken: u64,
    #[serde(default)]
    asked: u64,
}

impl<T: Clone> Taken<T> {
    /// Whether this settles what was taken before.
    fn after(before: Option<&Self>, told: T, now: Timestamp, round: u64) -> Self {
        let first = match before.map(|before| before.first) {
            Some(None) => None,
            Some(Some(first)) => (!is_settled(first, now)).then_some(first),
            None => Some(now),
        };
        Taken { told, first, taken: round, asked: before.map_or(round, |before| before.asked) }
    }

    /// It, unless it is to be taken once more: as it was taken in this round, or as what the
    /// feed told since has made it, if that is believed.
    fn valid(&self, now: Timestamp, round: u64, is_believed: bool) -> Option<T> {
        let is_due = self.first.is_some_and(|first| is_settled(first, now));
        let counts = if is_believed { !is_due } else { self.taken == round };
        counts.then(|| self.told.clone())
    }
}

/// Whether both are the same state of one object.
fn is_same(one: &Object, other: &Object) -> bool {
    (&one.id, &one.name, &one.version) == (&other.id, &other.name, &other.version)
}

/// A clock that goes back settles nothing for ever.
fn is_settled(first: Timestamp, now: Timestamp) -> bool {
    (now.seconds() - first.seconds()).abs() >= SETTLED_AFTER
}

impl Kept {
    pub(super) fn at(cursor: Cursor) -> Self {
        Kept { cursor: Some(cursor), ..Kept::default() }
    }

    /// What others do from now on is news.
    pub(super) fn next_round(&mut self) {
        self.round += 1;
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
                    self.learn_from(&object.space, me);
                    if !self.is_former(&object) {
                        self.put(object.clone());
                        if object.space.writer() != me {
                            self.told.insert(object.id.clone(), object);
                        }
                    }
                }
                Change::Odd { space, skipped } => {
                    self.learn_from(&space, me);
                    self.put_odd(&space, skipped);
                }
                Change::Removed { id } => self.remove(&id),
                Change::Space(space) => {
                    self.lists.remove(&space);
                    self.told.retain(|_, object| object.space != space);
                    self.discovered.clear();
                }
            }
        }
        self.cursor = Some(next);
    }

    /// What the feed has told of one space shows what it can be believed about.
    fn learn_from(&mut self, space: &Space, me: &Email) {
        match space {
            space if space.writer() == me => {}
            Space::Outbox { .. } => self.sees_outboxes = true,
            // A file of it may be shared by itself, where no folder is.
            Space::Profile { .. } => {}
            _ => self.sees_others = true,
        }
    }

    fn put_odd(&mut self, space: &Space, skipped: Skipped) {
        skipped.id.iter().for_each(|id| self.remove(id));
        if let Some(list) = self.lists.get_mut(space) {
            list.told.push(Listed::Skipped(skipped));
        }
    }

    /// An object of mine is there in place of an older one.
    pub(super) fn put_in_place(&mut self, older: Object, object: Object) {
        let mut former = std::mem::take(&mut self.former);
        self.remove(&older.id);
        self.put(object.clone());
        if older.id == object.id && !former.contains(&older) {
            former.push(older);
        }
        // It may be again what it was once.
        former.retain(|one| !is_same(one, &object));
        self.former = former;
    }

    /// Whether this is what an object was and is no more.
    fn is_former(&self, object: &Object) -> bool {
        self.former.iter().any(|one| is_same(one, object))
    }

    /// An object is where it is said to be and nowhere else.
    pub(super) fn put(&mut self, object: Object) {
        self.remove(&object.id);
        if let Some(list) = self.lists.get_mut(&object.space) {
            list.told.push(Listed::Object(object));
        }
    }

    pub(super) fn remove(&mut self, id: &str) {
        let is_it = |line: &Listed| line.id() == Some(id);
        self.lists.values_mut().for_each(|list| list.told.retain(|line| !is_it(line)));
        self.told.remove(id);
        self.former.retain(|one| one.id != id);
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

    /// Whether the feed tells what happens in a space.
    fn believes(&self, space: &Space, me: &Email) -> bool {
        let is_outbox = matches!(space, Space::Outbox { .. });
        space.writer() == me || self.sees_others || (is_outbox && self.sees_outboxes)
    }

    pub(super) fn list(
        &mut self,
        space: &Space,
        now: Timestamp,
        me: &Email,
    ) -> Option<Vec<Listed>> {
        let (is_believed, round) = (self.believes(space, me), self.round);
        let taken = self.lists.get_mut(space)?;
        taken.asked = round;
        taken.valid(now, round, is_believed)
    }

    pub(super) fn set_list(&mut self, space: &Space, mut told: Vec<Listed>, now: Timestamp) {
        told.iter().filter_map(Listed::id).for_each(|id| drop(self.told.remove(id)));
        let lagging = self.told.values().filter(|object| object.space == *space);
        told.extend(lagging.cloned().map(Listed::Object));
        let taken = Taken::after(self.lists.get(space), told, now, self.round);
        self.lists.insert(space.clone(), taken);
    }

    pub(super) fn drop_list(&mut self, space: &Space) {
        self.lists.remove(space);
    }

    /// Of what the feed does not tell, what else will be asked for in this round, as it was
    /// in those before: all of it can be asked of the store together.
    pub(super) fn to_ask_with(&self, space: &Space, me: &Email) -> Vec<Space> {
        if self.believes(space, me) {
            return Vec::new();
        }
        let is_wanted = |other: &Space, taken: &Taken<Vec<Listed>>| {
            let is_in_use = self.round.saturating_sub(taken.asked) <= IN_USE;
            other != space && taken.taken != self.round && is_in_use && !self.believes(other, me)
        };
        let lists = self.lists.iter().filter(|(other, taken)| is_wanted(other, taken));
        lists.map(|(other, _)| other.clone()).collect()
    }

    pub(super) fn discovered(&self, kind: SpaceKind, now: Timestamp) -> Option<Discovered> {
        let is_mine = matches!(kind, SpaceKind::Mine | SpaceKind::OwnCollection);
        self.discovered.get(&kind)?.valid(now, self.round, self.sees_others || is_mine)
    }

    pub(super) fn set_discovered(&mut self, kind: SpaceKind, told: Discovered, now: Timestamp) {
        let taken = Taken::after(self.discovered.get(&kind), told, now, self.round);
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
        let outbox = Space::Outbox { owner: peer.clone(), recipient: me.clone() };
        let mut kept = Kept::at(Cursor("0".to_owned()));
        for space in [&inbox, &outbox, &log] {
            kept.set_list(space, Vec::new(), now);
        }
        kept.set_discovered(SpaceKind::Inbox, Discovered::default(), now);
        kept.next_round();
        kept.take(vec![Change::Put(object(&log))], Cursor("1".to_owned()), &me);
        assert_eq!(kept.list(&log, now, &me).unwrap().len(), 1);
        assert_eq!(kept.list(&inbox, now, &me), None);
        assert_eq!(kept.discovered(SpaceKind::Inbox, now), None);
        assert_eq!(kept.to_ask_with(&inbox, &me), std::slice::from_ref(&outbox));
        // An outbox may lie with me, and a profile is shared file by file: what happens there
        // tells nothing of an inbox.
        let profile = Space::Profile { owner: peer.clone() };
        let seen = [&outbox, &profile].map(|space| Change::Put(object(space)));
        kept.take(seen.into(), Cursor("1".to_owned()), &me);
        assert_eq!(kept.list(&outbox, now, &me).unwrap().len(), 1);
        assert_eq!(kept.list(&inbox, now, &me), None);
        assert_eq!(kept.to_ask_with(&inbox, &me), []);
        kept.take(vec![Change::Put(object(&inbox))], Cursor("2".to_owned()), &me);
        assert_eq!(kept.list(&inbox, now, &me).unwrap().len(), 1);
        assert!(kept.discovered(SpaceKind::Inbox, now).is_some());
    }

    #[test]
    fn f3_what_the_feed_has_told_is_there_although_listings_lag() {
        let [me, peer] = ["o@example.org", "p@example.org"].map(|it| Email::parse(it).unwrap());
        let inbox = Space::Inbox { owner: me.clone(), sender: peer };
        let object = Object {
            space: inbox.clone(),
            name: ObjectName::parse("event").unwrap(),
            id: "1".to_owned(),
            size: 1,
            version: None,
            owner: None,
            created: None,
        };
        let at = |seconds| Timestamp::new(seconds).unwrap();
        let mut kept = Kept::at(Cursor("0".to_owned()));
        kept.take(vec![Change::Put(object.clone())], Cursor("1".to_owned()), &me);
        for seconds in [1.0, 100.0, 200.0] {
            kept.set_list(&inbox, Vec::new(), at(seconds));
            let listed = kept.list(&inbox, at(seconds), &me).unwrap();
            assert_eq!(listed, [Listed::Object(object.clone())], "after {seconds}");
        }
        let gone = Change::Removed { id: object.id.clone() };
        kept.take(vec![gone], Cursor("2".to_owned()), &me);
        kept.set_list(&inbox, Vec::new(), at(300.0));
        assert_eq!(kept.list(&inbox, at(300.0), &me), Some(Vec::new()));
    }

    #[test]
    fn what_the_feed_does_not_tell_is_asked_for_once_in_a_round() {
        let [me, peer] = ["o@example.org", "p@example.org"].map(|it| Email::parse(it).unwrap());
        let [inbox, profile] = [
            Space::Inbox { owner: me.clone(), sender: peer.clone() },
            Space::Profile { owner: peer },
        ];
        let now = Timestamp::new(1.0).unwrap();
        let mut kept = Kept::at(Cursor("0".to_owned()));
        kept.set_list(&profile, Vec::new(), now);
        for age in 0..2 * IN_USE {
            kept.next_round();
            assert_eq!(kept.list(&inbox, now, &me), None);
            let with = kept.to_ask_with(&inbox, &me);
            assert_eq!(with.len(), usize::from(age < IN_USE), "after {age} rounds");
            kept.set_list(&inbox, Vec::new(), now);
            with.iter().for_each(|space| kept.set_list(space, Vec::new(), now));
            assert_eq!(kept.list(&inbox, now, &me), Some(Vec::new()));
            assert_eq!(kept.to_ask_with(&inbox, &me), []);
        }
    }
}
