use std::ops::Index;

use syft_core::Email;

use super::{Peer, PeerState};
use crate::Role;

/// The peers as this identity sees them, each in its place: those that are
/// connected, then the requests that wait. A scientist sees the owners that it
/// is connected with, or asked to be.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PeerList {
    peers: Vec<Peer>,
    refused: Vec<Peer>,
}

impl PeerList {
    /// A list of what is known, in the order of the states.
    pub(crate) fn new(known: Vec<Peer>, role: Role) -> Self {
        let (refused, mut peers): (Vec<Peer>, Vec<Peer>) =
            known.into_iter().partition(|peer| peer.state.is_refused());
        // Who only sends jobs answers no requests.
        peers.retain(|peer| role.is_owner() || peer.state != PeerState::RequestedByPeer);
        PeerList { peers, refused }
    }

    /// The peer of this address, also one that was refused.
    #[must_use]
    pub fn get(&self, email: &Email) -> Option<&Peer> {
        self.iter().chain(&self.refused).find(|peer| peer.email == *email)
    }

    /// The peers in their order.
    pub fn iter(&self) -> std::slice::Iter<'_, Peer> {
        self.peers.iter()
    }

    /// Those whom I rejected or removed: they are in no place of the list.
    pub fn refused(&self) -> std::slice::Iter<'_, Peer> {
        self.refused.iter()
    }

    /// How many peers there are, without those that were refused.
    #[must_use]
    pub fn len(&self) -> usize {
        self.peers.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.peers.is_empty()
    }
}

/// The peer at a place, counted from 0; panics beyond the end, as a slice does.
impl Index<usize> for PeerList {
    type Output = Peer;
    fn index(&self, place: usize) -> &Peer {
        #[expect(clippy::indexing_slicing, reason = "it is what indexing means")]
        &self.peers[place]
    }
}

impl IntoIterator for PeerList {
    type Item = Peer;
    type IntoIter = std::vec::IntoIter<Peer>;
    fn into_iter(self) -> Self::IntoIter {
        self.peers.into_iter()
    }
}

impl<'a> IntoIterator for &'a PeerList {
    type Item = &'a Peer;
    type IntoIter = std::slice::Iter<'a, Peer>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
