//! What a peer publishes as a dataset, in any state: it is a copy in its own folder,
//! or a short reason and nothing.

use std::io::Cursor;

use crate::support::{Home, email, name};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestRunner;
use syft_core::has_suspicious;
use syft_core::testing::{Damage, damaged};
use syft_dataset::Dataset;

const YAML: &str = "uid: 3f0c\ncreated_at: '2026-03-14T09:26:53.589793Z'\nupdated_at: 2026-03-14\n\
                    name: census\nsummary: A census\ntags: [a, \"b\"]\nlocation: here\nmock_url: \
                    syft://bob@uni.org/public/datasets/census\nreadme_url: \
                    syft://bob@uni.org/public/datasets/census/readme.md\nmock_files_urls:\n- \
                    syft://bob@uni.org/public/datasets/census/a.csv\n";
const PERMISSIONS: &str = "rules:\n- access:\n    admin: []\n    read:\n    - carol@lab.org\n    write: []\n  pattern: '**'\n";
/// Longest reason in bytes: 500 characters of up to four, and the words around them.
const LONGEST: usize = 2_100;

fn short(reason: &str) -> Result<(), TestCaseError> {
    prop_assert!(reason.len() <= LONGEST, "{} bytes: {reason:.200}", reason.len());
    prop_assert!(!has_suspicious(reason), "{:?}", reason);
    Ok(())
}

fn damages() -> impl Strategy<Value = Vec<Damage>> {
    vec(any::<Damage>(), 0..5)
}

/// What is shown of a dataset is no longer than the file that says it.
fn is_bounded(dataset: &Dataset) -> Result<(), TestCaseError> {
    let shown = format!("{dataset:?}");
    prop_assert!(shown.len() <= 1 << 20, "{} bytes", shown.len());
    let times = [dataset.created_at, dataset.updated_at];
    prop_assert!(times.into_iter().flatten().all(|time| time.seconds().is_finite()));
    Ok(())
}

/// A name as a listing may give it.
fn file_name() -> impl Strategy<Value = String> {
    let good = select(vec!["a.csv", "sub/b.csv", "readme.md", "syft.pub.yaml", "dataset.yaml"]);
    let damaged_name = (good, damages()).prop_map(|(good, damages)| {
        String::from_utf8_lossy(&damaged(good.as_bytes(), &damages)).into_owned()
    });
    prop_oneof![damaged_name, any::<String>()]
}

#[test]
fn p12_a_damaged_collection_is_a_copy_or_a_reason_and_nothing() {
    let home = Home::new();
    let (owner, other) = (email("bob@uni.org"), email("carol@lab.org"));
    let files = |list: Vec<(String, Vec<u8>)>| {
        list.into_iter().map(|(name, bytes)| (name, Cursor::new(bytes)))
    };
    let good = vec![("dataset.yaml".to_owned(), YAML.as_bytes().to_vec())];
    home.store.install_copy(&other, &name("census"), files(good), None).unwrap();
    let others = || {
        let of_bob = |path: &String| path.starts_with("bob@uni.org/public/datasets/census/");
        home.datasites().into_iter().filter(|(path, _)| !of_bob(path)).collect::<Vec<_>>()
    };
    let before = others();
    let cases = (damages(), vec((file_name(), any::<bool>()), 0..4), any::<bool>());
    // Each case writes to the disk several times.
    let mut runner = TestRunner::new(ProptestConfig::with_cases(64));
    runner
        .run(&cases, |(damages, names, hashed)| {
            let mut list = vec![("dataset.yaml".to_owned(), damaged(YAML.as_bytes(), &damages))];
            list.extend(names.into_iter().map(|(name, filled)| (name, vec![b'x'; filled.into()])));
            let hash = hashed.then_some("0123456789ab");
            match home.store.install_copy(&owner, &name("census"), files(list), hash) {
                Ok(copy) => is_bounded(&copy)?,
                Err(error) => short(&error.to_string())?,
            }
            prop_assert_eq!(&others(), &before, "something else changed");
            prop_assert!(home.staging_is_empty());
            let listing = home.store.list_of(&owner).unwrap();
            prop_assert!(listing.unreadable.is_empty(), "{:?}", listing.unreadable);
            home.store.remove_copy(&owner, &name("census")).unwrap();
            Ok(())
        })
        .unwrap();
}

#[test]
fn i14_a_damaged_description_is_a_dataset_or_a_reason() {
    let home = Home::new();
    let whole = home.store.create(home.census()).unwrap();
    let folder = home.path("alice@hospital.org/public/datasets/census");
    let good = std::fs::read(folder.join("dataset.yaml")).unwrap();
    TestRunner::default()
        .run(&(damages(), damages()), |(described, shared)| {
            std::fs::write(folder.join("dataset.yaml"), damaged(&good, &described)).unwrap();
            let permissions = damaged(PERMISSIONS.as_bytes(), &shared);
            std::fs::write(folder.join("syft.pub.yaml"), permissions).unwrap();
            let listing = home.store.list().unwrap();
            prop_assert_eq!(listing.datasets.len() + listing.unreadable.len(), 1);
            for dataset in &listing.datasets {
                is_bounded(dataset)?;
                prop_assert_eq!(&dataset.name, &whole.name, "the folder says which it is");
            }
            for unreadable in &listing.unreadable {
                short(&unreadable.reason.to_string())?;
            }
            if let Err(error) = home.store.audience(&name("census")) {
                short(&error.to_string())?;
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn p12_a_backup_of_any_names_is_whole_or_nothing() {
    let home = Home::new();
    let cases = vec((file_name(), select(vec!["mock/", "private/", "", "other/"])), 1..5);
    let mut runner = TestRunner::new(ProptestConfig::with_cases(48));
    runner
        .run(&cases, |names| {
            let mut incoming = home.store.begin_restore(&name("census")).unwrap();
            for (file, part) in names {
                if let Err(error) = incoming.add(&format!("{part}{file}"), &mut Cursor::new(b"x")) {
                    short(&error.to_string())?;
                }
            }
            short(&incoming.commit("0123456789ab").unwrap_err().to_string())?;
            prop_assert!(home.datasites().is_empty() && home.staging_is_empty());
            Ok(())
        })
        .unwrap();
}
