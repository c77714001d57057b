use std::collections::BTreeMap;
use std::future::Future;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures::stream::{self, StreamExt, TryStreamExt};
use syft_core::ContentHash;

use super::{changes_of, impl_layer, sharing_of};
use crate::transport::one_by_one;
use crate::{
    ByteStream, ChangePage, Changes, Cursor, Discovered, Info, ListOptions, ListStream, Listed,
    Object, ObjectName, Operation, PutBody, PutMode, Recipient, Result, Sharing, Space, SpaceKind,
    Transport,
};

/// A store whose listings lag (`threats.md` F3): what was put shows up some
/// listings later, and what was deleted is still named for as long. Everything
/// else is as it is: an object can be fetched before it is listed, one that is
/// gone is listed and not found.
///
/// Lag is counted in listings of the same kind and not in time, so that a test
/// repeats itself.
#[derive(Debug, Clone)]
pub struct Stale {
    inner: Arc<dyn Transport>,
    lag: u64,
    seed: Option<u64>,
    lists: Arc<Mutex<BTreeMap<String, Past<Object>>>>,
    discoveries: Arc<Mutex<BTreeMap<SpaceKind, Past<Space>>>>,
}

impl Stale {
    /// Every listing is as old as `lag` listings before it.
    #[must_use]
    pub fn new(inner: Arc<dyn Transport>, lag: u64) -> Self {
        Stale { inner, lag, seed: None, lists: Arc::default(), discoveries: Arc::default() }
    }

    /// Each object has a lag of its own, from none to all of it: what was put
    /// later may show up earlier.
    #[must_use]
    pub fn uneven(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// How long one thing lags.
    fn lag_of(&self, name: &str) -> u64 {
        let Some(seed) = self.seed else { return self.lag };
        let hash = ContentHash::of(format!("{seed}:{name}").as_bytes());
        let byte = hash.as_bytes().first().copied().unwrap_or_default();
        u64::from(byte) % (self.lag + 1)
    }

    async fn call<T, F>(&self, _: Operation, go: impl Fn() -> F + Sync) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        go().await
    }
}

/// What earlier listings of one place held.
#[derive(Debug)]
struct Past<T> {
    round: u64,
    things: BTreeMap<String, Seen<T>>,
}

#[derive(Debug)]
struct Seen<T> {
    thing: T,
    first: u64,
    last: u64,
}

impl<T> Default for Past<T> {
    fn default() -> Self {
        Past { round: 0, things: BTreeMap::new() }
    }
}

impl<T: Clone> Past<T> {
    /// Takes in what is there now, and says what is told of it.
    fn look(&mut self, now: Vec<(String, T)>, lag_of: impl Fn(&str) -> u64) -> Vec<T> {
        self.round += 1;
        let round = self.round;
        for (key, thing) in now {
            let seen = self.things.entry(key).or_insert(Seen {
                thing: thing.clone(),
                first: round,
                last: round,
            });
            seen.thing = thing;
            seen.last = round;
        }
        self.things.retain(|key, seen| round - seen.last <= lag_of(key));
        let told = self.things.iter().filter(|(key, seen)| round - seen.first >= lag_of(key));
        told.map(|(_, seen)| seen.thing.clone()).collect()
    }
}

/// An object in one of its states, with its id on the first line: one that others are put in
/// place of is shown as it was for as long.
fn state_of(object: &Object) -> String {
    let version = object.version.as_ref().map_or("", |version| version.0.as_str());
    format!("{}\n{}\n{version}", object.id, object.name)
}

impl_layer!(Stale, discover_through);

impl Stale {
    async fn put_through(
        &self,
        space: &Space,
        name: &ObjectName,
        body: PutBody,
        mode: PutMode,
    ) -> Result<Object> {
        self.inner.put(space, name, body, mode).await
    }

    async fn get_through(&self, object: &Object, range: Option<Range<u64>>) -> Result<ByteStream> {
        self.inner.get(object, range).await
    }

    async fn list_many_through(&self, spaces: &[Space]) -> Result<Vec<Result<Vec<Listed>>>> {
        Ok(one_by_one(self, spaces).await)
    }

    async fn list_through(&self, space: &Space, options: &ListOptions) -> Result<ListStream> {
        let listed: Vec<Listed> = self.inner.list(space, options).await?.try_collect().await?;
        let mut objects = Vec::new();
        let mut told = Vec::new();
        for line in listed {
            match line {
                Listed::Object(object) => objects.push((state_of(&object), object)),
                skipped @ Listed::Skipped(_) => told.push(Ok(skipped)),
            }
        }
        let place = format!("{space} {}", options.prefix);
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        let lag_of = |state: &str| self.lag_of(state.split('\n').next().unwrap_or_default());
        let shown = lists.entry(place).or_default().look(objects, lag_of);
        told.extend(shown.into_iter().map(|object| Ok(Listed::Object(object))));
        Ok(stream::iter(told).boxed())
    }

    async fn discover_through(&self, kind: SpaceKind) -> Result<Discovered> {
        let Discovered { spaces, skipped } = self.inner.discover(kind).await?;
        let now = spaces.into_iter().map(|space| (space.to_string(), space)).collect();
        let mut past = self.discoveries.lock().unwrap_or_else(PoisonError::into_inner);
        let mut spaces = past.entry(kind).or_default().look(now, |name| self.lag_of(name));
        spaces.sort();
        Ok(Discovered { spaces, skipped })
    }
}
