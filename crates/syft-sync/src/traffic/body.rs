//! What of a body went.

use std::sync::{Arc, Mutex, PoisonError};

use futures::TryStreamExt;
use futures::stream::{self, StreamExt};
use syft_core::{ContentHash, ContentHasher};
use syft_transport::{Error, PutBody};

/// How far a body was read: by the one whom it was handed to, so that far it went.
#[derive(Debug, Clone, Default)]
pub(super) struct Reading(Arc<Mutex<State>>);

/// What was read of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Went {
    pub(super) bytes: u64,
    pub(super) sha256: ContentHash,
    /// Whether that was all of it.
    pub(super) whole: bool,
}

#[derive(Debug, Default)]
struct State {
    /// The present reading.
    hasher: ContentHasher,
    bytes: u64,
    /// The furthest that an earlier one came.
    furthest: Option<Went>,
}

impl State {
    fn here(&self, whole: bool) -> Option<Went> {
        let (bytes, sha256) = (self.bytes, self.hasher.clone().finish());
        (whole || bytes > 0).then_some(Went { bytes, sha256, whole })
    }

    fn note(&mut self, whole: bool) {
        let further = |went: &Went, than: Went| (went.whole, went.bytes) > (than.whole, than.bytes);
        let here = self.here(whole);
        if here.is_some_and(|here| self.furthest.is_none_or(|known| further(&here, known))) {
            self.furthest = here;
        }
    }
}

impl Reading {
    /// A body of which it is known how far it was read.
    pub(super) fn of(body: PutBody) -> (PutBody, Self) {
        let reading = Reading::default();
        let seen = reading.clone();
        let watched = PutBody::from_stream(body.length(), move || {
            seen.change(|state| {
                state.note(false);
                (state.hasher, state.bytes) = (ContentHasher::new(), 0);
            });
            let seen = seen.clone();
            let pieces = stream::try_unfold(body.open(), move |mut pieces| {
                let seen = seen.clone();
                async move {
                    let Some(piece) = pieces.try_next().await? else {
                        seen.change(|state| state.note(true));
                        return Ok(None);
                    };
                    seen.change(|state| {
                        state.hasher.update(&piece);
                        state.bytes += piece.len() as u64;
                    });
                    Ok::<_, Error>(Some((piece, pieces)))
                }
            });
            pieces.boxed()
        });
        (watched, reading)
    }

    /// The furthest that it was read; `None` if nobody looked into it.
    pub(super) fn went(&self) -> Option<Went> {
        self.change(|state| {
            state.note(false);
            state.furthest
        })
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use syft_transport::collect;

    use super::*;

    fn in_pieces(pieces: &'static [&'static str]) -> PutBody {
        let length = pieces.iter().map(|piece| piece.len() as u64).sum();
        PutBody::from_stream(length, move || {
            stream::iter(pieces.iter().map(|piece| Ok(Bytes::from_static(piece.as_bytes()))))
                .boxed()
        })
    }

    #[tokio::test]
    async fn a_body_that_nobody_opens_stays() {
        let (_, reading) = Reading::of(in_pieces(&["one", "two"]));
        assert_eq!(reading.went(), None);
    }

    #[tokio::test]
    async fn what_was_read_went_and_the_furthest_counts() {
        let (body, reading) = Reading::of(in_pieces(&["one", "two"]));
        let mut first = body.open();
        first.try_next().await.unwrap();
        let part = Went { bytes: 3, sha256: ContentHash::of(b"one"), whole: false };
        assert_eq!(reading.went(), Some(part));
        let _unread = body.open();
        assert_eq!(reading.went(), Some(part));
        assert_eq!(collect(body.open(), "a body", 10).await.unwrap(), b"onetwo");
        let whole = Went { bytes: 6, sha256: ContentHash::of(b"onetwo"), whole: true };
        assert_eq!(reading.went(), Some(whole));
        body.open().try_next().await.unwrap();
        assert_eq!(reading.went(), Some(whole));
    }

    #[tokio::test]
    async fn an_empty_body_went_once_it_was_read() {
        let (body, reading) = Reading::of(Vec::new().into());
        assert_eq!(reading.went(), None);
        assert_eq!(collect(body.open(), "a body", 10).await.unwrap(), b"");
        let whole = Went { bytes: 0, sha256: ContentHash::of(b""), whole: true };
        assert_eq!(reading.went(), Some(whole));
    }
}
