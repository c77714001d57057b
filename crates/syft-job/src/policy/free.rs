use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use syft_core::{DatasitePath, safe_text, shorten};

use super::json;
use super::schema::Field;

/// Largest free file, in bytes.
const MAX_BYTES: usize = 64 * 1024;
/// Of a key that the submitter chose, so many characters are shown.
const SHOWN_KEY: usize = 40;

/// Where a free file lies: a `.json` below `code/`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FreePath(String);

impl FreePath {
    /// Reads a path below the job's folder.
    ///
    /// # Errors
    /// A sentence about which files can be free.
    pub fn parse(text: &str) -> Result<FreePath, String> {
        let is_path = DatasitePath::parse(text).is_ok_and(|path| path.as_str() == text);
        match is_path && text.starts_with("code/") && text.ends_with(".json") {
            true => Ok(FreePath(text.to_owned())),
            false => {
                Err("a free file is one such as code/params.json: JSON, below code/".to_owned())
            }
        }
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for FreePath {
    type Error = String;

    fn try_from(text: String) -> Result<FreePath, String> {
        FreePath::parse(&text)
    }
}

impl From<FreePath> for String {
    fn from(path: FreePath) -> String {
        path.0
    }
}

/// What a free file may hold: one object with these keys and no other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FreeFile {
    fields: BTreeMap<String, Field>,
}

impl FreeFile {
    /// The narrowest schema that these bytes fit.
    ///
    /// # Errors
    /// A sentence about what cannot be bounded.
    pub fn exactly(bytes: &[u8]) -> Result<FreeFile, String> {
        let entry = |(key, value): (String, Value)| {
            let field = Field::exactly(&value).map_err(|why| format!("{}: {why}", shown(&key)))?;
            Ok((key, field))
        };
        let fields = read(bytes)?.into_iter().map(entry).collect::<Result<_, String>>()?;
        Ok(FreeFile { fields })
    }

    /// Whether these bytes fit.
    ///
    /// # Errors
    /// A sentence about what does not.
    pub fn check(&self, bytes: &[u8]) -> Result<(), String> {
        let entries = read(bytes)?;
        for (key, value) in &entries {
            let Some(field) = self.fields.get(key) else {
                return Err(format!("{} is no key of it", shown(key)));
            };
            field.check(value).map_err(|reason| format!("{} {reason}", shown(key)))?;
        }
        let is_there = |wanted: &String| entries.iter().any(|(key, _)| key == wanted);
        let missing = |(key, field): &(&String, &Field)| !field.is_optional() && !is_there(key);
        match self.fields.iter().find(missing) {
            Some((key, _)) => Err(format!("{} is missing", shown(key))),
            None => Ok(()),
        }
    }
}

fn read(bytes: &[u8]) -> Result<Vec<(String, Value)>, String> {
    if bytes.len() > MAX_BYTES {
        return Err("it is larger than 64 KiB".to_owned());
    }
    json::object(bytes)
}

fn shown(key: &str) -> String {
    shorten(&safe_text(key), SHOWN_KEY)
}
