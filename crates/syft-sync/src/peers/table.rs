use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use syft_core::{
    Access, ContentHash, Disk, Email, HomePath, LayoutKind, NodePaths, Timestamp, yaml,
};

use super::{Alarm, PeerState, PinnedKey};
use crate::node::Pass;
use crate::{Error, Hello, PeerKind, Result};

/// The decisions on peers: a file that anybody can read, never one that a peer
/// can write.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct PeerTable {
    pub(crate) peers: BTreeMap<Email, PeerRecord>,
}

/// One decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PeerRecord {
    pub(crate) state: PeerState,
    pub(crate) since: Timestamp,
    /// Whether my hello lies in the peer's inbox.
    #[serde(default)]
    pub(crate) greeted: bool,
    /// What that hello says, by its fingerprint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) said: Option<ContentHash>,
    /// Of a removed peer: whether all that it could reach in the store is withdrawn.
    #[serde(default)]
    pub(crate) withdrawn: bool,
    /// Which program it runs, as it said last; `None` before it spoke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<PeerKind>,
    /// How its datasite is laid out, as it said last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) layout: Option<LayoutKind>,
    /// Of one that runs the Python client: what it installs that from for a job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) install_source: Option<String>,
    /// The key by which it is known, since it was first met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<PinnedKey>,
    /// That somebody seems to pose as it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) alarm: Option<Alarm>,
    /// Whether it seals, and I do: from then on nothing goes in the open, whatever it says
    /// later (`threats.md` F17).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) seals: bool,
    /// The addresses of the stores over which it is reached, in their order; none if that is
    /// the one of this home.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) via: Vec<String>,
    /// That it is being moved there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) moving: Option<Moving>,
}

/// That a peer is to be reached over other stores than before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Moving {
    /// The addresses of those that are left, until all that lies there is brought along.
    pub(crate) from: Vec<String>,
    pub(crate) since: Timestamp,
    /// Whether the peer was heard in the new one.
    #[serde(default)]
    pub(crate) came: bool,
    /// Why it went no further when it was tried last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) held_up: Option<String>,
}

impl PeerTable {
    /// Where it stands.
    pub(crate) fn path() -> Result<HomePath> {
        Ok(NodePaths::decisions().join("peers.yaml")?)
    }

    pub(crate) fn load(disk: &dyn Disk) -> Result<PeerTable> {
        let bytes = disk.read_if_there(&PeerTable::path()?, yaml::MAX_BYTES as u64)?;
        match bytes {
            Some(bytes) => Ok(yaml::from_str(&String::from_utf8_lossy(&bytes))?),
            None => Ok(PeerTable::default()),
        }
    }

    pub(crate) fn save(&self, disk: &dyn Disk) -> Result<()> {
        let text = yaml::to_string(self)?;
        if text.len() > yaml::MAX_BYTES {
            // What was written could not be read again.
            let problem = "there are more peers than this home can keep: remove some";
            return Err(Error::Refused(problem.to_owned()));
        }
        Ok(disk.write(&PeerTable::path()?, text.as_bytes(), Access::OwnerOnly)?)
    }

    pub(crate) fn state(&self, email: &Email) -> Option<PeerState> {
        self.peers.get(email).map(|record| record.state)
    }

    pub(crate) fn set(&mut self, email: &Email, state: PeerState, since: Timestamp) {
        let known = self.peers.get(email);
        let record = PeerRecord {
            state,
            since,
            greeted: known.is_some_and(|record| record.greeted),
            said: known.and_then(|record| record.said),
            withdrawn: false,
            kind: known.and_then(|record| record.kind),
            layout: known.and_then(|record| record.layout),
            install_source: known.and_then(|record| record.install_source.clone()),
            key: known.and_then(|record| record.key),
            alarm: known.and_then(|record| record.alarm),
            seals: known.is_some_and(|record| record.seals),
            via: known.map(|record| record.via.clone()).unwrap_or_default(),
            moving: known.and_then(|record| record.moving.clone()),
        };
        self.peers.insert(email.clone(), record);
    }

