//! The hellos that were fetched before, so that an unchanged one is not fetched
//! again. They lie in `.syft/cache/`: deleting them loses nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use syft_core::{Access, Disk, Email, HomePath, NodePaths};
use syft_transport::Object;

use crate::Result;

/// Largest cache that is read, in bytes.
const LIMIT: u64 = 16 << 20;
/// A longer hello is fetched each time, in bytes: ours have less than half of that.
const LONGEST: usize = 8 << 10;
/// So many are remembered: anybody may say hello.
const MOST: usize = 1_000;

/// What came of fetching a hello.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Said {
    Bytes(#[serde(with = "text")] Vec<u8>),
    /// It is larger than a hello.
    TooMuch,
    /// It is somebody else's, and was not fetched.
    Nothing,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Known {
    /// What it was read from.
    objects: Vec<Object>,
    said: Said,
}

/// By sender.
#[derive(Debug, Default)]
pub(crate) struct KnownHellos {
    known: BTreeMap<Email, Known>,
    now: BTreeMap<Email, Known>,
}

impl KnownHellos {
    /// None if they cannot be read.
    pub(crate) fn load(disk: &dyn Disk) -> Self {
        let bytes = path().ok().and_then(|path| disk.read(&path, LIMIT).ok());
        let known = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        KnownHellos { known: known.unwrap_or_default(), now: BTreeMap::new() }
    }

    /// What these very objects said.
    pub(crate) fn said(&self, from: &Email, objects: &[Object]) -> Option<Said> {
        let known = self.known.get(from).filter(|known| known.objects == objects)?;
        Some(known.said.clone())
    }

    /// Remembers what objects said, unless it is of no use to remember.
    pub(crate) fn note(&mut self, from: &Email, objects: Vec<Object>, said: Said) {
        let odd = |bytes: &Vec<u8>| bytes.len() > LONGEST || std::str::from_utf8(bytes).is_err();
        if self.now.len() < MOST && !matches!(&said, Said::Bytes(bytes) if odd(bytes)) {
            self.now.insert(from.clone(), Known { objects, said });
        }
    }

    /// Writes what was noted, if it is not what was read.
    pub(crate) fn save(&self, disk: &dyn Disk) -> Result<()> {
        if self.now == self.known {
            return Ok(());
        }
        let bytes = serde_json::to_vec(&self.now).unwrap_or_default();
        Ok(disk.write(&path()?, &bytes, Access::OwnerOnly)?)
    }
}

fn path() -> Result<HomePath> {
    Ok(NodePaths::cache().join("hellos.json")?)
}

mod text {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&String::from_utf8_lossy(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        String::deserialize(from).map(String::into_bytes)
    }
}
