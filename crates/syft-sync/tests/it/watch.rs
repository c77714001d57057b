//! What is changed while somebody watches is exchanged at once.

use std::ops::ControlFlow;
use std::time::Duration;

use crate::common::{Pair, alice};
use syft_sync::{SyncOptions, WatchOptions};

/// Only an edit leads to a pass: the clock would call for one tomorrow.
const EDITS_ALONE: WatchOptions =
    WatchOptions { every: Duration::from_secs(86_400), quiet: Duration::from_millis(1) };

#[tokio::test]
async fn an_edit_is_sent_without_anybody_asking() {
    let pair = Pair::connected().await;
    let file = format!("{}/public/news.txt", alice());
    let mut changed = Vec::new();
    let options = SyncOptions::default();
    let watching = pair.alice.manager.watch(&options, EDITS_ALONE, |report| {
        changed.push(report.unwrap().changed);
        if changed.len() == 1 {
            // The first pass is over: from now on the watch alone can notice.
            pair.alice.write(&file, "fresh");
        }
        if changed.contains(&1) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    watching.await.unwrap();
    pair.bob.sync().await;
    assert_eq!(pair.bob.read(&file).as_deref(), Some("fresh"));
}

#[tokio::test]
async fn without_edits_the_clock_calls_for_a_pass() {
    let pair = Pair::connected().await;
    let often = WatchOptions { every: Duration::from_millis(1), ..WatchOptions::default() };
    let mut passes = 0;
    let options = SyncOptions::default();
    let watching = pair.alice.manager.watch(&options, often, |report| {
        report.unwrap();
        passes += 1;
        if passes == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    watching.await.unwrap();
    assert_eq!(passes, 3);
}
