//! Mocks reach those they are shared with, nobody else, and go when they are no
//! longer shared; over a store with users and over a folder.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use crate::common::gate::{Gate, Trouble};
use crate::common::{Member, alice, bob, carol, scratch};
use futures::FutureExt;
use syft_core::{DatasetName, Email};
use syft_dataset::{Audience, NewDataset};
use syft_sync::{Notice, NoticeSink, Work};
use syft_transport::{FolderTransport, MemoryStore, Transport};
use tempfile::TempDir;

enum Store {
    Memory(MemoryStore),
    Folder(TempDir),
}

impl Store {
    fn both() -> [Store; 2] {
        [Store::Memory(MemoryStore::new()), Store::Folder(scratch())]
    }

    fn user(&self, who: Email) -> Arc<dyn Transport> {
        match self {
            Store::Memory(store) => Arc::new(store.user(who)),
            Store::Folder(folder) => {
                Arc::new(FolderTransport::create(&folder.path().join("store"), who).unwrap())
            }
        }
    }

    /// The names of the objects of collections.
    fn collections(&self) -> Vec<String> {
        match self {
            Store::Memory(store) => {
                let names = store.objects().into_iter().map(|object| object.to_string());
                names.filter(|name| name.contains("/collections/")).collect()
            }
            Store::Folder(folder) => {
                let mut folders: Vec<PathBuf> = vec![folder.path().join("store")];
                let mut names = Vec::new();
                while let Some(folder) = folders.pop() {
                    for entry in std::fs::read_dir(folder).unwrap() {
                        let entry = entry.unwrap();
                        if entry.file_type().unwrap().is_dir() {
                            folders.push(entry.path());
                        } else {
                            names.push(entry.path().display().to_string());
                        }
                    }
                }
                names.retain(|name| name.contains("/collections/"));
                names
            }
        }
    }
}

struct World {
    store: Store,
    alice: Member,
    bob: Member,
    carol: Member,
}

impl World {
    /// Bob is a peer of Alice, Carol not yet.
    async fn of(store: Store) -> World {
        let alice_node = Member::join(alice(), store.user(alice()), 1).await;
        let bob_node = Member::join(bob(), store.user(bob()), 2).await;
        let carol_node = Member::join(carol(), store.user(carol()), 3).await;
        let world = World { store, alice: alice_node, bob: bob_node, carol: carol_node };
        world.bob.manager.add_peer(&alice(), false).await.unwrap();
        world.alice.manager.approve_peer_request(&bob(), true).await.unwrap();
        world.settle().await;
        world
    }

    async fn connect_carol(&self) {
        self.carol.manager.add_peer(&alice(), false).await.unwrap();
        self.alice.manager.approve_peer_request(&carol(), true).await.unwrap();
        self.settle().await;
    }

    async fn settle(&self) {
        for _ in 0..2 {
            self.alice.sync().await;
            self.bob.sync().await;
            self.carol.sync().await;
        }
    }

    fn create(&self, users: Audience) {
        let files = scratch();
        std::fs::write(files.path().join("mock.csv"), "name,age\nmade up,1\n").unwrap();
        std::fs::write(files.path().join("real.csv"), "name,age\nREAL PERSON,42\n").unwrap();
        let mut new = NewDataset::named(name());
        new.mock = Some(files.path().join("mock.csv"));
        new.private = Some(files.path().join("real.csv"));
        new.users = users;
        let created = self.alice.manager.create_dataset(new, crate::common::unsent());
        created.now_or_never().unwrap().unwrap();
    }

    /// What Bob and Carol have of the mock.
    fn copies(&self) -> [Option<String>; 2] {
        [&self.bob, &self.carol].map(|node| {
            let path = node.manager.dataset_path(&alice(), &name()).ok()?;
            std::fs::read_to_string(path).ok()
        })
    }
}

fn name() -> DatasetName {
    DatasetName::parse("patients").unwrap()
}

fn users(of: &[Email]) -> Audience {
    Audience::parse(of.iter().map(Email::as_str)).unwrap()
}

fn mock() -> Option<String> {
    Some("name,age\nmade up,1\n".to_owned())
}

#[tokio::test]
async fn a_mock_reaches_its_users() {
    for store in Store::both() {
        let world = World::of(store).await;
        world.connect_carol().await;
        world.create(users(&[bob()]));
        world.settle().await;
        assert_eq!(world.copies(), [mock(), None]);
        world.alice.manager.share_dataset(&name(), users(&[carol()]), false).await.unwrap();
        world.settle().await;
        assert_eq!(world.copies(), [mock(), mock()]);
        for node in [&world.bob, &world.carol] {
            let dataset = node.manager.dataset(&alice(), &name()).unwrap();
            assert_eq!(dataset.name, name());
            assert!(
                node.tree("")
                    .values()
                    .all(|bytes| { !bytes.windows(11).any(|window| window == b"REAL PERSON") })
            );
        }
    }
}

