//! The public keys of peers, beside the table that says by which key each is known: a
//! bundle of another key is none.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use syft_core::{Access, ContentHash, Disk, Email, HomePath, NodePaths};
use syft_crypto::Bundle;

use crate::Result;

/// Largest file that is read, in bytes: a bundle has less than 2 KiB.
const LIMIT: u64 = 4 << 20;

/// The bundles by their owners.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Bundles {
    bundles: BTreeMap<Email, Kept>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Kept {
    fingerprint: ContentHash,
    bundle: Value,
}

impl Bundles {
    /// Where they stand.
    pub(crate) fn path() -> Result<HomePath> {
        Ok(NodePaths::keys().join("peers.json")?)
    }

    /// What is kept. A file that cannot be read is as good as none: the peers show their
    /// keys again.
    pub(crate) fn load(disk: &dyn Disk) -> Result<Self> {
        let bytes = disk.read_if_there(&Bundles::path()?, LIMIT)?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
    }

    /// Whether a bundle of somebody is here.
    pub(crate) fn knows(&self, email: &Email) -> bool {
        self.bundles.contains_key(email)
    }

    /// Whether the bundle of this key is here.
    pub(crate) fn has(&self, email: &Email, fingerprint: ContentHash) -> bool {
        self.bundles.get(email).is_some_and(|kept| kept.fingerprint == fingerprint)
    }

    /// The bundle of this key, if it is here.
    pub(crate) fn get(&self, email: &Email, fingerprint: ContentHash) -> Option<Bundle> {
        let kept = self.bundles.get(email)?;
        let bundle = Bundle::from_did(&kept.bundle).ok()?;
        (bundle.fingerprint() == fingerprint).then_some(bundle)
    }

    /// Keeps a bundle in place of an older one.
    pub(crate) fn keep(&mut self, email: &Email, bundle: &Bundle) -> Result<()> {
        let document = serde_json::to_value(bundle.to_did(email)?).map_err(not_written)?;
        let kept = Kept { fingerprint: bundle.fingerprint(), bundle: document };
        self.bundles.insert(email.clone(), kept);
        Ok(())
    }

    pub(crate) fn save(&self, disk: &dyn Disk) -> Result<()> {
        let bytes = serde_json::to_vec_pretty(self).map_err(not_written)?;
        disk.create_dir_all(&NodePaths::keys(), Access::OwnerOnly)?;
        Ok(disk.write(&Bundles::path()?, &bytes, Access::OwnerOnly)?)
    }
}

fn not_written(error: serde_json::Error) -> crate::Error {
    let detail = error.to_string();
    crate::Error::Core(syft_core::Error::Encode { what: "the bundles of peers", detail })
}
