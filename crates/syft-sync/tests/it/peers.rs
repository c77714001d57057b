//! Who is connected with whom.

use std::sync::Arc;

use crate::common::{Member, Pair, Trio, alice, bob, carol, email, in_space, inbox};
use syft_core::{COMPAT_VERSION, Email, LayoutKind, Timestamp};
use syft_sync::{Error, Hello, OfflineTransport, Peer, PeerState, ProtocolRange, Role};
use syft_transport::MemoryStore;

async fn states(node: &Member) -> Vec<(Email, PeerState)> {
    let peers = node.manager.load_peers().await.unwrap();
    peers.iter().chain(peers.refused()).map(|peer| (peer.email.clone(), peer.state)).collect()
}

async fn peer(node: &Member, email: &Email) -> Peer {
    node.manager.load_peers().await.unwrap().get(email).unwrap().clone()
}

#[tokio::test]
async fn a_request_goes_through_its_states() {
    let pair = Pair::strangers().await;
    assert_eq!(states(&pair.alice).await, []);
    pair.bob.manager.add_peer(&alice(), false).await.unwrap();
    assert_eq!(states(&pair.bob).await, [(alice(), PeerState::RequestedByMe)]);
    assert_eq!(states(&pair.alice).await, [(bob(), PeerState::RequestedByPeer)]);
    let status = pair.alice.manager.status().await.unwrap();
    assert_eq!((status.peers.accepted, status.peers.pending), (0, 1));
    assert_eq!(status.waiting[0].waiting_for.who, alice());
    assert_eq!(status.waiting[0].waiting_for.command, format!("syft peer approve {}", bob()));
    pair.alice.manager.approve_peer_request(&bob(), true).await.unwrap();
    assert_eq!(states(&pair.alice).await, [(bob(), PeerState::Accepted)]);
    assert_eq!(states(&pair.bob).await, [(alice(), PeerState::Accepted)]);
    assert_eq!(pair.bob.audit("peer.answered").len(), 1);
    let waiting = pair.alice.manager.status().await.unwrap().waiting;
    let commands: Vec<&str> = waiting.iter().map(|it| it.waiting_for.command.as_str()).collect();
    assert_eq!(commands, ["syft sync"], "her own files are not sent yet");
    pair.alice.sync().await;
    assert!(pair.alice.manager.status().await.unwrap().waiting.is_empty());
}

#[tokio::test]
async fn asking_twice_changes_nothing_and_force_begins_anew() {
    let pair = Pair::strangers().await;
    for _ in 0..2 {
        let asked = pair.bob.manager.add_peer(&alice(), false).await.unwrap();
        assert_eq!(asked.state, PeerState::RequestedByMe);
    }
    assert_eq!(pair.bob.audit("peer.added").len(), 1);
    assert_eq!(in_space(&pair.store, &inbox(alice(), bob())).len(), 1, "one hello");
    pair.bob.manager.add_peer(&alice(), true).await.unwrap();
    assert_eq!(pair.bob.audit("peer.added").len(), 2);
    assert_eq!(in_space(&pair.store, &inbox(alice(), bob())).len(), 1);
    pair.alice.manager.approve_peer_request(&bob(), true).await.unwrap();
    pair.bob.sync().await;
    let again = pair.bob.manager.add_peer(&alice(), false).await.unwrap();
    assert_eq!(again.state, PeerState::Accepted);
    let forced = pair.bob.manager.add_peer(&alice(), true).await.unwrap();
    assert_eq!(forced.state, PeerState::Accepted, "the other side has answered");
}

#[tokio::test]
async fn asking_whoever_asked_me_accepts() {
    let pair = Pair::strangers().await;
    pair.bob.manager.add_peer(&alice(), false).await.unwrap();
    let accepted = pair.alice.manager.add_peer(&bob(), false).await.unwrap();
    assert_eq!(accepted.state, PeerState::Accepted);
    assert_eq!(states(&pair.bob).await, [(alice(), PeerState::Accepted)]);
}

#[tokio::test]
async fn a_rejected_peer_exchanges_nothing_and_stays_rejected() {
    let pair = Pair::strangers().await;
    pair.bob.manager.add_peer(&alice(), false).await.unwrap();
    pair.alice.manager.reject_peer_request(&bob()).await.unwrap();
    pair.bob.submit("echo 1", "census").await;
    pair.bob.sync().await;
    pair.alice.sync().await;
    assert_eq!(states(&pair.alice).await, [(bob(), PeerState::Rejected)]);
    assert_eq!(states(&pair.bob).await, [(alice(), PeerState::RequestedByMe)], "told nothing");
    assert!(pair.alice.tree(alice().as_str()).keys().all(|path| !path.starts_with("jobs/")));
    pair.bob.manager.add_peer(&alice(), true).await.unwrap();
    assert_eq!(states(&pair.alice).await, [(bob(), PeerState::Rejected)]);
    pair.alice.manager.approve_peer_request(&bob(), true).await.unwrap();
    pair.alice.sync().await;
    assert!(pair.alice.manager.job_store().job("census").is_ok(), "what waited is taken");
    let refused = pair.alice.manager.reject_peer_request(&bob()).await.unwrap_err();
    assert!(matches!(refused, Error::PeerState { .. }), "{refused}");
}

