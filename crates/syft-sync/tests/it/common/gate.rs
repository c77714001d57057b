//! A store whose calls are counted while they are under way, and can be made to
//! hang or to fail for one peer.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use syft_core::Email;
use syft_transport::{
    ByteStream, Discovered, Error, Info, ListOptions, ListStream, Object, ObjectName, PutBody,
    PutMode, Result, Space, SpaceKind, Transport,
};

/// What becomes of calls about one peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// They never return.
    Hangs,
    /// They fail.
    Fails,
    /// Nothing of it may be taken away.
    Keeps,
}

#[derive(Debug)]
pub(crate) struct Gate {
    inner: Arc<dyn Transport>,
    trouble: Option<(Email, Trouble)>,
    /// Calls about spaces whose name holds this are counted.
    counted: &'static str,
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Gate {
    pub(crate) fn new(inner: Arc<dyn Transport>, trouble: Option<(Email, Trouble)>) -> Self {
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Gate { inner, trouble, counted: "", now, most }
    }

    /// The same, which counts the calls about some spaces alone.
    pub(crate) fn counting(mut self, counted: &'static str) -> Self {
        self.counted = counted;
        self
    }

    /// The most calls that were ever under way together.
    pub(crate) fn most_at_once(&self) -> usize {
        self.most.load(Ordering::Relaxed)
    }

    async fn pass(&self, space: &Space) -> Result<()> {
        match &self.trouble {
            Some((peer, trouble)) if space.to_string().contains(peer.as_str()) => match trouble {
                Trouble::Hangs => std::future::pending().await,
                Trouble::Fails => Err(Error::permanent("reach", space.to_string(), "broken")),
                Trouble::Keeps => Ok(()),
            },
            _ if !space.to_string().contains(self.counted) => Ok(()),
            _ => {
                let now = self.now.fetch_add(1, Ordering::Relaxed) + 1;
                self.most.fetch_max(now, Ordering::Relaxed);
                // Others come in meanwhile.
                for _ in 0..5 {
                    tokio::task::yield_now().await;
                }
                self.now.fetch_sub(1, Ordering::Relaxed);
                Ok(())
            }
        }
    }

    async fn pass_all(&self, objects: &[Object]) -> Result<()> {
        for object in objects {
            if let Some((peer, Trouble::Keeps)) = &self.trouble
                && object.space.to_string().contains(peer.as_str())
            {
                return Err(Error::permanent("remove", object.to_string(), "not allowed"));
            }
            self.pass(&object.space).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Transport for Gate {
    fn info(&self) -> &Info {
        self.inner.info()
    }
    async fn open(&self, space: &Space) -> Result<()> {
        self.pass(space).await?;
        self.inner.open(space).await
    }
    async fn put(
        &self,
        space: &Space,
        name: &ObjectName,
        body: PutBody,
        mode: PutMode,
    ) -> Result<Object> {
        self.pass(space).await?;
        self.inner.put(space, name, body, mode).await
    }
    async fn get(&self, object: &Object, range: Option<Range<u64>>) -> Result<ByteStream> {
        self.pass(&object.space).await?;
        self.inner.get(object, range).await
    }
    async fn list(&self, space: &Space, options: &ListOptions) -> Result<ListStream> {
        self.pass(space).await?;
        self.inner.list(space, options).await
    }
    async fn delete(&self, objects: &[Object]) -> Result<()> {
        self.pass_all(objects).await?;
        self.inner.delete(objects).await
    }
    async fn retire(&self, objects: &[Object]) -> Result<()> {
        self.pass_all(objects).await?;
        self.inner.retire(objects).await
    }
    async fn discover(&self, kind: SpaceKind) -> Result<Discovered> {
        self.inner.discover(kind).await
    }
}
