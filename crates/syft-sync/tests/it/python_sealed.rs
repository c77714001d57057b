//! Datasets between a node that seals and Python clients that do: such a client opens
//! files that are sealed to it one by one, and seals none (`protocol.md` c.2).

use crate::common::python::{self, connect_sealing};
use crate::common::{Member, Secrecy, alice, bob, carol, in_space, keys_of, unsent};
use futures::FutureExt as _;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use syft_core::{ContentHash, DatasetName, Email};
use syft_crypto::{Limits, Party, Sealer as _};
use syft_dataset::{Audience, NewDataset};
use syft_sync::{CreateOptions, Encrypt, PeerState, Restored, SyftboxManager};
use syft_transport::{
    Chaos, CollectionHash, CollectionKind, MemoryStore, Object, Space, Transport as _, grants,
};

const MOCK: &str = "age\n1\n";

async fn joined(store: &MemoryStore, email: Email, seed: u64) -> Member {
    let transport = Arc::new(store.user(email.clone()).with_profiles());
    Member::join_as(email, transport, seed, Secrecy::Sealed).await
}

/// Alice's node, and Python clients of these.
async fn owner_with(readers: &[Email]) -> (MemoryStore, Member) {
    let store = MemoryStore::new();
    let alice = joined(&store, alice(), 1).await;
    for reader in readers {
        connect_sealing(&store, &alice, reader).await;
    }
    (store, alice)
}

fn create(alice: &Member, text: &str) {
    let files = tempfile::tempdir().unwrap();
    let (mock, private) = (files.path().join("mock.csv"), files.path().join("real.csv"));
    std::fs::write(&mock, text).unwrap();
    std::fs::write(&private, "age\n42\n").unwrap();
    let mut new = NewDataset::named(DatasetName::parse("beds").unwrap());
    (new.mock, new.private, new.users) = (Some(mock), Some(private), Audience::Any);
    alice.manager.create_dataset(new, unsent()).now_or_never().unwrap().unwrap();
}

/// What a reader finds of the datasets, by space and by name, as the Python client opens it.
async fn read_by(store: &MemoryStore, reader: &Email) -> BTreeMap<String, Vec<(String, String)>> {
    let found = store.user(reader.clone()).discover(syft_transport::SpaceKind::Collection).await;
    let mut read: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for space in found.unwrap().spaces {
        let Space::Collection { tag, .. } = &space else { panic!("{space}") };
        for object in in_space(store, &space).iter().filter(|it| !grants::is_grant(&it.name)) {
            let text = opened(store, reader, object);
            read.entry(tag.to_string()).or_default().push((object.name.to_string(), text));
        }
    }
    read
}

fn opened(store: &MemoryStore, reader: &Email, object: &Object) -> String {
    let bytes = store.bytes(&object.id).unwrap();
    let (mine, owner) = (keys_of(reader).keys(reader).unwrap(), object.space.owner());
    let theirs = keys_of(owner).keys(owner).unwrap();
    let sender = Party { email: owner, bundle: theirs.bundle() };
    let mut plain = Vec::new();
    mine.open(sender, &Limits::default(), &mut &*bytes, &mut plain).unwrap();
    String::from_utf8(plain).unwrap()
}

fn mock_of(read: &BTreeMap<String, Vec<(String, String)>>) -> Option<&str> {
    let files = read.get("beds")?;
    assert_eq!(files.iter().filter(|(name, _)| name == "dataset.yaml").count(), 1, "{files:?}");
    let mut mocks = files.iter().filter(|(name, _)| name == "mock.csv");
    let mock = mocks.next().map(|(_, text)| text.as_str());
    assert_eq!(mocks.next(), None, "one version alone");
    mock
}

#[tokio::test]
async fn each_python_reader_has_a_copy_that_is_sealed_to_it() {
    let (store, alice) = owner_with(&[bob(), carol()]).await;
    create(&alice, MOCK);
    alice.sync().await;
    for reader in [bob(), carol()] {
        assert_eq!(mock_of(&read_by(&store, &reader).await), Some(MOCK), "{reader}");
    }
    let in_the_open = |object: &Object| store.bytes(&object.id).unwrap().starts_with(b"age");
    assert!(!store.objects().iter().any(in_the_open));
    let objects = store.objects();
    alice.sync().await;
    assert_eq!(store.objects(), objects, "it is put there once");
}

