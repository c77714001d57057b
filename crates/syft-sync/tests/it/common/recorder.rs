//! A transport that notes what goes over the wire, in order.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::stream::{self, StreamExt};
use syft_core::ContentHash;
use syft_transport::{
    ByteStream, Discovered, Info, ListOptions, ListStream, Object, ObjectName, PutBody, PutMode,
    Result, Sharing, Space, SpaceKind, Transport, collect,
};

/// One thing that went over the wire.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wire {
    Put { object: String, bytes: u64, sha256: ContentHash },
    Got { object: String, bytes: u64, sha256: ContentHash },
    Deleted { object: String },
}

#[derive(Debug, Clone)]
pub(crate) struct Recorder {
    inner: Arc<dyn Transport>,
    seen: Arc<Mutex<Vec<Wire>>>,
}

impl Recorder {
    pub(crate) fn new(inner: impl Transport + 'static) -> Recorder {
        Recorder { inner: Arc::new(inner), seen: Arc::default() }
    }

    pub(crate) fn seen(&self) -> Vec<Wire> {
        self.seen.lock().unwrap().clone()
    }

    fn note(&self, wire: Wire) {
        self.seen.lock().unwrap().push(wire);
    }
}

#[async_trait]
impl Transport for Recorder {
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
        let sent = collect(body.open(), "a body", u64::MAX).await?;
        let object = self.inner.put(space, name, body, mode).await?;
        let (bytes, sha256) = (sent.len() as u64, ContentHash::of(&sent));
        self.note(Wire::Put { object: format!("{space}/{name}"), bytes, sha256 });
        Ok(object)
    }
    async fn get(&self, object: &Object, range: Option<Range<u64>>) -> Result<ByteStream> {
        let body = collect(self.inner.get(object, range).await?, "a body", u64::MAX).await?;
        let (bytes, sha256) = (body.len() as u64, ContentHash::of(&body));
        self.note(Wire::Got { object: object.to_string(), bytes, sha256 });
        Ok(stream::iter([Ok(body.into())]).boxed())
    }
    async fn list(&self, space: &Space, options: &ListOptions) -> Result<ListStream> {
        self.inner.list(space, options).await
    }
    async fn delete(&self, objects: &[Object]) -> Result<()> {
        self.inner.delete(objects).await?;
        objects.iter().for_each(|o| self.note(Wire::Deleted { object: o.to_string() }));
        Ok(())
    }
    async fn retire(&self, objects: &[Object]) -> Result<()> {
        self.inner.retire(objects).await?;
        objects.iter().for_each(|o| self.note(Wire::Deleted { object: o.to_string() }));
        Ok(())
    }
    async fn discover(&self, kind: SpaceKind) -> Result<Discovered> {
        self.inner.discover(kind).await
    }
    fn sharing(&self) -> Option<&dyn Sharing> {
        self.inner.sharing()
    }
}
