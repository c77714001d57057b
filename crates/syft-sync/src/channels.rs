//! The channels of all peers at once: listed and fetched with a bound on what is
//! under way, and dealt with one message after the other.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::bodies;
use crate::sealed::{is_unfinished, reject_of};
use futures::stream::{self, BoxStream, StreamExt};
use syft_core::{Email, Reject, RejectCode};
use syft_transport::{Error, ListOptions, Listing, Object, Result, Space, Transport, TransportExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Calls to the store that are under way at a time.
pub(crate) const IN_FLIGHT: usize = 8;
/// How long an answer may take before the peer is left for the next pass.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// A body that comes slower than this, in bytes per second, is left, too.
pub(crate) const SLOWEST: u64 = 16 << 10;

/// A larger body is fetched alone, in bytes: all that wait in memory together are
/// bounded by it.
const LARGE: u64 = 16 << 20;

/// Waits for an answer, but not for ever: one that never comes must not hold the
/// home.
pub(crate) async fn patiently<T>(
    subject: &impl ToString,
    size: u64,
    answer: impl Future<Output = Result<T>>,
) -> Result<T> {
    let patience = PATIENCE + Duration::from_secs(size / SLOWEST);
    match tokio::time::timeout(patience, answer).await {
        Ok(answer) => answer,
        Err(_) => {
            let detail = format!("no answer came within {} seconds", patience.as_secs());
            Err(Error::temporary("wait for", subject.to_string(), detail))
        }
    }
}

/// Lists the spaces of several peers; what is wrong with one concerns that one.
pub(crate) async fn list_all(
    transport: &dyn Transport,
    spaces: Vec<(Email, Space)>,
) -> Vec<(Email, Space, Result<Listing>)> {
    let list = |(peer, space): (Email, Space)| async move {
        let listed = patiently(&space, 0, list_with_odd(transport, &space)).await;
        (peer, space, listed)
    };
    stream::iter(spaces).map(list).buffered(IN_FLIGHT).collect().await
}

/// All that lies in a space, what is no object included.
pub(crate) async fn list_with_odd(transport: &dyn Transport, space: &Space) -> Result<Listing> {
    transport.list_with_skipped(space, &ListOptions::default()).await
}

/// What became of an object that was to be fetched.
#[derive(Debug)]
pub(crate) enum Body {
    Bytes(Vec<u8>),
    /// It is not fetched, or not to its end: put away with this reason. Whether it
    /// is a stranger's (`threats.md` S10, I11).
    Refused(Reject, bool),
    /// Its rest is still on its way.
    Unfinished,
    /// It is gone.
    Gone,
    Failed(Error),
}

/// An object of a channel, fetched.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) peer: Email,
    pub(crate) object: Object,
    pub(crate) body: Body,
    /// Held until it was dealt with, so that little waits in memory.
    _place: Option<OwnedSemaphorePermit>,
}

/// The objects of several channels: each channel in its order, the channels in
/// turn.
pub(crate) struct Arrivals {
    stream: BoxStream<'static, Option<Arrival>>,
    stopped: BTreeMap<Email, Arc<AtomicBool>>,
}

impl Arrivals {
    /// Fetches these objects, none above its limit in bytes.
    pub(crate) fn new(
        transport: &Arc<dyn Transport>,
        channels: Vec<(Email, Vec<Object>)>,
        limit: fn(&Object) -> u64,
    ) -> Self {
        let (small, large) = (Arc::new(Semaphore::new(IN_FLIGHT)), Arc::new(Semaphore::new(1)));
        // A peer that does not answer holds its share of the places and no more.
        let share = (IN_FLIGHT / channels.len().max(1)).max(1);
        let mut stopped = BTreeMap::new();
        let streams: Vec<_> = channels
            .into_iter()
            .map(|(peer, objects)| {
                let stop = Arc::new(AtomicBool::new(false));
                stopped.insert(peer.clone(), stop.clone());
                // One after the other: a body that waits for its turn behind an earlier
                // one must not hold the place that the earlier one needs.
                let has_large = objects.iter().any(|object| object.size > LARGE);
                let share = if has_large { 1 } else { share };
                let transport = transport.clone();
                let (small, large) = (small.clone(), large.clone());
                let fetch = move |object: Object| {
                    let transport = transport.clone();
                    let places = if object.size > LARGE { large.clone() } else { small.clone() };
                    let (peer, stop) = (peer.clone(), stop.clone());
                    async move {
                        // Closed never: it lives as long as the stream.
                        let place = places.acquire_owned().await.ok();
                        if stop.load(Ordering::Relaxed) {
                            return None;
                        }
                        let body = fetch(&*transport, &object, &peer, limit(&object)).await;
                        Some(Arrival { peer, object, body, _place: place })
                    }
                };
                stream::iter(objects).map(fetch).buffered(share).boxed()
            })
            .collect();
        Arrivals { stream: stream::select_all(streams).boxed(), stopped }
    }

    pub(crate) async fn next(&mut self) -> Option<Arrival> {
        loop {
            let Some(arrival) = self.stream.next().await? else { continue };
            if self.is_stopped(&arrival.peer) {
                continue;
            }
            if matches!(arrival.body, Body::Failed(_)) {
                self.stop(&arrival.peer);
            }
            return Some(arrival);
        }
    }

    /// Leaves the rest of a peer's channel for the next pass: what follows stands
    /// on what could not be dealt with.
    pub(crate) fn stop(&self, peer: &Email) {
        if let Some(stopped) = self.stopped.get(peer) {
            stopped.store(true, Ordering::Relaxed);
        }
    }

    fn is_stopped(&self, peer: &Email) -> bool {
        self.stopped.get(peer).is_some_and(|stopped| stopped.load(Ordering::Relaxed))
    }
}

async fn fetch(transport: &dyn Transport, object: &Object, from: &Email, limit: u64) -> Body {
    if let Some(owner) = object.owner.as_ref().filter(|owner| *owner != from) {
        let detail = format!("a file in {from}'s folder was put there by {owner}");
        return Body::Refused(Reject::new(RejectCode::ForeignFile, detail), true);
    }
    let too_large = || {
        let detail = format!("the message has {} bytes, above {limit}", object.size);
        Body::Refused(Reject::new(RejectCode::TooLarge, detail), false)
    };
    if object.size > limit {
        return too_large();
    }
    match bodies::whole(transport, object, limit).await {
        Ok(bytes) => Body::Bytes(bytes),
        Err(Error::NotFound { .. }) => Body::Gone,
        Err(Error::TooLarge { .. }) => too_large(),
        Err(error) if is_unfinished(&error) => Body::Unfinished,
        Err(error) => match reject_of(&error) {
            // No word of the peer, so there is no answer to it.
            Some(reject) => Body::Refused(reject.clone(), true),
            None => Body::Failed(error),
        },
    }
}
