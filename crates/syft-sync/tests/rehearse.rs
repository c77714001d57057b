//! Both sides rehearse one job, each on its own copy of the mock.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod common;

use common::{Pair, alice, bob};
use syft_core::{DatasetName, JobName};
use syft_dataset::Audience;
use syft_job::sandbox::{IsolationLevel, LogStream, PlainSandbox};
use syft_job::{Rehearsal, RehearsalOptions, Script, Status, Submission};
use syft_sync::Error;

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
