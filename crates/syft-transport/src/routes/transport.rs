use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use async_trait::async_trait;
use futures::future::join_all;
use futures::stream::{self, StreamExt};

use super::places::Removed;
use super::{Route, Routes};
use crate::access::check_in_place;
use crate::{
    ByteStream, Changes, Discovered, Error, Info, ListOptions, ListStream, Listed, Object,
    ObjectName, PutBody, PutMode, Result, Sharing, Space, SpaceKind, Transport,
};

#[async_trait]
impl Transport for Routes {
    fn info(&self) -> &Info {
        self.home.info()
    }

    fn info_of(&self, space: &Space) -> &Info {
        self.first_of(space).info()
    }

    fn is_partial(&self, space: &Space) -> bool {
        self.is_lacking(space)
    }

    async fn open(&self, space: &Space) -> Result<()> {
        self.in_first(self.puts_into(space), |way| way.store.open(space)).await
    }

    async fn put(
        &self,
        space: &Space,
        name: &ObjectName,
        body: PutBody,
        mode: PutMode,
    ) -> Result<Object> {
        match mode {
            PutMode::Create => self.create(space, name, body).await,
            PutMode::Replace(_) => {
                let way = self.first_of(space);
                Ok(way.tagged(way.store.put(space, name, body, mode).await?))
            }
            PutMode::InPlaceOf(older) => self.put_in_place(space, name, body, older).await,
        }
    }

    async fn get(&self, object: &Object, range: Option<Range<u64>>) -> Result<ByteStream> {
        let (route, object) = self.place(object)?;
        route.store.get(&object, range).await
    }

    async fn list(&self, space: &Space, options: &ListOptions) -> Result<ListStream> {
        let lines = match self.of(space).as_slice() {
            [way] => {
                let tagged = |line: Result<Listed>| line.map(|line| way.tagged_line(line));
                let lines: Vec<_> =
                    way.store.list(space, options).await?.map(tagged).collect().await;
                self.note_listed(space, false);
                lines
            }
            _ => {
                let lines = self.merged(space).await?.into_iter();
                lines.filter(|line| options.selects(line.name())).map(Ok).collect()
            }
        };
        Ok(stream::iter(lines).boxed())
    }

    async fn list_many(&self, spaces: &[Space]) -> Result<Vec<Result<Vec<Listed>>>> {
        let mut told: BTreeMap<usize, Result<Vec<Listed>>> = BTreeMap::new();
        let mut alone: BTreeMap<&str, (&Route, Vec<usize>, Vec<Space>)> = BTreeMap::new();
        for (at, space) in spaces.iter().enumerate() {
            match self.of(space).as_slice() {
                [way] => {
                    let start = || (*way, Vec::new(), Vec::new());
                    let (_, places, asked) = alone.entry(&way.url).or_insert_with(start);
                    places.push(at);
                    asked.push(space.clone());
                }
                _ => {
                    told.insert(at, self.merged(space).await);
                }
            }
        }
        let is_one = told.is_empty() && alone.len() == 1;
        for (way, places, asked) in alone.into_values() {
            let lists = match way.store.list_many(&asked).await {
                Err(error) if is_one => return Err(error),
                Err(error) => asked.iter().map(|_| Err(error.repeat())).collect(),
                Ok(lists) => lists,
            };
            for ((at, space), list) in places.into_iter().zip(&asked).zip(lists) {
                self.note_listed(space, false);
                let tagged = |line| way.tagged_line(line);
                told.insert(at, list.map(|lines| lines.into_iter().map(tagged).collect()));
            }
        }
        Ok(told.into_values().collect())
    }

    /// One that is away is asked again the next time.
    async fn refresh(&self) -> Result<()> {
        let ways = self.used();
        let refreshed = join_all(ways.iter().map(|way| way.store.refresh())).await;
        self.unless_all_fail(ways.into_iter().zip(refreshed)).map(drop)
    }

    async fn sweep(&self, received: bool) -> Result<Vec<String>> {
        let ways = self.used();
        let swept = join_all(ways.iter().map(|way| way.store.sweep(received))).await;
        let swept = self.unless_all_fail(ways.into_iter().zip(swept))?;
        Ok(swept.into_iter().flat_map(|(_, names)| names).collect())
    }

    async fn delete(&self, objects: &[Object]) -> Result<()> {
        self.clear(objects, &[]).await
    }

