use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::{Layout, LayoutKind};
use crate::{DatasetName, DatasitePath, Disk, Email, HomePath, Result};

/// The layouts of all datasites of a home: my own, and as far as they said, those
/// of the peers whose copies lie here; and which of these run the Python peer. Clones
/// know the same.
#[derive(Debug, Clone)]
pub struct Layouts {
    me: Email,
    own: LayoutKind,
    peers: Arc<RwLock<BTreeMap<Email, Known>>>,
}

/// What a peer said.
#[derive(Debug, Clone)]
struct Known {
    layout: LayoutKind,
    install_source: Option<String>,
}

impl Layouts {
    /// The home of `me`, whose own datasite has this layout; no peer has said
    /// anything yet.
    #[must_use]
    pub fn new(me: Email, own: LayoutKind) -> Self {
        Layouts { me, own, peers: Arc::default() }
    }

    /// The layout of my own datasite.
    #[must_use]
    pub fn own(&self) -> &'static dyn Layout {
        self.own.layout()
    }

    /// The layout of a datasite; of a peer that did not say it is that of my own,
    /// since who uses one store mostly uses one layout.
    #[must_use]
    pub fn of(&self, datasite: &Email) -> &'static dyn Layout {
        if *datasite == self.me {
            return self.own();
        }
        let peers = self.peers.read().unwrap_or_else(PoisonError::into_inner);
        peers.get(datasite).map_or(self.own, |known| known.layout).layout()
    }

    /// Where the mock of a dataset lies: at the usual place, unless only another one has
    /// it.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn mock(&self, disk: &dyn Disk, owner: &Email, dataset: &DatasetName) -> Result<HomePath> {
        let layout = self.of(owner);
        first_there(disk, owner, &layout.mock(dataset), layout.other_mock(dataset))
    }

    /// Where the real data of a dataset of mine lies, as [`Layouts::mock`].
    ///
    /// # Errors
    /// Those of the disk.
    pub fn real_data(&self, disk: &dyn Disk, dataset: &DatasetName) -> Result<HomePath> {
        let layout = self.own();
        first_there(disk, &self.me, &layout.real_data(dataset), layout.other_real_data(dataset))
    }

    /// What an owner who runs jobs with the Python peer installs that from, before it
    /// starts one; `None` for anybody else.
    #[must_use]
    pub fn install_source_of(&self, owner: &Email) -> Option<String> {
        let peers = self.peers.read().unwrap_or_else(PoisonError::into_inner);
        peers.get(owner)?.install_source.clone()
    }

    /// Remembers what a peer said of its datasite, and if it runs the Python peer, what
    /// it installs that from.
    pub fn learn(&self, peer: &Email, layout: LayoutKind, install_source: Option<&str>) {
        let install_source = install_source.map(str::to_owned);
        let mut peers = self.peers.write().unwrap_or_else(PoisonError::into_inner);
        peers.insert(peer.clone(), Known { layout, install_source });
    }
}

fn first_there(
    disk: &dyn Disk,
    owner: &Email,
    usual: &DatasitePath,
    other: Option<DatasitePath>,
) -> Result<HomePath> {
    let usual = HomePath::in_datasite(owner, usual);
    let Some(other) = other.map(|other| HomePath::in_datasite(owner, &other)) else {
        return Ok(usual);
    };
    let is_usual = disk.metadata(&usual)?.is_some() || disk.metadata(&other)?.is_none();
    Ok(if is_usual { usual } else { other })
}
