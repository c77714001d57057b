//! One holder of a home at a time.

use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use syft_core::{Error, HomeLock};

#[test]
fn a_home_has_one_holder() {
    let home = tempfile::tempdir().unwrap();
    let held = HomeLock::acquire(home.path(), Duration::ZERO).unwrap();
    match HomeLock::acquire(home.path(), Duration::from_millis(30)) {
        Err(Error::Locked { home: named }) => assert_eq!(named, home.path()),
        other => panic!("{other:?}"),
    }
    drop(held);
    drop(HomeLock::acquire(home.path(), Duration::ZERO).unwrap());
    let other_home = tempfile::tempdir().unwrap();
    let _one = HomeLock::acquire(home.path(), Duration::ZERO).unwrap();
    let _two = HomeLock::acquire(other_home.path(), Duration::ZERO).unwrap();
}

#[test]
fn a_waiting_holder_gets_its_turn() {
    let home = tempfile::tempdir().unwrap();
    let inside = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..3 {
                    let _held = HomeLock::acquire(home.path(), Duration::from_secs(30)).unwrap();
                    assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "alone inside");
                    std::thread::yield_now();
                    inside.fetch_sub(1, Ordering::SeqCst);
                }
            });
        }
    });
}

#[test]
fn p10_a_lock_that_is_a_link_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    symlink(outside.path(), home.path().join(".syft")).unwrap();
    let refused = HomeLock::acquire(home.path(), Duration::ZERO);
    assert!(matches!(refused, Err(Error::NotRegular { .. })));
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0);
    let nowhere = HomeLock::acquire(&home.path().join("none"), Duration::ZERO);
    assert!(matches!(nowhere, Err(Error::NotFound(_))));
}

#[test]
fn a_python_peer_that_works_on_its_box_is_waited_for() {
    let home = tempfile::tempdir().unwrap();
    let theirs = std::fs::File::create(home.path().join(".sync.lock")).unwrap();
    theirs.lock().unwrap();
    let refused = HomeLock::acquire(home.path(), Duration::ZERO).unwrap_err();
    assert!(matches!(refused, Error::Locked { .. }), "{refused}");
    theirs.unlock().unwrap();
    let ours = HomeLock::acquire(home.path(), Duration::ZERO).unwrap();
    assert!(theirs.try_lock().is_err(), "the peer is kept out meanwhile");
    drop(ours);
    theirs.try_lock().unwrap();
}

#[test]
fn a_python_peer_that_has_not_synced_yet_is_kept_out_of_its_box_too() {
    let home = tempfile::tempdir().unwrap();
    drop(HomeLock::acquire(home.path(), Duration::ZERO).unwrap());
    assert!(!home.path().join(".sync.lock").exists(), "this is no box of a Python peer");
    std::fs::write(home.path().join("SYFT_version.json"), "{}").unwrap();
    let ours = HomeLock::acquire(home.path(), Duration::ZERO).unwrap();
    let theirs = std::fs::File::create(home.path().join(".sync.lock")).unwrap();
    assert!(theirs.try_lock().is_err());
    drop(ours);
    theirs.try_lock().unwrap();
}
