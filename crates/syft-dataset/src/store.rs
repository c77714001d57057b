use std::sync::Arc;

use syft_core::{
    Access, Clock, DatasetName, Disk, Email, Entropy, HomePath, Layouts, SystemClock,
    SystemEntropy, yaml,
};

use crate::Result;
use crate::metadata::{self, PrivateMetadata};
use crate::staging::{Intent, Operation, Stage};

/// How much a mock may hold, one's own as well as a copy of a peer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most files.
    pub files: u64,
    /// Most bytes in all files together.
    pub bytes: u64,
}

impl Default for Limits {
    /// 2,000 files and 2 GiB.
    fn default() -> Self {
        Limits { files: 2_000, bytes: 2 << 30 }
    }
}

/// The datasets of a home: the owner's own, and copies of peers' mocks.
///
/// All calls that write are made under the home's lock. Each of them happens as
/// a whole or not at all: after an error or a crash half-way the next call that
/// writes, or [`DatasetStore::recover`], puts things right.
#[derive(Debug, Clone)]
pub struct DatasetStore {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) layouts: Layouts,
    pub(crate) owner: Email,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) limits: Limits,
}

impl DatasetStore {
    /// The datasets of the home on `disk` whose identity is `owner`.
    #[must_use]
    pub fn new(disk: Arc<dyn Disk>, layouts: Layouts, owner: Email) -> Self {
        DatasetStore {
            disk,
            layouts,
            owner,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            limits: Limits::default(),
        }
    }

    /// The same with another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The same with another source of randomness.
    #[must_use]
    pub fn with_entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.entropy = entropy;
        self
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The limits of each dataset.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Whose home this is.
    #[must_use]
    pub fn owner(&self) -> &Email {
        &self.owner
    }

    /// Cleans up after an interrupted process: to be called once at start, under
    /// the home's lock and before anything else, since it also throws away
    /// copies that are still being received.
    ///
    /// # Errors
    /// The disk's.
    pub fn recover(&self) -> Result<()> {
        for stage in Stage::all(self.disk())? {
            match stage.intent(self.disk())? {
                Some(intent) => self.settle(&stage, &intent)?,
                None => stage.discard(self.disk())?,
            }
        }
        Ok(())
    }

    /// As [`DatasetStore::recover`], but leaves stages alone that are being filled.
    pub(crate) fn settle_all(&self) -> Result<()> {
        for stage in Stage::all(self.disk())? {
            if let Some(intent) = stage.intent(self.disk())? {
                self.settle(&stage, &intent)?;
            }
        }
        Ok(())
    }

    /// Brings what an intent began to one of its two ends.
    pub(crate) fn settle(&self, stage: &Stage, intent: &Intent) -> Result<()> {
        let disk = self.disk();
        let mock = self.mock_folder(&intent.owner, &intent.name);
        match intent.operation {
            // The mock is moved last: while it is staged nothing was created.
            Operation::Create if self.is_there(&stage.public()?)? => {
                self.take_back_private(stage, intent)?;
            }
            Operation::Create => {}
            Operation::Replace if self.is_there(&mock)? => {}
            Operation::Replace => {
                let staged = stage.public()?;
                if self.is_there(&staged)? {
                    disk.rename(&staged, &mock)?;
                }
            }
            Operation::Delete => {
                disk.remove_dir_all(&mock)?;
                disk.remove_dir_all(&self.private_folder(&intent.name))?;
            }
        }
        stage.discard(disk)
    }

    /// Moves a private folder back to its stage, if the creation that is being
    /// undone brought it: nobody else's data is ever touched.
    fn take_back_private(&self, stage: &Stage, intent: &Intent) -> Result<()> {
        let (folder, staged) = (self.private_folder(&intent.name), stage.private()?);
        let path = folder.join(metadata::PRIVATE_METADATA)?;
        let Some(bytes) = self.disk().read_if_there(&path, yaml::MAX_BYTES as u64)? else {
            return Ok(());
        };
        let known = std::str::from_utf8(&bytes).ok().map(yaml::from_str::<PrivateMetadata>);
        let ours = matches!(known, Some(Ok(private)) if private.uid == intent.uid);
        if ours && !self.is_there(&staged)? {
            self.disk().rename(&folder, &staged)?;
        }
        Ok(())
    }

    pub(crate) fn disk(&self) -> &dyn Disk {
        &*self.disk
    }

    /// The folder of a dataset's mock. A disk that does not say which one it is fails
    /// when that is used.
    pub(crate) fn mock_folder(&self, owner: &Email, name: &DatasetName) -> HomePath {
        let usual = || HomePath::in_datasite(owner, &self.layouts.of(owner).mock(name));
        self.layouts.mock(self.disk(), owner, name).unwrap_or_else(|_| usual())
    }

    /// The folder of the owner's real data.
    pub(crate) fn private_folder(&self, name: &DatasetName) -> HomePath {
        let usual = || HomePath::in_datasite(&self.owner, &self.layouts.own().real_data(name));
        self.layouts.real_data(self.disk(), name).unwrap_or_else(|_| usual())
    }

    pub(crate) fn is_there(&self, path: &HomePath) -> Result<bool> {
        Ok(self.disk().metadata(path)?.is_some())
    }

    /// Moves a folder; the folders above it are made with the same access.
    pub(crate) fn move_into(&self, from: &HomePath, to: &HomePath, access: Access) -> Result<()> {
        if let Some(parent) = to.parent() {
            self.disk().create_dir_all(&parent, access)?;
        }
        Ok(self.disk().rename(from, to)?)
    }
}
