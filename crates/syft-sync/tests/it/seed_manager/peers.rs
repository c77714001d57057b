//! `add_peer`, `approve_peer_request`, `reject_peer_request`.

use syft_dataset::{Audience, NewDataset};
use syft_sync::{Error, PeerState};

use super::{Cast, alice, bob, carol, named};

#[tokio::test]
async fn add_peer_asks_and_says_so() {
    let cast = Cast::strangers().await;
    let peer = cast.ds_client.add_peer(&alice(), false).await.unwrap();
    assert_eq!((peer.email, peer.state), (alice(), PeerState::RequestedByMe));
    assert_eq!(cast.ds_client.steps(), "asked alice@hospital.org to become a peer\n");
}

#[tokio::test]
async fn add_peer_with_force_asks_again() {
    let cast = Cast::strangers().await;
    for force in [false, false, true] {
        cast.ds_client.add_peer(&alice(), force).await.unwrap();
    }
    let steps = cast.ds_client.steps();
    let asked = "asked alice@hospital.org to become a peer";
    let known = "alice@hospital.org was asked before";
    assert_eq!(steps.lines().collect::<Vec<_>>(), [asked, known, asked]);
}

#[tokio::test]
async fn approve_by_email() {
    let cast = Cast::strangers().await;
    cast.ds_client.add_peer(&alice(), false).await.unwrap();
    let peer = cast.do_client.approve_peer_request(&bob(), true).await.unwrap();
    assert_eq!(peer.state, PeerState::Accepted);
}

#[tokio::test]
async fn approve_by_peer_object() {
    let cast = Cast::strangers().await;
    cast.ds_client.add_peer(&alice(), false).await.unwrap();
    let peers = cast.do_client.peers().await.unwrap();
    let peer = cast.do_client.approve_peer_request(&peers[0], true).await.unwrap();
    assert_eq!((peer.email, peer.state), (bob(), PeerState::Accepted));
}

#[tokio::test]
async fn approve_skips_the_existence_check_on_demand() {
    let cast = Cast::strangers().await;
    let unknown = cast.do_client.approve_peer_request(&bob(), true).await.unwrap_err();
    assert!(matches!(unknown, Error::UnknownPeer(_)), "{unknown}");
    let ahead = cast.do_client.approve_peer_request(&bob(), false).await.unwrap();
    assert_eq!(ahead.state, PeerState::Accepted);
}

#[tokio::test]
async fn approve_sets_up_the_job_folder_and_shares_what_is_for_any() {
    let cast = Cast::strangers().await;
    for (name, users) in [("open", Audience::Any), ("closed", Audience::Nobody)] {
        let new = NewDataset { users, ..cast.do_client.data(name) };
        cast.do_client.create_dataset(new, Default::default()).await.unwrap();
    }
    assert!(cast.lies("/collections/").is_empty(), "nobody may have them yet");
    cast.ds_client.add_peer(&alice(), false).await.unwrap();
    cast.do_client.heard();
    cast.do_client.approve_peer_request(&bob(), true).await.unwrap();
    assert_eq!(
        cast.do_client.steps(),
        "bob@university.org is a peer now\n\
         bob@university.org may send jobs into their folder here\n\
         dataset open is shared with bob@university.org\n"
    );
    let rules = cast.do_client.file("alice@hospital.org/jobs/bob@university.org/syft.pub.yaml");
    assert!(rules.unwrap().contains("bob@university.org"));
    // Without another sync of hers.
    let datasets = cast.ds_client.datasets().await.unwrap();
    let names: Vec<_> = datasets.get_all().iter().map(|dataset| dataset.name.clone()).collect();
    assert_eq!(names, [named("open")]);
}

#[tokio::test]
async fn approve_while_the_store_is_away_shares_with_the_next_sync() {
    let mut cast = Cast::strangers().await;
    let new = NewDataset { users: Audience::Any, ..cast.do_client.data("open") };
    cast.do_client.create_dataset(new, Default::default()).await.unwrap();
    cast.ds_client.add_peer(&alice(), false).await.unwrap();
    cast.do_client.unplug();
    cast.do_client.approve_peer_request(&bob(), false).await.unwrap();
    cast.do_client.plug_in(&cast.store);
    cast.do_client.pre_sync().await.unwrap();
    assert_eq!(cast.ds_client.datasets().await.unwrap().len(), 1);
}

#[tokio::test]
async fn reject_by_email_or_by_peer_object() {
    let cast = Cast::strangers().await;
    cast.ds_client.add_peer(&alice(), false).await.unwrap();
    let _carol = cast.carol().await;
    let peer = cast.do_client.reject_peer_request(&bob()).await.unwrap();
    assert_eq!(peer.state, PeerState::Rejected);
    let peers = cast.do_client.peers().await.unwrap();
    assert_eq!(peers[0].email, carol());
    cast.do_client.reject_peer_request(&peers[0]).await.unwrap();
    let peers = cast.do_client.peers().await.unwrap();
    assert!(peers.is_empty());
    assert_eq!(peers.refused().count(), 2, "they are kept, to be taken back");
}
