//! What a run read, told so that nobody can guess it.

use std::collections::BTreeMap;

use syft_core::{ContentHash, DatasetName, FileKind, HomePath, canonical_json};

use crate::{JobStore, Result};

/// What the signature of a dataset is for, by which its digest is made.
const PURPOSE: &str = "dataset-digest";

impl JobStore {
    /// A digest of the real data of each of these datasets. It goes to those who may not
    /// see the data, and the plain hash of a small table can be guessed: so it is made
    /// over a signature of the hashes, which nobody else can make. The same data has the
    /// same digest, and its owner can prove later what it was. Without keys there is none, nor
    /// of data that cannot all be read.
    pub(crate) fn dataset_digests(
        &self,
        names: &[DatasetName],
    ) -> Result<BTreeMap<DatasetName, ContentHash>> {
        let Some(signer) = &self.signer else { return Ok(BTreeMap::new()) };
        let mut digests = BTreeMap::new();
        for name in names {
            let folder = self.layouts.real_data(&*self.disk, name)?;
            let mut files = BTreeMap::new();
            let entries = self.real_entries(&folder)?;
            let hashed =
                entries.iter().try_for_each(|(entry, _)| self.hash_all(&folder, entry, &mut files));
            // A file that cannot be read is no reason not to run: then it is not told.
            if hashed.is_err() {
                continue;
            }
            let files: Vec<(String, ContentHash)> = files.into_iter().collect();
            let signature = signer.sign(PURPOSE, &canonical_json(&files)?);
            digests.insert(name.clone(), ContentHash::of(signature.as_bytes()));
        }
        Ok(digests)
    }

    /// The hashes of all files at or below `path` in a folder, by their paths in it.
    fn hash_all(
        &self,
        folder: &HomePath,
        path: &str,
        files: &mut BTreeMap<String, ContentHash>,
    ) -> Result<()> {
        let here = folder.join(path)?;
        match self.disk.metadata(&here)?.map(|metadata| metadata.kind) {
            Some(FileKind::File) => {
                files.insert(path.to_owned(), self.hash(&here)?);
            }
            Some(FileKind::Folder) => {
                for name in self.disk.list(&here)?.into_iter().filter_map(|entry| entry.name.ok()) {
                    self.hash_all(folder, &format!("{path}/{name}"), files)?;
                }
            }
            // No job reads what a link leads to.
            _ => {}
        }
        Ok(())
    }
}
