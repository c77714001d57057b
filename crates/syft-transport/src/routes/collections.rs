//! Datasets of mine: they lie at home, and also where those are reached who may have them,
//! unless they have a store of their own.

use std::collections::BTreeSet;

use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt, stream};

use super::{Route, Routes};
use crate::{
    Error, Object, ObjectName, PutBody, PutMode, Recipient, Result, Sharing, Space, Transport,
    TransportExt, grants,
};

impl Routes {
    /// Who is let into a dataset of mine by an object of this name.
    pub(super) fn let_in_by(&self, space: &Space, name: &ObjectName) -> Option<Recipient> {
        let is_mine = matches!(space, Space::Collection { owner, .. } if owner == self.me());
        grants::recipient_of(name.as_str()).filter(|_| is_mine)
    }

    /// Where a reader finds what is shared with it.
    fn places_of(&self, reader: &Recipient) -> Vec<&Route> {
        match (self.data(), reader) {
            (Some(data), _) => vec![data],
            (None, Recipient::One(email)) => self.to(email),
            (None, Recipient::Any) => vec![&self.home],
        }
    }

    /// Puts a grant wherever its reader may find it, and before it what it is about. One of
    /// several stores may be away.
    pub(super) async fn put_grant(
        &self,
        space: &Space,
        name: &ObjectName,
        body: PutBody,
        reader: &Recipient,
    ) -> Result<Object> {
        let (mut put, mut away) = (None, None);
        for place in self.places_of(reader) {
            match self.put_grant_in(place, space, name, body.clone(), reader).await {
                Err(error) if error.is_retryable() => {
                    self.note(place, &error);
                    away.get_or_insert(error);
                }
                done => put = put.or(Some(done?)),
            }
        }
        let nowhere = || away.unwrap_or_else(|| Error::permanent("share", space, "nowhere"));
        put.ok_or_else(nowhere)
    }

    async fn put_grant_in(
        &self,
        place: &Route,
        space: &Space,
        name: &ObjectName,
        body: PutBody,
        reader: &Recipient,
    ) -> Result<Object> {
        self.bring(space, place).await?;
        let put = place.store.put(space, name, body, PutMode::Create).await?;
        if self.home.store.sharing().is_none()
            && let Some(sharing) = place.store.sharing()
        {
            sharing.grant(space, reader).await?;
        }
        Ok(place.tagged(put))
    }

    /// Brings a dataset into another store than that into which it was put; what is there
    /// already stays.
    async fn bring(&self, space: &Space, place: &Route) -> Result<()> {
        let kept = self.kept();
        if place.url == kept.url {
            return Ok(());
        }
        place.store.open(space).await?;
        let there = place.store.list_all(space).await?;
        let there: BTreeSet<(ObjectName, u64)> =
            there.into_iter().map(|object| (object.name, object.size)).collect();
        for object in kept.store.list_all(space).await? {
            let is_there = there.contains(&(object.name.clone(), object.size));
            if is_there || grants::is_grant(&object.name) {
                continue;
            }
            let (name, size, from) = (object.name.clone(), object.size, kept.store.clone());
            let body = PutBody::from_stream(size, move || {
                let (from, object) = (from.clone(), object.clone());
                stream::once(async move { from.get(&object, None).await }).try_flatten().boxed()
            });
            place.store.put(space, &name, body, PutMode::Create).await?;
        }
        Ok(())
    }

    async fn grant_in(&self, place: &Route, space: &Space, recipient: &Recipient) -> Result<()> {
        self.bring(space, place).await?;
        let is_there = match place.store.sharing() {
            Some(_) => false,
            // The one that is there may be more than one of mere words.
            None => grants::list(&*place.store, space).await?.contains(recipient),
        };
        if is_there { Ok(()) } else { grants::grant(&*place.store, space, recipient.clone()).await }
    }

    fn sharing_at<'a>(&self, route: &'a Route, space: &Space) -> Result<&'a dyn Sharing> {
        let missing = || Error::unsupported("share", space, route.info().name.clone());
        route.store.sharing().ok_or_else(missing)
    }

    fn is_own_collection(&self, space: &Space) -> bool {
        matches!(space, Space::Collection { owner, .. } if owner == self.me())
    }
}

#[async_trait]
impl Sharing for Routes {
    async fn grant(&self, space: &Space, recipient: &Recipient) -> Result<()> {
        if !self.is_own_collection(space) {
            let way = self.first_of(space);
            return self.sharing_at(way, space)?.grant(space, recipient).await;
        }
        let (mut is_done, mut away) = (false, None);
        for place in self.places_of(recipient) {
            match self.grant_in(place, space, recipient).await {
                Err(error) if error.is_retryable() => {
                    self.note(place, &error);
                    away.get_or_insert(error);
                }
                done => {
                    done?;
                    is_done = true;
                }
            }
        }
        away.filter(|_| !is_done).map_or(Ok(()), Err)
    }

    async fn revoke(&self, space: &Space, recipient: &Recipient) -> Result<()> {
        if !self.is_own_collection(space) {
            let way = self.first_of(space);
            return self.sharing_at(way, space)?.revoke(space, recipient).await;
        }
        for way in self.of(space) {
            match grants::revoke(&*way.store, space, recipient.clone()).await {
                Err(Error::NotFound { .. }) if way.url != self.kept().url => {}
                revoked => revoked?,
            }
        }
        Ok(())
    }

    async fn grants(&self, space: &Space) -> Result<Vec<Recipient>> {
        if !self.is_own_collection(space) {
            return self.sharing_at(self.first_of(space), space)?.grants(space).await;
        }
        let mut all = BTreeSet::new();
        for way in self.of(space) {
            match grants::list(&*way.store, space).await {
                Err(Error::NotFound { .. }) if way.url != self.kept().url => {}
                granted => all.extend(granted?),
            }
        }
        Ok(all.into_iter().collect())
    }
}
