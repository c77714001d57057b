//! `create_dataset`, `share_dataset`, `delete_dataset`, and to stop sharing.

use syft_dataset::{Audience, NewDataset};
use syft_sync::{CreateOptions, Error};

use super::{Cast, Client, alice, bob, carol, email, named, users};

const LATER: CreateOptions = CreateOptions { upload_private: false, sync: false };

async fn seen(client: &Client) -> Vec<String> {
    let datasets = client.datasets().await.unwrap();
    datasets.get_all().iter().map(|dataset| dataset.name.to_string()).collect()
}

#[tokio::test]
async fn create_a_dataset_shared_with_specific_users() {
    let cast = Cast::connected().await;
    let client = &cast.do_client;
    let new = NewDataset {
        mock: Some(client.source("mock_data.csv", "age\n1\n")),
        private: Some(client.source("private_data.csv", "age\n42\n")),
        users: Audience::parse([bob().as_str(), "user2@example.com"]).unwrap(),
        ..NewDataset::named(named("medical_data"))
    };
    let dataset = client.create_dataset(new, CreateOptions::default()).await.unwrap();
    assert_eq!((dataset.name, dataset.owner), (named("medical_data"), alice()));
    assert_eq!(client.steps(), "made dataset medical_data\n");
    // It was synced: the other side needs nothing more of her.
    assert_eq!(seen(&cast.ds_client).await, ["medical_data"]);
    let copy = "alice@hospital.org/public/datasets/medical_data/mock_data.csv";
    assert_eq!(cast.ds_client.file(copy).as_deref(), Some("age\n1\n"));
    assert!(cast.lies("private_data").is_empty());
}

#[tokio::test]
async fn create_a_dataset_shared_with_anyone() {
    let cast = Cast::connected().await;
    let new = NewDataset {
        mock: Some(cast.do_client.source("mock.csv", "age\n1\n")),
        users: Audience::parse(["any"]).unwrap(),
        ..NewDataset::named(named("public_data"))
    };
    let dataset = cast.do_client.create_dataset(new, CreateOptions::default()).await.unwrap();
    assert_eq!(dataset.private, None, "a mock alone will do");
    assert_eq!(seen(&cast.ds_client).await, ["public_data"]);
}

#[tokio::test]
async fn without_users_it_is_shared_with_nobody() {
    let cast = Cast::connected().await;
    let new = cast.do_client.data("census");
    let dataset = cast.do_client.create_dataset(new, CreateOptions::default()).await.unwrap();
    assert_eq!(dataset.audience, Some(Audience::Nobody));
    assert!(seen(&cast.ds_client).await.is_empty());
    assert!(cast.lies("/collections/").is_empty());
}

#[tokio::test]
async fn sync_false_leaves_it_to_the_next_sync() {
    let cast = Cast::connected().await;
    let new = NewDataset { users: Audience::Any, ..cast.do_client.data("census") };
    cast.do_client.create_dataset(new, LATER).await.unwrap();
    assert!(seen(&cast.ds_client).await.is_empty());
    cast.do_client.pre_sync().await.unwrap();
    assert_eq!(seen(&cast.ds_client).await, ["census"]);
    let removal = Audience::Any;
    cast.do_client.unshare_dataset(&named("census"), &removal, false).await.unwrap();
    assert_eq!(seen(&cast.ds_client).await, ["census"]);
    cast.do_client.share_dataset(&named("census"), users(&[&carol()]), false).await.unwrap();
    cast.do_client.pre_sync().await.unwrap();
    assert!(seen(&cast.ds_client).await.is_empty());
}

#[tokio::test]
async fn a_store_that_is_away_is_told_and_the_dataset_is_made() {
    let mut cast = Cast::connected().await;
    cast.do_client.unplug();
    let new = NewDataset { users: Audience::Any, ..cast.do_client.data("census") };
    cast.do_client.create_dataset(new, CreateOptions::default()).await.unwrap();
    let away = |notice: &syft_sync::Notice| matches!(notice, syft_sync::Notice::StoreAway { .. });
    assert!(cast.do_client.heard().iter().any(away));
    cast.do_client.plug_in(&cast.store);
    cast.do_client.pre_sync().await.unwrap();
    assert_eq!(seen(&cast.ds_client).await, ["census"]);
}

#[tokio::test]
async fn share_with_specific_users_and_with_anyone() {
    let cast = Cast::connected().await;
    for name in ["medical_data", "public_data"] {
        let new = cast.do_client.data(name);
        cast.do_client.create_dataset(new, CreateOptions::default()).await.unwrap();
    }
    cast.do_client.heard();
    let client = &cast.do_client;
    client.share_dataset(&named("medical_data"), users(&[&bob()]), true).await.unwrap();
    assert_eq!(seen(&cast.ds_client).await, ["medical_data"]);
    client.share_dataset(&named("public_data"), Audience::Any, true).await.unwrap();
    assert_eq!(seen(&cast.ds_client).await, ["medical_data", "public_data"]);
    assert_eq!(
        client.steps(),
        "dataset medical_data is shared with bob@university.org\n\
         dataset public_data is shared with any\n"
    );
}

#[tokio::test]
async fn sharing_adds_and_unsharing_takes_away() {
    let cast = Cast::connected().await;
    let new = NewDataset { users: users(&[&bob()]), ..cast.do_client.data("census") };
    cast.do_client.create_dataset(new, CreateOptions::default()).await.unwrap();
    let name = named("census");
    let other = email("user3@example.com");
    let shared = cast.do_client.share_dataset(&name, users(&[&other]), true).await.unwrap();
    assert_eq!(shared.audience, Some(users(&[&bob(), &other])));
    let left = cast.do_client.unshare_dataset(&name, &users(&[&bob()]), true).await.unwrap();
    assert_eq!(left.audience, Some(users(&[&other])));
    assert!(seen(&cast.ds_client).await.is_empty());
}

#[tokio::test]
async fn delete_a_dataset() {
    let cast = Cast::connected().await;
    let new = NewDataset { users: Audience::Any, ..cast.do_client.data("old_data") };
    cast.do_client.create_dataset(new, CreateOptions::default()).await.unwrap();
    assert_eq!(seen(&cast.ds_client).await, ["old_data"]);
    cast.do_client.delete_dataset(&named("old_data"), true).await.unwrap();
    assert!(seen(&cast.do_client).await.is_empty() && seen(&cast.ds_client).await.is_empty());
    assert!(cast.lies("/collections/").is_empty());
    let gone = cast.do_client.delete_dataset(&named("old_data"), true).await.unwrap_err();
    let gone = matches!(gone, Error::Dataset(syft_dataset::Error::NotFound { .. }));
    assert!(gone);
}

/// `client.delete_dataset(name="old_data", sync=False)`
#[tokio::test]
async fn deleted_without_a_sync_it_goes_from_the_peers_with_the_next() {
    let cast = Cast::connected().await;
    let new = NewDataset { users: Audience::Any, ..cast.do_client.data("old_data") };
    cast.do_client.create_dataset(new, CreateOptions::default()).await.unwrap();
    cast.do_client.delete_dataset(&named("old_data"), false).await.unwrap();
    assert!(cast.do_client.list_datasets().unwrap().is_empty());
    assert_eq!(seen(&cast.ds_client).await, ["old_data"]);
    cast.do_client.pre_sync().await.unwrap();
    assert!(seen(&cast.ds_client).await.is_empty());
    assert!(cast.lies("/collections/").is_empty());
}
