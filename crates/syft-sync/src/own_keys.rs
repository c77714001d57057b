//! The keys of a home, in `.syft/keys/`: one file, from which all of them come.

use std::sync::Arc;

use syft_core::{Access, ContentHash, Disk, Email, HomePath, NodePaths};
use syft_crypto::{KeySource, Keys};
use syft_job::ReceiptSigner;
use zeroize::Zeroizing;

use crate::{Error, Result};

/// Largest file of keys, in bytes.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// The keys of a home, and where they come from.
#[derive(Debug, Clone)]
pub struct OwnKeys {
    /// The keys.
    pub keys: Keys,
    /// What is to be kept to have them again.
    pub source: KeySource,
}

impl OwnKeys {
    /// Whether a home has keys; they may be of no use.
    ///
    /// # Errors
    /// The disk.
    pub fn are_in(disk: &dyn Disk) -> Result<bool> {
        Ok(disk.metadata(&file()?)?.is_some())
    }

    pub(crate) fn of(source: KeySource, email: &Email) -> Result<Self> {
        Ok(OwnKeys { keys: source.keys(email)?, source })
    }

    /// Writes the file; the folder and it are for the owner of the home alone.
    pub(crate) fn save(&self, disk: &dyn Disk) -> Result<()> {
        let text = self.source.to_text(self.keys.email())?;
        disk.create_dir_all(&NodePaths::keys(), Access::OwnerOnly)?;
        check_access(disk, &NodePaths::keys())?;
        Ok(disk.write(&file()?, text.as_bytes(), Access::OwnerOnly)?)
    }
}

/// Keys as far as receipts need them.
#[derive(Debug)]
struct Signer(Keys);

impl ReceiptSigner for Signer {
    fn fingerprint(&self) -> ContentHash {
        self.0.bundle().fingerprint()
    }

    fn sign(&self, purpose: &str, bytes: &[u8]) -> String {
        self.0.sign(purpose, bytes)
    }
}

/// What signs the receipts of a home: its keys, if it has any.
pub(crate) fn signer(keys: Option<&Keys>) -> Option<Arc<dyn ReceiptSigner>> {
    Some(Arc::new(Signer(keys?.clone())))
}

/// Reads the keys of a home; `None` if it has none. Keys that others may read are not
/// used (`threats.md` F18).
pub(crate) fn load(disk: &dyn Disk, email: &Email) -> Result<Option<OwnKeys>> {
    let file = file()?;
    if disk.metadata(&file)?.is_none() {
        return Ok(None);
    }
    check_access(disk, &NodePaths::keys())?;
    check_access(disk, &file)?;
    let bytes = Zeroizing::new(disk.read(&file, MAX_BYTES)?);
    let damaged = |detail: String| syft_core::Error::Corrupt { what: file.to_string(), detail };
    let text = std::str::from_utf8(&bytes).map_err(|error| damaged(error.to_string()))?;
    let source = KeySource::parse(text, email).map_err(|error| damaged(error.to_string()))?;
    Ok(Some(OwnKeys::of(source, email)?))
}

pub(crate) fn check_access(disk: &dyn Disk, path: &HomePath) -> Result<()> {
    if disk.metadata(path)?.is_some_and(|found| !found.owner_only) {
        let path = disk.real_path(path).display().to_string();
        return Err(Error::KeysExposed { path });
    }
    Ok(())
}

fn file() -> Result<HomePath> {
    Ok(NodePaths::keys().join("identity")?)
}
