use std::collections::VecDeque;
use std::fmt;

/// Which of a job's two outputs some bytes came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LogStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Takes what a job prints, as it comes: bytes, cut anywhere, not text
/// (`threats.md` X9).
pub trait LogSink {
    /// Takes the next bytes of one stream.
    fn chunk(&mut self, stream: LogStream, bytes: &[u8]);

    /// The job has ended: what was held back for the end of a line has no more to
    /// come.
    fn end(&mut self) {}
}

impl<F: FnMut(LogStream, &[u8])> LogSink for F {
    fn chunk(&mut self, stream: LogStream, bytes: &[u8]) {
        self(stream, bytes);
    }
}

/// Keeps the beginning and the end of a stream of any length in bounded memory.
#[derive(Clone)]
pub struct BoundedLog {
    head: Vec<u8>,
    head_limit: usize,
    tail: VecDeque<u8>,
    tail_limit: usize,
    dropped: u64,
}

impl BoundedLog {
    /// A log that keeps at most `limit` bytes: the first half of them from the
    /// beginning of the stream, the other half from its end.
    #[must_use]
    pub fn new(limit: u64) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let tail_limit = limit / 2;
        BoundedLog {
            head: Vec::new(),
            head_limit: limit - tail_limit,
            tail: VecDeque::new(),
            tail_limit,
            dropped: 0,
        }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        let room = self.head_limit.saturating_sub(self.head.len());
        let (head, rest) = bytes.split_at(room.min(bytes.len()));
        self.head.extend_from_slice(head);
        let skip = rest.len().saturating_sub(self.tail_limit);
        let overflow = (self.tail.len() + rest.len() - skip).saturating_sub(self.tail_limit);
        self.tail.drain(..overflow);
        self.tail.extend(rest.iter().skip(skip));
        self.dropped += (skip + overflow) as u64;
    }

    /// Bytes from the beginning of the stream that are kept in any case.
    pub(crate) fn head_limit(&self) -> usize {
        self.head_limit
    }

    /// Bytes that were left out between the beginning and the end.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Bytes that came, kept or not.
    #[must_use]
    pub fn total(&self) -> u64 {
        (self.head.len() + self.tail.len()) as u64 + self.dropped
    }

    /// What was kept; where bytes were left out, a line in their place says how many.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        let mut bytes = self.head;
        if self.dropped > 0 {
            bytes.extend_from_slice(
                format!("\n[... {} bytes left out ...]\n", self.dropped).as_bytes(),
            );
        }
        bytes.extend(self.tail);
        bytes
    }
}

impl fmt::Debug for BoundedLog {
    /// Shows sizes only: logs may hold private rows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundedLog")
            .field("kept", &(self.head.len() + self.tail.len()))
            .field("dropped", &self.dropped)
            .finish()
    }
}
