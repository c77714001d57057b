//! Several stores as one: order, failover, ids that last, and what follows from a store that
//! is away.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use syft_core::{DatasetName, Email};
use syft_transport::conformance::{self, Cast, Setup};
use syft_transport::{
    Chaos, CollectionHash, CollectionKind, Error, Fault, FaultRates, FolderTransport, MemoryStore,
    Object, ObjectName, Operation, Result, Routes, Space, SpaceKind, Transport, TransportExt,
    grants,
};

const HOME: &str = "memory:home";
const AWAY: &str = "memory:away";

fn email(name: &str) -> Email {
    Email::parse(&format!("{name}@example.org")).unwrap()
}

fn name(text: &str) -> ObjectName {
    ObjectName::parse(text).unwrap()
}

fn outbox(owner: &str, recipient: &str) -> Space {
    Space::Outbox { owner: email(owner), recipient: email(recipient) }
}

fn inbox(owner: &str, sender: &str) -> Space {
    Space::Inbox { owner: email(owner), sender: email(sender) }
}

/// Two stores, and Alice who reaches Bob over both, the other one first.
struct World {
    home: MemoryStore,
    other: MemoryStore,
    at_home: Chaos,
    elsewhere: Chaos,
    routes: Routes,
}

fn world(urls: &[&str]) -> World {
    let (home, other) = (MemoryStore::new(), MemoryStore::new());
    let at_home = Chaos::new(Arc::new(home.user(email("alice"))));
    let elsewhere = Chaos::new(Arc::new(other.user(email("alice"))));
    let routes = routes(&at_home, &elsewhere, urls);
    World { home, other, at_home, elsewhere, routes }
}

fn routes(home: &Chaos, other: &Chaos, urls: &[&str]) -> Routes {
    let routes = Routes::new(HOME, Arc::new(home.clone()));
    lead(&routes, other, urls);
    routes
}

fn lead(routes: &Routes, other: &Chaos, urls: &[&str]) {
    let urls = urls.iter().map(|url| (*url).to_owned()).collect();
    let others = [(email("bob"), urls), (email("carol"), Vec::new())];
    routes.lead(others, |_| Arc::new(other.clone()));
}

/// Lets every call to a store fail from now on, or none.
fn set_away(store: &Chaos, is_away: bool) {
    let before = if is_away { 1.0 } else { 0.0 };
    let all = [
        Operation::Open,
        Operation::Put,
        Operation::Get,
        Operation::List,
        Operation::Delete,
        Operation::Retire,
        Operation::Discover,
    ];
    let rates = all.map(|operation| (operation, FaultRates { before, after: 0.0 }));
    drop(store.clone().seeded(0, rates));
}

async fn put(store: &dyn Transport, space: &Space, text: &str) -> Object {
    store.open(space).await.unwrap();
    store.put_bytes(space, &name(text), text.as_bytes().to_vec()).await.unwrap()
}

async fn names(store: &dyn Transport, space: &Space) -> Vec<String> {
    let listed = store.list_all(space).await.unwrap();
    listed.into_iter().map(|object| object.name.to_string()).collect()
}

#[tokio::test]
async fn what_is_for_a_peer_goes_to_its_first_store_and_what_is_mine_stays_at_home() {
    let World { home, other, routes, .. } = world(&[AWAY, HOME]);
    put(&routes, &outbox("alice", "bob"), "for-bob").await;
    put(&routes, &outbox("alice", "carol"), "for-carol").await;
    put(&routes, &Space::Log { owner: email("alice") }, "mine").await;
    assert_eq!(other.objects().len(), 1);
    assert_eq!(home.objects().len(), 2);
    assert_eq!(names(&routes, &outbox("alice", "bob")).await, ["for-bob"]);
}

#[tokio::test]
async fn a_store_that_is_away_is_passed_over_and_told() {
    let world = world(&[AWAY, HOME]);
    set_away(&world.elsewhere, true);
    let put = put(&world.routes, &outbox("alice", "bob"), "for-bob").await;
    assert_eq!(world.home.objects().len(), 1);
    assert_eq!(world.routes.address_of(&put), Some(HOME));
    assert_eq!(world.routes.take_problems().len(), 1);
    assert!(world.routes.take_problems().is_empty());
}

#[tokio::test]
async fn a_store_that_refuses_is_not_passed_over() {
    let world = world(&[AWAY, HOME]);
    let (space, taken) = (outbox("alice", "bob"), name("taken"));
    put(&world.routes, &space, "taken").await;
    let again = world.routes.put_bytes(&space, &taken, b"other".to_vec()).await;
    assert!(matches!(again, Err(Error::AlreadyExists { .. })), "{again:?}");
    assert!(world.home.objects().is_empty());
}

