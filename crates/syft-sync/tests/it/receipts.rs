//! Receipts are signed by their owner, and whoever knows that key checks them alone.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use syft_core::ContentHash;
use syft_crypto::KeySource;
use syft_job::sandbox::{IsolationLevel, LogStream, PlainSandbox};
use syft_job::{Job, JobId, ReleaseFiles, RunOptions};
use syft_sync::{ReceiptCheck, ReceiptKey, ReceiptProblem, SyftboxManager};

use crate::common::{Member, Pair, alice, carol};

fn quiet(_: LogStream, _: &[u8]) {}

fn run(pair: &Pair, id: &JobId) {
    let options = RunOptions { minimum: IsolationLevel::L0, ..RunOptions::default() };
    pair.alice.manager.run_job(id, &options, &PlainSandbox, &mut quiet).unwrap();
}

/// Bob's job, which has run at Alice's, and of which all is released.
async fn answered() -> (Pair, JobId) {
    let (pair, submitted) = Pair::with_job("echo 42 > outputs/answer.txt\n").await;
    pair.approve(&submitted.id);
    run(&pair, &submitted.id);
    pair.alice.manager.release_job(&submitted.id, None, &ReleaseFiles::All, true).unwrap();
    exchange(&pair).await;
    (pair, submitted.id)
}

async fn exchange(pair: &Pair) {
    pair.alice.sync().await;
    pair.bob.sync().await;
}

fn sent(pair: &Pair) -> Job {
    pair.bob.manager.job_store().sent_to(&alice(), &"census".parse().unwrap()).unwrap()
}

fn receipt(pair: &Pair) -> Vec<u8> {
    sent(pair).receipt_file().unwrap().unwrap()
}

fn verified(manager: &SyftboxManager, bytes: &[u8]) -> ReceiptCheck {
    manager.verify_receipt(bytes).unwrap()
}

fn kind(check: &ReceiptCheck) -> Option<&'static str> {
    check.problem.as_ref().map(ReceiptProblem::kind)
}

#[tokio::test]
async fn a_receipt_verifies_with_the_key_of_its_owner_and_with_none_other() {
    let (mut pair, id) = answered().await;
    let bytes = receipt(&pair);
    let check = verified(&pair.bob.manager, &bytes);
    assert!(check.is_good(), "{check:?}");
    assert_eq!(check.key, Some(ReceiptKey::Unverified));
    assert_eq!(check.receipt.unwrap().job, id);
    assert_eq!(verified(&pair.alice.manager, &bytes).key, Some(ReceiptKey::Mine));
    // Who never met the owner knows no key of hers.
    let stranger = Member::join(carol(), Arc::new(pair.store.user(carol())), 3).await;
    assert_eq!(kind(&verified(&stranger.manager, &bytes)), Some("unknown_key"));
    // Signed by others than those by which she is known.
    let others = KeySource::parse(&ContentHash::of(b"others").to_string(), &alice()).unwrap();
    assert!(pair.alice.manager.import_keys(others, true).unwrap());
    pair.alice.manager.return_job(&id, "seen").unwrap();
    let path = format!("{}/jobs/{}/census/receipt.yaml", alice(), pair.bob.email);
    let other = pair.alice.read(&path).unwrap();
    assert_eq!(kind(&verified(&pair.bob.manager, other.as_bytes())), Some("other_key"));
    assert!(verified(&pair.alice.manager, other.as_bytes()).is_good());
    assert!(verified(&pair.bob.manager, &bytes).is_good(), "what was signed stays signed");
}

#[tokio::test]
async fn a_receipt_with_one_changed_byte_fails_to_verify() {
    let (pair, _) = answered().await;
    let bytes = receipt(&pair);
    let manager = &pair.bob.manager;
    let is_good = |bytes: &[u8]| verified(manager, bytes).is_good();
    let change = (0..bytes.len(), 1..=255_u8, any::<u8>());
    TestRunner::default()
        .run(&change, |(at, other, more)| {
            let mut changed = bytes.clone();
            changed[at] ^= other;
            prop_assert!(!is_good(&changed), "byte {at}");
            let mut longer = bytes.clone();
            longer.insert(at, more);
            prop_assert!(!is_good(&longer), "a byte more at {at}");
            prop_assert!(!is_good(&bytes[..at]), "cut off at {at}");
            longer.remove(at);
            prop_assert!(is_good(&longer));
            Ok(())
        })
        .unwrap();
    let last = bytes.len() - 1;
    assert!(!is_good(&bytes[..last]) && !is_good(&[&bytes[..], b"\n"].concat()));
}

