//! The private parts of datasets in a store that keeps them for their owner: brought
//! back by a fresh machine, whatever comes between, and by nobody else's hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::common::backup::{edit, solo};
use crate::common::torn::Torn;
use crate::common::{Machine, Member, Secrecy, alice, bob, in_space};
use syft_core::DatasetName;
use syft_dataset::{Audience, NewDataset};
use syft_sync::{Config, CreateOptions, Encrypt, SyftboxManager, SyncOptions, SyncReport};
use syft_transport::{
    Chaos, CollectionKind, Fault, FolderTransport, MemoryStore, Object, Operation, Space, Transport,
};

const REAL: &str = "private/datasets/patients/real.csv";

fn name() -> DatasetName {
    DatasetName::parse("patients").unwrap()
}

async fn create(node: &Member, upload_private: bool, users: Audience) {
    let files = crate::common::scratch();
    std::fs::write(files.path().join("mock.csv"), "name,age\nmade up,1\n").unwrap();
    std::fs::write(files.path().join("real.csv"), "name,age\nREAL PERSON,42\n").unwrap();
    let mut new = NewDataset::named(name());
    new.mock = Some(files.path().join("mock.csv"));
    new.private = Some(files.path().join("real.csv"));
    new.users = users;
    let options = CreateOptions { upload_private, sync: false };
    node.manager.create_dataset(new, options).await.unwrap();
}

/// Alice keeps the private part of a dataset in the store.
async fn kept(users: Audience) -> (MemoryStore, Member) {
    let (store, node) = solo().await;
    create(&node, true, users).await;
    edit(&node, "public/a.txt", Some(b"a"));
    node.sync().await;
    assert!(!private(&store).is_empty());
    (store, node)
}

/// What lies in the store of private parts.
fn private(store: &MemoryStore) -> Vec<Object> {
    let is_private = |object: &Object| {
        matches!(object.space, Space::Collection { kind: CollectionKind::Private, .. })
    };
    store.objects().into_iter().filter(is_private).collect()
}

fn real(home: &std::path::Path) -> Option<String> {
    std::fs::read_to_string(home.join(alice().as_str()).join(REAL)).ok()
}

async fn login(machine: &Machine, transport: Arc<dyn Transport>) -> SyftboxManager {
    SyftboxManager::login(machine.config(transport)).await.unwrap()
}

fn says(report: &SyncReport, words: &str) -> bool {
    report.notes.iter().any(|note| note.contains(words))
}

/// A store that keeps an older backup can say that it was made last, and is not believed.
#[tokio::test]
async fn f14_of_two_sealed_backups_the_one_is_taken_that_was_signed_last() {
    let store = MemoryStore::new();
    let open = || Arc::new(store.user(alice()));
    let node = Member::join_as(alice(), open(), 1, Secrecy::Sealed).await;
    create(&node, true, Audience::Any).await;
    node.sync().await;
    let older: Vec<_> = private(&store)
        .into_iter()
        .map(|object| (store.bytes(&object.id).unwrap(), object))
        .collect();
    assert!(!older.is_empty());
    edit(&node, REAL, Some(b"name,age\nREAL PERSON,43\n"));
    node.sync().await;
    for (bytes, object) in older {
        store.replay(&object, bytes);
    }
    let machine = node.another_home(9);
    let mut config = machine.config(open());
    config.encrypt = Some(Encrypt::Auto);
    let fresh = SyftboxManager::login(config).await.unwrap();
    assert_eq!(fresh.restored().unwrap().private, 1);
    assert_eq!(real(machine.home.path()).unwrap(), "name,age\nREAL PERSON,43\n");
}

/// Whoever can write the folder could plant a dataset, with an audience.
#[tokio::test]
async fn f16_a_private_part_in_a_store_without_access_control_is_not_taken() {
    let (source, _) = kept(Audience::Any).await;
    let folder = crate::common::scratch();
    let open = |email| -> Arc<dyn Transport> {
        Arc::new(FolderTransport::create(folder.path(), email).unwrap())
    };
    let node = Member::join(alice(), open(alice()), 1).await;
    let peer = Member::join(bob(), open(bob()), 2).await;
    peer.manager.add_peer(&alice(), false).await.unwrap();
    node.manager.approve_peer_request(&bob(), true).await.unwrap();
    edit(&node, "public/a.txt", Some(b"a"));
    node.sync().await;
    for object in private(&source) {
        let space = folder.path().join(object.space.to_string());
        std::fs::create_dir_all(&space).unwrap();
        let bytes = source.bytes(&object.id).unwrap();
        std::fs::write(space.join(object.name.as_str()), bytes).unwrap();
    }
    let fresh = Member::join(alice(), open(alice()), 9).await;
    let told = fresh.manager.restored().cloned().unwrap();
    assert_eq!(told.private, 0, "{told:?}");
    assert!(told.notes.iter().any(|note| note.contains("may be anybody's")), "{told:?}");
    assert!(fresh.manager.restore_private().await.unwrap().is_empty());
    assert!(fresh.manager.list_datasets().unwrap().is_empty());
    assert_eq!(real(fresh.home.path()), None);
}

