//! The main job between two nodes, without the command line.

use crate::common::{Pair, Silent, alice, bob};
use syft_core::JobName;
use syft_dataset::Audience;
use syft_job::sandbox::{IsolationLevel, PlainSandbox};
use syft_job::{ReleaseFiles, RunOptions, Script, Status, Submission};
use syft_sync::{PeerState, Sent};

#[tokio::test]
async fn a_request_is_answered() {
    let pair = Pair::strangers().await;
    let asked = pair.bob.manager.add_peer(&alice(), false).await.unwrap();
    assert_eq!(asked.state, PeerState::RequestedByMe);
    let seen = pair.alice.manager.load_peers().await.unwrap();
    assert_eq!(seen[0].state, PeerState::RequestedByPeer);
    pair.alice.manager.approve_peer_request(&bob(), true).await.unwrap();
    let answered = pair.bob.manager.load_peers().await.unwrap();
    assert_eq!(answered[0].state, PeerState::Accepted);
}

#[tokio::test]
async fn the_main_job_end_to_end() {
    let (pair, submitted) = Pair::with_job("echo 42 > $SYFT_OUTPUTS/answer.txt").await;
    let job = pair.alice.manager.job_store().job("census").unwrap();
    assert_eq!(job.status(), Status::Inbox);
    assert_eq!(job.id(), &submitted.id);
    pair.approve(&submitted.id);
    let options = RunOptions { minimum: IsolationLevel::L0, ..RunOptions::default() };
    let run = pair.alice.manager.run_job(&submitted.id, &options, &PlainSandbox, &mut Silent);
    assert_eq!(run.unwrap().finished.unwrap().exit_code(), Some(0));
    pair.alice.sync().await;
    pair.bob.sync().await;
    let job = pair.bob.manager.job_store().job("census").unwrap();
    assert_eq!(job.status(), Status::Done);
    assert!(job.outputs().unwrap().is_empty(), "nothing is released yet");
    pair.alice.manager.release_job(&submitted.id, None, &ReleaseFiles::All, false).unwrap();
    pair.alice.sync().await;
    pair.bob.sync().await;
    let answer = "alice@hospital.org/jobs/bob@university.org/census/outputs/answer.txt";
    assert_eq!(pair.bob.read(answer).unwrap(), "42\n");
}

#[tokio::test]
async fn a_mock_reaches_those_it_is_shared_with_and_the_data_stays() {
    let pair = Pair::connected().await;
    pair.create_dataset("patients", Audience::Any);
    pair.alice.sync().await;
    pair.bob.sync().await;
    let datasets = pair.bob.manager.list_datasets().unwrap();
    assert_eq!(datasets[0].name.as_str(), "patients");
    let leaked = pair
        .objects()
        .into_values()
        .any(|bytes| String::from_utf8_lossy(&bytes).contains("REAL PERSON"));
    assert!(!leaked);
}

/// Whoever waits for a job is told its id, and so is who must act.
#[tokio::test]
async fn a_job_that_is_changed_before_it_is_taken_has_one_id_on_both_sides() {
    let pair = Pair::connected().await;
    let submission = |script: &str| {
        let mut one = Submission::new(alice(), Script::Text(script.to_owned()));
        one.name = Some(JobName::parse("count").unwrap());
        one
    };
    let Sent::New(first) =
        pair.bob.manager.submit_once(&submission("echo 1"), false).await.unwrap()
    else {
        panic!("it is new");
    };
    pair.bob.sync().await;
    for script in ["echo 2", "echo 3"] {
        let sent = pair.bob.manager.submit_once(&submission(script), false).await.unwrap();
        assert!(matches!(&sent, Sent::Revised(it) if it.id == first.id), "{sent:?}");
        pair.bob.sync().await;
    }
    pair.alice.sync().await;
    let jobs = pair.alice.manager.job_store().jobs().unwrap();
    let ids: Vec<_> = jobs.iter().map(|job| job.id().clone()).collect();
    assert_eq!(ids, [first.id]);
    let script = pair.alice.read("alice@hospital.org/jobs/bob@university.org/count/run.sh");
    assert_eq!(script.as_deref(), Some("echo 3"));
    assert!(pair.alice.manager.quarantine().list().unwrap().is_empty());
}
