use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use syft_transport::{
    ByteStream, Changes, Discovered, Info, ListOptions, ListStream, Listed, Object, ObjectName,
    PutBody, PutMode, Result, Sharing, Space, SpaceKind, Transport,
};

use crate::OfflineTransport;

/// How a store is opened that could not be before; `None` if it still cannot be.
type Open = dyn Fn() -> Option<Arc<dyn Transport>> + Send + Sync;

/// A store that could not be opened: it is away, until whoever looks what is new there
/// ([`Transport::refresh`], once in a pass) finds that it can be.
pub(crate) struct Reopened {
    away: OfflineTransport,
    open: Box<Open>,
    opened: OnceLock<Arc<dyn Transport>>,
}

impl Reopened {
    pub(crate) fn new(
        away: OfflineTransport,
        open: impl Fn() -> Option<Arc<dyn Transport>> + Send + Sync + 'static,
    ) -> Self {
        Reopened { away, open: Box::new(open), opened: OnceLock::new() }
    }

    fn now(&self) -> &dyn Transport {
        match self.opened.get() {
            Some(store) => &**store,
            None => &self.away,
        }
    }
}

#[async_trait]
impl Transport for Reopened {
    fn info(&self) -> &Info {
        self.now().info()
    }
    fn info_of(&self, space: &Space) -> &Info {
        self.now().info_of(space)
    }
    fn is_partial(&self, space: &Space) -> bool {
        self.now().is_partial(space)
    }
    async fn open(&self, space: &Space) -> Result<()> {
        self.now().open(space).await
    }
    async fn put(
        &self,
        space: &Space,
        name: &ObjectName,
        body: PutBody,
        mode: PutMode,
    ) -> Result<Object> {
        self.now().put(space, name, body, mode).await
    }
    async fn get(&self, object: &Object, range: Option<Range<u64>>) -> Result<ByteStream> {
        self.now().get(object, range).await
    }
    async fn list(&self, space: &Space, options: &ListOptions) -> Result<ListStream> {
        self.now().list(space, options).await
    }
    async fn list_many(&self, spaces: &[Space]) -> Result<Vec<Result<Vec<Listed>>>> {
        self.now().list_many(spaces).await
    }
    async fn refresh(&self) -> Result<()> {
        if self.opened.get().is_none()
            // How a home seals was decided by what was known of its store.
            && let Some(store) = (self.open)()
            && store.info().must_seal == self.away.info().must_seal
        {
            // Another look may have been faster.
            drop(self.opened.set(store));
        }
        self.now().refresh().await
    }
    async fn sweep(&self, received: bool) -> Result<Vec<String>> {
        self.now().sweep(received).await
    }
    async fn delete(&self, objects: &[Object]) -> Result<()> {
        self.now().delete(objects).await
    }
    async fn retire(&self, objects: &[Object]) -> Result<()> {
        self.now().retire(objects).await
    }
    async fn clear(&self, deleted: &[Object], retired: &[Object]) -> Result<()> {
        self.now().clear(deleted, retired).await
    }
    async fn discover(&self, kind: SpaceKind) -> Result<Discovered> {
        self.now().discover(kind).await
    }
    async fn copy(&self, object: &Object, space: &Space, name: &ObjectName) -> Result<Object> {
        self.now().copy(object, space, name).await
    }
    fn sharing(&self) -> Option<&dyn Sharing> {
        self.now().sharing()
    }
    fn changes(&self) -> Option<&dyn Changes> {
        self.now().changes()
    }
}

impl fmt::Debug for Reopened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_open = self.opened.get().is_some();
        f.debug_struct("Reopened").field("away", &self.away).field("is_open", &is_open).finish()
    }
}
