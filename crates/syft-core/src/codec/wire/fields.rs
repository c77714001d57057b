//! The fields that several shapes share.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    Change, ChannelHead, ChannelPosition, Content, ContentHash, DatasitePath, Email, Reject,
    RejectCode, Timestamp,
};

/// Keeps "the key is absent" apart from "the key is null".
pub(super) fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// A time as a number, or as the text of one.
#[derive(Debug)]
pub(super) struct LooseTime(pub(super) Timestamp);

impl<'de> Deserialize<'de> for LooseTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TimeVisitor).map(LooseTime)
    }
}

struct TimeVisitor;

impl Visitor<'_> for TimeVisitor {
    type Value = Timestamp;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time in seconds")
    }
    fn visit_f64<E: serde::de::Error>(self, seconds: f64) -> Result<Timestamp, E> {
        Timestamp::new(seconds).map_err(E::custom)
    }
    #[expect(clippy::cast_precision_loss, reason = "as the Python peer reads an integer")]
    fn visit_i64<E: serde::de::Error>(self, seconds: i64) -> Result<Timestamp, E> {
        self.visit_f64(seconds as f64)
    }
    #[expect(clippy::cast_precision_loss, reason = "as the Python peer reads an integer")]
    fn visit_u64<E: serde::de::Error>(self, seconds: u64) -> Result<Timestamp, E> {
        self.visit_f64(seconds as f64)
    }
    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Timestamp, E> {
        Timestamp::parse(text).map_err(E::custom)
    }
}

pub(super) fn email(text: &str) -> Result<Email, Reject> {
    Email::parse(text).map_err(|error| Reject::new(RejectCode::BadEmail, error.to_string()))
}

pub(super) fn path(text: &str) -> Result<DatasitePath, Reject> {
    DatasitePath::parse(text).map_err(|error| Reject::new(RejectCode::BadPath, error.to_string()))
}

pub(super) fn old_hash(text: Option<&str>) -> Result<Option<ContentHash>, Reject> {
    text.map(ContentHash::parse)
        .transpose()
        .map_err(|error| Reject::new(RejectCode::HashMismatch, error.to_string()))
}

pub(super) fn version(version: Option<u64>) -> Result<(), Reject> {
    match version {
        None | Some(1) => Ok(()),
        Some(other) => {
            Err(Reject::new(RejectCode::BadJson, format!("version {other} of it is not known")))
        }
    }
}

/// The highest message number: what every JSON reader holds exactly.
const MAX_SEQ: u64 = 1 << 53;

/// The place of a message as keys of its own, which a Python peer ignores.
#[derive(Debug, Default, Serialize)]
pub(super) struct Place {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) prev: Option<ContentHash>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) seen_seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) seen_hash: Option<ContentHash>,
}

impl Place {
    pub(super) fn of(position: Option<&ChannelPosition>) -> Self {
        let Some(ChannelPosition { seq, prev, seen }) = position else { return Place::default() };
        let (seen_seq, seen_hash) = seen.map(|seen| (seen.seq, seen.hash)).unzip();
        Place { seq: Some(*seq), prev: *prev, seen_seq, seen_hash }
    }

    pub(super) fn position(self) -> Result<Option<ChannelPosition>, Reject> {
        let bad = |detail: &str| Err(Reject::new(RejectCode::BadJson, detail));
        let seen = match (self.seen_seq, self.seen_hash) {
            (None, None) => None,
            (Some(seq @ 1..=ChannelHead::MAX_SEEN), Some(hash)) => Some(ChannelHead { seq, hash }),
            _ => return bad("what it has seen is no message"),
        };
        match (self.seq, self.prev) {
            (Some(seq @ 1..=MAX_SEQ), prev) => Ok(Some(ChannelPosition { seq, prev, seen })),
            (Some(_), _) => bad("its seq is no message number"),
            (None, None) if seen.is_none() => Ok(None),
            (None, _) => bad("it has prev or has seen something, but no seq"),
        }
    }
}

/// The text under `content`, and the word under `content_type`.
pub(super) fn spell(content: &Content) -> (Cow<'_, str>, &'static str) {
    match content {
        Content::Text(text) => (Cow::Borrowed(text), "text"),
        Content::Binary(bytes) => (Cow::Owned(STANDARD.encode(bytes)), "binary"),
    }
}

/// Only the word `binary` matters. The base64 must be the one canonical
/// spelling: a reader that skips foreign characters would see other bytes.
pub(super) fn content(text: String, content_type: Option<&str>) -> Result<Content, Reject> {
    if content_type != Some("binary") {
        return Ok(Content::Text(text));
    }
    match STANDARD.decode(text) {
        Ok(bytes) => Ok(Content::Binary(bytes)),
        Err(error) => Err(Reject::new(RejectCode::BadJson, format!("bad base64: {error}"))),
    }
}

/// What a change or an event says about the file, before it is made to agree.
pub(super) struct LooseChange {
    pub(super) is_deleted: bool,
    pub(super) content: Option<String>,
    pub(super) content_type: Option<String>,
    /// Outer `None`: the key is absent.
    pub(super) new_hash: Option<Option<String>>,
}

impl LooseChange {
    /// One change that agrees with itself, or the contradiction (`threats.md` I1, I6).
    pub(super) fn agree(self, path: &DatasitePath) -> Result<Change, Reject> {
        let contradiction =
            |what: &str| Reject::new(RejectCode::Contradiction, format!("{path} {what}"));
        if self.is_deleted {
            return match (self.content, self.new_hash.flatten()) {
                (None, None) => Ok(Change::Delete),
                _ => Err(contradiction("is deleted and has content")),
            };
        }
        let Some(text) = self.content else {
            return Err(contradiction("is neither deleted nor has content"));
        };
        let content = content(text, self.content_type.as_deref())?;
        if let Some(claimed) = self.new_hash {
            check_hash(path, &content, claimed.as_deref())?;
        }
        Ok(Change::Write(content))
    }
}

pub(super) fn check_hash(
    path: &DatasitePath,
    content: &Content,
    claimed: Option<&str>,
) -> Result<(), Reject> {
    if claimed == Some(content.hash().to_string().as_str()) {
        return Ok(());
    }
    Err(Reject::new(RejectCode::HashMismatch, format!("the content of {path} has another hash")))
}
