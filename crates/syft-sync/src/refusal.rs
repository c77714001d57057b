use serde::{Deserialize, Serialize};
use syft_core::{ChannelHead, ContentHash, DatasitePath, Reject, RejectCode, Timestamp};
use syft_transport::ObjectName;
use uuid::Uuid;

use crate::ledger::Head;
use crate::{Error, Result};

const SCHEMA: &str = "syft/refusal/1";
const PREFIX: &str = "refusal_";
const SUFFIX: &str = ".json";

/// What an owner tells a peer whose message was refused in whole or part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Refusal {
    schema: String,
    /// The message that was refused.
    pub message: Uuid,
    /// The reason as a word.
    pub code: RejectCode,
    /// The reason in words.
    pub detail: String,
    /// Whether nothing of the message was taken. The changes that are not named
    /// are then not to blame, and may be proposed again.
    #[serde(default)]
    pub whole: bool,
    /// Which changes are to blame; none if the message could not be read.
    pub paths: Vec<RefusedPath>,
    /// When.
    pub at: Timestamp,
    /// The newest message that the owner has of the sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Head>,
}

/// One change that was not taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RefusedPath {
    /// The file.
    pub path: DatasitePath,
    /// What it was to hold; `None` for a deletion.
    pub hash: Option<ContentHash>,
    /// Why.
    pub code: RejectCode,
}

impl Refusal {
    /// A refusal of a message.
    #[must_use]
    pub(crate) fn new(
        message: Uuid,
        reject: &Reject,
        whole: bool,
        paths: Vec<RefusedPath>,
        at: Timestamp,
    ) -> Self {
        let (code, detail) = (reject.code, reject.detail.clone());
        Refusal { schema: SCHEMA.to_owned(), message, code, detail, whole, paths, at, seen: None }
    }

    /// The same with the newest message that the owner has of the sender.
    #[must_use]
    pub(crate) fn having(mut self, seen: Option<Head>) -> Self {
        self.seen = seen;
        self
    }

    /// Whether an object of an outbox is a refusal, by its name.
    #[must_use]
    pub(crate) fn is_name(name: &str) -> bool {
        name.strip_prefix(PREFIX)
            .and_then(|rest| rest.strip_suffix(SUFFIX))
            .is_some_and(|id| Uuid::parse_str(id).is_ok())
    }

    /// The name of the object that carries it.
    ///
    /// # Errors
    /// None in practice: a UUID is a good name.
    pub(crate) fn object_name(&self) -> Result<ObjectName> {
        Ok(ObjectName::parse(&format!("{PREFIX}{}{SUFFIX}", self.message))?)
    }

    /// As JSON.
    ///
    /// # Errors
    /// None in practice.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>> {
        serde_json::to_vec_pretty(self).map_err(|error| {
            Error::Core(syft_core::Error::Encode { what: "refusal", detail: error.to_string() })
        })
    }

    /// Reads one.
    ///
    /// # Errors
    /// [`Reject`] for anything that is no refusal.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, Reject> {
        let refusal: Refusal = serde_json::from_slice(bytes)
            .map_err(|error| Reject::new(RejectCode::BadJson, error.to_string()))?;
        if refusal.schema != SCHEMA {
            return Err(Reject::new(RejectCode::BadJson, "it is no refusal of a known schema"));
        }
        if refusal.seen.is_some_and(|seen| !(1..=ChannelHead::MAX_SEEN).contains(&seen.seq)) {
            return Err(Reject::new(RejectCode::BadJson, "what it has seen is no message"));
        }
        let detail = Reject::new(refusal.code, &refusal.detail).detail;
        Ok(Refusal { detail, ..refusal })
    }
}
