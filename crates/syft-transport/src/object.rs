use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use syft_core::{DatasitePath, Email, Timestamp, safe_text, shorten};

use crate::{Error, Result, Space};

/// Longest part of a refused name that is shown, in characters: a listing may hold any.
const MAX_SHOWN: usize = 120;

/// The name of an object: one path component under the rules of a
/// [`DatasitePath`] (at most 200 bytes) that does not start with a dot. Names
/// out of a listing are parsed into it too (`threats.md` P12).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ObjectName(String);

impl ObjectName {
    /// Reads a name.
    ///
    /// # Errors
    /// [`Error::Permanent`] that names the broken rule.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = |reason: String| Err(Error::permanent("use", "a name of an object", reason));
        let shown = || shorten(&safe_text(&shorten(text, MAX_SHOWN)), MAX_SHOWN);
        if text.contains('/') {
            return refuse(format!("{:?} holds a slash", shown()));
        }
        if text.starts_with('.') {
            return refuse(format!("{:?} starts with a dot", shown()));
        }
        match DatasitePath::parse(text) {
            Ok(_) => Ok(ObjectName(text.to_owned())),
            Err(error) => refuse(error.to_string()),
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ObjectName {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        ObjectName::parse(text)
    }
}

impl TryFrom<String> for ObjectName {
    type Error = Error;
    fn try_from(text: String) -> Result<Self> {
        ObjectName::parse(&text)
    }
}

impl From<ObjectName> for String {
    fn from(name: ObjectName) -> String {
        name.0
    }
}

/// What a store calls one state of an object; opaque, compared for equality only.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(pub String);

/// An object as a store lists it. Everything but `space` is the store's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// Where it lies.
    pub space: Space,
    /// Its name; where a store allows twins, not unique.
    pub name: ObjectName,
    /// What the store calls it; unique in the store. Where nothing else is, its key.
    pub id: String,
    /// Bytes.
    pub size: u64,
    /// Its state, for [`PutMode::Replace`](crate::PutMode::Replace); `None`
    /// where the store has no versions.
    pub version: Option<Version>,
    /// Who put it, as the provider states it; `None` where it does not say: then its seal
    /// alone tells.
    pub owner: Option<Email>,
    /// When it came there, by the store's clock; `None` costs nothing but that it is not shown.
    pub created: Option<Timestamp>,
}

/// The key, as `syft-1/log/alice@example.org/name`.
impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.space, self.name)
    }
}
