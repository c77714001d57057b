use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::Signer as _;
use hkdf::Hkdf;
use sha2::Sha256;
use syft_core::Email;
use syft_crypto_protocol::{SyftPrivateKeys, SyftPublicKeyBundle};
use zeroize::Zeroizing;

use crate::{Bundle, Error, RecoveryKey, Result};

/// The secret keys of an address, with their public half. They are wiped from memory
/// when the last clone is dropped, and never shown.
#[derive(Clone)]
pub struct Keys {
    email: Email,
    private: Arc<SyftPrivateKeys>,
    bundle: Bundle,
}

impl Keys {
    pub(crate) fn new(email: Email, private: SyftPrivateKeys) -> Result<Self> {
        let public = SyftPublicKeyBundle::new(
            private.identity(),
            private.identity_dh(),
            private.signed_pre_key(),
        );
        let invalid = |reason: String| Error::Invalid { what: "key", reason };
        let bundle = Bundle::new(public.map_err(|error| invalid(error.to_string()))?);
        Ok(Keys { email, private: Arc::new(private), bundle })
    }

    /// Whose they are.
    #[must_use]
    pub fn email(&self) -> &Email {
        &self.email
    }

    /// What others need to seal to me, and to know what is from me.
    #[must_use]
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// A signature of these bytes for one purpose, as text. It is none for any other
    /// purpose, nor of an envelope.
    #[must_use]
    pub fn sign(&self, purpose: &str, bytes: &[u8]) -> String {
        let signature = self.private.identity().sign(&signed_text(purpose, bytes));
        URL_SAFE_NO_PAD.encode(signature.to_bytes())
    }

    /// The secret of something of mine: always the same for the same thing, and of no use
    /// to find any other, nor the keys themselves (HKDF-SHA256, RFC 5869).
    ///
    /// # Errors
    /// None in practice.
    pub fn secret_of(&self, purpose: &str, thing: &str) -> Result<RecoveryKey> {
        let seed = Zeroizing::new(self.private.identity().to_bytes());
        let info = ["syft-secret-v1", purpose, thing].join("\0");
        let mut bytes = Zeroizing::new([0; 32]);
        let invalid = |reason: String| Error::Invalid { what: "secret", reason };
        Hkdf::<Sha256>::new(None, &*seed)
            .expand(info.as_bytes(), &mut *bytes)
            .map_err(|error| invalid(error.to_string()))?;
        RecoveryKey::of(&bytes)
    }

    pub(crate) fn private(&self) -> &SyftPrivateKeys {
        &self.private
    }
}

/// What a signature is of: starts as no envelope's does.
pub(crate) fn signed_text(purpose: &str, bytes: &[u8]) -> Vec<u8> {
    [b"SYFT-SIGNED\x01", purpose.as_bytes(), b"\0", bytes].concat()
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("email", &self.email).field("bundle", &self.bundle).finish()
    }
}
