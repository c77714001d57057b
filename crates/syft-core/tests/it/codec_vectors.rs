//! The codec against what the Python peer wrote and accepts (`fixtures/README.md`).

use crate::support::{fixture, gunzip, json_fixture};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use syft_core::codec::{Limits, WireFormat, decode, decode_proposal, encode};
use syft_core::{
    Checkpoint, Content, ContentHash, FileChangeEventsMessage, IncrementalCheckpoint,
    ProposedFileChangesMessage, Reject, RejectCode, RollingState, Timestamp, collection_hash,
};

fn text<'a>(case: &'a Value, key: &str) -> &'a str {
    case[key].as_str().unwrap_or_else(|| panic!("{key} of {case}"))
}

/// Decodes what Python wrote, and writes it again; gzip's bytes need not match.
fn round_trip<T: WireFormat + PartialEq>(
    name: &str,
    drive_name: &str,
    drive_name_of: impl Fn(&T) -> String,
) {
    let container = fixture(&format!("serialization/{name}.tar.gz"));
    let value: T = decode(&container, &T::LIMITS).unwrap_or_else(|error| panic!("{name}: {error}"));
    let ours = encode(&value).unwrap_or_else(|error| panic!("{name}: {error}"));
    let (tar, python) = (gunzip(&ours), gunzip(&container));
    let json = fixture(&format!("serialization/{name}.json"));
    let payload = String::from_utf8_lossy(&tar[512..512 + json.len()]);
    assert_eq!(payload, String::from_utf8_lossy(&json), "{name}: JSON");
    assert!(tar == python, "{name}: the tar archives differ outside the JSON");
    assert_eq!(drive_name_of(&value), drive_name, "{name}: file name");
    assert_eq!(ours, encode(&value).unwrap(), "{name}: not deterministic");
}

#[test]
fn what_python_wrote_is_read_and_written_byte_for_byte() {
    let index = json_fixture("serialization/index.json");
    let objects = index["objects"].as_array().unwrap();
    assert!(!objects.is_empty());
    for object in objects {
        let (name, drive_name) = (text(object, "name"), text(object, "drive_name"));
        match text(object, "kind") {
            "proposed" => round_trip(name, drive_name, |message: &ProposedFileChangesMessage| {
                message.name.to_string()
            }),
            "events" => round_trip(name, drive_name, |message: &FileChangeEventsMessage| {
                message.name.to_string()
            }),
            "rolling_state" => {
                round_trip(name, drive_name, |state: &RollingState| state.name().to_string());
            }
            "incremental_checkpoint" => {
                round_trip(name, drive_name, |checkpoint: &IncrementalCheckpoint| {
                    checkpoint.name().to_string()
                });
            }
            "checkpoint" => round_trip(name, drive_name, |checkpoint: &Checkpoint| {
                checkpoint.name().to_string()
            }),
            other => panic!("{name}: unknown kind {other}"),
        }
    }
}

/// What Python accepts and ours must not: name of the case, threat, our verdict.
const REFUSED_PROPOSALS: &[(&str, &str, RejectCode)] = &[
    ("binary_sloppy_base64", "S5: two readers, two contents", RejectCode::BadJson),
    ("new_hash_null", "I1", RejectCode::HashMismatch),
    ("new_hash_wrong", "I1", RejectCode::HashMismatch),
    ("is_deleted_string", "I6: only true and false are sure to be read alike", RejectCode::BadJson),
    ("is_deleted_int", "I6", RejectCode::BadJson),
    ("path_empty", "P3", RejectCode::BadPath),
    ("path_dot", "P3", RejectCode::BadPath),
    ("path_messy", "P9: refused, not repaired", RejectCode::BadPath),
    ("path_dotdot", "P1", RejectCode::BadPath),
    ("path_abs", "P2", RejectCode::BadPath),
    ("path_backslash", "P2", RejectCode::BadPath),
    ("path_nul", "P3", RejectCode::BadPath),
    ("content_missing", "I6: neither content nor deletion", RejectCode::Contradiction),
    ("filename_missing", "I9: a name is never made up", RejectCode::BadJson),
    ("id_missing", "I3: an id is never made up", RejectCode::BadJson),
    ("dup_keys", "S5", RejectCode::DuplicateKey),
    ("nan_ts", "I7", RejectCode::BadJson),
    ("big_ts", "I7", RejectCode::BadJson),
];

