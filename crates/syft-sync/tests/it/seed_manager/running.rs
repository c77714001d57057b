//! `process_approved_jobs`.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use syft_job::sandbox::{Exit, IsolationLevel, LogSink, LogStream, PlainSandbox};
use syft_job::{ApproveOptions, Status};
use syft_sync::{DEFAULT_JOB_TIMEOUT, Error, Notice, ProcessOptions, Processed, SubmitOptions};

use super::{Cast, alice, bob, hello, python_hello};

/// What a job prints, as its owner sees it come.
#[derive(Debug, Default)]
struct Seen {
    stdout: String,
    ended: usize,
}

impl LogSink for Seen {
    fn chunk(&mut self, stream: LogStream, bytes: &[u8]) {
        if stream == LogStream::Stdout {
            self.stdout.push_str(&String::from_utf8_lossy(bytes));
        }
    }

    fn end(&mut self) {
        self.ended += 1;
    }
}

/// The defaults, without a box.
fn plain() -> ProcessOptions {
    ProcessOptions { minimum: IsolationLevel::L0, ..ProcessOptions::default() }
}

/// Bob's jobs, approved by Alice.
async fn approved(cast: &Cast, scripts: &[&str]) {
    for script in scripts {
        cast.ds_client.submit_bash_job(&alice(), *script, SubmitOptions::default()).await.unwrap();
    }
    for job in &cast.do_client.jobs().await.unwrap() {
        let limits = cast.do_client.limits();
        let options = ApproveOptions { limits, ..ApproveOptions::default() };
        cast.do_client.approve_job(job.id(), &options).unwrap();
    }
}

async fn process(cast: &Cast, options: &ProcessOptions) -> (Processed, Seen) {
    let mut seen = Seen::default();
    let client = &cast.do_client;
    let done = client.process_approved_jobs(options, &PlainSandbox, &mut seen).await;
    (done.unwrap(), seen)
}

#[tokio::test]
async fn process_with_default_settings() {
    let cast = Cast::connected().await;
    approved(&cast, &["echo one > outputs/a.txt; echo first", "echo second; exit 3"]).await;
    let (done, seen) = process(&cast, &plain()).await;
    let codes: BTreeSet<Option<i32>> = done
        .iter()
        .map(|(_, run)| run.as_ref().unwrap().finished.as_ref().unwrap().exit_code())
        .collect();
    assert_eq!((codes, seen.ended), (BTreeSet::from([Some(0), Some(3)]), 2));
    let streamed = seen.stdout.lines().collect::<BTreeSet<_>>();
    assert_eq!(streamed, BTreeSet::from(["first", "second"]), "streamed by default");
    // It was synced afterwards, and nothing is shared by default.
    let jobs = cast.ds_client.jobs().await.unwrap();
    let status: BTreeSet<&str> = jobs.iter().map(|job| job.status().as_str()).collect();
    assert_eq!(status, BTreeSet::from(["done", "failed"]));
    for job in &jobs {
        assert!(job.outputs().unwrap().is_empty() && job.stdout().unwrap().is_none());
    }
    let (again, _) = process(&cast, &plain()).await;
    assert!(again.is_empty(), "what has run is not run again");
}

#[tokio::test]
async fn process_with_custom_settings() {
    let cast = Cast::connected().await;
    approved(&cast, &["echo one > outputs/a.txt; echo first"]).await;
    let options = ProcessOptions {
        stream_output: true,
        timeout: Some(Duration::from_secs(600)),
        force_execution: false,
        share_outputs_with_submitter: true,
        share_logs_with_submitter: true,
        ..plain()
    };
    let (done, _) = process(&cast, &options).await;
    let run = done[0].1.as_ref().unwrap();
    assert_eq!(run.started.limits.wall, Duration::from_secs(600));
    let jobs = cast.ds_client.jobs().await.unwrap();
    let job = jobs.iter().next().unwrap();
    let output = job.output(&syft_core::DatasitePath::parse("a.txt").unwrap()).unwrap();
    assert_eq!(output, b"one\n");
    assert_eq!(job.stdout().unwrap().unwrap().text(), "first\n");
}

#[tokio::test]
async fn stream_output_false_captures_and_shows_nothing() {
    let cast = Cast::connected().await;
    approved(&cast, &["echo first"]).await;
    let options = ProcessOptions { stream_output: false, ..plain() };
    let (_, seen) = process(&cast, &options).await;
    assert_eq!(seen.stdout, "");
    let jobs = cast.do_client.jobs().await.unwrap();
    assert_eq!(jobs.iter().next().unwrap().stdout().unwrap().unwrap().text(), "first\n");
}

#[tokio::test]
async fn the_default_timeout_is_300_seconds_or_what_the_environment_says() {
    assert_eq!(DEFAULT_JOB_TIMEOUT, Duration::from_secs(300));
    let mut cast = Cast::connected().await;
    assert_eq!(cast.do_client.limits().wall, DEFAULT_JOB_TIMEOUT);
    let store = Arc::new(cast.store.user(alice()));
    cast.do_client.reopen(store, |config| config.job_timeout = Duration::from_secs(1));
    approved(&cast, &["sleep 60"]).await;
    let (done, _) = process(&cast, &plain()).await;
    let finished = done[0].1.as_ref().unwrap().finished.as_ref().unwrap();
    assert_eq!(finished.exit, Some(Exit::TimedOut));
}

#[tokio::test]
async fn pre_sync_false_leaves_the_results_to_the_next_sync() {
    let mut cast = Cast::connected().await;
    approved(&cast, &["echo first"]).await;
    let store = Arc::new(cast.store.user(alice()));
    cast.do_client.reopen(store, |config| config.pre_sync = false);
    let (done, _) = process(&cast, &plain()).await;
    assert!(done[0].1.is_ok());
    let status = |jobs: syft_job::JobsList| jobs.iter().next().unwrap().status();
    assert_ne!(status(cast.ds_client.jobs().await.unwrap()), Status::Done);
    cast.do_client.sync(&Default::default()).await.unwrap();
    assert_eq!(status(cast.ds_client.jobs().await.unwrap()), Status::Done);
}

#[tokio::test]
async fn jobs_of_incompatible_peers_are_skipped_with_a_warning_unless_forced() {
    for (advert, why) in
        [(hello(&bob(), 7), "versions 7 to 7"), (python_hello("0.10.1"), "runs syft 0.10.1")]
    {
        let cast = Cast::connected().await;
        approved(&cast, &["echo first"]).await;
        cast.say(alice(), bob(), advert);
        cast.do_client.heard();
        let (done, seen) = process(&cast, &plain()).await;
        assert!(matches!(done[0].1, Err(Error::Incompatible { .. })));
        assert_eq!(seen.stdout, "");
        let warned = |notice: &Notice| {
            matches!(notice, Notice::JobSkipped { submitter, reason, .. }
                if *submitter == bob() && reason.contains(why))
        };
        assert!(cast.do_client.heard().iter().any(warned));
        let options = ProcessOptions { force_execution: true, ..plain() };
        let (done, seen) = process(&cast, &options).await;
        assert!(done[0].1.is_ok() && seen.stdout == "first\n");
        assert_eq!(cast.do_client.audited("execution.forced"), 1);
    }
}

#[tokio::test]
async fn a_job_of_a_removed_peer_is_skipped_too() {
    let cast = Cast::connected().await;
    approved(&cast, &["echo first"]).await;
    cast.do_client.remove_peer(&bob()).await.unwrap();
    let (done, _) = process(&cast, &plain()).await;
    assert!(matches!(done[0].1, Err(Error::PeerState { .. })));
}
