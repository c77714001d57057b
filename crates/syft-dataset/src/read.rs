//! Reading datasets back from disk.

use std::collections::BTreeSet;

use syft_core::{DatasetName, DatasitePath, Email, FileKind, HomePath, yaml};

use crate::files::{self, Found};
use crate::metadata::{self, Metadata};
use crate::{
    Audience, Dataset, DatasetStore, Error, FileInfo, Listing, Location, Result, Unreadable,
    permission,
};

impl DatasetStore {
    /// My datasets.
    ///
    /// # Errors
    /// The disk's; a dataset that cannot be read is listed as such.
    pub fn list(&self) -> Result<Listing> {
        self.list_of(&self.owner)
    }

    /// The datasets of a participant, mine or what I have of a peer's.
    ///
    /// # Errors
    /// As [`DatasetStore::list`].
    pub fn list_of(&self, owner: &Email) -> Result<Listing> {
        let mut listing = Listing::default();
        for folder in self.mock_names(owner)? {
            let read = DatasetName::existing(&folder)
                .map_err(Error::from)
                .and_then(|name| self.get_of(owner, &name));
            match read {
                Ok(dataset) => listing.datasets.push(dataset),
                Err(reason) => listing.unreadable.push(Unreadable { folder, reason }),
            }
        }
        Ok(listing)
    }

    /// The names of all folders that hold a mock, in their order.
    fn mock_names(&self, owner: &Email) -> Result<BTreeSet<String>> {
        let mut names = BTreeSet::new();
        let folders = self.layouts.of(owner).mock_folders();
        for folder in &folders {
            let place = HomePath::in_datasite(owner, folder);
            for entry in self.disk().list(&place)? {
                // Loose files there, as the permission file, are no datasets.
                let is_file = entry.metadata.kind == FileKind::File;
                let name = entry.name.unwrap_or_else(|shown| shown);
                let holds_more =
                    folders.iter().any(|other| other.as_str() == format!("{folder}/{name}"));
                if !is_file && !holds_more {
                    names.insert(name);
                }
            }
        }
        Ok(names)
    }

    /// One of my datasets.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Damaged`]; the disk's.
    pub fn get(&self, name: &DatasetName) -> Result<Dataset> {
        self.get_of(&self.owner, name)
    }

    /// One dataset of a participant, mine or a copy of a peer's mock.
    ///
    /// # Errors
    /// As [`DatasetStore::get`].
    pub fn get_of(&self, owner: &Email, name: &DatasetName) -> Result<Dataset> {
        let mine = owner == &self.owner;
        let metadata = self.metadata_of(owner, name)?;
        let mock = self.hashed(&self.mock_folder(owner, name), |path| is_mock(path, &metadata))?;
        let private = match mine {
            true => self.hashed(&self.private_folder(name), is_private)?,
            false => Vec::new(),
        };
        Ok(Dataset {
            name: name.clone(),
            owner: owner.clone(),
            audience: if mine { Some(self.audience(name)?) } else { None },
            mock,
            private: (!private.is_empty()).then_some(private),
            readme: self.readme(owner, name, &metadata)?,
            created_at: metadata::parse_time(metadata.created_at.as_deref()),
            updated_at: metadata::parse_time(metadata.updated_at.as_deref()),
            uid: metadata.uid,
            summary: metadata.summary,
            tags: metadata.tags.unwrap_or_default(),
        })
    }

    /// Who may have the mock of a dataset of mine, as its permission file says.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Damaged`] if that file holds other rules
    /// than an audience; the disk's.
    pub fn audience(&self, name: &DatasetName) -> Result<Audience> {
        let folder = self.mock_folder(&self.owner, name);
        if !self.is_there(&folder)? {
            return Err(self.not_found(&self.owner, name));
        }
        let path = folder.join(permission::FILE)?;
        let Some(bytes) = self.disk().read_if_there(&path, yaml::MAX_BYTES as u64)? else {
            return Ok(Audience::Nobody);
        };
        let text = std::str::from_utf8(&bytes).map_err(|_| "it is not UTF-8".to_owned());
        text.and_then(permission::audience).map_err(|detail| Error::Damaged { path, detail })
    }

