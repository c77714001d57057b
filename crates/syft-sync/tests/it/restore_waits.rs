//! A home whose backup cannot be taken yet goes on waiting for it, whatever else
//! happens there.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::common::backup::{box_of, edit};
use crate::common::{Member, Trio, alice, carol, in_space, log_of};
use syft_sync::{Error, Role, SyftboxManager, SyncOptions};
use syft_transport::{Object, Space};

const NEWS: &str = "carol@institute.net/public/news.txt";

/// Alice has a history, and reads what Carol publishes.
async fn reading_carol() -> Trio {
    let trio = Trio::connected().await;
    trio.alice.manager.add_peer(&carol(), false).await.unwrap();
    trio.carol.manager.approve_peer_request(&alice(), true).await.unwrap();
    trio.carol.write(NEWS, "news");
    for number in 0..4 {
        edit(&trio.alice, &format!("public/{number}.txt"), Some(b"mine"));
        trio.settle().await;
    }
    assert_eq!(trio.alice.read(NEWS).as_deref(), Some("news"));
    trio
}

/// Alice's own spaces, as they lie in the store.
fn backup_of(trio: &Trio) -> BTreeMap<String, Vec<u8>> {
    let owner = alice();
    let spaces = [
        log_of(alice()),
        Space::Checkpoints { owner: owner.clone() },
        Space::Rolling { owner: owner.clone() },
        Space::State { owner },
    ];
    let objects = spaces.iter().flat_map(|space| in_space(&trio.store, space));
    let bytes = |object: &Object| trio.store.bytes(&object.id).unwrap().to_vec();
    objects.map(|object| (object.to_string(), bytes(&object))).collect()
}

/// Takes pieces of the backup away for a while, without which it is damaged.
fn hide_some(trio: &Trio) -> Vec<(Object, Vec<u8>)> {
    let mut hidden = in_space(&trio.store, &Space::Rolling { owner: alice() });
    let mut log = in_space(&trio.store, &log_of(alice()));
    log.sort_by(|a, b| a.name.cmp(&b.name));
    hidden.push(log.remove(log.len() - 2));
    let bytes = |object: &Object| trio.store.bytes(&object.id).unwrap().to_vec();
    let hidden: Vec<_> =
        hidden.into_iter().map(|object| (object.clone(), bytes(&object))).collect();
    assert!(hidden.iter().all(|(object, _)| trio.store.lose(&object.id)));
    hidden
}

#[tokio::test]
async fn f16_what_waits_for_its_backup_waits_whatever_else_happens() {
    let trio = reading_carol().await;
    let hidden = hide_some(&trio);
    let before = backup_of(&trio);
    let fresh = Member::join(alice(), Arc::new(trio.store.user(alice())), 77).await;
    assert!(fresh.manager.restored().unwrap().waits.is_some());
    fresh.manager.add_peer(&carol(), false).await.unwrap();
    for _ in 0..3 {
        fresh.sync().await;
        trio.carol.sync().await;
    }
    // The scientist's half works: the journal has entries.
    assert_eq!(fresh.read(NEWS).as_deref(), Some("news"));
    let watcher = fresh.manager.watcher_syncer();
    watcher.on_file_change("carol@institute.net/public/x.txt", Some(b"x"), true).await.unwrap();
    let made = fresh.manager.create_checkpoint().await;
    assert!(
        matches!(&made, Err(Error::Refused(reason)) if reason.contains("restored")),
        "{made:?}"
    );
    assert!(fresh.manager.try_create_checkpoint(1, 1).await.is_err());
    fresh.sync().await;
    assert_eq!(backup_of(&trio), before, "nothing of the backup was touched");

    for (object, bytes) in hidden {
        trio.store.replay(&object, bytes);
    }
    fresh.sync().await;
    assert_eq!(box_of(&fresh), box_of(&trio.alice));
}

#[tokio::test]
async fn a_scientist_who_becomes_an_owner_gets_the_backup_first() {
    let trio = reading_carol().await;
    let machine = trio.alice.another_home(78);
    let store = || Arc::new(trio.store.user(alice()));
    let config = machine.config(store()).role(Role::Scientist);
    let manager = SyftboxManager::login(config).await.unwrap();
    assert_eq!(manager.restored(), None);
    manager.add_peer(&carol(), false).await.unwrap();
    manager.sync(&SyncOptions::default()).await.unwrap();
    assert!(machine.home.path().join(NEWS).exists());
    let manager = SyftboxManager::login(machine.config(store()).role(Role::Both)).await.unwrap();
    let told = manager.restored().unwrap();
    assert_eq!((told.waits.as_deref(), told.files), (None, box_of(&trio.alice).len()));
}

#[tokio::test]
async fn over_a_dataset_that_was_made_meanwhile_nothing_is_restored() {
    let trio = reading_carol().await;
    let hidden = hide_some(&trio);
    let fresh = Member::join(alice(), Arc::new(trio.store.user(alice())), 79).await;
    let mock = fresh.path("mock.csv");
    std::fs::write(&mock, "a,b\n").unwrap();
    let name = syft_core::DatasetName::parse("census").unwrap();
    let mut new = syft_dataset::NewDataset::named(name);
    new.mock = Some(mock);
    fresh.manager.create_dataset(new, crate::common::unsent()).await.unwrap();
    for (object, bytes) in hidden {
        trio.store.replay(&object, bytes);
    }
    let report = fresh.sync().await;
    let told = report.notes.iter().find(|note| note.contains("datasets/census stands here"));
    assert!(told.is_some(), "{:?}", report.notes);
    assert!(fresh.read("alice@hospital.org/public/0.txt").is_none());
}
