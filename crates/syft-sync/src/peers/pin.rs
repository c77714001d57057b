//! By which key a peer is known: the first one that it showed (`threats.md` F15).

use serde::{Deserialize, Serialize};
use syft_core::{ContentHash, Email, NewEntry, Timestamp};
use syft_crypto::{Bundle, verification_words};

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

/// That somebody does not show the key by which they are known. It stays until that one
/// is shown again, or another one was compared with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Alarm {
    /// The key that is shown instead; `None` if none is, or none that can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) shown: Option<ContentHash>,
}

impl PeerRecord {
    /// Pins the key of a hello, if none is pinned; whether it did.
    pub(super) fn pin(&mut self, hello: &Hello) -> bool {
        let Some(bundle) = hello.bundle().filter(|_| self.key.is_none()) else { return false };
        self.key = Some(PinnedKey { fingerprint: bundle.fingerprint(), verified: None });
        true
    }

    /// That somebody seems to pose as this peer, in words; `None` if nobody does.
    pub(super) fn alarm_of(&self, email: &Email) -> Option<String> {
        let (pinned, alarm) = (self.key?.fingerprint, self.alarm?);
        let what = match alarm.shown {
            Some(shown) => format!(
                "its key has changed: it was known by \"{}\", and shows \"{}\"",
                verification_words(email, &pinned),
                verification_words(email, &shown)
            ),
            None => "it shows no key that can be read, and had one".to_owned(),
        };
        Some(format!(
            "{what}; somebody may pose as {email}, or they began anew: nothing is exchanged \
             until you have asked them"
        ))
    }
}

/// Finds those who do not show the key by which they are known: what they say counts for
/// nothing. Of one whose hello is not listed nothing is news: a store may show it late.
pub(super) fn check_keys(pass: &Pass<'_>, found: &mut Connections) -> Result<()> {
    let mut is_news = false;
    for (email, heard) in &mut found.heard {
        let Some(record) = found.table.peers.get_mut(email) else { continue };
        let Some(pinned) = record.key else { continue };
        let shown = heard.hello.as_ref().ok().and_then(Hello::bundle).map(Bundle::fingerprint);
        let alarm = (shown != Some(pinned.fingerprint)).then_some(Alarm { shown });
        let had = std::mem::replace(&mut record.alarm, alarm);
        if let Some(reason) = record.alarm_of(email) {
            heard.hello = Err(match &heard.hello {
                Ok(_) => reason,
                Err(why) => format!("its advert cannot be read: {why}; {reason}"),
            });
        }
        if alarm == had {
            continue;
        }
        is_news = true;
        if alarm.is_some() {
            let shown = shown.map_or_else(|| "none".to_owned(), |shown| shown.to_string());
            pass.node.audit.append(NewEntry {
                key: None,
                at: pass.node.clock.now(),
                actor: email.to_string(),
                action: "peer.key_changed".to_owned(),
                subject: email.to_string(),
                details: [("shown".to_owned(), shown.into())].into(),
            })?;
        }
    }
    if is_news { found.table.save(&*pass.node.disk) } else { Ok(()) }
}
