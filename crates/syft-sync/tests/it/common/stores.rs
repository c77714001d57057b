//! Two stores, of which each can be away for everybody.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::{Member, Secrecy};
use async_trait::async_trait;
use syft_core::Email;
use syft_sync::{Config, Error, StoreOpener};
use syft_transport::{
    ByteStream, Chaos, Discovered, FaultRates, Info, ListOptions, ListStream, MemoryStore, Object,
    ObjectName, Operation, PutBody, PutMode, Result, Sharing, Space, SpaceKind, Transport,
};

/// Where everybody is at home.
pub(crate) const HOME: &str = "memory:";
/// The other store.
pub(crate) const OTHER: &str = "memory:other";

/// What a network without faults would be.
pub(crate) struct Stores {
    pub(crate) home: MemoryStore,
    pub(crate) other: MemoryStore,
    ways: BTreeMap<(Email, &'static str), Chaos>,
    /// What the other store takes as one object, in bytes.
    largest: Option<u64>,
}

/// The stores as one of them reaches them.
#[derive(Debug, Clone)]
pub(crate) struct Opener(pub(crate) BTreeMap<&'static str, Arc<dyn Transport>>);

impl StoreOpener for Opener {
    fn open(&self, address: &str) -> syft_sync::Result<Arc<dyn Transport>> {
        let missing = || Error::Config(format!("{address} cannot be opened here"));
        self.0.get(address).cloned().ok_or_else(missing)
    }

    fn create(&self, address: &str) -> syft_sync::Result<Arc<dyn Transport>> {
        self.open(address)
    }
}

impl Stores {
    pub(crate) fn new() -> Self {
        let (home, other) = (MemoryStore::new(), MemoryStore::new());
        Stores { home, other, ways: BTreeMap::new(), largest: None }
    }

    /// From now on whoever joins reaches another store that takes no larger object.
    pub(crate) fn other_takes(mut self, bytes: u64) -> Self {
        self.largest = Some(bytes);
        self
    }

    pub(crate) async fn join(&mut self, email: Email, seed: u64) -> Member {
        for (url, store) in [(HOME, &self.home), (OTHER, &self.other)] {
            let user = match self.largest.filter(|_| url == OTHER) {
                Some(bytes) => store.user(email.clone()).with_largest(bytes),
                None => store.user(email.clone()),
            };
            let way = Chaos::new(Arc::new(user));
            self.ways.insert((email.clone(), url), way);
        }
        let home = self.way(&email, HOME);
        let mut member = Member::join_as(email, home, seed, Secrecy::Sealed).await;
        self.restart(&mut member);
        member
    }

    /// A new process.
    pub(crate) fn restart(&self, member: &mut Member) {
        let home = self.way(&member.email, HOME);
        let stores = self.opener(&member.email);
        member.restart_with(home, |config: &mut Config| config.stores = stores);
    }

    pub(crate) fn opener(&self, email: &Email) -> Arc<dyn StoreOpener> {
        Arc::new(Opener([HOME, OTHER].map(|url| (url, self.way(email, url))).into()))
    }

    pub(crate) fn way(&self, email: &Email, url: &'static str) -> Arc<dyn Transport> {
        Arc::new(self.ways[&(email.clone(), url)].clone())
    }

    /// From now on a store answers nobody, or everybody.
    pub(crate) fn set_away(&self, url: &str, is_away: bool) {
        self.fail(url, if is_away { 1.0 } else { 0.0 }, 0.0);
    }

    /// The same for one of them.
    pub(crate) fn set_away_for(&self, who: &Email, url: &'static str, is_away: bool) {
        fail(&self.ways[&(who.clone(), url)], 0, if is_away { 1.0 } else { 0.0 }, 0.0);
    }

    /// From now on so many calls to a store are lost, and so many answers.
    pub(crate) fn fail(&self, url: &str, before: f64, after: f64) {
        let ways = self.ways.iter().filter(|((_, at), _)| *at == url);
        for (seed, (_, way)) in (0..).zip(ways) {
            fail(way, seed, before, after);
        }
    }
}

fn fail(way: &Chaos, seed: u64, before: f64, after: f64) {
    let all = [
        Operation::Open,
        Operation::Put,
        Operation::Get,
        Operation::List,
        Operation::Delete,
        Operation::Retire,
        Operation::Discover,
        Operation::Grant,
        Operation::Revoke,
        Operation::Grants,
    ];
    let rates = all.map(|operation| (operation, FaultRates { before, after }));
    drop(way.clone().seeded(seed, rates));
}

/// A store in the hands of somebody else: nothing may go there in the open.
#[derive(Debug)]
pub(crate) struct Foreign {
    info: Info,
    inner: Arc<dyn Transport>,
}

impl Foreign {
    pub(crate) fn new(inner: Arc<dyn Transport>) -> Self {
        let mut info = inner.info().clone();
        info.must_seal = true;
        Foreign { info, inner }
    }
}

#[async_trait]
impl Transport for Foreign {
    fn info(&self) -> &Info {
        &self.info
    }
    async fn open(&self, space: &Space) -> Result<()> {
        self.inner.open(space).await
    }
    async fn put(
        &self,
        space: &Space,
        name: &ObjectName,
        body: PutBody,
        mode: PutMode,
    ) -> Result<Object> {
        self.inner.put(space, name, body, mode).await
    }
    async fn get(&self, object: &Object, range: Option<Range<u64>>) -> Result<ByteStream> {
        self.inner.get(object, range).await
    }
    async fn list(&self, space: &Space, options: &ListOptions) -> Result<ListStream> {
        self.inner.list(space, options).await
    }
    async fn delete(&self, objects: &[Object]) -> Result<()> {
        self.inner.delete(objects).await
    }
    async fn retire(&self, objects: &[Object]) -> Result<()> {
        self.inner.retire(objects).await
    }
    async fn discover(&self, kind: SpaceKind) -> Result<Discovered> {
        self.inner.discover(kind).await
    }
    fn sharing(&self) -> Option<&dyn Sharing> {
        self.inner.sharing()
    }
}
