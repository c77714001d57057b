use std::fmt;

use serde_json::{Map, Value};
use zeroize::Zeroize;

use super::endpoints::reject;
use crate::Result;

/// Largest file with credentials, in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// A JSON object that holds secrets: wiped when dropped, never shown.
#[derive(Clone, Default)]
pub(super) struct Document(Map<String, Value>);

impl Document {
    /// Reads an object; `what` names it in the error, which holds nothing of it.
    pub(super) fn parse(bytes: &[u8], what: &str) -> Result<Self> {
        if bytes.len() > MAX_BYTES {
            return Err(reject(what, "it is longer than 64 KiB"));
        }
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(fields)) => Ok(Document(fields)),
            Ok(mut other) => {
                wipe(&mut other);
                Err(reject(what, "it must be a JSON object"))
            }
            Err(error) => {
                let (line, column) = (error.line(), error.column());
                Err(reject(what, format!("it is no JSON (line {line}, column {column})")))
            }
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    /// A field that is a text and not empty.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// A field that must be a text.
    pub(super) fn need(&self, key: &str, what: &str) -> Result<&str> {
        self.text(key).ok_or_else(|| reject(what, format!("it has no {key}")))
    }

    /// The object in a field.
    pub(super) fn object(&self, key: &str) -> Option<Document> {
        self.get(key).and_then(Value::as_object).cloned().map(Document)
    }

    /// A number of seconds, also as a text: some servers send it so.
    pub(super) fn seconds(&self, key: &str) -> Option<f64> {
        let value = self.get(key)?;
        let text = || value.as_str().and_then(|text| text.parse().ok());
        value.as_f64().or_else(text).filter(|seconds: &f64| seconds.is_finite())
    }

    pub(super) fn set(&mut self, key: &str, value: impl Into<Value>) {
        if let Some(mut old) = self.0.insert(key.to_owned(), value.into()) {
            wipe(&mut old);
        }
    }

    pub(super) fn remove(&mut self, key: &str) {
        if let Some(mut old) = self.0.remove(key) {
            wipe(&mut old);
        }
    }

    /// The whole as JSON, secrets and all.
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string_pretty(&self.0).unwrap_or_default()
    }

    /// What it is and who takes it, for the error where something else is wanted.
    pub(super) fn nature(&self) -> &'static str {
        if self.get("installed").or_else(|| self.get("web")).is_some() {
            return "it is a client secrets file (credentials.json), which says which program asks \
                    and not who: log in with it first";
        }
        match self.text("type") {
            Some("service_account") => "it is the key of a service account",
            Some("external_account" | "external_account_authorized_user") => {
                "it is for workload or workforce identity federation, which is not supported"
            }
            Some("impersonated_service_account") => {
                "it is for impersonating a service account, which is not supported"
            }
            _ if self.is_token_file() => "it is a token file, the result of a login",
            _ => "it is none of Google's files",
        }
    }

    pub(super) fn is_token_file(&self) -> bool {
        match self.text("type") {
            None => self.get("refresh_token").or_else(|| self.get("token")).is_some(),
            Some(kind) => kind == "authorized_user",
        }
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(values) => values.iter_mut().for_each(wipe),
        Value::Object(fields) => fields.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl Drop for Document {
    fn drop(&mut self) {
        self.0.values_mut().for_each(wipe);
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({} fields)", self.0.len())
    }
}
