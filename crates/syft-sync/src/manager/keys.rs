use syft_crypto::{KeyFile, KeySource, Keys, RecoveryKey};

use super::{Config, SyftboxManager};
use crate::node::Pass;
use crate::own_keys::{self, OwnKeys};
use crate::{Error, Result};

/// The keys that a login gives a home that has none.
#[derive(Debug, Clone, Default)]
pub enum FirstKeys {
    /// New ones, from a new recovery key.
    #[default]
    New,
    /// These.
    Of(KeySource),
    /// None: nothing is sealed, and peers know this node by what the store says of it alone.
    None,
}

impl SyftboxManager {
    /// Who I am to my peers: my keys. `None` in a home that nobody logged in to.
    #[must_use]
    pub fn keys(&self) -> Option<&Keys> {
        self.node.keys.as_ref()
    }

    /// The keys of this home with what they come from, to be kept elsewhere.
    ///
    /// # Errors
    /// [`Error::NotFound`] if it has none; [`Error::KeysExposed`]; the disk.
    pub fn own_keys(&self) -> Result<OwnKeys> {
        let missing = || Error::NotFound("this home has no keys".to_owned());
        own_keys::load(&*self.node.disk, &self.node.email)?.ok_or_else(missing)
    }

    /// The same, to be written where somebody takes them away, which the audit log says.
    /// With `alone` it is the keys as PySyft keeps them, without the words from which they
    /// come.
    ///
    /// # Errors
    /// As [`own_keys`](Self::own_keys); the lock.
    pub fn export_keys(&self, alone: bool) -> Result<KeySource> {
        let pass = self.node.pass()?;
        let own = self.own_keys()?;
        let fingerprint = own.keys.bundle().fingerprint().to_string();
        let source = match alone {
            true => KeySource::KeyFile(Box::new(KeyFile { keys: own.keys, peers: <_>::default() })),
            false => own.source,
        };
        let is_recovery_key = matches!(source, KeySource::Recovery(_));
        pass.note_with("keys.exported", fingerprint, [("recovery_key", is_recovery_key.into())])?;
        Ok(source)
    }

    /// Gives this home other keys; `false` if they are those that it has. With `replace`
    /// those that it has are given up: peers who know them do not know the new ones.
    ///
    /// # Errors
    /// [`Error::OtherKeys`] if it has others and `replace` is not set; the lock; the disk.
    pub fn import_keys(&mut self, source: KeySource, replace: bool) -> Result<bool> {
        let pass = self.node.pass()?;
        let given = OwnKeys::of(source, &self.node.email)?;
        let has = own_keys::load(&*self.node.disk, &self.node.email)?;
        let is_new = has.as_ref().is_none_or(|has| has.keys.bundle() != given.keys.bundle());
        match &has {
            Some(has) if is_new && !replace => return Err(other_keys(&has.keys, &given.keys)),
            // The words from which keys come are not given up for the keys alone.
            Some(OwnKeys { source: KeySource::Recovery(_), .. }) if !is_new => {}
            _ => self.take_keys(&pass, &given, is_new)?,
        }
        drop(pass);
        let encrypt = self.node.ring.as_ref().map(|ring| ring.encrypt()).unwrap_or_default();
        self.go_by(Some(given.keys), encrypt)?;
        Ok(is_new)
    }

    /// The keys with which this home begins: those that it has, the ones that are given,
    /// or new ones.
    pub(super) fn first_keys(&self, pass: &Pass<'_>, config: &Config) -> Result<Option<Keys>> {
        let email = &self.node.email;
        let given = match &config.keys {
            FirstKeys::Of(source) => Some(OwnKeys::of(source.clone(), email)?),
            FirstKeys::New | FirstKeys::None => None,
        };
        let own = match (own_keys::load(&*self.node.disk, email)?, given) {
            (Some(has), Some(given)) if has.keys.bundle() != given.keys.bundle() => {
                return Err(other_keys(&has.keys, &given.keys));
            }
            (Some(has), _) => return Ok(Some(has.keys)),
            (None, Some(given)) => given,
            (None, None) if matches!(config.keys, FirstKeys::None) => return Ok(None),
            (None, None) => {
                let recovery = RecoveryKey::generate(&*self.node.entropy)?;
                OwnKeys::of(KeySource::Recovery(recovery), email)?
            }
        };
        self.take_keys(pass, &own, true)?;
        Ok(Some(own.keys))
    }

    fn take_keys(&self, pass: &Pass<'_>, own: &OwnKeys, is_new: bool) -> Result<()> {
        own.save(&*self.node.disk)?;
        match is_new {
            true => pass.note("keys.taken", own.keys.bundle().fingerprint().to_string()),
            false => Ok(()),
        }
    }
}

fn other_keys(has: &Keys, given: &Keys) -> Error {
    let short = |keys: &Keys| keys.bundle().fingerprint().short();
    Error::OtherKeys { has: short(has), given: short(given) }
}
