use std::collections::BTreeMap;
use std::sync::Arc;

use syft_core::{ContentHash, Email, RejectCode};
use syft_transport::{Object, ObjectName, Space, Transport, TransportExt};

use super::key::grant_name;
use super::{CollectionIndex, CollectionKey, INDEX, INDEX_LIMIT, SCHEMA};
use crate::channels::patiently;
use crate::collections::stored::{Opener, StoredFile};
use crate::sealed::{self, Correspondent, KeyRing, refused};
use crate::{Error, Result, bodies};

/// A larger grant is none, in bytes.
const GRANT_LIMIT: u64 = 64 << 10;

/// A sealed collection that can be read.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) index: CollectionIndex,
    /// The hash of its bytes.
    pub(super) index_hash: ContentHash,
    opener: Arc<Opener>,
    /// All that lies in its space.
    objects: Vec<Object>,
}

impl Opened {
    /// Its files, in the order of the index.
    ///
    /// # Errors
    /// One that is not there.
    pub(crate) fn files(&self) -> Result<Vec<StoredFile>> {
        let by_name: BTreeMap<_, _> =
            self.objects.iter().map(|object| (&object.name, object)).collect();
        let found = self.index.files.iter().map(|file| {
            let object = by_name.get(&file.object).ok_or_else(|| missing(&file.object))?;
            let (path, opener) = (file.path.to_string(), self.opener.clone());
            Ok(StoredFile::sealed(path, (*object).clone(), opener, file.sha256))
        });
        found.collect()
    }
}

/// Opens a collection that was shared with me, or is mine. `None` if no key for me is there.
pub(crate) async fn open(
    transport: &dyn Transport,
    ring: &KeyRing,
    owner: &Email,
    space: &Space,
) -> Result<Option<Opened>> {
    let (owner, arriving) = (sealing(ring, owner)?, ring.arriving());
    let objects = listed(transport, space).await?;
    let name = grant_name(ring.keys().email())?;
    let Some(grant) = objects.iter().find(|object| object.name == name) else { return Ok(None) };
    let bytes = bodies::whole(transport, grant, GRANT_LIMIT).await?;
    let plain = sealed::open(ring.keys(), arriving, owner.clone(), grant, bytes).await?;
    let forged =
        |object: &Object, reason: &str| Error::from(refused(object, RejectCode::Forged, reason));
    let read = CollectionKey::from_grant(&plain);
    let (key, index_hash) = read.map_err(|reason| forged(grant, &reason))?;
    if !key.is_of(space) {
        return Err(forged(grant, "it is the key of another collection"));
    }
    let object = find(&objects, &ObjectName::parse(INDEX)?)?.clone();
    let sealed = bodies::whole(transport, &object, INDEX_LIMIT).await?;
    let plain = sealed::open(key.keys(), arriving, owner.clone(), &object, sealed).await?;
    if ContentHash::of(&plain) != index_hash {
        return Err(forged(&object, "it is not the one that its owner gave you"));
    }
    let index = parse(&object, &plain)?;
    let opener = Arc::new(Opener { keys: key.keys().clone(), owner, arriving: arriving.clone() });
    Ok(Some(Opened { index, index_hash, opener, objects }))
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
    objects.iter().find(|object| object.name == *name).ok_or_else(|| missing(name))
}

fn missing(name: &ObjectName) -> Error {
    Error::Integrity(format!("{name} of a dataset is not in the store, or has not arrived yet"))
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
