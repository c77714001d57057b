//! Two stores, of which each can be away for everybody.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Member, Secrecy};
use syft_core::Email;
use syft_sync::{Config, Error, StoreOpener};
use syft_transport::{Chaos, FaultRates, MemoryStore, Operation, Transport};

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
struct Opener(BTreeMap<&'static str, Arc<dyn Transport>>);

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