    /// Keeps what a peer said of its program, the first key that it showed, and whether all
    /// is sealed between one that seals and me; whether that is news.
    pub(crate) fn remember(&mut self, email: &Email, hello: &Hello, i_seal: bool) -> bool {
        let Some(record) = self.peers.get_mut(email) else { return false };
        let known = record.clone();
        record.pin(hello);
        record.seals |= i_seal && hello.seals();
        record.kind = Some(hello.kind());
        record.layout = Some(hello.layout());
        record.install_source = match hello.kind() {
            PeerKind::Native => None,
            PeerKind::PySyft => hello.advert.install_source.clone(),
        };
        *record != known
    }

    /// That somebody seems to pose as a peer, in words; `None` if nobody does.
    pub(crate) fn alarm_of(&self, email: &Email) -> Option<String> {
        self.peers.get(email)?.alarm_of(email)
    }

    /// That somebody seems to pose as a peer, which nobody overrides.
    ///
    /// # Errors
    /// [`Error::KeyChanged`].
    pub(crate) fn check_key(&self, email: &Email) -> Result<()> {
        match self.alarm_of(email) {
            None => Ok(()),
            Some(reason) => Err(Error::KeyChanged { peer: email.clone(), reason }),
        }
    }

    /// Audits that the key by which a peer is known was compared with nobody.
    pub(crate) fn note_trusted(&self, pass: &Pass<'_>, email: &Email) -> Result<()> {
        match self.peers.get(email).and_then(|record| record.key) {
            Some(PinnedKey { fingerprint, verified: None }) => {
                pass.note("peer.key_trusted", format!("{email} {fingerprint}"))
            }
            _ => Ok(()),
        }
    }

    /// Whether a peer runs the Python client, as it said last.
    pub(crate) fn is_python(&self, email: &Email) -> bool {
        self.peers.get(email).is_some_and(|record| record.kind == Some(PeerKind::PySyft))
    }

    /// Whom I am to tell what I run.
    pub(crate) fn to_greet(&self) -> impl Iterator<Item = (&Email, &PeerRecord)> {
        self.peers.iter().filter(|(_, record)| !record.state.is_refused())
    }

    /// How many hellos of mine still wait for the store.
    pub(crate) fn ungreeted(&self) -> usize {
        let waits = |peer: &&PeerRecord| !peer.greeted && !peer.state.is_refused();
        self.peers.values().filter(waits).count()
    }

    /// The removed peers that may still reach something of mine in the store.
    pub(crate) fn to_withdraw(&self) -> impl Iterator<Item = &Email> {
        let due = |record: &PeerRecord| record.state == PeerState::Removed && !record.withdrawn;
        self.peers.iter().filter(move |(_, record)| due(record)).map(|(email, _)| email)
    }

    pub(crate) fn in_state(&self, wanted: PeerState) -> impl Iterator<Item = &Email> {
        self.peers.iter().filter(move |(_, peer)| peer.state == wanted).map(|(email, _)| email)
    }
}

#[cfg(test)]
mod tests {
    use syft_core::DirDisk;

    use super::*;

    #[test]
    fn a_table_that_could_not_be_read_again_does_not_replace_the_one_that_is_there() {
        let home = tempfile::tempdir().unwrap();
        let disk = DirDisk::open(home.path()).unwrap();
        let mut table = PeerTable::default();
        let mut kept = PeerTable::default();
        let refused = (0..2_000).find_map(|number| {
            let email = Email::parse(&format!("peer-{number}@example.org")).unwrap();
            table.set(&email, PeerState::Accepted, Timestamp::EPOCH);
            let key = PinnedKey { fingerprint: ContentHash::of(b"key"), verified: None };
            table.peers.get_mut(&email).unwrap().key = Some(key);
            // Once in a while, as each is a file.
            let saved = if number % 50 == 0 { table.save(&disk) } else { return None };
            if saved.is_ok() {
                kept = table.clone();
            }
            saved.err()
        });
        assert!(matches!(refused, Some(Error::Refused(_))), "{refused:?}");
        assert_eq!(PeerTable::load(&disk).unwrap(), kept);
        assert!(kept.peers.len() > 100, "{}", kept.peers.len());
    }
}
