//! Objects of JSON as a free file holds one: strictly one, and no key twice.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Value;

/// An object in which no key stands twice: readers differ in which one they take.
struct Strict(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(StrictVisitor)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Strict;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Strict, A::Error> {
        let mut entries: Vec<(String, Value)> = Vec::new();
        while let Some((key, value)) = map.next_entry::<String, Value>()? {
            if entries.iter().any(|(known, _)| *known == key) {
                return Err(A::Error::custom("a key stands in it twice"));
            }
            entries.push((key, value));
        }
        Ok(Strict(entries))
    }
}

/// The entries of a text that is one object.
pub(super) fn object(bytes: &[u8]) -> Result<Vec<(String, Value)>, String> {
    let read: Result<Strict, _> = serde_json::from_slice(bytes);
    // What the text says is the submitter's: the reason names only where it stands.
    read.map(|strict| strict.0).map_err(|error| {
        format!("it is not one JSON object (line {}, column {})", error.line(), error.column())
    })
}
