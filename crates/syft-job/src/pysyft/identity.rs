use std::fmt;

use serde::{Deserialize, Deserializer, de};
use syft_core::{DatasitePath, yaml};

use crate::Result;

pub(super) const VERSION: &str = "1";

/// Which version of the job protocol a file was written in (`protocol.md` d.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Files that do not say what they are.
    Zero,
    /// Files that name themselves and their version, below a folder `v1`.
    One,
}

impl Protocol {
    /// The protocol of what lies there.
    pub(crate) fn of_place(place: &DatasitePath) -> Self {
        match place.components().any(|component| component == "v1") {
            true => Protocol::One,
            false => Protocol::Zero,
        }
    }
}

/// What a file of protocol 1 says of itself; one of protocol 0 may leave it out.
#[derive(Debug, Deserialize)]
struct Identity {
    #[serde(default)]
    canonical_name: Option<Word>,
    #[serde(default)]
    version: Option<Word>,
}

/// Text, told from a number that looks the same.
#[derive(Debug)]
enum Word {
    Text(String),
    Other,
}

/// Whether a file is what it must be to be read: of this name, and of a version
/// that there is.
pub(super) fn check(text: &str, name: &str, protocol: Protocol) -> Result<Option<String>> {
    let found: Identity = yaml::from_str(text)?;
    let parts =
        [("canonical_name", found.canonical_name, name), ("version", found.version, VERSION)];
    Ok(parts.into_iter().find_map(|(key, found, expected)| match found {
        None if protocol == Protocol::Zero => None,
        None => Some(format!("it has no {key}, which a job below v1/ must have")),
        Some(Word::Text(text)) if text == expected => None,
        Some(_) => Some(format!("its {key} is not the text {expected:?}")),
    }))
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(WordVisitor)
    }
}

struct WordVisitor;

impl de::Visitor<'_> for WordVisitor {
    type Value = Word;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a word")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Word, E> {
        Ok(Word::Text(text.to_owned()))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Word, E> {
        Ok(Word::Other)
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Word, E> {
        Ok(Word::Other)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Word, E> {
        Ok(Word::Other)
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Word, E> {
        Ok(Word::Other)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Word, E> {
        Ok(Word::Other)
    }
}
