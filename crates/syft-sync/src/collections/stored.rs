//! The files of a dataset as they lie in the store, in the open or sealed.

use std::sync::Arc;

use syft_core::{ContentHash, RejectCode};
use syft_crypto::Keys;
use syft_transport::{Error as StoreError, Object, Transport};

use super::file_name;
use crate::arriving::Arriving;
use crate::sealed::{self, Correspondent, KeyRing, refused};
use crate::{Error, Result, bodies};

/// The head of an envelope for a few readers is smaller, in bytes.
const HEAD: u64 = 64 << 10;

/// One of them.
#[derive(Debug, Clone)]
pub(crate) struct StoredFile {
    /// What it is called in the dataset, as the store or its index says.
    pub(crate) path: String,
    /// The object that it lies in.
    pub(crate) object: Object,
    /// Of one that is sealed: what opens it, and the hash of what it holds, if that is told.
    seal: Option<(Arc<Opener>, Option<ContentHash>)>,
}

/// What opens the files of a sealed collection.
#[derive(Debug)]
pub(super) struct Opener {
    pub(super) keys: Keys,
    pub(super) owner: Correspondent,
    pub(super) arriving: Arc<Arriving>,
}

impl StoredFile {
    /// One in the open, which is called as its object is.
    pub(crate) fn in_the_open(object: Object) -> Self {
        StoredFile { path: file_name(&object.name), object, seal: None }
    }

    pub(super) fn sealed(
        path: String,
        object: Object,
        opener: Arc<Opener>,
        sha256: ContentHash,
    ) -> Self {
        StoredFile { path, object, seal: Some((opener, Some(sha256))) }
    }

    /// One that I sealed to myself and a reader, under its own name.
    pub(crate) fn apart(object: Object, ring: &KeyRing) -> Result<Self> {
        let owner = ring.with(ring.keys().email())?.map_err(Error::Refused)?;
        let arriving = ring.arriving().clone();
        let opener = Opener { keys: ring.keys().clone(), owner, arriving };
        let seal = Some((Arc::new(opener), None));
        Ok(StoredFile { path: file_name(&object.name), object, seal })
    }

    /// What it holds.
    ///
    /// # Errors
    /// The store; a file of more than `limit` bytes; one that is not as its owner sealed it.
    pub(crate) async fn body(&self, transport: &dyn Transport, limit: u64) -> Result<Vec<u8>> {
        let Some((opener, sha256)) = &self.seal else {
            return Ok(bodies::whole(transport, &self.object, limit).await?);
        };
        // An envelope is larger than what is in it: by its head and a little per piece.
        let limit_sealed = limit.saturating_add(limit >> 8).saturating_add(HEAD);
        let sealed = bodies::whole(transport, &self.object, limit_sealed).await?;
        let Opener { keys, owner, arriving } = &**opener;
        let plain = sealed::open(keys, arriving, owner.clone(), &self.object, sealed).await?;
        if plain.len() as u64 > limit {
            return Err(StoreError::too_large("get", &self.object, limit).into());
        }
        match sha256.is_none_or(|sha256| ContentHash::of(&plain) == sha256) {
            true => Ok(plain),
            false => {
                Err(refused(&self.object, RejectCode::Forged, "it is not what its index says")
                    .into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use syft_core::testing::{ManualClock, SeededEntropy};
    use syft_core::{DatasetName, DirDisk, Email, Timestamp};
    use syft_crypto::{Party, RecoveryKey, Sealer as _};
    use syft_transport::{CollectionHash, CollectionKind, MemoryStore, ObjectName, PutMode, Space};

    use super::*;

    /// A file of two pieces and a bit, sealed, in a store.
    async fn stored(sha256: ContentHash, plain: &[u8]) -> (MemoryStore, StoredFile) {
        let owner = Email::parse("alice@hospital.org").unwrap();
        let keys = RecoveryKey::parse(&"0123456789abcdef".repeat(4)).unwrap().keys(&owner).unwrap();
        let space = Space::Collection {
            owner: owner.clone(),
            kind: CollectionKind::Mock,
            tag: DatasetName::parse("patients").unwrap(),
            hash: CollectionHash::parse("sealed-0").unwrap(),
        };
        let name = ObjectName::parse("file-1").unwrap();
        let to = [Party { email: &owner, bundle: keys.bundle() }];
        let body = (plain.len() as u64, &mut &*plain as &mut dyn std::io::Read);
        let mut sealed = Vec::new();
        let label = format!("{space}/{name}");
        keys.seal(&to, Some(&label), body, &mut sealed, &SeededEntropy::new(1)).unwrap();
        let store = MemoryStore::new();
        let transport = store.user(owner.clone());
        transport.open(&space).await.unwrap();
        let object = transport.put(&space, &name, sealed.into(), PutMode::Create).await.unwrap();
        let bundle = Some(keys.bundle().clone());
        let owner = Correspondent { email: owner, bundle, seals: true, is_unlabelled: false };
        let home = tempfile::tempdir().unwrap();
        let disk = Arc::new(DirDisk::open(home.path()).unwrap());
        let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
        let arriving = Arc::new(Arriving::new(disk, clock, Arc::new(transport)));
        let opener = Arc::new(Opener { keys, owner, arriving });
        (store, StoredFile::sealed("mock.csv".to_owned(), object, opener, sha256))
    }

    #[tokio::test]
    async fn a_limit_is_of_what_is_in_a_file_and_not_of_its_envelope() {
        for size in [1_000, (2 << 20) + 5] {
            let plain = vec![7; size];
            let (store, file) = stored(ContentHash::of(&plain), &plain).await;
            let transport = store.user(file.object.space.owner().clone());
            assert!(file.object.size > size as u64);
            assert_eq!(file.body(&transport, size as u64).await.unwrap(), plain);
            let less = file.body(&transport, size as u64 - 1).await;
            assert!(matches!(less, Err(Error::Transport(StoreError::TooLarge { .. }))));
        }
    }

    #[tokio::test]
    async fn a_file_that_is_not_what_its_index_says_is_refused() {
        let (store, file) = stored(ContentHash::of(b"another"), b"mock").await;
        let transport = store.user(file.object.space.owner().clone());
        let error = file.body(&transport, 1_000).await.unwrap_err();
        assert!(error.is_of_content(), "{error}");
    }
}