#[tokio::test]
async fn any_reaches_a_peer_that_is_approved_later() {
    for store in Store::both() {
        let world = World::of(store).await;
        world.create(Audience::Any);
        world.carol.manager.add_peer(&alice(), false).await.unwrap();
        world.settle().await;
        assert_eq!(world.copies(), [mock(), None], "Carol is not approved");
        world.connect_carol().await;
        assert_eq!(world.copies(), [mock(), mock()]);
    }
}

#[tokio::test]
async fn users_who_are_no_peers_yet_get_it_once_they_are() {
    for store in Store::both() {
        let world = World::of(store).await;
        world.create(users(&[carol()]));
        world.settle().await;
        assert_eq!(world.copies(), [None, None]);
        assert!(world.store.collections().is_empty(), "nobody may have it yet");
        world.connect_carol().await;
        assert_eq!(world.copies(), [None, mock()]);
    }
}

#[tokio::test]
async fn a_dataset_for_nobody_is_not_in_the_store() {
    for store in Store::both() {
        let world = World::of(store).await;
        world.create(Audience::Nobody);
        world.settle().await;
        assert_eq!(world.copies(), [None, None]);
        assert!(world.store.collections().is_empty());
        assert_eq!(world.alice.manager.list_datasets().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn what_is_no_longer_shared_goes() {
    for store in Store::both() {
        let world = World::of(store).await;
        world.connect_carol().await;
        world.create(users(&[bob(), carol()]));
        world.settle().await;
        assert_eq!(world.copies(), [mock(), mock()]);
        world.alice.manager.unshare_dataset(&name(), &users(&[bob()]), false).await.unwrap();
        world.settle().await;
        assert_eq!(world.copies(), [None, mock()]);
        assert_eq!(world.bob.audit("dataset.copy_removed").len(), 1);
        world.alice.manager.delete_dataset(&name(), false).await.unwrap();
        world.settle().await;
        assert_eq!(world.copies(), [None, None]);
        assert!(world.store.collections().is_empty());
        assert!(world.alice.manager.list_datasets().unwrap().is_empty());
        assert!(world.carol.manager.list_datasets().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_changed_mock_takes_the_place_of_the_old_one() {
    for store in Store::both() {
        let world = World::of(store).await;
        world.create(Audience::Any);
        world.settle().await;
        let before = world.store.collections();
        let path = world.alice.manager.dataset_path(&alice(), &name()).unwrap();
        std::fs::write(path, "name,age\nsomebody else,2\n").unwrap();
        world.settle().await;
        assert_eq!(world.copies()[0].as_deref(), Some("name,age\nsomebody else,2\n"));
        let after = world.store.collections();
        assert!(after.iter().all(|object| !before.contains(object)), "the old one is gone");
        assert_eq!(after.len(), before.len());
        world.connect_carol().await;
        assert_eq!(world.copies()[1].as_deref(), Some("name,age\nsomebody else,2\n"));
    }
}

#[tokio::test]
async fn a_copy_that_is_there_is_not_fetched_again() {
    for store in Store::both() {
        let world = World::of(store).await;
        world.create(Audience::Any);
        world.settle().await;
        let fetched = world.bob.audit("dataset.fetched").len();
        assert_eq!(fetched, 1);
        let report = world.bob.sync().await;
        assert_eq!(report.datasets, 0);
        assert_eq!(world.alice.sync().await.datasets, 0);
        assert_eq!(world.bob.audit("dataset.fetched").len(), fetched);
        assert_eq!(world.alice.audit("dataset.published").len(), 1);
    }
}

/// Owners with a dataset each that is for Bob, and Bob behind a gate.
async fn owners(
    number: usize,
    trouble: Option<(Email, Trouble)>,
) -> (Member, Vec<Email>, Arc<Gate>) {
    let store = MemoryStore::new();
    let mut reader = Member::join(bob(), Arc::new(store.user(bob())), 2).await;
    let mut owners = Vec::new();
    for place in 0..number {
        let who = crate::common::email(&format!("owner{place:02}@hospital.org"));
        let user = Arc::new(store.user(who.clone()));
        let owner = Member::join(who.clone(), user, 100 + place as u64).await;
        reader.manager.add_peer(&who, false).await.unwrap();
        owner.manager.approve_peer_request(&bob(), true).await.unwrap();
        for name in ["first", "second"] {
            let files = scratch();
            std::fs::write(files.path().join("mock.csv"), "name,age\nmade up,1\n").unwrap();
            let mut new = NewDataset::named(DatasetName::parse(name).unwrap());
            new.mock = Some(files.path().join("mock.csv"));
            new.users = Audience::Any;
            owner.manager.create_dataset(new, crate::common::unsent()).await.unwrap();
        }
        owner.sync().await;
        owners.push(who);
    }
    let gate = Gate::new(Arc::new(store.user(bob())), trouble);
    let gate = Arc::new(gate.counting("/collections/"));
    reader.restart(gate.clone());
    (reader, owners, gate)
}

fn mocks_of(reader: &Member, owner: &Email) -> usize {
    let all = reader.manager.list_datasets().unwrap();
    all.iter().filter(|dataset| dataset.owner == *owner).count()
}

/// What came for all but the owner with the trouble.
async fn the_others_datasets_come(trouble: Trouble) {
    let bad = crate::common::email("owner01@hospital.org");
    let (reader, owners, _) = owners(4, Some((bad.clone(), trouble))).await;
    let report = reader.sync().await;
    assert!(report.notes.iter().any(|note| note.contains("owner01")), "{report:?}");
    for owner in &owners {
        let expected = if *owner == bad { 0 } else { 2 };
        assert_eq!(mocks_of(&reader, owner), expected, "{owner}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_owner_whose_collections_hang_keeps_no_other_dataset_away() {
    the_others_datasets_come(Trouble::Hangs).await;
}

#[tokio::test]
async fn an_owner_whose_collections_fail_keeps_no_other_dataset_away() {
    the_others_datasets_come(Trouble::Fails).await;
}

#[tokio::test]
async fn the_datasets_of_several_owners_come_at_once_with_a_bound() {
    let (reader, owners, gate) = owners(12, None).await;
    let report = reader.sync().await;
    assert_eq!(report.datasets, 24, "{report:?}");
    assert!(owners.iter().all(|owner| mocks_of(&reader, owner) == 2));
    let most = gate.most_at_once();
    assert!((4..=8).contains(&most), "{most} calls at once");
}

#[derive(Debug, Default)]
struct Heard(Mutex<Vec<(Work, u64, u64)>>);

impl Heard {
    /// What was told of some work, which is told to its end and ends once.
    fn of(&self, work: Work) -> Vec<(u64, u64)> {
        let all = self.0.lock().unwrap().clone();
        let all = all.into_iter().filter(|(of, ..)| *of == work);
        let steps: Vec<_> = all.map(|(_, done, total)| (done, total)).collect();
        let ended = |(done, total): &(u64, u64)| done == total;
        assert!(steps.iter().rev().skip(1).all(|step| !ended(step)), "{steps:?}");
        assert!(steps.last().is_none_or(ended), "{steps:?}");
        steps
    }
}

impl NoticeSink for Heard {
    fn notice(&self, notice: &Notice) {
        if let Notice::Progress { work, done, total } = notice {
            self.0.lock().unwrap().push((*work, *done, *total));
        }
    }
}

#[tokio::test]
async fn both_sides_are_told_how_far_a_dataset_is() {
    let mut world = World::of(Store::Memory(MemoryStore::new())).await;
    world.create(Audience::Any);
    let users = [world.store.user(alice()), world.store.user(bob())];
    for (work, user) in [Work::Sending, Work::Receiving].into_iter().zip(users) {
        let heard = Arc::new(Heard::default());
        let member = if work == Work::Sending { &mut world.alice } else { &mut world.bob };
        member.restart_with(user, |config| config.notices = heard.clone());
        member.sync().await;
        assert!(heard.of(work).len() > 2, "{heard:?}");
    }
}

#[tokio::test]
async fn an_owner_is_told_how_far_reading_is_and_nothing_if_nothing_is_read() {
    let mut world = World::of(Store::Memory(MemoryStore::new())).await;
    world.alice.sync().await;
    for number in 0..3 {
        world.alice.write(&format!("alice@hospital.org/public/{number}.txt"), "text");
    }
    let heard = Arc::new(Heard::default());
    let user = world.store.user(alice());
    world.alice.restart_with(user, |config| config.notices = heard.clone());
    world.alice.sync().await;
    assert!(heard.of(Work::Reading).len() > 3, "{heard:?}");
    let told = heard.0.lock().unwrap().len();
    world.alice.manager.status().await.unwrap();
    assert_eq!(heard.0.lock().unwrap().len(), told);
}
