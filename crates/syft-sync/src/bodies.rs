//! Bodies of the store that may be large: what is not needed as a whole is read
//! piece by piece, and none is waited for without end.

use std::time::Duration;

use futures::TryStreamExt;
use syft_core::{ContentHash, ContentHasher};
use syft_transport::{Error, Object, Result, Transport};
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
    let mut bytes = Vec::new();
    each_piece(transport, object, |piece| bytes.extend_from_slice(piece)).await?;
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
    let mut hasher = ContentHasher::new();
    match each_piece(transport, object, |piece| hasher.update(piece)).await.map_err(Into::into) {
        Ok(()) => Ok(hasher.finish() == hash),
        Err(crate::Error::Transport(error)) if !error.is_retryable() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Reads a body, which must keep coming: a peer that states a large size does not
/// get more time for it before it has sent anything.
async fn each_piece(
    transport: &dyn Transport,
    object: &Object,
    mut take: impl FnMut(&[u8]) + Send,
) -> Result<()> {
    let start = Instant::now();
    let mut received = 0_u64;
    let mut pieces = patiently(object, 0, transport.get(object, None)).await?;
    loop {
        let until = start + PATIENCE + Duration::from_secs(received / SLOWEST);
        let Ok(piece) = timeout_at(until, pieces.try_next()).await else {
            let detail = format!("only {received} of {} bytes came in time", object.size);
            return Err(Error::temporary("get", object, detail));
        };
        let Some(piece) = piece? else { return Ok(()) };
        received += piece.len() as u64;
        take(&piece);
    }
}
