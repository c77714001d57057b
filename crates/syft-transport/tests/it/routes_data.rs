//! Datasets in a store of their own, beside the one over which all else goes.

use std::sync::Arc;

use syft_core::{DatasetName, Email};
use syft_transport::{
    Capabilities, Chaos, CollectionHash, CollectionKind, FaultRates, FolderTransport, MemoryStore,
    ObjectName, Operation, Routes, Space, SpaceKind, Transport, TransportExt, grants,
};

const HOME: &str = "memory:home";
const DATA: &str = "memory:data";
const OTHER: &str = "memory:other";

fn email(name: &str) -> Email {
    Email::parse(&format!("{name}@example.org")).unwrap()
}

fn collection(kind: CollectionKind) -> Space {
    Space::Collection {
        owner: email("alice"),
        kind,
        tag: DatasetName::parse("census").unwrap(),
        hash: CollectionHash::parse("0a1b").unwrap(),
    }
}

fn mock() -> Space {
    collection(CollectionKind::Mock)
}

fn inbox(owner: &str, sender: &str) -> Space {
    Space::Inbox { owner: email(owner), sender: email(sender) }
}

fn outbox(owner: &str, recipient: &str) -> Space {
    Space::Outbox { owner: email(owner), recipient: email(recipient) }
}

/// Alice, whose datasets are in the one of three stores, and who reaches Bob over another.
struct World {
    home: MemoryStore,
    data: MemoryStore,
    other: MemoryStore,
    data_way: Chaos,
    routes: Routes,
}

fn world() -> World {
    let (home, data, other) = (MemoryStore::new(), MemoryStore::new(), MemoryStore::new());
    let data_way = Chaos::new(Arc::new(data.user(email("alice"))));
    let routes = Routes::new(HOME, Arc::new(home.user(email("alice"))));
    let peers = [(email("bob"), vec![OTHER.to_owned()]), (email("carol"), Vec::new())];
    routes.lead(peers, |_| Arc::new(other.user(email("alice"))));
    routes.keep_datasets(Some(DATA), |_| Arc::new(data_way.clone()));
    World { home, data, other, data_way, routes }
}

fn set_away(store: &Chaos) {
    let all = [Operation::Open, Operation::Put, Operation::List, Operation::Discover];
    let rates = all.map(|operation| (operation, FaultRates { before: 1.0, after: 0.0 }));
    drop(store.clone().seeded(0, rates));
}

async fn put(store: &dyn Transport, space: &Space, text: &str) {
    store.open(space).await.unwrap();
    let name = ObjectName::parse(text).unwrap();
    store.put_bytes(space, &name, text.as_bytes().to_vec()).await.unwrap();
}

async fn names(store: &dyn Transport, space: &Space) -> Vec<String> {
    let listed = store.list_all(space).await.unwrap();
    listed.into_iter().map(|object| object.name.to_string()).collect()
}

#[tokio::test]
async fn datasets_lie_there_alone_and_all_else_where_it_did() {
    let World { home, data, other, routes, .. } = world();
    for kind in [CollectionKind::Mock, CollectionKind::Private] {
        put(&routes, &collection(kind), "file").await;
    }
    for reader in ["bob", "carol"] {
        grants::grant(&routes, &mock(), &email(reader)).await.unwrap();
    }
    assert!(home.objects().is_empty() && other.objects().is_empty());
    assert_eq!(data.objects().len(), 2);
    for reader in ["bob", "carol"] {
        let found = data.user(email(reader)).discover(SpaceKind::Collection).await.unwrap();
        assert_eq!(found.spaces, [mock()], "{reader}");
    }
    put(&routes, &outbox("alice", "bob"), "for-bob").await;
    put(&routes, &outbox("alice", "carol"), "for-carol").await;
    put(&routes, &Space::State { owner: email("alice") }, "mine").await;
    assert_eq!((home.objects().len(), other.objects().len()), (2, 1));
    assert_eq!(data.objects().len(), 2);
}

