use std::collections::BTreeSet;
use std::path::PathBuf;

use syft_core::{DatasetName, Email, HomePath};
use syft_dataset::{Audience, Dataset, NewDataset};

use super::SyftboxManager;
use crate::node::Pass;
use crate::peers::PeerTable;
use crate::report::SyncReport;
use crate::{Error, Notice, Result, collections};

/// What is done with a dataset beyond making it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CreateOptions {
    /// Whether the private part is kept in the store too, for a fresh machine of
    /// mine; refused where others could read it.
    pub upload_private: bool,
    /// Whether to sync afterwards; else the next sync brings it to its readers.
    pub sync: bool,
}

/// The seeds' defaults.
impl Default for CreateOptions {
    fn default() -> Self {
        CreateOptions { upload_private: false, sync: true }
    }
}

impl SyftboxManager {
    /// Creates a dataset of mine.
    ///
    /// # Errors
    /// [`Error::Role`]; [`Error::Refused`]
    /// for a private part that is to lie in a store which others can read, and for a file
    /// that is larger than a store takes where it is to lie; what the dataset lacks; the disk,
    /// the lock. If the dataset was made and could not be sent, that is told, and the next sync
    /// sends it.
    pub async fn create_dataset(&self, new: NewDataset, options: CreateOptions) -> Result<Dataset> {
        self.need_owner()?;
        if options.upload_private {
            collections::check_owner_only(&self.node)?;
            if new.private.is_none() {
                return Err(syft_dataset::Error::NoPrivate(new.name).into());
            }
        }
        let dataset = {
            let mut pass = self.node.pass()?;
            let uploaded = new.private.as_deref().filter(|_| options.upload_private);
            self.node.check_sources(&new.name, new.mock.as_deref(), uploaded, &new.users)?;
            // The wish first: a dataset that was made without it could not get it.
            // One that is taken already keeps what was wished for it.
            let wished = options.upload_private && self.datasets.get(&new.name).is_err();
            let name = new.name.clone();
            if wished {
                collections::want_backup(&mut pass, &name).await?;
            }
            let dataset = match self.datasets.create(new) {
                Ok(dataset) => dataset,
                Err(error) => {
                    if wished {
                        collections::drop_backup(&mut pass, &name).await?;
                    }
                    return Err(error.into());
                }
            };
            let to = dataset.audience.as_ref().map(ToString::to_string);
            pass.note_with("dataset.created", dataset.name.to_string(), [("to", to.into())])?;
            dataset
        };
        self.done(format!("made dataset {}", dataset.name));
        self.sync_if(options.sync).await?;
        Ok(dataset)
    }

    /// Shares a dataset of mine with more people; `sync`: at once, and not only
    /// with the next sync.
    ///
    /// # Errors
    /// [`Error::Role`]; [`Error::Refused`] for a file that is larger than a store takes over
    /// which one of them is reached; no such dataset; the disk, the lock.
    pub async fn share_dataset(
        &self,
        name: &DatasetName,
        addition: Audience,
        sync: bool,
    ) -> Result<Dataset> {
        self.need_owner()?;
        let dataset = {
            let pass = self.node.pass()?;
            let to = addition.to_string();
            self.node.check_mock(&self.datasets.get(name)?, &addition)?;
            let dataset = self.datasets.share(name, addition)?;
            pass.note_with("dataset.shared", name.to_string(), [("to", to.into())])?;
            dataset
        };
        self.tell_audience(&dataset);
        self.sync_if(sync).await?;
        Ok(dataset)
    }

    /// Stops sharing a dataset of mine; whoever has a copy of the mock may keep it.
    ///
    /// # Errors
    /// [`Error::Role`]; no such dataset; the disk, the lock.
    pub async fn unshare_dataset(
        &self,
        name: &DatasetName,
        removal: &Audience,
        sync: bool,
    ) -> Result<Dataset> {
        self.need_owner()?;
        let dataset = {
            let pass = self.node.pass()?;
            let dataset = self.datasets.unshare(name, removal)?;
            let from = removal.to_string();
            pass.note_with("dataset.unshared", name.to_string(), [("from", from.into())])?;
            dataset
        };
        self.tell_audience(&dataset);
        self.sync_if(sync).await?;
        Ok(dataset)
    }

