//! `create_dataset(upload_private)`: a backup that the owner alone can read.

use std::sync::Arc;

use syft_dataset::{Audience, Dataset, NewDataset};
use syft_sync::{CreateOptions, Encrypt, Error, Role};
use syft_transport::{FolderTransport, Space, Transport};

use super::{Cast, Client, alice, named};

const UPLOAD: CreateOptions = CreateOptions { upload_private: true, sync: true };
const REAL: &str = "alice@hospital.org/private/datasets/sensitive_data/private.csv";

/// Alice keeps the private part of a dataset in the store.
async fn kept(users: Audience) -> (Cast, Dataset) {
    let cast = Cast::connected().await;
    let new = NewDataset { users, ..cast.do_client.data("sensitive_data") };
    let dataset = cast.do_client.create_dataset(new, UPLOAD).await.unwrap();
    (cast, dataset)
}

/// Another machine of Alice's, with nothing on it.
async fn fresh(cast: &Cast) -> Client {
    Client::login(alice(), Role::Owner, Arc::new(cast.store.user(alice()))).await
}

#[tokio::test]
async fn create_with_private_data_uploaded() {
    let (cast, _) = kept(Audience::Any).await;
    let backup = cast.lies("/collections/alice@hospital.org/private/");
    assert!(backup.iter().any(|key| key.ends_with("/index")), "{backup:?}");
    // Whoever has the mock sees nothing of it.
    cast.ds_client.pre_sync().await.unwrap();
    assert_eq!(cast.ds_client.list_datasets().unwrap()[0].private, None);
    let objects = cast.store.objects();
    let private = objects.iter().find(|object| {
        matches!(&object.space,
        Space::Collection { kind, .. } if kind.as_str() == "private")
    });
    let as_bob = cast.store.user(super::bob());
    let denied = syft_transport::Transport::get(&as_bob, private.unwrap(), None).await;
    assert!(denied.is_err());
    let before = cast.store.objects().len();
    cast.do_client.pre_sync().await.unwrap();
    assert_eq!(cast.store.objects().len(), before, "nothing is put twice");
}

#[tokio::test]
async fn a_fresh_machine_of_the_owner_gets_all_of_it_back() {
    for users in [Audience::Any, Audience::Nobody] {
        let (cast, made) = kept(users).await;
        let new = cast.do_client.data("not_uploaded");
        cast.do_client.create_dataset(new, CreateOptions::default()).await.unwrap();
        let is_shared = made.audience != Some(Audience::Nobody);
        let machine = fresh(&cast).await;
        assert_eq!(machine.list_datasets().unwrap(), [made]);
        assert_eq!(machine.file(REAL), cast.do_client.file(REAL));
        assert!(machine.steps().contains("restored dataset sensitive_data\n"));
        assert_eq!(machine.restored().unwrap().private, 1);
        assert!(machine.restore_private().await.unwrap().is_empty(), "it is there");
        machine.pre_sync().await.unwrap();
        let copies = cast.ds_client.datasets().await.unwrap();
        assert_eq!(copies.len(), usize::from(is_shared));
        assert_eq!(machine.audited("dataset.restored"), 1);
    }
}

#[tokio::test]
async fn changed_data_take_the_place_of_the_older_backup() {
    let (cast, _) = kept(Audience::Nobody).await;
    let before = cast.lies("/private/");
    cast.do_client.write(REAL, "name,age\nREAL PERSON,43\n");
    cast.do_client.pre_sync().await.unwrap();
    let after = cast.lies("/private/");
    assert!(before.len() == after.len() && before.iter().all(|key| !after.contains(key)));
    let machine = fresh(&cast).await;
    assert_eq!(machine.file(REAL).as_deref(), Some("name,age\nREAL PERSON,43\n"));
}

#[tokio::test]
async fn what_is_lost_here_keeps_its_backup_and_what_is_deleted_does_not() {
    let (cast, _) = kept(Audience::Nobody).await;
    for part in ["private", "public"] {
        let folder = format!("alice@hospital.org/{part}/datasets/sensitive_data");
        std::fs::remove_dir_all(cast.do_client.home.path().join(folder)).unwrap();
    }
    cast.do_client.pre_sync().await.unwrap();
    assert!(!cast.lies("/private/").is_empty());
    cast.do_client.delete_dataset(&named("sensitive_data"), true).await.unwrap();
    assert!(cast.lies("/private/").is_empty());
}

#[tokio::test]
async fn a_backup_that_was_tampered_with_is_not_restored() {
    let (cast, _) = kept(Audience::Nobody).await;
    let objects = cast.store.objects();
    let private = objects.iter().find(|it| it.name.as_str() == "file-1").unwrap();
    assert!(cast.store.tamper(&private.id, b"name,age\nSOMEBODY,1\n".to_vec()));
    let machine = fresh(&cast).await;
    let problems = machine.restored().unwrap().notes.join("\n");
    assert!(problems.contains("alice@hospital.org seals all that they write"), "{problems}");
    assert!(machine.restore_private().await.unwrap().is_empty());
    assert!(machine.steps().contains("this is in the open"));
    assert!(machine.list_datasets().unwrap().is_empty());
}

#[tokio::test]
async fn it_waits_for_a_store_that_is_away() {
    let mut cast = Cast::connected().await;
    let new = cast.do_client.data("sensitive_data");
    let later = CreateOptions { sync: false, ..UPLOAD };
    cast.do_client.create_dataset(new, later).await.unwrap();
    assert!(cast.lies("/private/").is_empty());
    cast.do_client.plug_in(&cast.store);
    cast.do_client.pre_sync().await.unwrap();
    assert!(!cast.lies("/private/").is_empty());
}

#[tokio::test]
async fn a_store_that_others_can_open_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let store = FolderTransport::create(&folder.path().join("store"), alice()).unwrap();
    let store: Arc<dyn Transport> = Arc::new(store);
    let sealing = Client::login(alice(), Role::Owner, store.clone()).await;
    sealing.create_dataset(sealing.data("sealed"), UPLOAD).await.unwrap();
    let client = Client::login_with(alice(), Role::Owner, store, Some(Encrypt::Off)).await;
    let refused = client.create_dataset(client.data("census"), UPLOAD).await.unwrap_err();
    assert!(matches!(refused, Error::Refused(_)));
    assert!(refused.to_string().contains("neither owner-only nor sealed"), "{refused}");
    let made = client.list_datasets().unwrap();
    assert!(made.iter().all(|dataset| dataset.name.as_str() != "census"), "nothing was made");
}

#[tokio::test]
async fn a_mock_alone_has_no_private_part_to_upload() {
    let cast = Cast::connected().await;
    let new = NewDataset { private: None, ..cast.do_client.data("census") };
    let refused = cast.do_client.create_dataset(new, UPLOAD).await.unwrap_err();
    assert!(matches!(refused, Error::Dataset(syft_dataset::Error::NoPrivate(_))), "{refused}");
}
