use async_trait::async_trait;
use futures::TryStreamExt;

use crate::{
    Error, ListOptions, Listed, Object, ObjectName, PutBody, PutMode, Result, Skipped, Space,
    Transport, collect,
};

/// A whole listing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// The objects, sorted by name and then id.
    pub objects: Vec<Object>,
    /// What was passed over.
    pub skipped: Vec<Skipped>,
}

/// What most callers want, on top of any transport.
#[async_trait]
pub trait TransportExt: Transport {
    /// Creates an object from bytes in memory.
    ///
    /// # Errors
    /// As [`Transport::put`] with [`PutMode::Create`].
    async fn put_bytes(
        &self,
        space: &Space,
        name: &ObjectName,
        body: impl Into<PutBody> + Send,
    ) -> Result<Object> {
        self.put(space, name, body.into(), PutMode::Create).await
    }

    /// A whole object in memory: as many bytes as the listing said.
    ///
    /// # Errors
    /// [`Error::TooLarge`] beyond `limit` bytes, before anything is fetched if
    /// the listing says so; [`Error::Temporary`] if it is cut short
    /// (`threats.md` F10); as [`Transport::get`].
    async fn get_bytes(&self, object: &Object, limit: u64) -> Result<Vec<u8>> {
        if object.size > limit {
            return Err(Error::too_large("get", object, limit));
        }
        let stream = self.get(object, None).await?;
        let bytes = collect(stream, &object.to_string(), limit).await?;
        if bytes.len() as u64 == object.size {
            return Ok(bytes);
        }
        let detail = format!("{} bytes came, {} are listed", bytes.len(), object.size);
        Err(Error::temporary("get", object, detail))
    }

    /// All objects of a space, sorted by name and then id. What was passed over
    /// is not told: see [`list_with_skipped`](TransportExt::list_with_skipped).
    ///
    /// # Errors
    /// As [`Transport::list`].
    async fn list_all(&self, space: &Space) -> Result<Vec<Object>> {
        Ok(self.list_with_skipped(space, &ListOptions::default()).await?.objects)
    }

    /// A whole listing with what was passed over.
    ///
    /// # Errors
    /// As [`Transport::list`].
    async fn list_with_skipped(&self, space: &Space, options: &ListOptions) -> Result<Listing> {
        let mut listing = Listing::default();
        let mut lines = self.list(space, options).await?;
        while let Some(line) = lines.try_next().await? {
            match line {
                Listed::Object(object) => listing.objects.push(object),
                Listed::Skipped(skipped) => listing.skipped.push(skipped),
            }
        }
        listing.objects.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        listing.skipped.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(listing)
    }

    /// The object of a name, if there is one; of twins the one with the least
    /// id, so that all choose the same (`threats.md` F5).
    ///
    /// # Errors
    /// As [`Transport::list`].
    async fn find(&self, space: &Space, name: &ObjectName) -> Result<Option<Object>> {
        let options = ListOptions::with_prefix(name.as_str());
        let listing = self.list_with_skipped(space, &options).await?;
        Ok(listing.objects.into_iter().find(|object| object.name == *name))
    }
}

impl<T: Transport + ?Sized> TransportExt for T {}
