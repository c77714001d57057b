use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};

use crate::{Error, Result};

/// How much of a reader travels in one piece.
const CHUNK_BYTES: usize = 256 * 1024;

/// The bytes of an object as they come in.
pub type ByteStream = BoxStream<'static, Result<Bytes>>;

type Opener = dyn Fn() -> ByteStream + Send + Sync;

/// What is put: bytes of a known length that can be read again from the start,
/// so that a failed put can be repeated.
#[derive(Clone)]
pub struct PutBody {
    length: u64,
    source: Source,
}

#[derive(Clone)]
enum Source {
    Bytes(Bytes),
    Opener(Arc<Opener>),
}

impl PutBody {
    /// A body that is opened anew for each try. A stream that yields another
    /// number of bytes than `length` makes the put fail.
    pub fn from_stream(length: u64, open: impl Fn() -> ByteStream + Send + Sync + 'static) -> Self {
        PutBody { length, source: Source::Opener(Arc::new(open)) }
    }

    /// A body that is read from a blocking reader, opened anew for each try, on
    /// the threads that the runtime keeps for blocking work.
    pub fn from_reader<R: Read + Send + 'static>(
        length: u64,
        open: impl Fn() -> io::Result<R> + Send + Sync + 'static,
    ) -> Self {
        let open = Arc::new(open);
        PutBody::from_stream(length, move || read_stream(open.clone()))
    }

    /// Bytes in all.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The whole body, if it is in memory anyway.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&Bytes> {
        match &self.source {
            Source::Bytes(bytes) => Some(bytes),
            Source::Opener(_) => None,
        }
    }

    /// The whole body, for a store that takes it in one call; `subject` is what is put.
    ///
    /// # Errors
    /// [`Error::TooLarge`] if it says that it is larger than `largest`, in bytes, before any of
    /// it is read; [`Error::Permanent`] if it has another length than it says; its own.
    pub async fn read(&self, subject: &str, largest: Option<u64>) -> Result<Bytes> {
        if let Some(largest) = largest.filter(|largest| self.length > *largest) {
            return Err(Error::too_large("put", subject, largest));
        }
        if let Source::Bytes(bytes) = &self.source {
            return Ok(bytes.clone());
        }
        let mut all = Vec::new();
        let mut pieces = self.open();
        while let Some(piece) = pieces.try_next().await? {
            all.extend_from_slice(&piece);
            if all.len() as u64 > self.length {
                break;
            }
        }
        match all.len() as u64 == self.length {
            true => Ok(all.into()),
            false => Err(wrong_length(subject, all.len() as u64, self.length)),
        }
    }

    /// The body from its start.
    #[must_use]
    pub fn open(&self) -> ByteStream {
        match &self.source {
            Source::Bytes(bytes) => stream::iter([Ok(bytes.clone())]).boxed(),
            Source::Opener(open) => open(),
        }
    }
}

impl From<Bytes> for PutBody {
    fn from(bytes: Bytes) -> Self {
        PutBody { length: bytes.len() as u64, source: Source::Bytes(bytes) }
    }
}

impl From<Vec<u8>> for PutBody {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl fmt::Debug for PutBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PutBody").field("length", &self.length).finish_non_exhaustive()
    }
}

/// Reads a stream to its end into memory, at most `limit` bytes.
///
/// # Errors
/// [`Error::TooLarge`] beyond the limit, and what the stream says.
pub async fn collect(mut stream: ByteStream, what: &str, limit: u64) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    while let Some(piece) = stream.try_next().await? {
        if (all.len() as u64).saturating_add(piece.len() as u64) > limit {
            return Err(Error::too_large("get", what, limit));
        }
        all.extend_from_slice(&piece);
    }
    Ok(all)
}

fn read_stream<R: Read + Send + 'static>(
    open: Arc<impl Fn() -> io::Result<R> + Send + Sync + 'static>,
) -> ByteStream {
    stream::try_unfold(None::<R>, move |reader| {
        let open = open.clone();
        async move {
            let read = tokio::task::spawn_blocking(move || {
                let mut reader = match reader {
                    Some(reader) => reader,
                    None => open()?,
                };
                let mut piece = Vec::new();
                reader.by_ref().take(CHUNK_BYTES as u64).read_to_end(&mut piece)?;
                Ok::<_, io::Error>((piece, reader))
            });
            let (piece, reader) =
                read.await.map_err(io::Error::other).flatten().map_err(|error| {
                    Error::permanent("read", "what is to be put", error.to_string()).because(error)
                })?;
            Ok((!piece.is_empty()).then(|| (Bytes::from(piece), Some(reader))))
        }
    })
    .boxed()
}

pub(crate) fn wrong_length(subject: &str, came: u64, declared: u64) -> Error {
    let more = if came > declared { "or more " } else { "" };
    let detail = format!("the body has {came} {more}bytes, {declared} were declared");
    Error::permanent("put", subject, detail)
}
