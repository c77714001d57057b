//! A dataset goes into a backup as a whole and comes back as it was.

use std::collections::BTreeMap;

use crate::support::{Home, name, users};
use syft_core::{ContentHash, Error as CoreError, RejectCode};
use syft_dataset::{Dataset, Error, NewDataset};

/// Reads the backup of a dataset as a store would keep it.
fn pack(home: &Home) -> (Vec<(String, Vec<u8>)>, String) {
    let backup = home.store.backup(&name("census")).unwrap();
    let bytes = |path: &syft_core::HomePath| std::fs::read(home.path(path.as_str())).unwrap();
    let files = backup.files.iter().map(|file| (file.name.to_string(), bytes(&file.path)));
    (files.collect(), backup.hash)
}

fn unpack(home: &Home, files: &[(String, Vec<u8>)], hash: &str) -> Result<Dataset, Error> {
    let mut incoming = home.store.begin_restore(&name("census")).unwrap();
    for (name, bytes) in files {
        incoming.add(name, &mut bytes.as_slice()).unwrap();
    }
    incoming.commit(hash)
}

#[test]
fn a_fresh_home_gets_the_dataset_back_file_by_file() {
    let old = Home::new();
    let new = NewDataset {
        users: users(&["bob@uni.edu"]),
        readme: Some(old.source("about.md", "# Census\n")),
        private: Some(old.source("real/a/b.csv", "1\n").parent().unwrap().to_owned()),
        ..old.census()
    };
    let made = old.store.create(new).unwrap();
    let (files, hash) = pack(&old);
    let fresh = Home::new();
    let restored = unpack(&fresh, &files, &hash).unwrap();
    assert_eq!(restored, made);
    assert_eq!(fresh.datasites(), old.datasites());
    assert!(fresh.staging_is_empty());
}

#[test]
fn the_hash_changes_with_every_part() {
    let home = Home::new();
    home.store.create(home.census()).unwrap();
    let (_, first) = pack(&home);
    home.store.share(&name("census"), users(&["any"])).unwrap();
    let (_, shared) = pack(&home);
    let real = home.path("alice@hospital.org/private/datasets/census/private.csv");
    std::fs::write(real, "a\n3\n").unwrap();
    let (_, changed) = pack(&home);
    assert!(first != shared && shared != changed && first != changed);
}

#[test]
fn what_is_not_as_it_was_put_away_is_refused_and_leaves_nothing() {
    let old = Home::new();
    old.store.create(old.census()).unwrap();
    let (mut files, hash) = pack(&old);
    files.last_mut().unwrap().1.push(b'!');
    let fresh = Home::new();
    let refused = unpack(&fresh, &files, &hash).unwrap_err();
    let Error::Core(CoreError::Rejected(reject)) = refused else { panic!("{refused}") };
    assert_eq!(reject.code, RejectCode::HashMismatch);
    assert!(fresh.datasites().is_empty() && fresh.staging_is_empty());
}

#[test]
fn p12_a_name_leads_nowhere_else() {
    let home = Home::new();
    let mut incoming = home.store.begin_restore(&name("census")).unwrap();
    for bad in ["../x", "private", "private/../../x", "elsewhere/x", "/etc/passwd", "mock"] {
        assert!(incoming.add(bad, &mut b"x".as_slice()).is_err(), "{bad}");
    }
    incoming.abort();
    assert!(home.tree().is_empty() && home.staging_is_empty());
}

#[test]
fn a_dataset_that_is_there_is_not_overwritten() {
    let home = Home::new();
    home.store.create(home.census()).unwrap();
    let taken = home.store.begin_restore(&name("census")).unwrap_err();
    assert!(matches!(taken, Error::NameTaken { .. }), "{taken}");
}

#[test]
fn a_mock_that_is_here_gets_its_private_part_back() {
    let old = Home::new();
    old.store.create(old.census()).unwrap();
    let (files, hash) = pack(&old);
    let fresh = Home::new();
    fresh.store.create(NewDataset { private: None, ..fresh.census() }).unwrap();
    let mock = fresh.text("alice@hospital.org/public/datasets/census/dataset.yaml");
    let restored = unpack(&fresh, &files, &hash).unwrap();
    assert_eq!(restored.private.unwrap().len(), 1);
    assert_eq!(fresh.text("alice@hospital.org/private/datasets/census/private.csv"), "a\n2\n");
    assert_eq!(fresh.text("alice@hospital.org/public/datasets/census/dataset.yaml"), mock);
    assert!(fresh.staging_is_empty());
}

#[test]
fn a_mock_alone_has_nothing_to_back_up() {
    let home = Home::new();
    home.store.create(NewDataset { private: None, ..home.census() }).unwrap();
    let refused = home.store.backup(&name("census")).unwrap_err();
    assert!(matches!(refused, Error::NoPrivate(_)), "{refused}");
}

/// As a Python client keeps it, with the permission file that it writes beside the data.
#[test]
fn the_private_part_by_itself_comes_back_beside_the_mock() {
    let old = Home::new();
    old.store.create(old.census()).unwrap();
    let mut private = old.store.private_collection(&name("census")).unwrap();
    let names: Vec<&str> = private.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["private.csv", "private_metadata.yaml"]);
    let rules = "rules: []\n";
    for with_rules in [false, true] {
        let mut files: BTreeMap<String, String> = BTreeMap::new();
        for file in &private.files {
            files.insert(file.name.to_string(), old.text(file.path.as_str()));
        }
        if with_rules {
            files.insert("syft.pub.yaml".to_owned(), rules.to_owned());
            let whole: String = files.iter().flat_map(|(name, text)| [&**name, &**text]).collect();
            private.hash = ContentHash::of(whole.as_bytes()).short();
        }
        let fresh = Home::new();
        fresh.store.create(NewDataset { private: None, ..fresh.census() }).unwrap();
        let back = |hash: &str| {
            let mut incoming = fresh.store.begin_restore(&name("census")).unwrap();
            for (name, text) in &files {
                incoming.add_private(name, &mut text.as_bytes()).unwrap();
            }
            incoming.commit_private(hash)
        };
        assert!(back("0123456789ab").is_err() && fresh.staging_is_empty());
        back(&private.hash).unwrap();
        assert_eq!(fresh.text("alice@hospital.org/private/datasets/census/private.csv"), "a\n2\n");
    }
}
