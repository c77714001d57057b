//! A store in memory that has users: the tests' workhorse.

mod feed;
mod hostile;
mod state;

use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures::stream::{self, StreamExt};
use syft_core::{Clock, Email, SystemClock};

use self::state::State;
use crate::{
    ByteStream, Capabilities, Changes, Discovered, Identities, Info, ListOptions, ListStream,
    Object, ObjectName, PutBody, PutMode, Result, Sharing, Space, SpaceKind, Transport,
};

/// A store in memory that several users share. It proves who put what, lets each
/// do only what the space is for, and can be made to misbehave as a hostile
/// provider would. Clones are the same store.
#[derive(Debug, Clone)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
    clock: Arc<dyn Clock>,
}

impl Default for MemoryStore {
    fn default() -> Self {
        MemoryStore::new()
    }
}

impl MemoryStore {
    /// An empty store that stamps objects with the system's time.
    #[must_use]
    pub fn new() -> Self {
        MemoryStore::with_clock(Arc::new(SystemClock))
    }

    /// An empty store with a clock of its own.
    #[must_use]
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        MemoryStore { state: Arc::default(), clock }
    }

    /// The store as one user sees it.
    #[must_use]
    pub fn user(&self, email: Email) -> MemoryTransport {
        let mut capabilities = Capabilities::none();
        capabilities.exclusive_create = true;
        capabilities.replace = true;
        capabilities.in_place = true;
        capabilities.copy = true;
        capabilities.access_control = true;
        let info = Info {
            name: "memory".to_owned(),
            identity: email,
            identities: Identities::Proven,
            must_seal: false,
            capabilities,
        };
        MemoryTransport { store: self.clone(), info }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A [`MemoryStore`] as one of its users sees it.
#[derive(Debug, Clone)]
pub struct MemoryTransport {
    store: MemoryStore,
    info: Info,
}

impl MemoryTransport {
    /// The same store as one where clients of another kind meet
    /// ([`Capabilities::profiles`]).
    #[must_use]
    pub fn with_profiles(mut self) -> Self {
        self.info.capabilities.profiles = true;
        self
    }

    /// The same store as one that takes no larger object than this, in bytes
    /// ([`Capabilities::largest`]).
    #[must_use]
    pub fn with_largest(mut self, bytes: u64) -> Self {
        self.info.capabilities.largest = Some(bytes);
        self
    }

    fn me(&self) -> &Email {
        &self.info.identity
    }
}

#[async_trait]
impl Transport for MemoryTransport {
    fn info(&self) -> &Info {
        &self.info
    }

    async fn open(&self, space: &Space) -> Result<()> {
        self.store.state().open(self.me(), space)
    }

    async fn put(
        &self,
        space: &Space,
        name: &ObjectName,
        body: PutBody,
        mode: PutMode,
    ) -> Result<Object> {
        let key = format!("{space}/{name}");
        let body = body.read(&key, self.info.capabilities.largest).await?;
        let now = self.store.clock.now();
        let mut state = self.store.state();
        match mode {
            PutMode::Create => state.create(self.me(), space, name, body, now),
            PutMode::Replace(version) => state.replace(self.me(), space, name, body, &version),
            PutMode::InPlaceOf(older) => {
                state.put_in_place(self.me(), space, &older, name, body, now)
            }
        }
    }

    async fn get(&self, object: &Object, range: Option<Range<u64>>) -> Result<ByteStream> {
        let body = self.store.state().read(self.me(), object)?;
        let within = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(body.len());
        let piece = match range {
            None => body,
            Some(range) => {
                let start = within(range.start);
                body.slice(start..within(range.end).max(start))
            }
        };
        Ok(stream::iter((!piece.is_empty()).then_some(Ok(piece))).boxed())
    }

    async fn list(&self, space: &Space, options: &ListOptions) -> Result<ListStream> {
        let lines = self.store.state().list(self.me(), space, options)?;
        Ok(stream::iter(lines.into_iter().map(Ok)).boxed())
    }

    async fn delete(&self, objects: &[Object]) -> Result<()> {
        let mut state = self.store.state();
        objects.iter().try_for_each(|object| state.delete(self.me(), object))
    }

    async fn retire(&self, objects: &[Object]) -> Result<()> {
        let mut state = self.store.state();
        objects.iter().try_for_each(|object| state.retire(self.me(), object))
    }

    async fn discover(&self, kind: SpaceKind) -> Result<Discovered> {
        Ok(self.store.state().discover(self.me(), kind))
    }

    async fn copy(&self, object: &Object, space: &Space, name: &ObjectName) -> Result<Object> {
        let now = self.store.clock.now();
        let mut state = self.store.state();
        let body = state.read(self.me(), object)?;
        state.create(self.me(), space, name, body, now)
    }

    fn sharing(&self) -> Option<&dyn Sharing> {
        Some(self)
    }

    fn changes(&self) -> Option<&dyn Changes> {
        Some(self)
    }
}
