use serde::{Deserialize, Serialize};
use syft_core::{ContentHash, DatasetName, Email};
use syft_crypto::{Keys, RecoveryKey};
use syft_transport::{CollectionHash, CollectionKind, ObjectName, Space};
use zeroize::Zeroizing;

use crate::sealed::{Correspondent, KeyRing};
use crate::{Error, Result};

/// Who a collection is, among those whom an envelope is for.
const IDENTITY: &str = "collection@syft.invalid";
/// What its secret is derived for.
const PURPOSE: &str = "collection";
/// The dataset in the space's name, which tells nobody which one it is.
const TAG: &str = "sealed";
const PREFIX: &str = "sealed-";
const SCHEMA: &str = "syft/grant/1";

/// The key of a collection.
#[derive(Debug, Clone)]
pub(crate) struct CollectionKey {
    secret: RecoveryKey,
    keys: Keys,
}

/// A key on its way to a reader. Who has it could write what it opens: so the reader is
/// told what the index is, which tells what the files are.
#[derive(Serialize, Deserialize)]
struct Grant {
    schema: String,
    key: Zeroizing<String>,
    index: ContentHash,
}

impl CollectionKey {
    /// That of a collection of mine.
    pub(crate) fn mine(
        ring: &KeyRing,
        kind: CollectionKind,
        name: &DatasetName,
        hash: &str,
    ) -> Result<Self> {
        let thing = [kind.as_str(), name.as_str(), hash].join("\0");
        Self::of(ring.keys().secret_of(PURPOSE, &thing)?)
    }

    pub(super) fn of(secret: RecoveryKey) -> Result<Self> {
        let keys = secret.keys(&Email::parse(IDENTITY)?)?;
        Ok(CollectionKey { secret, keys })
    }

    /// Reads what a reader was given: the key, and the hash of the index.
    pub(super) fn from_grant(bytes: &[u8]) -> Result<(Self, ContentHash), String> {
        // What it quotes might be the key.
        let grant: Grant =
            serde_json::from_slice(bytes).map_err(|_| "it is no grant".to_owned())?;
        if grant.schema != SCHEMA {
            return Err("it is no grant of a known schema".to_owned());
        }
        let secret = RecoveryKey::parse(&grant.key).map_err(|error| error.to_string())?;
        let key = Self::of(secret).map_err(|error| error.to_string())?;
        Ok((key, grant.index))
    }

    /// What a reader is given, to be sealed.
    pub(super) fn to_grant(&self, index: ContentHash) -> Result<Zeroizing<Vec<u8>>> {
        let grant = Grant { schema: SCHEMA.to_owned(), key: self.secret.words(), index };
        let bytes = serde_json::to_vec(&grant).map_err(|error| {
            let detail = error.to_string();
            Error::Core(syft_core::Error::Encode { what: "a grant", detail })
        })?;
        Ok(Zeroizing::new(bytes))
    }

    pub(super) fn keys(&self) -> &Keys {
        &self.keys
    }

    /// As one to whom something is sealed.
    pub(super) fn as_reader(&self) -> Correspondent {
        let (email, bundle) = (self.keys.email().clone(), Some(self.keys.bundle().clone()));
        Correspondent { email, bundle, seals: true, is_unlabelled: false }
    }

    /// Where the collection lies.
    pub(crate) fn space(&self, owner: &Email, kind: CollectionKind) -> Result<Space> {
        let id = self.keys.bundle().fingerprint();
        Ok(Space::Collection {
            owner: owner.clone(),
            kind,
            tag: DatasetName::parse(TAG)?,
            hash: CollectionHash::parse(&format!("{PREFIX}{id}"))?,
        })
    }

    /// Whether this is the key that a space is named after.
    pub(super) fn is_of(&self, space: &Space) -> bool {
        let Space::Collection { owner, kind, .. } = space else { return false };
        self.space(owner, *kind).is_ok_and(|own| own == *space)
    }
}

/// Whether the space of a collection says that it is a sealed one.
pub(crate) fn is_sealed(hash: &CollectionHash) -> bool {
    hash.as_str().starts_with(PREFIX)
}

/// The name of the object in which a reader finds the key.
pub(super) fn grant_name(reader: &Email) -> Result<ObjectName> {
    Ok(ObjectName::parse(&format!("grant_{reader}.json"))?)
}
