//! The optional copies of the event log.

use std::sync::Arc;

use crate::common::{Pair, alice, events_in, fold, log_of};

const EVENTS: &str = ".syft/cache/events";

#[tokio::test]
async fn the_log_can_be_replayed_from_the_cache() {
    let mut pair = Pair::connected().await;
    let transport = Arc::new(pair.store.user(alice()));
    pair.alice.restart_with(transport, |config| config.event_cache = true);
    let before = events_in(&pair.store, &log_of(alice())).len();
    for n in 0..3 {
        pair.alice.write(&format!("{}/public/{n}.txt", alice()), &format!("text {n}"));
        pair.alice.sync().await;
    }
    pair.alice.remove(&format!("{}/public/1.txt", alice()));
    pair.alice.sync().await;
    let log = events_in(&pair.store, &log_of(alice()));
    let cached = pair.alice.manager.cached_events().unwrap();
    assert_eq!(cached, log[before..], "what happened since it was switched on");
    let replayed = fold(&cached);
    assert_eq!(replayed.keys().collect::<Vec<_>>(), ["public/0.txt", "public/2.txt"]);
    // Without it, nothing is missing.
    std::fs::remove_dir_all(pair.alice.path(EVENTS)).unwrap();
    let report = pair.alice.sync().await;
    assert_eq!((report.changed, report.notes), (0, Vec::<String>::new()));
    assert_eq!(pair.alice.manager.cached_events().unwrap(), []);
}

#[tokio::test]
async fn nobody_who_did_not_ask_has_one() {
    let pair = Pair::connected().await;
    pair.alice.write(&format!("{}/public/news.txt", alice()), "fresh");
    pair.alice.sync().await;
    assert!(!pair.alice.path(EVENTS).exists());
}
