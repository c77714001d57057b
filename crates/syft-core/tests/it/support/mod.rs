//! What several codec tests need: fixtures, and containers that can be wrong.

use std::io::{Read, Write};
use std::path::PathBuf;

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde_json::Value;
use syft_core::codec::{Limits, decode_events, decode_proposal};
use syft_core::{FileChangeEventsMessage, ProposedFileChangesMessage, Reject};

pub const MEMBER: &str = "proposed_file_changes.json";

/// A baseline whose every part is acceptable; tests replace one part of it.
pub const PROPOSAL: &str = r#"{"id": "6f1ed002-ab55-4f6c-8a2b-000000000001", "sender_email": "ds@uni.example", "message_filename": {"submitted_timestamp": 2.5, "uid": "6f1ed002-ab55-4f6c-8a2b-000000000002"}, "proposed_file_changes": [{"id": "6f1ed002-ab55-4f6c-8a2b-1b1b1b1b1b1b", "old_hash": null, "new_hash": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881", "submitted_timestamp": 1.5, "path_in_datasite": "a/b", "content": "x", "datasite_email": "do@org.example", "is_deleted": false, "content_type": "text"}]}"#;

pub fn fixture(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub fn json_fixture(name: &str) -> Value {
    serde_json::from_slice(&fixture(name)).unwrap()
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

pub fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut tar = Vec::new();
    MultiGzDecoder::new(bytes).read_to_end(&mut tar).unwrap();
    tar
}

/// A header for a regular file as Python writes it.
pub fn header(name: &str, size: u64) -> tar::Header {
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

/// The archive of these members, ended and padded as Python does it.
pub fn tar_of(members: &[(tar::Header, &[u8])]) -> Vec<u8> {
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
pub fn pack(payload: &[u8]) -> Vec<u8> {
    gzip(&tar_of(&[(header(MEMBER, payload.len() as u64), payload)]))
}

pub fn read_proposal(json: impl AsRef<[u8]>) -> Result<ProposedFileChangesMessage, Reject> {
    decode_proposal(&pack(json.as_ref()), &Limits::PROPOSAL)
}

pub fn read_events(json: impl AsRef<[u8]>) -> Result<FileChangeEventsMessage, Reject> {
    decode_events(&pack(json.as_ref()), &Limits::EVENTS)
}

/// [`PROPOSAL`] with one part replaced.
pub fn with(part: &str, other: &str) -> String {
    assert!(PROPOSAL.contains(part), "{part} is not in the baseline");
    PROPOSAL.replacen(part, other, 1)
}
