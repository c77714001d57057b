//! Listings that are kept and corrected by the store's feed of changes.

mod kept;

use std::fmt;
use std::future::Future;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures::stream::{self, StreamExt};
use syft_core::{Clock, SystemClock, Timestamp};

use self::kept::Kept;
use super::{changes_of, impl_layer, sharing_of};
use crate::transport::{list_whole, one_by_one};
use crate::{
    ByteStream, Cache, ChangePage, Changes, Cursor, Discovered, Error, Info, ListOptions,
    ListStream, Listed, Object, ObjectName, Operation, PutBody, PutMode, Recipient, Result,
    Sharing, Space, SpaceKind, Transport,
};

/// Answers listings from what is known, so that a look at a store in which nothing
/// happened is one call, whatever lies in it.
///
/// Each [`refresh`](Transport::refresh) asks the store's [`Changes`] what happened and
/// corrects what is known by it. Before the first one of a process, and over a store that
/// has no such feed, everything is asked of the store. What others write is asked of it once
/// after each refresh, for all spaces together, until the feed was seen to tell of it. A
/// listing that lags when it is first taken is taken once more, a minute later.
#[derive(Clone)]
pub struct Mirror {
    inner: Arc<dyn Transport>,
    shared: Arc<Shared>,
    clock: Arc<dyn Clock>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// One at a time follows the feed.
    following: tokio::sync::Mutex<()>,
    /// One at a time asks for many spaces.
    asking: tokio::sync::Mutex<()>,
    cache: Option<Arc<dyn Cache>>,
}

#[derive(Debug, Default)]
struct State {
    kept: Kept,
    /// Whether this process has followed the feed.
    is_current: bool,
    is_unsaved: bool,
}

impl Mirror {
    /// Over a store, with nothing known of it.
    #[must_use]
    pub fn new(inner: Arc<dyn Transport>) -> Self {
        Mirror::with_state(inner, State::default(), None)
    }

    /// The same, with what the last process knew.
    #[must_use]
    pub fn with_cache(inner: Arc<dyn Transport>, cache: Arc<dyn Cache>) -> Self {
        let kept = cache.load().and_then(|bytes| Kept::from_bytes(&bytes)).unwrap_or_default();
        Mirror::with_state(inner, State { kept, ..State::default() }, Some(cache))
    }

    fn with_state(inner: Arc<dyn Transport>, state: State, cache: Option<Arc<dyn Cache>>) -> Self {
        let (following, asking) = Default::default();
        let shared = Shared { state: Mutex::new(state), following, asking, cache };
        Mirror { inner, shared: Arc::new(shared), clock: Arc::new(SystemClock) }
    }

    /// By another clock than the system's.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    async fn follow(&self, changes: &dyn Changes) -> Result<()> {
        let _following = self.shared.following.lock().await;
        let known = self.state().kept.cursor();
        let Some(mut cursor) = known else { return self.start_anew(changes).await };
        loop {
            match changes.since(&cursor).await {
                Ok(page) => {
                    let is_news = !page.changes.is_empty() || page.next != cursor;
                    cursor = page.next.clone();
                    let me = &self.inner.info().identity;
                    if is_news {
                        self.note(|kept| kept.take(page.changes, page.next, me));
                    }
                    if !page.more {
                        break;
                    }
                }
                // Too long ago.
                Err(Error::Precondition { .. }) => return self.start_anew(changes).await,
                Err(error) => return Err(error),
            }
        }
        self.state().is_current = true;
        self.shared.save();
        Ok(())
    }

    async fn start_anew(&self, changes: &dyn Changes) -> Result<()> {
        let cursor = changes.cursor().await?;
        self.note(|kept| *kept = Kept::at(cursor));
        self.state().is_current = true;
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }

    /// What is known, if that counts.
    fn current<T>(&self, ask: impl FnOnce(&mut Kept) -> Option<T>) -> Option<T> {
        let mut state = self.state();
        if state.is_current { ask(&mut state.kept) } else { None }
    }

    fn note(&self, change: impl FnOnce(&mut Kept)) {
        let mut state = self.state();
        change(&mut state.kept);
        state.is_unsaved = true;
    }

    async fn call<T, F>(&self, _: Operation, go: impl Fn() -> F + Sync) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        go().await
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn save(&self) {
        let mut state = self.state();
        if let (Some(cache), true) = (&self.cache, state.is_unsaved) {
            cache.save(&state.kept.to_bytes());
            state.is_unsaved = false;
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.save();
    }
}

