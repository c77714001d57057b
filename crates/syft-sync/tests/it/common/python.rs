//! A participant who runs the Python client: its words, without its program.

use std::collections::BTreeMap;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use syft_core::{Advert, Change, Content, Email, FileChangeEventsMessage, Timestamp};
use syft_transport::{MemoryStore, Space, Transport as _};
use uuid::Uuid;

use super::{Member, forge, inbox, keys_of};

/// The advert of a Python client of this version.
pub(crate) fn advert(version: &str) -> Vec<u8> {
    Advert::of(version, Timestamp::EPOCH).to_json().unwrap()
}

/// Somebody with a Python client asks, and is accepted.
pub(crate) async fn connect(store: &MemoryStore, owner: &Member, who: &Email) {
    let space = inbox(owner.email.clone(), who.clone());
    store.plant(&space, "hello", advert("0.10.0"), Some(who.clone()));
    owner.manager.approve_peer_request(who, true).await.unwrap();
}

/// The same of one who seals: its advert and its keys lie in its profile. The owner's
/// transport is one where such clients meet.
pub(crate) async fn connect_sealing(store: &MemoryStore, owner: &Member, who: &Email) {
    let python = store.user(who.clone());
    let keys = keys_of(who).keys(who).unwrap();
    let keys = json!({ "public_encryption_bundle": keys.bundle().to_did(who).unwrap() });
    let profile = Space::Profile { owner: who.clone() };
    for (name, body) in [
        ("SYFT_version.json".to_owned(), advert("0.10.0")),
        (format!("encryption_bundle_{who}_for_{}.json", owner.email), keys.to_string().into()),
    ] {
        store.plant(&profile, &name, body, Some(who.clone()));
    }
    python.sharing().unwrap().grant(&profile, &(&owner.email).into()).await.unwrap();
    python.open(&inbox(owner.email.clone(), who.clone())).await.unwrap();
    owner.manager.approve_peer_request(who, true).await.unwrap();
}

/// A vector of the Python client.
pub(crate) fn fixture(name: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The bytes of a file as a vector has them.
pub(crate) fn bytes(content: &Value) -> Vec<u8> {
    match content {
        Value::String(text) => text.clone().into_bytes(),
        other => STANDARD.decode(other["b64"].as_str().unwrap()).unwrap(),
    }
}

/// Files with their bytes, as a vector has them.
pub(crate) fn files(listed: &Value) -> BTreeMap<String, Vec<u8>> {
    let listed = listed.as_object().unwrap().iter();
    listed.map(|(path, content)| (path.clone(), bytes(content))).collect()
}

/// A proposal as a Python client writes it; what `described` does not say is as the
/// client would fill it in. Returns the name and the bytes.
pub(crate) fn proposal(number: u32, owner: &str, described: &Value) -> (String, Vec<u8>) {
    let at = 1_773_480_413.5 + f64::from(number);
    let uid = Uuid::from_u128(0xb0b0 + u128::from(number)).to_string();
    let changes = described["changes"].as_array().unwrap().iter();
    let changes: Vec<Value> = (0_u32..)
        .zip(changes)
        .map(|(place, it)| change(number * 100 + place, at, owner, it))
        .collect();
    let body = json!({
        "id": Uuid::from_u128(0xa0a0 + u128::from(number)),
        "sender_email": described["sender"],
        "message_filename": { "submitted_timestamp": at, "uid": uid },
        "proposed_file_changes": changes,
    });
    let name = described["filename"].as_str().map(str::to_owned);
    let name = name.unwrap_or_else(|| format!("msgv2_{at:?}_{uid}.tar.gz"));
    let bytes = match described["raw_b64"].as_str() {
        Some(raw) => STANDARD.decode(raw).unwrap(),
        None => forge::pack(serde_json::to_string_pretty(&body).unwrap().as_bytes()),
    };
    (name, bytes)
}

fn change(number: u32, at: f64, owner: &str, described: &Value) -> Value {
    let content = match &described["content"] {
        Value::Null => None,
        content => Some(Content::from_bytes(bytes(content))),
    };
    let (spelled, kind) = match &content {
        None => (Value::Null, Value::Null),
        Some(content) => match std::str::from_utf8(content.as_bytes()) {
            Ok(text) => (json!(text), json!("text")),
            Err(_) => (json!(STANDARD.encode(content.as_bytes())), json!("binary")),
        },
    };
    let mut change = json!({
        "id": Uuid::from_u128(0xc0c0 + u128::from(number)),
        "old_hash": null,
        "new_hash": content.map(|content| content.hash()),
        "submitted_timestamp": at,
        "path_in_datasite": described["path_in_datasite"],
        "content": spelled,
        "datasite_email": owner,
        "is_deleted": false,
        "content_type": kind,
    });
    for key in ["old_hash", "new_hash", "datasite_email", "is_deleted"] {
        if let Some(said) = described.get(key) {
            change[key] = said.clone();
        }
    }
    change["path_in_datasite"] = json!(as_pathlib(described["path_in_datasite"].as_str().unwrap()));
    change
}

/// A path is written as `pathlib` spells it: `.`, empty segments and a `/` at the end
/// are gone before it is sent, `..` stays.
fn as_pathlib(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let root = if path.starts_with('/') { "/" } else { "" };
    format!("{root}{}", parts.join("/"))
}

/// What a vector says of the events of one message, whatever their order; ids and
/// times are left out. A Python client may say the same twice.
pub(crate) fn events(message: &FileChangeEventsMessage) -> BTreeMap<String, Value> {
    let events = message.events.iter().map(|event| {
        let content = match &event.change {
            Change::Delete => Value::Null,
            Change::Write(content) => match std::str::from_utf8(content.as_bytes()) {
                Ok(text) => json!(text),
                Err(_) => json!({ "b64": STANDARD.encode(content.as_bytes()) }),
            },
        };
        json!({
            "path": event.path,
            "datasite": event.datasite,
            "content": content,
            "old_hash": event.old_hash,
            "new_hash": event.new_hash(),
            "is_deleted": event.change.is_delete(),
        })
    });
    by_path(events)
}

/// The events of one message as a vector has them; of two of one path the later one.
pub(crate) fn expected_events(message: &Value) -> BTreeMap<String, Value> {
    by_path(message.as_array().unwrap().iter().cloned())
}

fn by_path(events: impl Iterator<Item = Value>) -> BTreeMap<String, Value> {
    events.map(|event| (event["path"].as_str().unwrap().to_owned(), event)).collect()
}
