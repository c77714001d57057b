use std::future::Future;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;

use crate::layers::{changes_of, impl_layer, sharing_of};
use crate::{
    ByteStream, ChangePage, Changes, Cursor, Discovered, Info, ListOptions, ListStream, Listed,
    Object, ObjectName, Operation, PutBody, PutMode, Recipient, Result, Sharing, Space, SpaceKind,
    Transport,
};

/// Takes notice of what others did before each look, as whoever wants to know does.
#[derive(Debug, Clone)]
pub(super) struct Fresh {
    inner: Arc<dyn Transport>,
}

impl Fresh {
    pub(super) fn new(inner: Arc<dyn Transport>) -> Self {
        Fresh { inner }
    }

    async fn call<T, F>(&self, _: Operation, go: impl Fn() -> F + Sync) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        go().await
    }
}

impl_layer!(Fresh, discover_fresh);

impl Fresh {
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
        self.inner.refresh().await?;
        self.inner.list_many(spaces).await
    }

    async fn list_through(&self, space: &Space, options: &ListOptions) -> Result<ListStream> {
        self.inner.refresh().await?;
        self.inner.list(space, options).await
    }

    async fn discover_fresh(&self, kind: SpaceKind) -> Result<Discovered> {
        self.inner.refresh().await?;
        self.inner.discover(kind).await
    }
}
