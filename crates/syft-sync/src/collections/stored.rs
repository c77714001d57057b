//! The files of a dataset as they lie in the store, in the open or sealed.

use std::io::{self, Read};
use std::sync::Arc;

use syft_core::{Access, ContentHash, Disk, RejectCode};
use syft_crypto::Keys;
use syft_transport::{Error as StoreError, Object, Transport};

use super::file_name;
use super::pour::pour;
use super::spool::{IN_MEMORY, Spool};
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
    seal: Option<Seal>,
}

/// What is to be known of one that is sealed.
#[derive(Debug, Clone)]
struct Seal {
    opener: Arc<Opener>,
    /// The hash of what it holds, if that is told.
    sha256: Option<ContentHash>,
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
        StoredFile { path, object, seal: Some(Seal { opener, sha256: Some(sha256) }) }
    }

    /// One that I sealed to myself and a reader, under its own name.
    pub(crate) fn apart(object: Object, ring: &KeyRing) -> Result<Self> {
        let me = ring.with(ring.keys().email())?.map_err(Error::Refused)?;
        // What I sealed once I can open, whatever I do now.
        let owner = Correspondent { seals: true, ..me };
        let arriving = ring.arriving().clone();
        let opener = Arc::new(Opener { keys: ring.keys().clone(), owner, arriving });
        let seal = Some(Seal { opener, sha256: None });
        Ok(StoredFile { path: file_name(&object.name), object, seal })
    }

    /// Whether it is too large to be held in memory.
    pub(crate) fn is_large(&self) -> bool {
        self.object.size > IN_MEMORY
    }

    /// Fetches it: small into memory, large into a file on this machine.
    ///
    /// # Errors
    /// The store; a file of more than `limit` bytes; one that is not as its owner sealed it;
    /// the disk.
    pub(crate) async fn fetch(
        &self,
        transport: &dyn Transport,
        disk: &Arc<dyn Disk>,
        limit: u64,
    ) -> Result<Fetched> {
        if !self.is_large() {
            return Ok(Fetched::InMemory(self.body(transport, limit).await?));
        }
        let spool = Spool::new(disk, &self.object.to_string())?;
        let (disk, at) = (disk.clone(), spool.path().clone());
        let take = move |plain: &mut dyn Read| {
            disk.write_from(&at, plain, Access::OwnerOnly)?;
            Ok(())
        };
        self.pour(transport, limit, take).await?;
        Ok(Fetched::Spooled(spool))
    }

    /// The hash of what it holds.
    ///
    /// # Errors
    /// As [`StoredFile::fetch`].
    pub(crate) async fn hash(&self, transport: &dyn Transport, limit: u64) -> Result<ContentHash> {
        if !self.is_large() {
            return Ok(ContentHash::of(&self.body(transport, limit).await?));
        }
        let take = |plain: &mut dyn Read| {
            let read = io::copy(plain, &mut io::sink());
            read.map(drop).map_err(|error| Error::Refused(error.to_string()))
        };
        self.pour(transport, limit, take).await
    }

    async fn body(&self, transport: &dyn Transport, limit: u64) -> Result<Vec<u8>> {
        let bytes = bodies::whole(transport, &self.object, self.limit_of_object(limit)).await?;
        let Some(Seal { opener, sha256 }) = &self.seal else { return Ok(bytes) };
        let Opener { keys, owner, arriving } = &**opener;
        let plain = sealed::open(keys, arriving, owner.clone(), &self.object, bytes).await?;
        if plain.len() as u64 > limit {
            return Err(StoreError::too_large("get", &self.object, limit).into());
        }
        self.check(*sha256, || ContentHash::of(&plain))?;
        Ok(plain)
    }

    async fn pour(
        &self,
        transport: &dyn Transport,
        limit: u64,
        take: impl FnOnce(&mut dyn Read) -> Result<()> + Send + 'static,
    ) -> Result<ContentHash> {
        let most = self.limit_of_object(limit);
        if self.object.size > most {
            return Err(StoreError::too_large("get", &self.object, most).into());
        }
        let opener = self.seal.as_ref().map(|seal| &seal.opener);
        let found = pour(transport, &self.object, opener, limit, take).await?;
        self.check(self.seal.as_ref().and_then(|seal| seal.sha256), || found)?;
        Ok(found)
    }

    /// How large the object may be of a file of at most `limit` bytes: an envelope is larger
    /// than what is in it, by its head and a little per piece.
    fn limit_of_object(&self, limit: u64) -> u64 {
        match self.seal {
            Some(_) => limit.saturating_add(limit >> 8).saturating_add(HEAD),
            None => limit,
        }
    }

    fn check(&self, told: Option<ContentHash>, found: impl FnOnce() -> ContentHash) -> Result<()> {
        match told.is_none_or(|told| told == found()) {
            true => Ok(()),
            false => {
                Err(refused(&self.object, RejectCode::Forged, "it is not what its index says")
                    .into())
            }
        }
    }
}

/// What a file holds, once it is here.
#[derive(Debug)]
pub(crate) enum Fetched {
    InMemory(Vec<u8>),
    Spooled(Spool),
}

