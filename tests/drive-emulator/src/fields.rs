//! Masks: `nextPageToken,files(id,owners/emailAddress)`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::schema::Kind;

/// How deep a mask may go.
const DEPTH: usize = 20;

/// What of an answer is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mask {
    All,
    Some(BTreeMap<String, Mask>),
}

impl Mask {
    /// Reads a mask and checks its names against what there is.
    pub(crate) fn read(text: &str, kind: &Kind) -> Result<Self> {
        let mut reader = Reader { rest: text, depth: 0 };
        let mask = reader.list().filter(|_| reader.rest.is_empty());
        let mask = mask.ok_or_else(|| Error::bad_field(text))?;
        mask.check(kind)?;
        Ok(mask)
    }

    fn check(&self, kind: &Kind) -> Result<()> {
        let Mask::Some(parts) = self else { return Ok(()) };
        for (name, inner) in parts {
            match kind.field(name) {
                Some(below) => inner.check(below)?,
                None if name == "*" => inner.check(kind)?,
                None => return Err(Error::bad_field(name)),
            }
        }
        Ok(())
    }

    /// The wanted part of a value. A list is masked line by line.
    pub(crate) fn apply(&self, value: &Value) -> Value {
        let Mask::Some(parts) = self else { return value.clone() };
        match value {
            Value::Array(lines) => lines.iter().map(|line| self.apply(line)).collect(),
            Value::Object(object) => {
                let mut kept = Map::new();
                for (name, inner) in object {
                    if let Some(mask) = parts.get(name).or_else(|| parts.get("*")) {
                        kept.insert(name.clone(), mask.apply(inner));
                    }
                }
                Value::Object(kept)
            }
            plain => plain.clone(),
        }
    }

    /// Both masks together.
    fn with(self, other: Mask) -> Mask {
        match (self, other) {
            (Mask::Some(mut one), Mask::Some(other)) => {
                for (name, mask) in other {
                    let joined = match one.remove(&name) {
                        Some(known) => known.with(mask),
                        None => mask,
                    };
                    one.insert(name, joined);
                }
                Mask::Some(one)
            }
            _ => Mask::All,
        }
    }
}

#[derive(Debug)]
struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn list(&mut self) -> Option<Mask> {
        let mut mask = self.path()?;
        while self.take(',') {
            mask = mask.with(self.path()?);
        }
        Some(mask)
    }

    fn path(&mut self) -> Option<Mask> {
        self.depth += 1;
        let name = self.name()?;
        let inner = if self.depth > DEPTH {
            return None;
        } else if self.take('/') {
            self.path()?
        } else if self.take('(') {
            let list = self.list()?;
            self.take(')').then_some(list)?
        } else {
            Mask::All
        };
        self.depth -= 1;
        if name == "*" && inner == Mask::All {
            return Some(Mask::All);
        }
        Some(Mask::Some(BTreeMap::from([(name.to_owned(), inner)])))
    }

    fn name(&mut self) -> Option<&'a str> {
        self.rest = self.rest.trim_start();
        let is_part = |c: char| c.is_ascii_alphanumeric() || "*_-".contains(c);
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest.trim_start();
        (!name.is_empty()).then_some(name)
    }

    fn take(&mut self, sign: char) -> bool {
        self.rest = self.rest.trim_start();
        let Some(rest) = self.rest.strip_prefix(sign) else { return false };
        self.rest = rest.trim_start();
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::Mask;
    use crate::schema::{FILE, FILE_LIST};

    #[test]
    fn masks_reach_into_lists() {
        let value = json!({"kind": "k", "nextPageToken": "t", "files": [
            {"id": "1", "name": "n", "owners": [{"emailAddress": "a", "me": true}]}]});
        for (mask, expected) in [
            (
                "files(id, name), nextPageToken",
                json!({"nextPageToken": "t", "files": [{"id": "1", "name": "n"}]}),
            ),
            (
                "files(owners(emailAddress))",
                json!({"files": [{"owners": [{"emailAddress": "a"}]}]}),
            ),
            ("files/owners/emailAddress", json!({"files": [{"owners": [{"emailAddress": "a"}]}]})),
            ("files/id,files/name", json!({"files": [{"id": "1", "name": "n"}]})),
            ("files(id,owners/me)", json!({"files": [{"id": "1", "owners": [{"me": true}]}]})),
            ("kind,files(*)", json!({"kind": "k", "files": value["files"]})),
            ("*", value.clone()),
        ] {
            let mask = Mask::read(mask, &FILE_LIST).unwrap();
            assert_eq!(mask.apply(&value), expected, "{mask:?}");
        }
    }

    #[test]
    fn what_is_no_mask_is_refused() {
        for text in [
            "",
            ",",
            "id,",
            "files(id",
            "files)",
            "nothing",
            "files(nothing)",
            "id name",
            "files()",
        ] {
            assert!(Mask::read(text, &FILE_LIST).is_err(), "{text:?}");
        }
        assert!(Mask::read("appProperties/anything", &FILE).is_ok());
        assert!(Mask::read(&"owners(".repeat(10_000), &FILE).is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[a-z*/(), ]{0,60}|\\PC{0,40}") {
            let _ = Mask::read(&text, &FILE_LIST);
        }
    }
}
