//! `remove_peer`, which the reference does not have.

use syft_dataset::{Audience, NewDataset};
use syft_sync::{Error, PeerState, SubmitOptions};

use super::{Cast, alice, bob, carol, named, users};

const NOTES: &str = "alice@hospital.org/public/notes.txt";

/// Bob has a file, a mock that names him and one that is for any.
async fn shared() -> Cast {
    let cast = Cast::connected().await;
    cast.do_client.write(NOTES, "for peers");
    for (name, users) in [("open", Audience::Any), ("his", users(&[&bob(), &carol()]))] {
        let new = NewDataset { users, ..cast.do_client.data(name) };
        cast.do_client.create_dataset(new, Default::default()).await.unwrap();
    }
    assert_eq!(cast.ds_client.datasets().await.unwrap().len(), 2);
    assert!(cast.ds_client.file(NOTES).is_some());
    cast.do_client.heard();
    cast
}

#[tokio::test]
async fn a_removed_peer_is_told_to_forget_and_shares_nothing_any_more() {
    let cast = shared().await;
    let removal = cast.do_client.remove_peer(&bob()).await.unwrap();
    assert_eq!(removal.peer.state, PeerState::Removed);
    assert_eq!(removal.datasets, [named("his"), named("open")]);
    assert!(removal.withdrawn && removal.files > 0);
    assert!(cast.do_client.steps().contains("what they copied cannot be recalled"));
    assert!(cast.lies("/collections/").is_empty(), "no other reader is left");
    assert_eq!(cast.lies("/outbox/alice@hospital.org/bob@university.org/").len(), 1);
    let mine = cast.do_client.list_datasets().unwrap();
    let audience = |name: &str| {
        mine.iter().find(|dataset| dataset.name == named(name)).unwrap().audience.clone()
    };
    assert_eq!(
        (audience("his"), audience("open")),
        (Some(users(&[&carol()])), Some(Audience::Any))
    );
    assert!(cast.ds_client.datasets().await.unwrap().is_empty());
    assert_eq!(cast.ds_client.file(NOTES), None);
    let left = cast.ds_client.home.path().join("alice@hospital.org/public");
    assert!(!left.join("syft.pub.yaml").exists());
}

#[tokio::test]
async fn the_others_keep_what_they_have() {
    let cast = shared().await;
    let carol_client = cast.carol().await;
    cast.do_client.approve_peer_request(&carol(), true).await.unwrap();
    cast.do_client.pre_sync().await.unwrap();
    cast.do_client.remove_peer(&bob()).await.unwrap();
    cast.do_client.pre_sync().await.unwrap();
    assert_eq!(carol_client.datasets().await.unwrap().len(), 2);
    assert_eq!(carol_client.file(NOTES).as_deref(), Some("for peers"));
}

#[tokio::test]
async fn a_removed_peers_messages_are_not_taken_and_its_folder_is_closed() {
    let cast = shared().await;
    cast.do_client.remove_peer(&bob()).await.unwrap();
    cast.ds_client.submit_bash_job(&alice(), "echo 1", SubmitOptions::default()).await.unwrap();
    assert!(cast.do_client.jobs().await.unwrap().is_empty());
    let path = "jobs/bob@university.org/a job/run.sh";
    let syncer = cast.do_client.owner_syncer();
    assert!(!syncer.check_write_permission(&bob(), path).unwrap());
    assert!(!syncer.check_read_permissions(&bob(), path).unwrap());
    assert_eq!(cast.lies("/outbox/alice@hospital.org/bob@university.org/").len(), 1);
    let peers = cast.do_client.peers().await.unwrap();
    assert!(peers.is_empty(), "also though it still asks");
    assert_eq!(peers.get(&bob()).unwrap().state, PeerState::Removed);
}

#[tokio::test]
async fn removing_while_the_store_is_away_is_finished_by_the_next_sync() {
    let mut cast = shared().await;
    cast.do_client.unplug();
    let removal = cast.do_client.remove_peer(&bob()).await.unwrap();
    assert!(!removal.withdrawn);
    assert!(!cast.lies("/collections/").is_empty());
    cast.do_client.plug_in(&cast.store);
    cast.do_client.pre_sync().await.unwrap();
    assert!(cast.lies("/collections/").is_empty());
    assert!(cast.ds_client.datasets().await.unwrap().is_empty());
    assert_eq!(cast.ds_client.file(NOTES), None);
    let again = cast.do_client.remove_peer(&bob()).await.unwrap();
    assert!(again.withdrawn && again.files == 0);
    assert_eq!(cast.do_client.audited("peer.removed"), 1);
}

#[tokio::test]
async fn a_removed_peer_can_be_approved_again() {
    let cast = shared().await;
    cast.do_client.remove_peer(&bob()).await.unwrap();
    cast.ds_client.pre_sync().await.unwrap();
    cast.do_client.approve_peer_request(&bob(), true).await.unwrap();
    cast.do_client.pre_sync().await.unwrap();
    let datasets = cast.ds_client.datasets().await.unwrap();
    let names: Vec<_> = datasets.get_all().iter().map(|dataset| dataset.name.clone()).collect();
    assert_eq!(names, [named("open")], "the other one named him");
    assert_eq!(cast.ds_client.file(NOTES).as_deref(), Some("for peers"));
    cast.ds_client.submit_bash_job(&alice(), "echo 1", SubmitOptions::default()).await.unwrap();
    assert_eq!(cast.do_client.jobs().await.unwrap().len(), 1);
    // And once more: what was sent since goes again.
    cast.do_client.remove_peer(&bob()).await.unwrap();
    cast.ds_client.pre_sync().await.unwrap();
    assert_eq!(cast.ds_client.file(NOTES), None);
}

#[tokio::test]
async fn a_scientist_may_leave_an_owner() {
    let cast = shared().await;
    let removal = cast.ds_client.remove_peer(&alice()).await.unwrap();
    assert!(removal.withdrawn && removal.files == 0);
    cast.do_client.write(NOTES, "changed");
    cast.do_client.pre_sync().await.unwrap();
    cast.ds_client.pre_sync().await.unwrap();
    assert_eq!(cast.ds_client.file(NOTES).as_deref(), Some("for peers"));
    let options = SubmitOptions::default();
    let refused = cast.ds_client.submit_bash_job(&alice(), "echo 1", options).await;
    assert!(matches!(refused.unwrap_err(), Error::UnknownPeer(_)));
}

#[tokio::test]
async fn only_a_peer_can_be_removed() {
    let cast = Cast::strangers().await;
    let unknown = cast.do_client.remove_peer(&bob()).await.unwrap_err();
    assert!(matches!(unknown, Error::UnknownPeer(_)), "{unknown}");
    cast.ds_client.add_peer(&alice(), false).await.unwrap();
    let asked = cast.do_client.remove_peer(&bob()).await.unwrap_err();
    assert!(matches!(asked, Error::PeerState { .. }), "{asked}");
}
