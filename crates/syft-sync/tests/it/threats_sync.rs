//! What an owner, a store, a disk or an unlucky moment may do to a sync, by the
//! rows of the threat list.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use crate::common::forge::{self, document, pack_json, set};
use crate::common::{
    Member, Pair, Trio, alice, bob, carol, events_in, fold, in_space, inbox, log_of, outbox,
    scratch,
};
use serde_json::Value;
use syft_core::codec::encode_events;
use syft_core::{
    Change, Content, ContentHash, DatasitePath, Email, Error as CoreError, EventsName,
    FileChangeEvent, FileChangeEventsMessage, HomeLock, HomePath, RejectCode, Timestamp,
};
use syft_dataset::Audience;
use syft_sync::{Error, SyncOptions};
use syft_transport::{
    CollectionHash, CollectionKind, FolderTransport, Metered, Operation, Recipient, Space,
    Transport,
};
use uuid::Uuid;

fn at(seconds: f64) -> Timestamp {
    Timestamp::new(seconds).unwrap()
}

fn event_for(datasite: Email, number: u128, path: &str) -> FileChangeEventsMessage {
    let timestamp = at(1_780_000_000.0);
    let event = FileChangeEvent {
        id: Uuid::from_u128(number),
        path: DatasitePath::parse(path).unwrap(),
        datasite,
        change: Change::Write(Content::from("forged")),
        old_hash: None,
        submitted: timestamp,
        timestamp,
    };
    let name = EventsName { timestamp, id: Uuid::from_u128(number) };
    FileChangeEventsMessage { events: vec![event], name, position: None, record: None }
}

#[tokio::test]
async fn s7_an_owner_writes_only_below_its_own_folder() {
    let mut world = Trio::connected().await;
    let space = outbox(alice(), bob());
    let own = event_for(bob(), 1, "public/x");
    let other = event_for(carol(), 2, "public/x");
    for message in [&own, &other] {
        let bytes = encode_events(message).unwrap();
        world.store.plant(&space, &message.name.to_string(), bytes, Some(alice()));
    }
    let before = world.bob.tree("");
    world.alice.write("alice@hospital.org/public/news.txt", "hello");
    world.alice.sync().await;
    world.bob.sync().await;
    world.restart_bob();
    world.bob.sync().await;
    let items = world.bob.manager.quarantine().list().unwrap();
    let codes: Vec<_> = items.iter().map(|item| (item.code, item.from.clone())).collect();
    assert_eq!(codes, vec![(RejectCode::DatasiteMismatch, alice()); 2]);
    assert_eq!(world.bob.audit("message.quarantined").len(), 2);
    let mut after = world.bob.tree("");
    assert_eq!(after.remove("alice@hospital.org/public/news.txt").unwrap(), b"hello");
    let own = |path: &String| !path.starts_with(".syft/");
    assert!(after.keys().filter(|path| own(path)).eq(before.keys().filter(|path| own(path))));
}

#[tokio::test]
async fn s7_what_never_travels_is_taken_from_nobody() {
    let world = Trio::connected().await;
    let message = event_for(alice(), 1, "private/x");
    let bytes = encode_events(&message).unwrap();
    let name = message.name.to_string();
    world.store.plant(&outbox(alice(), bob()), &name, bytes, Some(alice()));
    world.bob.sync().await;
    let items = world.bob.manager.quarantine().list().unwrap();
    assert_eq!(items[0].code, RejectCode::BadPath);
    assert!(world.bob.read("alice@hospital.org/private/x").is_none());
}

const SCRIPT: &str = "alice@hospital.org/jobs/bob@university.org/census/run.sh";
const CODE: &str = "alice@hospital.org/jobs/bob@university.org/census/code/main.py";

