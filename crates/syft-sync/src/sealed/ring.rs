use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use syft_core::{Disk, Email, Entropy, Metadata};
use syft_crypto::{Bundle, Keys};
use syft_transport::{Space, Transport};

use crate::arriving::Arriving;
use crate::hello::HELLO;
use crate::peers::{Bundles, PYTHON_PEERS, PeerTable};
use crate::{Encrypt, PeerKind, Result};

/// Who I am, and by which keys I know the others: what is sealed to whom, and who must
/// have signed what.
pub(crate) struct KeyRing {
    keys: Keys,
    encrypt: Encrypt,
    disk: Arc<dyn Disk>,
    entropy: Arc<dyn Entropy>,
    arriving: Arc<Arriving>,
    /// Whether something may go in the open is for the store over which it goes.
    store: Arc<dyn Transport>,
    known: Mutex<Option<Known>>,
}

/// The peers as their files had them.
#[derive(Clone)]
struct Known {
    stamps: Stamps,
    peers: Arc<Peers>,
}

/// The peers, and the keys by which they are known: each is checked once.
struct Peers {
    table: PeerTable,
    bundles: BTreeMap<Email, Bundle>,
}

type Stamps = (Option<Metadata>, Option<Metadata>);

/// How something goes between me and somebody.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Correspondent {
    pub(crate) email: Email,
    /// The keys by which this one is known.
    pub(crate) bundle: Option<Bundle>,
    /// Whether everything is sealed; then the keys are known.
    pub(crate) seals: bool,
    /// Whether what this one seals has no label, as from a Python client.
    pub(crate) is_unlabelled: bool,
}

impl KeyRing {
    pub(crate) fn new(
        keys: Keys,
        encrypt: Encrypt,
        disk: Arc<dyn Disk>,
        entropy: Arc<dyn Entropy>,
        arriving: Arc<Arriving>,
        store: Arc<dyn Transport>,
    ) -> Self {
        KeyRing { keys, encrypt, disk, entropy, arriving, store, known: Mutex::default() }
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }

    pub(crate) fn encrypt(&self) -> Encrypt {
        self.encrypt
    }

    pub(crate) fn entropy(&self) -> &dyn Entropy {
        &*self.entropy
    }

    /// What came in part so far.
    pub(crate) fn arriving(&self) -> &Arc<Arriving> {
        &self.arriving
    }

    /// How something goes between me and somebody.
    ///
    /// # Errors
    /// Inside: why nothing may go at all. The disk.
    pub(crate) fn with(&self, email: &Email) -> Result<std::result::Result<Correspondent, String>> {
        let plain = |bundle| Correspondent {
            email: email.clone(),
            bundle,
            seals: false,
            is_unlabelled: false,
        };
        if email == self.keys.email() {
            let bundle = Some(self.keys.bundle().clone());
            return Ok(Ok(Correspondent { seals: self.encrypt.seals(), ..plain(bundle) }));
        }
        let peers = self.peers()?;
        let Peers { table, bundles } = &*peers;
        let Some(record) = table.peers.get(email) else {
            return Ok(Err(format!("{email} is no peer of yours")));
        };
        if record.alarm.is_some() {
            return Ok(Err(format!("{email} does not show the key by which they are known")));
        }
        let bundle = bundles.get(email).cloned();
        let space = Space::Outbox { owner: self.keys.email().clone(), recipient: email.clone() };
        let encrypt = match self.encrypt.with(self.store.info_of(&space)) {
            Ok(encrypt) => encrypt,
            Err(refused) => return Ok(Err(refused.to_string())),
        };
        Ok(match encrypt {
            Encrypt::Off if record.seals => Err(format!(
                "{email} seals, and takes nothing in the open from you: syft login --encrypt auto, \
                 or begin anew, both of you, with syft peer add --force"
            )),
            Encrypt::Off => Ok(plain(bundle)),
            Encrypt::Auto | Encrypt::On if record.seals => match bundle {
                Some(_) => Ok(Correspondent {
                    seals: true,
                    is_unlabelled: record.kind == Some(PeerKind::PySyft),
                    ..plain(bundle)
                }),
                None => Err(format!("the keys of {email} come with their next hello")),
            },
            _ if record.kind.is_none() => Err(format!("{email} has not shown a key yet")),
            _ if record.kind == Some(PeerKind::Native) && record.key.is_none() => Err(format!(
                "{email} shows no key, which every node has: somebody may have put another hello \
                 in its place"
            )),
            Encrypt::On => Err(format!("{email} does not seal, and nothing goes in the open here")),
            Encrypt::Auto => Ok(plain(bundle)),
        })
    }

    /// Whom an object is for beside me; `None` if it is for no seal.
    pub(crate) fn reader<'s>(&'s self, space: &'s Space, name: &str) -> Option<&'s Email> {
        let me = self.keys.email();
        match space {
            Space::Inbox { owner, sender } => (sender == me && name != HELLO).then_some(owner),
            Space::Outbox { owner, recipient } => (owner == me).then_some(recipient),
            Space::State { .. } if name == PYTHON_PEERS => None,
            _ => self.is_mine_alone(space).then_some(me),
        }
    }

    /// Who must have sealed an object; `None` if it is for no seal.
    pub(crate) fn writer<'s>(&self, space: &'s Space, name: &str) -> Option<&'s Email> {
        match space {
            Space::Inbox { .. } if name == HELLO => None,
            Space::Inbox { .. } | Space::Outbox { .. } => Some(space.writer()),
            Space::State { .. } if name == PYTHON_PEERS => None,
            _ => self.is_mine_alone(space).then(|| space.writer()),
        }
    }

    fn is_mine_alone(&self, space: &Space) -> bool {
        match space {
            Space::Log { owner }
            | Space::Checkpoints { owner }
            | Space::Rolling { owner }
            | Space::Archive { owner }
            | Space::State { owner } => owner == self.keys.email(),
            _ => false,
        }
    }

    /// The peers as they stand on the disk, which any command may have changed.
    fn peers(&self) -> Result<Arc<Peers>> {
        let stamp = |path| self.disk.metadata(&path);
        let stamps = (stamp(PeerTable::path()?)?, stamp(Bundles::path()?)?);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.as_ref().filter(|known| known.stamps == stamps) {
            return Ok(known.peers.clone());
        }
        let (table, kept) = (PeerTable::load(&*self.disk)?, Bundles::load(&*self.disk)?);
        let mut bundles = BTreeMap::new();
        for (email, record) in &table.peers {
            let bundle = record.key.and_then(|key| kept.get(email, key.fingerprint));
            bundles.extend(bundle.map(|bundle| (email.clone(), bundle)));
        }
        let peers = Arc::new(Peers { table, bundles });
        *known = Some(Known { stamps, peers: peers.clone() });
        Ok(peers)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing")
            .field("keys", &self.keys)
            .field("encrypt", &self.encrypt)
            .finish_non_exhaustive()
    }
}
