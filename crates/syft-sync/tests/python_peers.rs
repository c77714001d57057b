//! Peers that run the Python client: what their version allows, and how they are known
//! (`protocol.md` d).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::forge::{self, pack_json, set, with_path};
use common::{Member, Pair, Trio, alice, bob, carol, in_space, inbox, outbox};
use serde_json::Value;
use syft_core::{Advert, COMPAT_VERSION, Email, Timestamp};
use syft_job::{Script, Submission};
use syft_sync::{Error, Hello, LayoutName, OfflineTransport, PeerKind, SyncReport};
use syft_transport::{MemoryStore, Transport};

/// The advert of a Python client of this version.
fn advert(version: &str) -> Vec<u8> {
    Advert::of(version, Timestamp::EPOCH).to_json().unwrap()
}

/// So many hellos were replaced; a replaced object is known by its size alone.
static REPLACED: AtomicUsize = AtomicUsize::new(1);

/// From now on `from` says this to `to`; `None` if it says nothing.
async fn says(store: &MemoryStore, to: Email, from: Email, body: Option<Vec<u8>>) {
    let objects = in_space(store, &inbox(to, from.clone()));
    let hello = objects.iter().find(|object| object.name.as_str() == "hello").unwrap();
    match body {
        Some(mut body) => {
            body.resize(body.len() + REPLACED.fetch_add(1, Ordering::Relaxed), b' ');
            assert!(store.tamper(&hello.id, body));
        }
        None => store.user(from).delete(std::slice::from_ref(hello)).await.unwrap(),
    }
}

fn problem_of(report: &SyncReport, who: &Email) -> Option<String> {
    let of = report.peers.iter().find(|peer| peer.email == *who);
    of.and_then(|peer| peer.problem.clone())
}

/// One advert, and why an owner and a scientist do less with its author.
struct Case {
    version: Option<&'static str>,
    to_owner: Option<&'static str>,
    to_scientist: Option<&'static str>,
}

const CASES: [Case; 6] = [
    Case { version: Some("0.10.0"), to_owner: None, to_scientist: None },
    Case { version: Some("0.10.3"), to_owner: Some("runs syft 0.10.3"), to_scientist: None },
    Case {
        version: Some("0.11.0"),
        to_owner: Some("does not understand"),
        to_scientist: Some("runs syft 0.11.0, which does not understand 0.10.0"),
    },
    Case {
        version: Some("0.1.117"),
        to_owner: Some("does not understand"),
        to_scientist: Some("runs syft 0.1.117"),
    },
    Case {
        version: Some("0.10"),
        to_owner: Some("cannot be read"),
        to_scientist: Some("cannot be read"),
    },
    Case {
        version: None,
        to_owner: Some("advertises no version"),
        to_scientist: Some("advertises no version"),
    },
];

#[tokio::test]
async fn an_owner_deals_with_a_python_peer_of_the_same_version_alone() {
    for Case { version, to_owner, .. } in CASES {
        let world = Trio::connected().await;
        says(&world.store, alice(), bob(), Some(advert("0.10.0"))).await;
        world.alice.sync().await;
        says(&world.store, alice(), bob(), version.map(advert)).await;
        world.bob.submit("echo 1", "mine").await;
        world.carol.submit("echo 2", "hers").await;
        world.alice.write("alice@hospital.org/public/a.txt", "news");
        world.bob.sync().await;
        world.carol.sync().await;
        let report = world.alice.sync().await;
        world.bob.sync().await;
        world.carol.sync().await;
        let problem = problem_of(&report, &bob());
        assert_eq!(problem.is_some(), to_owner.is_some(), "{version:?}: {problem:?}");
        assert!(problem.unwrap_or_default().contains(to_owner.unwrap_or_default()), "{version:?}");
        assert_eq!(problem_of(&report, &carol()), None, "{version:?}");
        let jobs = world.alice.manager.job_store();
        assert_eq!(jobs.job("mine").is_ok(), to_owner.is_none(), "{version:?}");
        assert!(jobs.job("hers").is_ok(), "{version:?}");
        let news = |node: &Member| node.read("alice@hospital.org/public/a.txt").is_some();
        assert_eq!(news(&world.bob), to_owner.is_none(), "{version:?}");
        assert!(news(&world.carol), "{version:?}");
    }
}

#[tokio::test]
async fn a_scientist_takes_from_every_python_peer_and_submits_to_those_who_understand() {
    for Case { version, to_scientist, .. } in CASES {
        let pair = Pair::connected().await;
        says(&pair.store, bob(), alice(), Some(advert("0.10.0"))).await;
        pair.bob.sync().await;
        pair.alice.write("alice@hospital.org/public/a.txt", "news");
        pair.alice.sync().await;
        says(&pair.store, bob(), alice(), version.map(advert)).await;
        pair.bob.sync().await;
        let news = pair.bob.read("alice@hospital.org/public/a.txt");
        assert_eq!(news.as_deref(), Some("news"), "{version:?}");
        let submission = Submission::new(alice(), Script::Text("echo 1".to_owned()));
        let submitted = pair.bob.manager.submit_job(&submission, false).await;
        let Some(reason) = to_scientist else {
            submitted.unwrap();
            continue;
        };
        let refused = submitted.unwrap_err();
        assert!(matches!(refused, Error::Incompatible { .. }), "{version:?}: {refused}");
        assert!(refused.to_string().contains(reason), "{version:?}: {refused}");
        pair.bob.manager.submit_job(&submission, true).await.unwrap();
        assert_eq!(pair.bob.audit("submission.forced").len(), 1, "{version:?}");
    }
}