#[tokio::test]
async fn what_is_replaced_unshared_or_deleted_goes() {
    let (store, alice) = owner_with(&[bob(), carol()]).await;
    create(&alice, MOCK);
    alice.sync().await;
    alice.write("alice@hospital.org/public/datasets/beds/mock.csv", "age\n2\n");
    alice.sync().await;
    for reader in [bob(), carol()] {
        assert_eq!(mock_of(&read_by(&store, &reader).await), Some("age\n2\n"), "{reader}");
    }
    alice.manager.remove_peer(&bob()).await.unwrap();
    alice.sync().await;
    assert_eq!(read_by(&store, &bob()).await, BTreeMap::new());
    assert_eq!(mock_of(&read_by(&store, &carol()).await), Some("age\n2\n"));
    let name = DatasetName::parse("beds").unwrap();
    alice.manager.delete_dataset(&name, false).await.unwrap();
    alice.sync().await;
    let is_left = |object: &&Object| matches!(object.space, Space::Collection { .. });
    let objects = store.objects();
    assert_eq!(objects.iter().filter(is_left).collect::<Vec<_>>(), Vec::<&Object>::new());
}

/// Its owner is who the store says; what anybody else put beside it is none of theirs.
#[tokio::test]
async fn the_open_mock_of_a_python_owner_who_seals_is_taken() {
    let store = MemoryStore::new();
    let alice = joined(&store, alice(), 1).await;
    connect_sealing(&store, &alice, &bob()).await;
    let files = [("dataset.yaml", "name: beds\n"), ("mock.csv", MOCK)];
    let whole: String = files.iter().flat_map(|(name, text)| [*name, *text]).collect();
    let space = Space::Collection {
        owner: bob(),
        kind: CollectionKind::Mock,
        tag: DatasetName::parse("beds").unwrap(),
        hash: CollectionHash::parse(&ContentHash::of(whole.as_bytes()).short()).unwrap(),
    };
    for (name, text) in files {
        store.plant(&space, name, text, Some(bob()));
    }
    let foreign = store.plant(&space, "other.csv", "forged", Some(carol()));
    let python = store.user(bob());
    grants::grant(&python, &space, &alice.email).await.unwrap();
    let report = alice.sync().await;
    assert!(report.notes.iter().any(|note| note.contains("somebody else")), "{report:?}");
    let file = store.objects().into_iter().find(|object| object.id == foreign);
    python.delete(&[file.unwrap()]).await.unwrap();
    let report = alice.sync().await;
    assert!(report.alarms.is_empty() && report.notes.is_empty(), "{report:?}");
    let mock = "bob@university.org/public/syft_datasets/beds/mock.csv";
    assert_eq!(alice.read(mock).as_deref(), Some(MOCK));
}

/// The record of a node goes: a Python client writes none.
async fn forget_the_node(store: &MemoryStore, owner: &Email) {
    let state = in_space(store, &Space::State { owner: owner.clone() });
    let (records, peers): (Vec<Object>, Vec<Object>) =
        state.into_iter().partition(|object| object.name.as_str().starts_with("state_"));
    assert!(!records.is_empty() && peers.len() == 1, "{records:?} {peers:?}");
    store.user(owner.clone()).delete(&records).await.unwrap();
}

async fn on_a_fresh_machine(store: &MemoryStore, alice: &Member, encrypt: Encrypt) -> Restored {
    let machine = alice.another_home(9);
    let transport = Arc::new(store.user(alice.email.clone()).with_profiles());
    let mut config = machine.config(transport);
    config.encrypt = Some(encrypt);
    let fresh = SyftboxManager::login(config).await.unwrap();
    let private = machine.home.path().join("alice@hospital.org/private/datasets/beds/real.csv");
    let has_data = std::fs::read(private).is_ok_and(|data| data == b"age\n42\n");
    assert_eq!(has_data, encrypt == Encrypt::Off);
    let known: Vec<_> =
        fresh.load_peers().await.unwrap().iter().map(|p| (p.state, p.sealed)).collect();
    assert_eq!(known, [(PeerState::Accepted, encrypt == Encrypt::Auto)]);
    fresh.restored().unwrap().clone()
}

