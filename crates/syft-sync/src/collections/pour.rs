//! Large files of the store, through their seal and into what takes them, piece by piece.

use std::io::{self, Read};
use std::sync::Arc;

use bytes::{Buf, Bytes};
use syft_core::{ContentHash, HashingReader};
use syft_transport::{Error as StoreError, Object, Transport};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::stored::Opener;
use crate::bodies::Pieces;
use crate::sealed::open_through;
use crate::{Error, Result};

/// So many pieces wait between the store and the disk.
const WAITING: usize = 4;

/// Gives what an object holds to `take`, on a thread on which it may wait for the disk.
/// Returns the hash of that. Of an error it is only known that what was taken is not the whole.
///
/// # Errors
/// The store; what `take` answers; more than `limit` bytes; an object that is not as its
/// owner sealed it.
pub(super) async fn pour(
    transport: &dyn Transport,
    object: &Object,
    opener: Option<&Arc<Opener>>,
    limit: u64,
    take: impl FnOnce(&mut dyn Read) -> Result<()> + Send + 'static,
) -> Result<ContentHash> {
    let (into, pieces) = channel(WAITING);
    let (of, opener) = (object.clone(), opener.cloned());
    let taking = tokio::task::spawn_blocking(move || {
        let coming = Coming { pieces, piece: Bytes::new(), has_ended: false };
        taken(coming, &of, opener.as_deref(), limit, take)
    });
    let fetched = fetch(transport, object, into).await;
    let taken = taking.await.map_err(|error| Error::Refused(error.to_string()))?;
    // What was cut short is not to be taken for what somebody damaged.
    fetched?;
    taken
}

/// Sends a body to where it is taken, or as much as is taken of it.
async fn fetch(
    transport: &dyn Transport,
    object: &Object,
    into: Sender<Piece>,
) -> syft_transport::Result<()> {
    let mut pieces = Pieces::of(transport, object).await?;
    while let Some(piece) = pieces.next().await? {
        if into.send(Piece::More(piece)).await.is_err() {
            return Ok(());
        }
    }
    // Where nobody takes any more nobody asks for the end.
    let _ = into.send(Piece::End).await;
    Ok(())
}

enum Piece {
    More(Bytes),
    End,
}

/// What comes from the store, as a reader that waits for it.
struct Coming {
    pieces: Receiver<Piece>,
    piece: Bytes,
    has_ended: bool,
}

impl Read for Coming {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() && !self.has_ended {
            match self.pieces.blocking_recv() {
                Some(Piece::More(piece)) => self.piece = piece,
                Some(Piece::End) => self.has_ended = true,
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
        let length = buffer.len().min(self.piece.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..length), self.piece.get(..length)) {
            to.copy_from_slice(from);
        }
        self.piece.advance(length);
        Ok(length)
    }
}

/// Gives what comes to `take`, opened if it is sealed.
fn taken(
    mut coming: Coming,
    object: &Object,
    opener: Option<&Opener>,
    limit: u64,
    take: impl FnOnce(&mut dyn Read) -> Result<()>,
) -> Result<ContentHash> {
    let within = |plain: &mut dyn Read| {
        let mut plain = HashingReader::new(plain.take(limit.saturating_add(1)));
        take(&mut plain)?;
        let (size, sha256) = plain.finish();
        match size > limit {
            true => Err(StoreError::too_large("get", object, limit).into()),
            false => Ok(sha256),
        }
    };
    let Some(Opener { keys, owner, arriving }) = opener else { return within(&mut coming) };
    let (mut plain, mut into) = io::pipe().map_err(syft_crypto::Error::Io)?;
    std::thread::scope(|scope| {
        let opening = scope
            .spawn(move || open_through(keys, arriving, owner, object, &mut coming, &mut into));
        let taken = within(&mut plain);
        // Nothing more is taken: it must not wait.
        drop(plain);
        let opened = opening.join();
        let taken = taken?;
        match opened {
            Ok(opened) => opened?,
            Err(_) => return Err(Error::Refused(format!("{object} could not be opened"))),
        }
        Ok(taken)
    })
}
