use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::{Layout, LayoutKind};
use crate::Email;

/// The layouts of all datasites of a home: my own, and as far as they said, those
/// of the peers whose copies lie here. Clones know the same peers.
#[derive(Debug, Clone)]
pub struct Layouts {
    me: Email,
    own: LayoutKind,
    peers: Arc<RwLock<BTreeMap<Email, LayoutKind>>>,
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
        peers.get(datasite).copied().unwrap_or(self.own).layout()
    }

    /// Remembers what a peer said of its datasite.
    pub fn learn(&self, peer: &Email, kind: LayoutKind) {
        let mut peers = self.peers.write().unwrap_or_else(PoisonError::into_inner);
        peers.insert(peer.clone(), kind);
    }
}