#[tokio::test]
async fn i2_a_change_to_something_else_is_refused_and_kept_beside() {
    let (pair, _) = Pair::with_job("echo 1").await;
    pair.bob.sync().await;
    let script = pair.bob.read(SCRIPT).unwrap();
    pair.alice.write(SCRIPT, "echo alice\n");
    pair.bob.write(SCRIPT, "echo bob\n");
    pair.bob.sync().await;
    pair.alice.sync().await;
    assert_eq!(pair.alice.read(SCRIPT).unwrap(), "echo alice\n");
    let item = &pair.alice.manager.quarantine().list().unwrap()[0];
    assert_eq!(item.code, RejectCode::Conflict);
    assert!(item.detail.contains(&ContentHash::of(script.as_bytes()).short()), "{}", item.detail);

    pair.bob.sync().await;
    assert_eq!(pair.bob.read(SCRIPT).unwrap(), "echo alice\n");
    let aside = format!("{SCRIPT}.conflict-{}", ContentHash::of(b"echo bob\n").short());
    assert_eq!(pair.bob.read(&aside).unwrap(), "echo bob\n");
    assert_eq!(pair.bob.audit("proposal.refused").len(), 1);
    pair.bob.sync().await;
    pair.alice.sync().await;
    assert_eq!(pair.alice.manager.quarantine().list().unwrap().len(), 1);
    assert!(pair.alice.read(&aside).is_none());
}

#[tokio::test]
async fn i2_what_was_kept_beside_is_never_proposed() {
    let (pair, _) = Pair::with_job("echo 1").await;
    pair.bob.write(CODE, "print(1)");
    pair.bob.sync().await;
    pair.alice.sync().await;
    pair.bob.sync().await;
    assert_eq!(pair.alice.read(CODE).unwrap(), "print(1)");
    pair.alice.write(CODE, "print('alice')");
    pair.bob.write(CODE, "print('bob')");
    for _ in 0..3 {
        pair.bob.sync().await;
        pair.alice.sync().await;
    }
    let aside = format!("{CODE}.conflict-{}", ContentHash::of(b"print('bob')").short());
    assert_eq!(pair.bob.read(&aside).unwrap(), "print('bob')");
    assert!(pair.alice.read(&aside).is_none());
}

#[tokio::test]
async fn i2_the_same_bytes_are_a_new_proposal_once_the_owner_has_something_else() {
    let (pair, _) = Pair::with_job("echo 1").await;
    pair.bob.sync().await;
    pair.bob.write(CODE, "print('bob')");
    pair.bob.sync().await;
    pair.alice.sync().await;
    pair.alice.write(CODE, "print('alice')");
    pair.alice.sync().await;
    pair.bob.sync().await;
    assert_eq!(pair.bob.read(CODE).unwrap(), "print('alice')");
    pair.bob.write(CODE, "print('bob')");
    pair.bob.sync().await;
    pair.alice.sync().await;
    assert_eq!(pair.alice.read(CODE).unwrap(), "print('bob')");
}

#[tokio::test]
async fn i3_i5_a_message_that_comes_again_has_no_effect() {
    let mut world = Trio::connected().await;
    world.bob.submit("echo 1", "census").await;
    world.bob.sync().await;
    let space = inbox(alice(), bob());
    let is_message = |object: &&syft_transport::Object| object.name.as_str() != "hello";
    let listed = in_space(&world.store, &space);
    let object = listed.iter().find(is_message).unwrap();
    let bytes = world.store.bytes(&object.id).unwrap();
    // Twice at once (I3), later (I5), and under another name.
    world.store.replay(object, bytes.clone());
    world.alice.sync().await;
    let logged = events_in(&world.store, &log_of(alice()));
    let sent = events_in(&world.store, &outbox(alice(), bob()));
    let files = world.alice.tree(alice().as_str());
    assert_eq!(world.alice.audit("message.accepted").len(), 1);
    assert_eq!(world.alice.audit("message.repeated").len(), 1);

    world.alice.write(SCRIPT, "echo alice\n");
    world.alice.sync().await;
    world.restart_alice();
    world.store.replay(object, bytes.clone());
    let other = object.name.as_str().replace("msgv2_1", "msgv2_2");
    world.store.plant(&space, &other, bytes, Some(bob()));
    world.alice.sync().await;
    assert_eq!(world.alice.read(SCRIPT).unwrap(), "echo alice\n");
    let items = world.alice.manager.quarantine().list().unwrap();
    let codes: Vec<_> = items.iter().map(|item| item.code).collect();
    assert_eq!(codes, [RejectCode::BadName]);
    world.restart_alice();
    world.alice.sync().await;
    assert_eq!(world.alice.audit("message.accepted").len(), 1);
    assert_eq!(in_space(&world.store, &space).len(), 1, "the hello alone is left");

    // Beyond Alice's own edit nothing was logged or sent again.
    assert_eq!(events_in(&world.store, &log_of(alice())).len(), logged.len() + 1);
    assert_eq!(events_in(&world.store, &outbox(alice(), bob())).len(), sent.len() + 1);
    let now = world.alice.tree(alice().as_str());
    assert!(now.keys().eq(files.keys()));
}

