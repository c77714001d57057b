//! `sync` and `load_peers`: who is left out, and who is told.

use syft_sync::{Notice, PeerState, SubmitOptions, SyncOptions};

use super::{Cast, Client, alice, bob, carol, hello, python_hello};

async fn sync(client: &Client) {
    client.sync(&SyncOptions::default()).await.unwrap();
}

fn skipped(client: &Client) -> Vec<String> {
    let peer = |notice| match notice {
        Notice::PeerSkipped { peer, reason } => Some(format!("{peer}: {reason}")),
        _ => None,
    };
    client.heard().into_iter().filter_map(peer).collect()
}

/// `auto_checkpoint`, `checkpoint_threshold` and what the architecture adds to them.
#[test]
fn the_defaults_are_those_of_the_documents() {
    let SyncOptions {
        peers,
        auto_checkpoint,
        checkpoint_threshold,
        compacting_threshold,
        recompute_hashes,
        look,
    } = SyncOptions::default();
    assert!(peers.is_empty(), "all of them");
    assert!(auto_checkpoint && recompute_hashes && look);
    assert_eq!((checkpoint_threshold, compacting_threshold), (50, 10));
}

#[tokio::test]
async fn load_peers_looks_in_the_store() {
    let cast = Cast::strangers().await;
    assert!(cast.do_client.load_peers().await.unwrap().is_empty());
    cast.ds_client.add_peer(&alice(), false).await.unwrap();
    let peers = cast.do_client.load_peers().await.unwrap();
    assert_eq!(peers[0].state, PeerState::RequestedByPeer);
}

#[tokio::test]
async fn an_owner_warns_about_incompatible_peers_and_syncs_with_the_others() {
    let cast = Cast::connected().await;
    let carol_client = cast.carol().await;
    cast.do_client.approve_peer_request(&carol(), true).await.unwrap();
    carol_client.pre_sync().await.unwrap();
    cast.say(alice(), bob(), hello(&bob(), 7));
    for client in [&cast.ds_client, &carol_client] {
        client.submit_bash_job(&alice(), "echo 1", SubmitOptions::default()).await.unwrap();
    }
    sync(&cast.do_client).await;
    let warnings = skipped(&cast.do_client);
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].starts_with("bob@university.org: it speaks protocol versions 7 to 7"));
    let jobs = cast.do_client.jobs().await.unwrap();
    let from: Vec<_> = jobs.iter().map(|job| job.submitted_by().clone()).collect();
    assert_eq!(from, [carol()]);
}

#[tokio::test]
async fn a_scientist_is_warned_if_all_connected_peers_are_incompatible() {
    let cast = Cast::connected().await;
    sync(&cast.ds_client).await;
    assert_eq!(cast.ds_client.heard(), []);
    cast.say(bob(), alice(), hello(&alice(), 7));
    sync(&cast.ds_client).await;
    let all = cast.ds_client.heard();
    assert!(all.contains(&Notice::NobodyCompatible { peers: 1 }), "{all:?}");
}

/// `threats.md` F7: what cannot be understood of one peer concerns that peer alone.
#[tokio::test]
async fn f7_an_advert_that_cannot_be_read_concerns_that_peer_alone() {
    let cast = Cast::connected().await;
    let carol_client = cast.carol().await;
    cast.do_client.approve_peer_request(&carol(), true).await.unwrap();
    carol_client.pre_sync().await.unwrap();
    let native = String::from_utf8(hello(&bob(), 1)).unwrap();
    let native = ["\"a.b.c\"", "0.10", "\"\"", "-1", "null"]
        .map(|min| native.replace("\"min\":1", &format!("\"min\":{min}")));
    let python = ["a.b.c", "0.10", "", "v0.10.0", "0.10.x"]
        .map(|version| String::from_utf8(python_hello(version)).unwrap());
    let neither = [String::new(), "null".to_owned(), "{}".to_owned()];
    for advert in native.into_iter().chain(python).chain(neither) {
        cast.say(alice(), bob(), advert.clone());
        carol_client.submit_bash_job(&alice(), "echo 1", SubmitOptions::default()).await.unwrap();
        let before = cast.do_client.job_store().jobs().unwrap().len();
        sync(&cast.do_client).await;
        let warnings = skipped(&cast.do_client);
        assert!(warnings.len() == 1 && warnings[0].contains("cannot be read"), "{advert}");
        assert_eq!(cast.do_client.job_store().jobs().unwrap().len(), before + 1, "{advert}");
    }
}