/// What the store does not state to be mine is no part of it.
#[tokio::test]
async fn f16_a_private_part_of_no_stated_owner_is_not_taken() {
    let (source, _) = kept(Audience::Any).await;
    let (store, node) = solo().await;
    edit(&node, "public/a.txt", Some(b"a"));
    node.sync().await;
    for object in private(&source) {
        let bytes = source.bytes(&object.id).unwrap();
        store.plant(&object.space, object.name.as_str(), bytes, None);
    }
    let fresh = Member::join(alice(), Arc::new(store.user(alice())), 9).await;
    assert_eq!(fresh.manager.restored().unwrap().private, 0);
    assert!(fresh.manager.restore_private().await.unwrap().is_empty());
    assert!(fresh.manager.list_datasets().unwrap().is_empty());
}

#[tokio::test]
async fn private_parts_that_the_store_did_not_give_are_asked_for_again() {
    for by_login in [false, true] {
        let (store, node) = kept(Audience::Nobody).await;
        let machine = node.another_home(9);
        let user = || Arc::new(store.user(alice()));
        let away = || {
            // All is looked at, the inboxes are found; where the private parts lie is not.
            let script = [None, None, None, Some(Fault::Before)];
            Arc::new(Chaos::new(user()).script(Operation::Discover, script))
        };
        let manager = login(&machine, away()).await;
        let told = manager.restored().unwrap();
        assert!(told.notes.iter().any(|note| note.contains("wait")), "{told:?}");
        assert_eq!(real(machine.home.path()), None);
        // It goes on waiting, and says so, as long as the store does not give them.
        let first = [Some(Fault::Before)];
        let away = Arc::new(Chaos::new(user()).script(Operation::Discover, first));
        let manager = SyftboxManager::open(machine.config(away)).unwrap();
        let report = manager.sync(&SyncOptions::default()).await.unwrap();
        assert!(says(&report, "private parts of datasets wait"), "{report:?}");
        if by_login {
            let manager = login(&machine, user()).await;
            assert_eq!(manager.restored().unwrap().private, 1);
        } else {
            let manager = SyftboxManager::open(machine.config(user())).unwrap();
            let report = manager.sync(&SyncOptions::default()).await.unwrap();
            assert_eq!(report.datasets, 1);
        }
        assert_eq!(real(machine.home.path()), real(node.home.path()));
        let manager = SyftboxManager::open(machine.config(user())).unwrap();
        let report = manager.sync(&SyncOptions::default()).await.unwrap();
        assert_eq!((report.datasets, report.notes.len()), (0, 0), "{report:?}");
    }
}

#[tokio::test]
async fn a_restore_that_is_cut_short_at_any_instant_brings_private_parts_too() {
    let (store, node) = kept(Audience::Nobody).await;
    let expected = real(node.home.path());
    let before = private(&store);
    let run = async |stop: Option<u64>| {
        let machine = node.another_home(5);
        machine.disk.reset_counts();
        if let Some(after) = stop {
            machine.disk.crash_after(after);
        }
        let config: Config = machine.config(Arc::new(store.user(alice())));
        drop(SyftboxManager::login(config.clone()).await);
        machine.disk.repair();
        let effects = machine.disk.counts().mutations;
        let manager = SyftboxManager::login(config).await.unwrap();
        for _ in 0..2 {
            machine.clock.step(1.0);
            manager.sync(&SyncOptions::default()).await.unwrap();
        }
        assert_eq!(real(machine.home.path()), expected, "{stop:?}");
        assert_eq!(private(&store), before, "{stop:?}");
        effects
    };
    let effects = run(None).await;
    assert!(effects > 20, "{effects}");
    for after in 0..effects {
        run(Some(after)).await;
    }
}

