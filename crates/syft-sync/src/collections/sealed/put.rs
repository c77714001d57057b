use std::io::{self, Read};
use std::sync::Arc;

use bytes::Bytes;
use syft_core::{Access, ContentHash, Disk, Email, HomePath, Timestamp};
use syft_crypto::Sealer;
use syft_dataset::CollectionFile;
use syft_transport::{
    CollectionHash, ObjectName, PutBody, PutMode, Space, Transport, TransportExt, grants,
};

use super::key::grant_name;
use super::{CollectionIndex, CollectionKey, INDEX, IndexedFile, SCHEMA, open};
use crate::channels::patiently;
use crate::collections::form::told;
use crate::collections::object_name;
use crate::collections::spool::{IN_MEMORY, Spool};
use crate::node::Pass;
use crate::sealed::{self, Correspondent, KeyRing};
use crate::{Error, Result};

/// Puts a dataset of mine into its sealed space. The index comes last: with it, all of it
/// is there. Returns its hash.
pub(in crate::collections) async fn put(
    pass: &Pass<'_>,
    ring: &Arc<KeyRing>,
    key: &CollectionKey,
    space: &Space,
    index: CollectionIndex,
    files: &[CollectionFile],
) -> Result<ContentHash> {
    let transport = &*pass.node.transport;
    let tell = told(pass, files);
    patiently(space, 0, transport.open(space)).await?;
    tell(0);
    let me = ring.with(&pass.node.email)?.map_err(Error::Refused)?;
    let to = vec![key.as_reader(), me.clone()];
    for ((file, indexed), done) in files.iter().zip(&index.files).zip(1..) {
        let place = Place { space, name: &indexed.object };
        put_file(pass, ring, &to, &place, file).await?;
        tell(done);
    }
    let name = ObjectName::parse(INDEX)?;
    let bytes = serde_json::to_vec(&index).map_err(|error| {
        let detail = error.to_string();
        Error::Core(syft_core::Error::Encode { what: "the index of a dataset", detail })
    })?;
    let hash = ContentHash::of(&bytes);
    let place = Place { space, name: &name };
    let sealed = sealed::seal(ring, to, place.label(), Bytes::from(bytes)).await?;
    put_anew(transport, &place, sealed.into()).await?;
    // What is in it, and its key, I find out on a new machine as any reader does.
    give(pass, ring, key, space, hash, me).await?;
    Ok(hash)
}

/// Puts a dataset of mine into the space of one reader, to whom and to me each file is
/// sealed under its own name.
pub(in crate::collections) async fn put_apart(
    pass: &Pass<'_>,
    ring: &Arc<KeyRing>,
    reader: Correspondent,
    space: &Space,
    files: &[CollectionFile],
) -> Result<()> {
    let tell = told(pass, files);
    patiently(space, 0, pass.node.transport.open(space)).await?;
    tell(0);
    let me = ring.with(&pass.node.email)?.map_err(Error::Refused)?;
    let to = [reader, me];
    for (file, done) in files.iter().zip(1..) {
        let name = &object_name(&file.name)?;
        put_file(pass, ring, &to, &Place { space, name }, file).await?;
        tell(done);
    }
    Ok(())
}

impl CollectionIndex {
    pub(in crate::collections) fn of(
        name: &syft_core::DatasetName,
        hash: &str,
        at: Timestamp,
        files: &[CollectionFile],
    ) -> Result<Self> {
        let indexed = files.iter().zip(1..).map(|(file, number)| {
            let object = ObjectName::parse(&format!("file-{number}"))?;
            Ok(IndexedFile { object, path: file.name.clone(), sha256: file.sha256 })
        });
        Ok(CollectionIndex {
            schema: SCHEMA.to_owned(),
            name: name.clone(),
            hash: CollectionHash::parse(hash)?,
            at,
            files: indexed.collect::<Result<_>>()?,
        })
    }
}

/// Gives the key of a collection to a reader, with the hash of its index, which is looked up
/// if it was put earlier.
pub(in crate::collections) async fn grant(
    pass: &Pass<'_>,
    ring: &Arc<KeyRing>,
    key: &CollectionKey,
    space: &Space,
    index: Option<ContentHash>,
    reader: Correspondent,
) -> Result<()> {
    let transport = &*pass.node.transport;
    let index = match index {
        Some(index) => index,
        None => {
            let opened = open(transport, ring, &pass.node.email, space).await?;
            let gone = || Error::Integrity(format!("{space} is not there as it was put"));
            opened.ok_or_else(gone)?.index_hash
        }
    };
    let email = reader.email.clone();
    give(pass, ring, key, space, index, reader).await?;
    if transport.sharing().is_some() {
        patiently(space, 0, grants::grant(transport, space, &email)).await?;
    }
    Ok(())
}

