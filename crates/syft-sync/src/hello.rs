use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use syft_core::{
    Advert, COMPAT_VERSION, ContentHash, Email, LayoutKind, Reject, RejectCode, Timestamp,
    VersionStatus, safe_text, shorten,
};
use syft_crypto::{Bundle, Keys};

use crate::{Error, Result};

const SCHEMA: &str = "syft/hello/1";
/// The name of the object in an inbox that is a peer request.
pub(crate) const HELLO: &str = "hello";
/// A hello is never larger, in bytes.
pub(crate) const HELLO_LIMIT: u64 = Advert::MAX_BYTES as u64;
/// The versions of the native protocol that this node speaks.
const SPOKEN: ProtocolRange = ProtocolRange { min: 1, max: 1 };
/// What a hello is signed for.
const PURPOSE: &str = "hello";
/// The capability of one who seals what it sends.
const SEALED: &str = "sealed";
/// Characters of a foreign version that are shown.
const SHOWN_VERSION: usize = 40;

/// Protocol versions, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProtocolRange {
    /// The oldest one.
    pub min: u32,
    /// The newest one.
    pub max: u32,
}

impl ProtocolRange {
    /// Whether two nodes have a version in common.
    #[must_use]
    pub fn meets(self, other: ProtocolRange) -> bool {
        self.min <= other.max && other.min <= self.max
    }
}

/// Which program a peer runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PeerKind {
    /// A node as this one.
    Native,
    /// The Python client.
    PySyft,
}

/// What somebody says of itself: the peer request that it puts into an inbox. It is a
/// version advert that a Python client reads (`protocol.md` d.1), in which a node says
/// more under a key that such a client ignores.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hello {
    /// What every peer says.
    #[serde(flatten)]
    pub advert: Advert,
    /// What a node says beyond that; `None` from a Python client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub native: Option<NativeHello>,
    /// Of one that has keys: its signature of all else.
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
    /// The keys of the one who speaks, who has signed with them.
    #[serde(skip)]
    bundle: Option<Bundle>,
}

/// What one node says to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NativeHello {
    schema: String,
    /// Who speaks; must agree with the channel.
    pub email: Email,
    /// The version of the program, to be shown.
    pub version: String,
    /// The protocol versions that it speaks.
    pub protocol: ProtocolRange,
    /// What it can do beyond the protocol.
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// How its datasite is laid out.
    #[serde(default)]
    pub layout: LayoutKind,
    /// Its public keys, as a DID document; a node without keys says none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<Value>,
    /// Whom it is for, if it is signed: a signed hello of somebody else's inbox is none
    /// here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Email>,
}

/// The keys of a hello beside those of the advert.
#[derive(Deserialize)]
struct Beside {
    #[serde(default, deserialize_with = "present")]
    native: Option<NativeHello>,
    #[serde(default)]
    signature: Option<String>,
    /// Of a Python client: the keys beside its advert.
    #[serde(default, rename = "public_encryption_bundle")]
    bundle: Option<Value>,
}

/// A key that may be absent, and is no null.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<NativeHello>, D::Error> {
    NativeHello::deserialize(from).map(Some)
}

/// The keys in a hello, by which all of it must be signed.
fn signer(
    document: &Value,
    whole: Value,
    signature: Option<&str>,
    from: &Email,
) -> Result<Bundle, Reject> {
    let unsigned = |detail: String| Reject::new(RejectCode::BadJson, detail);
    let bundle = Bundle::from_did(document).map_err(|error| unsigned(error.to_string()))?;
    let text = signed_text(whole).map_err(|error| unsigned(error.to_string()))?;
    match signature.is_some_and(|signature| bundle.has_signed(PURPOSE, &text, signature)) {
        true => Ok(bundle),
        false => Err(unsigned(format!("the hello of {from} is not signed by the keys in it"))),
    }
}

