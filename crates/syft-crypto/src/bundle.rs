use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::Signature;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use syft_core::{ContentHash, Email};
use syft_crypto_protocol::SyftPublicKeyBundle;
use syft_crypto_protocol::serialization::{
    deserialize_from_did_document, serialize_to_did_document,
};

use crate::keys::signed_text;
use crate::{Error, Result};

const WHAT: &str = "public key bundle";

/// Largest bundle that is read, in bytes; real ones have less than 2 KiB.
const MAX_BYTES: usize = 64 * 1024;

/// Words by which two people compare a key: 66 bits of its hash.
const WORDS: u32 = 6;
const BITS_PER_WORD: u32 = 11;

/// The public keys of somebody: one to sign, two to be sealed to, and the signatures that
/// bind them together. Such a value exists only if these signatures hold; whose keys they
/// are it does not prove.
#[derive(Clone)]
pub struct Bundle(SyftPublicKeyBundle);

impl Bundle {
    pub(crate) fn new(public: SyftPublicKeyBundle) -> Self {
        Bundle(public)
    }

    /// Reads a DID document (`protocol.md` c.3). What it says about its owner is ignored,
    /// as the Python peer does.
    ///
    /// # Errors
    /// [`Error::Invalid`] for text that is no such document, keys that are none, and
    /// signatures that do not hold.
    pub fn parse(text: &str) -> Result<Self> {
        let invalid = |reason: String| Error::Invalid { what: WHAT, reason };
        if text.len() > MAX_BYTES {
            return Err(invalid(format!("it is larger than {MAX_BYTES} bytes")));
        }
        let value: Value =
            serde_json::from_str(text).map_err(|error| invalid(error.to_string()))?;
        Self::from_did(&value)
    }

    /// [`Bundle::parse`] of a document that is read already.
    ///
    /// # Errors
    /// As there.
    pub fn from_did(document: &Value) -> Result<Self> {
        let invalid = |reason: String| Error::Invalid { what: WHAT, reason };
        let read = deserialize_from_did_document(document);
        Ok(Bundle(read.map_err(|error| invalid(error.to_string()))?))
    }

    /// The DID document of these keys, as the Python peer writes it.
    ///
    /// # Errors
    /// [`Error::Invalid`] if none can be made, which does not happen.
    pub fn to_did(&self, owner: &Email) -> Result<DidDocument> {
        let invalid = |reason: String| Error::Invalid { what: WHAT, reason };
        let id = format!("did:syft:{owner}");
        let mut document =
            serialize_to_did_document(&self.0, &id).map_err(|error| invalid(error.to_string()))?;
        let mut field = |name: &str| document.get_mut(name).map(Value::take).unwrap_or_default();
        Ok(DidDocument {
            context: field("@context"),
            id,
            key_agreement: field("keyAgreement"),
            verification_method: field("verificationMethod"),
            identity: owner.clone(),
        })
    }

    /// The hash of the key that signs: one number for who this is.
    #[must_use]
    pub fn fingerprint(&self) -> ContentHash {
        ContentHash::of(self.0.identity_signing_public_key.as_bytes())
    }

    /// The words of its [fingerprint](Bundle::fingerprint): [`verification_words`].
    #[must_use]
    pub fn words(&self, owner: &Email) -> String {
        verification_words(owner, &self.fingerprint())
    }

    /// Whether whoever has these keys signed these bytes for this purpose.
    #[must_use]
    pub fn has_signed(&self, purpose: &str, bytes: &[u8], signature: &str) -> bool {
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
        let Ok(signature) = Signature::from_slice(&signature) else { return false };
        let text = signed_text(purpose, bytes);
        self.0.identity_signing_public_key.verify_strict(&text, &signature).is_ok()
    }

    pub(crate) fn public(&self) -> &SyftPublicKeyBundle {
        &self.0
    }
}

/// Six words that two people read to each other to compare a key by its fingerprint,
/// under the address that it is said to be of. Another key with the same words takes
/// 2^66 tries.
#[must_use]
pub fn verification_words(owner: &Email, fingerprint: &ContentHash) -> String {
    let mut hash = Sha256::new();
    hash.update(b"syft-verify-words-v1\0");
    hash.update(owner.as_str());
    hash.update(b"\0");
    hash.update(fingerprint.as_bytes());
    let first = hash.finalize().into_iter().take(16);
    let bits = first.fold(0_u128, |bits, byte| bits << 8 | u128::from(byte));
    let list = bip39::Language::English.word_list();
    let word = |number: u32| {
        let shift = u128::BITS - BITS_PER_WORD * (number + 1);
        let index = bits >> shift & ((1 << BITS_PER_WORD) - 1);
        usize::try_from(index).ok().and_then(|index| list.get(index)).copied()
    };
    (0..WORDS).filter_map(word).collect::<Vec<_>>().join(" ")
}

/// A bundle as it is published, its fields in the order of the Python peer.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DidDocument {
    #[serde(rename = "@context")]
    context: Value,
    id: String,
    key_agreement: Value,
    verification_method: Value,
    identity: Email,
}

impl PartialEq for Bundle {
    fn eq(&self, other: &Self) -> bool {
        let keys = |bundle: &Bundle| {
            let public = bundle.public();
            (
                public.identity_signing_public_key,
                public.identity_dh_public_key,
                public.signed_prekey_public_key,
            )
        };
        keys(self) == keys(other)
    }
}

impl Eq for Bundle {}

impl fmt::Debug for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bundle({})", self.fingerprint().short())
    }
}