    async fn retire(&self, objects: &[Object]) -> Result<()> {
        self.clear(&[], objects).await
    }

    async fn clear(&self, deleted: &[Object], retired: &[Object]) -> Result<()> {
        let mut first = Ok(());
        for Removed { route, deleted, retired } in self.everywhere(deleted, retired).await? {
            let cleared = route.store.clear(&deleted, &retired).await;
            first = first.and(cleared);
        }
        first
    }

    async fn discover(&self, kind: SpaceKind) -> Result<Discovered> {
        let ways = self.with(kind);
        let found = join_all(ways.iter().map(|way| way.store.discover(kind))).await;
        let away = ways.iter().zip(&found).filter(|(_, found)| found.is_err());
        let away: BTreeSet<String> = away.map(|(way, _)| way.url.clone()).collect();
        let mut all = Discovered::default();
        let found = self.unless_all_fail(ways.into_iter().zip(found))?;
        self.lack().kinds.insert(kind, away);
        for (way, found) in found {
            // Who is reached elsewhere says nothing here.
            let is_here = |space: &Space| self.of(space).iter().any(|one| one.url == way.url);
            all.spaces.extend(found.spaces.into_iter().filter(is_here));
            all.skipped.extend(found.skipped);
        }
        all.spaces.sort();
        all.spaces.dedup();
        Ok(all)
    }

    async fn copy(&self, object: &Object, space: &Space, name: &ObjectName) -> Result<Object> {
        let (route, from) = self.place(object)?;
        if route.url != self.first_of(space).url {
            return Err(Error::unsupported("copy", object, "it goes to another store"));
        }
        Ok(route.tagged(route.store.copy(&from, space, name).await?))
    }

    fn sharing(&self) -> Option<&dyn Sharing> {
        self.home.store.sharing().map(|_| self as &dyn Sharing)
    }

    /// Only where there is one store: a cursor is of one feed.
    fn changes(&self) -> Option<&dyn Changes> {
        if self.used().len() == 1 { self.home.store.changes() } else { None }
    }
}

impl Routes {
    /// The stores of which the first that is not away takes what is put. Of a dataset of
    /// mine that is one: who reads it elsewhere is told by a grant.
    fn puts_into(&self, space: &Space) -> Vec<&Route> {
        match space {
            Space::Collection { owner, .. } if owner == self.me() => vec![self.kept()],
            space => self.of(space),
        }
    }

    async fn create(&self, space: &Space, name: &ObjectName, body: PutBody) -> Result<Object> {
        if let Some(reader) = self.let_in_by(space, name) {
            return self.put_grant(space, name, body, &reader).await;
        }
        let ways = self.puts_into(space);
        let is_alone = ways.len() == 1;
        self.in_first(ways, |way| {
            let body = body.clone();
            async move {
                // It may have been opened in another store, while this one was away.
                if !is_alone {
                    way.store.open(space).await?;
                }
                let put = way.store.put(space, name, body, PutMode::Create).await?;
                Ok(way.tagged(put))
            }
        })
        .await
    }

    /// In another store nothing takes the place of it.
    async fn put_in_place(
        &self,
        space: &Space,
        name: &ObjectName,
        body: PutBody,
        older: Object,
    ) -> Result<Object> {
        let way = self.first_of(space);
        match self.place(&older) {
            Ok((route, older)) if route.url == way.url => {
                let put = way.store.put(space, name, body, PutMode::InPlaceOf(older)).await?;
                Ok(way.tagged(put))
            }
            _ => {
                check_in_place(space, &older, self.me())?;
                let put = self.create(space, name, body).await?;
                self.delete(&[older]).await?;
                Ok(put)
            }
        }
    }

    /// What the stores answered; the first complaint if none did.
    fn unless_all_fail<'a, T>(
        &self,
        answers: impl Iterator<Item = (&'a Route, Result<T>)>,
    ) -> Result<Vec<(&'a Route, T)>> {
        let (mut good, mut first) = (Vec::new(), None);
        for (way, answer) in answers {
            match answer {
                Ok(value) => good.push((way, value)),
                Err(error) => {
                    self.note(way, &error);
                    first.get_or_insert(error);
                }
            }
        }
        match first {
            Some(error) if good.is_empty() => Err(error),
            _ => Ok(good),
        }
    }
}
