use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use syft_core::{ContentHash, DatasetName, Email, HomePath, Timestamp};
use syft_dataset::CollectionFile;
use syft_transport::{CollectionHash, CollectionKind, PutBody, PutMode, Space, grants};

use super::object_name;
use super::sealed::{self, CollectionIndex, CollectionKey};
use crate::channels::patiently;
use crate::ledger::Published;
use crate::node::Pass;
use crate::sealed::KeyRing;
use crate::{Error, Notice, Result, Work};

/// How a dataset of mine lies in the store, for those who read it so.
#[derive(Debug)]
pub(super) enum Form {
    /// File by file in the open.
    Open(Space),
    /// Sealed under a key of its own.
    Sealed { ring: Arc<KeyRing>, key: Box<CollectionKey>, space: Space },
    /// File by file, each sealed to one reader who runs the Python client: that opens what
    /// is sealed to it, and takes what lies in a space for the dataset of its name.
    Apart { ring: Arc<KeyRing>, reader: Email, key: ContentHash, space: Space },
}

impl Form {
    /// Each in which it may lie there.
    pub(super) fn all(
        pass: &Pass<'_>,
        kind: CollectionKind,
        name: &DatasetName,
        hash: &str,
    ) -> Result<Vec<Form>> {
        let open = Form::open(pass, kind, name, hash)?;
        Ok([open].into_iter().chain(Form::sealed(pass, kind, name, hash)?).collect())
    }

    /// Each in which a mock may lie there of which `apart` have copies of their own.
    pub(super) fn of_mock(
        pass: &Pass<'_>,
        name: &DatasetName,
        hash: &str,
        apart: &BTreeMap<Email, ContentHash>,
    ) -> Result<Vec<Form>> {
        let mut forms = Form::all(pass, CollectionKind::Mock, name, hash)?;
        for (reader, key) in apart {
            forms.extend(Form::apart(pass, name, hash, (reader, *key))?);
        }
        Ok(forms)
    }

    /// The copy of one reader.
    pub(super) fn apart(
        pass: &Pass<'_>,
        name: &DatasetName,
        hash: &str,
        (reader, key): (&Email, ContentHash),
    ) -> Result<Option<Form>> {
        let Some(ring) = pass.node.ring.clone() else { return Ok(None) };
        let (owner, tag) = (pass.node.email.clone(), name.clone());
        let hash = CollectionHash::parse(&Published::hash_apart(hash, reader, key))?;
        let space = Space::Collection { owner, kind: CollectionKind::Mock, tag, hash };
        Ok(Some(Form::Apart { ring, reader: reader.clone(), key, space }))
    }

    /// The one in which what is mine alone lies there.
    pub(super) fn mine(
        pass: &Pass<'_>,
        kind: CollectionKind,
        name: &DatasetName,
        hash: &str,
    ) -> Result<Form> {
        match Form::sealed(pass, kind, name, hash)? {
            Some(sealed) if pass.node.seals() => Ok(sealed),
            _ => Form::open(pass, kind, name, hash),
        }
    }

    fn open(pass: &Pass<'_>, kind: CollectionKind, name: &DatasetName, hash: &str) -> Result<Form> {
        let (owner, tag) = (pass.node.email.clone(), name.clone());
        Ok(Form::Open(Space::Collection { owner, kind, tag, hash: CollectionHash::parse(hash)? }))
    }

    fn sealed(
        pass: &Pass<'_>,
        kind: CollectionKind,
        name: &DatasetName,
        hash: &str,
    ) -> Result<Option<Form>> {
        let Some(ring) = pass.node.ring.clone() else { return Ok(None) };
        let key = Box::new(CollectionKey::mine(&ring, kind, name, hash)?);
        let space = key.space(&pass.node.email, kind)?;
        Ok(Some(Form::Sealed { ring, key, space }))
    }

    pub(super) fn space(&self) -> &Space {
        match self {
            Form::Open(space) | Form::Sealed { space, .. } | Form::Apart { space, .. } => space,
        }
    }

