use serde::{Deserialize, Serialize};
use syft_core::{Email, Reject, RejectCode};

use crate::{Error, Result};

const SCHEMA: &str = "syft/hello/1";
/// The name of the object in an inbox that is a peer request.
pub(crate) const HELLO: &str = "hello";
/// A hello is never larger, in bytes.
pub(crate) const HELLO_LIMIT: u64 = 64 * 1024;
/// The versions of the native protocol that this node speaks.
const SPOKEN: ProtocolRange = ProtocolRange { min: 1, max: 1 };

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

/// What a node says of itself: the peer request that it puts into an inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
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
}

impl Hello {
    /// What this node says of itself.
    #[must_use]
    pub fn of(email: &Email) -> Self {
        Hello {
            schema: SCHEMA.to_owned(),
            email: email.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            protocol: SPOKEN,
            capabilities: vec!["refusals".to_owned()],
        }
    }

    /// Whether the two nodes have a protocol version in common.
    #[must_use]
    pub fn is_compatible(&self) -> bool {
        self.protocol.meets(SPOKEN)
    }

    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>> {
        serde_json::to_vec_pretty(self).map_err(|error| {
            Error::Core(syft_core::Error::Encode { what: "hello", detail: error.to_string() })
        })
    }

    /// Reads what `from` said; the body must agree with the channel.
    pub(crate) fn from_bytes(bytes: &[u8], from: &Email) -> Result<Self, Reject> {
        let hello: Hello = serde_json::from_slice(bytes)
            .map_err(|error| Reject::new(RejectCode::BadJson, error.to_string()))?;
        if hello.schema != SCHEMA {
            return Err(Reject::new(RejectCode::BadJson, "it is no hello of a known schema"));
        }
        if hello.email != *from {
            let detail = format!("a hello in {from}'s folder says it is from {}", hello.email);
            return Err(Reject::new(RejectCode::SenderMismatch, detail));
        }
        Ok(Hello { version: syft_core::safe_text(&hello.version), ..hello })
    }
}
