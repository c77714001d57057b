//! Whatever lies in a store under a name of ours: each pass ends, puts away what it
//! does not take with a short reason, changes nothing that is not the sender's, and
//! serves the others.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::common::{Member, Pair, alice, bob, carol, forge, in_space, inbox, outbox};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{TestError, TestRunner};
use serde_json::json;
use syft_core::testing::{Damage, damaged};
use syft_core::{ContentHash, has_suspicious};
use syft_sync::{SyftboxManager, SyncReport};
use syft_transport::{Object, Space};
use tokio::runtime::{Builder, Runtime};

/// Longest reason in bytes: 500 characters of up to four, and the words around them.
const LONGEST: usize = 2_400;

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}

/// Each case is a pass or two over a home on the disk.
fn run<S: Strategy>(cases: S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let mut runner = TestRunner::new(ProptestConfig::with_cases(48));
    match runner.run(&cases, test) {
        Ok(()) => {}
        Err(TestError::Fail(reason, case)) => panic!("{reason}\n{case:?}"),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}

fn damages() -> impl Strategy<Value = Vec<Damage>> {
    vec(any::<Damage>(), 1..6)
}

fn short(reason: &str) -> Result<(), TestCaseError> {
    prop_assert!(reason.len() <= LONGEST, "{} bytes: {reason:.200}", reason.len());
    prop_assert!(!has_suspicious(reason), "{:?}", reason);
    Ok(())
}

/// No peer's turn ended early, and all that is told of the pass is short.
fn is_quiet(node: &Member, report: &SyncReport) -> Result<(), TestCaseError> {
    prop_assert!(report.store.is_none(), "{:?}", report.store);
    for peer in &report.peers {
        prop_assert!(peer.problem.is_none(), "{:?}", peer);
    }
    report.notes.iter().try_for_each(|note| short(note))?;
    for item in node.manager.quarantine().list().unwrap() {
        short(&item.detail)?;
    }
    Ok(())
}

/// The files of a home but for the node's own, and for what is below a folder.
fn all_but(node: &Member, folder: &str) -> BTreeMap<String, Vec<u8>> {
    let mut files = node.tree("");
    files.retain(|path, _| !path.starts_with(".syft/") && !path.starts_with(folder));
    files
}

#[test]
fn i10_i12_p1_an_inbox_of_damaged_messages_stops_nobody() {
    let runtime = runtime();
    let pair = runtime.block_on(Pair::connected());
    let jobs = format!("{}/jobs/{}/", alice(), bob());
    let before = all_but(&pair.alice, &jobs);
    let number = std::cell::Cell::new(0);
    run((damages(), any::<bool>()), |(damages, packed)| {
        number.set(number.get() + 1);
        let whole = forge::pack_json(&forge::document(number.get()));
        let bytes = match packed {
            true => damaged(&whole, &damages),
            false => forge::pack(&damaged(&forge::payload(&whole), &damages)),
        };
        let space = inbox(alice(), bob());
        pair.store.plant(&space, &forge::name(number.get()), bytes, Some(bob()));
        let report = runtime.block_on(pair.alice.sync());
        is_quiet(&pair.alice, &report)?;
        prop_assert_eq!(&all_but(&pair.alice, &jobs), &before);
        Ok(())
    });
    assert!(!pair.alice.manager.quarantine().list().unwrap().is_empty(), "none was spoilt");
    runtime.block_on(async {
        pair.submit("echo 1\n", "honest").await;
        pair.bob.sync().await;
        pair.alice.sync().await;
    });
    let there = pair.alice.manager.job_store().jobs().unwrap();
    assert!(there.get("honest").is_ok(), "the honest one is here");
}

#[test]
fn s7_an_outbox_of_damaged_events_and_refusals_stops_nobody() {
    let runtime = runtime();
    let pair = runtime.block_on(Pair::connected());
    pair.alice.write(&format!("{}/jobs/{}/note.txt", alice(), bob()), "read me\n");
    runtime.block_on(pair.alice.sync());
    let space = outbox(alice(), bob());
    let sent = in_space(&pair.store, &space);
    let events = sent.iter().find(|it| it.name.as_str().starts_with("syfteventsmessagev3_"));
    let events = forge::payload(&pair.store.bytes(&events.expect("events").id).unwrap());
    let refusal = json!({
        "schema": "syft/refusal/1", "message": forge::message_id(1), "code": "conflict",
        "detail": "it was changed meanwhile", "whole": true, "at": 1.5,
        "paths": [{ "path": "jobs/a/b", "hash": null, "code": "conflict" }],
    });
    let refusal = refusal.to_string().into_bytes();
    runtime.block_on(pair.bob.sync());
    let theirs = format!("{}/", alice());
    let before = all_but(&pair.bob, &theirs);
    let number = std::cell::Cell::new(0);
    run((damages(), any::<bool>()), |(damages, refuses)| {
        number.set(number.get() + 1);
        let id = forge::message_id(number.get());
        let (name, bytes) = match refuses {
            true => (format!("refusal_{id}.json"), damaged(&refusal, &damages)),
            false => {
                let at = 1_790_100_000.5 + f64::from(number.get());
                let name = format!("syfteventsmessagev3_{at}_{id}.tar.gz");
                (name, forge::pack(&damaged(&events, &damages)))
            }
        };
        pair.store.plant(&space, &name, bytes, Some(alice()));
        let report = runtime.block_on(pair.bob.sync());
        is_quiet(&pair.bob, &report)?;
        prop_assert_eq!(&all_but(&pair.bob, &theirs), &before);
        Ok(())
    });
    assert!(!pair.bob.manager.quarantine().list().unwrap().is_empty(), "none was spoilt");
}

#[test]
fn s4_a_damaged_hello_is_a_request_or_none() {
    let runtime = runtime();
    let pair = runtime.block_on(Pair::strangers());
    let stranger = runtime.block_on(async {
        let transport = Arc::new(pair.store.user(carol()));
        let member = Member::join(carol(), transport, 3).await;
        member.manager.add_peer(&alice(), false).await.unwrap();
        member
    });
    let space = inbox(alice(), carol());
    let said = in_space(&pair.store, &space).remove(0);
    let good = pair.store.bytes(&said.id).unwrap();
    drop(stranger);
    run(damages(), |damages| {
        for object in in_space(&pair.store, &space) {
            pair.store.lose(&object.id);
        }
        pair.store.plant(&space, said.name.as_str(), damaged(&good, &damages), Some(carol()));
        let report = runtime.block_on(pair.alice.sync());
        is_quiet(&pair.alice, &report)?;
        let peers = runtime.block_on(pair.alice.manager.peers()).unwrap();
        let peers = format!("{peers:?}");
        prop_assert!(peers.len() < 256 << 10, "{} bytes", peers.len());
        prop_assert!(!has_suspicious(&peers), "{}", peers);
        Ok(())
    });
}

/// A record of Alice's under the name of its bytes; the answer is what a fresh
/// machine of hers says to it.
fn restored_from(runtime: &Runtime, pair: &Pair, record: Vec<u8>) -> Vec<String> {
    let name = format!("state_{}.json", ContentHash::of(&record).short());
    let planted = pair.store.plant(&Space::State { owner: alice() }, &name, record, Some(alice()));
    let told = what_a_fresh_machine_says(runtime, pair);
    pair.store.lose(&planted);
    told
}

fn what_a_fresh_machine_says(runtime: &Runtime, pair: &Pair) -> Vec<String> {
    let machine = pair.alice.another_home(7);
    let config = machine.config(Arc::new(pair.store.user(alice())));
    match runtime.block_on(SyftboxManager::login(config)) {
        Ok(manager) => {
            let restored = manager.restored().cloned().unwrap_or_default();
            restored.notes.into_iter().chain(restored.waits).collect()
        }
        Err(error) => vec![error.to_string()],
    }
}

/// Alice with a backup of every kind, and what is in it.
fn backed_up(runtime: &Runtime) -> (Pair, Vec<(Object, Vec<u8>)>) {
    let pair = runtime.block_on(async {
        let (pair, submitted) = Pair::with_job("echo 1\n").await;
        pair.approve(&submitted.id);
        pair.create_dataset("patients", syft_dataset::Audience::Any);
        pair.alice.write(&format!("{}/public/a.txt", alice()), "a\n");
        pair.alice.sync().await;
        pair.alice.manager.create_checkpoint().await.unwrap();
        // So much that a rolling state is put.
        for round in 0..8 {
            pair.alice.write(&format!("{}/public/b.txt", alice()), &format!("b{round}\n"));
            pair.alice.sync().await;
        }
        pair
    });
    let spaces = [
        Space::State { owner: alice() },
        Space::Checkpoints { owner: alice() },
        Space::Rolling { owner: alice() },
        Space::Log { owner: alice() },
    ];
    let newest = |space: &Space| {
        let mut objects = in_space(&pair.store, space);
        objects.sort_by_key(|object| object.created);
        let object = objects.pop().expect("there is a backup");
        let bytes = pair.store.bytes(&object.id).unwrap().to_vec();
        (object, bytes)
    };
    let pieces = spaces.iter().map(newest).collect();
    (pair, pieces)
}

#[test]
fn f16_a_damaged_record_of_peers_and_jobs_is_believed_or_waited_for() {
    let runtime = runtime();
    let (pair, pieces) = backed_up(&runtime);
    let (_, whole) = &pieces[0];
    for object in in_space(&pair.store, &Space::State { owner: alice() }) {
        pair.store.lose(&object.id);
    }
    run(damages(), |damages| {
        let told = restored_from(&runtime, &pair, damaged(whole, &damages));
        told.iter().try_for_each(|told| short(told))
    });
    let mut record: serde_json::Value = serde_json::from_slice(whole).unwrap();
    for long in ["checkpoint_9".repeat(10_000), "\u{202e}".repeat(10_000)] {
        record["checkpoints"] = json!([long]);
        let told = restored_from(&runtime, &pair, serde_json::to_vec(&record).unwrap());
        assert!(told.iter().any(|told| told.contains("is missing")), "{told:.300?}");
        told.iter().try_for_each(|told| short(told)).unwrap();
    }
    let place = format!(".syft/decisions/jobs/{}", "9".repeat(3_000));
    let mut record: serde_json::Value = serde_json::from_slice(whole).unwrap();
    record["jobs"] = json!({ place: "{}" });
    let told = restored_from(&runtime, &pair, serde_json::to_vec(&record).unwrap());
    assert!(told.iter().any(|told| told.contains("decisions/jobs/999")), "{told:.300?}");
    told.iter().try_for_each(|told| short(told)).unwrap();
}

#[test]
fn f16_a_damaged_piece_of_a_backup_is_read_or_waited_for() {
    let runtime = runtime();
    let (pair, pieces) = backed_up(&runtime);
    run((1..4_usize, damages()), |(which, damages)| {
        let (object, whole) = &pieces[which];
        let there = in_space(&pair.store, &object.space);
        let id = &there.iter().find(|it| it.name == object.name).expect("it is there").id;
        pair.store.tamper(id, forge::pack(&damaged(&forge::payload(whole), &damages)));
        let told = what_a_fresh_machine_says(&runtime, &pair);
        pair.store.tamper(id, whole.clone());
        told.iter().try_for_each(|told| short(told))
    });
}
