use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{
    Access, ContentHash, ContentHasher, Disk, Error, FileKind, HashingReader, HomePath, Result,
};

/// How the names of blobs start whose hash is not known yet.
const INCOMING: &str = "incoming-";

/// Bytes that journal records speak of, each kept once under its hash.
///
/// Hold the home's lock while writing.
#[derive(Debug, Clone)]
pub struct Blobs {
    disk: Arc<dyn Disk>,
    folder: HomePath,
}

impl Blobs {
    /// The blobs of a folder, in `blobs/` below it.
    #[must_use]
    pub fn new(disk: Arc<dyn Disk>, folder: &HomePath) -> Self {
        let above = if folder.as_str().is_empty() { "" } else { "/" };
        Blobs { disk, folder: HomePath::trusted(format!("{}{above}blobs", folder.as_str())) }
    }

    /// Keeps bytes; durable on return.
    ///
    /// # Errors
    /// `NotRegular`; `Io`.
    pub fn put(&self, bytes: &[u8]) -> Result<ContentHash> {
        let hash = ContentHash::of(bytes);
        let path = self.path(&hash)?;
        let there = self.disk.metadata(&path)?;
        if !there
            .is_some_and(|there| there.kind == FileKind::File && there.size == bytes.len() as u64)
        {
            self.disk.write(&path, bytes, Access::OwnerOnly)?;
        }
        Ok(hash)
    }

    /// Keeps a stream; durable on return.
    ///
    /// # Errors
    /// As [`Blobs::put`], and what the stream itself gives.
    pub fn put_from(&self, body: &mut dyn Read) -> Result<ContentHash> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let incoming = self.folder.join(&format!("{INCOMING}{}-{number}", std::process::id()))?;
        let mut hashing = HashingReader::new(body);
        self.disk.write_from(&incoming, &mut hashing, Access::OwnerOnly)?;
        let (_, hash) = hashing.finish();
        match self.disk.rename(&incoming, &self.path(&hash)?) {
            Ok(()) => Ok(hash),
            Err(Error::AlreadyExists(_)) => self.disk.remove_file(&incoming).map(|()| hash),
            Err(error) => Err(error),
        }
    }

    /// The bytes of a blob, at most `limit` of them, checked against the hash.
    ///
    /// # Errors
    /// `NotFound`; `TooLarge`; `Corrupt`; `NotRegular`; `Io`.
    pub fn read(&self, hash: &ContentHash, limit: u64) -> Result<Vec<u8>> {
        let path = self.path(hash)?;
        let bytes = self.disk.read(&path, limit)?;
        if ContentHash::of(&bytes) == *hash { Ok(bytes) } else { Err(damaged(&path)) }
    }

    /// A blob as a stream, whose last read fails with `InvalidData` if what was
    /// read does not have the hash.
    ///
    /// # Errors
    /// `NotFound`; `NotRegular`; `Io`.
    pub fn open(&self, hash: &ContentHash) -> Result<Box<dyn Read + Send>> {
        let path = self.path(hash)?;
        let body = self.disk.open(&path)?;
        Ok(Box::new(Checking { body, hasher: Some(ContentHasher::new()), hash: *hash, path }))
    }

    /// Forgets a blob; no error if it is not there.
    ///
    /// # Errors
    /// `NotRegular`; `Io`.
    pub fn remove(&self, hash: &ContentHash) -> Result<()> {
        self.disk.remove_file(&self.path(hash)?)
    }

    /// Forgets all blobs but those that `keep` says, and what a crash left of
    /// unfinished ones. Returns the number of blobs that went.
    ///
    /// # Errors
    /// `NotRegular`; `Io`.
    pub fn retain(&self, mut keep: impl FnMut(&ContentHash) -> bool) -> Result<usize> {
        let mut removed = 0;
        for name in self.disk.list(&self.folder)?.into_iter().filter_map(|entry| entry.name.ok()) {
            match ContentHash::parse(&name) {
                Ok(hash) if !keep(&hash) => {
                    self.remove(&hash)?;
                    removed += 1;
                }
                Err(_) if name.starts_with(INCOMING) => {
                    self.disk.remove_file(&self.folder.join(&name)?)?;
                }
                _ => {}
            }
        }
        Ok(removed)
    }

    fn path(&self, hash: &ContentHash) -> Result<HomePath> {
        self.folder.join(&hash.to_string())
    }
}

fn damaged(path: &HomePath) -> Error {
    Error::Corrupt { what: path.to_string(), detail: "its content is not of its hash".to_owned() }
}

struct Checking {
    body: Box<dyn Read + Send>,
    hasher: Option<ContentHasher>,
    hash: ContentHash,
    path: HomePath,
}

impl Read for Checking {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.body.read(buffer)?;
        if read > 0 || buffer.is_empty() {
            if let Some(hasher) = &mut self.hasher {
                hasher.update(buffer.get(..read).unwrap_or_default());
            }
        } else if self.hasher.take().is_some_and(|hasher| hasher.finish() != self.hash) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, damaged(&self.path)));
        }
        Ok(read)
    }
}
