//! What is known of seals, and of the order in which messages were sent and arrived.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use syft_core::{ContentHash, DatasetName, Email, Timestamp};
use syft_transport::Space;

use super::arrived::{Gap, Head};
use super::saved::Saved;
use super::state::{Fact, State};
use crate::report::Late;

/// How the names of the channels start that are event logs.
const LOGS: &str = "syft-1/log/";

/// What a file holds as a reader has it of whom that is not known: no file does.
const UNKNOWN: &[u8] = b"what this reader holds is not known";

/// One of the facts that seals and chains of messages are judged by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "trust")]
pub(crate) enum TrustFact {
    /// A message does not fit what arrived before; it stays where it is.
    Contradicted { channel: String, contradiction: Contradiction },
    /// A channel goes on in spite of a contradiction: one of mine after what the reader
    /// has, one of a peer with whatever comes.
    Reconciled { channel: String },
    /// A channel of a peer goes on with whatever comes next.
    Anew { channel: String },
    /// A channel of a peer goes on with what lies there, whatever lay there before.
    Forgotten { channel: String },
    /// A channel of a peer was looked into, and held nothing.
    Listened { channel: String },
    /// The store shows this object of my event log.
    LogShown { name: String },
    /// A channel of a peer goes on without what is missing in it.
    GapClosed { channel: String },
    /// An object is not what the one in whose place it lies put there.
    Forged { channel: String, name: String },
    /// A message was sent from elsewhere in my name: this home goes on after it.
    Adopted { channel: String, head: Head },
    /// What is mine alone in the store is sealed by this key of mine (`None`: by none).
    SealedBy { key: Option<ContentHash> },
    /// All that I send to a peer is sealed to this key.
    SealedTo { peer: Email, key: ContentHash },
    /// What a peer was sent is due again.
    SentAnew { peer: Email },
    /// Something that I sent to a peer is not in the store.
    OutboxLost { peer: Email },
    /// The newest version of a mock of an owner's that came here.
    MockIs { owner: Email, dataset: DatasetName, at: Timestamp },
    /// My backup in the store begins anew.
    BackupAnew,
    /// What lies in the store of my datasets is to be put there once more.
    DatasetsAnew,
}

impl From<TrustFact> for Fact {
    fn from(fact: TrustFact) -> Self {
        Fact::Trust(fact)
    }
}

/// That what a peer sent, or says that it was sent, does not fit what is known here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Contradiction {
    /// With whom.
    pub(crate) peer: Email,
    /// What does not fit, in words.
    pub(crate) reason: String,
    /// Of a channel of mine: the newest message that the peer has of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) theirs: Option<Head>,
}

impl State {
    pub(super) fn apply_trust(&mut self, fact: TrustFact) {
        match fact {
            TrustFact::Contradicted { channel, contradiction } => {
                self.contradictions.entry(channel).or_insert(contradiction);
            }
            TrustFact::Reconciled { channel } => self.reconcile(channel),
            TrustFact::Anew { channel } => {
                self.arrived.entry(channel).or_default().begin_anew();
            }
            TrustFact::Forgotten { channel } => {
                let arrived = self.arrived.entry(channel).or_default();
                arrived.names.clear();
                arrived.begin_anew();
            }
            TrustFact::Listened { channel } => {
                self.arrived.entry(channel).or_default();
            }
            TrustFact::LogShown { name } => drop(self.log_seen.insert(name)),
            TrustFact::GapClosed { channel } => {
                self.arrived.entry(channel).or_default().close_gap();
            }
            TrustFact::Forged { channel, name } => {
                self.arrived.entry(channel).or_default().note_forged(name);
            }
            TrustFact::Adopted { channel, head } => {
                self.adopted.insert(channel.clone());
                let mine = self.emitted.entry(channel).or_insert(head);
                if mine.seq < head.seq {
                    *mine = head;
                }
            }
            TrustFact::SealedBy { key } => {
                if self.sealed_by != key {
                    self.sealed_to.clear();
                }
                self.sealed_by = key;
            }
            TrustFact::SealedTo { peer, key } => drop(self.sealed_to.insert(peer, key)),
            TrustFact::SentAnew { peer } => {
                self.outbox_lost.remove(&peer);
                // Files are due again, and the deletion of one that is gone is.
                let unknown = ContentHash::of(UNKNOWN);
                self.sent.entry(peer).or_default().values_mut().for_each(|sent| *sent = unknown);
            }
            TrustFact::OutboxLost { peer } => drop(self.outbox_lost.insert(peer)),
            TrustFact::MockIs { owner, dataset, at } => {
                self.mocks.entry(owner).or_default().insert(dataset, at);
            }
            TrustFact::BackupAnew => self.backup_anew(),
            TrustFact::DatasetsAnew => self.datasets_anew(),
        }
    }

