//! What the store is given to keep, and what it can make of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod common;

use common::Pair;
use syft_dataset::Audience;
use syft_job::sandbox::{IsolationLevel, PlainSandbox};
use syft_job::{ReleaseFiles, RunOptions};

#[derive(Debug)]
struct Silent;

impl syft_job::sandbox::LogSink for Silent {
    fn chunk(&mut self, _: syft_job::sandbox::LogStream, _: &[u8]) {}
}

/// Words that stand in what is exchanged, and in no address or time.
const SECRETS: [&str; 8] = [
    "zebra-script",
    "zebra-answer",
    "zebra-note",
    "made up",
    "REAL PERSON",
    "patients",
    "mock.csv",
    "zebra-job",
];

/// Nothing that lies in the store tells what it is, but hellos, which hold keys alone.
fn assert_unreadable(pair: &Pair) {
    let objects = pair.objects();
    assert!(objects.len() > 10, "{:?}", objects.keys());
    for (key, bytes) in &objects {
        for secret in SECRETS {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found && !key.contains(secret), "{secret} in {key}");
        }
        let is_open = key.ends_with("/hello");
        assert_eq!(bytes.starts_with(b"SYC2"), !is_open, "{key}");
    }
}

async fn whole_story(pair: &Pair) {
    pair.create_dataset("patients", Audience::Any);
    pair.alice.write("alice@hospital.org/public/notes.txt", "zebra-note\n");
    pair.alice.write("alice@hospital.org/own/notes.txt", "zebra-note of mine\n");
    pair.alice.sync().await;
    pair.bob.sync().await;
    let mock = "alice@hospital.org/public/datasets/patients/mock.csv";
    assert_eq!(pair.bob.read(mock).unwrap(), "name,age\nmade up,1\n");
    let script = "# zebra-script\necho zebra-answer > $SYFT_OUTPUTS/answer.txt";
    let submitted = pair.submit(script, "zebra-job").await;
    pair.bob.sync().await;
    pair.alice.sync().await;
    pair.approve(&submitted.id);
    let options = RunOptions { minimum: IsolationLevel::L0, ..RunOptions::default() };
    let run = pair.alice.manager.run_job(&submitted.id, &options, &PlainSandbox, &mut Silent);
    assert_eq!(run.unwrap().finished.unwrap().exit_code(), Some(0));
    pair.alice.manager.release_job(&submitted.id, None, &ReleaseFiles::All, false).unwrap();
    pair.alice.sync().await;
    pair.bob.sync().await;
    let answer = "alice@hospital.org/jobs/bob@university.org/zebra-job/outputs/answer.txt";
    assert_eq!(pair.bob.read(answer).unwrap(), "zebra-answer\n");
    assert_eq!(pair.bob.read("alice@hospital.org/public/notes.txt").unwrap(), "zebra-note\n");
}

#[tokio::test]
async fn nobody_between_reads_a_word_of_a_job_or_a_dataset() {
    let pair = Pair::sealed().await;
    whole_story(&pair).await;
    assert_unreadable(&pair);
}

#[tokio::test]
async fn the_same_goes_in_the_open_where_that_is_asked_for() {
    let pair = Pair::connected().await;
    whole_story(&pair).await;
    let objects = pair.objects();
    assert!(objects.values().all(|bytes| !bytes.starts_with(b"SYC2")));
}
