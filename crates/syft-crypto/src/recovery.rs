use std::fmt;

use syft_core::{Email, Entropy};
use syft_crypto_protocol::SyftRecoveryKey;
use zeroize::Zeroizing;

use crate::{Error, Keys, Result};

const WHAT: &str = "recovery key";

/// The secret from which all keys of an address come: 32 bytes, as 24 words (BIP-39) or
/// 64 hexadecimal digits. Whoever has it is this person; without it, lost keys are lost.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryKey(SyftRecoveryKey);

impl RecoveryKey {
    /// A new one.
    ///
    /// # Errors
    /// As [`Entropy::fill`].
    pub fn generate(entropy: &dyn Entropy) -> Result<Self> {
        loop {
            let mut bytes = Zeroizing::new([0; 32]);
            entropy.fill(&mut *bytes)?;
            if let Ok(key) = RecoveryKey::of(&bytes) {
                return Ok(key);
            }
        }
    }

    /// The one of these bytes. Refused are only those with hardly any different ones.
    pub(crate) fn of(bytes: &[u8; 32]) -> Result<Self> {
        let mut digits = Zeroizing::new(String::with_capacity(64));
        for byte in *bytes {
            for nibble in [byte >> 4, byte & 15] {
                digits.extend(char::from_digit(nibble.into(), 16));
            }
        }
        let read = SyftRecoveryKey::from_hex_string(&digits);
        let invalid = |reason: String| Error::Invalid { what: WHAT, reason };
        Ok(RecoveryKey(read.map_err(|error| invalid(error.to_string()))?))
    }

    /// Reads words or digits; lines that start with `#` are comments.
    ///
    /// # Errors
    /// [`Error::Invalid`] for anything else, a misspelt word, a wrong check sum, and keys
    /// that are no random ones.
    pub fn parse(text: &str) -> Result<Self> {
        let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
        let mut said = Zeroizing::new(String::with_capacity(text.len()));
        for line in lines {
            said.push_str(line);
            said.push(' ');
        }
        let is_digits = |c: char| c.is_ascii_hexdigit() || c == '-' || c.is_whitespace();
        let read = match said.chars().all(is_digits) {
            true => SyftRecoveryKey::from_hex_string(&said),
            false => SyftRecoveryKey::from_mnemonic(&said),
        };
        let invalid = |error: syft_crypto_protocol::RecoveryError| Error::Invalid {
            what: WHAT,
            reason: format!("{error}; it is 24 words or 64 hexadecimal digits"),
        };
        Ok(RecoveryKey(read.map_err(invalid)?))
    }

    /// The 24 words.
    #[must_use]
    pub fn words(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.to_mnemonic())
    }

    /// The keys that this person has under an address: always the same.
    ///
    /// # Errors
    /// [`Error::Invalid`] if no keys come of it, which does not happen.
    pub fn keys(&self, email: &Email) -> Result<Keys> {
        let invalid = |reason: String| Error::Invalid { what: WHAT, reason };
        let private = self.0.derive_keys().map_err(|error| invalid(error.to_string()))?;
        Keys::new(email.clone(), private)
    }
}

impl fmt::Debug for RecoveryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryKey(secret)")
    }
}
