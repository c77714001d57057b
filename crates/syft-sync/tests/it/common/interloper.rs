//! A store that lets somebody else act in between: before the first look for peers, or
//! before the first message is fetched.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use syft_transport::{
    ByteStream, Discovered, Info, ListOptions, ListStream, Object, ObjectName, PutBody, PutMode,
    Result, Space, SpaceKind, Transport,
};

type Act = Box<dyn FnOnce() + Send>;

pub(crate) struct Interloper {
    inner: Arc<dyn Transport>,
    act: Mutex<Option<Act>>,
    /// Whether it is at the first message.
    at_message: bool,
}

impl Interloper {
    pub(crate) fn new(inner: Arc<dyn Transport>, act: impl FnOnce() + Send + 'static) -> Self {
        Interloper { inner, act: Mutex::new(Some(Box::new(act))), at_message: false }
    }

    pub(crate) fn at_first_message(
        inner: Arc<dyn Transport>,
        act: impl FnOnce() + Send + 'static,
    ) -> Self {
        Interloper { at_message: true, ..Interloper::new(inner, act) }
    }

    fn act(&self) {
        if let Some(act) = self.act.lock().unwrap().take() {
            act();
        }
    }
}

impl fmt::Debug for Interloper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interloper").finish_non_exhaustive()
    }
}

#[async_trait]
impl Transport for Interloper {
    fn info(&self) -> &Info {
        self.inner.info()
    }
    async fn open(&self, space: &Space) -> Result<()> {
        self.inner.open(space).await
    }
    async fn put(
        &self,
        space: &Space,
        name: &ObjectName,
        body: PutBody,
        mode: PutMode,
    ) -> Result<Object> {
        self.inner.put(space, name, body, mode).await
    }
    async fn get(&self, object: &Object, range: Option<Range<u64>>) -> Result<ByteStream> {
        let is_message = matches!(object.space, Space::Inbox { .. } | Space::Outbox { .. });
        if self.at_message && is_message && object.name.as_str() != "hello" {
            self.act();
        }
        self.inner.get(object, range).await
    }
    async fn list(&self, space: &Space, options: &ListOptions) -> Result<ListStream> {
        self.inner.list(space, options).await
    }
    async fn delete(&self, objects: &[Object]) -> Result<()> {
        self.inner.delete(objects).await
    }
    async fn retire(&self, objects: &[Object]) -> Result<()> {
        self.inner.retire(objects).await
    }
    async fn discover(&self, kind: SpaceKind) -> Result<Discovered> {
        if !self.at_message {
            self.act();
        }
        self.inner.discover(kind).await
    }
}