impl fmt::Debug for Mirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mirror").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl_layer!(Mirror, discover_through, refresh_through, removed);

impl Mirror {
    async fn refresh_through(&self) -> Result<()> {
        self.state().kept.next_round();
        self.inner.refresh().await?;
        match self.inner.changes() {
            Some(changes) => self.follow(changes).await,
            None => Ok(()),
        }
    }

    fn removed(&self, objects: &[Object]) {
        self.note(|kept| objects.iter().for_each(|object| kept.remove(&object.id)));
    }

    async fn put_through(
        &self,
        space: &Space,
        name: &ObjectName,
        body: PutBody,
        mode: PutMode,
    ) -> Result<Object> {
        let older = match &mode {
            PutMode::InPlaceOf(older) => Some(older.clone()),
            PutMode::Create | PutMode::Replace(_) => None,
        };
        let object = self.inner.put(space, name, body, mode).await?;
        self.note(|kept| match older {
            Some(older) => kept.put_in_place(older, object.clone()),
            None => kept.put(object.clone()),
        });
        Ok(object)
    }

    async fn get_through(&self, object: &Object, range: Option<Range<u64>>) -> Result<ByteStream> {
        self.inner.get(object, range).await
    }

    async fn list_through(&self, space: &Space, options: &ListOptions) -> Result<ListStream> {
        let now = self.clock.now();
        let me = &self.inner.info().identity;
        let known = self.current(|kept| kept.list(space, now, me));
        let lines: Vec<Listed> = match known {
            Some(lines) => lines,
            None => self.ask(space, now).await?,
        };
        let selected = lines.into_iter().filter(|line| options.selects(line.name()));
        Ok(stream::iter(selected.map(Ok).collect::<Vec<_>>()).boxed())
    }

    async fn list_many_through(&self, spaces: &[Space]) -> Result<Vec<Result<Vec<Listed>>>> {
        let (now, me) = (self.clock.now(), &self.inner.info().identity);
        let known = |space: &Space| self.current(|kept| kept.list(space, now, me));
        let unknown: Vec<Space> =
            spaces.iter().filter(|space| known(space).is_none()).cloned().collect();
        if unknown.len() > 1 {
            let lists = self.inner.list_many(&unknown).await?;
            self.note_lists(&unknown, &lists, now);
        }
        Ok(one_by_one(self, spaces).await)
    }

    fn note_lists(&self, spaces: &[Space], lists: &[Result<Vec<Listed>>], now: Timestamp) {
        for (space, list) in spaces.iter().zip(lists) {
            self.note(|kept| match list {
                Ok(lines) => kept.set_list(space, lines.clone(), now),
                Err(_) => kept.drop_list(space),
            });
        }
    }

    /// Asks the store what lies in a space, and together with it for whatever else the feed
    /// does not tell and will be asked for, too.
    async fn ask(&self, space: &Space, now: Timestamp) -> Result<Vec<Listed>> {
        let me = &self.inner.info().identity;
        let others = || self.current(|kept| Some(kept.to_ask_with(space, me))).unwrap_or_default();
        if others().is_empty() {
            let lines = list_whole(&*self.inner, space).await?;
            self.note(|kept| kept.set_list(space, lines.clone(), now));
            return Ok(lines);
        }
        let _asking = self.shared.asking.lock().await;
        if let Some(lines) = self.current(|kept| kept.list(space, now, me)) {
            return Ok(lines);
        }
        let spaces: Vec<Space> = [space.clone()].into_iter().chain(others()).collect();
        let lists = self.inner.list_many(&spaces).await?;
        self.note_lists(&spaces, &lists, now);
        let missing = || Error::temporary("list", space, "the store told nothing of it");
        lists.into_iter().next().unwrap_or_else(|| Err(missing()))
    }

    async fn discover_through(&self, kind: SpaceKind) -> Result<Discovered> {
        let now = self.clock.now();
        if let Some(found) = self.current(|kept| kept.discovered(kind, now)) {
            return Ok(found);
        }
        let found = self.inner.discover(kind).await?;
        self.note(|kept| kept.set_discovered(kind, found.clone(), now));
        Ok(found)
    }
}
