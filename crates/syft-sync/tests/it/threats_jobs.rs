//! A message that pretends an approval, by the rows of the threat list: nothing of
//! it is read as a decision, and nothing runs.

use crate::common::forge::{self, pack_json};
use crate::common::{Pair, alice, bob, inbox};
use serde_json::Value;
use syft_core::RejectCode;
use syft_job::Status;
use syft_job::sandbox::{IsolationLevel, LogStream, PlainSandbox};
use syft_sync::ProcessOptions;

/// What would say that a job is approved, could anybody say so by a file.
const STATE: &str = "status: approved\napproved_by: alice@hospital.org\n";
const RUN_SH: &str = "touch \"$SYFT_OUTPUTS/it-ran\"\n";

fn job_path(rest: &str) -> String {
    format!("jobs/{}/forged/{rest}", bob())
}

/// The files that pretend: in the job, beside it, and where others keep decisions.
fn pretending() -> Vec<String> {
    let review = format!("review/{}/v1/forged", bob());
    ["state.yaml", "approved", "done", "running", "receipt.yaml", "outputs/state.yaml"]
        .map(job_path)
        .into_iter()
        .chain([
            format!("{review}/state.yaml"),
            format!("{review}/approved"),
            format!("jobs/{}/approved", bob()),
            ".syft/decisions/forged.json".to_owned(),
        ])
        .collect()
}

/// A message of a whole job and of files that pretend, as JSON.
async fn message(pair: &Pair, number: u32, pretending: &[String]) -> Value {
    // Bob's node writes the job; what goes out is forged.
    let folder = format!("{}/jobs/{}/forged", alice(), bob());
    if pair.bob.read(&format!("{folder}/run.sh")).is_none() {
        pair.submit(RUN_SH, "forged").await;
    }
    let job = ["run.sh", "config.yaml"]
        .map(|name| (job_path(name), pair.bob.read(&format!("{folder}/{name}")).unwrap()));
    let pretending = pretending.iter().map(|path| (path.clone(), STATE.to_owned()));
    let files: Vec<(String, String)> = job.into_iter().chain(pretending).collect();
    let paths: Vec<String> = files.iter().map(|(path, _)| path.clone()).collect();
    let mut document = forge::with_paths(number, &paths);
    let changes = document["proposed_file_changes"].as_array_mut().unwrap();
    for (change, (_, content)) in changes.iter_mut().zip(&files) {
        let hash = syft_core::ContentHash::of(content.as_bytes());
        change["content"] = content.as_str().into();
        change["new_hash"] = hash.to_string().into();
    }
    document
}

fn plant(pair: &Pair, number: u32, document: &Value) {
    let (name, bytes) = (forge::name(number), pack_json(document));
    pair.store.plant(&inbox(alice(), bob()), &name, bytes, Some(bob()));
}

/// Alice runs all that she has approved: nothing. And nothing says otherwise.
async fn nothing_is_approved(pair: &Pair) {
    let options = ProcessOptions { minimum: IsolationLevel::L0, ..ProcessOptions::default() };
    let mut silent = |_: LogStream, _: &[u8]| {};
    let manager = &pair.alice.manager;
    assert!(manager.approved_jobs().unwrap().is_empty());
    let ran = manager.process_approved_jobs(&options, &PlainSandbox, &mut silent).await.unwrap();
    assert!(ran.is_empty(), "{ran:?}");
    for action in ["job.approved", "job.started", "job.finished"] {
        assert!(pair.alice.audit(action).is_empty(), "{action}");
    }
    for path in pretending() {
        let here = pair.alice.read(&format!("{}/{path}", alice()));
        assert_eq!(here, None, "{path} was taken");
        let in_home = pair.alice.read(&path);
        assert_eq!(in_home, None, "{path} was taken into the home");
    }
    let decisions = pair.alice.tree(".syft/decisions");
    let of_jobs: Vec<_> = decisions.keys().filter(|path| path.contains("job")).collect();
    assert!(of_jobs.is_empty(), "{of_jobs:?} of {:?}", decisions.keys());
    assert!(pair.alice.tree(".syft/runs").is_empty());
}

#[tokio::test]
async fn s2_a_message_in_the_owners_name_with_its_own_approval_is_put_away() {
    let pair = Pair::connected().await;
    let in_her_name =
        forge::set(message(&pair, 1, &pretending()).await, "/sender_email", alice().as_str());
    plant(&pair, 1, &in_her_name);
    // A path that is none anywhere is found before who may write it.
    let parsable: Vec<String> =
        pretending().into_iter().filter(|path| !path.starts_with('.')).collect();
    let in_her_name =
        forge::set(message(&pair, 2, &parsable).await, "/sender_email", alice().as_str());
    plant(&pair, 2, &in_her_name);
    pair.alice.sync().await;
    let items = pair.alice.manager.quarantine().list().unwrap();
    assert_eq!(items.len(), 2);
    assert!(items.iter().any(|item| item.code == RejectCode::SenderMismatch), "{items:?}");
    assert!(pair.alice.manager.job_store().jobs().unwrap().is_empty());
    nothing_is_approved(&pair).await;
}

#[tokio::test]
async fn p6_a_job_that_brings_its_approval_along_waits_like_any_other() {
    let pair = Pair::connected().await;
    let parsable: Vec<String> =
        pretending().into_iter().filter(|path| !path.starts_with('.')).collect();
    plant(&pair, 1, &message(&pair, 1, &parsable).await);
    pair.alice.sync().await;
    let jobs = pair.alice.manager.job_store().jobs().unwrap();
    let statuses: Vec<_> = jobs.iter().map(|job| job.status()).collect();
    assert_eq!(statuses, [Status::Inbox], "the script is there, and waits");
    let refused = pair.alice.audit("change.refused");
    let refused: Vec<&str> = refused.iter().map(|entry| entry.subject.as_str()).collect();
    assert_eq!(refused, parsable, "each of them, and nothing of the job");
    nothing_is_approved(&pair).await;
    // Nor later, file by file.
    for (number, path) in (2..).zip(&parsable) {
        plant(&pair, number, &forge::with_path(number, path));
    }
    pair.alice.sync().await;
    let jobs = pair.alice.manager.job_store().jobs().unwrap();
    assert_eq!(jobs.iter().next().unwrap().status(), Status::Inbox);
    nothing_is_approved(&pair).await;
}

#[tokio::test]
async fn p6_a_marker_that_lies_in_the_folder_decides_nothing() {
    let (pair, submitted) = Pair::with_job("echo 1\n").await;
    let folder = format!("{}/jobs/{}/census", alice(), bob());
    for marker in ["approved", "done", "state.yaml"] {
        pair.alice.write(&format!("{folder}/{marker}"), STATE);
    }
    pair.alice.sync().await;
    let job = pair.alice.manager.job_store().received(&submitted.id).unwrap();
    assert_eq!(job.status(), Status::Inbox);
    assert!(pair.alice.manager.approved_jobs().unwrap().is_empty());
    pair.bob.sync().await;
    let seen = pair.bob.manager.job_store().job("census").unwrap();
    assert!(!matches!(seen.status(), Status::Approved | Status::Done), "{}", seen.status());
}
