use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use syft_core::Email;
use zeroize::Zeroizing;

use crate::bundle::DidDocument;
use crate::jwk::KeySet;
use crate::{Bundle, Error, Keys, Result};

/// Largest key file that is read, in bytes: a bundle for each of some thousand peers.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// A file with the secret keys of an address, and the bundles of its peers: as the
/// Python peer keeps it (`protocol.md` c.3).
#[derive(Debug, Clone)]
pub struct KeyFile {
    /// The keys.
    pub keys: Keys,
    /// The bundles of peers, as they were when the peer was first met.
    pub peers: BTreeMap<Email, Bundle>,
}

#[derive(Deserialize)]
struct Read {
    email: String,
    keys_jwk: KeySet,
    #[serde(default)]
    peer_bundles: BTreeMap<String, Value>,
}

#[derive(Serialize)]
struct Written<'a> {
    email: &'a Email,
    keys_jwk: KeySet,
    peer_bundles: BTreeMap<&'a Email, DidDocument>,
}

impl KeyFile {
    /// Reads the file of `email`.
    ///
    /// # Errors
    /// [`Error::OtherIdentity`] for that of somebody else; [`Error::Invalid`].
    pub fn parse(text: &str, email: &Email) -> Result<Self> {
        if text.len() > MAX_BYTES {
            return Err(invalid(format!("it is larger than {MAX_BYTES} bytes")));
        }
        // Of the text an error may quote, only its place is told.
        let read: Read = serde_json::from_str(text).map_err(|error| {
            invalid(format!("it does not fit at line {}, column {}", error.line(), error.column()))
        })?;
        if Email::parse(&read.email).ok().as_ref() != Some(email) {
            let owner = syft_core::shorten(&syft_core::safe_text(&read.email), 254);
            return Err(Error::OtherIdentity { owner, asked: email.clone() });
        }
        let mut peers = BTreeMap::new();
        for (peer, bundle) in &read.peer_bundles {
            peers.insert(Email::parse(peer)?, Bundle::from_did(bundle)?);
        }
        Ok(KeyFile { keys: Keys::new(email.clone(), read.keys_jwk.keys()?)?, peers })
    }

    /// The file as text.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it cannot be written, which does not happen.
    pub fn to_json(&self) -> Result<Zeroizing<String>> {
        let bundles = self.peers.iter().map(|(peer, bundle)| Ok((peer, bundle.to_did(peer)?)));
        let file = Written {
            email: self.keys.email(),
            keys_jwk: KeySet::of(self.keys.private()),
            peer_bundles: bundles.collect::<Result<_>>()?,
        };
        // Large enough that it is not moved, since the memory that it leaves is not wiped.
        let size = 4 * 1024 * (self.peers.len() + 1);
        let mut text = Zeroizing::new(Vec::with_capacity(size));
        serde_json::to_writer_pretty(&mut *text, &file)
            .map_err(|error| invalid(error.to_string()))?;
        let text = String::from_utf8(std::mem::take(&mut *text));
        Ok(Zeroizing::new(text.map_err(|_| invalid("it is not UTF-8".to_owned()))?))
    }
}

fn invalid(reason: String) -> Error {
    Error::Invalid { what: "key file", reason }
}