#[tokio::test]
async fn whoever_did_not_ask_is_not_answered_by_mistake() {
    let pair = Pair::strangers().await;
    let unknown = pair.alice.manager.approve_peer_request(&bob(), true).await.unwrap_err();
    assert!(matches!(unknown, Error::UnknownPeer(_)), "{unknown}");
    let unknown = pair.alice.manager.reject_peer_request(&bob()).await.unwrap_err();
    assert!(matches!(unknown, Error::UnknownPeer(_)), "{unknown}");
    let own = pair.alice.manager.add_peer(&alice(), false).await.unwrap_err();
    assert!(matches!(own, Error::PeerState { .. }), "{own}");
    pair.alice.manager.add_peer(&carol(), false).await.unwrap();
    let mine = pair.alice.manager.approve_peer_request(&carol(), true).await.unwrap_err();
    assert!(matches!(mine, Error::PeerState { .. }), "{mine}");
    // In advance, on purpose.
    let ahead = pair.alice.manager.approve_peer_request(&bob(), false).await.unwrap();
    assert_eq!(ahead.state, PeerState::Accepted);
    let asked = pair.bob.manager.add_peer(&alice(), false).await.unwrap();
    assert_eq!(asked.state, PeerState::Accepted);
}

#[tokio::test]
async fn a_scientist_answers_no_requests() {
    let pair = Pair::strangers().await;
    let mut config = syft_sync::Config::new(
        carol(),
        crate::common::scratch().path(),
        Arc::new(pair.store.user(carol())),
        "memory:",
    );
    config.role = Role::Scientist;
    let scientist = syft_sync::login_ds(config).await.unwrap();
    pair.bob.manager.add_peer(&carol(), false).await.unwrap();
    let refused = scientist.approve_peer_request(&bob(), true).await.unwrap_err();
    assert!(matches!(refused, Error::Role { .. }), "{refused}");
}

#[tokio::test]
async fn a_request_made_offline_is_sent_by_the_next_sync() {
    let mut pair = Pair::strangers().await;
    pair.bob.restart(Arc::new(OfflineTransport::new("memory", bob(), "no network")));
    let asked = pair.bob.manager.add_peer(&alice(), false).await.unwrap();
    assert_eq!(asked.state, PeerState::RequestedByMe);
    pair.bob.submit("echo 1", "census").await;
    let report = pair.bob.sync().await;
    assert!(report.store.is_some_and(|why| why.contains("no network")));
    assert!(report.queued_out > 0);
    pair.bob.restart(Arc::new(pair.store.user(bob())));
    let report = pair.bob.sync().await;
    assert_eq!((report.store, report.queued_out), (None, 0));
    assert_eq!(states(&pair.alice).await, [(bob(), PeerState::RequestedByPeer)]);
    pair.alice.manager.approve_peer_request(&bob(), true).await.unwrap();
    pair.alice.sync().await;
    assert!(pair.alice.manager.job_store().job("census").is_ok());
}

/// Replaces Bob's hello at Alice's by other bytes.
fn say(world: &Trio, body: Vec<u8>) {
    let hello = in_space(&world.store, &inbox(alice(), bob()));
    let hello = hello.iter().find(|object| object.name.as_str() == "hello").unwrap();
    assert!(world.store.tamper(&hello.id, body));
}

/// Bob's hello is this; his jobs wait, Carol's arrive, and after a good hello
/// all is well again.
async fn concerns_bob_alone(body: Vec<u8>, reason: &str) {
    let world = Trio::connected().await;
    let hello = in_space(&world.store, &inbox(alice(), bob()));
    let good = world.store.bytes(&hello[0].id).unwrap().to_vec();
    say(&world, body);
    world.bob.submit("echo 1", "mine").await;
    world.carol.submit("echo 2", "hers").await;
    world.alice.write("alice@hospital.org/public/a.txt", "news");
    world.bob.sync().await;
    world.carol.sync().await;
    let report = world.alice.sync().await;
    world.carol.sync().await;
    world.bob.sync().await;
    let problem = |who: Email| {
        let of = report.peers.iter().find(|peer| peer.email == who);
        of.and_then(|peer| peer.problem.clone())
    };
    assert!(problem(bob()).is_some_and(|why| why.contains(reason)), "{:?}", problem(bob()));
    assert_eq!(problem(carol()), None);
    let jobs = world.alice.manager.job_store();
    assert!(jobs.job("hers").is_ok() && jobs.job("mine").is_err());
    assert_eq!(world.carol.read("alice@hospital.org/public/a.txt").unwrap(), "news");
    assert_eq!(world.bob.read("alice@hospital.org/public/a.txt"), None);
    let shown = peer(&world.alice, &bob()).await;
    assert_eq!(shown.state, PeerState::Accepted);
    assert!(shown.problem.is_some_and(|why| why.contains(reason)));
    say(&world, good);
    world.settle().await;
    assert!(world.alice.manager.job_store().job("mine").is_ok());
    assert_eq!(world.bob.read("alice@hospital.org/public/a.txt").unwrap(), "news");
}

