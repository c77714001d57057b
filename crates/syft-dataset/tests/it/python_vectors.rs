use std::io::Cursor;

use crate::support::{Home, email, name};
use serde_json::Value;
use syft_dataset::Audience;

/// The cases of the fixture that Python could create.
fn cases() -> Vec<Value> {
    let text = include_str!("../fixtures/datasets.json");
    let all: Value = serde_json::from_str(text).unwrap();
    all["cases"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it.get("error").is_none())
        .cloned()
        .collect()
}

/// A tree of the fixture, by path.
fn tree(value: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let files = value.as_array().unwrap().iter();
    files.map(|file| (text(&file["path"]), text(&file["text"]))).collect()
}

/// A dataset that a Python peer wrote is read, and its collection has the hash
/// that the Python peer gave it.
#[test]
fn collections_of_a_python_peer_arrive_under_their_hash() {
    let owner = email("do@org.example");
    let mut installed = 0;
    for case in cases() {
        let home = Home::new();
        let dataset = name(case["create"]["name"].as_str().unwrap());
        // The Python peer sends files by their last component.
        let flat = tree(&case["public_tree"])
            .into_iter()
            .map(|(path, text)| (path.rsplit('/').next().unwrap().to_owned(), text))
            .filter(|(name, _)| name != "syft.pub.yaml")
            .map(|(name, text)| (name, Cursor::new(text.into_bytes())));
        let hash = case["mock_collection"]["hash"].as_str().unwrap();
        let copy = home.store.install_copy(&owner, &dataset, flat, Some(hash)).unwrap();
        assert!(copy.created_at.is_some() && !copy.uid.is_empty());
        assert_eq!(copy.summary.as_deref(), case["create"]["summary"].as_str());
        installed += 1;
    }
    assert!(installed >= 4, "{installed}");
}

/// The permission file of a Python peer's dataset reads as the users it was made for.
#[test]
fn audiences_of_a_python_peer_are_read() {
    for case in cases() {
        let home = Home::new();
        let dataset = name(case["create"]["name"].as_str().unwrap());
        let folder = home.path(&format!("alice@hospital.org/public/datasets/{dataset}"));
        for (path, text) in tree(&case["public_tree"]) {
            let file = folder.join(path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        let expected = match &case["create"]["users"] {
            Value::Null => Audience::Nobody,
            Value::String(any) => Audience::parse([any]).unwrap(),
            list => Audience::parse(list.as_array().unwrap().iter().map(|it| it.as_str().unwrap()))
                .unwrap(),
        };
        assert_eq!(home.store.get(&dataset).unwrap().audience, Some(expected));
    }
}

/// Names that the Python peer refuses are no names here either.
#[test]
fn names_that_a_python_peer_refuses() {
    assert!(syft_core::DatasetName::parse("v1").is_err());
    assert!(syft_core::DatasetName::parse("v12").is_err());
}
