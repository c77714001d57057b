use serde::Serialize;
use syft_core::{Email, Reject};

/// What a pass did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SyncReport {
    /// How it went with each peer.
    pub peers: Vec<PeerReport>,
    /// Files of my own datasite that had changed.
    pub changed: usize,
    /// Datasets that were published or fetched.
    pub datasets: usize,
    /// Objects that still wait for the store.
    pub queued_out: usize,
    /// Why the store could not be reached; what is due is sent later.
    pub store: Option<String>,
    /// What was not read or not taken, and why: one line each.
    pub notes: Vec<String>,
}

/// How a pass went with one peer; a problem of one never stops the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PeerReport {
    /// Who.
    pub email: Email,
    /// Messages of the peer that were dealt with.
    pub received: usize,
    /// Messages of the peer that were put away.
    pub quarantined: usize,
    /// Objects in the peer's channels whose names are of no message: they were left
    /// alone (`threats.md` I9).
    pub ignored: usize,
    /// Files that were sent to the peer.
    pub sent: usize,
    /// Why it went no further.
    pub problem: Option<String>,
    /// Whether the reason is that somebody seems to pose as the peer.
    pub alarm: bool,
}

impl PeerReport {
    pub(crate) fn new(email: &Email) -> Self {
        PeerReport {
            email: email.clone(),
            received: 0,
            quarantined: 0,
            ignored: 0,
            sent: 0,
            problem: None,
            alarm: false,
        }
    }
}

impl SyncReport {
    /// Tells that something in a peer's name is not of the peer.
    pub(crate) fn alarm(&mut self, email: &Email, problem: String) {
        let peer = self.peer(email);
        peer.alarm = true;
        match &mut peer.problem {
            Some(told) if told.contains(&problem) => {}
            Some(told) => *told = format!("{told}; {problem}"),
            none => *none = Some(problem),
        }
    }

    /// Tells that an object in a peer's place is not what the peer put there.
    pub(crate) fn forged(&mut self, email: &Email, what: &str, reject: &Reject) {
        let detail = &reject.detail;
        self.alarm(
            email,
            format!(
                "{what} is not as {email} sealed it ({detail}): somebody else writes in their \
                 place or changed it, and it was not taken; tell whoever runs the store"
            ),
        );
    }

    /// The line of a peer, made if need be.
    pub(crate) fn peer(&mut self, email: &Email) -> &mut PeerReport {
        let place = self.peers.iter().position(|peer| peer.email == *email);
        let place = place.unwrap_or_else(|| {
            self.peers.push(PeerReport::new(email));
            self.peers.len() - 1
        });
        #[expect(clippy::indexing_slicing, reason = "found or pushed just above")]
        &mut self.peers[place]
    }
}