    /// Where a dataset lies.
    ///
    /// # Errors
    /// As [`DatasetStore::get`].
    pub fn resolve(&self, owner: &Email, name: &DatasetName) -> Result<Location> {
        let private = if owner == &self.owner {
            match self.private_location(name) {
                Ok(path) => Some(path),
                Err(Error::NoPrivate(_)) => None,
                Err(error) => return Err(error),
            }
        } else {
            None
        };
        Ok(Location { mock: self.mock_location(owner, name)?, private })
    }

    /// Where a mock lies: its file, or its folder if it has several.
    ///
    /// # Errors
    /// As [`DatasetStore::get`].
    pub fn mock_location(&self, owner: &Email, name: &DatasetName) -> Result<HomePath> {
        let metadata = self.metadata_of(owner, name)?;
        let folder = self.mock_folder(owner, name);
        let location = self.one_or_all(folder.clone(), |path| is_mock(path, &metadata))?;
        Ok(location.unwrap_or(folder))
    }

    /// Where the private data of a dataset of mine lie: their file, or their
    /// folder if there are several.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::NoPrivate`] for a dataset that is a mock
    /// only; [`Error::Damaged`]; the disk's.
    pub fn private_location(&self, name: &DatasetName) -> Result<HomePath> {
        match self.one_or_all(self.private_folder(name), is_private)? {
            Some(location) => Ok(location),
            None if self.is_there(&self.mock_folder(&self.owner, name))? => {
                Err(Error::NoPrivate(name.clone()))
            }
            None => Err(self.not_found(&self.owner, name)),
        }
    }

    pub(crate) fn not_found(&self, owner: &Email, name: &DatasetName) -> Error {
        Error::NotFound { owner: owner.clone(), name: name.clone() }
    }

    pub(crate) fn metadata_of(&self, owner: &Email, name: &DatasetName) -> Result<Metadata> {
        let folder = self.mock_folder(owner, name);
        let path = folder.join(metadata::FILE)?;
        let damaged = |detail: String| Error::Damaged { path: path.clone(), detail };
        match self.disk().read_if_there(&path, yaml::MAX_BYTES as u64)? {
            Some(bytes) => Metadata::parse(&bytes).map_err(damaged),
            None if self.is_there(&folder)? => Err(damaged("it is missing".to_owned())),
            None => Err(self.not_found(owner, name)),
        }
    }

    /// The files of a folder that belong to it, with their hashes.
    fn hashed(
        &self,
        folder: &HomePath,
        belongs: impl Fn(&DatasitePath) -> bool,
    ) -> Result<Vec<FileInfo>> {
        let found = files::walk_collection(self.disk(), folder)?;
        let mut files = self.hashes(folder, &found)?.files;
        files.retain(|file| belongs(&file.path));
        Ok(files)
    }

    /// The file of a folder that belongs to it, or the folder if several do;
    /// `None` if none does.
    fn one_or_all(
        &self,
        folder: HomePath,
        belongs: impl Fn(&DatasitePath) -> bool,
    ) -> Result<Option<HomePath>> {
        let mut found = files::walk_collection(self.disk(), &folder)?;
        found.retain(|file| belongs(&file.path));
        Ok(match <[Found; 1]>::try_from(found) {
            Ok([file]) => Some(file.at),
            Err(files) if files.is_empty() => None,
            Err(_) => Some(folder),
        })
    }

    fn readme(
        &self,
        owner: &Email,
        name: &DatasetName,
        metadata: &Metadata,
    ) -> Result<Option<DatasitePath>> {
        // An address of a peer's that is no plain name in the folder names no file.
        let Some(Ok(readme)) = metadata.readme().map(DatasitePath::parse) else {
            return Ok(None);
        };
        let at = self.mock_folder(owner, name).join(readme.as_str())?;
        let kind = self.disk().metadata(&at)?.map(|metadata| metadata.kind);
        Ok((kind == Some(FileKind::File)).then_some(readme))
    }
}

/// Whether a file of a mock's folder is part of the mock and does not describe it.
fn is_mock(path: &DatasitePath, metadata: &Metadata) -> bool {
    path.as_str() != metadata::FILE && Some(path.as_str()) != metadata.readme()
}

fn is_private(path: &DatasitePath) -> bool {
    path.as_str() != metadata::PRIVATE_METADATA
}
