use std::io::Cursor;

use crate::support::{Home, alice, email, name};
use proptest::prelude::*;
use syft_core::{Email, RejectCode};
use syft_dataset::{Error, Limits};

const YAML: &str = "uid: x\nname: other\nsummary: A census\nnew_key: {a: 1}\n";

fn bob() -> Email {
    email("bob@uni.org")
}

fn files(list: &[(&str, &str)]) -> Vec<(String, Cursor<Vec<u8>>)> {
    let file = |(name, text): &(&str, &str)| {
        ((*name).to_owned(), Cursor::new((*text).as_bytes().to_vec()))
    };
    list.iter().map(file).collect()
}

fn code(error: &Error) -> RejectCode {
    match error {
        Error::Core(syft_core::Error::Rejected(reject)) => reject.code,
        other => panic!("not a rejection: {other}"),
    }
}

#[test]
fn a_copy_is_read_by_its_folder_and_knows_no_audience() {
    let home = Home::new();
    let list = [("dataset.yaml", YAML), ("a.csv", "1"), ("sub/b.csv", "2")];
    let copy = home.store.install_copy(&bob(), &name("census"), files(&list), None).unwrap();
    assert_eq!(copy.name, name("census"));
    assert_eq!(copy.owner, bob());
    assert_eq!(copy.summary.as_deref(), Some("A census"));
    assert_eq!((copy.audience, copy.private), (None, None));
    assert_eq!(copy.mock.len(), 2);
    assert_eq!(home.store.list_of(&bob()).unwrap().datasets.len(), 1);
    assert_eq!(home.store.list().unwrap().datasets.len(), 0);
    let at = home.store.mock_location(&bob(), &name("census")).unwrap();
    assert_eq!(at.as_str(), "bob@uni.org/public/datasets/census");
    assert_eq!(home.store.resolve(&bob(), &name("census")).unwrap().private, None);
}

#[test]
fn a_newer_copy_replaces_all_of_the_older() {
    let home = Home::new();
    let old = [("dataset.yaml", YAML), ("gone.csv", "1")];
    let new = [("dataset.yaml", YAML), ("here.csv", "2")];
    home.store.install_copy(&bob(), &name("census"), files(&old), None).unwrap();
    let copy = home.store.install_copy(&bob(), &name("census"), files(&new), None).unwrap();
    assert_eq!(copy.mock[0].path.as_str(), "here.csv");
    assert_eq!(home.datasites().len(), 2);
    assert!(home.staging_is_empty());

    home.store.remove_copy(&bob(), &name("census")).unwrap();
    home.store.remove_copy(&bob(), &name("census")).unwrap();
    assert!(home.datasites().is_empty() && home.staging_is_empty());
}

#[test]
fn what_travels_arrives_with_the_same_hash() {
    let home = Home::new();
    home.source("m/a.csv", "1");
    home.source("m/sub/b.csv", "2");
    let mock = Some(home.sources.path().join("m"));
    home.store.create(syft_dataset::NewDataset { mock, ..home.census() }).unwrap();
    let collection = home.store.collection(&name("census")).unwrap();
    let names: Vec<&str> = collection.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["a.csv", "dataset.yaml", "sub/b.csv"]);
    assert_eq!(collection.hash.len(), 12);

    let reader = Home::new();
    let store = syft_dataset::DatasetStore::new(
        reader.disk.clone(),
        syft_core::Layouts::new(bob(), syft_core::LayoutKind::Native),
        bob(),
    );
    let sent = |last: &str| {
        let read = |file: &syft_dataset::CollectionFile| {
            let mut bytes = std::fs::read(home.path(file.path.as_str())).unwrap();
            if file.name.as_str() == "sub/b.csv" {
                bytes = last.as_bytes().to_vec();
            }
            (file.name.to_string(), Cursor::new(bytes))
        };
        collection.files.iter().map(read).collect::<Vec<_>>()
    };
    let error = store
        .install_copy(&alice(), &name("census"), sent("3"), Some(&collection.hash))
        .unwrap_err();
    assert_eq!(code(&error), RejectCode::HashMismatch);
    assert!(reader.datasites().is_empty() && reader.staging_is_empty());
    assert_eq!(store.copy_hash(&alice(), &name("census")).unwrap(), None);
    store.install_copy(&alice(), &name("census"), sent("2"), Some(&collection.hash)).unwrap();
    let here = || store.copy_hash(&alice(), &name("census")).unwrap();
    assert_eq!(here(), Some(collection.hash.clone()));
    assert_eq!(store.list_of(&alice()).unwrap().datasets.len(), 1);

    // A copy that somebody changed is not the collection any more.
    let copy = reader.path("alice@hospital.org/public/datasets/census");
    std::fs::write(copy.join("a.csv"), "edited").unwrap();
    assert!(here().is_some_and(|hash| hash != collection.hash));
    std::os::unix::fs::symlink("/etc/hostname", copy.join("link")).unwrap();
    assert_eq!(here(), None);
}

