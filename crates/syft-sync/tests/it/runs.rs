//! Whose jobs run, and that what has run is kept.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::common::interloper::Interloper;
use crate::common::{Pair, alice, bob};
use syft_core::{HomeLock, JobName};
use syft_job::sandbox::{
    BoxReport, BoxedJob, IsolationLevel, LogSink, LogStream, PlainSandbox, Sandbox,
};
use syft_job::{JobId, OutputSink, RehearsalOptions, RunOptions, Script, Status, Submission};
use syft_sync::{DeleteOptions, Error, ProcessOptions, Sent};

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

    fn run(
        &self,
        job: &BoxedJob,
        log: &mut dyn LogSink,
        outputs: &mut dyn OutputSink,
    ) -> syft_job::Result<BoxReport> {
        let report = PlainSandbox.run(job, log, outputs)?;
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

#[tokio::test]
async fn no_home_is_cleared_while_a_job_runs_or_is_rehearsed_in_it() {
    let (pair, submitted) = Pair::with_job("echo one\n").await;
    pair.approve(&submitted.id);
    let (manager, jobs) = (&pair.alice.manager, pair.alice.manager.job_store());
    let job = jobs.received(&submitted.id).unwrap();
    let rehearsal = RehearsalOptions { minimum: IsolationLevel::L0, ..RehearsalOptions::default() };
    let run = || jobs.begin_run(&submitted.id, &options(), &PlainSandbox);
    let rehearse = || jobs.begin_rehearsal(&job, &rehearsal, &PlainSandbox);
    for goes_on in ["run", "rehearsal"] {
        let _begun = match goes_on {
            "run" => (Some(run().unwrap()), None),
            _ => (None, Some(rehearse().unwrap())),
        };
        // Who holds a lock is noted in it.
        let here = || {
            let mut tree = pair.alice.tree("");
            tree.retain(|path, _| !path.ends_with(".runner"));
            tree
        };
        let before = (here(), pair.objects());
        let error = manager.delete_syftbox(&DeleteOptions::default()).await.unwrap_err();
        let busy = matches!(error, Error::Job(syft_job::Error::RunnerBusy));
        assert!(busy, "{goes_on}: {error}");
        assert_eq!((here(), pair.objects()), before);
        // What goes on is no reason not to say what would go, or to clear the store.
        let dry = DeleteOptions { dry_run: true, ..DeleteOptions::default() };
        manager.delete_syftbox(&dry).await.unwrap();
    }
    manager.delete_syftbox(&DeleteOptions::default()).await.unwrap();
    assert!(pair.alice.tree("").is_empty());
}

#[tokio::test]
async fn a_job_that_another_process_has_just_sent_is_sent_once() {
    for other in ["echo one\n", "echo another\n"] {
        let mut pair = Pair::sealed().await;
        let submission = |script: &str| {
            let mut submission = Submission::new(alice(), Script::Text(script.to_owned()));
            submission.name = Some(JobName::parse("count").unwrap());
            submission
        };
        // It sends after this one has planned, when it looks at the store.
        let beside = pair.bob.manager.job_store().clone();
        let sent = Arc::new(Mutex::new(None));
        let (theirs, note) = (submission(other), sent.clone());
        let store = Arc::new(pair.store.user(bob()));
        let interloper = Interloper::new(store, move || {
            *note.lock().unwrap() = Some(beside.submit(&theirs).unwrap());
        });
        pair.bob.restart(Arc::new(interloper));
        let ours = pair.bob.manager.submit_once(&submission("echo one\n"), false).await.unwrap();
        let theirs = sent.lock().unwrap().take().unwrap();
        match ours {
            Sent::Before(job) if other == "echo one\n" => assert_eq!(*job.id(), theirs.id),
            Sent::Revised(revised) => assert_eq!(revised.id, theirs.id),
            ours => panic!("{other}: {ours:?}"),
        }
        assert_eq!(pair.bob.manager.job_store().jobs().unwrap().iter().count(), 1);
    }
}

#[tokio::test]
async fn a_job_of_who_is_no_peer_runs_in_no_way() {
    for state in ["removed", "rejected"] {
        let (pair, submitted) = Pair::with_job("echo one\n").await;
        let id = submitted.id;
        pair.approve(&id);
        let peers = pair.alice.read(".syft/decisions/peers.yaml").unwrap();
        assert!(peers.contains("accepted"), "{peers}");
        pair.alice.write(".syft/decisions/peers.yaml", &peers.replace("accepted", state));
        let manager = &pair.alice.manager;
        let refused = |ran: Result<syft_job::JobRun, Error>| {
            let error = ran.unwrap_err();
            assert!(matches!(&error, Error::PeerState { peer, .. } if *peer == bob()), "{error}");
            assert!(error.to_string().contains("syft peer approve bob@"), "{error}");
        };
        refused(manager.run_job(&id, &options(), &PlainSandbox, &mut quiet));
        for force_execution in [false, true] {
            let options = ProcessOptions {
                minimum: IsolationLevel::L0,
                force_execution,
                ..ProcessOptions::default()
            };
            let ran = manager.process_approved_jobs(&options, &PlainSandbox, &mut quiet).await;
            refused(ran.unwrap().pop().unwrap().1);
        }
        assert!(pair.alice.audit("job.run.started").is_empty());
        assert!(pair.alice.audit("execution.forced").is_empty());
        assert_eq!(manager.job_store().received(&id).unwrap().status(), Status::Approved);
        // A peer again, its job runs; and what has run is not run again for a stranger.
        pair.alice.write(".syft/decisions/peers.yaml", &peers);
        manager.run_job(&id, &options(), &PlainSandbox, &mut quiet).unwrap();
        pair.alice.write(".syft/decisions/peers.yaml", &peers.replace("accepted", state));
        refused(manager.rerun_job(&id, &options(), &PlainSandbox, &mut quiet));
    }
}
