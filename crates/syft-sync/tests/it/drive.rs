//! Over Google Drive: the main job.

use futures::future::join_all;
use syft_core::Email;
use syft_drive_emulator::{DriveEmulator, FaultPlan};
use syft_job::{JobId, JobsList};
use syft_sync::SubmitOptions;
use syft_transport::{Space, TransportExt as _};

use crate::common::drive::{World, cost, store};
use crate::common::{Member, Secrecy, alice, email};

const ANSWER: &str = "alice@hospital.org/jobs/bob@university.org/census/outputs/answer.txt";

async fn a_job_goes_there_and_its_answer_back(secrecy: Secrecy) {
    let world = World::connected(secrecy).await;
    world.create_dataset("patients");
    world.sync_both().await;
    let names: Vec<_> = world.bob.manager.list_datasets().unwrap();
    assert_eq!(names[0].name.as_str(), "patients");
    let submitted = world.bob.submit("echo 42 > $SYFT_OUTPUTS/answer.txt", "census").await;
    world.bob.sync().await;
    world.alice.sync().await;
    world.answer(&submitted.id);
    world.sync_both().await;
    assert_eq!(world.bob.read(ANSWER).unwrap(), "42\n");
    let leaks = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).contains("REAL PERSON");
    assert!(!world.drive.files().iter().filter_map(|file| file.content.as_ref()).any(leaks));
}

#[tokio::test]
async fn the_main_job_over_drive_in_the_open() {
    a_job_goes_there_and_its_answer_back(Secrecy::Open).await;
}

#[tokio::test]
async fn the_main_job_over_drive_sealed() {
    a_job_goes_there_and_its_answer_back(Secrecy::Sealed).await;
}

/// A feed that does not tell what lies in others' folders is not believed. Beside it, each
/// sync asks once what others have opened, for there may be a new peer or dataset, and once
/// what lies in all that is known, up to fifty folders at a time.
#[tokio::test]
async fn a_sync_with_a_blind_feed_asks_for_all_peers_at_once() {
    let drive = DriveEmulator::start().unwrap();
    drive.set_faults(FaultPlan { blind_changes: true, ..FaultPlan::default() });
    let join = |of, seed| {
        let store = store(&drive, &of);
        Member::join_as(of, store, seed, Secrecy::Open)
    };
    let owner = join(alice(), 1).await;
    let peers = (0..10).map(|n| join(email(&format!("peer{n}@university.org")), 10 + n));
    let peers = join_all(peers).await;
    for peer in &peers {
        peer.manager.add_peer(&owner.email, false).await.unwrap();
        owner.manager.approve_peer_request(&peer.email, true).await.unwrap();
    }
    for _ in 0..2 {
        owner.sync().await;
        join_all(peers.iter().map(Member::sync)).await;
    }
    for who in [&owner, &peers[0]] {
        assert_eq!(cost(&drive, who).await, 3, "{}", who.email);
    }
    peers[7].submit("true", "census").await;
    peers[7].sync().await;
    owner.sync().await;
    assert_eq!(owner.manager.job_store().jobs().unwrap().iter().count(), 1);
    assert_eq!(cost(&drive, &owner).await, 3);
}

#[tokio::test]
async fn a_peer_request_is_told_by_mail_once() {
    let world = World::connected(Secrecy::Open).await;
    world.create_dataset("patients");
    world.sync_both().await;
    let mails = world.drive.mails();
    let to: Vec<&str> = mails.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(to, [world.alice.email.as_str()]);
}

/// What of somebody's Drive another one can open: names, with the role.
fn open_to(drive: &DriveEmulator, owner: &Email, reader: &Email) -> Vec<String> {
    let files = drive.files().into_iter().filter(|file| file.owner == owner.as_str());
    let shared = files.filter_map(|file| {
        let role = file.permissions.get(reader.as_str())?;
        Some(format!("{} {role}", file.name))
    });
    let mut shared: Vec<String> = shared.collect();
    shared.sort();
    shared
}

async fn a_removed_peer_sees_nothing_of_me_until_it_is_taken_in_again(secrecy: Secrecy) {
    let world = World::connected(secrecy).await;
    let (alice, bob) = (&world.alice, &world.bob);
    world.create_dataset("patients");
    world.sync_both().await;
    let before = open_to(&world.drive, &alice.email, &bob.email);
    assert!(before.len() >= 4, "{before:?}");
    // A job of mine that Bob has not seen when he is removed.
    let options = SubmitOptions { name: Some("unseen".parse().unwrap()), ..Default::default() };
    let unseen = alice.manager.submit_bash_job(&bob.email, "true\n", options).await.unwrap();
    let removal = alice.manager.remove_peer(&bob.email).await.unwrap();
    assert!(removal.withdrawn);
    assert_eq!(open_to(&world.drive, &alice.email, &bob.email), Vec::<String>::new());
    // As somebody who remembers nothing, too.
    let fresh = store(&world.drive, &bob.email);
    let listed = |space: Space| {
        let fresh = fresh.clone();
        async move { fresh.list_all(&space).await.unwrap().len() }
    };
    let inbox = Space::Inbox { owner: bob.email.clone(), sender: alice.email.clone() };
    assert_eq!(listed(inbox).await, 0);
    assert_eq!(listed(Space::Profile { owner: alice.email.clone() }).await, 0);

    // He goes on: what he sends waits where he put it.
    let report = bob.sync().await;
    assert_eq!((report.store, report.alarms), (None, vec![]));
    let sent = bob.submit("true", "meanwhile").await;
    bob.sync().await;
    let has = |jobs: JobsList, id: &JobId| jobs.get(id.as_str()).is_ok();
    assert!(!has(alice.manager.jobs().await.unwrap(), &sent.id));

    alice.manager.add_peer(&bob.email, false).await.unwrap();
    let again = open_to(&world.drive, &alice.email, &bob.email);
    assert_eq!(again, before);
    for _ in 0..2 {
        world.sync_both().await;
    }
    assert!(has(alice.manager.jobs().await.unwrap(), &sent.id));
    assert!(has(bob.manager.jobs().await.unwrap(), &unseen.id));
    let names = bob.manager.list_datasets().unwrap();
    assert_eq!(names[0].name.as_str(), "patients");
}

#[tokio::test]
async fn a_removed_peer_is_shut_out_in_the_open() {
    a_removed_peer_sees_nothing_of_me_until_it_is_taken_in_again(Secrecy::Open).await;
}

#[tokio::test]
async fn a_removed_peer_is_shut_out_sealed() {
    a_removed_peer_sees_nothing_of_me_until_it_is_taken_in_again(Secrecy::Sealed).await;
}