#[tokio::test]
async fn the_peers_stand_where_a_python_client_keeps_them() {
    let (store, alice) = owner_with(&[bob()]).await;
    alice.write("alice@hospital.org/public/a.txt", "a");
    alice.sync().await;
    let objects = store.objects();
    let peers = objects.iter().find(|object| object.name.as_str() == "SYFT_peers.json").unwrap();
    let peers: Value = serde_json::from_slice(&store.bytes(&peers.id).unwrap()).unwrap();
    let bob = &peers["bob@university.org"];
    assert_eq!(bob["state"], "accepted");
    assert_eq!(bob["public_encryption_bundle"]["identity"], "bob@university.org", "{bob}");
    alice.sync().await;
    assert_eq!(store.objects(), objects, "they are put there once");
    forget_the_node(&store, &alice.email).await;
    let restored = on_a_fresh_machine(&store, &alice, Encrypt::Auto).await;
    assert_eq!((restored.waits, restored.peers), (None, 1));
}

/// In the form of the Python client, which either program restores.
#[tokio::test]
async fn in_the_open_a_dataset_is_kept_as_a_python_client_keeps_it() {
    let store = MemoryStore::new();
    let transport = Arc::new(store.user(alice()).with_profiles());
    let alice = Member::join_as(alice(), transport, 1, Secrecy::Open).await;
    python::connect(&store, &alice, &bob()).await;
    let files = tempfile::tempdir().unwrap();
    let (mock, private) = (files.path().join("mock.csv"), files.path().join("real.csv"));
    std::fs::write(&mock, MOCK).unwrap();
    std::fs::write(&private, "age\n42\n").unwrap();
    let mut new = NewDataset::named(DatasetName::parse("beds").unwrap());
    (new.mock, new.private) = (Some(mock), Some(private));
    let options = CreateOptions { upload_private: true, sync: true };
    alice.manager.create_dataset(new, options).await.unwrap();
    let names = |wanted| {
        let objects = store.objects().into_iter();
        let of = objects.filter(
            |object| matches!(&object.space, Space::Collection { kind, .. } if *kind == wanted),
        );
        let mut names: Vec<String> = of.map(|object| object.name.to_string()).collect();
        names.sort();
        names
    };
    assert_eq!(names(CollectionKind::Private), ["private_metadata.yaml", "real.csv"]);
    assert_eq!(names(CollectionKind::Mock), ["dataset.yaml", "mock.csv"]);
    alice.sync().await;
    forget_the_node(&store, &alice.email).await;
    let restored = on_a_fresh_machine(&store, &alice, Encrypt::Off).await;
    assert_eq!((restored.waits, restored.datasets, restored.private), (None, 1, 1));
}

/// Wherever taking a copy back stops, who is given it again has it.
#[tokio::test]
async fn who_is_let_in_again_has_a_copy_again() {
    let name = DatasetName::parse("beds").unwrap();
    for stopped_after in 0..6 {
        let (store, mut alice) = owner_with(&[bob(), carol()]).await;
        create(&alice, MOCK);
        let to_both = Audience::parse([bob().as_str(), carol().as_str()]).unwrap();
        let to_bob = Audience::parse([bob().as_str()]).unwrap();
        let transport = || Arc::new(store.user(alice.email.clone()).with_profiles());
        alice.manager.unshare_dataset(&name, &Audience::Any, false).await.unwrap();
        alice.manager.share_dataset(&name, to_both, false).await.unwrap();
        alice.sync().await;
        assert_eq!(mock_of(&read_by(&store, &bob()).await), Some(MOCK));
        let (stopping, working) = (Chaos::new(transport()).stop_after(stopped_after), transport());
        alice.restart(Arc::new(stopping));
        alice.manager.unshare_dataset(&name, &to_bob, false).await.unwrap();
        alice.sync().await;
        alice.restart(working);
        alice.manager.share_dataset(&name, to_bob, false).await.unwrap();
        for _ in 0..2 {
            alice.sync().await;
            let has = mock_of(&read_by(&store, &bob()).await).map(str::to_owned);
            assert_eq!(has.as_deref(), Some(MOCK), "stopped after {stopped_after}");
        }
    }
}
