//! `login_ds`, `login_do`, `SyftboxManager`.

use std::sync::Arc;

use syft_core::DirDisk;
use syft_dataset::{Audience, NewDataset};
use syft_job::Status;
use syft_sync::{Config, Error, NodeConfig, PeerState, Role, SyftboxManager, login_do, login_ds};
use syft_transport::MemoryStore;

use super::{Cast, Client, alice, bob};

#[tokio::test]
async fn login_ds_and_login_do_make_a_scientist_and_an_owner() {
    let store = MemoryStore::new();
    let homes = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let config = |who: &syft_core::Email, home: &tempfile::TempDir| {
        Config::new(who.clone(), home.path(), Arc::new(store.user(who.clone())), "memory:")
    };
    // ds_client = sc.login_ds(email=...)
    let ds_client: SyftboxManager = login_ds(config(&bob(), &homes[0])).await.unwrap();
    // do_client = sc.login_do(email=...)
    let do_client: SyftboxManager = login_do(config(&alice(), &homes[1])).await.unwrap();
    assert_eq!((ds_client.email(), ds_client.role()), (&bob(), Role::Scientist));
    assert_eq!((do_client.email(), do_client.role()), (&alice(), Role::Owner));
    // The function says the role, whatever the configuration does.
    let again = config(&alice(), &homes[1]).role(Role::Scientist);
    assert_eq!(login_do(again).await.unwrap().role(), Role::Owner);
}

#[tokio::test]
async fn a_login_makes_the_folders_of_a_datasite() {
    let store = MemoryStore::new();
    let home = tempfile::tempdir().unwrap();
    let transport = Arc::new(store.user(alice()));
    let config = Config::new(alice(), home.path(), transport, "memory:");
    let client = login_do(config).await.unwrap();
    let datasite = client.syftbox_folder().join("alice@hospital.org");
    for folder in ["public", "private", "jobs"] {
        assert!(datasite.join(folder).is_dir(), "{folder}/");
    }
    let rules = |folder: &str| {
        std::fs::read_to_string(datasite.join(folder).join("syft.pub.yaml")).unwrap()
    };
    assert!(rules("public").contains("read:\n    - '*'\n"), "everybody reads");
    assert!(rules("private").starts_with("rules: []\n"), "the owner alone");
    // Whoever asks makes no folder there: an approval does.
    assert!(std::fs::read_dir(datasite.join("jobs")).unwrap().next().is_none());
}

#[tokio::test]
async fn logging_in_again_sets_role_store_and_event_cache_and_nothing_else() {
    let cast = Cast::connected().await;
    let home = cast.do_client.home.path();
    cast.do_client.write("alice@hospital.org/public/syft.pub.yaml", "rules: []\n");
    let known = || NodeConfig::load(&DirDisk::open(home).unwrap()).unwrap().unwrap();
    assert_eq!((known().role, known().event_cache), (Role::Owner, false));
    let again = |url: &str, role, event_cache| {
        let store = Arc::new(cast.store.user(alice()));
        let mut config = Config::new(alice(), home, store, url).role(role);
        config.event_cache = event_cache;
        SyftboxManager::login(config)
    };
    again("memory:elsewhere", Role::Scientist, true).await.unwrap();
    assert_eq!((known().role, known().event_cache), (Role::Scientist, true));
    assert_eq!(known().transport, "memory:elsewhere");
    // What is not said is not as before: it is the default.
    again("memory:", Role::default(), false).await.unwrap();
    assert_eq!((known().role, known().event_cache), (Role::Both, false));
    let rules = cast.do_client.file("alice@hospital.org/public/syft.pub.yaml");
    assert_eq!(rules.as_deref(), Some("rules: []\n"), "an owner's edit stays");
    assert_eq!(cast.do_client.load_peers().await.unwrap().len(), 1, "and so do the peers");
    let store = Arc::new(cast.store.user(bob()));
    let other = login_do(Config::new(bob(), home, store, "memory:")).await.unwrap_err();
    assert!(matches!(other, Error::OtherIdentity { .. }), "{other}");
}

#[tokio::test]
async fn a_fresh_machine_of_a_scientist_asks_again_and_fetches_everything_anew() {
    const NOTES: &str = "alice@hospital.org/public/notes.txt";
    let cast = Cast::connected().await;
    cast.do_client.write(NOTES, "for peers");
    let new = NewDataset { users: Audience::Any, ..cast.do_client.data("census") };
    cast.do_client.create_dataset(new, Default::default()).await.unwrap();
    let sent =
        cast.ds_client.submit_bash_job(&alice(), "echo 1", Default::default()).await.unwrap();
    cast.do_client.pre_sync().await.unwrap();
    let store = Arc::new(cast.store.user(bob()));
    let fresh = Client::login(bob(), Role::Scientist, store).await;
    assert!(fresh.restored().is_none(), "there is no backup of a scientist's home");
    assert!(fresh.peers().await.unwrap().is_empty());
    // Whoever had accepted is connected at once.
    let peer = fresh.add_peer(&alice(), false).await.unwrap();
    assert_eq!(peer.state, PeerState::Accepted);
    fresh.pre_sync().await.unwrap();
    assert_eq!(fresh.file(NOTES).as_deref(), Some("for peers"));
    assert_eq!(fresh.list_datasets().unwrap().len(), 1);
    let job = fresh.job_store().job(sent.name.as_str()).unwrap();
    assert_eq!((job.id(), job.status()), (&sent.id, Status::Inbox));
}