/// What a signature of a hello is of: all of it but the signature, in the one form that
/// RFC 8785 gives it.
fn signed_text(mut hello: Value) -> Result<Vec<u8>> {
    if let Some(fields) = hello.as_object_mut() {
        fields.remove("signature");
    }
    serde_json_canonicalizer::to_vec(&hello).map_err(not_written)
}

fn not_written(error: serde_json::Error) -> Error {
    Error::Core(syft_core::Error::Encode { what: "hello", detail: error.to_string() })
}

/// What is to be done with a peer, as far as its version matters (`protocol.md` d.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dealing {
    /// As an owner: take what it proposes, send what it may read, run its jobs.
    Serve,
    /// As a scientist: take what it sends.
    Pull,
    /// As a scientist: propose changes to it.
    Propose,
}

impl Hello {
    /// What this node says of itself: it stands for the version `compat` of the Python
    /// client, usually [`COMPAT_VERSION`].
    #[must_use]
    pub fn of(email: &Email, layout: LayoutKind, compat: &str, now: Timestamp) -> Self {
        let native = NativeHello {
            schema: SCHEMA.to_owned(),
            email: email.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            protocol: SPOKEN,
            capabilities: vec!["refusals".to_owned()],
            layout,
            keys: None,
            to: None,
        };
        let advert = Advert::of(compat, now);
        Hello { advert, native: Some(native), signature: None, bundle: None }
    }

    /// The same to one peer, with the public half of these keys and signed with them.
    ///
    /// # Errors
    /// None in practice: what is said can be written.
    pub fn signed(self, keys: &Keys, to: &Email) -> Result<Self> {
        self.addressed(keys, to)?.sign(keys)
    }

    /// All of [`Hello::signed`] but the signature.
    pub(crate) fn addressed(mut self, keys: &Keys, to: &Email) -> Result<Self> {
        let bundle = keys.bundle();
        if let Some(native) = &mut self.native {
            let document = serde_json::to_value(bundle.to_did(keys.email())?);
            native.keys = Some(document.map_err(not_written)?);
            native.to = Some(to.clone());
        }
        self.bundle = Some(bundle.clone());
        Ok(self)
    }

    pub(crate) fn sign(mut self, keys: &Keys) -> Result<Self> {
        let text = signed_text(serde_json::to_value(&self).map_err(not_written)?)?;
        self.signature = Some(keys.sign(PURPOSE, &text));
        Ok(self)
    }

    /// The keys of the one who speaks. That they are those of this address the hello does
    /// not prove: whoever has keys can sign anything with them.
    #[must_use]
    pub fn bundle(&self) -> Option<&Bundle> {
        self.bundle.as_ref()
    }

    /// Whether the one who speaks seals what it sends, and takes nothing else from those
    /// who seal, too.
    #[must_use]
    pub fn seals(&self) -> bool {
        let says = |native: &NativeHello| native.capabilities.iter().any(|word| word == SEALED);
        // A Python client shows its keys only if it seals.
        self.bundle.is_some() && self.native.as_ref().is_none_or(says)
    }

    /// The same of one who seals.
    #[must_use]
    pub(crate) fn sealing(mut self) -> Self {
        if let Some(native) = &mut self.native {
            native.capabilities.push(SEALED.to_owned());
        }
        self
    }

    /// The same without keys that nobody signed with. They count only where they lay in a
    /// file of their own, in a store that proves whose it is: what is left of a node's hello
    /// when somebody takes its signature away is no Python client's.
    #[must_use]
    pub(crate) fn without_loose_keys(mut self) -> Self {
        self.bundle = self.bundle.filter(|_| self.native.is_some());
        self
    }

    /// Which program speaks.
    #[must_use]
    pub fn kind(&self) -> PeerKind {
        if self.native.is_some() { PeerKind::Native } else { PeerKind::PySyft }
    }

    /// How the datasite of the one who speaks is laid out.
    #[must_use]
    pub fn layout(&self) -> LayoutKind {
        self.native.as_ref().map_or(LayoutKind::Pysyft, |native| native.layout)
    }

