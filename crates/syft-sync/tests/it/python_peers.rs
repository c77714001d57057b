//! Peers that run the Python client: what their version allows, and how they are known
//! (`protocol.md` d).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::common::forge::{self, pack_json, set, with_path};
use crate::common::python::advert;
use crate::common::{Member, Pair, Trio, alice, bob, carol, in_space, inbox, outbox};
use serde_json::Value;
use syft_core::{Advert, COMPAT_VERSION, Email, JobName, LayoutKind, Timestamp};
use syft_job::{Script, Submission};
use syft_sync::{Error, Hello, OfflineTransport, PeerKind, SyftboxManager, SyncReport};
use syft_transport::{MemoryStore, Transport};

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
        let world = Trio::keyless().await;
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
        let pair = Pair::keyless().await;
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
    let pair = Pair::keyless().await;
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
    let pair = Pair::keyless().await;
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
    assert_eq!((bobs.kind, bobs.layout), (Some(PeerKind::Native), Some(LayoutKind::Native)));
}

/// What Bob's inbox at Alice's says of him.
fn said_of_bob(pair: &Pair) -> Vec<u8> {
    let hello = &in_space(&pair.store, &inbox(alice(), bob()))[0];
    pair.store.bytes(&hello.id).unwrap().to_vec()
}

/// An owner would leave out a peer whose hello is of an older program.
#[tokio::test]
async fn an_older_hello_of_mine_is_replaced_once() {
    let pair = Pair::keyless().await;
    let table = ".syft/decisions/peers.yaml";
    for older in [advert("0.9.0"), b"{}".to_vec(), vec![b' '; 100 << 10]] {
        says(&pair.store, alice(), bob(), Some(older)).await;
        let known = pair.bob.read(table).unwrap();
        let of_an_older_program = known.lines().filter(|line| !line.contains("said:"));
        let of_an_older_program: String = of_an_older_program.map(|l| format!("{l}\n")).collect();
        assert_ne!(of_an_older_program, known);
        pair.bob.write(table, &of_an_older_program);
        let report = pair.bob.sync().await;
        assert_eq!(report.notes, [] as [&str; 0]);
        let advert = Advert::from_json(&said_of_bob(&pair)).unwrap();
        assert_eq!(advert.version, COMPAT_VERSION);
        assert_eq!(in_space(&pair.store, &inbox(alice(), bob())).len(), 1);
        pair.bob.sync().await;
        assert_eq!(Advert::from_json(&said_of_bob(&pair)).unwrap(), advert, "once");
    }
    let current = said_of_bob(&pair);
    pair.bob.manager.add_peer(&alice(), false).await.unwrap();
    assert_eq!(said_of_bob(&pair), current, "what was said is not said again");
    // Unless it is asked for: somebody may have put another one there.
    says(&pair.store, alice(), bob(), Some(b"{}".to_vec())).await;
    pair.bob.manager.add_peer(&alice(), true).await.unwrap();
    assert!(Advert::from_json(&said_of_bob(&pair)).is_ok());
}

#[tokio::test]
async fn what_a_peer_runs_is_known_also_without_the_store() {
    let mut pair = Pair::keyless().await;
    let mut python_layout = Hello::of(&bob(), LayoutKind::Pysyft, COMPAT_VERSION, Timestamp::EPOCH);
    for (hello, kind, layout) in [
        (serde_json::to_vec(&python_layout).unwrap(), PeerKind::Native, LayoutKind::Pysyft),
        (advert("0.10.0"), PeerKind::PySyft, LayoutKind::Pysyft),
        (advert("0.11.0"), PeerKind::PySyft, LayoutKind::Pysyft),
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
    python_layout.native.as_mut().unwrap().layout = LayoutKind::Native;
    let mut silent = serde_json::to_value(&python_layout).unwrap();
    silent["native"].as_object_mut().unwrap().remove("layout");
    says(&pair.store, alice(), bob(), Some(silent.to_string().into_bytes())).await;
    pair.alice.sync().await;
    let bobs = pair.alice.manager.load_peers().await.unwrap()[0].clone();
    assert_eq!((bobs.kind, bobs.layout), (Some(PeerKind::Native), Some(LayoutKind::Native)));
}

/// A Python client would take one for a message that it cannot read.
#[tokio::test]
async fn a_python_peer_is_sent_no_refusals() {
    let pair = Pair::keyless().await;
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

/// Bob's owner Alice, as Bob hears it, runs the Python client.
async fn with_python_owner() -> Pair {
    let pair = Pair::keyless().await;
    says(&pair.store, bob(), alice(), Some(advert("0.10.0"))).await;
    pair.bob.sync().await;
    pair
}

/// A folder with a script and one more file.
fn folder_with(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("run.sh"), "echo 1\n").unwrap();
    let file = folder.path().join(name);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, "x").unwrap();
    folder
}

