//! Copies of peers' mocks, as readers keep them.

use std::collections::BTreeSet;
use std::io::Read;

use syft_core::{Access, DatasetName, DatasitePath, Email, FileKind, Reject, RejectCode};

use crate::metadata::{self, Metadata};
use crate::staging::{Intent, Operation, Stage};
use crate::{Dataset, DatasetStore, Error, FileInfo, Result, files};

/// A copy of a peer's mock while its files come in. Nothing of it is seen before
/// [`IncomingCopy::commit`]; dropping it leaves a stage that the next
/// [`DatasetStore::recover`] throws away, [`IncomingCopy::abort`] does so at once.
#[derive(Debug)]
pub struct IncomingCopy {
    store: DatasetStore,
    owner: Email,
    name: DatasetName,
    stage: Stage,
    /// Keys of the files and of the folders that they lie in.
    files: BTreeSet<String>,
    folders: BTreeSet<String>,
    bytes: u64,
}

impl DatasetStore {
    /// Begins a copy of a peer's mock, or a newer one in place of it.
    ///
    /// # Errors
    /// [`Error::NotACopy`] if the owner is myself; the disk's.
    pub fn begin_copy(&self, owner: &Email, name: &DatasetName) -> Result<IncomingCopy> {
        self.refuse_own(owner)?;
        self.settle_all()?;
        let stage = Stage::new(self.disk(), &*self.entropy)?;
        self.disk().create_dir_all(&stage.public()?, Access::Shared)?;
        Ok(IncomingCopy {
            store: self.clone(),
            owner: owner.clone(),
            name: name.clone(),
            stage,
            files: BTreeSet::new(),
            folders: BTreeSet::new(),
            bytes: 0,
        })
    }

    /// Writes or replaces a copy of a peer's mock in one go; `hash` is the
    /// collection's, if it was announced.
    ///
    /// # Errors
    /// As [`IncomingCopy::add`] and [`IncomingCopy::commit`]; the copy that was
    /// there is then still there.
    pub fn install_copy<R: Read>(
        &self,
        owner: &Email,
        name: &DatasetName,
        files: impl IntoIterator<Item = (String, R)>,
        hash: Option<&str>,
    ) -> Result<Dataset> {
        let mut copy = self.begin_copy(owner, name)?;
        for (file, mut body) in files {
            if let Err(error) = copy.add(&file, &mut body) {
                copy.abort();
                return Err(error);
            }
        }
        copy.commit(hash)
    }

    /// Removes the copy of a peer's mock; no error if there is none.
    ///
    /// # Errors
    /// [`Error::NotACopy`] if the owner is myself; the disk's.
    pub fn remove_copy(&self, owner: &Email, name: &DatasetName) -> Result<()> {
        self.refuse_own(owner)?;
        self.settle_all()?;
        let folder = self.mock_folder(owner, name);
        if !self.is_there(&folder)? {
            return Ok(());
        }
        let stage = Stage::new(self.disk(), &*self.entropy)?;
        let moved = self.disk().rename(&folder, &stage.old()?);
        stage.discard(self.disk())?;
        Ok(moved?)
    }

    fn refuse_own(&self, owner: &Email) -> Result<()> {
        if owner == &self.owner { Err(Error::NotACopy(owner.clone())) } else { Ok(()) }
    }
}

impl IncomingCopy {
    /// Takes one file; the name is as the peer gave it.
    ///
    /// # Errors
    /// [`Reject`] for a name that is no [`DatasitePath`], is a permission file or
    /// clashes with one taken before (`threats.md` P12, P9), and for more than
    /// the [`Limits`](crate::Limits); the disk's.
    pub fn add(&mut self, name: &str, body: &mut dyn Read) -> Result<FileInfo> {
        let limits = self.store.limits;
        let path = DatasitePath::parse(name)
            .map_err(|error| reject(RejectCode::BadPath, error.to_string()))?;
        if path.is_permission_file() {
            let detail = format!("{path}: permission files are no part of a dataset");
            return Err(reject(RejectCode::BadName, detail));
        }
        self.take_name(&path)?;
        if self.files.len() as u64 > limits.files {
            let detail = format!("more than {} files in dataset {}", limits.files, self.name);
            return Err(reject(RejectCode::TooLarge, detail));
        }
        let left = limits.bytes.saturating_sub(self.bytes);
        let at = self.stage.public()?.join(path.as_str())?;
        let body = body.take(left.saturating_add(1));
        let file = files::store(self.store.disk(), path, &at, body, Access::Shared)?;
        if file.size > left {
            let detail = format!("more than {} bytes in dataset {}", limits.bytes, self.name);
            return Err(reject(RejectCode::TooLarge, detail));
        }
        self.bytes += file.size;
        Ok(file)
    }

