//! Creation that appears whole or not at all, and never overwrites.

use ::opendal::options::WriteOptions;
use ::opendal::{EntryMode, ErrorKind, Metadata};
use futures::TryStreamExt as _;
use syft_core::{ContentHash, ContentHasher, Entropy, SystemEntropy};

use super::list::object;
use super::{OpendalTransport, errors, folder_of};
use crate::body::wrong_length;
use crate::temporary::{is_abandoned, temporaries_of};
use crate::{ByteStream, Error, Object, ObjectName, PutBody, PutMode, Result, Space};

/// What is sent in one call; more than that in parts of this size, the least that S3 takes:
/// several of them are held in memory at a time.
const PART_BYTES: usize = 5 * 1024 * 1024;
/// How many parts are on their way at the same time.
const PARTS_AT_ONCE: usize = 2;

/// Between two calls; the next try finds the name free.
const TAKEN_AWAY: &str = "what had the name is just being taken away";

/// What has to hold when an object is written.
enum Condition {
    None,
    Absent,
    Is(String),
}

impl OpendalTransport {
    pub(super) async fn put_as(
        &self,
        space: &Space,
        name: &ObjectName,
        body: &PutBody,
        mode: PutMode,
    ) -> Result<Object> {
        let key = format!("{space}/{name}");
        if let Some(largest) = self.info.capabilities.largest.filter(|most| body.length() > *most) {
            return Err(Error::too_large("put", key, largest));
        }
        let told = match mode {
            PutMode::Create => self.create(space, &key, body).await?,
            PutMode::Replace(version) if self.info.capabilities.replace => {
                let replaced = self.write(&key, body, Condition::Is(version.0)).await?;
                replaced.map_err(|error| errors::error("replace", &key, &error))?
            }
            PutMode::Replace(_) => {
                let detail = "this store overwrites without looking at what is there";
                return Err(Error::unsupported("replace", key, detail));
            }
            PutMode::InPlaceOf(_) => {
                let detail = "this store gives no object new bytes and a new name in one step";
                return Err(Error::unsupported("replace", key, detail));
            }
        };
        Ok(object(space, name.clone(), body.length(), &told))
    }

    async fn create(&self, space: &Space, key: &str, body: &PutBody) -> Result<Metadata> {
        let exclusive = self.info.capabilities.exclusive_create;
        // Where the store does not look, this does; between this and the write is a moment.
        if !exclusive && let Some(there) = self.stat(key).await? {
            return self.taken(key, body, there).await;
        }
        let written = if self.service.by_rename {
            self.write_aside(space, key, body).await?
        } else {
            let condition = if exclusive { Condition::Absent } else { Condition::None };
            self.write(key, body, condition).await?
        };
        let error = match written {
            Ok(told) => return Ok(told),
            Err(error) => error,
        };
        match (error.kind(), self.stat(key).await) {
            // Also of a call before this one, the answer to which was lost.
            (ErrorKind::ConditionNotMatch | ErrorKind::AlreadyExists, Ok(Some(there))) => {
                self.taken(key, body, there).await
            }
            (ErrorKind::ConditionNotMatch | ErrorKind::AlreadyExists, Ok(None)) => {
                Err(Error::temporary("put", key, TAKEN_AWAY))
            }
            _ => {
                // Whether a folder went is not told the same way by all.
                self.opened.forget(space);
                Err(errors::error("put", key, &error))
            }
        }
    }

    /// The same bytes under the same name are success.
    async fn taken(&self, key: &str, body: &PutBody, there: Metadata) -> Result<Metadata> {
        let is_same = there.content_length() == body.length()
            && self.hash_of(key).await? == hash(body.open()).await?;
        if is_same { Ok(there) } else { Err(Error::already_exists("put", key, "")) }
    }

    async fn hash_of(&self, key: &str) -> Result<ContentHash> {
        let failed = |error: ::opendal::Error| match error.kind() {
            ErrorKind::NotFound => Error::temporary("put", key, TAKEN_AWAY),
            _ => errors::error("compare", key, &error),
        };
        let reader = self.operator.reader(key).await.map_err(failed)?;
        let mut pieces = reader.into_stream(..).await.map_err(failed)?;
        let mut hasher = ContentHasher::new();
        while let Some(buffer) = pieces.try_next().await.map_err(failed)? {
            buffer.for_each(|piece| hasher.update(&piece));
        }
        Ok(hasher.finish())
    }

