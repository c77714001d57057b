//! Changes that a program announces by itself: the queue of the seeds' watcher.

use std::sync::Arc;

use crate::common::{Member, Pair, alice, bob};
use syft_sync::{Error, OfflineTransport};

const RESULTS: &str = "alice@hospital.org/api_data/results.json";

/// Alice lets Bob write below `api_data/`.
async fn with_api_data() -> Pair {
    let pair = Pair::connected().await;
    let rules = "rules:\n- pattern: '**'\n  access:\n    write: [bob@university.org]\n";
    pair.alice.write("alice@hospital.org/api_data/syft.pub.yaml", rules);
    pair.alice.sync().await;
    pair.bob.sync().await;
    pair
}

#[tokio::test]
async fn a_change_reaches_the_owner_of_the_folder() {
    let pair = with_api_data().await;
    let watcher = pair.bob.manager.watcher_syncer();
    watcher.on_file_change(RESULTS, Some(b"{\"n\": 1}"), true).await.unwrap();
    pair.alice.sync().await;
    assert_eq!(pair.alice.read(RESULTS).as_deref(), Some("{\"n\": 1}"));
    // What stands there now is taken when no content is given.
    pair.bob.write(RESULTS, "{\"n\": 2}");
    watcher.on_file_change(RESULTS, None, true).await.unwrap();
    pair.alice.sync().await;
    assert_eq!(pair.alice.read(RESULTS).as_deref(), Some("{\"n\": 2}"));
}

#[tokio::test]
async fn without_process_now_the_queue_waits_for_a_sync_and_is_one_message() {
    let pair = with_api_data().await;
    for n in 0..3 {
        let path = format!("alice@hospital.org/api_data/part-{n}");
        let change = pair.bob.manager.watcher_syncer();
        change.on_file_change(&path, Some(b"x"), false).await.unwrap();
    }
    let inbox = crate::common::inbox(alice(), bob());
    let messages = || {
        let objects = crate::common::in_space(&pair.store, &inbox);
        objects.iter().filter(|object| object.name.as_str().starts_with("msgv2_")).count()
    };
    assert_eq!(messages(), 0);
    pair.bob.sync().await;
    assert_eq!(messages(), 1);
    pair.alice.sync().await;
    for n in 0..3 {
        let path = format!("alice@hospital.org/api_data/part-{n}");
        assert_eq!(pair.alice.read(&path).as_deref(), Some("x"));
    }
}

#[tokio::test]
async fn the_queue_outlives_the_process_and_a_store_that_is_away() {
    let mut pair = with_api_data().await;
    let away = OfflineTransport::new("memory", bob(), "unplugged");
    pair.bob.restart(Arc::new(away));
    let watcher = pair.bob.manager.watcher_syncer();
    watcher.on_file_change(RESULTS, Some(b"later"), true).await.unwrap();
    pair.bob.restart(Arc::new(pair.store.user(bob())));
    pair.bob.sync().await;
    pair.alice.sync().await;
    assert_eq!(pair.alice.read(RESULTS).as_deref(), Some("later"));
}

#[tokio::test]
async fn what_the_owner_does_not_allow_is_refused_and_said() {
    let pair = Pair::connected().await;
    let path = "alice@hospital.org/public/defaced.txt";
    pair.bob.manager.watcher_syncer().on_file_change(path, Some(b"hello"), true).await.unwrap();
    pair.alice.sync().await;
    assert_eq!(pair.alice.read(path), None);
    pair.bob.sync().await;
    assert_eq!(pair.bob.manager.status().await.unwrap().refused, 1);
    let notes = pair.bob.sync().await.notes;
    let said = notes.iter().any(|note| note.contains(path) && note.contains("edited here"));
    assert!(said, "the edit is kept, and no longer proposed: {notes:?}");
}

#[tokio::test]
async fn an_edit_that_nobody_announced_stays_here() {
    let pair = with_api_data().await;
    pair.bob.write(RESULTS, "a note to myself");
    let notes = pair.bob.sync().await.notes;
    assert!(notes.iter().any(|note| note.contains("edited here")), "{notes:?}");
    pair.alice.sync().await;
    assert_eq!(pair.alice.read(RESULTS), None);
}

#[tokio::test]
async fn paths_that_mean_nothing_are_errors() {
    let pair = Pair::connected().await;
    let bad = async |member: &Member, path: &str| {
        let watcher = member.manager.watcher_syncer();
        watcher.on_file_change(path, Some(b"x"), true).await.unwrap_err()
    };
    assert!(matches!(bad(&pair.bob, "carol@institute.net/x").await, Error::UnknownPeer(_)));
    assert!(matches!(bad(&pair.bob, "bob@university.org/x").await, Error::Refused(_)));
    assert!(matches!(bad(&pair.bob, "alice@hospital.org/private/x").await, Error::Refused(_)));
    assert!(matches!(bad(&pair.bob, "alice@hospital.org/../x").await, Error::Core(_)));
    assert!(matches!(bad(&pair.bob, "alice@hospital.org").await, Error::Core(_)));
    let missing = pair.bob.manager.watcher_syncer().on_file_change(RESULTS, None, true).await;
    assert!(matches!(missing.unwrap_err(), Error::NotFound(_)));
}
