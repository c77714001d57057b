//! What has run is kept.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod common;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use common::{Pair, alice};
use syft_core::HomeLock;
use syft_job::sandbox::{
    BoxReport, BoxedJob, IsolationLevel, LogSink, LogStream, PlainSandbox, Sandbox,
};
use syft_job::{JobId, RehearsalOptions, RunOptions, Status};

fn quiet(_: LogStream, _: &[u8]) {}

fn options() -> RunOptions {
    RunOptions { minimum: IsolationLevel::L0, ..RunOptions::default() }
}

/// While a job runs in it, somebody else takes the home, and gives it back only
/// after a node of little patience has given up.
#[derive(Debug)]
struct Besieged {
    home: PathBuf,
    gives_back: Mutex<Option<JoinHandle<()>>>,
}

impl Besieged {
    fn new(pair: &Pair) -> Self {
        Besieged { home: pair.alice.home.path().to_owned(), gives_back: Mutex::default() }
    }

    fn is_over(&self) {
        self.gives_back.lock().unwrap().take().unwrap().join().unwrap();
    }
}

impl Sandbox for Besieged {
    fn level(&self) -> IsolationLevel {
        IsolationLevel::L0
    }

    fn run(&self, job: &BoxedJob, log: &mut dyn LogSink) -> syft_job::Result<BoxReport> {
        let report = PlainSandbox.run(job, log)?;
        let held = HomeLock::acquire(&self.home, Duration::from_secs(5)).unwrap();
        let home = self.home.clone();
        *self.gives_back.lock().unwrap() = Some(std::thread::spawn(move || {
            // The home is held, so that this waits for all of it, in vain.
            let in_vain = HomeLock::acquire(&home, Duration::from_millis(800));
            assert!(in_vain.is_err());
            drop(held);
        }));
        Ok(report)
    }
}

/// A pair whose owner waits for the home no longer than it must.
async fn impatient(script: &str) -> (Pair, JobId) {
    let (mut pair, submitted) = Pair::with_job(script).await;
    let store = Arc::new(pair.store.user(alice()));
    pair.alice.restart_with(store, |config| config.lock_wait = Duration::from_millis(1));
    (pair, submitted.id)
}

#[tokio::test]
async fn what_has_run_waits_for_the_home_and_is_kept() {
    let (pair, id) = impatient("echo one > outputs/a.txt\n").await;
    pair.approve(&id);
    let sandbox = Besieged::new(&pair);
    let run = pair.alice.manager.run_job(&id, &options(), &sandbox, &mut quiet).unwrap();
    sandbox.is_over();
    assert_eq!(run.finished.unwrap().outputs.len(), 1);
    assert_eq!(pair.alice.manager.job_store().received(&id).unwrap().status(), Status::Done);
}

#[tokio::test]
async fn what_was_rehearsed_waits_for_the_home_and_is_remembered() {
    let (pair, id) = impatient("echo one\n").await;
    let sandbox = Besieged::new(&pair);
    let options = RehearsalOptions { minimum: IsolationLevel::L0, ..RehearsalOptions::default() };
    let rehearsed = pair.alice.manager.rehearse_job(&id, &options, &sandbox, &mut quiet).unwrap();
    sandbox.is_over();
    assert_eq!(rehearsed.stdout, "one\n");
    let job = pair.alice.manager.job_store().received(&id).unwrap();
    assert!(job.summary().unwrap().rehearsal.unwrap().ok);
}
