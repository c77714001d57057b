//! `email`, `syftbox_folder`, `peers`, `jobs`, `datasets`, `is_do`.

use std::sync::Arc;

use syft_job::Status;
use syft_sync::{Datasets, Notice, PeerList, PeerState, SubmitOptions};

use super::{Cast, alice, bob, carol, email, named, users};

#[tokio::test]
async fn email_is_the_address_of_the_user() {
    let Cast { do_client: client, .. } = Cast::strangers().await;
    assert_eq!(client.email().to_string(), "alice@hospital.org");
}

#[tokio::test]
async fn syftbox_folder_is_the_base_of_files_and_datasets() {
    let Cast { do_client: client, .. } = Cast::strangers().await;
    assert_eq!(client.syftbox_folder(), client.home.path());
    assert!(client.syftbox_folder().join("alice@hospital.org/public").is_dir());
}

#[tokio::test]
async fn is_do_tells_an_owner_from_a_scientist() {
    let Cast { do_client, ds_client, .. } = Cast::strangers().await;
    assert!(do_client.is_do());
    assert!(!ds_client.is_do());
}

#[tokio::test]
async fn peers_of_an_owner_are_the_approved_and_then_the_pending() {
    let cast = Cast::connected().await;
    let _carol = cast.carol().await;
    cast.do_client.add_peer(&email("a.first@example.org"), false).await.unwrap();
    let mut seen = Vec::new();
    for peer in &cast.do_client.peers().await.unwrap() {
        seen.push(format!("{}: {}", peer.email, peer.state.as_str()));
    }
    assert_eq!(
        seen,
        [
            "bob@university.org: accepted",
            "carol@institute.net: requested_by_peer",
            "a.first@example.org: requested_by_me",
        ]
    );
    let peers: PeerList = cast.do_client.peers().await.unwrap();
    assert_eq!((peers[1].email.clone(), peers.len()), (carol(), 3));
    assert_eq!(peers.get(&bob()).unwrap().state, PeerState::Accepted);
    assert_eq!(peers.get(&email("nobody@example.org")), None);
}

#[tokio::test]
async fn peers_of_a_scientist_are_the_owners_that_it_is_connected_with() {
    let cast = Cast::strangers().await;
    cast.ds_client.add_peer(&alice(), false).await.unwrap();
    let asked = cast.ds_client.peers().await.unwrap();
    assert_eq!(asked[0].state, PeerState::RequestedByMe, "not answered yet");
    cast.do_client.approve_peer_request(&bob(), true).await.unwrap();
    let peers = cast.ds_client.peers().await.unwrap();
    assert!(peers.iter().all(|peer| peer.state == PeerState::Accepted));
    // A request to somebody who only sends jobs is in no place of the list.
    let carol = cast.carol().await;
    carol.add_peer(&bob(), false).await.unwrap();
    assert_eq!(cast.ds_client.peers().await.unwrap().len(), 1);
}

#[tokio::test]
async fn properties_sync_before_they_return_and_pre_sync_false_disables_that() {
    let mut cast = Cast::connected().await;
    let new = syft_dataset::NewDataset { users: users(&[&bob()]), ..cast.do_client.data("census") };
    cast.do_client.create_dataset(new, Default::default()).await.unwrap();
    let store = Arc::new(cast.store.user(bob()));
    cast.ds_client.reopen(store.clone(), |config| config.pre_sync = false);
    let peers = cast.ds_client.peers().await.unwrap();
    assert_eq!(peers.len(), 1, "the list itself is looked up all the same");
    assert!(cast.ds_client.datasets().await.unwrap().is_empty());
    cast.ds_client.reopen(store, |config| config.pre_sync = true);
    assert_eq!(cast.ds_client.datasets().await.unwrap().len(), 1);
}

#[tokio::test]
async fn jobs_are_synced_and_found_by_name() {
    let cast = Cast::connected().await;
    let options = SubmitOptions {
        name: Some(syft_core::JobName::parse("count rows").unwrap()),
        ..SubmitOptions::default()
    };
    cast.ds_client.submit_bash_job(&alice(), "wc -l data", options).await.unwrap();
    let jobs = cast.do_client.jobs().await.unwrap();
    let mut seen = Vec::new();
    for job in &jobs {
        seen.push(format!("{}: {}", job.name(), job.status()));
    }
    assert_eq!(seen, ["count rows: inbox"]);
    assert_eq!(jobs.get("count rows").unwrap().status(), Status::Inbox);
    assert_eq!(jobs.get("count rows").unwrap().submitted_by(), &bob());
}

#[tokio::test]
async fn datasets_are_synced_and_each_has_a_name_and_an_owner() {
    let cast = Cast::connected().await;
    let new = syft_dataset::NewDataset { users: users(&[&bob()]), ..cast.do_client.data("census") };
    cast.do_client.create_dataset(new, Default::default()).await.unwrap();
    let datasets: Datasets = cast.ds_client.datasets().await.unwrap();
    let mut seen = Vec::new();
    for dataset in datasets.get_all() {
        seen.push(format!("{} by {}", dataset.name, dataset.owner));
    }
    assert_eq!(seen, ["census by alice@hospital.org"]);
    assert_eq!(datasets.get(&named("census"), None).unwrap().owner, alice());
    assert!(datasets.get(&named("census"), Some(&alice())).is_ok());
    let missing = datasets.get(&named("census"), Some(&carol())).unwrap_err();
    assert!(matches!(missing, syft_sync::Error::NotFound(_)), "{missing}");
}

#[tokio::test]
async fn properties_show_what_is_known_while_the_store_is_away() {
    let mut cast = Cast::connected().await;
    let new = syft_dataset::NewDataset { users: users(&[&bob()]), ..cast.do_client.data("census") };
    cast.do_client.create_dataset(new, Default::default()).await.unwrap();
    cast.ds_client.pre_sync().await.unwrap();
    cast.ds_client.unplug();
    assert_eq!(cast.ds_client.peers().await.unwrap()[0].state, PeerState::Accepted);
    assert_eq!(cast.ds_client.datasets().await.unwrap().len(), 1);
    assert!(cast.ds_client.jobs().await.unwrap().is_empty());
    let away = |notice: &Notice| matches!(notice, Notice::StoreAway { reason } if reason.contains("no network"));
    assert_eq!(cast.ds_client.heard().iter().filter(|notice| away(notice)).count(), 3);
}
