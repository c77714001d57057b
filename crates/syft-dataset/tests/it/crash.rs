use std::io::ErrorKind;

use crate::support::{Home, alice, email, name, users};
use syft_dataset::{Audience, NewDataset};

/// How a call fares on a disk that gives up after each possible number of
/// writes; `check` sees the home after the failure and the repair.
fn at_every_step(
    prepare: impl Fn(&Home),
    call: impl Fn(&Home) -> syft_dataset::Result<()>,
    check: impl Fn(&Home, bool),
) {
    let untouched = Home::new();
    prepare(&untouched);
    untouched.disk.reset_counts();
    call(&untouched).unwrap();
    let steps = untouched.disk.counts().mutations;
    assert!(steps > 2);

    for step in 0..steps {
        let home = Home::new();
        prepare(&home);
        home.disk.fail_after(step, ErrorKind::StorageFull);
        let done = match call(&home) {
            Ok(()) => true,
            Err(error) => {
                assert!(error.is_disk_full(), "step {step}: {error}");
                false
            }
        };
        check(&home, done);

        let home = Home::new();
        prepare(&home);
        home.disk.crash_after(step);
        assert!(call(&home).is_err(), "step {step} needs the disk");
        home.disk.repair();
        home.store.recover().unwrap();
        assert!(home.staging_is_empty(), "step {step}");
        let there = home.store.get(&name("census")).is_ok();
        check(&home, there);
    }
}

#[test]
fn p13_a_creation_that_stops_half_way_leaves_nothing_behind() {
    at_every_step(
        |_| (),
        |home| {
            let readme = Some(home.source("About.md", "# census\n"));
            home.store.create(NewDataset { readme, ..home.census() }).map(|_| ())
        },
        |home, created| {
            let files = home.datasites().len();
            assert_eq!(files, if created { 6 } else { 0 }, "{:?}", home.tree());
            // The name is free, or the dataset is whole.
            assert_eq!(home.store.create(home.census()).is_ok(), !created);
            assert!(home.store.get(&name("census")).unwrap().private.is_some());
        },
    );
}

#[test]
fn a_deletion_that_stops_half_way_is_finished() {
    at_every_step(
        |home| {
            home.store.create(home.census()).unwrap();
        },
        |home| home.store.delete(&name("census")),
        |home, _| {
            // All of it or nothing, once the next call has settled what was left.
            let _ = home.store.share(&name("census"), Audience::Nobody);
            let files = home.datasites().len();
            assert!(files == 0 || files == 5, "{:?}", home.tree());
        },
    );
}

#[test]
fn p13_a_share_on_a_full_disk_changes_nothing() {
    let home = Home::new();
    home.store.create(NewDataset { users: users(&["bob@uni.org"]), ..home.census() }).unwrap();
    let before = home.datasites();
    home.disk.fail_after(0, ErrorKind::StorageFull);
    assert!(home.store.share(&name("census"), Audience::Any).unwrap_err().is_disk_full());
    assert_eq!(home.datasites(), before);
}

#[test]
fn p13_a_copy_is_the_old_one_or_the_new_one_at_every_step() {
    let peer = email("bob@uni.org");
    let files = |text: &str| {
        let yaml = format!("uid: {text}\nname: census\n");
        let file = |name: &str, text: &str| {
            (name.to_owned(), std::io::Cursor::new(text.to_owned().into_bytes()))
        };
        vec![file("dataset.yaml", &yaml), file("sub/mock.csv", text)]
    };
    let prepare = |home: &Home| {
        home.store.install_copy(&peer, &name("census"), files("old"), None).unwrap();
    };
    let steps = {
        let home = Home::new();
        prepare(&home);
        home.disk.reset_counts();
        home.store.install_copy(&peer, &name("census"), files("new"), None).unwrap();
        home.disk.counts().mutations
    };
    for step in 0..steps {
        for crash in [false, true] {
            let home = Home::new();
            prepare(&home);
            if crash {
                home.disk.crash_after(step);
            } else {
                home.disk.fail_after(step, ErrorKind::StorageFull);
            }
            let result = home.store.install_copy(&peer, &name("census"), files("new"), None);
            if crash {
                home.disk.repair();
                home.store.recover().unwrap();
                assert!(home.staging_is_empty());
            }
            let uid = home.store.get_of(&peer, &name("census")).unwrap().uid;
            assert!(uid == "new" || (uid == "old" && result.is_err()), "step {step}");

            assert_eq!(home.text("bob@uni.org/public/datasets/census/sub/mock.csv"), uid);
        }
    }
}

#[test]
fn leftovers_of_others_in_staging_are_not_touched() {
    let home = Home::new();
    let other = home.path(".syft/staging/job-1");
    std::fs::create_dir_all(&other).unwrap();
    home.store.recover().unwrap();
    assert!(other.exists());
    assert_eq!(home.store.list_of(&alice()).unwrap().datasets.len(), 0);
}
