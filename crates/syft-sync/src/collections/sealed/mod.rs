//! Datasets in the store, closed to whoever keeps it.
//!
//! A collection is sealed once, under a key of its own that comes from its owner's keys and
//! its content: so sharing it is writing that key, sealed to one more reader, and what is
//! published after somebody was left out is under a key that they never had. Its space is
//! named after the key, its files are numbered, and what they are called stands in an index
//! that is sealed as they are. Whoever may read could also write under that key: so each
//! reader is told the hash of the index, sealed for them alone, and it tells those of the
//! files.

mod key;
mod open;
mod put;

use serde::{Deserialize, Serialize};
use serde_json::json;
use syft_core::{ContentHash, DatasetName, DatasitePath, NewEntry, Timestamp};
use syft_transport::{CollectionHash, ObjectName, Space};

pub(crate) use key::{CollectionKey, is_sealed};
pub(crate) use open::open;
pub(super) use put::{grant, put, put_apart, revoke};

use crate::Result;
use crate::node::Pass;

/// The object that says what the others are.
const INDEX: &str = "index";
/// A larger index is not opened, in bytes: 2,000 files of a kilobyte each.
const INDEX_LIMIT: u64 = 4 << 20;
const SCHEMA: &str = "syft/collection/1";

/// What a sealed collection holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CollectionIndex {
    schema: String,
    /// The dataset.
    pub(crate) name: DatasetName,
    /// The hash of its content.
    pub(crate) hash: CollectionHash,
    /// When it was published, by a clock of its owner's that never goes back: an older
    /// version is none beside a newer one.
    pub(crate) at: Timestamp,
    /// Its files, in the order in which its hash was made.
    pub(crate) files: Vec<IndexedFile>,
}

impl Pass<'_> {
    /// Notes which files the numbered objects of a collection are, so that what went can be
    /// told.
    pub(super) fn note_index(
        &self,
        space: &Space,
        index: &CollectionIndex,
        action: &str,
    ) -> Result<()> {
        let Space::Collection { owner, hash, .. } = space else { return Ok(()) };
        let files: serde_json::Map<_, _> = index
            .files
            .iter()
            .map(|file| (file.object.to_string(), file.path.to_string().into()))
            .collect();
        let details =
            [("collection", json!(hash)), ("hash", json!(index.hash)), ("is", files.into())];
        Ok(self.node.audit.append(NewEntry {
            key: Some(format!("{action}:{hash}")),
            at: self.node.clock.now(),
            actor: owner.to_string(),
            action: action.to_owned(),
            subject: index.name.to_string(),
            details: details.map(|(name, value)| (name.to_owned(), value)).into(),
        })?)
    }
}

/// One file of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct IndexedFile {
    /// The object that it lies in.
    pub(crate) object: ObjectName,
    /// What it is called in the dataset.
    pub(crate) path: DatasitePath,
    /// The hash of its content.
    pub(crate) sha256: ContentHash,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use syft_core::testing::{Damage, damaged};
    use syft_crypto::RecoveryKey;
    use syft_transport::{CollectionKind, Space};

    use super::*;

    fn key() -> CollectionKey {
        CollectionKey::of(RecoveryKey::parse(&"0123456789abcdef".repeat(4)).unwrap()).unwrap()
    }

    fn index() -> CollectionIndex {
        let path = DatasitePath::parse("mock.csv").unwrap();
        let (object, sha256) = (ObjectName::parse("file-1").unwrap(), ContentHash::of(b"mock"));
        CollectionIndex {
            schema: SCHEMA.to_owned(),
            name: DatasetName::parse("patients").unwrap(),
            hash: CollectionHash::parse("0123456789ab").unwrap(),
            at: Timestamp::EPOCH,
            files: vec![IndexedFile { object, path, sha256 }],
        }
    }

    #[test]
    fn a_key_is_that_of_the_place_that_is_named_after_it_alone() {
        let owner = syft_core::Email::parse("alice@hospital.org").unwrap();
        let hash = ContentHash::of(b"index");
        let grant = key().to_grant(hash).unwrap();
        let (given, told) = CollectionKey::from_grant(&grant).unwrap();
        let space = key().space(&owner, CollectionKind::Mock).unwrap();
        assert!(given.is_of(&space) && told == hash);
        let Space::Collection { hash, .. } = &space else { panic!("{space}") };
        assert!(is_sealed(hash));
        let other = RecoveryKey::parse(&"fedcba9876543210".repeat(4)).unwrap();
        assert!(!CollectionKey::of(other).unwrap().is_of(&space));
    }

    proptest! {
        /// What comes of a grant or an index that somebody damaged is one, or a short reason.
        #[test]
        fn what_is_damaged_is_refused_or_read(
            damages in prop::collection::vec(any::<Damage>(), 1..6),
        ) {
            let grant = key().to_grant(ContentHash::of(b"index")).unwrap();
            if let Err(reason) = CollectionKey::from_grant(&damaged(&grant, &damages)) {
                prop_assert!(reason.chars().count() <= 500, "{reason}");
                prop_assert!(!reason.contains("abandon"), "{reason}");
            }
            let bytes = serde_json::to_vec(&index()).unwrap();
            let read = serde_json::from_slice::<CollectionIndex>(&damaged(&bytes, &damages));
            if let Ok(read) = read {
                prop_assert!(read.files.len() <= 64);
            }
        }
    }
}