/// A dataset that was made meanwhile was never to lie in the store.
#[tokio::test]
async fn a_dataset_that_was_made_meanwhile_is_not_uploaded() {
    let (store, _) = kept(Audience::Nobody).await;
    let before = private(&store);
    let mut fresh = Member::join(
        alice(),
        Arc::new(
            Chaos::new(Arc::new(store.user(alice())))
                .script(Operation::Discover, [None, None, None, Some(Fault::Before)]),
        ),
        9,
    )
    .await;
    create(&fresh, false, Audience::Nobody).await;
    edit(&fresh, REAL, Some(b"name,age\nNOT TO BE UPLOADED,1\n"));
    fresh.restart(Arc::new(store.user(alice())));
    fresh.clock.set(syft_core::Timestamp::new(1_790_100_000.0).unwrap());
    let report = fresh.sync().await;
    assert!(says(&report, "another one stands here"), "{report:?}");
    fresh.sync().await;
    assert_eq!(private(&store), before);
}

fn bytes_of(store: &MemoryStore, objects: &[Object]) -> BTreeMap<String, Vec<u8>> {
    let bytes = |object: &Object| store.bytes(&object.id).unwrap().to_vec();
    objects.iter().map(|object| (object.to_string(), bytes(object))).collect()
}

/// Nothing that is older goes before the new one was read back.
#[tokio::test]
async fn f13_a_private_part_that_was_torn_does_not_take_the_place_of_the_older_one() {
    for dies in [false, true] {
        let (store, mut node) = kept(Audience::Nobody).await;
        let before = bytes_of(&store, &private(&store));
        edit(&node, REAL, Some(b"name,age\nREAL PERSON,43\n"));
        node.restart(Arc::new(Torn::new(store.user(alice()), "/private/", dies)));
        let report = node.sync().await;
        assert!(dies || says(&report, "stays"), "{report:?}");
        let holds_old = |store: &MemoryStore| {
            let now = bytes_of(store, &private(store));
            before.iter().all(|(object, bytes)| now.get(object) == Some(bytes))
        };
        assert!(holds_old(&store), "dies: {dies}");
        let other = node.another_home(9);
        login(&other, Arc::new(store.user(alice()))).await;
        assert!(real(other.home.path()).unwrap().contains("42"), "the older one can be had");
        node.restart(Arc::new(store.user(alice())));
        for _ in 0..6 {
            let is_new = |home: &Member| real(home.home.path()).unwrap().contains("43");
            let fresh = Member::join(alice(), Arc::new(store.user(alice())), 10).await;
            assert!(holds_old(&store) || is_new(&fresh), "one of them can always be had");
            node.sync().await;
        }
        assert_eq!(private(&store).len(), before.len());
        assert!(!holds_old(&store));
        let fresh = Member::join(alice(), Arc::new(store.user(alice())), 11).await;
        assert!(real(fresh.home.path()).unwrap().contains("43"));
    }
}

#[tokio::test]
async fn f13_peers_and_decisions_that_were_torn_do_not_take_the_place_of_the_older_ones() {
    let state = Space::State { owner: alice() };
    for dies in [false, true] {
        let pair = crate::common::Pair::connected().await;
        let before = bytes_of(&pair.store, &in_space(&pair.store, &state));
        assert_eq!(before.len(), 1);
        // It goes along with no object of the log.
        pair.create_dataset("patients", Audience::Any);
        let crate::common::Pair { store, mut alice, .. } = pair;
        alice.restart(Arc::new(Torn::new(store.user(self::alice()), "/state/", dies)));
        let report = alice.sync().await;
        assert!(dies || says(&report, "stays"), "{report:?}");
        let now = bytes_of(&store, &in_space(&store, &state));
        assert!(before.iter().all(|(object, bytes)| now.get(object) == Some(bytes)), "{dies}");
        let fresh = Member::join(self::alice(), Arc::new(store.user(self::alice())), 9).await;
        let told = fresh.manager.restored().unwrap();
        assert_eq!((told.waits.as_deref(), told.peers), (None, 1), "the older one is taken");
        alice.restart(Arc::new(store.user(self::alice())));
        alice.sync().await;
        alice.sync().await;
        let after = in_space(&store, &state);
        assert!(after.len() <= 2, "the one before may lie beside it");
        let newest = after.iter().max_by_key(|object| object.created).unwrap();
        assert!(!before.contains_key(&newest.to_string()));
        let fresh = Member::join(self::alice(), Arc::new(store.user(self::alice())), 10).await;
        assert_eq!(fresh.manager.restored().unwrap().datasets, 1);
    }
}
