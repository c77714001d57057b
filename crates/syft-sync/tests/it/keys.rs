//! By which keys peers know each other, and what becomes of one that shows others
//! (`threats.md` F15, S9).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::common::{Member, Pair, Trio, alice, bob, carol, in_space, inbox};
use syft_core::testing::SeededEntropy;
use syft_core::{COMPAT_VERSION, Email, LayoutKind, Timestamp};
use syft_crypto::{KeySource, Keys, RecoveryKey};
use syft_sync::{Error, Hello, Identity, PeerReport, SyncReport};
use syft_transport::{MemoryStore, Transport};

static SWAPPED: AtomicUsize = AtomicUsize::new(1);

fn other_keys(email: &Email) -> RecoveryKey {
    RecoveryKey::generate(&SeededEntropy::new(email.as_str().len() as u64)).unwrap()
}

fn hello_of(who: &Email, keys: Option<&Keys>) -> Vec<u8> {
    let hello = Hello::of(who, LayoutKind::Native, COMPAT_VERSION, Timestamp::EPOCH);
    let to = if *who == alice() { bob() } else { alice() };
    let hello = keys.map_or_else(|| hello.clone(), |keys| hello.clone().signed(keys, &to).unwrap());
    serde_json::to_vec(&hello).unwrap()
}

/// Whoever may write the store puts another hello in the place of Bob's.
fn swap_hello(store: &MemoryStore, mut bytes: Vec<u8>) {
    // A replaced object is known by its size alone.
    bytes.resize(bytes.len() + SWAPPED.fetch_add(1, Ordering::Relaxed), b' ');
    let objects = in_space(store, &inbox(alice(), bob()));
    let hello = objects.iter().find(|object| object.name.as_str() == "hello").unwrap();
    assert!(store.tamper(&hello.id, bytes));
}

fn report_of<'a>(report: &'a SyncReport, who: &Email) -> &'a PeerReport {
    report.peers.iter().find(|peer| peer.email == *who).unwrap()
}

fn is_alarmed(report: &SyncReport) -> bool {
    report.peers.iter().any(|peer| peer.alarm)
}

async fn identity_of(member: &Member, who: &Email) -> (Identity, String) {
    let peers = member.manager.load_peers().await.unwrap();
    let peer = peers.get(who).unwrap();
    (peer.identity, peer.words.clone().unwrap())
}

fn words(member: &Member) -> String {
    member.manager.keys().unwrap().bundle().words(&member.email)
}

#[tokio::test]
async fn peers_know_each_other_by_the_first_key() {
    let mut pair = Pair::strangers().await;
    pair.bob.manager.add_peer(&alice(), false).await.unwrap();
    // Somebody who only asks shows a key, too.
    assert_eq!(identity_of(&pair.alice, &bob()).await.1, words(&pair.bob));
    pair.alice.manager.approve_peer_request(&bob(), true).await.unwrap();
    pair.bob.sync().await;
    assert_eq!(identity_of(&pair.alice, &bob()).await, (Identity::Proven, words(&pair.bob)));
    assert_eq!(identity_of(&pair.bob, &alice()).await, (Identity::Proven, words(&pair.alice)));
    let peer = pair.alice.manager.verify_peer(bob(), &words(&pair.bob).to_uppercase()).await;
    assert_eq!(peer.unwrap().identity, Identity::Verified);
    assert_eq!(pair.alice.audit("peer.verified").len(), 1);
    // Known by a restart as well, and without the store.
    let away = syft_sync::OfflineTransport::new("memory", alice(), "no network");
    pair.alice.restart(Arc::new(away));
    assert_eq!(identity_of(&pair.alice, &bob()).await, (Identity::Verified, words(&pair.bob)));
}

#[tokio::test]
async fn words_that_are_not_those_of_the_key_verify_nobody() {
    let pair = Pair::connected().await;
    let mut almost = words(&pair.bob);
    almost.truncate(almost.rfind(' ').unwrap());
    for wrong in [words(&pair.alice), almost, String::new()] {
        let refused = pair.alice.manager.verify_peer(bob(), &wrong).await.unwrap_err();
        assert!(matches!(refused, Error::OtherWords { .. }), "{wrong}: {refused}");
    }
    assert_eq!(identity_of(&pair.alice, &bob()).await.0, Identity::Proven);
    let stranger = pair.alice.manager.verify_peer(carol(), "any words").await.unwrap_err();
    assert!(matches!(stranger, Error::UnknownPeer(_)));
}

