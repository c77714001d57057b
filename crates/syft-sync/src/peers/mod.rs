//! Who this node is connected with.

mod bundles;
mod give_up;
mod greet;
mod hellos;
mod list;
mod moving;
mod pin;
mod profile;
mod python_table;
mod refresh;
mod strays;
mod table;
mod ways;
mod withdraw;

use serde::Serialize;
use syft_core::{Email, LayoutKind, Timestamp};
use syft_job::{WaitingFor, shell_word};

pub(crate) use bundles::Bundles;
pub(crate) use give_up::give_up_older;
pub(crate) use greet::greet;
pub use list::PeerList;
pub(crate) use moving::move_on;
pub(crate) use pin::{Alarm, PinnedKey};
pub(crate) use python_table::{PYTHON_PEERS, read_table, show_table};
pub(crate) use refresh::{Connections, refresh};
pub(crate) use table::{Moving, PeerRecord, PeerTable};
pub(crate) use ways::Away;
pub(crate) use withdraw::withdraw;

use crate::report::Late;
use crate::{Hello, PeerKind};

/// Where two nodes stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeerState {
    /// Both want it.
    Accepted,
    /// The peer asked, and I have not answered.
    RequestedByPeer,
    /// I asked, and the peer has not answered.
    RequestedByMe,
    /// I said no.
    Rejected,
    /// It was a peer, until I ended it.
    Removed,
}

impl PeerState {
    /// The word in `--json`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            PeerState::Accepted => "accepted",
            PeerState::RequestedByPeer => "requested_by_peer",
            PeerState::RequestedByMe => "requested_by_me",
            PeerState::Rejected => "rejected",
            PeerState::Removed => "removed",
        }
    }

    /// Whether I said no, at once or later.
    #[must_use]
    pub fn is_refused(self) -> bool {
        matches!(self, PeerState::Rejected | PeerState::Removed)
    }

    /// Whether something is exchanged: also with one who has not answered yet.
    pub(crate) fn is_connected(self) -> bool {
        matches!(self, PeerState::Accepted | PeerState::RequestedByMe)
    }
}

/// How sure it is that a peer is who it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    /// Whoever can write the store can pose as this peer.
    Claimed,
    /// The store states who wrote, and cannot be told otherwise by a peer.
    Proven,
    /// The peer is known by the key that it showed first, in a store in which anybody can
    /// have put it.
    Unverified,
    /// The words of its key were compared with the peer.
    Verified,
}

/// A participant that this node knows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Peer {
    /// Who.
    pub email: Email,
    /// Where the two stand.
    pub state: PeerState,
    /// How sure the identity is.
    pub identity: Identity,
    /// The store between the two; of several the first.
    pub transport: String,
    /// The addresses of the stores over which it is reached, in their order; none if that is
    /// the one of this home.
    pub via: Vec<String>,
    /// Whether it is being moved there, and something is left to do.
    pub moving: bool,
    /// Since when it has still to come along into that store: see [`Peer::waits_for`].
    pub awaited: Option<Timestamp>,
    /// Why that goes no further, if a store stands in the way: one that is gone for good is
    /// given up with
    /// [`SyftboxManager::give_up_older_store`](crate::SyftboxManager::give_up_older_store).
    pub held_up: Option<String>,
    /// Which program it runs; `None` before it spoke.
    pub kind: Option<PeerKind>,
    /// How its datasite is laid out; `None` before it spoke.
    pub layout: Option<LayoutKind>,
    /// The program's version as the peer says; `None` before it spoke.
    pub version: Option<String>,
    /// The fingerprint of the key by which the peer is known, or of the one that it shows
    /// if it is no peer yet; `None` if it has none.
    pub fingerprint: Option<String>,
    /// The same in words, to be compared with the peer.
    pub words: Option<String>,
    /// Whether all that is exchanged with this peer is sealed.
    pub sealed: bool,
    /// What of the peer is missing, or late.
    pub late: Option<Late>,
    /// Whether somebody seems to pose as this peer: see [`Peer::problem`].
    pub alarm: bool,
    /// When something of the peer arrived last.
    pub last_seen: Option<Timestamp>,
    /// Since when the state holds.
    pub since: Option<Timestamp>,
    /// Why nothing is exchanged with this peer, if so.
    pub problem: Option<String>,
}

impl Peer {
    /// Who must act so that something is exchanged between `me` and this peer where it is to
    /// be, since when, and what this person types; `None` if nobody must.
    #[must_use]
    pub fn waits_for(&self, me: &Email, now: Timestamp) -> Option<WaitingFor> {
        let approve = |other: &Email| format!("syft peer approve {other}");
        let (who, since, command) = match (self.state, self.awaited) {
            (PeerState::RequestedByPeer, _) => (me, self.since, approve(&self.email)),
            (PeerState::RequestedByMe, _) if self.via.is_empty() => {
                (&self.email, self.since, approve(me))
            }
            (PeerState::RequestedByMe, _) => {
                (&self.email, self.since, format!("syft peer add {me}{}", typed_ways(&self.via)))
            }
            (PeerState::Accepted, Some(since)) => {
                let via = self.via.first().map(|url| typed(url)).unwrap_or_default();
                (&self.email, Some(since), format!("syft peer move {me} --via {via}"))
            }
            _ => return None,
        };
        Some(WaitingFor { who: who.clone(), since: since.unwrap_or(now), command })
    }
}

impl Peer {
    /// What to type so that a move that is held up goes on without the older store, which is
    /// gone for good; `None` of any other.
    #[must_use]
    pub fn goes_on_by(&self) -> Option<String> {
        let via = self.held_up.as_ref().and(self.via.first())?;
        Some(goes_on_by(&self.email, via))
    }
}

/// What goes on with a peer in this store without the older one.
pub(crate) fn goes_on_by(peer: &Email, via: &str) -> String {
    format!("syft peer move {peer} --via {} --give-up-older", typed(via))
}

/// Several stores as somebody types them for a peer.
pub(crate) fn typed_ways(ways: &[String]) -> String {
    ways.iter().map(|url| format!(" --via {}", typed(url))).collect()
}

/// An address as somebody types it at a shell.
fn typed(url: &str) -> String {
    match url.split_once(':') {
        Some((_, "")) => url.to_owned(),
        Some((scheme, rest)) => format!("{scheme}:{}", shell_word(rest)),
        None => shell_word(url),
    }
}

/// So that a call on somebody takes an address as well as a peer of a list.
impl AsRef<Email> for Peer {
    fn as_ref(&self) -> &Email {
        &self.email
    }
}

/// What was heard of a peer in the store.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    pub(crate) hello: std::result::Result<Hello, String>,
    pub(crate) at: Option<Timestamp>,
    /// The address of the store in which it was heard, if that is not the one of this home.
    pub(crate) via: Option<String>,
}
