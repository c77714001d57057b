//! YAML of a peer: bounded, and nothing in it refers, repeats or runs.

use std::collections::BTreeMap;

use syft_core::yaml;

#[test]
fn i14_yaml_that_is_more_than_data_is_refused() {
    let deep = "[".repeat(3_000);
    let nested = format!("{}1{}", "[".repeat(40), "]".repeat(40));
    let large = format!("a: {}", "x".repeat(70_000));
    let cases = [
        ("3,000 brackets", deep.as_str()),
        ("40 deep", &nested),
        ("larger than 64 KiB", &large),
        ("an alias", "a: &x 1\nb: *x\n"),
        ("a merge key", "a: &x {k: 1}\nb:\n  <<: *x\n"),
        ("a key twice", "a: 1\na: 2\n"),
        ("a tag", "a: !!python/object/apply:os.system [x]\n"),
        ("a tag of one's own", "a: !x 1\n"),
        ("two documents", "a: 1\n---\na: 2\n"),
    ];
    for (what, text) in cases {
        let read = yaml::from_str::<serde_json::Value>(text);
        assert!(read.is_err(), "{what}: {read:?}");
    }
}

#[test]
fn i14_a_bomb_of_merge_keys_is_refused() {
    let mut bomb = "a0: &a0 {k: v}\n".to_owned();
    for level in 1..20 {
        let below = level - 1;
        bomb.push_str(&format!("a{level}: &a{level} [*a{below}, *a{below}, *a{below}]\n"));
    }
    assert!(yaml::from_str::<serde_json::Value>(&bomb).is_err());
}

#[test]
fn i14_an_odd_date_is_only_text() {
    let read: BTreeMap<String, String> = yaml::from_str("when: 9999999-01-01\n").unwrap();
    assert_eq!(read.get("when").map(String::as_str), Some("9999999-01-01"));
}

#[test]
fn what_is_written_reads_back() {
    let words =
        ["yes", "no", "null", "1.0", "0o7", "~", "a: b", "- a", "#x", " x ", "é\n漢", "*", ""];
    let map: BTreeMap<String, String> =
        words.iter().map(|word| (format!("key {word:?}"), (*word).to_owned())).collect();
    let text = yaml::to_string(&map).unwrap();
    assert_eq!(yaml::from_str::<BTreeMap<String, String>>(&text).unwrap(), map, "{text}");
}
