use std::fmt;
use std::io::{self, Read, Write};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Error, Result};

/// The SHA-256 of some bytes; written as 64 lower-case hex digits, as the
/// Python peer writes it (`protocol.md` b.3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContentHash([u8; 32]);

impl ContentHash {
    /// The hash of bytes in memory.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        ContentHash(Sha256::digest(bytes).into())
    }

    /// Reads 64 lower-case hex digits.
    ///
    /// # Errors
    /// [`Error::Invalid`] for anything else.
    pub fn parse(text: &str) -> Result<Self> {
        let invalid = || Error::invalid("hash", text, "it must be 64 lower-case hex digits");
        if text.len() != 64
            || !text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        {
            return Err(invalid());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let digits = std::str::from_utf8(pair).map_err(|_| invalid())?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| invalid())?;
        }
        Ok(ContentHash(bytes))
    }

    /// The first 12 hex digits: enough to name a job to a person.
    #[must_use]
    pub fn short(&self) -> String {
        self.to_string().chars().take(12).collect()
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for ContentHash {
    fn from(bytes: [u8; 32]) -> Self {
        ContentHash(bytes)
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentHash({self})")
    }
}

impl FromStr for ContentHash {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        ContentHash::parse(text)
    }
}

impl TryFrom<String> for ContentHash {
    type Error = Error;
    fn try_from(text: String) -> Result<Self> {
        ContentHash::parse(&text)
    }
}

impl From<ContentHash> for String {
    fn from(hash: ContentHash) -> String {
        hash.to_string()
    }
}

/// Hashes bytes as they stream by.
#[derive(Debug, Clone, Default)]
pub struct ContentHasher(Sha256);

impl ContentHasher {
    /// An empty hasher.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash of all bytes taken.
    #[must_use]
    pub fn finish(self) -> ContentHash {
        ContentHash(self.0.finalize().into())
    }
}

impl Write for ContentHasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A reader that counts and hashes what passes through it.
#[derive(Debug)]
pub struct HashingReader<R> {
    inner: R,
    hasher: ContentHasher,
    size: u64,
}

impl<R: Read> HashingReader<R> {
    /// Reads from `inner`, of which nothing passed yet.
    pub fn new(inner: R) -> Self {
        HashingReader { inner, hasher: ContentHasher::new(), size: 0 }
    }

    /// How many bytes passed, and their hash.
    #[must_use]
    pub fn finish(self) -> (u64, ContentHash) {
        (self.size, self.hasher.finish())
    }
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hasher.update(buffer.get(..read).unwrap_or_default());
        self.size += read as u64;
        Ok(read)
    }
}

/// The hash in a collection's name: the first 12 hex digits of the SHA-256 over
/// name and content of each file, in code-point order of the names, with nothing
/// between them (`protocol.md` a.1). It tells versions apart and proves nothing:
/// the file `a` holding `bc` and the file `ab` holding `c` give the same.
///
/// # Errors
/// What a reader reports.
pub fn collection_hash<'a, R: Read>(
    files: impl IntoIterator<Item = (&'a str, R)>,
) -> io::Result<String> {
    let mut files: Vec<(&str, R)> = files.into_iter().collect();
    files.sort_by_key(|(name, _)| *name);
    let mut hasher = ContentHasher::new();
    for (name, mut content) in files {
        hasher.update(name.as_bytes());
        io::copy(&mut content, &mut hasher)?;
    }
    Ok(hasher.finish().short())
}
