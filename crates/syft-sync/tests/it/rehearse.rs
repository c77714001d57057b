//! Both sides rehearse one job, each on its own copy of the mock.

use std::sync::Mutex;
use std::time::Duration;

use crate::common::{Pair, alice, bob};
use syft_core::{DatasetName, JobName};
use syft_dataset::Audience;
use syft_job::sandbox::{
    BoxReport, BoxedJob, Exit, IsolationLevel, LogSink, LogStream, PlainSandbox, Sandbox,
};
use syft_job::{OutputSink, Rehearsal, RehearsalOptions, Script, Status, Submission};
use syft_sync::{Error, Preview, RehearsalBudget};

fn options() -> RehearsalOptions {
    RehearsalOptions { minimum: IsolationLevel::L0, ..RehearsalOptions::default() }
}

fn quiet(_: LogStream, _: &[u8]) {}

fn submission(script: &str) -> Submission {
    let mut submission = Submission::new(alice(), Script::Text(script.to_owned()));
    submission.name = Some(JobName::parse("count").unwrap());
    submission.datasets = vec![DatasetName::parse("census").unwrap()];
    submission
}

impl Pair {
    fn rehearses_what_arrived(&self) -> syft_sync::Result<Rehearsal> {
        let job = self.alice.manager.job_store().job("count").unwrap();
        self.alice.manager.rehearse_job(job.id(), &options(), &PlainSandbox, &mut quiet)
    }
}

#[tokio::test]
async fn the_scientist_rehearses_before_sending_and_the_owner_before_deciding() {
    let pair = Pair::connected().await;
    pair.create_dataset("census", Audience::users([bob()].into()));
    let submission =
        submission("cat $SYFT_DATASET_CENSUS; wc -l < $SYFT_DATASET_CENSUS > outputs/n");
    let bobs = &pair.bob.manager;
    let try_it = || bobs.rehearse_submission(&submission, &options(), &PlainSandbox, &mut quiet);
    let missing = try_it();
    assert!(matches!(missing, Err(Error::Job(syft_job::Error::NoMock { .. }))), "{missing:?}");
    pair.alice.sync().await;
    pair.bob.sync().await;
    let own = try_it().unwrap();
    assert_eq!(own.stdout, "name,age\nmade up,1\n");
    assert!(own.is_success() && own.outputs_count == 1);

    let submitted = bobs.submit_job(&submission, false).await.unwrap();
    assert_eq!(submitted.digest, own.digest);
    pair.bob.sync().await;
    pair.alice.sync().await;
    let theirs = pair.rehearses_what_arrived().unwrap();
    assert_eq!((&theirs.stdout, theirs.digest), (&own.stdout, own.digest));
    assert_eq!(theirs.read[0].path.file_name().unwrap(), "mock.csv");
    for node in [&pair.alice, &pair.bob] {
        let job = node.manager.job_store().job("count").unwrap();
        assert_eq!(job.status(), Status::Inbox);
        assert!(job.summary().unwrap().rehearsal.unwrap().ok);
    }
    assert_eq!(pair.alice.audit("job.rehearsed").len(), 1);
    assert_eq!(pair.bob.audit("job.rehearsed").len(), 0);
    // Nothing of it travels.
    let before = pair.objects();
    pair.alice.sync().await;
    pair.bob.sync().await;
    let new: Vec<_> = pair.objects().into_keys().filter(|key| !before.contains_key(key)).collect();
    assert_eq!(new, Vec::<String>::new());
}

#[tokio::test]
async fn code_of_somebody_who_is_no_peer_any_more_is_not_rehearsed() {
    let pair = Pair::connected().await;
    pair.create_dataset("census", Audience::users([bob()].into()));
    pair.bob.manager.submit_job(&submission("true"), false).await.unwrap();
    pair.bob.sync().await;
    pair.alice.sync().await;
    let peers = pair.alice.read(".syft/decisions/peers.yaml").unwrap();
    assert!(peers.contains("accepted"), "{peers}");
    pair.alice.write(".syft/decisions/peers.yaml", &peers.replace("accepted", "rejected"));
    let refused = pair.rehearses_what_arrived();
    assert!(matches!(&refused, Err(Error::UnknownPeer(who)) if *who == bob()), "{refused:?}");
    assert!(pair.alice.audit("job.rehearsed").is_empty());
}

/// A box in which every job takes a minute and a half, or what it may take.
#[derive(Debug, Default)]
struct Slow(Mutex<Vec<Duration>>);

impl Sandbox for Slow {
    fn level(&self) -> IsolationLevel {
        IsolationLevel::L2
    }

    fn run(
        &self,
        job: &BoxedJob,
        _: &mut dyn LogSink,
        _: &mut dyn OutputSink,
    ) -> syft_job::Result<BoxReport> {
        self.0.lock().unwrap().push(job.limits.wall);
        Ok(BoxReport {
            exit: Exit::TimedOut,
            limits_hit: Vec::new(),
            duration: job.limits.wall.min(Duration::from_secs(90)),
            level: IsolationLevel::L2,
            landlock_abi: None,
            stdout_bytes: 0,
            stderr_bytes: 0,
        })
    }
}

#[tokio::test]
async fn what_is_tried_unasked_is_bounded_for_each_job_and_each_peer() {
    let pair = Pair::connected().await;
    pair.create_dataset("census", Audience::users([bob()].into()));
    pair.alice.sync().await;
    pair.bob.sync().await;
    for name in ["one", "two", "three", "four"] {
        let mut submission = submission(&format!("echo {name}\n"));
        submission.name = Some(JobName::parse(name).unwrap());
        pair.bob.manager.submit_job(&submission, false).await.unwrap();
    }
    pair.bob.sync().await;
    pair.alice.sync().await;
    let alices = &pair.alice.manager;
    let (slow, mut budget) = (Slow::default(), RehearsalBudget::default());
    let mut preview = |name: &str| {
        let id = alices.job_store().job(name).unwrap().id().clone();
        alices.preview_job(&id, &mut budget, &slow).unwrap()
    };
    assert!(matches!(preview("one"), Preview::Made(_)));
    assert_eq!(preview("one"), Preview::Known);
    assert!(matches!(preview("two"), Preview::Made(_)));
    let Preview::Skipped(why) = preview("three") else { panic!("not skipped") };
    assert!(why.contains("were tried for 120 s already"), "{why}");
    assert_eq!(*slow.0.lock().unwrap(), [60, 60].map(Duration::from_secs));
    // A box that is too weak for others' jobs tries none, and that is no failure.
    let id = alices.job_store().job("four").unwrap().id().clone();
    let tried = alices.preview_job(&id, &mut RehearsalBudget::default(), &PlainSandbox).unwrap();
    assert!(matches!(&tried, Preview::Skipped(why) if why.contains("level L2")), "{tried:?}");
}