/// What waits for an owner that does not understand it is not sent by a sync.
#[tokio::test]
async fn nothing_is_proposed_to_a_python_peer_that_would_not_understand() {
    let pair = Pair::connected().await;
    pair.bob.submit("echo 1", "census").await;
    says(&pair.store, bob(), alice(), Some(advert("0.11.0"))).await;
    let report = pair.bob.sync().await;
    assert!(problem_of(&report, &alice()).is_some_and(|why| why.contains("0.11.0")));
    assert_eq!(in_space(&pair.store, &inbox(alice(), bob())).len(), 1, "the hello alone");
    says(&pair.store, bob(), alice(), Some(advert("0.10.9"))).await;
    pair.bob.sync().await;
    assert_eq!(in_space(&pair.store, &inbox(alice(), bob())).len(), 2);
}

/// The advert of a node is one that a Python client reads, with more behind it.
#[tokio::test]
async fn a_node_says_hello_as_a_python_client_does() {
    let pair = Pair::connected().await;
    let hello = &in_space(&pair.store, &inbox(alice(), bob()))[0];
    let bytes = pair.store.bytes(&hello.id).unwrap();
    let advert = Advert::from_json(&bytes).unwrap();
    assert_eq!(advert, Advert::of(COMPAT_VERSION, advert.updated_at.unwrap()));
    let all: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(all["native"]["email"], bob().as_str());
    assert_eq!(all["native"]["layout"], "native");
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let mut python = String::from_utf8(advert.to_json().unwrap()).unwrap();
    python.truncate(python.len() - "\n}".len());
    assert!(text.starts_with(&python), "the same keys in the same order come first: {text}");
    let bobs = pair.alice.manager.load_peers().await.unwrap()[0].clone();
    assert_eq!((bobs.kind, bobs.layout), (Some(PeerKind::Native), Some(LayoutName::Native)));
}

#[tokio::test]
async fn what_a_peer_runs_is_known_also_without_the_store() {
    let mut pair = Pair::connected().await;
    let mut python_layout = Hello::of(&bob(), LayoutName::PySyft, COMPAT_VERSION, Timestamp::EPOCH);
    for (hello, kind, layout) in [
        (serde_json::to_vec(&python_layout).unwrap(), PeerKind::Native, LayoutName::PySyft),
        (advert("0.10.0"), PeerKind::PySyft, LayoutName::PySyft),
        (advert("0.11.0"), PeerKind::PySyft, LayoutName::PySyft),
    ] {
        says(&pair.store, alice(), bob(), Some(hello)).await;
        pair.alice.sync().await;
        for is_online in [true, false] {
            let transport: Arc<dyn Transport> = match is_online {
                true => Arc::new(pair.store.user(alice())),
                false => Arc::new(OfflineTransport::new("memory", alice(), "no network")),
            };
            pair.alice.restart(transport);
            let bobs = pair.alice.manager.load_peers().await.unwrap()[0].clone();
            let known = (bobs.kind, bobs.layout);
            assert_eq!(known, (Some(kind), Some(layout)), "online: {is_online}");
        }
        pair.alice.restart(Arc::new(pair.store.user(alice())));
    }
    // A hello without a word of the layout is of a node with its own.
    python_layout.native.as_mut().unwrap().layout = LayoutName::Native;
    let mut silent = serde_json::to_value(&python_layout).unwrap();
    silent["native"].as_object_mut().unwrap().remove("layout");
    says(&pair.store, alice(), bob(), Some(silent.to_string().into_bytes())).await;
    pair.alice.sync().await;
    let bobs = pair.alice.manager.load_peers().await.unwrap()[0].clone();
    assert_eq!((bobs.kind, bobs.layout), (Some(PeerKind::Native), Some(LayoutName::Native)));
}

/// A Python client would take one for a message that it cannot read.
#[tokio::test]
async fn a_python_peer_is_sent_no_refusals() {
    let pair = Pair::connected().await;
    says(&pair.store, alice(), bob(), Some(advert("0.10.0"))).await;
    pair.alice.sync().await;
    let refused = with_path(1, "public/x");
    let spoofed = set(forge::document(2), "/sender_email", alice().as_str());
    for (number, body) in [
        (1, pack_json(&refused)),
        (2, pack_json(&spoofed)),
        (3, b"garbage".to_vec()),
        (4, vec![0; (64 << 20) + 1]),
    ] {
        pair.store.plant(&inbox(alice(), bob()), &forge::name(number), body, Some(bob()));
    }
    let before = in_space(&pair.store, &outbox(alice(), bob())).len();
    pair.alice.sync().await;
    assert_eq!(pair.alice.manager.quarantine().list().unwrap().len(), 4);
    assert_eq!(in_space(&pair.store, &outbox(alice(), bob())).len(), before);
}
