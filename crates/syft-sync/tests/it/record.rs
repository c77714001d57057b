//! The record of an owner's peers and jobs goes along with the event log.

use std::sync::Arc;

use syft_core::{Email, Timestamp};
use syft_dataset::Audience;
use syft_transport::{MemoryStore, Object, ObjectName, PutBody, PutMode, Space, Transport};

use crate::common::backup::edit;
use crate::common::{Member, Pair, alice, bob, events_in, in_space, log_of};

/// Another machine, with a later clock; the old one is gone.
async fn fresh(store: &MemoryStore, email: &Email) -> Member {
    let node = Member::join(email.clone(), Arc::new(store.user(email.clone())), 77).await;
    node.clock.set(Timestamp::new(1_790_100_000.0).unwrap());
    node
}

fn records(store: &MemoryStore) -> Vec<Object> {
    in_space(store, &Space::State { owner: alice() })
}

fn decisions(node: &Member, job: &syft_job::JobId) -> usize {
    node.manager.job_store().decisions(job).unwrap().len()
}

#[tokio::test]
async fn what_was_decided_is_in_the_log_beside_the_record() {
    let (pair, submitted) = Pair::with_job("echo 1").await;
    let before = records(&pair.store);
    pair.approve(&submitted.id);
    edit(&pair.alice, "public/a.txt", Some(b"a"));
    pair.alice.sync().await;
    assert_eq!(records(&pair.store), before);
    let node = fresh(&pair.store, &alice()).await;
    assert_eq!(decisions(&node, &submitted.id), 1);
    // Once more, from what the new machine added.
    node.manager.job_store().reject(&submitted.id, Some("no")).unwrap();
    edit(&node, "public/b.txt", Some(b"b"));
    node.sync().await;
    let again = fresh(&pair.store, &alice()).await;
    assert_eq!(decisions(&again, &submitted.id), 2);
}

#[tokio::test]
async fn nobody_else_is_sent_what_the_log_says_of_the_record() {
    let (pair, submitted) = Pair::with_job("echo 1").await;
    pair.approve(&submitted.id);
    pair.alice.sync().await;
    edit(&pair.alice, "public/a.txt", Some(b"a"));
    pair.alice.sync().await;
    let log = events_in(&pair.store, &log_of(alice()));
    assert!(log.iter().any(|message| message.record.is_some()));
    let outbox = events_in(&pair.store, &crate::common::outbox(alice(), bob()));
    assert!(outbox.iter().all(|message| message.record.is_none()) && !outbox.is_empty());
}

#[tokio::test]
async fn what_changed_much_is_put_as_a_whole() {
    let (pair, submitted) = Pair::with_job("echo 1").await;
    let before = records(&pair.store);
    pair.approve(&submitted.id);
    let release = format!("{{\"why\":\"{}\"}}", "x".repeat(20 << 10));
    pair.alice.write(".syft/runs/large/release.json", &release);
    edit(&pair.alice, "public/a.txt", Some(b"a"));
    pair.alice.sync().await;
    let after = records(&pair.store);
    assert_ne!(after, before);
    let node = fresh(&pair.store, &alice()).await;
    assert_eq!(node.read(".syft/runs/large/release.json"), Some(release));
}

#[tokio::test]
async fn an_older_record_than_the_log_names_is_told() {
    let pair = Pair::connected().await;
    let older = records(&pair.store).remove(0);
    let bytes = pair.store.bytes(&older.id).unwrap();
    pair.create_dataset("patients", Audience::Any);
    pair.alice.sync().await;
    edit(&pair.alice, "public/a.txt", Some(b"a"));
    pair.alice.sync().await;
    let user = pair.store.user(alice());
    user.delete(&records(&pair.store)).await.unwrap();
    let (space, name) = (Space::State { owner: alice() }, ObjectName::parse(older.name.as_str()));
    user.put(&space, &name.unwrap(), PutBody::from(bytes), PutMode::Create).await.unwrap();
    let node = fresh(&pair.store, &alice()).await;
    let told = node.manager.restored().unwrap();
    let is_told = |note: &String| note.contains("decide again what is missing");
    assert!(told.notes.iter().any(is_told), "{told:?}");
    assert_eq!(told.peers, 1);
}

/// What was sent and not taken yet is known to nobody but the store.
#[tokio::test]
async fn a_new_machine_goes_on_after_what_its_owner_sent_last() {
    let pair = Pair::connected().await;
    pair.bob.sync().await;
    pair.submit("echo 1", "first").await;
    pair.bob.sync().await;
    let bob = fresh(&pair.store, &bob()).await;
    bob.submit("echo 2", "second").await;
    bob.sync().await;
    let report = pair.alice.sync().await;
    assert!(report.peers.iter().all(|peer| !peer.alarm && peer.problem.is_none()), "{report:?}");
    let jobs = pair.alice.manager.job_store().jobs().unwrap();
    let names: Vec<&str> = jobs.iter().map(|job| job.name().as_str()).collect();
    assert_eq!(names, ["first", "second"]);
}

/// What changes go along with the log is told against a record that lies in the cache.
#[tokio::test]
async fn nothing_that_was_decided_is_lost_with_the_cache() {
    let (pair, submitted) = Pair::with_job("echo 1").await;
    pair.approve(&submitted.id);
    edit(&pair.alice, "public/a.txt", Some(b"a"));
    pair.alice.sync().await;
    std::fs::remove_dir_all(pair.alice.path(".syft/cache")).unwrap();
    // The same path again: the state of all files is put, which covers the log.
    for content in [b"b", b"c"] {
        edit(&pair.alice, "public/a.txt", Some(content));
        pair.alice.sync().await;
    }
    let node = fresh(&pair.store, &alice()).await;
    assert_eq!(decisions(&node, &submitted.id), 1);
    let told = node.manager.restored().unwrap();
    assert_eq!((told.peers, told.notes.len()), (1, 0), "{told:?}");
}
