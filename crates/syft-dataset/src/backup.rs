//! A dataset as a whole, for a backup that its owner alone reads.

use std::io::Read;

use syft_core::{
    Access, ContentHash, DatasetName, DatasitePath, FileKind, HomePath, Reject, RejectCode, yaml,
};

use crate::metadata::{self, Metadata, PrivateMetadata};
use crate::staging::{Intent, Operation, Stage};
use crate::{
    Collection, CollectionFile, Dataset, DatasetStore, Error, FileInfo, Result, files, permission,
};

/// What the names of a backup's files start with, by the part that they are of.
const MOCK: &str = "mock";
const PRIVATE: &str = "private";

/// A dataset of mine while its files come back from a backup. Nothing of it is
/// seen before [`IncomingBackup::commit`].
#[derive(Debug)]
pub struct IncomingBackup {
    store: DatasetStore,
    name: DatasetName,
    stage: Stage,
    /// Whether the mock is here, and the private part alone is to come back.
    has_mock: bool,
}

impl DatasetStore {
    /// All of a dataset of mine: the mock and who may have it, below `mock/`, and
    /// the private data, below `private/`.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::NoPrivate`] for a dataset that is a mock
    /// only; [`Error::Damaged`]; the disk's.
    pub fn backup(&self, name: &DatasetName) -> Result<Collection> {
        self.metadata_of(&self.owner, name)?;
        self.private_location(name)?;
        self.backup_in(&self.mock_folder(&self.owner, name), &self.private_folder(name))
    }

    /// The private part of a dataset of mine by itself, as the Python client keeps it
    /// (`protocol.md` a.1), but for the permission file, which each machine writes anew.
    ///
    /// # Errors
    /// As [`DatasetStore::backup`].
    pub fn private_collection(&self, name: &DatasetName) -> Result<Collection> {
        self.metadata_of(&self.owner, name)?;
        self.private_location(name)?;
        self.collection_in(&self.private_folder(name))
    }

    /// Begins to make a dataset of mine from its backup, or to give one whose mock
    /// alone is here its private part back; that mock then stays as it is.
    ///
    /// # Errors
    /// [`Error::NameTaken`] if there is a whole one of that name; the disk's.
    pub fn begin_restore(&self, name: &DatasetName) -> Result<IncomingBackup> {
        self.settle_all()?;
        let has_mock = self.is_there(&self.mock_folder(&self.owner, name))?
            && !self.is_there(&self.private_folder(name))?;
        if !has_mock {
            self.check_name_is_free(name)?;
        }
        let stage = Stage::new(self.disk(), &*self.entropy)?;
        self.disk().create_dir_all(&stage.public()?, Access::Shared)?;
        self.disk().create_dir_all(&stage.private()?, Access::OwnerOnly)?;
        Ok(IncomingBackup { store: self.clone(), name: name.clone(), stage, has_mock })
    }

    fn backup_in(&self, mock: &HomePath, private: &HomePath) -> Result<Collection> {
        let mut whole = String::new();
        let mut all = Vec::new();
        for (part, folder) in [(MOCK, mock), (PRIVATE, private)] {
            let found = files::walk_collection(self.disk(), folder)?;
            let hashes = self.hashes(folder, &found)?;
            whole.push_str(&hashes.whole);
            for (found, info) in found.into_iter().zip(hashes.files) {
                let name = DatasitePath::parse(part)?.join(info.path.as_str())?;
                let FileInfo { size, sha256, .. } = info;
                all.push(CollectionFile { name, path: found.at, size, sha256 });
            }
        }
        let audience = mock.join(permission::FILE)?;
        if let Some(bytes) = self.disk().read_if_there(&audience, yaml::MAX_BYTES as u64)? {
            let name = DatasitePath::parse(MOCK)?.join(permission::FILE)?;
            let (size, sha256) = (bytes.len() as u64, ContentHash::of(&bytes));
            whole.push_str(&sha256.to_string());
            all.push(CollectionFile { name, path: audience, size, sha256 });
        }
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Collection { files: all, hash: ContentHash::of(whole.as_bytes()).short() })
    }
}

impl IncomingBackup {
    /// Takes one file; the name is as [`DatasetStore::backup`] gave it.
    ///
    /// # Errors
    /// [`Reject`] for a name that no backup holds; the disk's.
    pub fn add(&mut self, name: &str, body: &mut dyn Read) -> Result<()> {
        let bad = |detail: String| {
            Error::Core(syft_core::Error::Rejected(Reject::new(RejectCode::BadPath, detail)))
        };
        let path = DatasitePath::parse(name).map_err(|error| bad(error.to_string()))?;
        let (part, rest) = path.as_str().split_once('/').unwrap_or((path.as_str(), ""));
        let (folder, access) = match part {
            MOCK => (self.stage.public()?, Access::Shared),
            PRIVATE => (self.stage.private()?, Access::OwnerOnly),
            _ => return Err(bad(format!("{name} is in no part of a dataset"))),
        };
        let within = DatasitePath::parse(rest).map_err(|error| bad(error.to_string()))?;
        let at = folder.join(within.as_str())?;
        files::store(self.store.disk(), within, &at, body, access)?;
        Ok(())
    }

