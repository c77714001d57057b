//! Over which stores peers are reached.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use syft_core::Email;
use syft_transport::{Object, Space, SpaceKind, Transport, TransportExt};

use super::{PeerRecord, PeerState, PeerTable};
use crate::channels::patiently;
use crate::connect::Reopened;
use crate::node::{Node, Pass};
use crate::report::SyncReport;
use crate::traffic::Recorded;
use crate::{NodeConfig, OfflineTransport, Result};

/// A store that does not answer.
#[derive(Debug, Clone)]
pub(crate) struct Away {
    /// As the store calls itself.
    pub(crate) name: String,
    /// What became of the question.
    pub(crate) reason: String,
}

impl PeerRecord {
    /// The addresses of the stores over which this peer is reached, in their order; none if
    /// that is my own.
    pub(crate) fn ways(&self) -> Vec<String> {
        if self.state == PeerState::Rejected || self.state == PeerState::Removed && self.withdrawn {
            // Nothing is left to do there.
            return Vec::new();
        }
        match &self.moving {
            None => self.via.clone(),
            Some(moving) if moving.came => self.via.iter().chain(&moving.from).cloned().collect(),
            // Until it has come along, it looks for me where it was.
            Some(moving) => moving.from.iter().chain(&self.via).cloned().collect(),
        }
    }
}

impl Node {
    /// Reaches the peers as the table says.
    pub(crate) fn lead(&self, table: &PeerTable) {
        let known = table.peers.iter().map(|(email, record)| (email.clone(), record.ways()));
        self.routes.lead(known, |address| self.open_of_peer(address));
    }

    /// Keeps my datasets in this store, if they have one of their own, and knows those in
    /// which they were before.
    pub(crate) fn keep_datasets(&self, data: Option<&str>, left: &[String]) {
        self.routes.keep_datasets(data, |address| self.open_store(address));
        for address in left {
            self.routes.admit(address, |address| self.open_store(address));
        }
    }

    /// The same by the table that lies here, and my datasets as the home says; a table that
    /// cannot be read leads nowhere, and whoever needs it tells that.
    pub(crate) fn lead_as_known(&self) {
        self.lead_by(&PeerTable::load(&*self.disk).unwrap_or_default());
    }

    /// Returns in which stores my datasets are or were, but for my home.
    fn lead_by(&self, table: &PeerTable) -> Vec<String> {
        let config = NodeConfig::load(&*self.disk).ok().flatten();
        let of_datasets = config.map(|NodeConfig { data, data_left, .. }| {
            // First: what goes there is no copy of what lies elsewhere.
            self.keep_datasets(data.as_deref(), &data_left);
            data.into_iter().chain(data_left).collect()
        });
        self.lead(table);
        of_datasets.unwrap_or_default()
    }

    /// The stores beside my home over which peers are reached, or in which my datasets are or
    /// were: of each that does not answer, why.
    pub(crate) async fn further_stores(&self, table: &PeerTable) -> BTreeMap<String, Option<Away>> {
        let of_datasets = self.lead_by(table);
        let ways = table.peers.values().flat_map(PeerRecord::ways).chain(of_datasets);
        let further: BTreeSet<String> = ways.filter(|url| !self.routes.is_home(url)).collect();
        let mut found = BTreeMap::new();
        for url in further {
            let Some(store) = self.store_at(&url) else { continue };
            let asked = patiently(&url, 0, store.discover(SpaceKind::Inbox)).await;
            let away = asked.err().map(|error| {
                let (name, reason) = (store.info().name.clone(), error.to_string());
                Away { name, reason }
            });
            found.insert(url, away);
        }
        found
    }

    /// Reaches the peers over those of their stores alone that answer now, and keeps no
    /// datasets in one that does not, until the next pass. Returns who is reached over none,
    /// and which stores are left out.
    pub(crate) async fn lead_where_there(
        &self,
        table: &PeerTable,
    ) -> (BTreeSet<Email>, BTreeMap<String, Away>) {
        let further = self.further_stores(table).await.into_iter();
        let away: BTreeMap<_, _> = further.filter_map(|(url, away)| Some((url, away?))).collect();
        if away.contains_key(self.routes.datasets_at()) {
            self.routes.keep_datasets(None, |address| self.open_store(address));
        }
        let (mut lost, mut known) = (BTreeSet::new(), Vec::new());
        for (email, record) in &table.peers {
            let mut ways = record.ways();
            let had = ways.len();
            ways.retain(|url| !away.contains_key(url));
            if had > 0 && ways.is_empty() {
                lost.insert(email.clone());
            }
            known.push((email.clone(), ways));
        }
        self.routes.lead(known, |address| self.open_of_peer(address));
        (lost, away)
    }

    /// A store that cannot be opened is one that is away: it stops nobody who is reached
    /// elsewhere.
    fn open_store(&self, address: &str) -> Arc<dyn Transport> {
        self.stores.open(address).unwrap_or_else(|error| {
            let away = OfflineTransport::new(address, self.email.clone(), error.to_string());
            let (stores, address) = (self.stores.clone(), address.to_owned());
            Arc::new(Reopened::new(away, move || stores.open(&address).ok()))
        })
    }

    /// The same of a store into which files of my datasets are copied.
    fn open_of_peer(&self, address: &str) -> Arc<dyn Transport> {
        let store = self.open_store(address);
        let (clock, audit) = (self.clock.clone(), self.audit.clone());
        Arc::new(Recorded::new(store, clock, audit, self.email.clone()).of_copies())
    }

    /// Tells which stores were away.
    pub(crate) fn tell_of_stores(&self, report: &mut SyncReport) {
        for problem in self.routes.take_problems().into_values() {
            report.store.get_or_insert(problem);
        }
    }
}

impl Pass<'_> {
    /// All that lies in a space, where something follows from what does not.
    ///
    /// # Errors
    /// The store, also if only one of several is away in which it may lie.
    pub(crate) async fn list_whole(&self, space: &Space) -> Result<Vec<Object>> {
        let transport = &*self.node.transport;
        let listed = patiently(space, 0, transport.list_all(space)).await?;
        if transport.is_partial(space) {
            let detail = "one of the stores in which it may lie is away";
            return Err(syft_transport::Error::temporary("list", space, detail).into());
        }
        Ok(listed)
    }
}
