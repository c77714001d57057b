//! By which key a peer is known: the first one that it showed (`threats.md` F15).

use serde::{Deserialize, Serialize};
use syft_core::{ContentHash, Email, NewEntry, Timestamp};
use syft_crypto::verification_words;

use super::{Connections, PeerRecord};
use crate::node::Pass;
use crate::{Hello, Result};

/// The key of a peer, by its fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PinnedKey {
    pub(crate) fingerprint: ContentHash,
    /// When its words were compared with the peer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) verified: Option<Timestamp>,
}

/// What is wrong with the key that somebody shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Alarm {
    /// The key that is shown now; `None` if none is.
    pub(crate) shown: Option<ContentHash>,
    pub(crate) reason: String,
}

impl PeerRecord {
    /// Pins the key of a hello, if none is pinned.
    pub(super) fn pin(&mut self, hello: &Hello) {
        if let (None, Some(bundle)) = (self.key, hello.bundle()) {
            self.key = Some(PinnedKey { fingerprint: bundle.fingerprint(), verified: None });
        }
    }

    /// Why a hello cannot be of the one whose key is pinned.
    fn alarm(&self, email: &Email, hello: &Hello) -> Option<Alarm> {
        let pinned = self.key?.fingerprint;
        let shown = hello.bundle().map(syft_crypto::Bundle::fingerprint);
        let what = match shown {
            Some(shown) if shown == pinned => return None,
            Some(shown) => format!(
                "its key has changed: it was known by \"{}\", and shows \"{}\"",
                verification_words(email, &pinned),
                verification_words(email, &shown)
            ),
            None => "it shows no key any more, and had one".to_owned(),
        };
        let reason = format!(
            "{what}; somebody may pose as {email}, or they began anew: nothing is exchanged \
             until you have asked them"
        );
        Some(Alarm { shown, reason })
    }
}

/// Finds those whose hello is not signed by the key by which they are known: what it says
/// counts for nothing.
pub(super) fn check_keys(pass: &Pass<'_>, found: &mut Connections) -> Result<()> {
    for (email, heard) in &mut found.heard {
        let record = found.table.peers.get(email);
        let alarm = match (&heard.hello, record) {
            (Ok(hello), Some(record)) => record.alarm(email, hello),
            _ => None,
        };
        let Some(alarm) = alarm else { continue };
        let shown = alarm.shown.map_or_else(|| "none".to_owned(), |shown| shown.to_string());
        pass.node.audit.append(NewEntry {
            key: Some(format!("peer.key_changed/{email}/{shown}")),
            at: pass.node.clock.now(),
            actor: email.to_string(),
            action: "peer.key_changed".to_owned(),
            subject: email.to_string(),
            details: [("shown".to_owned(), shown.into())].into(),
        })?;
        heard.hello = Err(alarm.reason.clone());
        found.alarms.insert(email.clone(), alarm);
    }
    Ok(())
}
