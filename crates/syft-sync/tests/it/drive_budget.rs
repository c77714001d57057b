//! What the steps of a sync ask of Google, in requests (`performance.md` 3). A batch is one.

use std::time::Duration;

use syft_drive_emulator::{Fault, Rule};
use syft_sync::{SyftboxManager, SyncOptions};

use crate::common::drive::{Way, World, store};
use crate::common::{Member, Secrecy, carol};

/// The look at the feed with which each sync begins.
const FEED: usize = 1;
/// The record of peers, jobs and channels of an owner, where no object of the log goes that
/// carries what changed in it.
const RECORD: usize = 1;
/// The rolling state of an owner, which takes the place of the older one.
const ROLLING: usize = 1;

const READABLE: &str = "rules:\n- pattern: '**'\n  access:\n    read: ['*']\n";

#[tokio::test]
async fn a_sync_in_which_nothing_happened_is_one_request() {
    let world = World::connected(Secrecy::Open).await;
    world.create_dataset("patients");
    world.believe_the_feed().await;
    assert_eq!(world.cost(&world.alice).await, FEED);
    assert_eq!(world.cost(&world.bob).await, FEED);
    let carol = Member::join_as(carol(), store(&world.drive, &carol()), 3, Secrecy::Open).await;
    carol.manager.add_peer(&world.alice.email, false).await.unwrap();
    world.alice.manager.approve_peer_request(&carol.email, true).await.unwrap();
    for _ in 0..2 {
        world.alice.sync().await;
        carol.sync().await;
    }
    assert_eq!(world.cost(&world.alice).await, FEED);
    assert_eq!(world.cost(&carol).await, FEED);
}

#[tokio::test]
async fn a_change_of_an_owner_is_one_object_of_the_log_and_one_for_each_reader() {
    let world = World::connected(Secrecy::Open).await;
    world.alice.write("alice@hospital.org/syft.pub.yaml", READABLE);
    world.believe_the_feed().await;
    let mut costs = Vec::new();
    for round in 0..6 {
        for file in 0..5 {
            world.alice.write(&format!("alice@hospital.org/{file}.txt"), &round.to_string());
        }
        costs.push(world.cost(&world.alice).await);
    }
    // Of what comes twice in the log, a Python client that restores would take the older.
    let (new, again) = (FEED + 1 + 1, FEED + 1 + 1 + ROLLING);
    assert_eq!(costs, [new, again, new, again, new, again]);
}

#[tokio::test]
async fn a_job_is_sent_in_one_upload() {
    let mut world = World::connected(Secrecy::Open).await;
    world.be_a_scientist();
    world.believe_the_feed().await;
    world.bob.submit("true", "first").await;
    assert_eq!(world.cost_to_deliver(&world.bob).await, 1);
    world.bob.submit("true", "second").await;
    assert_eq!(world.cost(&world.bob).await, FEED + 1);
}

#[tokio::test]
async fn a_job_of_one_who_may_be_an_owner_too_is_sent_with_a_record() {
    let world = World::connected(Secrecy::Open).await;
    world.believe_the_feed().await;
    world.bob.submit("true", "first").await;
    // Bob might be an owner, too: where his messages stand is recorded, and of two records
    // the older is taken away.
    assert_eq!(world.cost_to_deliver(&world.bob).await, 1 + RECORD + 1);
    world.bob.submit("true", "second").await;
    assert_eq!(world.cost_to_deliver(&world.bob).await, 1 + RECORD);
}

#[tokio::test]
async fn messages_that_came_together_are_logged_answered_and_put_away_together() {
    let world = World::connected(Secrecy::Open).await;
    world.believe_the_feed().await;
    let (mut jobs, mut costs) = (1, Vec::new());
    for messages in [1, 12, 1, 2] {
        for number in 0..messages {
            world.bob.submit("true", &format!("{jobs} and {number}")).await;
            world.bob.sync().await;
        }
        costs.push(world.cost(&world.alice).await - messages);
        jobs += messages;
        assert_eq!(world.alice.manager.job_store().jobs().unwrap().len(), jobs);
        world.sync_both().await;
    }
    // Each is fetched; log, outbox, archive.
    assert_eq!(costs, [FEED + 3; 4]);
}

