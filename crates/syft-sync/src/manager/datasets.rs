use std::path::PathBuf;

use syft_core::{DatasetName, Email};
use syft_dataset::{Audience, Dataset, NewDataset};

use super::SyftboxManager;
use crate::Result;
use crate::peers::PeerTable;

impl SyftboxManager {
    /// Creates a dataset of mine. The mock reaches its readers with the next sync.
    ///
    /// # Errors
    /// [`Error::Role`](crate::Error::Role); what the dataset lacks; the disk, the lock.
    pub fn create_dataset(&self, new: NewDataset) -> Result<Dataset> {
        self.need_owner()?;
        let pass = self.node.pass()?;
        let dataset = self.datasets.create(new)?;
        pass.note("dataset.created", dataset.name.to_string())?;
        Ok(dataset)
    }

    /// Shares a dataset of mine with more people.
    ///
    /// # Errors
    /// [`Error::Role`](crate::Error::Role); no such dataset; the disk, the lock.
    pub fn share_dataset(&self, name: &DatasetName, addition: Audience) -> Result<Dataset> {
        self.need_owner()?;
        let pass = self.node.pass()?;
        let dataset = self.datasets.share(name, addition)?;
        pass.note("dataset.shared", name.to_string())?;
        Ok(dataset)
    }

    /// Stops sharing a dataset of mine; whoever has a copy of the mock may keep it.
    ///
    /// # Errors
    /// [`Error::Role`](crate::Error::Role); no such dataset; the disk, the lock.
    pub fn unshare_dataset(&self, name: &DatasetName, removal: &Audience) -> Result<Dataset> {
        self.need_owner()?;
        let pass = self.node.pass()?;
        let dataset = self.datasets.unshare(name, removal)?;
        pass.note("dataset.unshared", name.to_string())?;
        Ok(dataset)
    }

    /// Deletes a dataset of mine: mock, private copy and, with the next sync,
    /// what lies in the store.
    ///
    /// # Errors
    /// [`Error::Role`](crate::Error::Role); no such dataset; the disk, the lock.
    pub fn delete_dataset(&self, name: &DatasetName) -> Result<()> {
        self.need_owner()?;
        let pass = self.node.pass()?;
        self.datasets.delete(name)?;
        pass.note("dataset.deleted", name.to_string())
    }

    /// My datasets, then the copies of my peers' mocks.
    ///
    /// # Errors
    /// The disk.
    pub fn list_datasets(&self) -> Result<Vec<Dataset>> {
        let mut all = self.datasets.list()?.datasets;
        for owner in PeerTable::load(&*self.node.disk)?.peers.keys() {
            all.extend(self.datasets.list_of(owner)?.datasets);
        }
        Ok(all)
    }

    /// One dataset, mine or the copy of a peer's mock.
    ///
    /// # Errors
    /// No such dataset; the disk.
    pub fn dataset(&self, owner: &Email, name: &DatasetName) -> Result<Dataset> {
        Ok(self.datasets.get_of(owner, name)?)
    }

    /// Where a dataset's mock lies: its file, or its folder if it has several.
    ///
    /// # Errors
    /// No such dataset; the disk.
    pub fn dataset_path(&self, owner: &Email, name: &DatasetName) -> Result<PathBuf> {
        let location = self.datasets.mock_location(owner, name)?;
        Ok(self.node.disk.real_path(&location))
    }
}