#[test]
fn sharing_changes_no_byte_that_travels() {
    let home = Home::new();
    home.store.create(home.census()).unwrap();
    let before = home.store.collection(&name("census")).unwrap();
    home.store.share(&name("census"), syft_dataset::Audience::Any).unwrap();
    assert_eq!(home.store.collection(&name("census")).unwrap(), before);
}

#[test]
fn p12_names_that_leave_the_folder_are_refused() {
    for bad in [
        "/etc/passwd",
        "../../../private/x",
        "a/../../x",
        "./a",
        "a//b",
        "",
        ".",
        "..",
        "C:\\x",
        "a\0b",
        "con",
        "a\u{202e}b",
    ] {
        let home = Home::new();
        let list = [("dataset.yaml", YAML), (bad, "x")];
        let error =
            home.store.install_copy(&bob(), &name("census"), files(&list), None).unwrap_err();
        assert_eq!(code(&error), RejectCode::BadPath, "{bad:?}");
        assert!(home.datasites().is_empty() && home.staging_is_empty(), "{bad:?}");
    }
    // A tag with `..` is no dataset name in the first place.
    assert!(syft_core::DatasetName::parse("../x").is_err());
}

#[test]
fn p9_names_that_merge_on_some_disks_are_refused() {
    for twins in [["a.csv", "A.csv"], ["a", "a/b"], ["a/b", "A"], ["a.csv", "a.csv"]] {
        let home = Home::new();
        let list = [("dataset.yaml", YAML), (twins[0], "1"), (twins[1], "2")];
        let error =
            home.store.install_copy(&bob(), &name("census"), files(&list), None).unwrap_err();
        assert_eq!(code(&error), RejectCode::NameCollision, "{twins:?}");
    }
}

#[test]
fn a_copy_brings_no_rules_and_is_whole_and_bounded() {
    let home = Home::new();
    let store = home.store.clone().with_limits(Limits { files: 2, bytes: 100 });
    let install = |list: &[(&str, &str)]| {
        code(&store.install_copy(&bob(), &name("census"), files(list), None).unwrap_err())
    };
    let long = "x".repeat(101);
    assert_eq!(install(&[("sub/syft.pub.yaml", "rules: []")]), RejectCode::BadName);
    assert_eq!(install(&[("a.csv", "1")]), RejectCode::BadContainer);
    assert_eq!(install(&[("dataset.yaml", "uid: [")]), RejectCode::BadContainer);
    assert_eq!(install(&[("dataset.yaml/x", "1")]), RejectCode::BadContainer);
    assert_eq!(install(&[("a", &long)]), RejectCode::TooLarge);
    assert_eq!(install(&[("a", "1"), ("b", "2"), ("c", "3")]), RejectCode::TooLarge);
    assert!(home.datasites().is_empty() && home.staging_is_empty());
}

#[test]
fn my_own_dataset_is_never_taken_for_a_copy() {
    let home = Home::new();
    home.store.create(home.census()).unwrap();
    let before = home.datasites();
    let list = [("dataset.yaml", YAML)];
    let refused = home.store.install_copy(&alice(), &name("census"), files(&list), None);
    assert!(matches!(refused, Err(Error::NotACopy(_))));
    assert!(matches!(home.store.remove_copy(&alice(), &name("census")), Err(Error::NotACopy(_))));
    assert_eq!(home.datasites(), before);
}

#[test]
fn a_readme_address_hides_no_file() {
    let home = Home::new();
    let yaml = "uid: x\nreadme_url: syft://bob@uni.org/public/datasets/census/a.csv\n";
    let list = [("dataset.yaml", yaml), ("a.csv", "1")];
    let copy = home.store.install_copy(&bob(), &name("census"), files(&list), None).unwrap();
    assert_eq!((copy.mock.len(), copy.readme), (1, None));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever the names: a copy is installed whole or refused, and nothing
    /// appears anywhere but in its folder.
    #[test]
    fn p12_no_name_reaches_beyond_the_folder(
        names in proptest::collection::vec("[aA./~é\\\\: -]{0,6}", 1..4)
    ) {
        let home = Home::new();
        let mut list = vec![("dataset.yaml", YAML)];
        list.extend(names.iter().map(|name| (name.as_str(), "x")));
        let installed =
            home.store.install_copy(&bob(), &name("census"), files(&list), None).is_ok();
        let tree = home.datasites();
        prop_assert_eq!(tree.len(), if installed { list.len() } else { 0 });
        prop_assert!(tree.iter().all(|(path, _)| path.starts_with("bob@uni.org/public/datasets/census/")));
        prop_assert!(home.staging_is_empty());
    }
}
