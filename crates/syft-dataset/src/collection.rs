//! What of a dataset travels.

use syft_core::{ContentHash, DatasetName, DatasitePath, Email, HomePath};

use crate::files::{self, Found};
use crate::{DatasetStore, Error, FileInfo, Result};

/// The part of a dataset that travels: the mock, `dataset.yaml` and the readme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    /// Its files, in code-point order of their names.
    pub files: Vec<CollectionFile>,
    /// 12 hex digits that change with any name or byte of it.
    ///
    /// SHA-256 over, for each file in code-point order of the names, the name in
    /// UTF-8 and the content, with no separators (`protocol.md` a.1). Here a name
    /// is the path within the dataset. The Python peer flattens: there it is the
    /// last component, so the hashes agree for a dataset without sub-folders.
    pub hash: String,
}

/// One file that travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionFile {
    /// Path within the dataset.
    pub name: DatasitePath,
    /// Where its bytes lie.
    pub path: HomePath,
    /// Size in bytes.
    pub size: u64,
    /// Hash of the content.
    pub sha256: ContentHash,
}

impl DatasetStore {
    /// What of a dataset of mine travels to those it is shared with.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Damaged`] if it could not be read by them; the disk's.
    pub fn collection(&self, name: &DatasetName) -> Result<Collection> {
        self.metadata_of(&self.owner, name)?;
        self.collection_in(&self.mock_folder(&self.owner, name))
    }

    /// The hash of the copy of a peer's mock that is here; `None` if there is
    /// none, or none that can be read. Equal to the hash of the collection that
    /// it was made from as long as nobody changed the copy.
    ///
    /// # Errors
    /// The disk's.
    pub fn copy_hash(&self, owner: &Email, name: &DatasetName) -> Result<Option<String>> {
        let folder = self.mock_folder(owner, name);
        if !self.is_there(&folder)? {
            return Ok(None);
        }
        match self.collection_in(&folder) {
            Ok(collection) => Ok(Some(collection.hash)),
            Err(Error::Damaged { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The collection that stands in a folder.
    pub(crate) fn collection_in(&self, folder: &HomePath) -> Result<Collection> {
        self.collection_of(folder, files::walk_collection(self.disk(), folder)?)
    }

    /// The same of those files of it that a walk found.
    pub(crate) fn collection_of(&self, folder: &HomePath, found: Vec<Found>) -> Result<Collection> {
        let hashes = self.hashes(folder, &found)?;
        let file = |(Found { path, at, .. }, info): (Found, FileInfo)| CollectionFile {
            name: path,
            path: at,
            size: info.size,
            sha256: info.sha256,
        };
        let files = found.into_iter().zip(hashes.files).map(file).collect();
        Ok(Collection { files, hash: hashes.whole })
    }
}
