use bytes::{Bytes, BytesMut};
use futures::TryStreamExt as _;
use md5::{Digest as _, Md5};

use crate::body::wrong_length;
use crate::{ByteStream, PutBody, Result};

/// How much is sent in one request; Drive wants a multiple of 256 KiB.
const PIECE: usize = 8 * 1024 * 1024;

/// A body that is read in pieces, from wherever it has to go on.
pub(super) struct Source<'a> {
    body: &'a PutBody,
    subject: &'a str,
    stream: ByteStream,
    /// Where `ahead` begins.
    at: u64,
    /// What was read and may be asked for again.
    ahead: BytesMut,
    /// Of all before `hashed`.
    md5: Md5,
    hashed: u64,
}

impl<'a> Source<'a> {
    pub(super) fn new(body: &'a PutBody, subject: &'a str) -> Self {
        let (stream, ahead, md5) = (body.open(), BytesMut::new(), Md5::new());
        Source { body, subject, stream, at: 0, ahead, md5, hashed: 0 }
    }

    /// The next piece from there on. The last one is given only if the body ends with it.
    pub(super) async fn read_at(&mut self, at: u64) -> Result<Bytes> {
        if at < self.at {
            // It was said to have arrived and has not.
            (self.stream, self.at) = (self.body.open(), 0);
            self.ahead.clear();
        }
        let wanted = self.body.length().saturating_sub(at).min(PIECE as u64);
        let (mut skip, wanted) = (at - self.at, usize::try_from(wanted).unwrap_or(PIECE));
        loop {
            let ready = usize::try_from(skip).unwrap_or(usize::MAX).min(self.ahead.len());
            let _ = self.ahead.split_to(ready);
            self.at += ready as u64;
            skip -= ready as u64;
            if skip == 0 && self.ahead.len() >= wanted {
                break;
            }
            match self.stream.try_next().await? {
                Some(piece) => self.take(&piece),
                None => return Err(self.wrong_length()),
            }
        }
        if at + wanted as u64 == self.body.length() {
            while let Some(piece) = self.stream.try_next().await? {
                self.take(&piece);
            }
            if self.ahead.len() > wanted {
                return Err(self.wrong_length());
            }
        }
        Ok(Bytes::copy_from_slice(self.ahead.get(..wanted).unwrap_or_default()))
    }

    fn take(&mut self, piece: &[u8]) {
        let start = self.at + self.ahead.len() as u64;
        let known = self.hashed.saturating_sub(start);
        let fresh = piece.get(usize::try_from(known).unwrap_or(usize::MAX)..).unwrap_or_default();
        self.md5.update(fresh);
        self.hashed += fresh.len() as u64;
        self.ahead.extend_from_slice(piece);
    }

    fn wrong_length(&self) -> crate::Error {
        wrong_length(self.subject, self.at + self.ahead.len() as u64, self.body.length())
    }

    /// Of all that was read.
    pub(super) fn md5(self) -> String {
        format!("{:x}", self.md5.finalize())
    }
}

#[cfg(test)]
mod tests {
    use futures::stream::{self, StreamExt as _};

    use super::*;

    fn body(length: usize, declared: usize) -> (Vec<u8>, PutBody) {
        let whole: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
        let pieces: Vec<Bytes> = whole.chunks(70_001).map(Bytes::copy_from_slice).collect();
        let open = move || stream::iter(pieces.clone().into_iter().map(Ok)).boxed();
        (whole, PutBody::from_stream(declared as u64, open))
    }

    #[tokio::test]
    async fn a_body_is_read_again_from_wherever_it_has_to_go_on() {
        let length = PIECE + 100_000;
        let (whole, body) = body(length, length);
        let mut source = Source::new(&body, "it");
        for at in [0, 1_000_000, 5, PIECE, PIECE - 1, length - 1, length] {
            let piece = source.read_at(at as u64).await.unwrap();
            assert!(piece == whole[at..length.min(at + PIECE)], "{at}");
        }
        assert_eq!(source.md5(), super::super::upload::md5_of(&whole));
    }

    #[tokio::test]
    async fn a_body_of_another_length_is_not_sent_to_its_end() {
        for declared in [PIECE + 1, PIECE + 500] {
            let (_, body) = body(PIECE + 100, declared);
            let mut source = Source::new(&body, "it");
            source.read_at(0).await.unwrap();
            assert!(source.read_at(PIECE as u64).await.is_err(), "{declared}");
        }
    }
}
