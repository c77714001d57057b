use serde::Serialize;
use syft_core::{Email, Reject, Timestamp};
use syft_transport::Object;

/// What a pass did.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
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
    /// What the store does not have, or shows otherwise, of that which I put there.
    pub alarms: Vec<String>,
}

/// How a pass went with one peer; a problem of one never stops the others.
#[derive(Debug, Clone, PartialEq, Serialize)]
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
    /// What of the peer is missing, or late.
    pub late: Option<Late>,
    /// Why it went no further.
    pub problem: Option<String>,
    /// Whether the reason is that somebody seems to pose as the peer, or to change what it
    /// sends.
    pub alarm: bool,
    /// Whether it shows another key than the one by which it is known.
    pub key_alarm: bool,
}

/// Messages that a peer sent, by the numbers of later ones, and that did not arrive: the
/// store lost or held them back, or shows them late.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Late {
    /// How many.
    pub messages: usize,
    /// Since when it is known that they are missing.
    pub since: Option<Timestamp>,
    /// When the newest message of the peer arrived.
    pub newest: Option<Timestamp>,
}

impl PeerReport {
    pub(crate) fn new(email: &Email) -> Self {
        PeerReport {
            email: email.clone(),
            received: 0,
            quarantined: 0,
            ignored: 0,
            sent: 0,
            late: None,
            problem: None,
            alarm: false,
            key_alarm: false,
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

    /// Tells that a message in a peer's place is not what the peer put there.
    pub(crate) fn forged(&mut self, email: &Email, object: &Object, reject: &Reject) {
        let told = not_as_sealed(email, &format!("the message {}", object.name), reject);
        self.alarm(email, format!("{told}; syft doctor --repair puts it away"));
    }

    /// The same of something in a dataset of theirs: it is theirs to put it right.
    pub(crate) fn forged_dataset(&mut self, email: &Email, what: &str, reject: &Reject) {
        let told = not_as_sealed(email, what, reject);
        self.alarm(email, format!("{told}, whose syft doctor --repair publishes it again"));
    }

    /// Tells that an object is there in part.
    pub(crate) fn unfinished(&mut self, email: &Email, what: &str) {
        self.notes.push(format!(
            "{what} of {email} has not arrived whole yet: the next sync looks again"
        ));
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

fn not_as_sealed(email: &Email, what: &str, reject: &Reject) -> String {
    let detail = &reject.detail;
    format!(
        "{what} is not as {email} sealed it ({detail}): somebody else writes in their place or \
         changed it, and it was not taken; tell whoever runs the store, and {email}"
    )
}
