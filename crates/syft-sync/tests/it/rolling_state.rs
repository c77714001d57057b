//! The rolling state: when it is put, that it is one object, and that it stays one.

use std::collections::BTreeMap;
use std::sync::Arc;

use syft_core::codec::{Limits, decode};
use syft_core::{Change, RollingState};
use syft_sync::SyncOptions;
use syft_transport::{
    Chaos, FolderTransport, MemoryStore, Metered, Operation, Recorder, Space, Transport,
    TransportExt, Wire,
};

use crate::common::backup::{Pieces, box_of, edit, solo};
use crate::common::drive::World;
use crate::common::hostile::Unmoving;
use crate::common::{Member, Pair, Secrecy, alice, in_space, opened, scratch};

fn rolling() -> Space {
    Space::Rolling { owner: alice() }
}

/// So many events that no checkpoint comes in between.
fn options() -> SyncOptions {
    SyncOptions { auto_checkpoint: false, ..SyncOptions::default() }
}

async fn sync(node: &Member) -> Result<(), syft_sync::Error> {
    node.clock.step(1.0);
    node.manager.sync(&options()).await.map(drop)
}

/// Changes one file twice, with a sync after each.
async fn change_twice(node: &Member, path: &str) {
    for text in ["first", "then"] {
        edit(node, path, Some(text.as_bytes()));
        sync(node).await.unwrap();
    }
}

/// Alice alone, and what goes through her transport.
async fn metered() -> (MemoryStore, Member, Metered) {
    let (store, mut node) = solo().await;
    let metered = Metered::new(Arc::new(store.user(alice())));
    node.restart(Arc::new(metered.clone()));
    sync(&node).await.unwrap();
    (store, node, metered)
}

/// Syncs, and tells whether the rolling state was put: one call, as for the log.
async fn rolls(node: &Member, metered: &Metered) -> bool {
    let before = metered.snapshot();
    sync(node).await.unwrap();
    let (puts, deletes) = (Operation::Put, Operation::Delete);
    let after = metered.snapshot();
    assert_eq!(after.calls_of(deletes), before.calls_of(deletes), "nothing is deleted");
    match after.calls_of(puts) - before.calls_of(puts) {
        1 => false,
        2 => true,
        other => panic!("{other} objects were put"),
    }
}

#[tokio::test]
async fn a_path_that_changes_twice_rolls_at_once() {
    let (store, node, metered) = metered().await;
    for turn in 0..3 {
        let older = Pieces::of(&store).rolling.remove(0);
        for (round, is_due) in [(0, false), (1, true)] {
            edit(&node, "public/a.txt", Some(format!("{turn}/{round}").as_bytes()));
            edit(&node, &format!("public/{turn}/{round}.txt"), Some(b"another"));
            assert_eq!(rolls(&node, &metered).await, is_due, "{turn}/{round}");
        }
        let pieces = Pieces::of(&store);
        assert_eq!(pieces.rolling.len(), 1, "the older one is gone");
        assert!(pieces.rolling[0].timestamp > older.timestamp, "under a new name");
        assert_eq!(pieces.fold(), box_of(&node));
    }
    // A deletion is a change.
    edit(&node, "public/b.txt", Some(b"b"));
    assert!(!rolls(&node, &metered).await);
    edit(&node, "public/b.txt", None);
    assert!(rolls(&node, &metered).await);
}

#[tokio::test]
async fn ten_changes_of_ten_paths_roll_once() {
    let (store, node, metered) = metered().await;
    for turn in 0..2 {
        for change in 1..=10 {
            edit(&node, &format!("public/{turn}/{change}.txt"), Some(b"x"));
            assert_eq!(rolls(&node, &metered).await, change == 10, "change {change}");
        }
        assert_eq!(Pieces::of(&store).rolling.len(), 1);
    }
}

#[tokio::test]
async fn what_takes_the_name_of_a_file_that_went_rolls_at_once() {
    let (_store, node, metered) = metered().await;
    change_twice(&node, "public/a").await;
    edit(&node, "public/a", None);
    assert!(!rolls(&node, &metered).await);
    edit(&node, "public/a/deep/b.txt", Some(b"below"));
    assert!(rolls(&node, &metered).await);
    // Some disks do not tell the two apart.
    edit(&node, "public/a/deep/b.txt", None);
    assert!(!rolls(&node, &metered).await);
    edit(&node, "public/a/deep/B.txt", Some(b"another spelling"));
    assert!(rolls(&node, &metered).await);
}

/// The newer events of a log as a Python client that restores takes them (`protocol.md` h.4).
#[tokio::test]
async fn a_python_client_may_take_what_is_newer_from_the_newest_on() {
    let (store, node) = solo().await;
    for step in 0_usize..40 {
        let path = format!("public/{}.txt", step * step % 11);
        let content = format!("{step}");
        edit(&node, &path, (step % 5 != 4).then_some(content.as_bytes()));
        sync(&node).await.unwrap();
        let mut pieces = Pieces::of(&store);
        let until = pieces.rolling[0].last_event.unwrap();
        let newer: Vec<_> =
            pieces.log.extract_if(.., |message| message.name.timestamp > until).collect();
        let mut files: BTreeMap<String, Vec<u8>> = pieces.fold();
        for event in newer.iter().rev().flat_map(|message| &message.events) {
            match &event.change {
                Change::Write(content) => {
                    files.insert(event.path.to_string(), content.as_bytes().to_vec());
                }
                Change::Delete => drop(files.remove(event.path.as_str())),
            }
        }
        assert_eq!(files, box_of(&node), "step {step}");
    }
}