#[tokio::test]
async fn f15_a_peer_whose_key_changes_is_stopped_and_no_other() {
    for shows_none in [false, true] {
        let trio = Trio::connected().await;
        let swapped = other_keys(&bob()).keys(&bob()).unwrap();
        swap_hello(&trio.store, hello_of(&bob(), (!shows_none).then_some(&swapped)));
        trio.bob.submit("echo 1", "mine").await;
        trio.carol.submit("echo 1", "hers").await;
        trio.bob.sync().await;
        trio.carol.sync().await;
        let report = trio.alice.sync().await;
        let of_bob = report_of(&report, &bob());
        let problem = of_bob.problem.clone().unwrap();
        assert!(of_bob.alarm && problem.contains("pose as bob@university.org"), "{problem}");
        assert_eq!(problem.contains(&swapped.bundle().words(&bob())), !shows_none, "{problem}");
        assert!(!report_of(&report, &carol()).alarm);
        let jobs = trio.alice.manager.job_store().jobs().unwrap();
        assert!(jobs.get("mine").is_err() && jobs.get("hers").is_ok(), "{shows_none}");
        // It is told once, and stays so.
        assert!(report_of(&trio.alice.sync().await, &bob()).alarm);
        assert_eq!(trio.alice.audit("peer.key_changed").len(), 1);
        // Bob is still known by his own key; the old hello heals it.
        let keys = trio.bob.manager.keys().unwrap();
        swap_hello(&trio.store, hello_of(&bob(), Some(keys)));
        assert!(!report_of(&trio.alice.sync().await, &bob()).alarm);
        assert!(trio.alice.manager.job_store().jobs().unwrap().get("mine").is_ok());
    }
}

#[tokio::test]
async fn f15_a_hello_that_cannot_be_read_is_no_way_around_the_key() {
    let mallory = other_keys(&bob()).keys(&bob()).unwrap();
    let mut forged: serde_json::Value =
        serde_json::from_slice(&hello_of(&bob(), Some(&mallory))).unwrap();
    let own = crate::common::keys_of(&bob()).keys(&bob()).unwrap();
    forged["native"]["keys"] = serde_json::to_value(own.bundle().to_did(&bob()).unwrap()).unwrap();
    let badly_signed = serde_json::to_vec(&forged).unwrap();
    for swapped in [b"garbage".to_vec(), badly_signed] {
        let pair = Pair::connected().await;
        let submitted = pair.submit("echo 1", "before").await;
        pair.bob.sync().await;
        pair.alice.sync().await;
        pair.approve(&submitted.id);
        swap_hello(&pair.store, swapped);
        pair.bob.submit("echo 2", "after").await;
        pair.bob.sync().await;
        assert!(report_of(&pair.alice.sync().await, &bob()).alarm);
        assert!(pair.alice.manager.job_store().jobs().unwrap().get("after").is_err());
        // An approved job of theirs does not run either, with or without a look at the store.
        let minimum = syft_job::sandbox::IsolationLevel::L0;
        let options = syft_job::RunOptions { minimum, ..Default::default() };
        let mut quiet = |_: syft_job::sandbox::LogStream, _: &[u8]| {};
        let sandbox = syft_job::sandbox::PlainSandbox;
        let manager = &pair.alice.manager;
        let refused = manager.run_job(&submitted.id, &options, &sandbox, &mut quiet).unwrap_err();
        assert!(matches!(refused, Error::KeyChanged { .. }), "{refused}");
    }
}

/// A store may show it late.
#[tokio::test]
async fn a_hello_that_is_not_listed_changes_nothing() {
    let pair = Pair::connected().await;
    let objects = in_space(&pair.store, &inbox(alice(), bob()));
    let hello = objects.iter().find(|object| object.name.as_str() == "hello").unwrap();
    let swapped = other_keys(&bob()).keys(&bob()).unwrap();
    for was_alarmed in [false, true] {
        if was_alarmed {
            swap_hello(&pair.store, hello_of(&bob(), Some(&swapped)));
            assert!(is_alarmed(&pair.alice.sync().await));
        }
        pair.store.user(bob()).delete(std::slice::from_ref(hello)).await.unwrap();
        assert_eq!(is_alarmed(&pair.alice.sync().await), was_alarmed);
        assert_eq!(identity_of(&pair.alice, &bob()).await.1, words(&pair.bob));
        pair.bob.manager.add_peer(&alice(), true).await.unwrap();
    }
    assert!(!is_alarmed(&pair.alice.sync().await), "he shows his own again");
}

