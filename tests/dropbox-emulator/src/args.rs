//! The arguments of a call. What is unknown is refused, as Dropbox does.

use serde_json::{Map, Value};
use syft_loopback::{Millis, Request, from_text};

use crate::error::{Error, Result};

/// The tag of a union, and its fields if it is more than its tag.
pub(crate) type Union<'a> = (&'a str, Option<&'a Map<String, Value>>);

/// The arguments, and how to speak of them.
#[derive(Debug, Clone)]
pub(crate) struct Args {
    /// `Error in call to API function "files/upload": request body: `.
    about: String,
    fields: Map<String, Value>,
}

impl Args {
    /// Those in the body of a call to `api.dropboxapi.com`.
    pub(crate) fn of_body(call: &str, request: &Request) -> Result<Self> {
        let about = format!("{}request body: ", in_call(call));
        let kind = request.header("content-type").unwrap_or_default();
        let is_json = ["application/json", "application/json; charset=utf-8"]
            .iter()
            .any(|good| kind.eq_ignore_ascii_case(good));
        if !is_json {
            let text = format!(
                "{}Bad HTTP \"Content-Type\" header: \"{kind}\".  Expecting one of \
                 \"application/json\", \"application/json; charset=utf-8\", \
                 \"text/plain; charset=dropbox-cors-hack\".",
                in_call(call)
            );
            return Err(Error::bad(text));
        }
        Args::read(about, &request.body)
    }

    /// Those in the header, or else in the URL, of a call to `content.dropboxapi.com`.
    pub(crate) fn of_header(call: &str, request: &Request) -> Result<Self> {
        if let Some(value) = request.headers.get("dropbox-api-arg") {
            let about = format!("{}HTTP header \"Dropbox-API-Arg\": ", in_call(call));
            if !value.as_bytes().is_ascii() {
                return Err(Error::bad(format!("{about}could not decode input as JSON")));
            }
            return Args::read(about, value.as_bytes());
        }
        let Some(text) = request.params.get("arg") else {
            let what = "Must provide HTTP header \"Dropbox-API-Arg\" or URL parameter \"arg\".";
            return Err(Error::bad(format!("{}{what}", in_call(call))));
        };
        Args::read(format!("{}URL parameter \"arg\": ", in_call(call)), text.as_bytes())
    }

    fn read(about: String, text: &[u8]) -> Result<Self> {
        match serde_json::from_slice(text) {
            Ok(Value::Object(fields)) => Ok(Args { about, fields }),
            Ok(_) => Err(Error::bad(format!("{about}expected object"))),
            Err(_) => Err(Error::bad(format!("{about}could not decode input as JSON"))),
        }
    }

    /// Refuses any field but these.
    pub(crate) fn known(self, names: &[&str]) -> Result<Self> {
        match self.fields.keys().find(|name| !names.contains(&name.as_str())) {
            Some(name) => Err(self.wrong(&format!("unknown field '{name}'"))),
            None => Ok(self),
        }
    }

    /// A refusal that says where.
    pub(crate) fn wrong(&self, what: &str) -> Error {
        Error::bad(format!("{}{what}", self.about))
    }

    /// A field that must be there.
    pub(crate) fn text(&self, name: &str) -> Result<&str> {
        let missing = || self.wrong(&format!("missing required field '{name}'"));
        self.maybe_text(name)?.ok_or_else(missing)
    }

    pub(crate) fn maybe_text(&self, name: &str) -> Result<Option<&str>> {
        match self.fields.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(&format!("{name}: expected string"))),
        }
    }

    /// A switch, off unless it is on.
    pub(crate) fn flag(&self, name: &str) -> Result<bool> {
        match self.fields.get(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(on)) => Ok(*on),
            Some(_) => Err(self.wrong(&format!("{name}: expected boolean"))),
        }
    }

    pub(crate) fn number(&self, name: &str, least: u64, most: u64) -> Result<Option<u64>> {
        match self.fields.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                let number = value.as_u64().filter(|number| (least..=most).contains(number));
                let wrong = || self.wrong(&format!("{name}: not within [{least}, {most}]"));
                number.map(Some).ok_or_else(wrong)
            }
        }
    }

    /// A time like `2015-05-12T15:50:38Z`.
    pub(crate) fn time(&self, name: &str) -> Result<Option<Millis>> {
        let Some(text) = self.maybe_text(name)? else { return Ok(None) };
        let time = (text.len() == 20 && text.ends_with('Z')).then(|| from_text(text)).flatten();
        let format = "does not match format '%Y-%m-%dT%H:%M:%SZ'";
        time.map(Some).ok_or_else(|| self.wrong(&format!("{name}: time data '{text}' {format}")))
    }

    /// A union. A tag with nothing more may stand alone, as a text.
    pub(crate) fn union(&self, name: &str) -> Result<Option<Union<'_>>> {
        match self.fields.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(tag)) => Ok(Some((tag, None))),
            Some(Value::Object(fields)) => match fields.get(".tag") {
                Some(Value::String(tag)) => Ok(Some((tag, Some(fields)))),
                _ => Err(self.wrong(&format!("{name}: missing '.tag' key"))),
            },
            Some(_) => Err(self.wrong(&format!("{name}: expected object or string"))),
        }
    }

    /// An object that must be there.
    pub(crate) fn inner(&self, name: &str) -> Result<Args> {
        match self.fields.get(name) {
            Some(Value::Object(fields)) => {
                Ok(Args { about: format!("{}{name}: ", self.about), fields: fields.clone() })
            }
            Some(_) => Err(self.wrong(&format!("{name}: expected object"))),
            None => Err(self.wrong(&format!("missing required field '{name}'"))),
        }
    }

    /// A list of objects that must be there.
    pub(crate) fn list(&self, name: &str, most: usize) -> Result<Vec<Args>> {
        let Some(Value::Array(values)) = self.fields.get(name) else {
            return Err(self.wrong(&format!("{name}: expected list")));
        };
        if values.len() > most {
            return Err(self.wrong(&format!("{name}: has more than {most} items")));
        }
        let about = format!("{}{name}: ", self.about);
        let inner = |value: &Value| match value {
            Value::Object(fields) => Ok(Args { about: about.clone(), fields: fields.clone() }),
            _ => Err(self.wrong(&format!("{name}: expected object"))),
        };
        values.iter().map(inner).collect()
    }
}

/// The beginning of what is said of a call that is none.
pub(crate) fn in_call(call: &str) -> String {
    format!("Error in call to API function \"{call}\": ")
}