#[tokio::test]
async fn in_a_drive_one_file_is_changed_in_one_request() {
    for secrecy in [Secrecy::Open, Secrecy::Sealed] {
        let world = World::connected(secrecy).await;
        change_twice(&world.alice, "public/a.txt").await;
        let there = || {
            let mut files = world.drive.files_of(alice().as_str());
            files.retain(|file| file.name.starts_with("rolling_state_"));
            assert_eq!(files.len(), 1, "there are twins");
            files.remove(0)
        };
        let older = there();
        edit(&world.alice, "public/b.txt", Some(b"once"));
        sync(&world.alice).await.unwrap();
        world.drive.forget_requests();
        edit(&world.alice, "public/b.txt", Some(b"twice"));
        sync(&world.alice).await.unwrap();
        let newer = there();
        assert_eq!((&newer.id, &newer.parent), (&older.id, &older.parent));
        assert!(newer.name > older.name && newer.content != older.content);
        let requests = world.drive.requests();
        let about = |method: &str| requests.iter().filter(|one| one.method == method).count();
        assert_eq!((about("PATCH"), about("DELETE")), (1, 0), "{requests:?}");
    }
}

/// What lies in the rolling states of a store.
async fn held(store: &dyn Transport) -> Vec<RollingState> {
    let mut states = Vec::new();
    for object in store.list_all(&rolling()).await.unwrap() {
        let bytes = opened(&rolling(), store.get_bytes(&object, u64::MAX).await.unwrap());
        states.push(decode(&bytes, &Limits::EVENTS).unwrap());
    }
    states
}

/// Stops a sync with a new rolling state after each call to the store, and in each.
async fn stays_one(store: &dyn Fn() -> Arc<dyn Transport>) {
    let mut node = Member::join_as(alice(), store(), 1, Secrecy::Sealed).await;
    sync(&node).await.unwrap();
    let mut roll = async |tag: &str, chaos: Chaos| {
        edit(&node, "public/a.txt", Some(format!("first {tag}").as_bytes()));
        sync(&node).await.unwrap();
        edit(&node, "public/a.txt", Some(format!("then {tag}").as_bytes()));
        node.restart(Arc::new(chaos.clone()));
        let _ = sync(&node).await;
        node.restart(store());
        sync(&node).await.unwrap();
        edit(&node, "public/a.txt", Some(tag.as_bytes()));
        sync(&node).await.unwrap();
        let states = held(&*store()).await;
        assert_eq!(states.len(), 1, "{tag}");
        chaos.effects()
    };
    let effects = roll("clean", Chaos::new(store())).await;
    assert!(effects > 2, "it counts");
    for stop in 0..effects {
        roll(&format!("after {stop}"), Chaos::new(store()).stop_after(stop)).await;
        roll(&format!("in {stop}"), Chaos::new(store()).stop_in(stop + 1)).await;
    }
    let fresh = Member::join_as(alice(), store(), 9, Secrecy::Sealed).await;
    assert_eq!(box_of(&fresh), box_of(&node));
}

#[tokio::test]
async fn it_stays_one_wherever_the_node_stops() {
    let memory = MemoryStore::new();
    stays_one(&|| Arc::new(memory.user(alice()))).await;
}

#[tokio::test]
async fn it_stays_one_where_the_older_one_is_removed_after_it() {
    let folder = scratch();
    stays_one(&|| Arc::new(FolderTransport::create(folder.path(), alice()).unwrap())).await;
}

#[tokio::test]
async fn it_stays_one_in_a_store_that_lets_nothing_take_its_place() {
    let memory = MemoryStore::new();
    stays_one(&|| Arc::new(Unmoving::new(Arc::new(memory.user(alice()))))).await;
}

#[tokio::test]
async fn of_twins_one_is_replaced_and_the_other_goes() {
    let (store, node) = solo().await;
    let [older] = &in_space(&store, &rolling())[..] else { panic!("not one") };
    let twin = store.replay(older, store.bytes(&older.id).unwrap());
    change_twice(&node, "public/a.txt").await;
    let left = in_space(&store, &rolling());
    assert_eq!(left.len(), 1);
    assert!([&older.id, &twin].contains(&&left[0].id));
    assert_ne!(left[0].name, older.name);
}

#[tokio::test]
async fn a_sealed_one_is_sealed_for_its_new_name() {
    let pair = Pair::sealed().await;
    for path in ["public/a.txt", "public/b.txt"] {
        change_twice(&pair.alice, path).await;
    }
    let transport = || Arc::new(pair.store.user(alice()));
    let fresh = Member::join_as(alice(), transport(), 9, Secrecy::Sealed).await;
    // What cannot be read of it would be told of.
    assert!(fresh.manager.restored().unwrap().notes.is_empty());
    assert_eq!(box_of(&fresh), box_of(&pair.alice));
}

#[tokio::test]
async fn each_one_that_went_is_in_the_table() {
    let store = MemoryStore::new();
    let recorder = Recorder::new(store.user(alice()));
    let node = Member::join(alice(), Arc::new(recorder.clone()), 1).await;
    sync(&node).await.unwrap();
    for path in ["public/a.txt", "public/b.txt"] {
        change_twice(&node, path).await;
    }
    let space = rolling().to_string();
    let mut went = recorder.seen();
    went.retain(|wire| matches!(wire, Wire::Put { object, .. } if object.starts_with(&space)));
    let traffic = node.manager.traffic().unwrap().into_iter();
    let told: Vec<Wire> = traffic
        .filter(|transfer| transfer.object.starts_with(&space))
        .map(|t| Wire::Put { object: t.object, bytes: t.bytes, sha256: t.sha256 })
        .collect();
    assert_eq!((told.len(), &told), (3, &went));
}