#[tokio::test]
async fn they_are_found_listed_and_taken_away_there() {
    let World { data, routes, .. } = world();
    put(&routes, &mock(), "mock.csv").await;
    grants::grant(&routes, &mock(), &email("bob")).await.unwrap();
    let found = routes.discover(SpaceKind::OwnCollection).await.unwrap();
    assert_eq!(found.spaces, [mock()]);
    assert!(routes.discover(SpaceKind::Mine).await.unwrap().spaces.contains(&mock()));
    assert_eq!(names(&routes, &mock()).await, ["mock.csv"]);
    assert_eq!(grants::list(&routes, &mock()).await.unwrap(), [(&email("bob")).into()]);
    grants::revoke(&routes, &mock(), &email("bob")).await.unwrap();
    assert!(grants::list(&routes, &mock()).await.unwrap().is_empty());
    let listed = routes.list_all(&mock()).await.unwrap();
    routes.delete(&listed).await.unwrap();
    assert!(data.objects().is_empty());
}

#[tokio::test]
async fn what_the_store_of_datasets_promises_is_told_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let World { routes, .. } = world();
    let promises = |routes: &Routes| -> Capabilities { routes.info_of(&mock()).capabilities };
    assert!(promises(&routes).access_control);
    routes.keep_datasets(Some("file:///data"), |_| {
        Arc::new(FolderTransport::create(folder.path(), email("alice")).unwrap())
    });
    assert_eq!(routes.datasets_at(), "file:///data");
    assert!(!promises(&routes).access_control);
    assert!(!routes.datasets_info().capabilities.access_control);
    assert!(routes.info().capabilities.access_control);
    // A grant is there what that store has for one.
    put(&routes, &mock(), "mock.csv").await;
    grants::grant(&routes, &mock(), &email("bob")).await.unwrap();
    let bob = FolderTransport::open(folder.path(), email("bob")).unwrap();
    assert_eq!(bob.discover(SpaceKind::Collection).await.unwrap().spaces, [mock()]);
}

#[tokio::test]
async fn one_that_is_away_stops_datasets_alone() {
    let world = world();
    set_away(&world.data_way);
    world.routes.refresh().await.unwrap();
    put(&world.routes, &outbox("alice", "carol"), "for-carol").await;
    put(&world.home.user(email("carol")), &inbox("alice", "carol"), "message").await;
    let found = world.routes.discover(SpaceKind::Inbox).await.unwrap();
    assert_eq!(found.spaces, [inbox("alice", "carol")]);
    assert!(!world.routes.is_partial(&inbox("alice", "carol")));
    assert_eq!(world.routes.take_problems().len(), 0);
    let error = world.routes.discover(SpaceKind::OwnCollection).await.unwrap_err();
    assert!(error.is_retryable());
    let file = ObjectName::parse("mock.csv").unwrap();
    let error = world.routes.put_bytes(&mock(), &file, Vec::new()).await.unwrap_err();
    assert!(error.is_retryable());
    assert!(world.other.objects().is_empty());
}

#[tokio::test]
async fn nobody_is_heard_there() {
    let world = world();
    for sender in ["bob", "carol", "dave"] {
        put(&world.data.user(email(sender)), &inbox("alice", sender), "message").await;
        assert!(names(&world.routes, &inbox("alice", sender)).await.is_empty(), "{sender}");
    }
    let found = world.routes.discover(SpaceKind::Inbox).await.unwrap();
    assert!(found.spaces.is_empty(), "{found:?}");
}

#[tokio::test]
async fn another_one_begins_empty_and_the_old_one_is_still_reached_by_its_address() {
    let world = world();
    put(&world.routes, &mock(), "mock.csv").await;
    let unopened = |_: &str| -> Arc<dyn Transport> { unreachable!("it is open") };
    assert_eq!(world.routes.dataset_stores(), [DATA]);
    world.routes.keep_datasets(None, unopened);
    assert_eq!(world.routes.dataset_stores(), [HOME, OTHER]);
    assert!(names(&world.routes, &mock()).await.is_empty());
    put(&world.routes, &mock(), "mock.csv").await;
    assert_eq!(world.home.objects().len(), 1);
    let old = world.routes.store_at(DATA).unwrap();
    assert_eq!(names(&*old, &mock()).await, ["mock.csv"]);
    // The one of my home is none of their own.
    world.routes.keep_datasets(Some(HOME), unopened);
    assert_eq!(world.routes.dataset_stores(), [HOME, OTHER]);
}
