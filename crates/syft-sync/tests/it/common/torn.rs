//! A store that keeps other bytes than it was given, as one does whose disk fills
//! up unseen.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use syft_transport::{
    ByteStream, Discovered, Error, Info, ListOptions, ListStream, Object, ObjectName, PutBody,
    PutMode, Result, Sharing, Space, SpaceKind, Transport, collect,
};

#[derive(Debug)]
pub(crate) struct Torn {
    inner: Arc<dyn Transport>,
    /// What is put into spaces whose name holds this becomes something else.
    below: &'static str,
    /// Whether nothing works any more after that.
    dies: bool,
    is_dead: AtomicBool,
}

impl Torn {
    pub(crate) fn new(inner: impl Transport + 'static, below: &'static str, dies: bool) -> Torn {
        Torn { inner: Arc::new(inner), below, dies, is_dead: AtomicBool::new(false) }
    }

    fn pass(&self) -> Result<()> {
        match self.is_dead.load(Ordering::Relaxed) {
            true => Err(Error::temporary("reach", "the store", "it is gone")),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl Transport for Torn {
    fn info(&self) -> &Info {
        self.inner.info()
    }
    async fn open(&self, space: &Space) -> Result<()> {
        self.pass()?;
        self.inner.open(space).await
    }
    async fn put(
        &self,
        space: &Space,
        name: &ObjectName,
        body: PutBody,
        mode: PutMode,
    ) -> Result<Object> {
        self.pass()?;
        if !space.to_string().contains(self.below) {
            return self.inner.put(space, name, body, mode).await;
        }
        let mut bytes = collect(body.open(), "a body", u64::MAX).await?;
        bytes.fill(0);
        self.is_dead.store(self.dies, Ordering::Relaxed);
        self.inner.put(space, name, bytes.into(), mode).await
    }
    async fn get(&self, object: &Object, range: Option<Range<u64>>) -> Result<ByteStream> {
        self.pass()?;
        self.inner.get(object, range).await
    }
    async fn list(&self, space: &Space, options: &ListOptions) -> Result<ListStream> {
        self.pass()?;
        self.inner.list(space, options).await
    }
    async fn delete(&self, objects: &[Object]) -> Result<()> {
        self.pass()?;
        self.inner.delete(objects).await
    }
    async fn retire(&self, objects: &[Object]) -> Result<()> {
        self.pass()?;
        self.inner.retire(objects).await
    }
    async fn discover(&self, kind: SpaceKind) -> Result<Discovered> {
        self.pass()?;
        self.inner.discover(kind).await
    }
    fn sharing(&self) -> Option<&dyn Sharing> {
        self.inner.sharing()
    }
}
