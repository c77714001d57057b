//! Messages sent and read one by one.

use std::sync::Arc;

use crate::common::{Pair, alice, bob, carol, forge};
use syft_core::RejectCode;
use syft_sync::{Error, Router};

#[tokio::test]
async fn a_message_goes_from_one_router_to_the_other() {
    let pair = Pair::connected().await;
    let to_alice = Router::new(Arc::new(pair.store.user(bob())));
    let at_alice = Router::new(Arc::new(pair.store.user(alice())));
    assert_eq!(at_alice.get_next_proposed_filechange_message(&bob()).await.unwrap(), None);
    let path = format!("jobs/{}/by-hand/run.sh", bob());
    let first = forge::proposal(1, &path, "echo one\n");
    let mut second = forge::proposal(2, &path, "echo two\n");
    second.changes = vec![forge::change(2, &path, "echo two\n", Some("echo one\n"))];
    for message in [&second, &first, &first] {
        to_alice.send_proposed_file_changes_message(&alice(), message).await.unwrap();
    }
    let next = at_alice.get_next_proposed_filechange_message(&bob()).await.unwrap();
    assert_eq!(next.as_ref(), Some(&first), "the oldest, and it stays");
    pair.alice.sync().await;
    assert_eq!(at_alice.get_next_proposed_filechange_message(&bob()).await.unwrap(), None);
    assert_eq!(pair.alice.read(&format!("{}/{path}", alice())).as_deref(), Some("echo two\n"));
}

#[tokio::test]
async fn s1_nobody_sends_under_another_name_or_to_another_datasite() {
    let pair = Pair::connected().await;
    let as_carol = Router::new(Arc::new(pair.store.user(carol())));
    let message = forge::proposal(1, "public/x", "x");
    let rejected = |error: Error| match error {
        Error::Core(syft_core::Error::Rejected(reject)) => reject.code,
        other => panic!("{other}"),
    };
    let error = as_carol.send_proposed_file_changes_message(&alice(), &message).await;
    assert_eq!(rejected(error.unwrap_err()), RejectCode::SenderMismatch);
    let as_bob = Router::new(Arc::new(pair.store.user(bob())));
    let error = as_bob.send_proposed_file_changes_message(&carol(), &message).await;
    assert_eq!(rejected(error.unwrap_err()), RejectCode::DatasiteMismatch);
}
