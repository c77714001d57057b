use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::{self, StreamExt};
use syft_core::Email;
use syft_transport::{
    ByteStream, Changes, Discovered, Error, Info, ListOptions, ListStream, Listed, Object,
    ObjectName, PutBody, PutMode, Result, Sharing, Space, SpaceKind, Transport, TransportExt,
    collect,
};

use super::{Correspondent, KeyRing, envelope};

/// That nothing may be exchanged with somebody as things stand.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Closed(String);

/// Whether an error is that nothing may be exchanged with somebody as things stand: the
/// store has no part in it.
pub(crate) fn is_closed(error: &Error) -> bool {
    matches!(error, Error::Permanent { source: Some(cause), .. } if cause.is::<Closed>())
}

/// Seals what goes through a transport, and opens what comes; what must be sealed and is
/// not, or is not of the one whose place it lies in, is an error that holds the
/// [`Reject`](syft_core::Reject). Sizes in listings are those of the sealed bytes.
#[derive(Debug, Clone)]
pub(crate) struct Sealed {
    inner: Arc<dyn Transport>,
    ring: Arc<KeyRing>,
}

impl Sealed {
    pub(crate) fn new(inner: Arc<dyn Transport>, ring: Arc<KeyRing>) -> Self {
        Sealed { inner, ring }
    }

    /// How something goes between me and somebody; with those with whom nothing goes, an
    /// error.
    fn with(&self, email: &Email, space: &Space) -> Result<Correspondent> {
        match self.ring.with(email) {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(reason)) => {
                Err(Error::permanent("use", space, reason.clone()).because(Closed(reason)))
            }
            Err(crate::Error::Core(error)) => {
                Err(Error::permanent("use", space, error.to_string()).because(error))
            }
            Err(error) => Err(Error::permanent("use", space, error.to_string())),
        }
    }

    /// The same of the writer of what is read. What I sealed with the Python client for
    /// myself has no label either (`protocol.md` c.3).
    fn writing(&self, email: &Email, space: &Space) -> Result<Correspondent> {
        let from = self.with(email, space)?;
        let meets_python = self.info_of(space).capabilities.profiles;
        let is_python = email == self.ring.keys().email() && meets_python;
        Ok(Correspondent { is_unlabelled: from.is_unlabelled || is_python, ..from })
    }

    /// For whom an object is sealed; `None` if it goes in the open.
    fn recipients(&self, space: &Space, name: &ObjectName) -> Result<Option<Vec<Correspondent>>> {
        let Some(reader) = self.ring.reader(space, name.as_str()) else { return Ok(None) };
        let reader = self.with(reader, space)?;
        if !reader.seals {
            return Ok(None);
        }
        let me = self.ring.keys().email();
        // What I wrote I can read again: to tell it from another, and to go on from it.
        let own = (reader.email != *me).then(|| self.with(me, space)).transpose()?;
        Ok(Some([reader].into_iter().chain(own).collect()))
    }

    /// Whether an object that is there already holds these bytes.
    async fn holds(
        &self,
        space: &Space,
        name: &ObjectName,
        plain: &[u8],
    ) -> Result<Option<Object>> {
        let Some(there) = self.inner.find(space, name).await? else { return Ok(None) };
        let held = match self.get(&there, None).await {
            Ok(body) => collect(body, &there.to_string(), there.size).await?,
            Err(error) if error.is_retryable() => return Err(error),
            Err(_) => return Ok(None),
        };
        Ok((held == plain).then_some(there))
    }
}

#[async_trait]
impl Transport for Sealed {
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

    /// Each sealing of the same bytes has others: what is there already is opened to tell
    /// whether it is the same.
    async fn put(
        &self,
        space: &Space,
        name: &ObjectName,
        body: PutBody,
        mode: PutMode,
    ) -> Result<Object> {
        let Some(to) = self.recipients(space, name)? else {
            return self.inner.put(space, name, body, mode).await;
        };
        let label = format!("{space}/{name}");
        let plain = match body.as_bytes() {
            Some(bytes) => bytes.clone(),
            None => collect(body.open(), &label, body.length()).await?.into(),
        };
        let sealed = envelope::seal(&self.ring, to, label, plain.clone()).await?;
        let there = match self.inner.put(space, name, sealed.into(), mode.clone()).await {
            Err(error @ Error::AlreadyExists { .. }) => {
                self.holds(space, name, &plain).await?.ok_or(error)?
            }
            done => return done,
        };
        match mode {
            PutMode::InPlaceOf(older) if older.id != there.id => {
                self.inner.delete(&[older]).await?
            }
            _ => {}
        }
        Ok(there)
    }

    async fn get(&self, object: &Object, range: Option<Range<u64>>) -> Result<ByteStream> {
        let Some(writer) = self.ring.writer(&object.space, object.name.as_str()) else {
            return self.inner.get(object, range).await;
        };
        let from = self.writing(writer, &object.space)?;
        if range.is_some() {
            return Err(Error::unsupported("get", object, "a sealed object is opened as a whole"));
        }
        let body = self.inner.get(object, None).await?;
        let sealed = collect(body, &object.to_string(), object.size).await?;
        let plain =
            envelope::open(self.ring.keys(), self.ring.arriving(), from, object, sealed).await?;
        Ok(stream::iter([Ok(plain.into())]).boxed())
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
        self.inner.delete(objects).await
    }

    async fn retire(&self, objects: &[Object]) -> Result<()> {
        self.inner.retire(objects).await
    }

    async fn clear(&self, deleted: &[Object], retired: &[Object]) -> Result<()> {
        self.inner.clear(deleted, retired).await
    }

    async fn discover(&self, kind: SpaceKind) -> Result<Discovered> {
        self.inner.discover(kind).await
    }

    /// Never: what is sealed for one place is none of another.
    async fn copy(&self, object: &Object, space: &Space, name: &ObjectName) -> Result<Object> {
        match self.ring.writer(&object.space, object.name.as_str()) {
            None => self.inner.copy(object, space, name).await,
            Some(_) => Err(Error::unsupported("copy", object, "")),
        }
    }

    fn sharing(&self) -> Option<&dyn Sharing> {
        self.inner.sharing()
    }

    fn changes(&self) -> Option<&dyn Changes> {
        self.inner.changes()
    }
}
