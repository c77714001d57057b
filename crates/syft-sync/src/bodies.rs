//! Bodies of the store that may be large: what is not needed as a whole is read
//! piece by piece, and none is waited for without end.

use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt;
use syft_core::{ContentHash, ContentHasher};
use syft_transport::{ByteStream, Error, Object, Result, Transport};
use tokio::time::{Instant, timeout_at};

use crate::channels::{PATIENCE, SLOWEST, patiently};

/// A whole object in memory.
///
/// # Errors
/// [`Error::TooLarge`] if the listing says more than `limit` bytes, before anything
/// is fetched; [`Error::Temporary`] if it comes too slowly, or is cut short.
pub(crate) async fn whole(
    transport: &dyn Transport,
    object: &Object,
    limit: u64,
) -> Result<Vec<u8>> {
    if object.size > limit {
        return Err(Error::too_large("get", object, limit));
    }
    let mut pieces = Pieces::of(transport, object).await?;
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.next().await? {
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

/// Whether the store gives exactly these bytes back. What it cannot give is not
/// there; one that is away is an error.
///
/// # Errors
/// What may work a little later; what this machine could not record.
pub(crate) async fn holds(
    transport: &dyn Transport,
    object: &Object,
    hash: ContentHash,
) -> crate::Result<bool> {
    match hash_of(transport, object).await.map_err(Into::into) {
        Ok(there) => Ok(there == hash),
        Err(crate::Error::Transport(error)) if !error.is_retryable() => Ok(false),
        Err(error) => Err(error),
    }
}

async fn hash_of(transport: &dyn Transport, object: &Object) -> Result<ContentHash> {
    let mut pieces = Pieces::of(transport, object).await?;
    let mut hasher = ContentHasher::new();
    while let Some(piece) = pieces.next().await? {
        hasher.update(&piece);
    }
    Ok(hasher.finish())
}

/// A body as it comes, which must keep coming: a peer that states a large size does not
/// get more time for it before it has sent anything.
pub(crate) struct Pieces<'o> {
    object: &'o Object,
    pieces: ByteStream,
    start: Instant,
    received: u64,
}

impl<'o> Pieces<'o> {
    /// Begins to fetch an object.
    ///
    /// # Errors
    /// What the store answers.
    pub(crate) async fn of(transport: &dyn Transport, object: &'o Object) -> Result<Self> {
        let start = Instant::now();
        let pieces = patiently(object, 0, transport.get(object, None)).await?;
        Ok(Pieces { object, pieces, start, received: 0 })
    }

    /// The next piece; `None` after the last.
    ///
    /// # Errors
    /// What the store answers; [`Error::Temporary`] if it comes too slowly.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>> {
        let Pieces { object, pieces, start, received } = self;
        let until = *start + PATIENCE + Duration::from_secs(*received / SLOWEST);
        let Ok(piece) = timeout_at(until, pieces.try_next()).await else {
            let detail = format!("only {received} of {} bytes came in time", object.size);
            return Err(Error::temporary("get", *object, detail));
        };
        let piece = piece?;
        *received += piece.as_ref().map_or(0, |piece| piece.len() as u64);
        Ok(piece)
    }
}