/// Bob edits twice, and the store holds back the first of his messages, which it
/// returns: its place and its bytes.
async fn first_of_two_edits_held_back() -> (Pair, syft_transport::Object, Vec<u8>) {
    let (pair, _) = Pair::with_job("echo 1").await;
    pair.bob.sync().await;
    for text in ["print(1)", "print(2)"] {
        pair.bob.write(CODE, text);
        pair.bob.sync().await;
    }
    let listed = in_space(&pair.store, &inbox(alice(), bob()));
    let first = listed.into_iter().find(|object| object.name.as_str() != "hello").unwrap();
    let bytes = pair.store.bytes(&first.id).unwrap().to_vec();
    assert!(pair.store.lose(&first.id));
    pair.alice.sync().await;
    assert!(pair.alice.read(CODE).is_none());
    (pair, first, bytes)
}

#[tokio::test]
async fn i4_a_message_waits_for_the_one_that_it_stands_on() {
    let (pair, first, bytes) = first_of_two_edits_held_back().await;
    let waits = pair.alice.audit("message.held");
    assert_eq!(waits.len(), 1, "{waits:?}");
    // Waiting costs nothing: nothing is fetched or said again.
    let metered = Arc::new(Metered::new(Arc::new(pair.store.user(alice()))));
    let mut pair = pair;
    pair.alice.restart(metered.clone());
    pair.alice.sync().await;
    assert_eq!(metered.snapshot().calls_of(Operation::Get), 0);
    assert_eq!(pair.alice.audit("message.held").len(), 1);
    // A job of Bob's that stands on nothing is taken meanwhile.
    pair.submit("echo 2", "another").await;
    pair.bob.sync().await;
    pair.alice.sync().await;
    assert!(pair.alice.read(&SCRIPT.replace("census", "another")).is_some());

    pair.store.replay(&first, bytes);
    for _ in 0..2 {
        pair.alice.sync().await;
        pair.bob.sync().await;
    }
    assert_eq!(pair.alice.read(CODE).unwrap(), "print(2)");
    assert!(pair.alice.manager.quarantine().list().unwrap().is_empty());
    assert!(pair.bob.audit("proposal.refused").is_empty());
    assert_eq!(in_space(&pair.store, &inbox(alice(), bob())).len(), 1, "the hello alone is left");
}

#[tokio::test]
async fn i4_a_message_that_waited_long_enough_is_a_conflict() {
    let (pair, ..) = first_of_two_edits_held_back().await;
    pair.alice.clock.step(590.0);
    pair.alice.sync().await;
    assert!(pair.alice.manager.quarantine().list().unwrap().is_empty());
    pair.alice.clock.step(20.0);
    pair.alice.sync().await;
    let items = pair.alice.manager.quarantine().list().unwrap();
    assert_eq!(items.iter().map(|item| item.code).collect::<Vec<_>>(), [RejectCode::Conflict]);
    // A real conflict behind it does not wait: no message before it is missing.
    pair.bob.sync().await;
    assert_eq!(pair.bob.audit("proposal.refused").len(), 1);
}