const REFUSED_EVENTS: &[(&str, &str, RejectCode)] =
    &[("extension_other", "I9", RejectCode::BadName)];

/// Runs one table. Its inputs carry the hash `ab`, which is the hash of nothing
/// (`i1_…` below); so it is left out first, which both sides accept.
fn check_variants<T: serde::Serialize>(
    table: &str,
    refused: &[(&str, &str, RejectCode)],
    read: impl Fn(&str) -> Result<T, Reject>,
) {
    let variants = json_fixture("serialization/accept_variants.json");
    let cases = variants[table].as_array().unwrap();
    for (name, threat, _) in refused {
        let known = cases.iter().any(|case| case["name"] == *name && case["ok"] == true);
        assert!(known, "{table}/{name} ({threat}): no such case that Python accepts");
    }
    for case in cases {
        let name = text(case, "name");
        let input = text(case, "input_json").replace(r#""new_hash": "ab", "#, "");
        let ours = read(&input);
        if let Some((_, threat, code)) = refused.iter().find(|(refused, ..)| *refused == name) {
            let found = ours.err().map(|reject| reject.code);
            assert_eq!(found, Some(*code), "{table}/{name} ({threat})");
            continue;
        }
        match (case["ok"].as_bool().unwrap(), ours) {
            (false, Err(_)) => {}
            (false, Ok(_)) => panic!("{table}/{name}: accepted, but Python refuses it"),
            (true, Err(reject)) => panic!("{table}/{name}: {reject}, but Python accepts it"),
            (true, Ok(value)) => {
                let mut found = serde_json::to_value(&value).unwrap();
                let mut expected = case["normalized"].clone();
                drop_placeholder_hashes(&mut expected, &mut found);
                assert_eq!(found, expected, "{table}/{name}: normalised");
            }
        }
    }
}

/// Where Python kept the hash `ab`, ours has the real one.
fn drop_placeholder_hashes(expected: &mut Value, found: &mut Value) {
    for list in ["proposed_file_changes", "events"] {
        let Some(changes) = expected.get_mut(list).and_then(Value::as_array_mut) else { continue };
        for (at, change) in changes.iter_mut().enumerate() {
            if change["new_hash"] == "ab" {
                change["new_hash"] = Value::Null;
                found[list][at]["new_hash"] = Value::Null;
            }
        }
    }
}

#[test]
fn odd_json_is_accepted_and_normalised_as_listed() {
    check_variants("proposed", REFUSED_PROPOSALS, |json| crate::support::read_proposal(json));
    check_variants("events", REFUSED_EVENTS, |json| crate::support::read_events(json));
}

#[test]
fn i1_a_hash_that_is_not_of_the_content_is_refused() {
    let variants = json_fixture("serialization/accept_variants.json");
    for table in ["proposed", "events"] {
        let baseline = &variants[table][0];
        assert_eq!(baseline["name"], "baseline", "{table}");
        let input = text(baseline, "input_json");
        let code = match table {
            "proposed" => crate::support::read_proposal(input).unwrap_err().code,
            _ => crate::support::read_events(input).unwrap_err().code,
        };
        assert_eq!(code, RejectCode::HashMismatch, "{table}/baseline");
    }
}

/// Containers that Python opens and ours must not (I10).
const REFUSED_CONTAINERS: &[(&str, &str)] = &[
    ("extra_member_before", "I10: two members"),
    ("extra_member_after", "I10: two members"),
    ("duplicate_member_last_wins", "I10: two members"),
    ("gzip_multi_member", "I10: trailing data"),
    ("gzip_trailing_garbage", "I10: trailing data"),
    ("gzip_trailing_zeros", "I10: trailing data"),
    ("truncated", "I10: cut"),
    ("no_eof_blocks", "I10: cut"),
];

#[test]
fn odd_containers_are_opened_as_listed() {
    let variants = json_fixture("serialization/container_variants.json");
    let cases = variants["cases"].as_array().unwrap();
    for (name, threat) in REFUSED_CONTAINERS {
        let known = cases.iter().any(|case| case["name"] == *name && case["ok"] == true);
        assert!(known, "{name} ({threat}): no such case that Python accepts");
    }
    // The payload carries the hash `ab`: that it is refused for it shows that it was read.
    let payload = text(&variants, "payload");
    let read = crate::support::read_proposal(payload);
    assert_eq!(read.as_ref().map_err(|reject| reject.code), Err(RejectCode::HashMismatch));
    for case in cases {
        let name = text(case, "name");
        let bytes = STANDARD.decode(text(case, "container_b64")).unwrap();
        let ours = decode_proposal(&bytes, &Limits::PROPOSAL);
        let refused = REFUSED_CONTAINERS.iter().any(|(refused, _)| *refused == name);
        if case["ok"] == true && !refused {
            assert_eq!(ours, read, "{name}");
        } else {
            let code = ours.err().map(|reject| reject.code);
            assert_eq!(code, Some(RejectCode::BadContainer), "{name}");
        }
    }
}

#[test]
fn doubles_are_spelled_as_python_spells_them() {
    for case in json_fixture("floats.json")["cases"].as_array().unwrap() {
        let bits = u64::from_str_radix(&text(case, "bits")[2..], 16).unwrap();
        let time = Timestamp::new(f64::from_bits(bits)).unwrap();
        let repr = text(case, "python_repr");
        assert_eq!(time.python_repr(), repr, "{bits:#x}");
        assert_eq!(Timestamp::parse(repr).unwrap(), time, "{bits:#x}");
        let state = RollingState {
            timestamp: time,
            email: "do@org.example".parse().unwrap(),
            base_checkpoint: Timestamp::EPOCH,
            last_event: None,
            events: vec![],
        };
        let json = String::from_utf8(gunzip(&encode(&state).unwrap())[512..].to_vec()).unwrap();
        let expected = format!(r#"{{"version":1,"timestamp":{},"#, text(case, "pydantic_json"));
        assert!(json.starts_with(&expected), "{bits:#x}: {expected} in {json:?}");
    }
}

#[test]
fn hashes_equal_pythons() {
    let hashes = json_fixture("hashes.json");
    for case in hashes["content"].as_array().unwrap() {
        let bytes = STANDARD.decode(text(case, "content_b64")).unwrap();
        let expected = ContentHash::parse(text(case, "hash")).unwrap();
        let content = match text(case, "kind") {
            "binary" => Content::Binary(bytes.clone()),
            _ => Content::from_bytes(bytes.clone()),
        };
        assert_eq!(content.hash(), expected, "{case}");
        assert_eq!(content.as_bytes(), bytes, "{case}");
    }
    for case in hashes["collection"].as_array().unwrap() {
        let files: Vec<(&str, Vec<u8>)> = case["files"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, content)| {
                (name.as_str(), STANDARD.decode(content.as_str().unwrap()).unwrap())
            })
            .collect();
        let expected = text(case, "hash");
        let forwards = files.iter().map(|(name, bytes)| (*name, bytes.as_slice()));
        assert_eq!(collection_hash(forwards.clone()).unwrap(), expected, "{case}");
        assert_eq!(collection_hash(forwards.rev()).unwrap(), expected, "{case}");
    }
}