#[tokio::test]
async fn a_job_that_a_python_owner_could_not_take_is_refused_by_its_file() {
    let pair = with_python_owner().await;
    for (file, reason) in [
        ("my.syft.pub.yaml", "code/my.syft.pub.yaml: a job cannot bring"),
        ("syft.pub.yaml/x", "code/syft.pub.yaml/x: a folder cannot be called syft.pub.yaml"),
    ] {
        let submission = |name: &str| {
            let folder = folder_with(name);
            let mut submission = Submission::new(alice(), Script::Path(folder.path().to_owned()));
            submission.name = Some(JobName::parse("census").unwrap());
            (folder, submission)
        };
        let (_folder, bad) = submission(file);
        for force in [false, true] {
            let refused = pair.bob.manager.submit_job(&bad, force).await.unwrap_err();
            assert!(matches!(refused, Error::Refused(_)), "{file}: {refused}");
            assert!(refused.to_string().contains(reason), "{file}: {refused}");
        }
        assert!(pair.bob.manager.job_store().queued().unwrap().is_empty(), "{file}");
        assert!(
            pair.bob
                .tree("alice@hospital.org/app_data/job/inbox/bob@university.org/v1/census")
                .is_empty()
        );
    }
    pair.bob.submit("echo 1", "census").await;
    let report = pair.bob.sync().await;
    assert_eq!(report.notes, [] as [&str; 0]);
    let sent = proposed(&pair);
    let job = "app_data/job/inbox/bob@university.org/v1/census";
    for file in ["code/script.sh", "config.yaml", "run.sh"] {
        assert!(sent.contains(&format!("{job}/{file}")), "{file}: {sent:?}");
    }
}

/// The paths of all changes that wait in Alice's inbox.
fn proposed(pair: &Pair) -> Vec<String> {
    let mut paths = Vec::new();
    for object in in_space(&pair.store, &inbox(alice(), bob())) {
        if object.name.as_str() != "hello" {
            let body = forge::unpack(&pair.store.bytes(&object.id).unwrap());
            let changes = body["proposed_file_changes"].as_array().unwrap().clone();
            let path =
                |change: &serde_json::Value| change["path_in_datasite"].as_str().map(str::to_owned);
            paths.extend(changes.iter().filter_map(path));
        }
    }
    paths
}

/// What stands in the copy by whatever way is looked at once more.
#[tokio::test]
async fn what_a_python_owner_could_not_take_is_not_sent_and_all_else_is() {
    let pair = with_python_owner().await;
    pair.bob.submit("echo 1", "bad").await;
    pair.bob.submit("echo 2", "good").await;
    let job = "alice@hospital.org/app_data/job/inbox/bob@university.org/v1/bad";
    pair.bob.write(&format!("{job}/code/.env"), "x");
    let watcher = pair.bob.manager.watcher_syncer();
    let change = async |file: &str| {
        let path = format!("alice@hospital.org/{file}");
        watcher.on_file_change(&path, Some(b"x"), false).await
    };
    change("notes/a.txt").await.unwrap();
    for (file, reason) in [
        ("notes/.hidden", "takes no hidden name"),
        ("public/syft_datasets/d/x", "never travels as a change"),
    ] {
        let refused = change(file).await.unwrap_err();
        assert!(matches!(refused, Error::Refused(_)), "{file}: {refused}");
        let told = refused.to_string();
        assert!(told.contains(file) && told.contains(reason), "{file}: {refused}");
        assert_eq!(pair.bob.read(&format!("alice@hospital.org/{file}")), None);
    }
    let report = pair.bob.sync().await;
    let is_told = |note: &String| {
        note.contains(
            "inbox/bob@university.org/v1/bad/code/.env: not sent, and neither is the rest",
        )
    };
    assert!(report.notes.iter().any(is_told), "{:?}", report.notes);
    let paths = proposed(&pair);
    assert!(paths.iter().any(|path| path.contains("/good/run.sh")), "{paths:?}");
    assert!(paths.iter().any(|path| path.contains("notes/a.txt")), "{paths:?}");
    let is_unfit = |path: &String| path.contains("/bad/") || path.contains("/.");
    assert!(!paths.iter().any(is_unfit), "{paths:?}");
}

