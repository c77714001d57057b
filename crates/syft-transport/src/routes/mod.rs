//! Several stores as one: my own, and those over which single peers are reached.

mod collections;
mod data;
mod places;
mod transport;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use elsa::sync::FrozenVec;
use syft_core::{ContentHash, Email};

use crate::{Error, Info, Object, Result, Space, SpaceKind, Transport};

/// Reaches each peer over the stores that are named for it, in their order, and keeps what
/// is mine alone in one store, my home; my datasets may have another one for themselves.
///
/// What is put goes to the first store that takes it; what is read is what all of them have,
/// of each name one object. A store that is away stops nothing but what lies there alone, and
/// makes what is told of others' spaces [partial](Transport::is_partial).
///
/// Objects of my home keep their ids; those of any other begin with a tag of its address,
/// so that they can be written down.
pub struct Routes {
    home: Route,
    /// Opened once, and kept: what they say of themselves is borrowed.
    others: FrozenVec<Box<Route>>,
    /// Which addresses lead to whom; nobody is named who is reached at home.
    ways: RwLock<BTreeMap<Email, Vec<String>>>,
    /// Whom I know; any other may be heard in any store.
    known: RwLock<BTreeSet<Email>>,
    /// The address of the store of my datasets, if they have one of their own.
    data: RwLock<Option<String>>,
    lack: Mutex<Lack>,
}

/// One of the stores.
struct Route {
    url: String,
    /// With it begin the ids of its objects.
    tag: String,
    store: Arc<dyn Transport>,
}

/// What was not told, since a store was away.
#[derive(Default)]
struct Lack {
    /// Spaces that were listed in part.
    spaces: BTreeSet<Space>,
    /// The stores that were not asked for spaces of a kind.
    kinds: BTreeMap<SpaceKind, BTreeSet<String>>,
    /// What each store that was away said.
    problems: BTreeMap<String, String>,
}

impl Routes {
    /// All over one store: whose address, and how it is reached.
    #[must_use]
    pub fn new(url: impl Into<String>, home: Arc<dyn Transport>) -> Self {
        let home = Route { url: url.into(), tag: String::new(), store: home };
        let (others, ways, known, data, lack) = Default::default();
        Routes { home, others, ways, known, data, lack }
    }

    /// Reaches these peers over these addresses from now on, each in their order, and whoever
    /// has none at home. A store that is not open yet is opened.
    pub fn lead(
        &self,
        peers: impl IntoIterator<Item = (Email, Vec<String>)>,
        open: impl Fn(&str) -> Arc<dyn Transport>,
    ) {
        let (mut known, mut ways) = (BTreeSet::new(), BTreeMap::new());
        let mut all = self.ways.write().unwrap_or_else(PoisonError::into_inner);
        for (peer, urls) in peers {
            urls.iter().for_each(|url| self.admit(url, &open));
            if urls.iter().any(|url| *url != self.home.url) {
                ways.insert(peer.clone(), urls);
            }
            known.insert(peer);
        }
        *all = ways;
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
    }

    /// The store of an address, if it was opened.
    #[must_use]
    pub fn store_at(&self, url: &str) -> Option<Arc<dyn Transport>> {
        self.route(url).map(|route| route.store.clone())
    }

    /// The address of the store in which lies what is mine alone.
    #[must_use]
    pub fn home(&self) -> &str {
        &self.home.url
    }

    /// Whether an address is that of this store.
    #[must_use]
    pub fn is_home(&self, url: &str) -> bool {
        self.home.url == url
    }

    /// The address of the store in which an object was found.
    #[must_use]
    pub fn address_of(&self, object: &Object) -> Option<&str> {
        self.place(object).ok().map(|(route, _)| route.url.as_str())
    }

    /// What the stores said that were away since this was asked last, by their names.
    #[must_use]
    pub fn take_problems(&self) -> BTreeMap<String, String> {
        std::mem::take(&mut self.lack().problems)
    }

    fn me(&self) -> &Email {
        &self.home.info().identity
    }

    fn route(&self, url: &str) -> Option<&Route> {
        match url == self.home.url {
            true => Some(&self.home),
            false => self.others.iter().find(|route| route.url == url),
        }
    }

    /// Each store over which somebody is reached, my home first.
    fn all(&self) -> Vec<&Route> {
        let ways = self.ways.read().unwrap_or_else(PoisonError::into_inner);
        let used: BTreeSet<&String> = ways.values().flatten().collect();
        let others = self.others.iter().filter(|route| used.contains(&route.url));
        std::iter::once(&self.home).chain(others).collect()
    }

    /// The stores over which somebody is reached, in their order. Whom I do not know may be
    /// heard in any.
    fn to(&self, peer: &Email) -> Vec<&Route> {
        let is_known = |known: &BTreeSet<Email>| known.contains(peer);
        if !is_known(&self.known.read().unwrap_or_else(PoisonError::into_inner)) {
            return self.all();
        }
        let ways = self.ways.read().unwrap_or_else(PoisonError::into_inner);
        match ways.get(peer) {
            Some(urls) => urls.iter().filter_map(|url| self.route(url)).collect(),
            None => vec![&self.home],
        }
    }

    /// Where what is in a space may lie; what is put there goes to the first of them.
    fn of(&self, space: &Space) -> Vec<&Route> {
        match space {
            Space::Inbox { owner, sender } if owner == self.me() => self.to(sender),
            Space::Outbox { owner, recipient } if owner == self.me() => self.to(recipient),
            Space::Collection { owner, .. } if owner == self.me() => self.keeps(),
            space if space.owner() == self.me() => vec![&self.home],
            space => self.to(space.owner()),
        }
    }

    fn first_of(&self, space: &Space) -> &Route {
        self.of(space).first().copied().unwrap_or(&self.home)
    }

    fn lack(&self) -> MutexGuard<'_, Lack> {
        self.lack.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a store did not answer.
    fn note(&self, route: &Route, error: &Error) {
        self.lack().problems.insert(route.info().name.clone(), error.to_string());
    }

    /// Notes whether a space was listed in part.
    fn note_listed(&self, space: &Space, partly: bool) {
        let spaces = &mut self.lack().spaces;
        match partly {
            true => spaces.insert(space.clone()),
            false => spaces.remove(space),
        };
    }

    fn is_lacking(&self, space: &Space) -> bool {
        let ways = self.of(space);
        let lack = self.lack();
        let mut away = lack.kinds.values().flatten();
        lack.spaces.contains(space) || away.any(|url| ways.iter().any(|way| way.url == *url))
    }

    /// Does something in the first of these stores that is not away.
    async fn in_first<'a, T, F>(
        &self,
        ways: Vec<&'a Route>,
        go: impl Fn(&'a Route) -> F,
    ) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        let mut first = None;
        for way in ways {
            match go(way).await {
                Err(error) if error.is_retryable() => {
                    self.note(way, &error);
                    first.get_or_insert(error);
                }
                done => return done,
            }
        }
        Err(first.unwrap_or_else(|| Error::permanent("use", &self.home.url, "no store is named")))
    }
}

impl Route {
    fn new(url: &str, store: Arc<dyn Transport>) -> Self {
        let hash = ContentHash::of(url.as_bytes()).to_string();
        let short: String = hash.chars().take(8).collect();
        Route { url: url.to_owned(), tag: format!("@{short}:"), store }
    }

    fn info(&self) -> &Info {
        self.store.info()
    }

    /// An object of this store as all others see it.
    fn tagged(&self, mut object: Object) -> Object {
        object.id.insert_str(0, &self.tag);
        object
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routes").field("home", &self.home.url).finish_non_exhaustive()
    }
}
