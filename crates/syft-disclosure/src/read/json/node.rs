//! A JSON value that keeps the order of its keys, and that no two equal keys can hide in.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::super::{NotRead, Read, Room};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    /// A number, a word of JSON or a text.
    Leaf(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

pub(super) fn parse(text: &str, room: &mut Room) -> Read<Node> {
    const INVALID: NotRead = NotRead("it is no valid JSON, or an object in it has a key twice");
    let room = RefCell::new(room);
    let mut reader = serde_json::Deserializer::from_str(text);
    let node = Seed(&room).deserialize(&mut reader).map_err(|_| INVALID)?;
    reader.end().map_err(|_| INVALID)?;
    Ok(node)
}

#[derive(Clone, Copy)]
struct Seed<'a, 'r>(&'a RefCell<&'r mut Room>);

impl Seed<'_, '_> {
    fn take<E: Error>(self) -> Result<(), E> {
        self.0.borrow_mut().take(1).map_err(|why| E::custom(why))
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_, '_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        self.take()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_, '_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Leaf(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Leaf(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Leaf(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Leaf(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Leaf(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Leaf(String::new()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut map: Vec<(String, Node)> = Vec::new();
        let mut keys = std::collections::HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            if !keys.insert(key.clone()) {
                return Err(A::Error::custom("a key twice"));
            }
            map.push((key, entries.next_value_seed(self)?));
        }
        Ok(Node::Map(map))
    }
}

/// Python writes NaN and Infinity, which are no JSON, for numbers that there are not.
pub(super) fn without_nan(text: &str) -> Cow<'_, str> {
    const WORDS: &[&str] = &["NaN", "-Infinity", "Infinity"];
    if !WORDS.iter().any(|word| text.contains(word)) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let (mut quoted, mut escaped) = (false, false);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let word = WORDS.iter().find(|word| !quoted && rest.starts_with(**word));
        let size = word.map_or(c.len_utf8(), |word| word.len());
        let (head, tail) = rest.split_at(size);
        plain.push_str(if word.is_some() { "null" } else { head });
        quoted ^= c == '"' && !escaped;
        escaped = quoted && c == '\\' && !escaped;
        rest = tail;
    }
    Cow::Owned(plain)
}