/// A submitter writes in its own folder: what was sent there is there.
#[tokio::test]
async fn a_job_may_be_changed_before_a_python_owner_has_seen_it() {
    let pair = with_python_owner().await;
    pair.bob.submit("echo 1", "census").await;
    pair.bob.sync().await;
    let script = "app_data/job/inbox/bob@university.org/v1/census/run.sh";
    pair.bob.write(&format!("alice@hospital.org/{script}"), "echo 2");
    let report = pair.bob.sync().await;
    assert_eq!(report.notes, [] as [&str; 0]);
    let sent = proposed(&pair);
    assert_eq!(sent.iter().filter(|path| *path == script).count(), 2, "{sent:?}");
}

/// The owner may have dropped the first change, and would stop at the second one.
#[tokio::test]
async fn elsewhere_a_change_waits_until_the_one_before_is_answered() {
    let pair = with_python_owner().await;
    let rules = "rules:\n- pattern: '**'\n  access:\n    write: [bob@university.org]\n";
    pair.alice.write("alice@hospital.org/notes/syft.pub.yaml", rules);
    pair.alice.sync().await;
    let path = "alice@hospital.org/notes/a.txt";
    let watcher = pair.bob.manager.watcher_syncer();
    watcher.on_file_change(path, Some(b"one"), true).await.unwrap();
    let refused = watcher.on_file_change(path, Some(b"two"), true).await.unwrap_err();
    assert!(
        refused.to_string().contains("notes/a.txt: an earlier change of it waits"),
        "{refused}"
    );
    assert_eq!(pair.bob.read(path).unwrap(), "one");
    pair.alice.sync().await;
    pair.bob.sync().await;
    watcher.on_file_change(path, Some(b"two"), true).await.unwrap();
    pair.alice.sync().await;
    assert_eq!(pair.alice.read(path).unwrap(), "two");
}

#[tokio::test]
async fn what_a_python_reader_could_not_apply_is_not_sent_and_all_else_is() {
    let pair = Pair::keyless().await;
    says(&pair.store, alice(), bob(), Some(advert("0.10.0"))).await;
    pair.alice.write("alice@hospital.org/public/a/file.txt", "x");
    pair.alice.sync().await;
    pair.alice.remove("alice@hospital.org/public/a/file.txt");
    pair.alice.sync().await;
    std::fs::remove_dir(pair.alice.path("alice@hospital.org/public/a")).unwrap();
    pair.alice.write("alice@hospital.org/public/a", "a file now");
    pair.alice.write("alice@hospital.org/public/b", "news");
    for _ in 0..2 {
        let report = pair.alice.sync().await;
        let is_told = |note: &String| {
            note == "public/a: not sent to bob@university.org, public/a stands in its way there: \
                     rename it"
        };
        assert!(report.notes.iter().any(is_told), "{:?}", report.notes);
    }
    pair.bob.sync().await;
    assert_eq!(pair.bob.read("alice@hospital.org/public/a"), None);
    assert_eq!(pair.bob.read("alice@hospital.org/public/b").unwrap(), "news");
}

#[tokio::test]
async fn a_datasite_with_a_python_peer_does_not_leave_the_layout_of_that() {
    let pair = Pair::keyless().await;
    let layout_of = |layout| {
        let mut config = pair.alice.config(Arc::new(pair.store.user(alice())));
        config.layout = Some(layout);
        config
    };
    SyftboxManager::login(layout_of(LayoutKind::Pysyft)).await.unwrap();
    says(&pair.store, alice(), bob(), Some(advert("0.10.0"))).await;
    let manager = SyftboxManager::login(layout_of(LayoutKind::Pysyft)).await.unwrap();
    manager.sync(&Default::default()).await.unwrap();
    let refused = SyftboxManager::login(layout_of(LayoutKind::Native)).await.unwrap_err();
    assert!(refused.to_string().contains("bob@university.org uses PySyft"), "{refused}");
    manager.remove_peer(&bob()).await.unwrap();
    SyftboxManager::login(layout_of(LayoutKind::Native)).await.unwrap();
}
