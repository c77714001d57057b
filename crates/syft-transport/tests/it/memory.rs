//! The store in memory as a hostile provider, and its rules.

use syft_core::Email;
use syft_transport::{
    Error, ListOptions, MemoryStore, ObjectName, Space, SpaceKind, Transport, TransportExt,
};

fn email(name: &str) -> Email {
    Email::parse(&format!("{name}@example.org")).unwrap()
}

fn name(text: &str) -> ObjectName {
    ObjectName::parse(text).unwrap()
}

fn inbox(sender: &str) -> Space {
    Space::Inbox { owner: email("alice"), sender: email(sender) }
}

#[tokio::test]
async fn s8_a_space_that_the_wrong_one_opened_is_reported_not_found() {
    let store = MemoryStore::new();
    store.user(email("carol")).open(&inbox("carol")).await.unwrap();
    store.plant_space(&inbox("bob"), &email("eve"));
    let found = store.user(email("alice")).discover(SpaceKind::Inbox).await.unwrap();
    assert_eq!(found.spaces, [inbox("carol")]);
    assert_eq!(found.skipped.len(), 1);
    assert!(found.skipped[0].reason.contains("eve@example.org"));
}

#[tokio::test]
async fn s10_the_provider_states_who_dropped_an_object_into_an_inbox() {
    let store = MemoryStore::new();
    let (alice, bob) = (store.user(email("alice")), store.user(email("bob")));
    bob.open(&inbox("bob")).await.unwrap();
    store.plant(&inbox("bob"), "message", "forged", Some(email("eve")));
    // The name is not blocked for its rightful writer.
    bob.put_bytes(&inbox("bob"), &name("message"), b"true".to_vec()).await.unwrap();
    let listed = alice.list_all(&inbox("bob")).await.unwrap();
    let owners: Vec<_> = listed.iter().map(|object| object.owner.clone().unwrap()).collect();
    assert_eq!(owners, [email("eve"), email("bob")]);
}

#[tokio::test]
async fn p12_planted_names_are_parsed() {
    let store = MemoryStore::new();
    for bad in ["../../x", "/abs/x", "", "..", "a/b", "CON", "nul\0"] {
        store.plant(&inbox("bob"), bad, "x", Some(email("bob")));
    }
    store.plant(&inbox("bob"), "good", "x", Some(email("bob")));
    let alice = store.user(email("alice"));
    let listing = alice.list_with_skipped(&inbox("bob"), &ListOptions::default()).await.unwrap();
    assert_eq!(listing.objects.len(), 1);
    assert_eq!(listing.skipped.len(), 7);
}

#[tokio::test]
async fn a_hostile_provider_loses_replays_reorders_and_tampers() {
    let store = MemoryStore::new();
    let (alice, bob) = (store.user(email("alice")), store.user(email("bob")));
    bob.open(&inbox("bob")).await.unwrap();
    let first = bob.put_bytes(&inbox("bob"), &name("1"), b"one".to_vec()).await.unwrap();
    let second = bob.put_bytes(&inbox("bob"), &name("2"), b"two".to_vec()).await.unwrap();

    store.reorder(&[&second.id, &first.id]);
    let order: Vec<_> = store.objects().into_iter().map(|object| object.id).collect();
    assert_eq!(order, [second.id.clone(), first.id.clone()]);

    let bytes = store.bytes(&first.id).unwrap();
    alice.retire(std::slice::from_ref(&first)).await.unwrap();
    let again = store.replay(&first, bytes);
    assert_ne!(again, first.id);
    assert_eq!(alice.list_all(&inbox("bob")).await.unwrap()[0].owner, Some(email("bob")));

    assert!(store.tamper(&second.id, "new"));
    assert_eq!(alice.get_bytes(&second, 100).await.unwrap(), b"new");
    assert!(store.lose(&second.id));
    assert!(!store.lose(&second.id));
    let gone = alice.get_bytes(&second, 100).await;
    assert!(matches!(gone, Err(Error::NotFound { .. })), "{gone:?}");
}

#[tokio::test]
async fn a_profile_is_read_by_those_whom_its_owner_approached() {
    let store = MemoryStore::new();
    let (alice, bob) = (store.user(email("alice")), store.user(email("bob")));
    let profile = Space::Profile { owner: email("bob") };
    bob.open(&profile).await.unwrap();
    bob.put_bytes(&profile, &name("version.json"), b"{}".to_vec()).await.unwrap();
    let denied = alice.list_all(&profile).await;
    assert!(matches!(denied, Err(Error::Denied { .. })), "{denied:?}");
    assert!(alice.discover(SpaceKind::Profile).await.unwrap().spaces.is_empty());

    bob.open(&inbox("bob")).await.unwrap();
    assert_eq!(alice.list_all(&profile).await.unwrap().len(), 1);
    assert_eq!(alice.discover(SpaceKind::Profile).await.unwrap().spaces, [profile]);
}

#[tokio::test]
async fn putting_into_a_space_that_was_not_opened_fails() {
    let bob = MemoryStore::new().user(email("bob"));
    let put = bob.put_bytes(&inbox("bob"), &name("early"), b"x".to_vec()).await;
    assert!(matches!(put, Err(Error::NotFound { .. })), "{put:?}");
}
