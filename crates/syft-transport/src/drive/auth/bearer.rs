use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use super::DRIVE;
use crate::{Error, Result};

/// An access token: whoever holds it acts as the participant until it expires
/// (RFC 6750). Its `Debug` shows nothing of it, and it is wiped when dropped.
#[derive(Clone)]
pub struct Bearer(SecretString);

impl Bearer {
    /// Longest token in bytes; Google's own limit is 2,048.
    const MAX_BYTES: usize = 16 * 1024;

    /// Reads a token; blanks around it are left out.
    ///
    /// # Errors
    /// [`Error::Permanent`] if it is empty, longer than 16 KiB, or holds something
    /// that a header cannot carry.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let is_token = text.bytes().all(|byte| byte.is_ascii_graphic());
        if text.is_empty() || text.len() > Self::MAX_BYTES || !is_token {
            let detail = "an access token is one line of visible ASCII characters";
            return Err(Error::permanent("use the access token for", DRIVE, detail));
        }
        Ok(Bearer(SecretString::from(text)))
    }

    /// The token, as it stands behind `Bearer ` in the header `Authorization`.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    pub(super) fn is(&self, other: &Bearer) -> bool {
        self.expose() == other.expose()
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer(…)")
    }
}