#[tokio::test]
async fn one_without_a_signature_is_unsigned_and_one_that_lost_it_is_changed() {
    let (pair, _) = answered().await;
    let text = String::from_utf8(receipt(&pair)).unwrap();
    let without = |keys: &[&str]| -> String {
        let is_kept = |line: &&str| !keys.iter().any(|key| line.starts_with(key));
        text.split_inclusive('\n').filter(is_kept).collect()
    };
    let told = |text: String| kind(&verified(&pair.bob.manager, text.as_bytes()));
    assert_eq!(told(without(&["signature:"])), Some("changed"));
    assert_eq!(told(without(&["signature:", "signed_by:"])), Some("unsigned"));
    assert_eq!(told("what is this".to_owned()), Some("unreadable"));
    let keyless = Pair::keyless().await;
    let id = keyless.submit("true\n", "census").await.id;
    keyless.bob.sync().await;
    keyless.alice.sync().await;
    keyless.approve(&id);
    run(&keyless, &id);
    exchange(&keyless).await;
    let check = verified(&keyless.bob.manager, &receipt(&keyless));
    assert_eq!((kind(&check), check.key), (Some("unsigned"), None));
}

#[tokio::test]
async fn a_receipt_counts_beside_the_job_that_it_is_about_alone() {
    let (pair, submitted) = Pair::with_job("echo 42 > outputs/answer.txt\n").await;
    pair.approve(&submitted.id);
    run(&pair, &submitted.id);
    // There before anything is released.
    exchange(&pair).await;
    let check = |name: &str| {
        let store = pair.bob.manager.job_store();
        let job = store.sent_to(&alice(), &name.parse().unwrap()).unwrap();
        let bytes = job.receipt_file().unwrap()?;
        Some(pair.bob.manager.check_receipt(&job, &bytes).unwrap())
    };
    let held = check("census").unwrap();
    assert!(held.is_good() && !held.receipt.unwrap().is_answered());

    let other = pair.submit("echo 43 > outputs/answer.txt\n", "other").await;
    pair.bob.sync().await;
    pair.alice.sync().await;
    assert_eq!(check("other"), None);
    pair.approve(&other.id);
    run(&pair, &other.id);
    exchange(&pair).await;
    assert!(check("other").unwrap().is_good());
    let path = |name: &str| format!("{}/jobs/{}/{name}/receipt.yaml", alice(), pair.bob.email);
    pair.bob.write(&path("other"), &pair.bob.read(&path("census")).unwrap());
    assert_eq!(kind(&check("other").unwrap()), Some("other_job"));
    // What is given back or let out later is signed as well.
    pair.alice.manager.release_job(&submitted.id, None, &ReleaseFiles::All, false).unwrap();
    exchange(&pair).await;
    let answered = check("census").unwrap();
    assert!(answered.is_good() && answered.receipt.unwrap().is_answered());
    assert!(!pair.bob.manager.writes_no_receipts(&alice()).unwrap());
}

#[tokio::test]
async fn a_fresh_machine_has_the_receipts_of_its_owner_too() {
    let (pair, id) = answered().await;
    let path = format!(".syft/runs/{id}-1/receipt.yaml");
    let kept = pair.alice.read(&path).unwrap();
    let machine = pair.alice.another_home(7);
    let config = machine.config(Arc::new(pair.store.user(alice())));
    let manager = SyftboxManager::login(config).await.unwrap();
    assert_eq!(std::fs::read_to_string(machine.home.path().join(path)).unwrap(), kept);
    assert_eq!(verified(&manager, kept.as_bytes()).key, Some(ReceiptKey::Mine));
}
