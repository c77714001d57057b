//! JSON as pydantic writes it, and a reader that is stricter than pydantic.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::io::{self, Write};

use serde::de::{DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::{Deserializer, Serialize};
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

use crate::codec::{Limits, float};
use crate::{Error, Reject, RejectCode, Result};

/// The known objects have up to ten keys; a peer may add some, but not without end.
const MAX_KEYS: usize = 64;
/// Longest part of a parser's complaint that is kept: it may quote content.
const MAX_DETAIL_CHARS: usize = 200;

/// Writes a value as the Python peer does, indented by two blanks or compact.
pub(crate) fn write(value: &impl Serialize, indented: bool) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let written = if indented {
        let format = PythonFloats(PrettyFormatter::new());
        value.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, format))
    } else {
        let format = PythonFloats(CompactFormatter);
        value.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, format))
    };
    match written {
        Ok(()) => Ok(bytes),
        Err(error) => Err(Error::Encode { what: "JSON", detail: error.to_string() }),
    }
}

/// Only the spelling of doubles differs between serde_json and pydantic.
struct PythonFloats<F>(F);

macro_rules! delegate {
    ($($method:ident($($flag:ident)?);)*) => {$(
        fn $method<W: ?Sized + Write>(
            &mut self, writer: &mut W $(, $flag: bool)?
        ) -> io::Result<()> {
            self.0.$method(writer $(, $flag)?)
        }
    )*};
}

impl<F: Formatter> Formatter for PythonFloats<F> {
    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(float::pydantic(value).as_bytes())
    }

    delegate! {
        begin_array();
        end_array();
        begin_array_value(first);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first);
        end_object_key();
        begin_object_value();
        end_object_value();
    }
}

/// Reads one strict document: UTF-8, no key twice, no NaN, nothing behind it,
/// nothing nested or listed beyond the limits; only then is it given a type.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8], limits: &Limits) -> Result<T, Reject> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Reject::new(RejectCode::BadJson, "it is not UTF-8"))?;
    scan(text, limits)?;
    serde_json::from_str(text).map_err(|error| reject(RejectCode::BadJson, &error))
}

fn reject(code: RejectCode, error: &serde_json::Error) -> Reject {
    let text = error.to_string();
    let mut detail: String = text.chars().take(MAX_DETAIL_CHARS).collect();
    if detail.len() < text.len() {
        detail.push('…');
    }
    Reject::new(code, detail)
}

/// Walks the document without keeping it.
fn scan(text: &str, limits: &Limits) -> Result<(), Reject> {
    let code = Cell::new(RejectCode::BadJson);
    let mut document = serde_json::Deserializer::from_str(text);
    Scan { depth: limits.depth, items: limits.changes, code: &code }
        .deserialize(&mut document)
        .and_then(|()| document.end())
        .map_err(|error| reject(code.get(), &error))
}

#[derive(Clone, Copy)]
struct Scan<'a> {
    /// How many levels may still follow.
    depth: usize,
    /// How many items a list may have.
    items: usize,
    /// Why the scan stops, when it is not the grammar.
    code: &'a Cell<RejectCode>,
}

impl Scan<'_> {
    fn stop<E: serde::de::Error>(&self, code: RejectCode, detail: impl fmt::Display) -> E {
        self.code.set(code);
        E::custom(detail)
    }

    fn below<E: serde::de::Error>(self) -> Result<Self, E> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(Scan { depth, ..self }),
            None => Err(self.stop(RejectCode::BadJson, "it is nested too deeply")),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Scan<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Scan<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let below = self.below()?;
        let mut items = 0_usize;
        while list.next_element_seed(below)?.is_some() {
            items += 1;
            if items > self.items {
                let detail = format!("a list has more than {} items", self.items);
                return Err(self.stop(RejectCode::TooLarge, detail));
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let below = self.below()?;
        let mut keys: Vec<Cow<'de, str>> = Vec::new();
        while let Some(key) = object.next_key_seed(Key)? {
            if keys.contains(&key) {
                let detail = format!("the key {:?} stands twice", shortened(&key));
                return Err(self.stop(RejectCode::DuplicateKey, detail));
            }
            keys.push(key);
            if keys.len() > MAX_KEYS {
                let detail = format!("an object has more than {MAX_KEYS} keys");
                return Err(self.stop(RejectCode::TooLarge, detail));
            }
            object.next_value_seed(below)?;
        }
        Ok(())
    }
}

fn shortened(key: &str) -> String {
    key.chars().take(40).collect()
}

/// Reads a key as it is after its escapes are resolved.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }
    fn visit_borrowed_str<E: serde::de::Error>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(key))
    }
    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}