    fn reconcile(&mut self, channel: String) {
        let Some(contradiction) = self.contradictions.remove(&channel) else { return };
        match contradiction.theirs {
            Some(theirs) => {
                // What was sent here under numbers that the peer has from elsewhere stays
                // sent: the peer decides on that. No number is given again.
                self.emitted_before.remove(&channel);
                let mine = self.emitted.entry(channel).or_insert(theirs);
                if mine.seq < theirs.seq {
                    *mine = theirs;
                }
            }
            None => self.arrived.entry(channel).or_default().begin_anew(),
        }
    }

    /// What does not fit in what was exchanged with somebody.
    pub(crate) fn contradiction_with(&self, peer: &Email) -> Option<&Contradiction> {
        self.contradictions.values().find(|contradiction| contradiction.peer == *peer)
    }

    /// Whether these bytes are one of the last messages of mine in a channel.
    pub(crate) fn is_mine(&self, channel: &str, bytes: &[u8]) -> bool {
        let recent = self.emitted_before.get(channel);
        let hash = ContentHash::of(bytes);
        recent.is_some_and(|recent| recent.values().any(|known| *known == hash))
    }

    /// Whether a peer that has this message of a channel of mine, has one that I sent.
    /// `None` if it is older than what is remembered.
    pub(crate) fn has_emitted(&self, channel: &str, theirs: Head) -> Option<bool> {
        let Some(mine) = self.emitted.get(channel) else { return Some(false) };
        if theirs.seq > mine.seq {
            return Some(false);
        }
        let known = self.emitted_before.get(channel).and_then(|recent| recent.get(&theirs.seq));
        Some(*known? == theirs.hash)
    }

    /// Whether this home has sent nothing in a channel of mine, so that it goes on after
    /// what was sent elsewhere.
    pub(crate) fn may_adopt(&self, channel: &str) -> bool {
        !self.emitted.contains_key(channel) || self.adopted.contains(channel)
    }

    /// What of a peer did not arrive, and when the newest message did: by the channels by
    /// which it writes to me.
    pub(crate) fn late(&self, me: &Email, peer: &Email) -> (Option<Late>, Option<Timestamp>) {
        let channels = [
            Space::Inbox { owner: me.clone(), sender: peer.clone() },
            Space::Outbox { owner: peer.clone(), recipient: me.clone() },
        ];
        let arrived = channels.iter().filter_map(|space| self.arrived.get(&space.to_string()));
        let (mut late, mut newest) = (None::<Late>, None);
        for arrived in arrived {
            newest = newest.max(arrived.newest);
            let Some(Gap { messages, since }) = arrived.gap() else { continue };
            let known = late.get_or_insert(Late { messages: 0, since: None, newest: None });
            known.messages += messages;
            known.since = known.since.into_iter().chain(since).min_by(Timestamp::cmp);
        }
        (late.map(|late| Late { newest, ..late }), newest)
    }

    /// A checkpoint is there, and what it holds of the log may go.
    pub(super) fn checkpoint_verified(&mut self) {
        self.saved.verified();
        let kept: BTreeSet<_> = self.saved.log.iter().map(|object| &object.name).collect();
        self.log_seen.retain(|name| kept.contains(name));
    }

    /// What the store had of my event log and its checkpoints is due again.
    pub(super) fn backup_anew(&mut self) {
        (self.backup, self.record) = (None, None);
        self.log_seen.clear();
        self.saved = Saved::default();
        // The log begins anew; a reader's channel goes on.
        self.emitted.retain(|channel, _| !channel.starts_with(LOGS));
        self.files.values_mut().for_each(|version| version.logged = false);
    }

    /// The files of my datasets are put into the store once more. An older backup of a private
    /// part goes only once the new one is there.
    fn datasets_anew(&mut self) {
        self.published.values_mut().for_each(|published| published.complete = false);
        for backup in self.private.values_mut() {
            backup.older.extend(backup.hash.take());
        }
    }
}