#[tokio::test]
async fn i6_a_deletion_of_a_peer_is_carried_out() {
    let world = Trio::connected().await;
    let space = inbox(alice(), bob());
    let file = format!("alice@hospital.org/jobs/{}/forged/run.sh", bob());
    world.store.plant(&space, &forge::name(1), pack_json(&document(1)), Some(bob()));
    world.settle().await;
    assert_eq!(world.alice.read(&file).unwrap(), "echo forged\n");
    assert_eq!(world.bob.read(&file).unwrap(), "echo forged\n");
    let mut gone = document(2);
    for (field, value) in [
        ("old_hash", Value::from(ContentHash::of(b"echo forged\n").to_string())),
        ("new_hash", Value::Null),
        ("content", Value::Null),
        ("content_type", Value::Null),
        ("is_deleted", true.into()),
        ("id", Uuid::from_u128(77).to_string().into()),
    ] {
        gone = set(gone, &format!("/proposed_file_changes/0/{field}"), value);
    }
    world.store.plant(&space, &forge::name(2), pack_json(&gone), Some(bob()));
    world.settle().await;
    assert_eq!((world.alice.read(&file), world.bob.read(&file)), (None, None));
    let log = events_in(&world.store, &log_of(alice()));
    let last = log.last().unwrap().events.last().unwrap();
    assert!(last.change.is_delete() && last.id == Uuid::from_u128(77));
}

#[tokio::test]
async fn i14_a_bad_permission_file_closes_its_folder_and_nothing_else() {
    let world = Trio::connected().await;
    let bombs = [
        "[".repeat(3_000),
        "a: &a [1]\nrules: *a\n".to_owned(),
        "rules: !!python/object:os.system []\n".to_owned(),
        format!("{}x", "#\n".repeat(40_000)),
    ];
    for (number, bomb) in bombs.iter().enumerate() {
        let open = format!("alice@hospital.org/public/open {number}.txt");
        world.alice.write("alice@hospital.org/public/shut/syft.pub.yaml", bomb);
        world.alice.write("alice@hospital.org/public/shut/x.txt", "secret");
        world.alice.write(&open, "news");
        let report = world.alice.sync().await;
        let notes = report.notes.iter().filter(|note| note.contains("public/shut"));
        assert_eq!(notes.count(), 1, "{:?}", report.notes);
        world.bob.sync().await;
        assert_eq!(world.bob.read("alice@hospital.org/public/shut/x.txt"), None);
        assert_eq!(world.bob.read(&open).unwrap(), "news");
    }
    world.bob.submit("echo 1", "census").await;
    world.bob.sync().await;
    world.alice.sync().await;
    assert!(world.alice.read(SCRIPT).is_some(), "proposals go on");
}

#[tokio::test]
async fn p5b_a_folder_with_the_name_of_a_permission_file_grants_nothing() {
    let world = Trio::connected().await;
    world.alice.write("alice@hospital.org/public/odd/syft.pub.yaml/x.txt", "inside");
    world.alice.write("alice@hospital.org/public/odd/y.txt", "beside");
    world.alice.sync().await;
    world.bob.sync().await;
    assert_eq!(world.bob.read("alice@hospital.org/public/odd/y.txt").unwrap(), "beside");
    world.bob.submit("echo 1", "census").await;
    world.bob.sync().await;
    world.alice.sync().await;
    assert!(world.alice.read(SCRIPT).is_some());
}

