//! Whatever names a store holds: each is a place or an object of ours, or is passed
//! over with a short reason.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use syft_core::testing::{Damage, damaged};
use syft_core::{Email, has_suspicious};
use syft_transport::{
    CollectionHash, FolderTransport, ListOptions, MemoryStore, Object, ObjectName, Recipient,
    Skipped, Space, SpaceKind, Transport, TransportExt, grants,
};

const KINDS: [SpaceKind; 6] = [
    SpaceKind::Inbox,
    SpaceKind::Outbox,
    SpaceKind::Collection,
    SpaceKind::OwnCollection,
    SpaceKind::Profile,
    SpaceKind::Mine,
];
/// Longest reason or name in bytes: 500 characters of up to four, and some words.
const LONGEST: usize = 2_100;

fn me() -> Email {
    Email::parse("alice@example.org").unwrap()
}

fn short(text: &str) -> Result<(), TestCaseError> {
    prop_assert!(text.len() <= LONGEST, "{} bytes: {text:.200}", text.len());
    prop_assert!(!has_suspicious(text), "{:?}", text);
    Ok(())
}

fn all_short(skipped: &[Skipped]) -> Result<(), TestCaseError> {
    skipped.iter().try_for_each(|skipped| {
        short(&skipped.name)?;
        short(&skipped.reason)
    })
}

/// A name that a file system takes, of ours or nearly so.
fn file_name() -> impl Strategy<Value = Vec<u8>> {
    let good = vec![
        "alice@example.org",
        "bob@uni.org",
        "mock",
        "private",
        "census",
        "0123456789ab",
        "hello",
        "grant_any.json",
        "grant_alice@example.org.json",
        "msgv2_1773480413.5_6f1ed002-ab55-4f6c-8a2b-000000000001.tar.gz",
    ];
    let name = prop_oneof![
        4 => (select(good), vec(any::<Damage>(), 0..2))
            .prop_map(|(good, damages)| damaged(good.as_bytes(), &damages)),
        1 => vec(any::<u8>(), 1..40),
        1 => "[a-zé漢\u{202e}\u{200b} .:~\\\\-]{1,30}".prop_map(String::into_bytes),
    ];
    name.prop_map(|mut name| {
        name.retain(|byte| !matches!(byte, 0 | b'/'));
        name.truncate(255);
        if name.iter().all(|byte| *byte == b'.') { b"x".to_vec() } else { name }
    })
}

/// Where in the store something strange stands, and whether it is file, folder or link.
fn planted() -> impl Strategy<Value = (&'static str, Vec<Vec<u8>>, u8)> {
    let space = select(vec![
        "inbox/alice@example.org",
        "inbox",
        "outbox",
        "outbox/alice@example.org",
        "collections",
        "collections/bob@uni.org/mock",
        "collections/bob@uni.org/mock/census",
        "collections/bob@uni.org/mock/census/00ff",
        "collections/alice@example.org/private",
        "profile",
        "log",
        "",
    ]);
    (space, vec(file_name(), 1..4), any::<u8>())
}

fn plant(store: &Path, (space, names, kind): &(&str, Vec<Vec<u8>>, u8)) {
    let place = names.iter().fold(store.join(space), |at, name| at.join(OsStr::from_bytes(name)));
    // Something else may stand in the way already.
    let _ = fs::create_dir_all(place.parent().unwrap_or(store));
    let _ = match kind % 3 {
        0 => fs::write(&place, b"x"),
        1 => fs::create_dir_all(&place),
        _ => symlink("/etc", &place),
    };
}

/// A space leads to a folder of the store, whatever its names were.
fn is_within(store: &Path, space: &Space) -> bool {
    let folder: PathBuf = store.join("..").join(space.to_string());
    fs::symlink_metadata(folder).is_ok_and(|it| it.is_dir())
}

// Each case makes a store on the disk.
proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn p12_s8_a_folder_of_anything_is_read_or_passed_over(plants in vec(planted(), 1..12)) {
        let root = tempfile::tempdir().unwrap();
        let alice = FolderTransport::create(root.path(), me()).unwrap();
        let store = root.path().join("syft-1");
        plants.iter().for_each(|planted| plant(&store, planted));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let all = ListOptions::default();
        for kind in KINDS {
            // A link or a file where a folder of ours would be is an error, in short.
            let found = match runtime.block_on(alice.discover(kind)) {
                Ok(found) => found,
                Err(error) => {
                    short(&error.to_string())?;
                    continue;
                }
            };
            all_short(&found.skipped)?;
            for space in &found.spaces {
                prop_assert!(is_within(&store, space), "{space}");
                let listing = runtime.block_on(alice.list_with_skipped(space, &all)).unwrap();
                all_short(&listing.skipped)?;
                for object in &listing.objects {
                    let read = runtime.block_on(alice.get_bytes(object, 16));
                    prop_assert_eq!(read.unwrap(), b"x".to_vec(), "{}", object);
                }
                runtime.block_on(grants::list(&alice, space)).unwrap();
            }
        }
    }

}

proptest! {
    #[test]
    fn p12_a_listing_of_anything_is_read_or_passed_over(names in vec(any::<String>(), 1..10)) {
        let store = MemoryStore::new();
        let space = Space::Inbox { owner: me(), sender: Email::parse("bob@uni.org").unwrap() };
        for (name, times) in names.iter().zip([1, 1_000].into_iter().cycle()) {
            store.plant(&space, &name.repeat(times), b"x".to_vec(), None);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let alice = store.user(me());
        let all = ListOptions::default();
        let listing = runtime.block_on(alice.list_with_skipped(&space, &all)).unwrap();
        prop_assert_eq!(listing.objects.len() + listing.skipped.len(), names.len());
        all_short(&listing.skipped)?;
    }

    #[test]
    fn p12_a_damaged_name_is_one_of_ours_or_a_short_reason(
        name in file_name(), damages in vec(any::<Damage>(), 0..4),
    ) {
        let text = String::from_utf8_lossy(&damaged(&name, &damages)).into_owned();
        match ObjectName::parse(&text) {
            Ok(name) => {
                prop_assert_eq!(name.as_str(), &text);
                // Looked at as a grant, it is a file or names one recipient.
                let _ = grants::is_grant(&name);
            }
            Err(error) => short(&error.to_string())?,
        }
        if let Err(error) = CollectionHash::parse(&text) {
            short(&error.to_string())?;
        }
    }

    /// They are kept in caches and backups.
    #[test]
    fn a_damaged_record_of_an_object_is_one_or_none(damages in vec(any::<Damage>(), 1..5)) {
        let good = br#"{"space": {"collection": {"owner": "bob@uni.org", "kind": "mock", "tag": "census", "hash": "00ff"}}, "name": "hello", "id": "17", "size": 5, "version": "2", "owner": "bob@uni.org", "created": 1.5}"#;
        serde_json::from_slice::<Object>(good).unwrap();
        let bytes = damaged(good, &damages);
        if let Ok(object) = serde_json::from_slice::<Object>(&bytes) {
            let written = serde_json::to_vec(&object).unwrap();
            prop_assert_eq!(serde_json::from_slice::<Object>(&written).unwrap(), object);
        }
        let _ = serde_json::from_slice::<Space>(&bytes);
        let _ = serde_json::from_slice::<Recipient>(&bytes);
    }
}