impl Fetched {
    /// Reads it.
    ///
    /// # Errors
    /// The disk.
    pub(crate) fn reader(&self) -> Result<Box<dyn Read + Send + '_>> {
        match self {
            Fetched::InMemory(bytes) => Ok(Box::new(bytes.as_slice())),
            Fetched::Spooled(spool) => Ok(spool.open()?),
        }
    }
}

#[cfg(test)]
mod tests {
    use syft_core::testing::{ManualClock, SeededEntropy};
    use syft_core::{DatasetName, DirDisk, Email, Timestamp};
    use syft_crypto::{Party, RecoveryKey, Sealer as _};
    use syft_transport::{
        Chaos, CollectionHash, CollectionKind, Fault, MemoryStore, ObjectName, Operation, PutMode,
        Space, TransportExt,
    };

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

    /// Of one piece, of several, and of more than is held in memory.
    const SIZES: [usize; 3] = [1_000, (2 << 20) + 5, (9 << 20) + 7];
    const LIMIT: u64 = 16 << 20;

    /// A machine on which files arrive.
    struct Machine {
        _home: tempfile::TempDir,
        disk: Arc<dyn Disk>,
    }

    impl Machine {
        fn new() -> Self {
            let home = tempfile::tempdir().unwrap();
            let disk = Arc::new(DirDisk::open(home.path()).unwrap());
            Machine { _home: home, disk }
        }

        /// How many files lie there on their way.
        fn spooled(&self) -> usize {
            self.disk.list(&syft_core::NodePaths::staging()).unwrap().len()
        }
    }

    #[tokio::test]
    async fn a_limit_is_of_what_is_in_a_file_and_not_of_its_envelope() {
        let machine = Machine::new();
        for size in SIZES {
            let plain = vec![7; size];
            let (store, file) = stored(ContentHash::of(&plain), &plain).await;
            let transport = store.user(file.object.space.owner().clone());
            assert!(file.object.size > size as u64);
            let here = file.fetch(&transport, &machine.disk, size as u64).await.unwrap();
            let mut bytes = Vec::new();
            here.reader().unwrap().read_to_end(&mut bytes).unwrap();
            assert!(bytes == plain);
            assert_eq!(machine.spooled(), usize::from(file.is_large()));
            drop(here);
            let hash = file.hash(&transport, size as u64).await.unwrap();
            assert_eq!(hash, ContentHash::of(&plain));
            let less = file.fetch(&transport, &machine.disk, size as u64 - 1).await;
            assert!(matches!(less, Err(Error::Transport(StoreError::TooLarge { .. }))));
            assert_eq!(machine.spooled(), 0);
        }
    }

    #[tokio::test]
    async fn a_file_that_is_not_what_its_index_says_is_refused() {
        let machine = Machine::new();
        for size in SIZES {
            let (store, file) = stored(ContentHash::of(b"another"), &vec![7; size]).await;
            let transport = store.user(file.object.space.owner().clone());
            let error = file.fetch(&transport, &machine.disk, LIMIT).await.unwrap_err();
            assert!(error.is_of_content(), "{error}");
            assert_eq!(machine.spooled(), 0);
        }
    }

    /// What becomes of a file that somebody damaged in the store.
    async fn damaged(size: usize, damage: impl FnOnce(&mut Vec<u8>)) -> Error {
        let machine = Machine::new();
        let plain = vec![7; size];
        let (store, mut file) = stored(ContentHash::of(&plain), &plain).await;
        let transport = store.user(file.object.space.owner().clone());
        let mut bytes = transport.get_bytes(&file.object, u64::MAX).await.unwrap();
        damage(&mut bytes);
        transport.delete(std::slice::from_ref(&file.object)).await.unwrap();
        let (space, name) = (&file.object.space, &file.object.name);
        file.object = transport.put(space, name, bytes.into(), PutMode::Create).await.unwrap();
        let error = file.fetch(&transport, &machine.disk, LIMIT).await.unwrap_err();
        assert_eq!(machine.spooled(), 0);
        error
    }

    #[tokio::test]
    async fn what_is_damaged_is_refused_however_large_it_is() {
        for size in SIZES {
            let flipped = damaged(size, |bytes| *bytes.last_mut().unwrap() ^= 1).await;
            assert!(flipped.is_of_content(), "{flipped}");
            let cut = damaged(size, |bytes| bytes.truncate(bytes.len() - 1)).await;
            assert!(cut.is_of_content(), "{cut}");
            let open = damaged(size, |bytes| bytes.fill(b'x')).await;
            assert!(open.is_of_content(), "{open}");
        }
    }

    #[tokio::test]
    async fn a_file_that_breaks_off_is_fetched_later_and_not_called_damaged() {
        let machine = Machine::new();
        for size in SIZES {
            let plain = vec![7; size];
            let (store, file) = stored(ContentHash::of(&plain), &plain).await;
            let user = Arc::new(store.user(file.object.space.owner().clone()));
            for after in [0, 600, size as u64 / 2] {
                let breaks = [Some(Fault::Cut(after))];
                let transport = Chaos::new(user.clone()).script(Operation::Get, breaks);
                let error = file.fetch(&transport, &machine.disk, LIMIT).await.unwrap_err();
                let comes_later = matches!(&error, Error::Transport(it) if it.is_retryable());
                assert!(comes_later, "{error}");
                assert_eq!(machine.spooled(), 0);
                file.fetch(&transport, &machine.disk, LIMIT).await.unwrap();
            }
        }
    }
}