    /// The version of the program, to be shown.
    #[must_use]
    pub fn version(&self) -> String {
        let version = self.native.as_ref().map_or(&self.advert.version, |native| &native.version);
        shorten(&safe_text(version), SHOWN_VERSION)
    }

    /// Why this is not to be done with the one who speaks; `None` if all is well.
    /// Nodes need a protocol version in common, for whatever there is to do.
    pub(crate) fn problem(&self, dealing: Dealing) -> Option<String> {
        match &self.native {
            Some(native) if native.protocol.meets(SPOKEN) => None,
            Some(native) => Some(format!(
                "it speaks protocol versions {} to {}, which this version does not",
                native.protocol.min, native.protocol.max
            )),
            None => self.python_problem(dealing),
        }
    }

    /// What an owner takes of one patch version another one need not understand, and a
    /// scientist is served what the owner wrote; what arrives is checked in any case.
    fn python_problem(&self, dealing: Dealing) -> Option<String> {
        let status = VersionStatus::between(COMPAT_VERSION, Some(&self.advert.version));
        let version = self.version();
        match (status, dealing) {
            (_, Dealing::Pull)
            | (Ok(VersionStatus::Same), _)
            | (Ok(VersionStatus::PatchDiff), Dealing::Propose) => None,
            (Ok(VersionStatus::PatchDiff), Dealing::Serve) => Some(format!(
                "it runs syft {version}, and an owner deals with {COMPAT_VERSION} alone"
            )),
            (Ok(VersionStatus::Incompatible | VersionStatus::Unknown), _) => {
                Some(format!("it runs syft {version}, which does not understand {COMPAT_VERSION}"))
            }
            (Err(error), _) => Some(format!("its advert cannot be read: {error}")),
        }
    }

    /// A hash of what is said, whenever it was said.
    pub(crate) fn fingerprint(&self) -> Result<ContentHash> {
        let advert = Advert { updated_at: None, ..self.advert.clone() };
        let timeless = Hello { advert, signature: None, ..self.clone() };
        Ok(ContentHash::of(&timeless.to_bytes()?))
    }

    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>> {
        serde_json::to_vec_pretty(self).map_err(not_written)
    }

    /// Reads what `from` said. What a node says must agree with the channel, and with its
    /// signature if it has keys; a Python client's advert names nobody.
    pub(crate) fn from_bytes(bytes: &[u8], from: &Email, me: &Email) -> Result<Self, Reject> {
        let advert = Advert::from_json(bytes)?;
        let bad_json =
            |error: serde_json::Error| Reject::new(RejectCode::BadJson, error.to_string());
        let Beside { native, signature, bundle } =
            serde_json::from_slice(bytes).map_err(bad_json)?;
        let Some(native) = native else {
            let bundle = bundle.map(|document| Bundle::from_did(&document)).transpose();
            let bundle = bundle.map_err(|error| {
                Reject::new(RejectCode::BadJson, format!("the keys of {from}: {error}"))
            })?;
            return Ok(Hello { advert, native: None, signature: None, bundle });
        };
        if native.schema != SCHEMA {
            return Err(Reject::new(RejectCode::BadJson, "it is no hello of a known schema"));
        }
        if native.email != *from {
            let detail = format!("a hello in {from}'s folder says it is from {}", native.email);
            return Err(Reject::new(RejectCode::SenderMismatch, detail));
        }
        let bundle = match &native.keys {
            None => None,
            Some(_) if native.to.as_ref() != Some(me) => {
                let detail = format!("the hello of {from} is for somebody else");
                return Err(Reject::new(RejectCode::SenderMismatch, detail));
            }
            Some(document) => {
                let whole = serde_json::from_slice(bytes).map_err(bad_json)?;
                Some(signer(document, whole, signature.as_deref(), from)?)
            }
        };
        Ok(Hello { advert, native: Some(native), signature, bundle })
    }
}
