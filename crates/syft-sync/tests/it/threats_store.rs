//! What a store does not do, or does late, by the rows of the threat list.

use std::sync::Arc;

use crate::common::backup::{Pieces, box_of, edit, solo};
use crate::common::gate::{Gate, Trouble};
use crate::common::{Member, Pair, Trio, alice, bob, carol, in_space, inbox, outbox};
use syft_sync::SyncOptions;
use syft_transport::{Space, Stale};

/// Nothing of Bob's inbox can be taken out of it.
async fn with_a_stuck_inbox() -> Trio {
    let mut trio = Trio::connected().await;
    let store = Arc::new(trio.store.user(alice()));
    trio.pair.alice.restart(Arc::new(Gate::new(store, Some((bob(), Trouble::Keeps)))));
    trio.bob.submit("echo 1", "first").await;
    trio.bob.sync().await;
    trio.alice.sync().await;
    assert!(trio.alice.read("alice@hospital.org/jobs/bob@university.org/first/run.sh").is_some());
    trio
}

#[tokio::test]
async fn f6_an_inbox_that_cannot_be_emptied_stops_nothing() {
    let trio = with_a_stuck_inbox().await;
    assert_eq!(trio.alice.audit("object.stays").len(), 1);
    // It is neither taken again nor talked of again.
    let report = trio.alice.sync().await;
    assert_eq!(report.store, None);
    assert_eq!(trio.alice.audit("message.accepted").len(), 1);
    assert!(trio.alice.audit("message.repeated").is_empty());
    assert_eq!(trio.alice.audit("object.stays").len(), 1);
    assert_eq!(in_space(&trio.store, &inbox(alice(), bob())).len(), 2, "a hello and a message");
    // Checkpoints are made, and what comes later is taken.
    trio.alice.manager.create_checkpoint().await.unwrap();
    assert_eq!(Pieces::of(&trio.store).fulls.len(), 1);
    trio.bob.submit("echo 2", "second").await;
    trio.bob.sync().await;
    trio.alice.sync().await;
    assert_eq!(trio.alice.audit("message.accepted").len(), 2);
}

#[tokio::test]
async fn f6_nor_does_it_stop_the_removal_of_another_peer() {
    let trio = with_a_stuck_inbox().await;
    edit(&trio.alice, "public/note.txt", Some(b"for all"));
    trio.alice.sync().await;
    trio.carol.sync().await;
    assert!(trio.carol.read("alice@hospital.org/public/note.txt").is_some());
    trio.alice.manager.remove_peer(&carol()).await.unwrap();
    trio.carol.sync().await;
    assert!(trio.carol.read("alice@hospital.org/public/note.txt").is_none());
}

/// How many bodies of this size Bob fetches at a time, of six in his outbox.
async fn at_once(size: usize) -> usize {
    let mut pair = Pair::connected().await;
    for number in 0..6 {
        let name = format!(
            "syfteventsmessagev3_178000000{number}.5_00000000-0000-4000-8000-00000000000{number}.tar.gz"
        );
        pair.store.plant(&outbox(alice(), bob()), &name, vec![b'x'; size], Some(alice()));
    }
    let gate = Arc::new(Gate::new(Arc::new(pair.store.user(bob())), None));
    pair.bob.restart(gate.clone());
    pair.bob.sync().await;
    assert_eq!(pair.bob.manager.quarantine().list().unwrap().len(), 6);
    gate.most_at_once()
}

#[tokio::test]
async fn i11_large_bodies_are_fetched_one_at_a_time() {
    assert!(at_once(1 << 10).await > 1);
    assert_eq!(at_once(17 << 20).await, 1);
}

#[tokio::test]
async fn f3_f13_a_checkpoint_that_shows_up_late_is_waited_for() {
    let (store, mut node) = solo().await;
    let options = |threshold| SyncOptions {
        checkpoint_threshold: threshold,
        compacting_threshold: 10,
        ..SyncOptions::default()
    };
    let lagging = Stale::new(Arc::new(store.user(alice())), 3);
    node.restart(Arc::new(lagging));
    for round in 0..12 {
        edit(&node, "public/a.txt", Some(format!("round {round}").as_bytes()));
        node.clock.step(1.0);
        let report = node.manager.sync(&options(1)).await.unwrap();
        assert!(report.notes.is_empty(), "{:?}", report.notes);
    }
    let made = Pieces::of(&store).incrementals;
    let numbers: Vec<u64> = made.iter().map(|one| one.sequence).collect();
    assert!(numbers.len() > 1 && numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    let fresh = Member::join(alice(), Arc::new(store.user(alice())), 77).await;
    assert_eq!(fresh.manager.restored().unwrap().waits, None);
    assert_eq!(box_of(&fresh), box_of(&node));
}

#[tokio::test]
async fn f13_of_two_checkpoints_of_one_number_the_newer_counts() {
    let (store, node) = solo().await;
    let every = SyncOptions { checkpoint_threshold: 1, ..SyncOptions::default() };
    edit(&node, "public/a.txt", Some(b"1"));
    node.clock.step(1.0);
    node.manager.sync(&every).await.unwrap();
    let space = Space::Checkpoints { owner: alice() };
    let lost = in_space(&store, &space).remove(0);
    // The same again under an older time, as one that was given up and came late.
    let (before, time) = lost.name.as_str().rsplit_once('_').unwrap();
    let older = format!("{before}_1{}", time.get(1..).unwrap().replacen('9', "8", 1));
    assert_ne!(older, lost.name.as_str());
    let bytes = store.bytes(&lost.id).unwrap();
    store.plant(&space, &older, bytes, Some(alice()));
    let fresh = Member::join(alice(), Arc::new(store.user(alice())), 77).await;
    assert_eq!(fresh.manager.restored().unwrap().waits, None);
    assert_eq!(box_of(&fresh), box_of(&node));
    assert_eq!(in_space(&store, &space).len(), 1, "the older one is taken away");
}