#[tokio::test]
async fn p12_a_collection_writes_only_below_its_dataset() {
    let world = Trio::connected().await;
    world.create_dataset("patients", Audience::Any);
    world.alice.sync().await;
    let before = world.bob.tree("");
    let names =
        ["%2Fabs%2Fx", "..%2F..%2F..%2F..%2Fx", "%2E%2E%2Fx", "a%2F..%2F..%2Fx", "a%5Cb%00"];
    let user = world.store.user(alice());
    for (number, name) in names.iter().enumerate() {
        let space = Space::Collection {
            owner: alice(),
            kind: CollectionKind::Mock,
            tag: format!("bad{number}").parse().unwrap(),
            hash: CollectionHash::parse(&format!("h{number}")).unwrap(),
        };
        world.store.plant(&space, name, b"evil".to_vec(), Some(alice()));
        user.sharing().unwrap().grant(&space, &Recipient::One(bob())).await.unwrap();
    }
    let report = world.bob.sync().await;
    for bad in ["bad0", "bad1", "bad2", "bad3", "bad4"] {
        assert!(report.notes.iter().any(|note| note.contains(bad)), "{:?}", report.notes);
    }
    let after = world.bob.tree("");
    let mock = "alice@hospital.org/public/datasets/patients/";
    assert!(after.keys().any(|path| path.starts_with(mock)), "the good one arrives");
    let strange: Vec<_> = after
        .iter()
        .filter(|(path, _)| !before.contains_key(*path) && !path.starts_with(".syft/"))
        .filter(|(path, bytes)| !path.starts_with(mock) && bytes.as_slice() == b"evil")
        .filter(|(path, _)| !path.starts_with("alice@hospital.org/public/datasets/bad"))
        .collect();
    assert!(strange.is_empty(), "{strange:?}");
    let outside = world.bob.home.path().parent().unwrap().join("x");
    assert!(!outside.exists() && !Path::new("/abs/x").exists());
}

/// A proposal waits at Alice; her disk is full from the write after so many on.
async fn full_after(successes: u64) -> (Pair, Result<(), Error>) {
    let mut pair = Pair::connected().await;
    pair.bob.submit("echo 1", "census").await;
    pair.bob.sync().await;
    pair.alice.clock.step(1.0);
    pair.alice.disk.reset_counts();
    pair.alice.disk.fail_after(successes, ErrorKind::StorageFull);
    let synced = pair.alice.manager.sync(&SyncOptions::default()).await;
    pair.alice.disk.repair();
    pair.alice.restart(Arc::new(pair.store.user(alice())));
    (pair, synced.map(|_| ()))
}

#[tokio::test]
async fn p13_a_full_disk_loses_nothing() {
    let (clean, _) = full_after(u64::MAX).await;
    let writes = clean.alice.disk.counts().mutations;
    let mut failed = 0;
    for successes in 0..writes {
        let (pair, synced) = full_after(successes).await;
        if let Err(error) = synced {
            let text = error.to_string();
            assert!(text.contains("no storage space"), "after {successes}: {text}");
            failed += 1;
        }
        pair.alice.sync().await;
        pair.bob.sync().await;
        let script = pair.alice.read(SCRIPT);
        assert_eq!(script, pair.bob.read(SCRIPT), "after {successes}");
        assert!(script.is_some(), "after {successes}");
        assert_eq!(pair.alice.audit("message.accepted").len(), 1, "after {successes}");
        assert_eq!(pair.alice.manager.verify_audit().unwrap().problem, None);
        let log = fold(&events_in(&pair.store, &log_of(alice())));
        assert!(log.contains_key("jobs/bob@university.org/census/run.sh"), "after {successes}");
    }
    assert!(failed > writes / 2, "a full disk is said: {failed} of {writes}");
}

