//! `login_ds`, `login_do`, `SyftboxManager`.

use std::sync::Arc;

use syft_sync::{Config, Role, SyftboxManager, login_do, login_ds};
use syft_transport::MemoryStore;

use super::{alice, bob};

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