#[tokio::test]
async fn a_lost_answer_makes_twins_that_are_told_once_and_go_together() {
    let world = world(&[AWAY, HOME]);
    let space = outbox("alice", "bob");
    drop(world.elsewhere.clone().script(Operation::Put, [Some(Fault::After)]));
    put(&world.routes, &space, "twice").await;
    assert_eq!((world.home.objects().len(), world.other.objects().len()), (1, 1));
    assert_eq!(names(&world.routes, &space).await, ["twice"]);
    let listed = world.routes.list_all(&space).await.unwrap();
    world.routes.delete(&listed).await.unwrap();
    assert!(world.home.objects().is_empty() && world.other.objects().is_empty());
}

#[tokio::test]
async fn a_message_that_lies_in_two_stores_is_retired_in_both() {
    let world = world(&[AWAY, HOME]);
    let space = inbox("alice", "bob");
    put(&world.home.user(email("bob")), &space, "message").await;
    put(&world.other.user(email("bob")), &space, "message").await;
    let listed = world.routes.list_all(&space).await.unwrap();
    assert_eq!(listed.len(), 1);
    world.routes.retire(&listed).await.unwrap();
    assert!(names(&world.routes, &space).await.is_empty());
}

#[tokio::test]
async fn what_is_retired_does_not_wait_for_a_store_that_is_away_and_what_is_deleted_does() {
    let world = world(&[AWAY, HOME]);
    let space = inbox("alice", "bob");
    put(&world.home.user(email("bob")), &space, "message").await;
    let mine = put(&world.routes, &outbox("alice", "bob"), "mine").await;
    set_away(&world.elsewhere, true);
    let listed = world.routes.list_all(&space).await.unwrap();
    world.routes.retire(&listed).await.unwrap();
    let deleted = world.routes.delete(&[mine]).await;
    assert!(deleted.unwrap_err().is_retryable());
}

#[tokio::test]
async fn a_listing_that_lacks_a_store_says_so() {
    let world = world(&[AWAY, HOME]);
    let space = outbox("bob", "alice");
    put(&world.home.user(email("bob")), &space, "here").await;
    put(&world.other.user(email("bob")), &space, "there").await;
    assert_eq!(names(&world.routes, &space).await, ["here", "there"]);
    assert!(!world.routes.is_partial(&space));
    set_away(&world.elsewhere, true);
    assert_eq!(names(&world.routes, &space).await, ["here"]);
    assert!(world.routes.is_partial(&space));
    // Of whom is reached at home alone nothing is missing.
    assert!(!world.routes.is_partial(&outbox("carol", "alice")));
    set_away(&world.elsewhere, false);
    names(&world.routes, &space).await;
    assert!(!world.routes.is_partial(&space));
    set_away(&world.elsewhere, true);
    set_away(&world.at_home, true);
    assert!(world.routes.list_all(&space).await.is_err());
}

#[tokio::test]
async fn listings_of_many_spaces_fail_each_for_itself() {
    let world = world(&[AWAY]);
    put(&world.home.user(email("carol")), &outbox("carol", "alice"), "one").await;
    set_away(&world.elsewhere, true);
    let spaces = [outbox("bob", "alice"), outbox("carol", "alice")];
    let lists = world.routes.list_many(&spaces).await.unwrap();
    assert!(lists[0].is_err());
    assert_eq!(lists[1].as_ref().unwrap().len(), 1);
}

#[tokio::test]
async fn spaces_are_looked_for_in_all_stores_and_believed_where_their_owner_is_reached() {
    let world = world(&[AWAY]);
    put(&world.other.user(email("bob")), &inbox("alice", "bob"), "hello").await;
    put(&world.home.user(email("carol")), &inbox("alice", "carol"), "hello").await;
    // Who is known is not heard elsewhere, and a stranger anywhere.
    put(&world.other.user(email("carol")), &inbox("alice", "carol"), "other").await;
    put(&world.other.user(email("dave")), &inbox("alice", "dave"), "hello").await;
    let found = world.routes.discover(SpaceKind::Inbox).await.unwrap();
    assert_eq!(found.spaces, ["bob", "carol", "dave"].map(|who| inbox("alice", who)));
    assert_eq!(names(&world.routes, &inbox("alice", "carol")).await, ["hello"]);
    let heard = world.routes.list_all(&inbox("alice", "dave")).await.unwrap();
    assert_eq!(world.routes.address_of(&heard[0]), Some(AWAY));
    set_away(&world.elsewhere, true);
    let found = world.routes.discover(SpaceKind::Inbox).await.unwrap();
    assert_eq!(found.spaces, [inbox("alice", "carol")]);
    assert!(world.routes.is_partial(&inbox("alice", "bob")));
    assert!(!world.routes.is_partial(&inbox("alice", "carol")));
    set_away(&world.at_home, true);
    assert!(world.routes.discover(SpaceKind::Inbox).await.is_err());
}