async fn give(
    pass: &Pass<'_>,
    ring: &Arc<KeyRing>,
    key: &CollectionKey,
    space: &Space,
    index: ContentHash,
    reader: Correspondent,
) -> Result<()> {
    let name = grant_name(&reader.email)?;
    let place = Place { space, name: &name };
    let secret = Bytes::from(key.to_grant(index)?.to_vec());
    let sealed = sealed::seal(ring, vec![reader], place.label(), secret).await?;
    put_anew(&*pass.node.transport, &place, sealed.into()).await
}

/// Where an object is put.
struct Place<'a> {
    space: &'a Space,
    name: &'a ObjectName,
}

impl Place<'_> {
    fn label(&self) -> String {
        format!("{}/{}", self.space, self.name)
    }
}

/// Puts an object in place of one that an earlier try left: each sealing differs.
async fn put_anew(transport: &dyn Transport, place: &Place<'_>, body: PutBody) -> Result<()> {
    let (size, label) = (body.length(), place.label());
    let put = || {
        let put = transport.put(place.space, place.name, body.clone(), PutMode::Create);
        patiently(&label, size, put)
    };
    match put().await {
        Err(syft_transport::Error::AlreadyExists { .. }) => {}
        done => return Ok(done.map(drop)?),
    }
    let older = patiently(place.space, 0, transport.find(place.space, place.name)).await?;
    let older: Vec<_> = older.into_iter().collect();
    patiently(place.space, 0, transport.delete(&older)).await?;
    Ok(put().await.map(drop)?)
}

/// Seals one file and puts it there.
async fn put_file(
    pass: &Pass<'_>,
    ring: &Arc<KeyRing>,
    to: &[Correspondent],
    place: &Place<'_>,
    file: &CollectionFile,
) -> Result<()> {
    let transport = &*pass.node.transport;
    if file.size <= IN_MEMORY {
        let bytes = pass.node.disk.read(&file.path, IN_MEMORY)?;
        let sealed = sealed::seal(ring, to.to_vec(), place.label(), bytes.into()).await?;
        return put_anew(transport, place, sealed.into()).await;
    }
    // Its size is to be known, and it may be sent more than once.
    let label = place.label();
    let spool = Arc::new(Spool::new(&pass.node.disk, &label)?);
    let (disk, path) = (pass.node.disk.clone(), spool.path().clone());
    let (ring, to, from, size) = (ring.clone(), to.to_vec(), file.path.clone(), file.size);
    let sealing = move || seal_file(&*disk, &ring, &to, (&from, size), &path, &label);
    let sealed = tokio::task::spawn_blocking(sealing).await;
    let length = sealed.map_err(|error| Error::Refused(error.to_string()))??;
    let body = PutBody::from_reader(length, move || spool.open().map_err(io::Error::other));
    put_anew(transport, place, body).await
}

/// Seals a file of the home into another one; returns its size. Memory is bounded.
fn seal_file(
    disk: &dyn Disk,
    ring: &KeyRing,
    recipients: &[Correspondent],
    (from, size): (&HomePath, u64),
    to: &HomePath,
    label: &str,
) -> Result<u64> {
    let mut plain = disk.open(from)?;
    let parties = sealed::parties(recipients);
    let (mut sealed, mut into) = io::pipe().map_err(syft_crypto::Error::Io)?;
    std::thread::scope(|scope| {
        let sealing = scope.spawn(move || {
            let body = (size, &mut *plain as &mut dyn Read);
            ring.keys().seal(&parties, Some(label), body, &mut into, ring.entropy())
        });
        let written = disk.write_from(to, &mut sealed, Access::OwnerOnly);
        drop(sealed);
        match sealing.join() {
            Ok(done) => done?,
            Err(_) => return Err(Error::Refused(format!("{from} could not be sealed"))),
        };
        Ok(written?)
    })
}

/// Takes the key of a collection back from a reader, who may have kept it.
pub(in crate::collections) async fn revoke(
    pass: &Pass<'_>,
    space: &Space,
    reader: &Email,
) -> Result<()> {
    let transport = &*pass.node.transport;
    if transport.sharing().is_some() {
        patiently(space, 0, grants::revoke(transport, space, reader)).await?;
    }
    let name = grant_name(reader)?;
    let found = patiently(space, 0, transport.find(space, &name)).await?;
    let found: Vec<_> = found.into_iter().collect();
    Ok(patiently(space, 0, transport.delete(&found)).await?)
}
