use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{safe_text, shorten};

/// Longest reason that is kept, in characters: a peer has a say in it.
const MAX_DETAIL: usize = 500;

/// Why bytes of a peer were not accepted; the word stands in quarantine, in
/// refusals and in the audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RejectCode {
    /// Not a gzip of a tar with exactly the one known member.
    BadContainer,
    /// Not the one strict JSON document of the known shape, or nested too deeply.
    BadJson,
    /// A JSON key stands twice in one object.
    DuplicateKey,
    /// Unpacked size, ratio or number of changes above the limit.
    TooLarge,
    /// A path that breaks the rules of `DatasitePath`.
    BadPath,
    /// An address that breaks the rules of `Email`.
    BadEmail,
    /// A file name that is not of the message grammar.
    BadName,
    /// Two names that one file system would merge.
    NameCollision,
    /// The body names another sender than the channel.
    SenderMismatch,
    /// The body names another datasite than the channel.
    DatasiteMismatch,
    /// The hash named is not the hash of the content.
    HashMismatch,
    /// A deletion with content, or a change with neither.
    Contradiction,
    /// `old_hash` is not what the owner has.
    Conflict,
    /// The sender may not write there.
    PermissionDenied,
    /// The file stood in a folder of another participant.
    ForeignFile,
    /// A sequence number or predecessor that does not fit what came before.
    OutOfOrder,
    /// A job changed after its run had started.
    Frozen,
    /// Bytes in the open, of somebody who seals all that they send.
    NotSealed,
    /// Something sealed that is not of the one in whose folder it lies, or that was
    /// changed, put under another name since, or sealed for keys that are gone.
    Forged,
}

impl RejectCode {
    /// Whether it tells that somebody writes in the place of others.
    #[must_use]
    pub fn is_forgery(self) -> bool {
        matches!(self, RejectCode::NotSealed | RejectCode::Forged)
    }

    /// The word as it is stored, `bad_container`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            RejectCode::BadContainer => "bad_container",
            RejectCode::BadJson => "bad_json",
            RejectCode::DuplicateKey => "duplicate_key",
            RejectCode::TooLarge => "too_large",
            RejectCode::BadPath => "bad_path",
            RejectCode::BadEmail => "bad_email",
            RejectCode::BadName => "bad_name",
            RejectCode::NameCollision => "name_collision",
            RejectCode::SenderMismatch => "sender_mismatch",
            RejectCode::DatasiteMismatch => "datasite_mismatch",
            RejectCode::HashMismatch => "hash_mismatch",
            RejectCode::Contradiction => "contradiction",
            RejectCode::Conflict => "conflict",
            RejectCode::PermissionDenied => "permission_denied",
            RejectCode::ForeignFile => "foreign_file",
            RejectCode::OutOfOrder => "out_of_order",
            RejectCode::Frozen => "frozen",
            RejectCode::NotSealed => "not_sealed",
            RejectCode::Forged => "forged",
        }
    }
}

impl fmt::Display for RejectCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Bytes of a peer that were not accepted, and the reason in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{code}: {detail}")]
pub struct Reject {
    /// The reason as a word for programs.
    pub code: RejectCode,
    /// The reason in words for people; foreign text in it is made safe to show.
    pub detail: String,
}

impl Reject {
    /// A rejection; `detail` passes through [`safe_text`](crate::safe_text) and is
    /// cut after 500 characters.
    #[must_use]
    pub fn new(code: RejectCode, detail: impl AsRef<str>) -> Self {
        // Cut twice: made visible, a character may become twelve.
        let start = shorten(detail.as_ref(), MAX_DETAIL);
        Reject { code, detail: shorten(&safe_text(&start), MAX_DETAIL) }
    }
}
