#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    dead_code,
    unreachable_pub,
    missing_docs,
    missing_debug_implementations,
    reason = "tests"
)]

mod common;

use common::{ALICE, BOB, TestBox};
use insta::assert_snapshot;

#[test]
fn two_people_become_peers() {
    let it = TestBox::new();
    assert_snapshot!(it.alice(&["peer", "list"]).all(), @r"
    No peers yet.

    Ask somebody:
        syft peer add EMAIL
    ");
    assert_snapshot!(it.bob(&["peer", "add", ALICE]).all(), @r"
    You asked alice@hospital.org to become a peer.
    To accept, alice@hospital.org types:
        syft peer approve bob@uni.org
    ");
    assert_snapshot!(it.bob(&["peer", "list"]).all(), @r"
    PEER                STATE         IDENTITY  VERSION  LAST SEEN
    alice@hospital.org  asked by you  claimed   -        -
    ");
    assert_snapshot!(it.alice(&["peer", "list"]).all(), @r"
    PEER         STATE     IDENTITY  VERSION  LAST SEEN
    bob@uni.org  asks you  claimed   0.1.0    just now

    To accept bob@uni.org:
        syft peer approve bob@uni.org
    ");
    assert_snapshot!(it.alice(&["peer", "approve", BOB]).all(), @r"
    You and bob@uni.org are connected.

    They can send you jobs now. Share a dataset with them:
        syft dataset share NAME bob@uni.org
    ");
    assert_snapshot!(it.alice(&["peer", "list"]).all(), @r"
    PEER         STATE     IDENTITY  VERSION  LAST SEEN
    bob@uni.org  accepted  claimed   0.1.0    just now
    ");
    assert_snapshot!(it.bob(&["peer", "list"]).all(), @r"
    PEER                STATE     IDENTITY  VERSION  LAST SEEN
    alice@hospital.org  accepted  claimed   0.1.0    just now
    ");
}

#[test]
fn peers_for_programs_say_who_must_act() {
    let it = TestBox::new();
    it.bob(&["peer", "add", ALICE]).ok();
    let peers = it.alice(&["peer", "list", "--json"]).ok().json();
    let peer = &peers["peers"][0];
    assert_eq!(peers["schema"], "syft/peer-list/1");
    assert_eq!(peer["state"], "requested_by_peer");
    assert_eq!(peer["identity"], "claimed");
    assert_eq!(peer["waiting_for"]["who"], ALICE);
    assert_eq!(peer["waiting_for"]["command"], format!("syft peer approve {BOB}"));
    assert!(peer["last_seen"].as_str().is_some());
    let peers = it.bob(&["peer", "list", "--json"]).ok().json();
    assert_eq!(peers["peers"][0]["state"], "requested_by_me");
    assert_eq!(peers["peers"][0]["waiting_for"]["who"], ALICE);
}

#[test]
fn a_request_can_be_refused_and_the_refusal_taken_back() {
    let it = TestBox::new();
    it.bob(&["peer", "add", ALICE]).ok();
    assert_snapshot!(it.alice(&["peer", "reject", BOB]).all(), @r"
    You refused the request of bob@uni.org; they are not told.

    To take it back:
        syft peer approve bob@uni.org
    ");
    let peers = it.alice(&["peer", "list", "--json"]).ok().json();
    assert_eq!(peers["peers"][0]["state"], "rejected");
    it.alice(&["peer", "approve", BOB]).ok();
    assert_snapshot!(it.alice(&["peer", "reject", BOB]).all(), @r"
    error: bob@uni.org is connected already
     next: syft peer remove bob@uni.org
    [exit 6]
    ");
}

#[test]
fn it_can_be_ended_with_a_peer() {
    let it = TestBox::connected();
    it.census(BOB);
    it.bob(&["sync"]).ok();
    assert_snapshot!(it.alice(&["peer", "remove", BOB]).all(), @r"
    bob@uni.org is no peer of yours any more.
    Nothing that they send is taken, and nothing is shared with them.
    Their copies of these mocks go: census.
    What they copied elsewhere cannot be recalled.

    To begin anew:
        syft peer add bob@uni.org
    ");
    assert_snapshot!(it.alice(&["peer", "list"]).all(), @r"
    PEER         STATE    IDENTITY  VERSION  LAST SEEN
    bob@uni.org  removed  claimed   0.1.0    just now
    ");
    let datasets = it.bob(&["dataset", "list", "--json"]).ok().json();
    assert_eq!(datasets["datasets"].as_array().unwrap().len(), 0);
    let removed = it.alice(&["peer", "remove", BOB, "--json"]).ok().json();
    assert_eq!(removed["schema"], "syft/peer-remove/1");
    assert_eq!((&removed["state"], &removed["files"]), (&"removed".into(), &0.into()));
    it.alice(&["peer", "remove", "carol@lab.org"]).exits(3);
}

#[test]
fn those_who_never_asked_are_not_found() {
    let it = TestBox::new();
    assert_snapshot!(it.alice(&["peer", "approve", "carol@lab.org"]).all(), @r"
    error: carol@lab.org is no peer of this datasite
     next: syft peer list
    [exit 3]
    ");
    assert_snapshot!(it.alice(&["peer", "reject", "carol@lab.org", "--json"]).all(), @r#"
    {"schema":"syft/error/1","code":"peer_not_found","message":"carol@lab.org is no peer of this datasite","next":"syft peer list"}
    [exit 3]
    "#);
    assert_snapshot!(it.alice(&["sync", "--peer", "carol@lab.org"]).all(), @r"
    error: carol@lab.org is no peer of this datasite
     next: syft peer add carol@lab.org
    [exit 3]
    ");
    it.alice(&["peer", "add", ALICE]).exits(6);
}

#[test]
fn flags_that_verify_keys_say_that_there_are_none() {
    let it = TestBox::new();
    it.bob(&["peer", "add", ALICE]).ok();
    assert_snapshot!(it.alice(&["peer", "approve", BOB, "--trust-first"]).all(), @r"
    You and bob@uni.org are connected.

    They can send you jobs now. Share a dataset with them:
        syft dataset share NAME bob@uni.org
    note: bob@uni.org has no key that could be verified: the identity is claimed
    ");
    it.alice(&["peer", "approve", BOB, "--trust-first", "--words", "a b"]).exits(2);
}