    /// Who reads it so.
    pub(super) fn readers(&self, published: &Published) -> BTreeSet<Email> {
        let is_this = |reader: &&Email| match self {
            Form::Open(_) => published.key_of(reader).is_none(),
            Form::Sealed { .. } => published.sealed.contains_key(*reader),
            Form::Apart { reader: of, key, .. } => {
                *reader == of && published.apart.get(*reader) == Some(key)
            }
        };
        published.readers.iter().filter(is_this).cloned().collect()
    }

    /// Puts all of it there. Returns the hash of its index, if it is sealed.
    pub(super) async fn put(
        &self,
        pass: &Pass<'_>,
        name: &DatasetName,
        (hash, at): (&str, Timestamp),
        files: &[CollectionFile],
    ) -> Result<Option<ContentHash>> {
        match self {
            Form::Open(space) => put_files(pass, space, files).await.map(|()| None),
            Form::Sealed { ring, key, space } => {
                let mut index = CollectionIndex::of(name, hash, at, files)?;
                // What lies there already, of an earlier try, stays what readers were told.
                let there =
                    sealed::open(&*pass.node.transport, ring, &pass.node.email, space).await;
                if let Ok(Some(there)) = there
                    && there.index.files == index.files
                {
                    index.at = there.index.at;
                }
                pass.note_index(space, &index, "dataset.sealed")?;
                sealed::put(pass, ring, key, space, index, files).await.map(Some)
            }
            Form::Apart { ring, reader, space, .. } => {
                let to = ring.with(reader)?.map_err(Error::Refused)?;
                sealed::put_apart(pass, ring, to, space, files).await.map(|()| None)
            }
        }
    }

    /// Shares it with a reader; `index` is what [`Form::put`] returned, if it was put now.
    pub(super) async fn grant(
        &self,
        pass: &Pass<'_>,
        reader: &Email,
        index: Option<ContentHash>,
    ) -> Result<()> {
        match self {
            Form::Open(space) | Form::Apart { space, .. } => {
                let granted = grants::grant(&*pass.node.transport, space, reader);
                Ok(patiently(space, 0, granted).await?)
            }
            Form::Sealed { ring, key, space } => {
                let to = ring.with(reader)?.map_err(Error::Refused)?;
                sealed::grant(pass, ring, key, space, index, to).await
            }
        }
    }

    /// Takes it back from a reader, who may have kept it.
    pub(super) async fn revoke(&self, pass: &Pass<'_>, reader: &Email) -> Result<()> {
        match self {
            Form::Open(space) | Form::Apart { space, .. } => {
                let revoked = grants::revoke(&*pass.node.transport, space, reader);
                Ok(patiently(space, 0, revoked).await?)
            }
            Form::Sealed { space, .. } => sealed::revoke(pass, space, reader).await,
        }
    }
}

/// What tells how many of the files went.
pub(super) fn told<'a>(pass: &'a Pass<'_>, files: &[CollectionFile]) -> impl Fn(u64) + use<'a> {
    let (notices, total) = (&pass.node.notices, files.len() as u64);
    move |done| notices.notice(&Notice::Progress { work: Work::Sending, done, total })
}

/// Puts the files of a dataset into its space.
async fn put_files(pass: &Pass<'_>, space: &Space, files: &[CollectionFile]) -> Result<()> {
    let transport = &*pass.node.transport;
    let tell = told(pass, files);
    patiently(space, 0, transport.open(space)).await?;
    tell(0);
    for (file, done) in files.iter().zip(1..) {
        let name = object_name(&file.name)?;
        let put = transport.put(space, &name, body(pass, &file.path, file.size), PutMode::Create);
        patiently(&format!("{space}/{name}"), file.size, put).await?;
        tell(done);
    }
    Ok(())
}

fn body(pass: &Pass<'_>, path: &HomePath, size: u64) -> PutBody {
    let disk = pass.node.disk.clone();
    let path = path.clone();
    PutBody::from_reader(size, move || {
        disk.open(&path).map_err(|error| std::io::Error::other(error.to_string()))
    })
}