    /// Deletes a dataset of mine: mock, private copy and what lies in the store,
    /// a backup of the private part too.
    ///
    /// # Errors
    /// [`Error::Role`]; no such dataset; the disk, the lock.
    pub async fn delete_dataset(&self, name: &DatasetName, sync: bool) -> Result<()> {
        self.need_owner()?;
        {
            let mut pass = self.node.pass()?;
            match self.datasets.delete(name) {
                Ok(()) => pass.note("dataset.deleted", name.to_string())?,
                // What is not here may have a backup, which is to go as well.
                Err(syft_dataset::Error::NotFound { .. })
                    if pass.ledger.state().private.contains_key(name) => {}
                Err(error) => return Err(error.into()),
            }
            collections::drop_backup(&mut pass, name).await?;
        }
        self.done(format!("deleted dataset {name}"));
        self.sync_if(sync).await
    }

    /// My datasets, then the copies of my peers' mocks, as they are here now.
    /// [`SyftboxManager::datasets`] syncs before.
    ///
    /// # Errors
    /// The disk.
    pub fn list_datasets(&self) -> Result<Vec<Dataset>> {
        let mut all = self.datasets.list()?.datasets;
        for owner in self.known_owners()? {
            all.extend(self.datasets.list_of(&owner)?.datasets);
        }
        Ok(all)
    }

    /// Whose datasites may lie here beside mine: peers', and in a home that nobody
    /// logged in to whatever is there.
    fn known_owners(&self) -> Result<BTreeSet<Email>> {
        let mut owners: BTreeSet<Email> =
            PeerTable::load(&*self.node.disk)?.peers.into_keys().collect();
        if !self.has_store {
            let entries = self.node.disk.list(&HomePath::home())?.into_iter();
            owners.extend(entries.filter_map(|entry| Email::parse(&entry.name.ok()?).ok()));
            owners.remove(&self.node.email);
        }
        Ok(owners)
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

    /// Makes the datasets again whose private part I keep in the store and that are
    /// not here. A login on a fresh machine does so. Returns their names; what could
    /// not be restored is told.
    ///
    /// # Errors
    /// [`Error::Role`]; the disk, the lock.
    pub async fn restore_private(&self) -> Result<Vec<DatasetName>> {
        self.need_owner()?;
        let mut pass = self.node.pass()?;
        let mut report = SyncReport::default();
        let restored = self.restore_private_in(&mut pass, &mut report).await?;
        for problem in report.notes {
            self.done(problem);
        }
        if let Some(reason) = report.store {
            self.node.notices.notice(&Notice::StoreAway { reason });
        }
        Ok(restored)
    }

    pub(super) async fn restore_private_in(
        &self,
        pass: &mut Pass<'_>,
        report: &mut SyncReport,
    ) -> Result<Vec<DatasetName>> {
        match collections::restore_private(pass, &self.datasets, report).await {
            Ok(restored) => {
                restored.iter().for_each(|name| self.done(format!("restored dataset {name}")));
                Ok(restored)
            }
            Err(Error::Transport(error)) => {
                report.store.get_or_insert_with(|| error.to_string());
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }

    fn tell_audience(&self, dataset: &Dataset) {
        let audience = dataset.audience.clone().unwrap_or_default();
        self.done(format!("dataset {} is shared with {audience}", dataset.name));
    }

    /// Syncs after a change of mine, which stands whatever comes of it.
    pub(super) async fn sync_if(&self, wanted: bool) -> Result<()> {
        if wanted {
            self.sync_and_tell().await?;
        }
        Ok(())
    }
}
