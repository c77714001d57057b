//! A store that gives back something else than what was put.

use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use syft_transport::{
    ByteStream, Discovered, Error, Info, ListOptions, ListStream, Object, ObjectName, PutBody,
    PutMode, Result, Space, SpaceKind, Transport,
};

/// Gives other bytes, of the same length, for every checkpoint.
#[derive(Debug)]
pub(crate) struct Swapping(Arc<dyn Transport>);

impl Swapping {
    pub(crate) fn new(inner: Arc<dyn Transport>) -> Self {
        Swapping(inner)
    }
}

#[async_trait]
impl Transport for Swapping {
    fn info(&self) -> &Info {
        self.0.info()
    }
    async fn open(&self, space: &Space) -> Result<()> {
        self.0.open(space).await
    }
    async fn put(
        &self,
        space: &Space,
        name: &ObjectName,
        body: PutBody,
        mode: PutMode,
    ) -> Result<Object> {
        self.0.put(space, name, body, mode).await
    }
    async fn get(&self, object: &Object, range: Option<Range<u64>>) -> Result<ByteStream> {
        let stream = self.0.get(object, range).await?;
        if !matches!(object.space, Space::Checkpoints { .. }) {
            return Ok(stream);
        }
        Ok(stream.map(|piece| piece.map(|bytes| vec![b'x'; bytes.len()].into())).boxed())
    }
    async fn list(&self, space: &Space, options: &ListOptions) -> Result<ListStream> {
        self.0.list(space, options).await
    }
    async fn delete(&self, objects: &[Object]) -> Result<()> {
        self.0.delete(objects).await
    }
    async fn retire(&self, objects: &[Object]) -> Result<()> {
        self.0.retire(objects).await
    }
    async fn discover(&self, kind: SpaceKind) -> Result<Discovered> {
        self.0.discover(kind).await
    }
}

/// Says that it keeps what it is given, and shows what was there before.
#[derive(Debug)]
pub(crate) struct Forgetful(Arc<dyn Transport>);

impl Forgetful {
    pub(crate) fn new(inner: Arc<dyn Transport>) -> Self {
        Forgetful(inner)
    }
}

#[async_trait]
impl Transport for Forgetful {
    fn info(&self) -> &Info {
        self.0.info()
    }
    async fn open(&self, _: &Space) -> Result<()> {
        Ok(())
    }
    async fn put(
        &self,
        space: &Space,
        name: &ObjectName,
        body: PutBody,
        _: PutMode,
    ) -> Result<Object> {
        Ok(Object {
            space: space.clone(),
            name: name.clone(),
            id: format!("kept {name}"),
            size: body.length(),
            version: None,
            owner: Some(self.info().identity.clone()),
            created: None,
        })
    }
    async fn get(&self, object: &Object, range: Option<Range<u64>>) -> Result<ByteStream> {
        self.0.get(object, range).await
    }
    async fn list(&self, space: &Space, options: &ListOptions) -> Result<ListStream> {
        self.0.list(space, options).await
    }
    async fn delete(&self, _: &[Object]) -> Result<()> {
        Ok(())
    }
    async fn retire(&self, _: &[Object]) -> Result<()> {
        Ok(())
    }
    async fn discover(&self, kind: SpaceKind) -> Result<Discovered> {
        self.0.discover(kind).await
    }
}

/// Says that it puts one thing in place of another, and refuses to.
#[derive(Debug)]
pub(crate) struct Unmoving(Arc<dyn Transport>);

impl Unmoving {
    pub(crate) fn new(inner: Arc<dyn Transport>) -> Self {
        Unmoving(inner)
    }
}

#[async_trait]
impl Transport for Unmoving {
    fn info(&self) -> &Info {
        self.0.info()
    }
    async fn open(&self, space: &Space) -> Result<()> {
        self.0.open(space).await
    }
    async fn put(
        &self,
        space: &Space,
        name: &ObjectName,
        body: PutBody,
        mode: PutMode,
    ) -> Result<Object> {
        if let PutMode::InPlaceOf(older) = &mode {
            return Err(Error::denied("put in place of", older, "it may not be changed"));
        }
        self.0.put(space, name, body, mode).await
    }
    async fn get(&self, object: &Object, range: Option<Range<u64>>) -> Result<ByteStream> {
        self.0.get(object, range).await
    }
    async fn list(&self, space: &Space, options: &ListOptions) -> Result<ListStream> {
        self.0.list(space, options).await
    }
    async fn delete(&self, objects: &[Object]) -> Result<()> {
        self.0.delete(objects).await
    }
    async fn retire(&self, objects: &[Object]) -> Result<()> {
        self.0.retire(objects).await
    }
    async fn discover(&self, kind: SpaceKind) -> Result<Discovered> {
        self.0.discover(kind).await
    }
}
