//! Peers that are reached over stores of their own.

use crate::common::{ALICE, BOB, TestBox};
use insta::assert_snapshot;

fn other(it: &TestBox) -> String {
    it.url().replace("/shared", "/other")
}

#[test]
fn two_people_meet_in_a_store_that_both_name() {
    let it = TestBox::new();
    let url = other(&it);
    assert_snapshot!(it.bob(&["peer", "add", ALICE, "--via", &url]).all(), @r"
    You asked alice@hospital.org to become a peer.
    To accept, alice@hospital.org types:
        syft peer add bob@uni.org --via file://$BOX/other
    ");
    assert_snapshot!(it.alice(&["peer", "add", BOB, "--via", &url]).all(), @r"
    You and bob@uni.org are connected.

    See what they share:
        syft dataset list
    ");
    it.bob(&["sync"]).ok();
    assert_snapshot!(it.bob(&["peer", "list"]).all(), @r"
    PEER                STATE     IDENTITY    SEALED  VERSION  LAST SEEN
    alice@hospital.org  accepted  unverified  yes     0.1.0    just now
    alice@hospital.org is reached over file://$BOX/other
    ");
    let peers = it.bob(&["peer", "list", "--json"]).ok().json();
    assert_eq!(peers["peers"][0]["state"], "accepted");
    assert!(peers["peers"][0]["transport"].as_str().unwrap().ends_with("/other"));
    assert!(peers["peers"][0]["via"][0].as_str().unwrap().ends_with("/other"));
    let status = it.bob(&["status", "--json"]).ok().json();
    assert_eq!(status["elsewhere"][0]["email"], ALICE);
}

#[test]
fn a_peer_is_moved_with_what_was_exchanged() {
    let it = TestBox::connected();
    let url = other(&it);
    assert_snapshot!(it.alice(&["peer", "move", BOB, "--via", &url]).all(), @r"
    You are moving bob@uni.org to file://$BOX/other.
    Until they have come along, all goes on where it was.
    To come along, bob@uni.org types:
        syft peer move alice@hospital.org --via file://$BOX/other
    ");
    assert_snapshot!(it.alice(&["peer", "list"]).all(), @r"
    PEER         STATE     IDENTITY    SEALED  VERSION  LAST SEEN
    bob@uni.org  accepted  unverified  yes     0.1.0    just now
    bob@uni.org is reached over file://$BOX/other
    To come along there, bob@uni.org types:
        syft peer move alice@hospital.org --via file://$BOX/other
    ");
    let status = it.alice(&["status", "--json"]).ok().json();
    let waiting = &status["waiting"][0]["waiting_for"];
    assert_eq!(waiting["who"], BOB);
    assert!(waiting["command"].as_str().unwrap().starts_with("syft peer move alice@hospital.org"));
    let moved = it.bob(&["peer", "move", ALICE, "--via", &url, "--json"]).ok().json();
    assert_eq!(moved["schema"], "syft/peer-move/1");
    assert_eq!(moved["moving"], false);
    it.alice(&["sync"]).ok();
    assert_snapshot!(it.alice(&["peer", "list"]).all(), @r"
    PEER         STATE     IDENTITY    SEALED  VERSION  LAST SEEN
    bob@uni.org  accepted  unverified  yes     0.1.0    just now
    bob@uni.org is reached over file://$BOX/other
    ");
    let again = it.alice(&["peer", "move", BOB, "--via", &url]);
    assert_snapshot!(again.all(), @"You and bob@uni.org are connected over file://$BOX/other.");
}

#[test]
fn what_cannot_be_moved_says_what_to_type() {
    let it = TestBox::connected();
    let url = other(&it);
    let added = it.alice(&["peer", "add", BOB, "--via", &url]);
    assert_eq!(added.code, 6);
    assert_snapshot!(added.all(), @r"
    error: bob@uni.org is reached over file://$BOX/shared: syft peer move keeps what was exchanged
     next: syft peer move bob@uni.org --via file://$BOX/other
    [exit 6]
    ");
    let unknown = it.alice(&["peer", "move", "carol@institute.net", "--via", &url]);
    assert_eq!(unknown.code, 3);
    let path = it.alice(&["peer", "move", BOB, "--via", "/mnt/other"]);
    assert_eq!(path.code, 2);
    assert_snapshot!(path.all(), @r#"
    error: "/mnt/other" is no store: relative URL without a base; a folder is file:///its/path
     next: syft peer move bob@uni.org --via file:///mnt/other
    [exit 2]
    "#);
}

#[test]
fn a_store_that_is_gone_for_good_is_given_up() {
    let it = TestBox::new();
    let (url, home) = (other(&it), it.url());
    it.bob(&["peer", "add", ALICE, "--via", &url]).ok();
    it.alice(&["peer", "add", BOB, "--via", &url]).ok();
    it.bob(&["sync"]).ok();
    std::fs::remove_dir_all(url.strip_prefix("file://").unwrap()).unwrap();
    it.alice(&["peer", "move", BOB, "--via", &home]);
    it.bob(&["peer", "move", ALICE, "--via", &home]);
    it.alice(&["sync"]).ok();
    assert_snapshot!(it.alice(&["peer", "list"]).all(), @r"
    PEER         STATE     IDENTITY    SEALED  VERSION  LAST SEEN
    bob@uni.org  accepted  unverified  yes     0.1.0    just now
    bob@uni.org is reached over file://$BOX/shared
    bob@uni.org is not moved yet: could not reach folder $BOX/other: the shared folder $BOX/other is not there now, or holds no store (is its drive mounted?) (try again later)

    If the older store is gone for good, go on without it:
        syft peer move bob@uni.org --via file://$BOX/shared --give-up-older
    note: could not reach folder $BOX/other: the shared folder $BOX/other is not there now, or holds no store (is its drive mounted?) (try again later); showing what is known here
    ");
    let told = it.alice(&["peer", "list", "--json"]).ok().json();
    assert!(told["peers"][0]["held_up"].as_str().unwrap().contains("/other"), "{told}");
    let doctor = it.alice(&["doctor", "--json"]).json();
    let moves = doctor["checks"].as_array().unwrap().iter().find(|check| check["name"] == "moves");
    assert_eq!(moves.unwrap()["ok"], false);
    let given_up = ["peer", "move", BOB, "--via", &home, "--give-up-older"];
    assert_snapshot!(it.alice(&given_up).all(), @"You and bob@uni.org are connected over file://$BOX/shared.");
    it.bob(&["peer", "move", ALICE, "--via", &home, "--give-up-older"]).ok();
    it.alice(&["sync"]).ok();
    it.bob(&["sync"]).ok();
    assert_snapshot!(it.bob(&["peer", "list"]).all(), @r"
    PEER                STATE     IDENTITY    SEALED  VERSION  LAST SEEN
    alice@hospital.org  accepted  unverified  yes     0.1.0    just now
    alice@hospital.org is reached over file://$BOX/shared
    ");
}
