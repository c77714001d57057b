//! The files of collections on their way here: a bound on the owners that are asked
//! at a time, and one on what waits in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::stream::{self, BoxStream, StreamExt};
use syft_core::{DatasetName, Disk, Email, Reject, RejectCode, Timestamp};
use syft_transport::{CollectionHash, Object, Space, Transport, TransportExt, grants};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::sealed::{is_sealed, open};
use super::stored::{Fetched, StoredFile};
use crate::channels::{IN_FLIGHT, patiently};
use crate::node::Node;
use crate::sealed::{KeyRing, is_unfinished};
use crate::{Error, Result};

/// So much is one place in memory, in bytes.
const PLACE: u64 = 64 << 10;
/// What waits in memory of all owners together.
const PLACES: u32 = 512;
/// What a large file takes on its way to the disk, while its seal is opened.
const LARGE: u32 = 256;

/// A dataset that an owner shares with me and that I lack.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) owner: Email,
    pub(super) name: DatasetName,
    /// The hash of its content.
    pub(super) hash: CollectionHash,
    /// When it was published, if its owner signed that.
    pub(super) at: Option<Timestamp>,
    /// Where it lies, and so whether it is sealed.
    pub(super) space: Space,
}

/// What comes in of a dataset, in this order; a failure is the last of it.
#[derive(Debug)]
pub(super) enum Arrival {
    Begins {
        files: usize,
    },
    File {
        /// What it is called in the dataset.
        file: String,
        body: Fetched,
        /// Held until it was dealt with, so that little waits in memory.
        _places: Option<OwnedSemaphorePermit>,
    },
    Ends,
    Failed(Error),
}

type Arrivals = BoxStream<'static, (Wanted, Arrival)>;

/// Fetches datasets, those of one owner in their order, and several owners at once.
/// An owner whose store does not answer is left for the next pass.
pub(super) fn arrivals(node: &Node, limit: u64, owners: Vec<Vec<Wanted>>) -> Arrivals {
    let places = Arc::new(Semaphore::new(PLACES as usize));
    let (transport, ring, disk) = (node.transport.clone(), node.ring.clone(), node.disk.clone());
    let of_owner = move |wanted: Vec<Wanted>| {
        let fetcher = Fetcher {
            transport: transport.clone(),
            ring: ring.clone(),
            disk: disk.clone(),
            limit,
            places: places.clone(),
            is_away: Arc::new(AtomicBool::new(false)),
        };
        stream::iter(wanted).flat_map(move |wanted| fetcher.clone().dataset(wanted)).boxed()
    };
    stream::iter(owners).map(of_owner).flatten_unordered(IN_FLIGHT).boxed()
}

/// What fetches the datasets of one owner.
#[derive(Clone)]
struct Fetcher {
    transport: Arc<dyn Transport>,
    ring: Option<Arc<KeyRing>>,
    disk: Arc<dyn Disk>,
    /// A larger file is part of no mock, in bytes.
    limit: u64,
    places: Arc<Semaphore>,
    /// Whether a call about this owner failed in a way that may pass: the next one
    /// would wait as long.
    is_away: Arc<AtomicBool>,
}

impl Fetcher {
    fn dataset(self, wanted: Wanted) -> Arrivals {
        let of = wanted.clone();
        let start = async move {
            if self.is_away.load(Ordering::Relaxed) {
                return stream::empty().boxed();
            }
            match self.list(&of).await {
                Ok(files) => self.files(files),
                Err(error) => stream::iter([Arrival::Failed(self.noting(error))]).boxed(),
            }
        };
        stream::once(start).flatten().map(move |arrival| (wanted.clone(), arrival)).boxed()
    }

    async fn list(&self, wanted: &Wanted) -> Result<Vec<StoredFile>> {
        let Wanted { owner, space, .. } = wanted;
        if let (Some(ring), Space::Collection { hash, .. }) = (&self.ring, space)
            && is_sealed(hash)
        {
            let opened = open(&*self.transport, ring, owner, space).await?;
            let gone = || Error::NotFound("it is shared with you no longer".to_owned());
            return opened.ok_or_else(gone)?.files();
        }
        let mut objects = patiently(space, 0, self.transport.list_all(space)).await?;
        objects.retain(|object| !grants::is_grant(&object.name));
        let is_foreign =
            |object: &&Object| object.owner.as_ref().is_some_and(|author| author != owner);
        if let Some(foreign) = objects.iter().find(is_foreign) {
            let detail = format!("{} was put there by somebody else", foreign.name);
            let reject = Reject::new(RejectCode::ForeignFile, detail);
            return Err(syft_core::Error::Rejected(reject).into());
        }
        Ok(objects.into_iter().map(StoredFile::in_the_open).collect())
    }

    fn files(self, files: Vec<StoredFile>) -> BoxStream<'static, Arrival> {
        let begins = Arrival::Begins { files: files.len() };
        let bodies = stream::unfold(Some((self, files.into_iter())), |state| async move {
            let (fetcher, mut rest) = state?;
            let Some(file) = rest.next() else { return Some((Arrival::Ends, None)) };
            match fetcher.file(file).await {
                Ok(file) => Some((file, Some((fetcher, rest)))),
                Err(error) => Some((Arrival::Failed(fetcher.noting(error)), None)),
            }
        });
        stream::iter([begins]).chain(bodies).boxed()
    }

    async fn file(&self, file: StoredFile) -> Result<Arrival> {
        let places = match file.is_large() {
            true => LARGE,
            // As it lies in the store, and as it is.
            false => u32::try_from(2 * file.object.size.div_ceil(PLACE).max(1)).unwrap_or(LARGE),
        };
        // Closed never: it lives as long as the stream.
        let places = self.places.clone().acquire_many_owned(places).await.ok();
        let body = file.fetch(&*self.transport, &self.disk, self.limit).await?;
        // What lies on the disk waits there.
        let _places = places.filter(|_| !file.is_large());
        Ok(Arrival::File { file: file.path, body, _places })
    }

    fn noting(&self, error: Error) -> Error {
        if matches!(&error, Error::Transport(error) if error.is_retryable() && !is_unfinished(error))
        {
            self.is_away.store(true, Ordering::Relaxed);
        }
        error
    }
}
