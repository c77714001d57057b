use std::io;
use std::path::PathBuf;

use crate::{Reject, safe_text, shorten};

/// Longest part of a refused text that is shown, in characters.
const MAX_INPUT: usize = 120;

/// What goes wrong in this crate, by what a caller would do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name, address, path, hash or time that breaks the rules of its type.
    #[error("{kind} {input:?} is not allowed: {reason}")]
    Invalid {
        /// What was being read, as "email" or "path".
        kind: &'static str,
        /// The text as it came, shortened and made safe to show.
        input: String,
        /// The rule that it breaks.
        reason: String,
    },
    /// A file or folder is not there.
    #[error("{0} does not exist")]
    NotFound(String),
    /// A file or folder is already there.
    #[error("{0} already exists")]
    AlreadyExists(String),
    /// A file is larger than the caller allows.
    #[error("{path} is larger than {limit} bytes")]
    TooLarge {
        /// The file.
        path: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// A path leads through a link, a device or another thing that is never followed.
    #[error("{path} is {what}: it is not read or written")]
    NotRegular {
        /// The path as asked.
        path: String,
        /// What stands there, as "a symbolic link".
        what: &'static str,
    },
    /// Another process holds the home.
    #[error("another process is using {}", home.display())]
    Locked {
        /// The home that is held.
        home: PathBuf,
    },
    /// A file of this node's own is damaged.
    #[error("{what} is damaged: {detail}")]
    Corrupt {
        /// Which file.
        what: String,
        /// What does not fit.
        detail: String,
    },
    /// Bytes of a peer that were not accepted.
    #[error(transparent)]
    Rejected(#[from] Reject),
    /// The disk refused.
    #[error("could not {action} {path}: {source}")]
    Io {
        /// What was tried, as "write".
        action: &'static str,
        /// On what.
        path: String,
        /// The system's word.
        source: io::Error,
    },
    /// A value could not be written in its format.
    #[error("could not encode {what}: {detail}")]
    Encode {
        /// What was being written.
        what: &'static str,
        /// Why it did not work.
        detail: String,
    },
}

impl Error {
    pub(crate) fn invalid(kind: &'static str, input: &str, reason: impl Into<String>) -> Self {
        let input = shorten(&safe_text(&shorten(input, MAX_INPUT)), MAX_INPUT);
        Error::Invalid { kind, input, reason: reason.into() }
    }

    /// Whether the disk is full.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Error::Io { source, .. }
            if matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded))
    }
}

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;