    /// Puts the copy in place of what was there.
    ///
    /// # Errors
    /// [`Reject`] without a readable `dataset.yaml`, or if the content does not
    /// have the announced `hash`; the disk's. What was there is then still there.
    pub fn commit(self, hash: Option<&str>) -> Result<Dataset> {
        match self.check(hash).and_then(|()| self.swap()) {
            Ok(()) => {
                // What is left of a stage is thrown away at the next start.
                let _ = self.stage.discard(self.store.disk());
                self.store.get_of(&self.owner, &self.name)
            }
            Err(error) => {
                self.abort();
                Err(error)
            }
        }
    }

    /// Gives the copy up.
    pub fn abort(self) {
        // If it cannot be thrown away now, it is at the next start.
        let _ = self.store.put_back(&self);
    }

    fn take_name(&mut self, path: &DatasitePath) -> Result<()> {
        let clash = |with: &str| {
            let detail = format!("{path} and {with} are one file on some file systems");
            Err(reject(RejectCode::NameCollision, detail))
        };
        let key = path.fold_key();
        if self.folders.contains(&key) || !self.files.insert(key) {
            return clash("another");
        }
        let mut above = path.parent();
        while let Some(folder) = above {
            let key = folder.fold_key();
            if self.files.contains(&key) {
                return clash("a folder");
            }
            self.folders.insert(key);
            above = folder.parent();
        }
        Ok(())
    }

    fn check(&self, hash: Option<&str>) -> Result<()> {
        let disk = self.store.disk();
        let folder = self.stage.public()?;
        let at = folder.join(metadata::FILE)?;
        let is_file = disk.metadata(&at)?.is_some_and(|it| it.kind == FileKind::File);
        if !is_file {
            let detail = format!("dataset {} comes without dataset.yaml", self.name);
            return Err(reject(RejectCode::BadContainer, detail));
        }
        let bytes = disk.read(&at, syft_core::yaml::MAX_BYTES as u64)?;
        Metadata::parse(&bytes).map_err(|error| {
            reject(RejectCode::BadContainer, format!("dataset.yaml of {}: {error}", self.name))
        })?;
        match hash {
            Some(hash) if self.store.collection_in(&folder)?.hash != hash => {
                let detail = format!("dataset {} is not what {hash} was made over", self.name);
                Err(reject(RejectCode::HashMismatch, detail))
            }
            _ => Ok(()),
        }
    }

    fn swap(&self) -> Result<()> {
        let store = &self.store;
        let (owner, name) = (self.owner.clone(), self.name.clone());
        let target = store.mock_folder(&owner, &name);
        let intent = Intent { operation: Operation::Replace, owner, name, uid: String::new() };
        self.stage.record(store.disk(), &intent)?;
        if store.is_there(&target)? {
            store.disk().rename(&target, &self.stage.old()?)?;
        }
        store.move_into(&self.stage.public()?, &target, Access::Shared)
    }
}

impl DatasetStore {
    /// Undoes a swap that stopped half-way, and throws the stage away.
    fn put_back(&self, copy: &IncomingCopy) -> Result<()> {
        let target = self.mock_folder(&copy.owner, &copy.name);
        let old = copy.stage.old()?;
        if self.is_there(&old)? && !self.is_there(&target)? {
            self.disk().rename(&old, &target)?;
        }
        copy.stage.discard(self.disk())
    }
}

fn reject(code: RejectCode, detail: impl AsRef<str>) -> Error {
    Error::Core(syft_core::Error::Rejected(Reject::new(code, detail)))
}
