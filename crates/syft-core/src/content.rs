use std::fmt;

use crate::ContentHash;

/// The bytes of a file, and how the wire spells them: text as it is, anything
/// else in base64. The same bytes have the same hash either way.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Content {
    /// UTF-8, spelled as it is.
    Text(String),
    /// Any bytes, spelled in base64. A Python peer may send text this way too,
    /// so use [`Content::from_bytes`] to make one.
    Binary(Vec<u8>),
}

impl Content {
    /// Text if the bytes are UTF-8, else binary. No byte is changed: a byte order
    /// mark, CRLF and NUL stay (`threats.md` I15).
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Content::Text(text),
            Err(error) => Content::Binary(error.into_bytes()),
        }
    }

    /// The bytes of the file.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Content::Text(text) => text.as_bytes(),
            Content::Binary(bytes) => bytes,
        }
    }

    /// The bytes of the file, without a copy.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        match self {
            Content::Text(text) => text.into_bytes(),
            Content::Binary(bytes) => bytes,
        }
    }

    /// How long the content is in a message, in bytes: JSON text or base64.
    #[must_use]
    pub fn wire_len(&self) -> u64 {
        let escaped = |byte: &u8| match byte {
            b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
            0..=0x1f | 0x7f => 6,
            _ => 1,
        };
        match self {
            Content::Text(text) => text.as_bytes().iter().map(escaped).sum(),
            Content::Binary(bytes) => (bytes.len() as u64).div_ceil(3) * 4,
        }
    }

    /// The SHA-256 of the bytes.
    #[must_use]
    pub fn hash(&self) -> ContentHash {
        ContentHash::of(self.as_bytes())
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Content::Text(text.to_owned())
    }
}

/// Shows the size only: content may be private, and it may be long.
impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Content::Text(_) => "Text",
            Content::Binary(_) => "Binary",
        };
        write!(f, "{kind}({} bytes)", self.as_bytes().len())
    }
}

/// What happens to a file.
///
/// The hash after the change follows from it and is never stored beside it, so
/// a change that contradicts itself cannot be written down (`threats.md` I1, I6).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Change {
    /// The file is created or replaced.
    Write(Content),
    /// The file is removed.
    Delete,
}

impl Change {
    /// What the file holds afterwards; `None` after a deletion.
    #[must_use]
    pub fn content(&self) -> Option<&Content> {
        match self {
            Change::Write(content) => Some(content),
            Change::Delete => None,
        }
    }

    /// The hash of the file afterwards, computed now; `None` after a deletion.
    #[must_use]
    pub fn new_hash(&self) -> Option<ContentHash> {
        self.content().map(Content::hash)
    }

    /// Whether this is a deletion.
    #[must_use]
    pub fn is_delete(&self) -> bool {
        matches!(self, Change::Delete)
    }
}
