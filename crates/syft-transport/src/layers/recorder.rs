use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures::TryStreamExt;
use futures::stream::{self, StreamExt};
use serde::{Deserialize, Serialize};
use syft_core::{ContentHash, ContentHasher};

use crate::{
    ByteStream, Changes, Discovered, Error, Info, ListOptions, ListStream, Listed, Object,
    ObjectName, PutBody, PutMode, Result, Sharing, Space, SpaceKind, Transport, collect,
};

/// One thing that went over the wire, as a [`Recorder`] saw it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "wire", rename_all = "lowercase")]
pub enum Wire {
    /// What the store was handed, whether it took it or not. An object that the store made
    /// from another of its own has no bytes here.
    Put {
        /// Its key.
        object: String,
        /// The size of what was handed over.
        bytes: u64,
        /// The hash of that.
        sha256: ContentHash,
    },
    /// What came from the store, to its last byte.
    Got {
        /// Its key.
        object: String,
        /// The size of what came.
        bytes: u64,
        /// The hash of that.
        sha256: ContentHash,
    },
    /// What was taken out of the store.
    Deleted {
        /// Its key.
        object: String,
    },
}

type Told = dyn Fn(&Wire) + Send + Sync;

/// Notes what goes over the wire, in order: what a test holds against a log of it. It
/// counts by itself, and has no part in how others count.
#[derive(Clone)]
pub struct Recorder {
    inner: Arc<dyn Transport>,
    tape: Tape,
}

/// Where it is noted.
#[derive(Clone)]
struct Tape {
    seen: Arc<Mutex<Vec<Wire>>>,
    told: Arc<Told>,
}

impl Recorder {
    /// Records a transport, from nothing.
    #[must_use]
    pub fn new(inner: impl Transport + 'static) -> Self {
        Recorder::telling(inner, |_| ())
    }

    /// The same, and tells each thing as it happens.
    #[must_use]
    pub fn telling(
        inner: impl Transport + 'static,
        told: impl Fn(&Wire) + Send + Sync + 'static,
    ) -> Self {
        let tape = Tape { seen: Arc::default(), told: Arc::new(told) };
        Recorder { inner: Arc::new(inner), tape }
    }

    /// What went so far; clones of this value record together.
    #[must_use]
    pub fn seen(&self) -> Vec<Wire> {
        self.tape.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Tape {
    fn note(&self, wire: Wire) {
        (self.told)(&wire);
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(wire);
    }

    fn gone(&self, objects: &[Object]) {
        objects.iter().for_each(|object| self.note(Wire::Deleted { object: object.to_string() }));
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("inner", &self.inner).finish_non_exhaustive()
    }
}

#[async_trait]
impl Transport for Recorder {
    fn info(&self) -> &Info {
        self.inner.info()
    }

    fn info_of(&self, space: &Space) -> &Info {
        self.inner.info_of(space)
    }

    fn is_partial(&self, space: &Space) -> bool {
        self.inner.is_partial(space)
    }

    async fn open(&self, space: &Space) -> Result<()> {
        self.inner.open(space).await
    }

    /// The body is read here and handed over in one piece. It is noted before the store
    /// answers: the answer may never come.
    async fn put(
        &self,
        space: &Space,
        name: &ObjectName,
        body: PutBody,
        mode: PutMode,
    ) -> Result<Object> {
        let object = format!("{space}/{name}");
        let handed = collect(body.open(), &object, u64::MAX).await?;
        let (bytes, sha256) = (handed.len() as u64, ContentHash::of(&handed));
        self.tape.note(Wire::Put { object, bytes, sha256 });
        self.inner.put(space, name, handed.into(), mode).await
    }

    async fn get(&self, object: &Object, range: Option<Range<u64>>) -> Result<ByteStream> {
        let body = self.inner.get(object, range).await?;
        let (tape, object) = (self.tape.clone(), object.to_string());
        let start = Some((body, ContentHasher::new(), 0_u64));
        let noted = stream::try_unfold(start, move |state| {
            let (tape, object) = (tape.clone(), object.clone());
            async move {
                let Some((mut body, mut hasher, bytes)) = state else { return Ok(None) };
                let Some(piece) = body.try_next().await? else {
                    tape.note(Wire::Got { object, bytes, sha256: hasher.finish() });
                    return Ok(None);
                };
                hasher.update(&piece);
                let bytes = bytes + piece.len() as u64;
                Ok::<_, Error>(Some((piece, Some((body, hasher, bytes)))))
            }
        });
        Ok(noted.boxed())
    }

    async fn list(&self, space: &Space, options: &ListOptions) -> Result<ListStream> {
        self.inner.list(space, options).await
    }

    async fn list_many(&self, spaces: &[Space]) -> Result<Vec<Result<Vec<Listed>>>> {
        self.inner.list_many(spaces).await
    }

    async fn refresh(&self) -> Result<()> {
        self.inner.refresh().await
    }

    async fn sweep(&self, received: bool) -> Result<Vec<String>> {
        self.inner.sweep(received).await
    }

    async fn delete(&self, objects: &[Object]) -> Result<()> {
        self.inner.delete(objects).await?;
        self.tape.gone(objects);
        Ok(())
    }

    async fn retire(&self, objects: &[Object]) -> Result<()> {
        self.inner.retire(objects).await?;
        self.tape.gone(objects);
        Ok(())
    }

    async fn clear(&self, deleted: &[Object], retired: &[Object]) -> Result<()> {
        self.inner.clear(deleted, retired).await?;
        self.tape.gone(deleted);
        self.tape.gone(retired);
        Ok(())
    }

    async fn discover(&self, kind: SpaceKind) -> Result<Discovered> {
        self.inner.discover(kind).await
    }

    async fn copy(&self, object: &Object, space: &Space, name: &ObjectName) -> Result<Object> {
        let copied = self.inner.copy(object, space, name).await?;
        let object = format!("{space}/{name}");
        self.tape.note(Wire::Put { object, bytes: 0, sha256: ContentHash::of(b"") });
        Ok(copied)
    }

    fn sharing(&self) -> Option<&dyn Sharing> {
        self.inner.sharing()
    }

    fn changes(&self) -> Option<&dyn Changes> {
        self.inner.changes()
    }
}