fn hello(who: &Email, min: u32, max: u32) -> Vec<u8> {
    let mut hello = Hello::of(who, LayoutKind::Native, COMPAT_VERSION, Timestamp::EPOCH);
    hello.native.as_mut().unwrap().protocol = ProtocolRange { min, max };
    let keys = crate::common::keys_of(who).keys(who).unwrap();
    serde_json::to_vec(
        &hello.signed(&keys, &if *who == alice() { bob() } else { alice() }).unwrap(),
    )
    .unwrap()
}

#[tokio::test]
async fn a_peer_of_another_protocol_is_left_out_alone() {
    concerns_bob_alone(hello(&bob(), 2, 3), "protocol versions 2 to 3").await;
}

#[tokio::test]
async fn a_hello_that_cannot_be_read_concerns_that_peer_alone() {
    concerns_bob_alone(b"{ not json".to_vec(), "cannot be read").await;
    concerns_bob_alone(vec![b' '; 100 << 10], "too large").await;
}

#[tokio::test]
async fn a_hello_of_somebody_else_concerns_that_peer_alone() {
    concerns_bob_alone(hello(&carol(), 1, 1), "says it is from").await;
}

#[tokio::test]
async fn a_job_for_a_peer_of_another_protocol_needs_force() {
    let world = Trio::connected().await;
    let at_bob = in_space(&world.store, &inbox(bob(), alice()));
    assert!(world.store.tamper(&at_bob[0].id, hello(&alice(), 7, 7)));
    let script = || syft_job::Script::Text("echo 1".to_owned());
    let submission = syft_job::Submission::new(alice(), script());
    let refused = world.bob.manager.submit_job(&submission, false).await.unwrap_err();
    assert!(matches!(refused, Error::Incompatible { .. }), "{refused}");
    world.bob.manager.submit_job(&submission, true).await.unwrap();
    assert_eq!(world.bob.audit("submission.forced").len(), 1);
    let stranger = syft_job::Submission::new(email("nobody@nowhere.net"), script());
    let refused = world.bob.manager.submit_job(&stranger, true).await.unwrap_err();
    assert!(matches!(refused, Error::UnknownPeer(_)), "{refused}");
}

#[tokio::test]
async fn s8_a_folder_that_a_stranger_made_in_anothers_name_is_no_request() {
    let pair = Pair::strangers().await;
    let mallory = email("mallory@nowhere.net");
    pair.store.plant_space(&inbox(alice(), bob()), &mallory);
    assert_eq!(states(&pair.alice).await, []);
    let report = pair.alice.sync().await;
    assert!(report.notes.iter().any(|note| note.contains("mallory")), "{:?}", report.notes);
}

/// What a fresh machine of Alice's knows of her peers.
async fn known_to_a_fresh_machine(store: &MemoryStore) -> Vec<(Email, PeerState)> {
    let fresh = Member::join(alice(), Arc::new(store.user(alice())), 9).await;
    states(&fresh).await
}

#[tokio::test]
async fn a_decision_on_a_peer_is_known_to_a_fresh_machine_before_the_next_sync() {
    let pair = Pair::connected().await;
    let carol_node = Member::join(carol(), Arc::new(pair.store.user(carol())), 3).await;
    carol_node.manager.add_peer(&alice(), false).await.unwrap();
    pair.alice.manager.reject_peer_request(&carol()).await.unwrap();
    let known = known_to_a_fresh_machine(&pair.store).await;
    assert_eq!(known, [(bob(), PeerState::Accepted), (carol(), PeerState::Rejected)]);
    pair.alice.manager.approve_peer_request(&carol(), true).await.unwrap();
    let known = known_to_a_fresh_machine(&pair.store).await;
    assert_eq!(known, [(bob(), PeerState::Accepted), (carol(), PeerState::Accepted)]);
    pair.alice.manager.remove_peer(&bob()).await.unwrap();
    let known = known_to_a_fresh_machine(&pair.store).await;
    assert_eq!(known, [(carol(), PeerState::Accepted), (bob(), PeerState::Removed)]);
}

/// What a decision would replace in the store is read first.
#[tokio::test]
async fn a_decision_before_the_restore_does_not_replace_what_is_to_be_restored() {
    let pair = Pair::connected().await;
    let carol_node = Member::join(carol(), Arc::new(pair.store.user(carol())), 3).await;
    carol_node.manager.add_peer(&alice(), false).await.unwrap();
    let away = Arc::new(OfflineTransport::new("memory", alice(), "no network"));
    let mut fresh = Member::join(alice(), away, 9).await;
    fresh.restart(Arc::new(pair.store.user(alice())));
    fresh.manager.reject_peer_request(&carol()).await.unwrap();
    fresh.sync().await;
    let known = states(&fresh).await;
    assert_eq!(known, [(bob(), PeerState::Accepted), (carol(), PeerState::Rejected)]);
}
