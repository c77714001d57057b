//! By which key a peer is known: the first one that it showed (`threats.md` F15).

use serde::{Deserialize, Serialize};
use syft_core::{ContentHash, Email, NewEntry, Timestamp};
use syft_crypto::{Bundle, verification_words};

use super::{Connections, Heard, PeerRecord};
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

/// What is wrong with what somebody shows. It stays until the key by which they are known
/// is shown again, or another one was compared with them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Alarm {
    /// The key that is shown now; `None` if none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) shown: Option<ContentHash>,
    pub(crate) reason: String,
}

impl PeerRecord {
    /// Pins the key of a hello, if none is pinned; whether it did.
    pub(crate) fn pin(&mut self, hello: &Hello) -> bool {
        let Some(bundle) = hello.bundle().filter(|_| self.key.is_none()) else { return false };
        self.key = Some(PinnedKey { fingerprint: bundle.fingerprint(), verified: None });
        true
    }

    /// Why what was heard cannot be of the one whose key is pinned.
    fn alarm_at(&self, email: &Email, heard: &Heard) -> Option<Alarm> {
        let pinned = self.key?.fingerprint;
        let shown = heard.hello.as_ref().ok().and_then(Hello::bundle).map(Bundle::fingerprint);
        let what = match (&heard.hello, shown) {
            (_, Some(shown)) if shown == pinned => return None,
            (_, Some(shown)) => format!(
                "its key has changed: it was known by \"{}\", and shows \"{}\"",
                verification_words(email, &pinned),
                verification_words(email, &shown)
            ),
            (Err(reason), None) => format!("its advert cannot be read: {reason}"),
            (Ok(_), None) => "it shows no key any more, and had one".to_owned(),
        };
        let reason = format!(
            "{what}; somebody may pose as {email}, or they began anew: nothing is exchanged \
             until you have asked them"
        );
        Some(Alarm { shown, reason })
    }
}

/// Finds those who do not show the key by which they are known: what they say counts for
/// nothing. Of one whose hello is not listed nothing is news: a store may show it late.
pub(super) fn check_keys(pass: &Pass<'_>, found: &mut Connections) -> Result<()> {
    let mut is_news = false;
    for (email, heard) in &mut found.heard {
        let Some(record) = found.table.peers.get_mut(email) else { continue };
        if record.key.is_none() {
            continue;
        }
        let alarm = record.alarm_at(email, heard);
        if let Some(alarm) = &alarm {
            heard.hello = Err(alarm.reason.clone());
        }
        if alarm == record.alarm {
            continue;
        }
        is_news = true;
        if let Some(alarm) = &alarm {
            let shown = alarm.shown.map_or_else(|| "none".to_owned(), |shown| shown.to_string());
            pass.node.audit.append(NewEntry {
                key: None,
                at: pass.node.clock.now(),
                actor: email.to_string(),
                action: "peer.key_changed".to_owned(),
                subject: email.to_string(),
                details: [("shown".to_owned(), shown.into())].into(),
            })?;
        }
        record.alarm = alarm;
    }
    if is_news { found.table.save(&*pass.node.disk) } else { Ok(()) }
}
