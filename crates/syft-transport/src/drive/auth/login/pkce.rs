use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use syft_core::Entropy;
use zeroize::Zeroizing;

use super::ACTION;
use crate::drive::auth::DRIVE;
use crate::{Error, Result};

/// The proof that the code of a login was asked for by this process (RFC 7636).
pub(super) struct Pkce {
    pub(super) verifier: SecretString,
}

impl Pkce {
    pub(super) fn new(entropy: &dyn Entropy) -> Result<Self> {
        Ok(Pkce { verifier: random_text(entropy)? })
    }

    /// What the login page is told: the verifier's SHA-256, method `S256`.
    pub(super) fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.expose_secret()))
    }
}

/// 32 random bytes in 43 characters that need no escaping, as RFC 7636, section 4.1,
/// recommends.
pub(super) fn random_text(entropy: &dyn Entropy) -> Result<SecretString> {
    let mut bytes = Zeroizing::new([0; 32]);
    entropy.fill(&mut *bytes).map_err(|error| {
        Error::permanent(ACTION, DRIVE, "the system gives no randomness").because(error)
    })?;
    Ok(URL_SAFE_NO_PAD.encode(*bytes).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_the_rfc() {
        // RFC 7636, appendix B.
        let pkce = Pkce { verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into() };
        assert_eq!(pkce.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
