use syft_core::{DatasetName, Email};
use syft_dataset::Dataset;
use syft_job::JobsList;

use super::{SyftboxManager, SyncOptions};
use crate::peers::{Connections, PeerList};
use crate::{Error, Notice, Result};

/// The datasets of a home: my own, then the copies of my peers' mocks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Datasets(Vec<Dataset>);

impl Datasets {
    /// All of them.
    #[must_use]
    pub fn get_all(&self) -> &[Dataset] {
        &self.0
    }

    /// The dataset of this name and owner; without an owner, of whoever has the
    /// only one of that name.
    ///
    /// # Errors
    /// [`Error::NotFound`], which lists the owners if several have one.
    pub fn get(&self, name: &DatasetName, owner: Option<&Email>) -> Result<&Dataset> {
        let fits = |dataset: &&Dataset| {
            dataset.name == *name && owner.is_none_or(|owner| dataset.owner == *owner)
        };
        let found: Vec<&Dataset> = self.0.iter().filter(fits).collect();
        match found.as_slice() {
            [dataset] => Ok(dataset),
            [] => Err(Error::NotFound(format!("there is no dataset {name} here"))),
            several => {
                let owners: Vec<&str> = several.iter().map(|it| it.owner.as_str()).collect();
                let owners = owners.join(", ");
                Err(Error::NotFound(format!("dataset {name} could be that of: {owners}")))
            }
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl IntoIterator for Datasets {
    type Item = Dataset;
    type IntoIter = std::vec::IntoIter<Dataset>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// What the seeds call properties. Each syncs first unless
/// [`Config::pre_sync`](super::Config::pre_sync) is off. A store that is away is
/// no error: it is told, and what is known here is shown.
impl SyftboxManager {
    /// The peers, those that are connected first.
    ///
    /// # Errors
    /// As [`SyftboxManager::sync`].
    pub async fn peers(&self) -> Result<PeerList> {
        match self.synced().await? {
            Some(connections) => Ok(self.list(&connections)),
            None => self.load_peers().await,
        }
    }

    /// The jobs sent to me and those that I sent, oldest first.
    ///
    /// # Errors
    /// As [`SyftboxManager::sync`].
    pub async fn jobs(&self) -> Result<JobsList> {
        self.pre_sync().await?;
        Ok(self.jobs.jobs()?)
    }

    /// My datasets and those that peers share with me.
    ///
    /// # Errors
    /// As [`SyftboxManager::sync`].
    pub async fn datasets(&self) -> Result<Datasets> {
        self.pre_sync().await?;
        Ok(Datasets(self.list_datasets()?))
    }

    /// Syncs, as is done before something is shown, unless
    /// [`Config::pre_sync`](super::Config::pre_sync) is off.
    ///
    /// # Errors
    /// As [`SyftboxManager::sync`].
    pub async fn pre_sync(&self) -> Result<()> {
        self.synced().await.map(drop)
    }

    async fn synced(&self) -> Result<Option<Connections>> {
        if !self.has_store {
            self.look_at_home()?;
        }
        if !self.pre_sync || !self.has_store {
            return Ok(None);
        }
        self.sync_and_tell().await.map(Some)
    }

    /// What a home holds that nobody logged in to: its jobs are looked at, and
    /// nothing is sent or taken.
    fn look_at_home(&self) -> Result<()> {
        let _pass = self.node.pass()?;
        Ok(self.jobs.take_over()?)
    }

    /// Syncs; a store that is away is told.
    pub(super) async fn sync_and_tell(&self) -> Result<Connections> {
        let (report, connections) = self.sync_and_look(&SyncOptions::default()).await?;
        let peers = report.peers.into_iter().filter(|peer| peer.alarm);
        let of_peers = peers.filter_map(|peer| Some(format!("{}: {}", peer.email, peer.problem?)));
        for alarm in report.alarms.into_iter().chain(of_peers) {
            self.node.notices.notice(&Notice::Alarm(alarm));
        }
        if let Some(reason) = report.store {
            self.node.notices.notice(&Notice::StoreAway { reason });
        }
        Ok(connections)
    }
}