#[tokio::test]
async fn messages_are_pulled_one_by_one_over_few_connections() {
    let way = Way::default();
    let mut world = World::connected(Secrecy::Open).await;
    let email = world.bob.email.clone();
    world.bob.restart(way.store(&world.drive, &email));
    world.alice.write("alice@hospital.org/syft.pub.yaml", READABLE);
    world.believe_the_feed().await;
    for number in 0..12 {
        world.alice.write("alice@hospital.org/note.txt", &number.to_string());
        world.alice.sync().await;
    }
    // Long enough for all that may be under way at once.
    let wait = Duration::from_millis(20);
    world.drive.add_fault(Rule::new(Fault::Latency(wait, wait)).path("alt=media"));
    assert_eq!(world.cost(&world.bob).await, FEED + 12);
    let at_once = world.drive.most_at_once();
    assert!((2..=8).contains(&at_once), "{at_once} connections");
}

#[tokio::test]
async fn a_dataset_is_published_file_by_file_and_never_looked_at_again() {
    let way = Way::default();
    let mut world = World::connected(Secrecy::Open).await;
    let email = world.alice.email.clone();
    world.alice.restart(way.store(&world.drive, &email));
    world.believe_the_feed().await;
    let mock = tempfile::tempdir().unwrap();
    for number in 0..10 {
        std::fs::write(mock.path().join(format!("{number}.csv")), format!("a\n{number}\n"))
            .unwrap();
    }
    world.create_dataset_of("patients", mock.path());
    // With its metadata; a folder, and the right to read it.
    let files = 11;
    assert_eq!(world.cost_to_deliver(&world.alice).await, 1 + files + 1 + RECORD);
    // What is shared is looked for, and looked into.
    assert_eq!(world.cost(&world.bob).await, FEED + 2 + files);
    assert_eq!(world.cost(&world.alice).await, FEED);
    world.alice.restart(way.store(&world.drive, &email));
    assert_eq!(world.cost(&world.alice).await, FEED);
}

#[tokio::test]
async fn a_datasite_is_made_again_from_few_looks_and_its_parts() {
    let world = World::connected(Secrecy::Open).await;
    world.create_dataset("patients");
    world.believe_the_feed().await;
    let submitted = world.bob.submit("true", "census").await;
    world.bob.sync().await;
    world.alice.sync().await;
    world.answer(&submitted.id);
    world.sync_both().await;
    let way = Way::default();
    let machine = world.alice.another_home(7);
    world.drive.forget_requests();
    let config = || machine.config(way.store(&world.drive, &world.alice.email));
    let manager = SyftboxManager::login(config()).await.unwrap();
    let restored = manager.restored().unwrap();
    assert_eq!((restored.jobs, restored.peers, restored.datasets), (2, 1, 2));
    let requests = world.drive.requests();
    let parts = requests.iter().filter(|request| request.query.contains("alt=media")).count();
    // Where the feed stands, the root, my folders, those of others, what lies in all of them.
    assert_eq!(requests.len() - parts, 5);
    // Bob's hello, and what others' folders hold until the feed is known to tell of them.
    world.drive.forget_requests();
    machine.clock.step(1.0);
    manager.sync(&SyncOptions::default()).await.unwrap();
    assert_eq!(world.drive.requests().len(), FEED + 6);
    // Nothing is asked at the next login of the same machine.
    drop(manager);
    world.drive.forget_requests();
    drop(SyftboxManager::login(config()).await.unwrap());
    assert_eq!(world.drive.requests().len(), 0);
}

/// Submitted, taken, answered, seen.
#[tokio::test]
async fn the_whole_life_of_a_job_is_few_requests() {
    let mut world = World::connected(Secrecy::Open).await;
    world.be_a_scientist();
    world.believe_the_feed().await;
    for name in ["second", "third", "fourth"] {
        let submitted = world.bob.submit("true", name).await;
        assert_eq!(world.cost_to_deliver(&world.bob).await, 1);
        assert_eq!(world.cost(&world.alice).await, FEED + 4);
        world.answer(&submitted.id);
        assert_eq!(world.cost(&world.alice).await, FEED + 2);
        assert_eq!(world.cost(&world.bob).await, FEED + 2);
    }
}

/// As a command does: nothing is known of the store but what the last process kept.
#[tokio::test]
async fn a_process_that_only_sends_looks_at_the_feed_first() {
    let way = Way::default();
    let mut world = World::connected(Secrecy::Open).await;
    let email = world.alice.email.clone();
    world.alice.restart(way.store(&world.drive, &email));
    world.believe_the_feed().await;
    let submitted = world.bob.submit("true", "second").await;
    world.bob.sync().await;
    world.alice.sync().await;
    world.alice.restart(way.store(&world.drive, &email));
    world.alice.manager.approve_job(&submitted.id, &Default::default()).unwrap();
    // The log with what was decided, and the outbox.
    assert_eq!(world.cost_to_deliver(&world.alice).await, FEED + 2);
}