#[tokio::test]
async fn a_folder_that_disappears_is_reported_and_what_is_due_waits() {
    let shared = scratch();
    let root = shared.path().join("store");
    let open = |who: Email| Arc::new(FolderTransport::create(&root, who).unwrap());
    let alice_store: Arc<dyn Transport> = open(alice());
    let bob_store: Arc<dyn Transport> = open(bob());
    let alice_node = Member::join(alice(), alice_store.clone(), 1).await;
    let mut bob_node = Member::join(bob(), bob_store.clone(), 2).await;
    bob_node.manager.add_peer(&alice(), false).await.unwrap();
    alice_node.manager.approve_peer_request(&bob(), true).await.unwrap();
    alice_node.sync().await;
    bob_node.sync().await;

    let away = shared.path().join("away");
    std::fs::rename(&root, &away).unwrap();
    bob_node.submit("echo 1", "census").await;
    alice_node.write("alice@hospital.org/public/news.txt", "hello");
    let of_bob = bob_node.sync().await;
    let of_alice = alice_node.sync().await;
    for report in [&of_bob, &of_alice] {
        assert!(report.store.as_deref().is_some_and(|why| why.contains("store")), "{report:?}");
        assert!(report.queued_out > 0, "{report:?}");
    }
    assert!(!root.exists(), "a store that is away is not made anew");
    bob_node.restart(bob_store);
    assert_eq!(bob_node.sync().await.queued_out, of_bob.queued_out, "queued once");

    std::fs::rename(&away, &root).unwrap();
    let back = bob_node.sync().await;
    assert_eq!((back.store, back.queued_out), (None, 0));
    let back = alice_node.sync().await;
    assert_eq!((back.store, back.queued_out), (None, 0));
    bob_node.sync().await;
    assert!(alice_node.read(SCRIPT).is_some());
    assert_eq!(bob_node.read("alice@hospital.org/public/news.txt").unwrap(), "hello");
    assert_eq!(alice_node.audit("message.accepted").len(), 1);
}

#[tokio::test]
async fn a_second_process_on_the_same_home_waits_and_then_says_so() {
    let pair = Pair::connected().await;
    pair.alice.write("alice@hospital.org/public/news.txt", "hello");
    let held = HomeLock::acquire(pair.alice.home.path(), std::time::Duration::ZERO).unwrap();
    let before = pair.alice.tree("");
    let refused = pair.alice.manager.sync(&SyncOptions::default()).await.unwrap_err();
    assert!(matches!(refused, Error::Core(CoreError::Locked { .. })), "{refused:?}");
    assert_eq!(pair.alice.tree(""), before);
    drop(held);
    pair.alice.sync().await;
    pair.bob.sync().await;
    assert_eq!(pair.bob.read("alice@hospital.org/public/news.txt").unwrap(), "hello");
}

#[tokio::test]
async fn a_name_that_somebody_took_in_the_store_holds_nothing_up() {
    let shared = scratch();
    let root = shared.path().join("store");
    let open = |who: Email| Arc::new(FolderTransport::create(&root, who).unwrap());
    let alice_node = Member::join(alice(), open(alice()), 1).await;
    let bob_node = Member::join(bob(), open(bob()), 2).await;
    bob_node.manager.add_peer(&alice(), false).await.unwrap();
    alice_node.manager.approve_peer_request(&bob(), true).await.unwrap();
    alice_node.sync().await;
    // Whoever can write the folder can guess the name of an answer.
    let outbox = root.join(format!("{}", outbox(alice(), bob())));
    let answer = format!("refusal_{}.json", forge::message_id(1));
    std::fs::create_dir_all(&outbox).unwrap();
    std::fs::write(outbox.join(answer), "taken").unwrap();
    let inbox = root.join(format!("{}", inbox(alice(), bob())));
    std::fs::write(inbox.join(forge::name(1)), b"this is no archive").unwrap();
    bob_node.submit("echo 1", "census").await;
    bob_node.sync().await;
    let report = alice_node.sync().await;
    assert_eq!((report.store, report.queued_out), (None, 0));
    assert!(alice_node.read(SCRIPT).is_some());
    assert_eq!(alice_node.audit("object.blocked").len(), 1);
    alice_node.sync().await;
    assert_eq!(alice_node.manager.quarantine().list().unwrap().len(), 1);
}

