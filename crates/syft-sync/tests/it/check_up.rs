//! What a check-up finds, and what it puts right without losing anything.

use std::sync::Arc;

use crate::common::{Pair, alice};
use syft_core::testing::ManualClock;
use syft_core::{Clock, Timestamp};
use syft_sync::{Check, CheckUp, OfflineTransport, Verdict};
use syft_transport::{Chaos, MemoryStore};

fn check<'a>(found: &'a CheckUp, name: &str) -> &'a Check {
    found.checks.iter().find(|check| check.name == name).unwrap()
}

/// A pair whose store and Alice have the same time.
async fn in_time() -> Pair {
    let mut pair = Pair::connected().await;
    let now = pair.alice.clock.now();
    pair.store = MemoryStore::with_clock(Arc::new(ManualClock::at(now)));
    pair.alice.restart(Arc::new(pair.store.user(alice())));
    pair
}

#[tokio::test]
async fn a_sound_node_is_sound_and_the_probe_leaves_nothing() {
    let pair = in_time().await;
    let found = pair.alice.manager.check_up(true, false).await.unwrap();
    let bad: Vec<_> = found.checks.iter().filter(|c| c.verdict != Verdict::Good).collect();
    assert!(bad.is_empty(), "{bad:?}");
    assert!(pair.store.objects().is_empty());
}

#[tokio::test]
async fn clocks_that_are_apart_are_told() {
    let mut pair = in_time().await;
    let later = Timestamp::new(pair.alice.clock.now().seconds() + 3_600.0).unwrap();
    pair.store = MemoryStore::with_clock(Arc::new(ManualClock::at(later)));
    pair.alice.restart(Arc::new(pair.store.user(alice())));
    let found = pair.alice.manager.check_up(true, false).await.unwrap();
    let clock = check(&found, "clock");
    assert_eq!(clock.verdict, Verdict::Odd);
    assert!(clock.detail.starts_with("60 minutes behind"), "{}", clock.detail);
}

#[tokio::test]
async fn a_store_that_is_away_or_full_of_faults_is_told() {
    let mut pair = Pair::connected().await;
    pair.alice.restart(Arc::new(OfflineTransport::new("memory", alice(), "unplugged")));
    let found = pair.alice.manager.check_up(true, false).await.unwrap();
    assert_eq!(check(&found, "store").verdict, Verdict::Away);
    assert!(found.checks.iter().all(|check| check.name != "clock"));
    let chaos = Chaos::new(Arc::new(pair.store.user(alice()))).stop_after(1);
    pair.alice.restart(Arc::new(chaos));
    let found = pair.alice.manager.check_up(true, false).await.unwrap();
    assert_eq!(check(&found, "store").verdict, Verdict::Away);
    // What the probe that was cut short left is taken away by the next one.
    pair.alice.restart(Arc::new(pair.store.user(alice())));
    pair.alice.manager.check_up(true, false).await.unwrap();
    assert!(!pair.objects().keys().any(|key| key.contains("probe_")));
}

#[tokio::test]
async fn what_waits_for_the_store_is_finished_by_a_repair() {
    let mut pair = Pair::connected().await;
    pair.alice.restart(Arc::new(OfflineTransport::new("memory", alice(), "unplugged")));
    pair.alice.write("alice@hospital.org/public/note.txt", "for all\n");
    pair.alice.sync().await;
    let found = pair.alice.manager.check_up(false, false).await.unwrap();
    assert!(check(&found, "journal").detail.ends_with("for the store"));
    pair.alice.restart(Arc::new(pair.store.user(alice())));
    let found = pair.alice.manager.check_up(true, true).await.unwrap();
    assert!(check(&found, "journal").detail.ends_with("all is done"));
    assert!(found.repaired.iter().any(|line| line.starts_with("finished ")), "{found:?}");
}

#[tokio::test]
async fn every_file_is_read_again() {
    let pair = in_time().await;
    let note = "alice@hospital.org/public/note.txt";
    pair.alice.write(note, "one\n");
    pair.alice.clock.step(1e6);
    pair.alice.sync().await;
    pair.alice.disk.reset_counts();
    pair.alice.manager.check_up(false, false).await.unwrap();
    let mut files = pair.alice.tree("alice@hospital.org");
    files.retain(|path, _| !path.starts_with("private/"));
    assert!(files.len() > 3);
    assert!(pair.alice.disk.counts().calls["open"] >= files.len() as u64);
}

#[tokio::test]
async fn damaged_decisions_are_told_and_left() {
    let pair = Pair::connected().await;
    pair.alice.write(".syft/decisions/peers.yaml", "peers: [\n");
    for repair in [false, true] {
        let found = pair.alice.manager.check_up(false, repair).await.unwrap();
        assert_eq!(check(&found, "decisions").verdict, Verdict::Damaged);
    }
    assert_eq!(pair.alice.read(".syft/decisions/peers.yaml").unwrap(), "peers: [\n");
}
