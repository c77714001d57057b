use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use syft_core::{Email, Timestamp};

use super::feed::News;
use crate::access::{check_delete, check_in_place, check_retire, check_write, reads_by_role};
use crate::{
    Change, Discovered, Error, ListOptions, Listed, Object, ObjectName, Recipient, Result, Skipped,
    Space, SpaceKind, Version,
};

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) spaces: BTreeMap<Space, Opened>,
    /// In the order in which listings give them.
    pub(super) objects: Vec<Stored>,
    pub(super) feed: Vec<News>,
    last_id: u64,
}

#[derive(Debug)]
pub(super) struct Opened {
    pub(super) by: Email,
    pub(super) readers: BTreeSet<Recipient>,
}

/// An object with its name as it came: a hostile one need not be a name of ours.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) space: Space,
    pub(super) name: String,
    pub(super) id: String,
    pub(super) revision: u64,
    pub(super) owner: Option<Email>,
    pub(super) created: Timestamp,
    pub(super) body: Bytes,
}

impl Stored {
    pub(super) fn object(&self) -> Result<Object> {
        Ok(Object {
            space: self.space.clone(),
            name: ObjectName::parse(&self.name)?,
            id: self.id.clone(),
            size: self.body.len() as u64,
            version: Some(self.version()),
            owner: self.owner.clone(),
            created: Some(self.created),
        })
    }

    fn version(&self) -> Version {
        Version(self.revision.to_string())
    }
}

impl State {
    pub(super) fn open(&mut self, me: &Email, space: &Space) -> Result<()> {
        check_write("open", space, me)?;
        self.open_as(me, space);
        Ok(())
    }

    pub(super) fn open_as(&mut self, by: &Email, space: &Space) {
        if !self.spaces.contains_key(space) {
            let opened = Opened { by: by.clone(), readers: BTreeSet::new() };
            self.spaces.insert(space.clone(), opened);
            self.note(space, Change::Opened(space.clone()));
        }
    }

    pub(super) fn create(
        &mut self,
        me: &Email,
        space: &Space,
        name: &ObjectName,
        body: Bytes,
        now: Timestamp,
    ) -> Result<Object> {
        self.check_put(me, space)?;
        if let Some(there) = self.mine(me, space, name) {
            if there.body == body {
                return there.object();
            }
            return Err(Error::already_exists("put", format!("{space}/{name}"), ""));
        }
        self.add(space, name.as_str(), Some(me.clone()), body, now).object()
    }

    pub(super) fn replace(
        &mut self,
        me: &Email,
        space: &Space,
        name: &ObjectName,
        body: Bytes,
        version: &Version,
    ) -> Result<Object> {
        self.check_put(me, space)?;
        let changed = || Error::precondition("replace", format!("{space}/{name}"), "");
        let there = self.mine(me, space, name).ok_or_else(changed)?;
        if there.version() != *version {
            return Err(changed());
        }
        there.body = body;
        there.revision += 1;
        let object = there.object()?;
        self.note(space, Change::Put(object.clone()));
        Ok(object)
    }

    pub(super) fn put_in_place(
        &mut self,
        me: &Email,
        space: &Space,
        older: &Object,
        name: &ObjectName,
        body: Bytes,
        now: Timestamp,
    ) -> Result<Object> {
        check_in_place(space, older, me)?;
        self.check_put(me, space)?;
        if self.mine(me, space, name).is_some_and(|third| third.id != older.id) {
            let put = self.create(me, space, name, body, now)?;
            self.delete(me, older)?;
            return Ok(put);
        }
        let is_it = |s: &&mut Stored| s.id == older.id && s.space == *space;
        let Some(there) = self.objects.iter_mut().find(is_it) else {
            return self.create(me, space, name, body, now);
        };
        if there.owner.as_ref() != Some(me) {
            return Err(Error::denied("put in place of", older, "somebody else put it there"));
        }
        if there.name == name.as_str() && there.body == body {
            return there.object();
        }
        there.name = name.as_str().to_owned();
        there.body = body;
        there.revision += 1;
        let object = there.object()?;
        self.note(space, Change::Put(object.clone()));
        Ok(object)
    }

    fn check_put(&self, me: &Email, space: &Space) -> Result<()> {
        check_write("put into", space, me)?;
        if self.spaces.contains_key(space) {
            return Ok(());
        }
        Err(Error::not_found("put into", space, "nobody opened it"))
    }

    /// The object of that name that I put; what a stranger planted under the
    /// name does not stand in the way.
    fn mine(&mut self, me: &Email, space: &Space, name: &ObjectName) -> Option<&mut Stored> {
        self.objects.iter_mut().find(|stored| {
            stored.space == *space
                && stored.name == name.as_str()
                && stored.owner.as_ref() == Some(me)
        })
    }

