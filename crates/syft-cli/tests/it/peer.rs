use crate::common::{ALICE, BOB, TestBox};
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
    assert_snapshot!(it.bob(&["peer", "list"]).all(), @"
    PEER                STATE         IDENTITY  SEALED  VERSION  LAST SEEN
    alice@hospital.org  asked by you  claimed   -       -        -
    ");
    assert_snapshot!(it.alice(&["peer", "list"]).all(), @"
    PEER         STATE     IDENTITY    SEALED  VERSION  LAST SEEN
    bob@uni.org  asks you  unverified  -       0.1.0    just now

    To accept bob@uni.org:
        syft peer approve bob@uni.org
    ");
    assert_snapshot!(it.alice(&["peer", "approve", BOB, "--trust-first"]).all(), @r"
    You and bob@uni.org are connected.
      words  <WORDS>

    Nobody has compared this key with them yet. Ask them for its words, and then:
        syft peer verify bob@uni.org

    They can send you jobs now. Share a dataset with them:
        syft dataset share NAME bob@uni.org
    ");
    assert_snapshot!(it.alice(&["peer", "list"]).all(), @"
    PEER         STATE     IDENTITY    SEALED  VERSION  LAST SEEN
    bob@uni.org  accepted  unverified  yes     0.1.0    just now
    ");
    assert_snapshot!(it.bob(&["peer", "list"]).all(), @"
    PEER                STATE     IDENTITY    SEALED  VERSION  LAST SEEN
    alice@hospital.org  accepted  unverified  yes     0.1.0    just now
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
    assert_eq!(peer["identity"], "unverified");
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
    it.alice(&["peer", "approve", BOB, "--trust-first"]).ok();
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
    assert_snapshot!(it.alice(&["peer", "list"]).all(), @"
    PEER         STATE    IDENTITY    SEALED  VERSION  LAST SEEN
    bob@uni.org  removed  unverified  yes     0.1.0    just now
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
    assert_snapshot!(it.alice(&["peer", "approve", "carol@lab.org", "--trust-first"]).all(), @r"
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

/// Bob's hello to Alice in the shared folder.
fn hello(it: &TestBox) -> std::path::PathBuf {
    it.path(&format!("shared/syft-1/inbox/{ALICE}/{BOB}/hello"))
}

#[test]
fn flags_that_verify_keys_say_that_there_are_none() {
    let it = TestBox::new();
    it.bob(&["peer", "add", ALICE]).ok();
    let advert = "{\"syft_client_version\": \"0.10.0\", \"min_supported_syft_client_version\": \
                  \"0.10.0\", \"protocol_version\": \"1.0.0\", \
                  \"min_supported_protocol_version\": \"1.0.0\"}";
    std::fs::write(hello(&it), advert).unwrap();
    assert_snapshot!(it.alice(&["peer", "approve", BOB, "--trust-first"]).all(), @"
    You and bob@uni.org are connected.
    Nothing is sealed with bob@uni.org, who shows that they do not seal: whoever can open the store can read what you exchange.

    They can send you jobs now. Share a dataset with them:
        syft dataset share NAME bob@uni.org
    note: bob@uni.org has no key that could be verified: the identity is claimed
    ");
    it.alice(&["peer", "approve", BOB, "--trust-first", "--words", "a b"]).exits(2);
}

fn words(it: &TestBox, who: &str) -> String {
    let shown = it.syft(who, &["keys", "show", "--json"], &[]).ok().json();
    shown["words"].as_str().unwrap().to_owned()
}

fn identity(it: &TestBox) -> String {
    let peers = it.alice(&["peer", "list", "--json"]).ok().json();
    peers["peers"][0]["identity"].as_str().unwrap().to_owned()
}

#[test]
fn who_asks_is_approved_once_the_words_of_the_key_were_compared() {
    let it = TestBox::new();
    it.bob(&["peer", "add", ALICE]).ok();
    let refused = it.alice(&["peer", "approve", BOB]).exits(4);
    assert_snapshot!(refused.all(), @r#"
    error: anybody who can write the store could have asked as bob@uni.org: ask them for the words of their key, or trust the first one with --trust-first
     next: syft peer approve bob@uni.org --words "WORDS"
    [exit 4]
    "#);
    it.alice(&["peer", "approve", BOB, "--words", &words(&it, "alice")]).exits(9);
    let peers = it.alice(&["peer", "list", "--json"]).ok().json();
    assert_eq!(peers["peers"][0]["state"], "requested_by_peer");
    let spoken = words(&it, "bob").replace(' ', ", ").to_uppercase();
    it.alice(&["peer", "approve", BOB, "--words", &spoken]).ok();
    assert_eq!(identity(&it), "verified");
    // Who is a peer already is not asked again.
    it.alice(&["peer", "approve", BOB]).ok();
}

#[test]
fn a_peer_is_verified_later() {
    let it = TestBox::connected();
    assert_eq!(identity(&it), "unverified");
    let refused = it.alice(&["peer", "verify", BOB]).exits(4);
    assert!(refused.stderr.contains("peer verify bob@uni.org --words"), "{}", refused.stderr);
    it.alice(&["peer", "verify", BOB, "--words", "not these words at all six"]).exits(9);
    it.alice(&["peer", "verify", "carol@lab.org", "--words", "any"]).exits(3);
    assert_eq!(identity(&it), "unverified");
    assert_snapshot!(it.alice(&["peer", "verify", BOB, "--words", &words(&it, "bob")]).all(), @r"
    bob@uni.org is verified: you know this key to be theirs.
    ");
    assert_eq!(identity(&it), "verified");
}

#[test]
fn f15_a_key_that_changes_is_an_alarm() {
    let it = TestBox::connected();
    let own = words(&it, "bob");
    let url = it.url();
    it.syft("mallory", &["login", "--email", BOB, "--transport", &url], &[]).ok();
    it.syft("mallory", &["keys", "export", "mallory.txt"], &[]).ok();
    it.bob(&["keys", "import", "mallory.txt", "--replace"]).ok();
    it.bob(&["sync"]).ok();
    let alarm = it.alice(&["sync"]).exits(9);
    assert!(
        alarm.stdout.contains(&own) && alarm.stdout.contains("pose as bob@uni.org"),
        "{}",
        alarm.stdout
    );
    assert!(alarm.stdout.contains("syft peer verify bob@uni.org"), "{}", alarm.stdout);
    let report = it.alice(&["sync", "--json"]).exits(9).json();
    assert_eq!(report["peers"][0]["alarm"], true);
    let peers = it.alice(&["peer", "list", "--json"]).ok().json();
    assert_eq!(peers["peers"][0]["alarm"], true);
    it.alice(&["peer", "verify", BOB, "--words", &words(&it, "bob")]).ok();
    it.alice(&["sync"]).ok();
}