    async fn stat(&self, key: &str) -> Result<Option<Metadata>> {
        match self.operator.stat(key).await {
            Ok(there) => Ok(Some(there)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(errors::error("put", key, &error)),
        }
    }

    /// Writes under a name of its own, and then gives it the one that it is to have.
    async fn write_aside(
        &self,
        space: &Space,
        key: &str,
        body: &PutBody,
    ) -> Result<::opendal::Result<Metadata>> {
        let unique = (&SystemEntropy as &dyn Entropy).uuid();
        let unique = unique.map_err(|error| Error::permanent("put", key, error.to_string()))?;
        let aside = format!("{space}/{}{unique}", temporaries_of(self.me()));
        let written = match self.write(&aside, body, Condition::None).await {
            Ok(Ok(told)) => self.operator.rename(&aside, key).await.map(|()| told),
            other => {
                // It is cleared away later if this fails, and no listing shows it.
                let _ = self.operator.delete(&aside).await;
                return other;
            }
        };
        let Err(error) = written else { return Ok(written) };
        let there = self.stat(key).await?;
        let _ = self.operator.delete(&aside).await;
        // After a lost answer the second try finds nothing to rename.
        match there {
            Some(there) if error.kind() == ErrorKind::NotFound => {
                self.taken(key, body, there).await.map(Ok)
            }
            _ => Ok(Err(error)),
        }
    }

    /// Writes a whole body, in parts if it is long and the store takes parts.
    async fn write(
        &self,
        key: &str,
        body: &PutBody,
        condition: Condition,
    ) -> Result<::opendal::Result<Metadata>> {
        let mut options = WriteOptions::default();
        match condition {
            Condition::None => {}
            Condition::Absent => options.if_not_exists = self.service.says_absent,
            Condition::Is(version) => options.if_match = Some(version),
        }
        if self.service.one_shot.is_some() || body.length() <= PART_BYTES as u64 {
            let whole = body.read(key, None).await?;
            return Ok(self.operator.write_options(key, whole, options).await);
        }
        (options.chunk, options.concurrent) = (Some(PART_BYTES), PARTS_AT_ONCE);
        self.write_parts(key, body, options).await
    }

    async fn write_parts(
        &self,
        key: &str,
        body: &PutBody,
        options: WriteOptions,
    ) -> Result<::opendal::Result<Metadata>> {
        let mut writer = match self.operator.writer_options(key, options).await {
            Ok(writer) => writer,
            Err(error) => return Ok(Err(error)),
        };
        let (mut pieces, mut written) = (body.open(), 0_u64);
        let failed = loop {
            match pieces.try_next().await {
                Ok(Some(piece)) => {
                    written = written.saturating_add(piece.len() as u64);
                    if written > body.length() {
                        break Err(wrong_length(key, written, body.length()));
                    }
                    if let Err(error) = writer.write(piece).await {
                        break Ok(error);
                    }
                }
                Ok(None) if written == body.length() => return Ok(writer.close().await),
                Ok(None) => break Err(wrong_length(key, written, body.length())),
                Err(error) => break Err(error),
            }
        };
        // Parts that stay are in no listing, and the store clears them away.
        let _ = writer.abort().await;
        failed.map(Err)
    }
}

async fn hash(mut pieces: ByteStream) -> Result<ContentHash> {
    let mut hasher = ContentHasher::new();
    while let Some(piece) = pieces.try_next().await? {
        hasher.update(&piece);
    }
    Ok(hasher.finish())
}

/// Takes away what this participant's crashed writers left in a space.
pub(super) async fn clear_abandoned(store: &OpendalTransport, space: &Space) -> Result<()> {
    let failed = |error: ::opendal::Error| errors::error("open", space, &error);
    let folder = folder_of(&space.components());
    let mine = format!("{folder}{}", temporaries_of(store.me()));
    let is_old = |told: &Metadata| {
        told.last_modified().is_some_and(|at| is_abandoned(at.into_inner().as_second()))
    };
    let entries = store.operator.list(&folder).await.map_err(failed)?;
    for entry in entries {
        let is_file = entry.metadata().mode() == EntryMode::FILE;
        if is_file && entry.path().starts_with(&mine) && is_old(entry.metadata()) {
            store.operator.delete(entry.path()).await.map_err(failed)?;
        }
    }
    Ok(())
}
