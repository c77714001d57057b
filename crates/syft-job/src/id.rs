use std::fmt;

use serde::{Deserialize, Serialize};
use syft_core::ContentHash;

/// The name of a job for life: the first 12 hex digits of the submission digest
/// of its first revision.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JobId(String);

impl JobId {
    /// The id of a job whose first revision has this submission digest.
    #[must_use]
    pub fn of(first: &ContentHash) -> Self {
        JobId(first.short())
    }

    /// Reads an id; `None` unless it is 12 lower-case hex digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        (text.len() == 12 && text.bytes().all(is_hex)).then(|| JobId(text.to_owned()))
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for JobId {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        JobId::parse(&text).ok_or_else(|| "a job id is 12 lower-case hex digits".to_owned())
    }
}

impl From<JobId> for String {
    fn from(id: JobId) -> String {
        id.0
    }
}
