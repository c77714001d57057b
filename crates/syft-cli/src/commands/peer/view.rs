use serde::Serialize;
use syft_sync::core::{Clock as _, Email, LayoutKind, SystemClock, Timestamp, safe_text};
use syft_sync::{Identity, Late, Peer, PeerKind, PeerState, WaitingFor};

use crate::output::{Page, iso};

/// A peer as programs read it.
#[derive(Debug, Serialize)]
pub(super) struct PeerView {
    pub(super) email: Email,
    pub(super) state: PeerState,
    pub(super) identity: Identity,
    pub(super) transport: String,
    pub(super) via: Vec<String>,
    pub(super) moving: bool,
    held_up: Option<String>,
    /// What to type so that it goes on without the older store.
    #[serde(skip)]
    goes_on_by: Option<String>,
    kind: Option<PeerKind>,
    layout: Option<LayoutKind>,
    pub(super) version: Option<String>,
    pub(super) fingerprint: Option<String>,
    pub(super) words: Option<String>,
    pub(super) sealed: bool,
    alarm: bool,
    pub(super) late: Option<Late>,
    last_seen: Option<String>,
    pub(super) waiting_for: Option<WaitingFor>,
    pub(super) problem: Option<String>,
    #[serde(skip)]
    pub(super) seen: Option<Timestamp>,
}

impl PeerView {
    /// A peer as `me` sees it.
    pub(super) fn new(me: &Email, peer: Peer) -> Self {
        PeerView {
            waiting_for: peer.waits_for(me, SystemClock.now()),
            goes_on_by: peer.goes_on_by(),
            held_up: peer.held_up,
            email: peer.email,
            state: peer.state,
            identity: peer.identity,
            transport: peer.transport,
            via: peer.via,
            moving: peer.moving,
            kind: peer.kind,
            layout: peer.layout,
            version: peer.version,
            fingerprint: peer.fingerprint,
            words: peer.words,
            sealed: peer.sealed,
            alarm: peer.alarm,
            late: peer.late,
            last_seen: peer.last_seen.map(iso),
            problem: peer.problem,
            seen: peer.last_seen,
        }
    }

    /// What stands in the way of a move, and what to do if it always will.
    pub(super) fn write_held_up(&self, page: &mut Page) {
        if let (Some(why), Some(command)) = (&self.held_up, &self.goes_on_by) {
            page.warning(format!("{} is not moved yet: {}", self.email, safe_text(why)));
            page.hint("If the older store is gone for good, go on without it:", command);
        }
    }

    /// The state in a person's words.
    pub(super) fn state_in_words(&self) -> &'static str {
        match self.state {
            PeerState::Accepted => "accepted",
            PeerState::RequestedByPeer => "asks you",
            PeerState::RequestedByMe => "asked by you",
            PeerState::Rejected => "rejected",
            PeerState::Removed => "removed",
        }
    }

    /// The stores over which it is reached, if they are its own.
    pub(super) fn over(&self) -> String {
        self.via.join(", then ")
    }

    /// Of one with whom nothing is exchanged yet it is not known.
    pub(super) fn sealed_in_words(&self) -> &'static str {
        match (self.sealed, self.state) {
            (true, _) => "yes",
            (false, PeerState::RequestedByPeer | PeerState::RequestedByMe) => "-",
            (false, _) => "no",
        }
    }

    pub(super) fn identity_in_words(&self) -> &'static str {
        match self.identity {
            Identity::Claimed => "claimed",
            Identity::Proven => "proven",
            Identity::Unverified => "unverified",
            Identity::Verified => "verified",
        }
    }
}