/// What Bob said to Carol, brought to Alice by whoever may write the store.
#[tokio::test]
async fn s9_a_hello_to_somebody_else_is_no_request() {
    let pair = Pair::strangers().await;
    let own = pair.bob.manager.keys().unwrap();
    pair.bob.manager.add_peer(&alice(), false).await.unwrap();
    let hello = Hello::of(&bob(), LayoutKind::Native, COMPAT_VERSION, Timestamp::EPOCH);
    let to_carol = hello.signed(own, &carol()).unwrap();
    swap_hello(&pair.store, serde_json::to_vec(&to_carol).unwrap());
    let refused = pair.alice.manager.approve_peer_request(&bob(), true).await.unwrap_err();
    assert!(refused.to_string().contains("for somebody else"), "{refused}");
    let peers = pair.alice.manager.load_peers().await.unwrap();
    assert_eq!(peers.get(&bob()).unwrap().state, syft_sync::PeerState::RequestedByPeer);
}

#[tokio::test]
async fn words_are_compared_before_anything_is_granted() {
    let pair = Pair::strangers().await;
    pair.bob.manager.add_peer(&alice(), false).await.unwrap();
    let manager = &pair.alice.manager;
    let wrong = words(&pair.alice);
    let refused = manager.approve_verified_peer(bob(), &wrong).await.unwrap_err();
    assert!(matches!(refused, Error::OtherWords { .. }), "{refused}");
    let peers = manager.load_peers().await.unwrap();
    assert_eq!(peers.get(&bob()).unwrap().state, syft_sync::PeerState::RequestedByPeer);
    // Of one who shows no key there is nothing to compare.
    swap_hello(&pair.store, hello_of(&bob(), None));
    let refused = manager.approve_verified_peer(bob(), &words(&pair.bob)).await.unwrap_err();
    assert!(matches!(refused, Error::NotFound(_)), "{refused}");
    assert_eq!(pair.alice.audit("peer.approved").len(), 0);
    swap_hello(&pair.store, hello_of(&bob(), pair.bob.manager.keys()));
    let peer = manager.approve_verified_peer(bob(), &words(&pair.bob)).await.unwrap();
    assert_eq!(peer.identity, Identity::Verified);
    assert_eq!(pair.alice.audit("peer.key_trusted").len(), 0);
}

#[tokio::test]
async fn asking_again_gives_up_no_key_unless_it_is_forced_which_is_audited() {
    let pair = Pair::connected().await;
    let swapped = other_keys(&bob()).keys(&bob()).unwrap();
    swap_hello(&pair.store, hello_of(&bob(), Some(&swapped)));
    pair.alice.sync().await;
    let refused = pair.alice.manager.add_peer(&bob(), false).await.unwrap_err();
    assert!(matches!(refused, Error::KeyChanged { .. }), "{refused}");
    pair.alice.manager.add_peer(&bob(), true).await.unwrap();
    assert_eq!(pair.alice.audit("peer.key_forgotten").len(), 1);
    assert!(!is_alarmed(&pair.alice.sync().await));
    let known = identity_of(&pair.alice, &bob()).await.1;
    assert_eq!(known, swapped.bundle().words(&bob()));
}

#[tokio::test]
async fn a_hello_that_was_swapped_can_be_said_again() {
    let pair = Pair::connected().await;
    swap_hello(&pair.store, hello_of(&bob(), None));
    assert!(is_alarmed(&pair.alice.sync().await));
    pair.bob.manager.add_peer(&alice(), true).await.unwrap();
    assert!(!is_alarmed(&pair.alice.sync().await));
}

