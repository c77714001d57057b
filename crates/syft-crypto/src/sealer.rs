use std::fmt;
use std::io::{Read, Write};

use syft_core::{Email, Entropy};

use crate::{Bundle, Keys, Limits, RecoveryKey, Result};

/// Somebody to whom something is sealed, or from whom it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Party<'a> {
    /// The address.
    pub email: &'a Email,
    /// The keys that are known to be those of this address.
    pub bundle: &'a Bundle,
}

/// What an envelope that was opened said in the open, signed by its sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// What the sender wrote on it.
    pub label: Option<String>,
    /// When it was sealed, as the sender's clock had it: seconds since 1970.
    pub sealed_at: u64,
    /// How many bytes were in it.
    pub bytes: u64,
}

/// Who holds keys, and does with them whatever secrets are needed for. The one
/// implementation here is [`Keys`]; another one may keep its secrets elsewhere.
pub trait Sealer: fmt::Debug + Send + Sync {
    /// Whose keys they are.
    fn email(&self) -> &Email;

    /// The public half.
    fn bundle(&self) -> &Bundle;

    /// As [`Keys::sign`].
    fn sign(&self, purpose: &str, bytes: &[u8]) -> String;

    /// As [`Keys::secret_of`].
    ///
    /// # Errors
    /// As there.
    fn secret_of(&self, purpose: &str, thing: &str) -> Result<RecoveryKey>;

    /// Writes an envelope with `plain`, of this many bytes, that only these recipients can
    /// open, signed by me. The `label`, the time and the addresses are in it in the open.
    /// Returns the number of bytes written; memory is bounded.
    ///
    /// # Errors
    /// [`Error::NotMade`](crate::Error) without a recipient, with more than 1,000, or if
    /// `plain` has more or fewer bytes; those of reading and writing.
    fn seal(
        &self,
        recipients: &[Party<'_>],
        label: Option<&str>,
        plain: (u64, &mut dyn Read),
        sealed: &mut dyn Write,
        entropy: &dyn Entropy,
    ) -> Result<u64>;

    /// Opens an envelope of `sender` to me and writes what is in it. On an error what
    /// was written so far is not the whole, and must not be used; memory is bounded.
    ///
    /// # Errors
    /// [`Error::NotSealed`](crate::Error), [`Error::Forged`](crate::Error),
    /// [`Error::NotForMe`](crate::Error), [`Error::Damaged`](crate::Error),
    /// [`Error::Cut`](crate::Error), [`Error::TooLarge`](crate::Error); those of writing.
    fn open(
        &self,
        sender: Party<'_>,
        limits: &Limits,
        sealed: &mut dyn Read,
        plain: &mut dyn Write,
    ) -> Result<Opened>;
}

impl Sealer for Keys {
    fn email(&self) -> &Email {
        Keys::email(self)
    }

    fn bundle(&self) -> &Bundle {
        Keys::bundle(self)
    }

    fn sign(&self, purpose: &str, bytes: &[u8]) -> String {
        Keys::sign(self, purpose, bytes)
    }

    fn secret_of(&self, purpose: &str, thing: &str) -> Result<RecoveryKey> {
        Keys::secret_of(self, purpose, thing)
    }

    fn seal(
        &self,
        recipients: &[Party<'_>],
        label: Option<&str>,
        plain: (u64, &mut dyn Read),
        sealed: &mut dyn Write,
        entropy: &dyn Entropy,
    ) -> Result<u64> {
        crate::seal::seal(self, recipients, label, plain, sealed, entropy)
    }

    fn open(
        &self,
        sender: Party<'_>,
        limits: &Limits,
        sealed: &mut dyn Read,
        plain: &mut dyn Write,
    ) -> Result<Opened> {
        crate::open::open(self, sender, limits, sealed, plain)
    }
}
