//! Over Google Drive: the main job, and what its steps ask of Google
//! (`performance.md` 3).

use futures::future::join_all;
use syft_drive_emulator::{DriveEmulator, FaultPlan};

use crate::common::drive::{World, cost, store};
use crate::common::{Member, Secrecy, alice, carol, email};

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

#[tokio::test]
async fn a_sync_in_which_nothing_happened_is_one_request() {
    let world = World::connected(Secrecy::Open).await;
    world.create_dataset("patients");
    // From then on the feed is known to tell what the other one puts.
    world.bob.submit("true", "census").await;
    world.bob.sync().await;
    for _ in 0..2 {
        world.sync_both().await;
    }
    assert_eq!(world.cost(&world.alice).await, 1);
    assert_eq!(world.cost(&world.bob).await, 1);
    let carol = Member::join_as(carol(), store(&world.drive, &carol()), 3, Secrecy::Open).await;
    carol.manager.add_peer(&world.alice.email, false).await.unwrap();
    world.alice.manager.approve_peer_request(&carol.email, true).await.unwrap();
    for _ in 0..2 {
        world.alice.sync().await;
        carol.sync().await;
    }
    assert_eq!(world.cost(&world.alice).await, 1);
    assert_eq!(world.cost(&carol).await, 1);
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
async fn a_step_of_a_job_costs_few_requests() {
    let world = World::connected(Secrecy::Open).await;
    let mut costs = Vec::new();
    // The folders are made for the first one.
    for name in ["first", "second"] {
        let submitted = world.bob.submit("true", name).await;
        let sent = world.cost(&world.bob).await;
        let taken = world.cost(&world.alice).await;
        world.answer(&submitted.id);
        let answered = world.cost(&world.alice).await;
        let seen = world.cost(&world.bob).await;
        costs = vec![sent, taken, answered, seen];
    }
    // Beside what a peer gets: my own record, and the rolling state of an owner.
    assert_eq!(costs, [4, 9, 7, 3]);
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