#[tokio::test]
async fn a_scientist_sends_nothing_to_an_owner_whose_key_has_changed() {
    let pair = Pair::connected().await;
    let swapped = other_keys(&alice()).keys(&alice()).unwrap();
    let objects = in_space(&pair.store, &inbox(bob(), alice()));
    let hello = objects.iter().find(|object| object.name.as_str() == "hello").unwrap();
    assert!(pair.store.tamper(&hello.id, hello_of(&alice(), Some(&swapped))));
    let submission =
        syft_job::Submission::new(alice(), syft_job::Script::Text("echo 1".to_owned()));
    // Also not with force, which is about versions.
    for force in [false, true] {
        let refused = pair.bob.manager.submit_job(&submission, force).await.unwrap_err();
        assert!(matches!(refused, Error::KeyChanged { .. }), "{force}: {refused}");
    }
}

#[tokio::test]
async fn s9_a_hello_that_others_wrote_is_not_heard() {
    let pair = Pair::strangers().await;
    pair.bob.manager.add_peer(&alice(), false).await.unwrap();
    let own = pair.bob.manager.keys().unwrap();
    let mut signed: serde_json::Value =
        serde_json::from_slice(&hello_of(&bob(), Some(own))).unwrap();
    let mallory = other_keys(&alice()).keys(&bob()).unwrap();
    let forged: serde_json::Value =
        serde_json::from_slice(&hello_of(&bob(), Some(&mallory))).unwrap();
    // Bob's words under a key that is not his, and his key over words that are not his.
    let mut cases = Vec::new();
    signed["native"]["keys"] = forged["native"]["keys"].clone();
    cases.push(signed.clone());
    signed = serde_json::from_slice(&hello_of(&bob(), Some(own))).unwrap();
    signed["native"]["layout"] = "pysyft".into();
    cases.push(signed.clone());
    signed = serde_json::from_slice(&hello_of(&bob(), Some(own))).unwrap();
    signed.as_object_mut().unwrap().remove("signature");
    cases.push(signed.clone());
    signed = serde_json::from_slice(&hello_of(&bob(), Some(own))).unwrap();
    signed["native"]["keys"]["keyAgreement"][0] =
        forged["native"]["keys"]["keyAgreement"][0].clone();
    cases.push(signed);
    for case in cases {
        swap_hello(&pair.store, serde_json::to_vec(&case).unwrap());
        let peers = pair.alice.manager.load_peers().await.unwrap();
        let peer = peers.get(&bob()).unwrap();
        assert!(peer.problem.is_some() && peer.words.is_none(), "{case}: {peer:?}");
    }
}

#[tokio::test]
async fn a_peer_that_began_anew_is_known_again_once_its_words_were_compared() {
    let mut pair = Pair::connected().await;
    pair.alice.manager.verify_peer(bob(), &words(&pair.bob)).await.unwrap();
    let new = KeySource::Recovery(other_keys(&bob()));
    assert!(pair.bob.manager.import_keys(new, true).unwrap());
    pair.bob.sync().await;
    assert!(is_alarmed(&pair.alice.sync().await));
    let was = crate::common::keys_of(&bob()).keys(&bob()).unwrap().bundle().words(&bob());
    let refused = pair.alice.manager.verify_peer(bob(), &was).await.unwrap_err();
    assert!(matches!(refused, Error::OtherWords { .. }), "{refused}");
    let peer = pair.alice.manager.verify_peer(bob(), &words(&pair.bob)).await.unwrap();
    assert_eq!((peer.identity, peer.alarm, peer.problem), (Identity::Verified, false, None));
    pair.bob.submit("echo 1", "again").await;
    pair.bob.sync().await;
    pair.alice.sync().await;
    assert!(pair.alice.manager.job_store().jobs().unwrap().get("again").is_ok());
}

/// Who asks somebody that asked before accepts, and has compared nothing.
#[tokio::test]
async fn a_key_that_is_trusted_unseen_is_audited() {
    let pair = Pair::strangers().await;
    pair.bob.manager.add_peer(&alice(), false).await.unwrap();
    pair.alice.manager.add_peer(&bob(), false).await.unwrap();
    assert_eq!(pair.alice.audit("peer.key_trusted").len(), 1);
    pair.bob.sync().await;
    assert_eq!(pair.bob.audit("peer.key_trusted").len(), 1);
    pair.alice.sync().await;
    pair.bob.sync().await;
    assert_eq!(pair.alice.audit("peer.key_trusted").len(), 1);
}
