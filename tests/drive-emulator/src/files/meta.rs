//! What a client says of a file in the body of a request.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use syft_loopback::{Millis, from_text};

use crate::error::{Error, Result};
use crate::item::{Id, Item};

/// Google's limit for a property: key and value in UTF-8.
const PROPERTY_BYTES: usize = 124;
/// Google's limit for the properties of a client on a file, and for the public ones.
const PROPERTIES: usize = 30;

/// Values to set; what is not said stays.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meta {
    pub(crate) id: Option<Id>,
    pub(crate) name: Option<String>,
    pub(crate) mime: Option<String>,
    pub(crate) parents: Option<Vec<Id>>,
    pub(crate) trashed: Option<bool>,
    starred: Option<bool>,
    description: Option<String>,
    created: Option<Millis>,
    pub(crate) modified: Option<Millis>,
    /// None deletes.
    properties: BTreeMap<String, Option<String>>,
    app_properties: BTreeMap<String, Option<String>>,
}

impl Meta {
    /// Reads the body of a request; an empty one says nothing.
    pub(crate) fn read(body: &[u8]) -> Result<Self> {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Meta::default());
        }
        let value: Value = serde_json::from_slice(body).map_err(|_| Error::parse())?;
        let fields = value.as_object().ok_or_else(Error::parse)?;
        Ok(Meta {
            id: text(fields, "id")?,
            name: text(fields, "name")?,
            mime: text(fields, "mimeType")?,
            parents: list(fields, "parents")?,
            trashed: truth(fields, "trashed")?,
            starred: truth(fields, "starred")?,
            description: text(fields, "description")?,
            created: time(fields, "createdTime")?,
            modified: time(fields, "modifiedTime")?,
            properties: properties(fields, "properties")?,
            app_properties: properties(fields, "appProperties")?,
        })
    }

    /// Whether it says more than where a file lies or whether it is in the trash.
    pub(crate) fn changes_the_file(&self) -> bool {
        self.name.is_some()
            || self.mime.is_some()
            || self.description.is_some()
            || !self.properties.is_empty()
            || !self.app_properties.is_empty()
    }

    /// Sets all but the place and the id.
    pub(crate) fn apply(&self, item: &mut Item, client: &str) -> Result<()> {
        set(&mut item.name, self.name.as_ref());
        set(&mut item.mime, self.mime.as_ref());
        set(&mut item.trashed, self.trashed.as_ref());
        set(&mut item.starred, self.starred.as_ref());
        set(&mut item.created, self.created.as_ref());
        set(&mut item.modified, self.modified.as_ref());
        if let Some(text) = &self.description {
            item.description = Some(text.clone()).filter(|text| !text.is_empty());
        }
        for (key, value) in &self.properties {
            put(&mut item.properties, key.clone(), value.as_ref());
        }
        for (key, value) in &self.app_properties {
            put(&mut item.app_properties, (client.to_owned(), key.clone()), value.as_ref());
        }
        let own = item.app_properties.keys().filter(|(of, _)| of == client).count();
        if own > PROPERTIES || item.properties.len() > PROPERTIES {
            return Err(Error::bad_request("The number of properties exceeds the limit."));
        }
        Ok(())
    }
}

fn set<T: Clone>(place: &mut T, value: Option<&T>) {
    if let Some(value) = value {
        place.clone_from(value);
    }
}

fn put<K: Ord>(map: &mut BTreeMap<K, String>, key: K, value: Option<&String>) {
    match value {
        Some(value) => map.insert(key, value.clone()),
        None => map.remove(&key),
    };
}

/// A field that is there and not null.
fn given<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    fields.get(name).filter(|value| !value.is_null())
}

fn text(fields: &Map<String, Value>, name: &'static str) -> Result<Option<String>> {
    let Some(value) = given(fields, name) else { return Ok(None) };
    value.as_str().map(|text| Some(text.to_owned())).ok_or_else(|| Error::invalid(name))
}

fn truth(fields: &Map<String, Value>, name: &'static str) -> Result<Option<bool>> {
    let Some(value) = given(fields, name) else { return Ok(None) };
    value.as_bool().map(Some).ok_or_else(|| Error::invalid(name))
}

fn time(fields: &Map<String, Value>, name: &'static str) -> Result<Option<Millis>> {
    let Some(text) = text(fields, name)? else { return Ok(None) };
    from_text(&text).map(Some).ok_or_else(|| Error::invalid(name))
}

fn list(fields: &Map<String, Value>, name: &'static str) -> Result<Option<Vec<Id>>> {
    let Some(value) = given(fields, name) else { return Ok(None) };
    let lines = value.as_array().ok_or_else(|| Error::invalid(name))?;
    let text = |line: &Value| line.as_str().map(str::to_owned).ok_or_else(|| Error::invalid(name));
    lines.iter().map(text).collect::<Result<_>>().map(Some)
}

fn properties(
    fields: &Map<String, Value>,
    name: &'static str,
) -> Result<BTreeMap<String, Option<String>>> {
    let Some(value) = given(fields, name) else { return Ok(BTreeMap::new()) };
    let lines = value.as_object().ok_or_else(|| Error::invalid(name))?;
    let mut read = BTreeMap::new();
    for (key, value) in lines {
        let value = match value {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            _ => return Err(Error::invalid(name)),
        };
        if key.len() + value.as_ref().map_or(0, String::len) > PROPERTY_BYTES {
            return Err(Error::bad_request("The size of a property exceeds the limit."));
        }
        read.insert(key.clone(), value);
    }
    Ok(read)
}