#[tokio::test]
async fn an_id_means_the_same_object_after_a_restart_and_another_order() {
    let world = world(&[AWAY, HOME]);
    let object = put(&world.routes, &outbox("alice", "bob"), "kept").await;
    let written = serde_json::to_string(&object).unwrap();
    let again = routes(&world.at_home, &world.elsewhere, &[HOME, AWAY]);
    let object: Object = serde_json::from_str(&written).unwrap();
    assert_eq!(again.get_bytes(&object, 100).await.unwrap(), b"kept");
    // A store over which nobody is reached any more is never taken for another one.
    let without = Routes::new(HOME, Arc::new(world.at_home.clone()));
    assert!(without.get_bytes(&object, 100).await.unwrap_err().is_retryable());
    without.delete(std::slice::from_ref(&object)).await.unwrap();
    assert_eq!(world.other.objects().len(), 1);
}

fn collection() -> Space {
    Space::Collection {
        owner: email("alice"),
        kind: CollectionKind::Mock,
        tag: DatasetName::parse("census").unwrap(),
        hash: CollectionHash::parse("0a1b").unwrap(),
    }
}

#[tokio::test]
async fn a_dataset_lies_at_home_and_where_those_are_reached_who_may_have_it() {
    let world = world(&[AWAY]);
    let space = collection();
    put(&world.routes, &space, "mock.csv").await;
    assert!(world.other.objects().is_empty());
    grants::grant(&world.routes, &space, &email("bob")).await.unwrap();
    grants::grant(&world.routes, &space, &email("carol")).await.unwrap();
    for (store, who) in [(&world.other, "bob"), (&world.home, "carol")] {
        let reader = store.user(email(who));
        let found = reader.discover(SpaceKind::Collection).await.unwrap();
        assert_eq!(found.spaces, std::slice::from_ref(&space), "{who}");
        assert_eq!(names(&reader, &space).await, ["mock.csv"], "{who}");
    }
    assert_eq!(grants::list(&world.routes, &space).await.unwrap().len(), 2);
    assert_eq!(names(&world.routes, &space).await, ["mock.csv"]);
    grants::revoke(&world.routes, &space, &email("bob")).await.unwrap();
    let listed = world.routes.list_all(&space).await.unwrap();
    world.routes.delete(&listed).await.unwrap();
    assert!(world.home.objects().is_empty() && world.other.objects().is_empty());
}

#[tokio::test]
async fn a_dataset_is_shared_over_a_store_of_another_kind_in_its_own_way() {
    let (folder, memory) = (tempfile::tempdir().unwrap(), MemoryStore::new());
    let folder_of = |who| FolderTransport::create(folder.path(), email(who)).unwrap();
    let (space, urls) = (collection(), vec![AWAY.to_owned()]);
    let at_home = Routes::new(HOME, Arc::new(memory.user(email("alice"))));
    at_home.lead([(email("bob"), urls.clone())], |_| Arc::new(folder_of("alice")));
    put(&at_home, &space, "mock.csv").await;
    grants::grant(&at_home, &space, &email("bob")).await.unwrap();
    let found = folder_of("bob").discover(SpaceKind::Collection).await.unwrap();
    assert_eq!(found.spaces, std::slice::from_ref(&space));

    let other = MemoryStore::new();
    let at_home = Routes::new(HOME, Arc::new(folder_of("alice")));
    at_home.lead([(email("bob"), urls)], |_| Arc::new(other.user(email("alice"))));
    put(&at_home, &space, "mock.csv").await;
    grants::grant(&at_home, &space, &email("bob")).await.unwrap();
    let bob = other.user(email("bob"));
    assert_eq!(
        bob.discover(SpaceKind::Collection).await.unwrap().spaces,
        std::slice::from_ref(&space)
    );
    let there: BTreeSet<String> = names(&bob, &space).await.into_iter().collect();
    assert!(there.contains("mock.csv"), "{there:?}");
}

struct Two;

#[async_trait]
impl Setup for Two {
    async fn cast(&self) -> Result<Cast> {
        let (home, other) = (MemoryStore::new(), MemoryStore::new());
        let all = ["alice", "bob", "eve"].map(email);
        Ok(Cast::new(all.clone().map(|me| {
            let routes = Routes::new(HOME, Arc::new(home.user(me.clone())));
            let others = all.iter().filter(|who| **who != me);
            let others = others.map(|who| (who.clone(), vec![AWAY.to_owned(), HOME.to_owned()]));
            routes.lead(others, |_| Arc::new(other.user(me.clone())));
            Arc::new(routes) as Arc<dyn Transport>
        })))
    }
}

#[tokio::test]
async fn two_stores_together_keep_the_promises_of_one() {
    let report = conformance::run(&Two).await;
    report.into_result().unwrap_or_else(|report| panic!("{report}"));
}