    pub(super) fn add(
        &mut self,
        space: &Space,
        name: &str,
        owner: Option<Email>,
        body: Bytes,
        created: Timestamp,
    ) -> Stored {
        self.last_id += 1;
        let stored = Stored {
            space: space.clone(),
            name: name.to_owned(),
            id: format!("m{}", self.last_id),
            revision: 1,
            owner,
            created,
            body,
        };
        self.objects.push(stored.clone());
        // What has no name of ours is told of as something in the space.
        let change = stored.object().map_or_else(|_| Change::Space(space.clone()), Change::Put);
        self.note(space, change);
        stored
    }

    pub(super) fn read(&self, me: &Email, object: &Object) -> Result<Bytes> {
        let found = self.objects.iter().find(|s| s.id == object.id && s.space == object.space);
        // As in a listing: whoever writes a space reads there what is their own.
        let is_own = found.is_some_and(|s| s.owner.as_ref() == Some(me));
        if !(is_own && object.space.writer() == me) {
            self.check_read("get", &object.space, me)?;
        }
        found.map(|s| s.body.clone()).ok_or_else(|| Error::not_found("get", object, ""))
    }

    pub(super) fn list(
        &self,
        me: &Email,
        space: &Space,
        options: &ListOptions,
    ) -> Result<Vec<Listed>> {
        // Whoever writes a space sees there at least what is their own.
        let own_alone = space.writer() == me && !self.may_read(space, me);
        if !own_alone {
            self.check_read("list", space, me)?;
        }
        let visible = |s: &Stored| !own_alone || s.owner.as_ref() == Some(me);
        let selected = |s: &&Stored| s.space == *space && options.selects(&s.name) && visible(s);
        let line = |stored: &Stored| match stored.object() {
            Ok(object) => Listed::Object(object),
            Err(error) => Listed::Skipped(Skipped::new(&stored.name, error.to_string())),
        };
        Ok(self.objects.iter().filter(selected).map(line).collect())
    }

    pub(super) fn retire(&mut self, me: &Email, object: &Object) -> Result<()> {
        check_retire(&object.space, me)?;
        self.remove(object);
        Ok(())
    }

    pub(super) fn delete(&mut self, me: &Email, object: &Object) -> Result<()> {
        check_delete(&object.space, me)?;
        let there = self.objects.iter().find(|s| s.id == object.id && s.space == object.space);
        if object.space.owner() != me && there.is_some_and(|s| s.owner.as_ref() != Some(me)) {
            return Err(Error::denied("delete", object, "somebody else put it there"));
        }
        self.remove(object);
        Ok(())
    }

    fn remove(&mut self, object: &Object) {
        let before = self.objects.len();
        self.objects.retain(|s| s.id != object.id || s.space != object.space);
        if self.objects.len() < before {
            self.note(&object.space, Change::Removed { id: object.id.clone() });
        }
    }

    pub(super) fn discover(&self, me: &Email, kind: SpaceKind) -> Discovered {
        let mut found = Discovered::default();
        for (space, opened) in &self.spaces {
            let needs_right = matches!(kind, SpaceKind::Collection | SpaceKind::Profile);
            let wanted = kind.is_of(space, me) && (!needs_right || self.may_read(space, me));
            if !wanted {
                continue;
            }
            if opened.by == *space.writer() {
                found.spaces.push(space.clone());
            } else {
                let reason = format!("{} opened it", opened.by);
                found.skipped.push(Skipped::new(&space.to_string(), reason));
            }
        }
        found
    }

    pub(super) fn check_read(&self, action: &'static str, space: &Space, me: &Email) -> Result<()> {
        if self.may_read(space, me) {
            return Ok(());
        }
        Err(Error::denied(action, space, format!("it is not shared with {me}")))
    }

    pub(super) fn may_read(&self, space: &Space, who: &Email) -> bool {
        if reads_by_role(space, who) {
            return true;
        }
        let granted = self.spaces.get(space).is_some_and(|opened| {
            opened.readers.contains(&Recipient::Any)
                || opened.readers.contains(&Recipient::One(who.clone()))
        });
        match space {
            Space::Collection { .. } => granted,
            Space::Profile { owner } => granted || self.approached(owner, who),
            _ => false,
        }
    }

    /// Whether `owner` opened a space towards `who`, and so made it a peer.
    fn approached(&self, owner: &Email, who: &Email) -> bool {
        let towards = [
            Space::Inbox { owner: who.clone(), sender: owner.clone() },
            Space::Outbox { owner: owner.clone(), recipient: who.clone() },
        ];
        towards.iter().any(|space| self.spaces.get(space).is_some_and(|s| s.by == *owner))
    }

    pub(super) fn note(&mut self, space: &Space, change: Change) {
        self.feed.push(News { space: space.clone(), change, former: None });
    }

    /// Notes that somebody reads a space no longer.
    pub(super) fn note_closed(&mut self, space: &Space, to: Recipient) {
        let change = Change::Space(space.clone());
        self.feed.push(News { space: space.clone(), change, former: Some(to) });
    }
}
