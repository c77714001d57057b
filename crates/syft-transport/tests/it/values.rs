//! Names, keys and what is stored of them.

use proptest::prelude::*;
use syft_core::{DatasetName, Email};
use syft_transport::{CollectionHash, CollectionKind, Error, ObjectName, Space};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever a listing holds, a name is one component that leads nowhere else.
    #[test]
    fn p12_a_name_is_one_component(text in prop_oneof![any::<String>(), "[./a-c\\\\: -]{0,6}"]) {
        if let Ok(name) = ObjectName::parse(&text) {
            let path = std::path::Path::new(name.as_str());
            prop_assert_eq!(path.components().count(), 1);
            prop_assert_eq!(path.file_name().unwrap(), text.as_str());
            prop_assert!(!text.starts_with('.'));
            prop_assert!(text.len() <= 200);
        }
    }

    #[test]
    fn a_collection_hash_is_one_component(text in any::<String>()) {
        if let Ok(hash) = CollectionHash::parse(&text) {
            prop_assert!(hash.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
        }
    }
}

#[test]
fn p12_bad_names_are_refused_with_the_rule() {
    for bad in
        ["", ".", "..", "a/b", "/a", ".hidden", "a\0b", "a\nb", "a:b", "x ", &"n".repeat(201)]
    {
        let error = ObjectName::parse(bad).unwrap_err();
        assert!(matches!(error, Error::Permanent { .. }), "{bad:?}");
        assert!(!error.context().detail.is_empty());
    }
}

#[test]
fn spaces_have_the_keys_of_the_layout_and_can_be_kept() {
    let (alice, bob) =
        (Email::parse("alice@example.org").unwrap(), Email::parse("bob@example.org").unwrap());
    let collection = Space::Collection {
        owner: alice.clone(),
        kind: CollectionKind::Private,
        tag: DatasetName::parse("census").unwrap(),
        hash: CollectionHash::parse("00ff").unwrap(),
    };
    let cases = [
        (
            Space::Inbox { owner: alice.clone(), sender: bob.clone() },
            "syft-1/inbox/alice@example.org/bob@example.org",
            &bob,
        ),
        (
            Space::Outbox { owner: alice.clone(), recipient: bob.clone() },
            "syft-1/outbox/alice@example.org/bob@example.org",
            &alice,
        ),
        (Space::State { owner: alice.clone() }, "syft-1/state/alice@example.org", &alice),
        (collection, "syft-1/collections/alice@example.org/private/census/00ff", &alice),
    ];
    for (space, key, writer) in cases {
        assert_eq!(space.to_string(), key);
        assert_eq!(space.writer(), writer);
        assert_eq!(space.owner(), &alice);
        let kept = serde_json::to_string(&space).unwrap();
        assert_eq!(serde_json::from_str::<Space>(&kept).unwrap(), space);
    }
    let bad = r#"{"log":{"owner":"../x"}}"#;
    assert!(serde_json::from_str::<Space>(bad).is_err());
}

#[test]
fn an_error_names_what_was_done_on_what_and_why() {
    let error = Error::temporary("list", "folder /mnt/x", "it is away")
        .because(std::io::Error::other("cable pulled"));
    assert_eq!(error.to_string(), "could not list folder /mnt/x: it is away (try again later)");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "cable pulled");
    assert!(error.is_retryable());
    assert!(!Error::quota("put", "x", "").is_retryable());
}
