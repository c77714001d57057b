//! Objects whose end is not there: a program that synchronises folders may still carry it.
//! They lie in `.syft/cache/`: deleting them loses nothing, it is waited anew.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use syft_core::codec::{Limits, is_cut};
use syft_core::{Access, Clock, Disk, HomePath, NodePaths, Timestamp};
use syft_transport::{Object, Transport};

use crate::Result;

/// How long the rest of an object is waited for after the last of it came, in seconds.
const PATIENCE: f64 = 600.0;
/// Largest cache that is read, in bytes.
const LIMIT: u64 = 1 << 20;
/// So many are remembered: anybody may put them there.
const MOST: usize = 1_000;

/// What of an object was there, and since when by the clock of this machine: what a folder
/// says of times comes from machines whose clocks nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Seen {
    size: u64,
    since: Timestamp,
}

/// What came in part so far, and how long it is waited for.
pub(crate) struct Arriving {
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    /// Whether objects come in parts at all is for the store in which each lies.
    store: Arc<dyn Transport>,
    known: Mutex<Option<BTreeMap<String, Seen>>>,
}

impl Arriving {
    pub(crate) fn new(
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        store: Arc<dyn Transport>,
    ) -> Self {
        Arriving { disk, clock, store, known: Mutex::default() }
    }

    /// Whether the rest of an object that ends too early is to be waited for. What does not
    /// grow for ten minutes is all that anybody put there.
    pub(crate) fn awaits_rest(&self, object: &Object) -> bool {
        if !self.comes_in_parts(object) {
            return false;
        }
        let now = self.clock.now();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get_or_insert_with(|| load(&*self.disk));
        let key = object.to_string();
        if let Some(seen) = known.get(&key).filter(|seen| seen.size == object.size) {
            // A clock that went back must not have anybody wait for ever.
            return (0.0..PATIENCE).contains(&(now.seconds() - seen.since.seconds()));
        }
        known.insert(key, Seen { size: object.size, since: now });
        while known.len() > MOST {
            let oldest = known.iter().min_by(|(_, a), (_, b)| a.since.cmp(&b.since));
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else { break };
            known.remove(&oldest);
        }
        // What is not remembered is waited for once more in the next process.
        let _ = save(&*self.disk, known);
        true
    }

    fn comes_in_parts(&self, object: &Object) -> bool {
        self.store.info_of(&object.space).capabilities.arrives_in_parts
    }

    /// The same of a container in the open, that could not be read.
    pub(crate) fn awaits_container(&self, object: &Object, bytes: &[u8], limits: &Limits) -> bool {
        self.comes_in_parts(object) && is_cut(bytes, limits) && self.awaits_rest(object)
    }

    /// The same of JSON in the open.
    pub(crate) fn awaits_json(&self, object: &Object, bytes: &[u8]) -> bool {
        let ends_early = || {
            let read = serde_json::from_slice::<serde::de::IgnoredAny>(bytes);
            read.is_err_and(|error| error.is_eof())
        };
        self.comes_in_parts(object) && ends_early() && self.awaits_rest(object)
    }
}

impl fmt::Debug for Arriving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arriving").finish_non_exhaustive()
    }
}

/// None if they cannot be read.
fn load(disk: &dyn Disk) -> BTreeMap<String, Seen> {
    let bytes = path().ok().and_then(|path| disk.read(&path, LIMIT).ok());
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

fn save(disk: &dyn Disk, known: &BTreeMap<String, Seen>) -> Result<()> {
    let bytes = serde_json::to_vec(known).unwrap_or_default();
    Ok(disk.write(&path()?, &bytes, Access::OwnerOnly)?)
}

fn path() -> Result<HomePath> {
    Ok(NodePaths::cache().join("arriving.json")?)
}
