//! Messages as a hostile peer or store makes them.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use syft_core::codec::encode_proposal;
use syft_core::{
    Change, Content, ContentHash, DatasitePath, Email, ProposalName, ProposedFileChange,
    ProposedFileChangesMessage, Timestamp,
};
use uuid::Uuid;

use super::{alice, bob};

pub(crate) const MEMBER: &str = "proposed_file_changes.json";

/// A message of Bob to Alice that is all right but for what a test changes.
pub(crate) fn proposal(number: u32, path: &str, content: &str) -> ProposedFileChangesMessage {
    let id = message_id(number);
    let at = Timestamp::new(1_780_000_000.0 + f64::from(number)).unwrap();
    ProposedFileChangesMessage {
        id,
        sender: bob(),
        name: ProposalName::new(at, id),
        changes: vec![change(number, path, content, None)],
        position: None,
    }
}

pub(crate) fn message_id(number: u32) -> Uuid {
    Uuid::from_u128(0xb0b0_0000_0000 + u128::from(number))
}

pub(crate) fn change(
    number: u32,
    path: &str,
    content: &str,
    old: Option<&str>,
) -> ProposedFileChange {
    ProposedFileChange {
        id: Uuid::from_u128(0xc0c0_0000_0000 + u128::from(number)),
        path: DatasitePath::parse(path).unwrap(),
        datasite: alice(),
        change: Change::Write(Content::from_bytes(content.as_bytes().to_vec())),
        old_hash: old.map(|old| ContentHash::of(old.as_bytes())),
        submitted: Timestamp::new(1_780_000_000.0).unwrap(),
    }
}

/// A harmless message as JSON, for a test to spoil.
pub(crate) fn document(number: u32) -> Value {
    let path = format!("jobs/{}/forged/run.sh", bob());
    unpack(&encode_proposal(&proposal(number, &path, "echo forged\n")).unwrap())
}

/// The name under which message `number` stands in the inbox.
pub(crate) fn name(number: u32) -> String {
    proposal(number, "x", "").name.to_string()
}

pub(crate) fn set(mut document: Value, pointer: &str, value: impl Into<Value>) -> Value {
    *document.pointer_mut(pointer).unwrap() = value.into();
    document
}

/// The same message with another path.
pub(crate) fn with_path(number: u32, path: &str) -> Value {
    set(document(number), "/proposed_file_changes/0/path_in_datasite", path)
}

/// The same message with these paths, one change each.
pub(crate) fn with_paths(number: u32, paths: &[String]) -> Value {
    let template = document(number)["proposed_file_changes"][0].clone();
    let changes: Vec<Value> = paths
        .iter()
        .enumerate()
        .map(|(n, path)| {
            let id = Uuid::from_u128(0xd0d0_0000_0000 + n as u128).to_string();
            let change = set(template.clone(), "/path_in_datasite", path.as_str());
            set(change, "/id", id)
        })
        .collect();
    set(document(number), "/proposed_file_changes", json!(changes))
}

pub(crate) fn sender(number: u32, email: &str) -> Value {
    set(document(number), "/sender_email", email)
}

pub(crate) fn from(number: u32, email: &Email) -> Value {
    sender(number, email.as_str())
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

/// A header for a regular file as Python writes it.
pub(crate) fn header(name: &str, size: u64) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    header.set_path(name).unwrap();
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_cksum();
    header
}

pub(crate) fn tar_of(members: &[(tar::Header, &[u8])]) -> Vec<u8> {
    let mut archive = Vec::new();
    for (header, content) in members {
        archive.extend_from_slice(header.as_bytes());
        archive.extend_from_slice(content);
        archive.resize(archive.len().next_multiple_of(512), 0);
    }
    archive.resize((archive.len() + 1024).next_multiple_of(10_240), 0);
    archive
}

/// A faultless container around any payload.
pub(crate) fn pack(payload: &[u8]) -> Vec<u8> {
    gzip(&tar_of(&[(header(MEMBER, payload.len() as u64), payload)]))
}

pub(crate) fn pack_json(document: &Value) -> Vec<u8> {
    pack(document.to_string().as_bytes())
}

/// What is in a container, as text.
pub(crate) fn payload(bytes: &[u8]) -> Vec<u8> {
    let mut archive = tar::Archive::new(MultiGzDecoder::new(bytes));
    let mut text = Vec::new();
    for entry in archive.entries().unwrap() {
        entry.unwrap().read_to_end(&mut text).unwrap();
    }
    text
}

pub(crate) fn unpack(bytes: &[u8]) -> Value {
    serde_json::from_slice(&payload(bytes)).unwrap()
}
