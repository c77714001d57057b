//! What the Python peer makes is read here, and what it refuses is refused here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use syft_core::{ContentHash, Email};
use syft_crypto::{Bundle, Error, KeyFile, Keys, Limits, Party, RecoveryKey, Sealer};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn json(name: &str) -> Value {
    serde_json::from_str(&text(name)).unwrap()
}

fn str_of<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} in {value}"))
}

/// The identities by their short names.
fn people() -> BTreeMap<String, Keys> {
    let table = json("identities.json");
    let keys = |person: &Value| {
        let email = Email::parse(str_of(person, "email")).unwrap();
        let recovery = RecoveryKey::parse(str_of(person, "recovery_key_hex")).unwrap();
        (str_of(person, "name").to_owned(), recovery.keys(&email).unwrap())
    };
    table["identities"].as_array().unwrap().iter().map(keys).collect()
}

fn open(sealed: &[u8], from: &Keys, to: &Keys) -> Result<Vec<u8>, Error> {
    let sender = Party { email: from.email(), bundle: from.bundle() };
    let mut plain = Vec::new();
    to.open(sender, &Limits::default(), &mut &sealed[..], &mut plain)?;
    Ok(plain)
}

#[test]
fn a_recovery_key_gives_the_keys_that_it_gives_there() {
    let table = json("identities.json");
    for person in table["identities"].as_array().unwrap() {
        let name = str_of(person, "name");
        let email = Email::parse(str_of(person, "email")).unwrap();
        for form in ["recovery_key_hex", "mnemonic", "hex_string_form"] {
            let recovery = RecoveryKey::parse(str_of(person, form)).unwrap();
            assert_eq!(recovery.words().as_str(), str_of(person, "mnemonic"), "{name}: {form}");
            let keys = recovery.keys(&email).unwrap();
            let fingerprint = keys.bundle().fingerprint().to_string();
            assert_eq!(fingerprint, str_of(person, "identity_fingerprint"), "{name}: {form}");
            let file = KeyFile { keys, peers: BTreeMap::new() };
            let written: Value = serde_json::from_str(&file.to_json().unwrap()).unwrap();
            assert_eq!(written["keys_jwk"], person["keys_jwk"], "{name}: {form}");
        }
    }
}

#[test]
fn key_files_are_read_and_written_byte_for_byte() {
    for (name, keys) in people() {
        let text = text(&format!("{name}.crypto_keys.json"));
        let file = KeyFile::parse(&text, keys.email()).unwrap();
        assert_eq!(file.keys.bundle(), keys.bundle(), "{name}");
        assert_eq!(file.peers.len(), 2, "{name}");
        assert_eq!(file.to_json().unwrap().as_str(), text, "{name}");
        let other = Email::parse("mallory@example.com").unwrap();
        let refused = KeyFile::parse(&text, &other).unwrap_err();
        assert!(matches!(refused, Error::OtherIdentity { .. }), "{name}: {refused}");
    }
}

#[test]
fn bundles_are_those_that_the_python_peer_writes() {
    for (name, keys) in people() {
        let written = json(&format!("{name}.did_bundle.json"));
        let document = keys.bundle().to_did(keys.email()).unwrap();
        assert_eq!(serde_json::to_value(document).unwrap(), written, "{name}");
        assert_eq!(&Bundle::parse(&written.to_string()).unwrap(), keys.bundle(), "{name}");
    }
    let stored = json("encryption_bundle_alice_for_bob.json");
    let bundle = Bundle::from_did(&stored["public_encryption_bundle"]).unwrap();
    assert_eq!(&bundle, people()["alice"].bundle());
}

#[test]
fn envelopes_of_the_python_peer_are_opened() {
    let people = people();
    let table = json("envelopes.json");
    for case in table["positive"].as_array().unwrap() {
        let name = str_of(case, "name");
        let sealed = std::fs::read(path(str_of(case, "file"))).unwrap();
        let expected = std::fs::read(path(str_of(case, "plaintext"))).unwrap();
        assert_eq!(ContentHash::of(&expected).to_string(), str_of(case, "plaintext_sha256"));
        let sender = &people[str_of(case, "sender")];
        let recipients = case["recipients"].as_array().unwrap();
        for (person, keys) in &people {
            let opened = open(&sealed, sender, keys);
            if recipients.iter().any(|to| to.as_str() == Some(person)) {
                assert_eq!(opened.unwrap(), expected, "{name}: {person}");
            } else {
                let refused = opened.unwrap_err();
                assert!(matches!(refused, Error::NotForMe { .. }), "{name}: {person}: {refused}");
            }
        }
    }
}

/// The damaged envelope of a case.
fn envelope(table: &Value, case: &Value) -> Vec<u8> {
    let decode = |text: &Value| STANDARD.decode(text.as_str().unwrap()).unwrap();
    if !case["envelope_b64"].is_null() {
        return decode(&case["envelope_b64"]);
    }
    let mut bytes = decode(&table["base_envelope_b64"]);
    for edit in case["edits"].as_array().into_iter().flatten() {
        bytes[edit[0].as_u64().unwrap() as usize] = edit[1].as_u64().unwrap() as u8;
    }
    if let Some(length) = case["truncate_to"].as_u64() {
        bytes.truncate(length as usize);
    }
    if !case["append_b64"].is_null() {
        bytes.extend(decode(&case["append_b64"]));
    }
    bytes
}

#[test]
fn envelopes_that_the_python_peer_refuses_are_refused() {
    let people = people();
    let table = json("negative.json");
    for case in table["envelopes"].as_array().unwrap() {
        let name = str_of(case, "name");
        let sender = &people[str_of(case, "claimed_sender")];
        let opened = open(&envelope(&table, case), sender, &people[str_of(case, "recipient")]);
        assert_eq!(opened.is_ok(), case["ok"].as_bool().unwrap(), "{name}: {opened:?}");
        let kind = match opened {
            Ok(_) => "opened",
            Err(Error::NotForMe { .. }) => "not for me",
            Err(Error::NotSealed) => "not sealed",
            Err(Error::Forged { .. }) => "forged",
            Err(Error::Damaged { .. }) => "damaged",
            Err(Error::Cut) => "cut",
            Err(Error::TooLarge { .. }) => "too large",
            Err(other) => panic!("{name}: {other}"),
        };
        let expected = match name {
            "untouched" | "padding_nonzero_is_accepted" => "opened",
            "wrong_recipient" => "not for me",
            "bad_magic" | "plaintext_instead" => "not sealed",
            "short" | "empty" => "cut",
            "wrong_claimed_sender" | "signature_bit_flip" | "prelude_bit_flip_in_value" => "forged",
            "prelude_len_huge" => "too large",
            _ => "damaged",
        };
        assert_eq!(kind, expected, "{name}");
    }
}

#[test]
fn bundles_that_the_python_peer_refuses_are_refused() {
    for case in json("negative.json")["bundles"].as_array().unwrap() {
        let name = str_of(case, "name");
        let read = Bundle::parse(&case["bundle"].to_string());
        assert_eq!(read.is_ok(), case["ok"].as_bool().unwrap(), "{name}: {read:?}");
    }
}
