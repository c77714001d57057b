//! The two syncers by the seeds' calls.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod common;

use common::{Pair, alice, bob, forge};
use syft_core::DatasetName;
use syft_dataset::Audience;
use syft_sync::Router;

#[tokio::test]
async fn the_owner_pulls_proposals_and_takes_what_is_allowed() {
    let pair = Pair::connected().await;
    let to_alice = Router::new(std::sync::Arc::new(pair.store.user(bob())));
    let allowed = format!("jobs/{}/by-hand/run.sh", bob());
    let mut message = forge::proposal(1, &allowed, "echo one\n");
    message.changes.push(forge::change(2, "public/defaced.txt", "mine", None));
    to_alice.send_proposed_file_changes_message(&alice(), &message).await.unwrap();
    let report = pair.alice.manager.owner_syncer().sync(&[bob()], true).await.unwrap();
    assert_eq!(report.peers[0].received, 1);
    let here = |path: &str| pair.alice.read(&format!("{}/{path}", alice()));
    assert_eq!(here(&allowed).as_deref(), Some("echo one\n"));
    assert_eq!(here("public/defaced.txt"), None);
}

#[tokio::test]
async fn without_recompute_hashes_my_own_edits_wait() {
    let pair = Pair::connected().await;
    let file = format!("{}/public/news.txt", alice());
    pair.alice.write(&file, "fresh");
    let syncer = pair.alice.manager.owner_syncer();
    assert_eq!(syncer.sync(&[], false).await.unwrap().changed, 0);
    pair.bob.sync().await;
    assert_eq!(pair.bob.read(&file), None);
    assert_eq!(syncer.sync(&[], true).await.unwrap().changed, 1);
    pair.bob.sync().await;
    assert_eq!(pair.bob.read(&file).as_deref(), Some("fresh"));
}

#[tokio::test]
async fn sync_down_pulls_messages_and_datasets() {
    let pair = Pair::connected().await;
    let file = format!("{}/public/news.txt", alice());
    pair.alice.write(&file, "fresh");
    pair.create_dataset("census", Audience::Any);
    pair.alice.sync().await;
    let watcher = pair.bob.manager.watcher_syncer();
    let report = watcher.sync_down(&[alice()]).await.unwrap();
    assert_eq!((report.peers[0].received, report.datasets), (1, 1));
    assert_eq!(pair.bob.read(&file).as_deref(), Some("fresh"));
    let name = DatasetName::parse("census").unwrap();
    assert!(pair.bob.manager.dataset_path(&alice(), &name).unwrap().exists());
}

#[tokio::test]
async fn permissions_are_checked_as_they_stand_on_disk() {
    let pair = Pair::connected().await;
    let syncer = pair.alice.manager.owner_syncer();
    assert!(syncer.check_read_permissions(&bob(), "public/news.txt").unwrap());
    assert!(!syncer.check_write_permission(&bob(), "public/news.txt").unwrap());
    let own = format!("jobs/{}/count/run.sh", bob());
    assert!(syncer.check_write_permission(&bob(), &own).unwrap());
    pair.alice.write(&format!("{}/public/syft.pub.yaml", alice()), "rules: []\n");
    assert!(!syncer.check_read_permissions(&bob(), "public/news.txt").unwrap());
}
