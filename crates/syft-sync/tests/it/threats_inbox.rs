//! What an inbox may hold beside good messages, and how many of them: neither
//! strange names nor a flood hold anybody up, and many edits stay few objects.

use crate::common::{
    Pair, Trio, alice, bob, carol, events_in, forge, in_space, inbox, log_of, outbox,
};
use syft_core::codec::encode_proposal;
use syft_transport::Space;

#[tokio::test]
async fn i9_names_that_are_none_are_left_alone_and_stop_nothing() {
    let pair = Pair::connected().await;
    let space = inbox(alice(), bob());
    let names = [
        "msgv2_1_x",
        "1e3",
        ".part",
        "msgv2_0001.5_x.tar.gz",
        "msgv2_ 1.5_x.tar.gz",
        "msgv2_\u{661}.5_x.tar.gz",
        "msgv2_1e3_x.tar.gz",
        "msgv2_1.5_x.tar.gz.part",
    ];
    let planted: Vec<String> = names
        .iter()
        .map(|name| pair.store.plant(&space, name, "not a message", Some(bob())))
        .collect();
    pair.submit("echo 1\n", "honest").await;
    pair.bob.sync().await;
    for _ in 0..2 {
        let report = pair.alice.sync().await;
        let of_bob = report.peers.iter().find(|peer| peer.email == bob());
        assert!(of_bob.is_none_or(|it| it.problem.is_none() && it.quarantined == 0), "{report:?}");
    }
    assert_eq!(pair.alice.manager.job_store().jobs().unwrap().len(), 1, "the honest one is here");
    assert!(pair.alice.manager.quarantine().list().unwrap().is_empty());
    assert!(pair.alice.audit("message.quarantined").is_empty());
    for (name, id) in names.iter().zip(&planted) {
        assert!(pair.store.bytes(id).is_some(), "{name} was taken away");
    }
}

#[tokio::test]
async fn i13_a_peer_that_sends_without_end_takes_its_own_time() {
    const MANY: u32 = 300;
    const BUDGET: usize = 256;
    let trio = Trio::connected().await;
    let space = inbox(alice(), bob());
    for number in 1..=MANY {
        let path = format!("jobs/{}/many/code/{number}.txt", bob());
        let message = forge::proposal(number, &path, "one of many\n");
        let bytes = encode_proposal(&message).unwrap();
        trio.store.plant(&space, &forge::name(number), bytes, Some(bob()));
    }
    trio.carol.submit("echo carol\n", "one").await;
    trio.carol.sync().await;
    let taken = async || {
        let report = trio.alice.sync().await;
        let of = |who| report.peers.iter().find(|peer| peer.email == who).map(|it| it.received);
        (of(bob()).unwrap_or(0), of(carol()).unwrap_or(0))
    };
    assert_eq!(taken().await, (BUDGET, 1), "the other one is served in the first pass");
    assert_eq!(taken().await, (MANY as usize - BUDGET, 0));
    assert_eq!(taken().await, (0, 0));
    let here = trio.alice.tree(&format!("{}/jobs/{}/many/code", alice(), bob()));
    assert_eq!(here.len(), MANY as usize, "none is lost");
}

/// How many messages of events lie in a space.
fn messages(trio: &Trio, space: &Space) -> usize {
    let objects = in_space(&trio.store, space);
    objects.iter().filter(|it| it.name.as_str().starts_with("syfteventsmessagev3_")).count()
}

/// Edits so many files at once, and says how many messages that was: in the log,
/// and for each of the two readers.
async fn edited(trio: &Trio, files: usize) -> [usize; 3] {
    let spaces = [log_of(alice()), outbox(alice(), bob()), outbox(alice(), carol())];
    let count = || spaces.each_ref().map(|space| messages(trio, space));
    let before = count();
    for number in 0..files {
        trio.alice.write(&format!("{}/public/many/{number}.txt", alice()), "edited\n");
    }
    let options = syft_sync::SyncOptions { auto_checkpoint: false, ..Default::default() };
    let report = trio.alice.manager.sync(&options).await.unwrap();
    assert_eq!(report.changed, files);
    let after = count();
    [0, 1, 2].map(|place| after[place] - before[place])
}

#[tokio::test]
async fn many_edits_at_once_are_one_object_in_the_log_and_one_for_each_reader() {
    let trio = Trio::connected().await;
    assert_eq!(edited(&trio, 500).await, [1, 1, 1]);
    let newest = events_in(&trio.store, &outbox(alice(), bob())).pop().unwrap();
    assert_eq!(newest.events.len(), 500);
    trio.bob.sync().await;
    assert_eq!(trio.bob.tree(&format!("{}/public/many", alice())).len(), 500);
}

#[tokio::test]
async fn i13_more_than_two_thousand_edits_are_split() {
    let trio = Trio::connected().await;
    assert_eq!(edited(&trio, 2_001).await, [2, 2, 2]);
    for space in [log_of(alice()), outbox(alice(), bob()), outbox(alice(), carol())] {
        let sizes: Vec<usize> =
            events_in(&trio.store, &space).iter().rev().take(2).map(|it| it.events.len()).collect();
        assert_eq!(sizes, [1, 2_000], "{space}");
    }
}
