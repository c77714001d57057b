use syft_core::{ContentHash, Email, RejectCode};
use syft_crypto::Keys;
use syft_transport::{Object, ObjectName, Space, Transport, TransportExt};

use super::key::grant_name;
use super::{CollectionIndex, CollectionKey, INDEX, INDEX_LIMIT, SCHEMA};
use crate::channels::patiently;
use crate::sealed::{self, Correspondent, KeyRing, refused};
use crate::{Error, Result, bodies};

/// A larger grant is none, in bytes.
const GRANT_LIMIT: u64 = 64 << 10;

/// A sealed collection that can be read.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    /// What opens it.
    keys: Keys,
    pub(crate) index: CollectionIndex,
    /// The hash of its bytes.
    pub(super) index_hash: ContentHash,
    owner: Correspondent,
    /// All that lies in its space.
    objects: Vec<Object>,
}

impl Opened {
    /// Its files in the order of the index, each with the object that it lies in.
    ///
    /// # Errors
    /// One that is not there.
    pub(crate) fn files(&self) -> Result<Vec<(String, Object)>> {
        let found = self.index.files.iter().map(|file| {
            let object = find(&self.objects, &file.object);
            Ok((file.path.to_string(), object?.clone()))
        });
        found.collect()
    }

    /// What one of them holds; at most `limit` bytes are fetched.
    pub(crate) async fn file(
        &self,
        transport: &dyn Transport,
        object: &Object,
        limit: u64,
    ) -> Result<Vec<u8>> {
        let sealed = bodies::whole(transport, object, limit).await?;
        let plain = sealed::open(&self.keys, self.owner.clone(), object, sealed).await?;
        let indexed = self.index.files.iter().find(|file| file.object == object.name);
        match indexed.is_some_and(|file| ContentHash::of(&plain) == file.sha256) {
            true => Ok(plain),
            false => {
                Err(refused(object, RejectCode::Forged, "it is not what its index says").into())
            }
        }
    }
}

/// Opens a collection that was shared with me, or is mine. `None` if no key for me is there.
pub(crate) async fn open(
    transport: &dyn Transport,
    ring: &KeyRing,
    owner: &Email,
    space: &Space,
) -> Result<Option<Opened>> {
    let owner = sealing(ring, owner)?;
    let objects = listed(transport, space).await?;
    let name = grant_name(ring.keys().email())?;
    let Some(grant) = objects.iter().find(|object| object.name == name) else { return Ok(None) };
    let bytes = bodies::whole(transport, grant, GRANT_LIMIT).await?;
    let plain = sealed::open(ring.keys(), owner.clone(), grant, bytes).await?;
    let forged =
        |object: &Object, reason: &str| Error::from(refused(object, RejectCode::Forged, reason));
    let read = CollectionKey::from_grant(&plain);
    let (key, index_hash) = read.map_err(|reason| forged(grant, &reason))?;
    if !key.is_of(space) {
        return Err(forged(grant, "it is the key of another collection"));
    }
    let object = find(&objects, &ObjectName::parse(INDEX)?)?.clone();
    let sealed = bodies::whole(transport, &object, INDEX_LIMIT).await?;
    let plain = sealed::open(key.keys(), owner.clone(), &object, sealed).await?;
    if ContentHash::of(&plain) != index_hash {
        return Err(forged(&object, "it is not the one that its owner gave you"));
    }
    let index = parse(&object, &plain)?;
    let keys = key.keys().clone();
    Ok(Some(Opened { keys, index, index_hash, owner, objects }))
}

/// One who seals; from others nothing sealed is taken.
fn sealing(ring: &KeyRing, email: &Email) -> Result<Correspondent> {
    let found = ring.with(email)?.map_err(Error::Refused)?;
    match found.seals || email == ring.keys().email() {
        // What I sealed once I can open, whatever I do now.
        true => Ok(Correspondent { seals: true, ..found }),
        false => Err(Error::Refused(format!("{email} does not seal"))),
    }
}

async fn listed(transport: &dyn Transport, space: &Space) -> Result<Vec<Object>> {
    let mut objects = patiently(space, 0, transport.list_all(space)).await?;
    // Whatever else lies there, it is nothing that the owner put.
    objects.retain(|object| object.owner.as_ref().is_none_or(|owner| owner == space.owner()));
    Ok(objects)
}

fn find<'o>(objects: &'o [Object], name: &ObjectName) -> Result<&'o Object> {
    let missing = || Error::Integrity(format!("{name} of a dataset is not in the store"));
    objects.iter().find(|object| object.name == *name).ok_or_else(missing)
}

fn parse(object: &Object, bytes: &[u8]) -> Result<CollectionIndex> {
    let bad = |reason: String| Error::from(refused(object, RejectCode::BadJson, reason));
    let index: CollectionIndex =
        serde_json::from_slice(bytes).map_err(|error| bad(error.to_string()))?;
    match index.schema == SCHEMA {
        true => Ok(index),
        false => Err(bad("it is no index of a known schema".to_owned())),
    }
}