    /// Takes one file of a [`DatasetStore::private_collection`].
    ///
    /// # Errors
    /// As [`IncomingBackup::add`].
    pub fn add_private(&mut self, name: &str, body: &mut dyn Read) -> Result<()> {
        self.add(&format!("{PRIVATE}/{name}"), body)
    }

    /// Puts the dataset into its place.
    ///
    /// # Errors
    /// [`Reject`] if the files are not those that `hash` was made over, or are no
    /// dataset; [`Error::NameTaken`]; the disk's. Nothing is there then.
    pub fn commit(self, hash: &str) -> Result<Dataset> {
        let found = self
            .folders()
            .and_then(|(public, private)| self.store.backup_in(&public, &private))
            .map(|backup| backup.hash);
        self.commit_as(found, hash)
    }

    /// The same of a [`DatasetStore::private_collection`], of which the mock is here, or of
    /// what a Python client keeps, where the permission file is part of it.
    ///
    /// # Errors
    /// As [`IncomingBackup::commit`].
    pub fn commit_private(self, hash: &str) -> Result<Dataset> {
        let found = self
            .folders()
            .and_then(|(_, private)| {
                let found = files::walk(self.store.disk(), &private)?;
                self.store.collection_of(&private, found)
            })
            .map(|private| private.hash);
        self.commit_as(found, hash)
    }

    fn commit_as(self, found: Result<String>, hash: &str) -> Result<Dataset> {
        let checked = found.and_then(|found| self.check(&found, hash));
        match checked.and_then(|intent| self.move_into_place(&intent)) {
            Ok(()) => {
                // What is left of a stage is thrown away at the next start.
                let _ = self.stage.discard(self.store.disk());
                self.store.get(&self.name)
            }
            Err(error) => {
                self.abort();
                Err(error)
            }
        }
    }

    /// Gives it up.
    pub fn abort(self) {
        // If it cannot be thrown away now, it is at the next start.
        let _ = self.store.undo(&self.stage);
    }

    fn folders(&self) -> Result<(HomePath, HomePath)> {
        Ok((self.stage.public()?, self.stage.private()?))
    }

    fn check(&self, found: &str, hash: &str) -> Result<Intent> {
        let bad = |code, detail: String| {
            Err(Error::Core(syft_core::Error::Rejected(Reject::new(code, detail))))
        };
        let (staged, private) = self.folders()?;
        let public = match self.has_mock {
            true => self.store.mock_folder(&self.store.owner, &self.name),
            false => staged,
        };
        if found != hash {
            let detail = format!("the backup of {} is not what {hash} was made over", self.name);
            return bad(RejectCode::HashMismatch, detail);
        }
        let described = self.read(&public.join(metadata::FILE)?)?;
        let known = self.read(&private.join(metadata::PRIVATE_METADATA)?)?;
        let uid = match (Metadata::parse(&described), std::str::from_utf8(&known)) {
            (Ok(_), Ok(text)) => yaml::from_str::<PrivateMetadata>(text).ok().map(|it| it.uid),
            _ => None,
        };
        let Some(uid) = uid else {
            let detail = format!("the backup of {} is no dataset", self.name);
            return bad(RejectCode::BadContainer, detail);
        };
        let (owner, name) = (self.store.owner.clone(), self.name.clone());
        Ok(Intent { operation: Operation::Create, owner, name, uid })
    }

    /// A small file; one that is missing is empty, which is no metadata.
    fn read(&self, path: &HomePath) -> Result<Vec<u8>> {
        let disk = self.store.disk();
        match disk.metadata(path)?.map(|it| it.kind) {
            Some(FileKind::File) => Ok(disk.read(path, yaml::MAX_BYTES as u64)?),
            _ => Ok(b"- missing".to_vec()),
        }
    }

    fn move_into_place(&self, intent: &Intent) -> Result<()> {
        if self.has_mock {
            let target = self.store.private_folder(&self.name);
            self.store.move_into(&self.stage.private()?, &target, Access::OwnerOnly)?;
        } else {
            self.store.check_name_is_free(&self.name)?;
            self.stage.record(self.store.disk(), intent)?;
            self.store.move_staged(&self.stage, &self.name, true)?;
        }
        // It may name a folder of another machine.
        let folder = self.store.private_folder(&self.name);
        self.store.describe_private(&folder, &self.name, &intent.uid)
    }
}