#[tokio::test]
async fn i2_two_edits_in_a_row_do_not_conflict_with_each_other() {
    for owner_syncs_between in [false, true] {
        let (pair, _) = Pair::with_job("echo 1").await;
        pair.bob.sync().await;
        for text in ["print(1)", "print(2)", "print(3)"] {
            pair.bob.write(CODE, text);
            pair.bob.sync().await;
            if owner_syncs_between {
                pair.alice.sync().await;
            }
        }
        for _ in 0..2 {
            pair.alice.sync().await;
            pair.bob.sync().await;
        }
        assert_eq!(pair.alice.read(CODE).unwrap(), "print(3)");
        assert_eq!(
            pair.bob.tree(alice().as_str()).keys().filter(|p| p.contains(".conflict-")).count(),
            0
        );
        assert_eq!(pair.bob.read(CODE).unwrap(), "print(3)");
        assert!(pair.alice.manager.quarantine().list().unwrap().is_empty());
    }
}

#[tokio::test]
async fn i2_a_conflict_does_not_touch_the_other_files_of_the_message() {
    let (pair, _) = Pair::with_job("echo 1").await;
    pair.bob.write(CODE, "print(1)");
    for _ in 0..2 {
        pair.bob.sync().await;
        pair.alice.sync().await;
    }
    pair.bob.sync().await;
    pair.alice.write(SCRIPT, "echo alice\n");
    pair.bob.write(SCRIPT, "echo bob\n");
    pair.bob.write(CODE, "print(2)");
    for _ in 0..2 {
        pair.bob.sync().await;
        pair.alice.sync().await;
    }
    pair.bob.sync().await;
    assert_eq!(pair.bob.read(SCRIPT).unwrap(), "echo alice\n");
    assert_eq!(pair.bob.read(CODE).unwrap(), "print(2)", "it is proposed again");
    for _ in 0..2 {
        pair.bob.sync().await;
        pair.alice.sync().await;
    }
    assert_eq!(pair.alice.read(CODE).unwrap(), "print(2)");
    let aside = format!("{SCRIPT}.conflict-{}", ContentHash::of(b"echo bob\n").short());
    assert_eq!(pair.bob.read(&aside).unwrap(), "echo bob\n");
}

#[tokio::test]
async fn a_permission_file_that_cannot_be_read_just_now_closes_nothing() {
    let pair = Pair::connected().await;
    pair.alice.write("alice@hospital.org/public/note.txt", "for all");
    pair.alice.sync().await;
    pair.bob.sync().await;
    let file = "alice@hospital.org/public/syft.pub.yaml";
    let rules = pair.alice.read(file).unwrap();
    pair.alice.write(file, &format!("{rules}\n"));
    let path = HomePath::parse(file).unwrap();
    pair.alice.disk.fail_reads_of(path, ErrorKind::TimedOut);
    let failed = pair.alice.manager.sync(&SyncOptions::default()).await.unwrap_err();
    assert!(failed.to_string().contains("public/syft.pub.yaml"), "{failed}");
    pair.alice.disk.repair();
    pair.alice.sync().await;
    pair.bob.sync().await;
    assert!(pair.bob.read("alice@hospital.org/public/note.txt").is_some());
    assert!(pair.alice.audit("files.sent").iter().all(|sent| {
        sent.details["files"].as_array().unwrap().iter().all(|file| !file["sha256"].is_null())
    }));
}

#[tokio::test]
async fn a_file_that_is_being_written_waits_for_the_next_pass() {
    let pair = Pair::connected().await;
    pair.alice.write("alice@hospital.org/public/a.txt", "half of");
    let path = HomePath::parse("alice@hospital.org/public/a.txt").unwrap();
    pair.alice.disk.overwrite_after_read(path, b"half of it, and the rest");
    pair.alice.sync().await;
    pair.bob.sync().await;
    assert!(pair.bob.read("alice@hospital.org/public/a.txt").is_none());
    pair.alice.sync().await;
    pair.bob.sync().await;
    let read = pair.bob.read("alice@hospital.org/public/a.txt");
    assert_eq!(read.as_deref(), Some("half of it, and the rest"));
}
