//! The table of what entered and left is what went over the wire.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::common::{Member, Pair, alice, bob, scratch};
use syft_core::Email;
use syft_dataset::Audience;
use syft_job::sandbox::{IsolationLevel, LogSink, LogStream, PlainSandbox};
use syft_job::{ReleaseFiles, RunOptions};
use syft_sync::{Direction, Transfer};
use syft_transport::{FolderTransport, MemoryStore, Recorder, Transport, Wire};

#[derive(Debug)]
struct Silent;

impl LogSink for Silent {
    fn chunk(&mut self, _: LogStream, _: &[u8]) {}
}

/// Two nodes, each behind a recorder.
struct Recorded {
    pair: Pair,
    alice: Recorder,
    bob: Recorder,
}

impl Recorded {
    async fn over<T: Transport + 'static>(user: impl Fn(Email) -> T) -> Recorded {
        let (a, b) = (Recorder::new(user(alice())), Recorder::new(user(bob())));
        let pair = Pair {
            store: MemoryStore::new(),
            alice: Member::join(alice(), Arc::new(a.clone()), 1).await,
            bob: Member::join(bob(), Arc::new(b.clone()), 2).await,
        };
        Recorded { pair, alice: a, bob: b }
    }

    /// From the first request to the released answer, with a dataset on the way.
    async fn whole_life(&self) {
        let Pair { alice: owner, bob: scientist, .. } = &self.pair;
        scientist.manager.add_peer(&alice(), false).await.unwrap();
        owner.manager.approve_peer_request(&bob(), true).await.unwrap();
        self.pair.create_dataset("census", Audience::Any);
        owner.write("alice@hospital.org/public/note.txt", "for all\n");
        self.sync().await;
        let submitted = self.pair.submit("echo 42 > $SYFT_OUTPUTS/answer.txt", "sum").await;
        self.sync().await;
        self.pair.approve(&submitted.id);
        let options = RunOptions { minimum: IsolationLevel::L0, ..RunOptions::default() };
        let jobs = &owner.manager;
        jobs.run_job(&submitted.id, &options, &PlainSandbox, &mut Silent).unwrap();
        jobs.release_job(&submitted.id, None, &ReleaseFiles::All, false).unwrap();
        self.sync().await;
        // A change that is refused comes and goes as well.
        scientist.write("alice@hospital.org/jobs/bob@university.org/sum/run.sh", "echo 43\n");
        self.sync().await;
    }

    async fn sync(&self) {
        for _ in 0..2 {
            self.pair.bob.sync().await;
            self.pair.alice.sync().await;
        }
        self.pair.bob.sync().await;
    }
}

fn told(transfers: &[Transfer]) -> BTreeSet<Wire> {
    let told = transfers.iter().map(|transfer| {
        let Transfer { object, bytes, sha256, .. } = transfer.clone();
        match transfer.direction {
            Direction::Out => Wire::Put { object, bytes, sha256 },
            Direction::In => Wire::Got { object, bytes, sha256 },
        }
    });
    told.collect()
}

fn went(recorder: &Recorder) -> BTreeSet<Wire> {
    let seen = recorder.seen().into_iter();
    seen.filter(|wire| !matches!(wire, Wire::Deleted { .. })).collect()
}

fn check(recorded: &Recorded) {
    let members = [(&recorded.pair.alice, &recorded.alice), (&recorded.pair.bob, &recorded.bob)];
    for (member, recorder) in members {
        let transfers = member.manager.traffic().unwrap();
        let (told, went) = (told(&transfers), went(recorder));
        assert_eq!(told, went, "{}", member.email);
        assert_eq!(told.len(), transfers.len(), "an object of {} is told twice", member.email);
        assert_eq!(member.manager.verify_audit().unwrap().problem, None);
        let kinds: BTreeSet<&str> = transfers.iter().map(|t| t.kind.as_str()).collect();
        for kind in ["hello", "proposal", "events", "dataset"] {
            assert!(kinds.contains(kind), "{} of {}: {kinds:?}", kind, member.email);
        }
    }
}

#[tokio::test]
async fn the_table_is_what_a_recorder_saw_in_a_whole_jobs_life() {
    let store = MemoryStore::new();
    let recorded = Recorded::over(|email| store.user(email)).await;
    recorded.whole_life().await;
    check(&recorded);
}

#[tokio::test]
async fn grants_that_are_objects_are_in_the_table_too() {
    let shared = scratch();
    let user = |email| FolderTransport::create(shared.path(), email).unwrap();
    let recorded = Recorded::over(user).await;
    recorded.whole_life().await;
    check(&recorded);
    let sent = recorded.pair.alice.manager.traffic().unwrap();
    let grant = sent.iter().find(|transfer| transfer.kind == "grant").unwrap();
    assert!(grant.readers.contains(&bob()));
}

#[tokio::test]
async fn each_line_says_to_whom_and_which_files() {
    let store = MemoryStore::new();
    let recorded = Recorded::over(|email| store.user(email)).await;
    recorded.whole_life().await;
    let transfers = recorded.pair.alice.manager.traffic().unwrap();
    let with = |file: &str, direction: Direction, kind: &str| {
        let found = transfers.iter().find(|transfer| {
            transfer.files.contains(file)
                && transfer.direction == direction
                && transfer.kind == kind
                && transfer.concerns(&bob())
        });
        assert!(found.is_some(), "{file} {direction:?} {kind}: {transfers:#?}");
    };
    with("jobs/bob@university.org/sum/run.sh", Direction::In, "proposal");
    with("jobs/bob@university.org/sum/outputs/answer.txt", Direction::Out, "events");
    with("census/mock.csv", Direction::Out, "dataset");
    let bobs = recorded.pair.bob.manager.traffic().unwrap();
    let answer = "jobs/bob@university.org/sum/outputs/answer.txt".to_owned();
    assert!(bobs.iter().any(|t| t.direction == Direction::In && t.files.contains(&answer)));
    assert!(!transfers.iter().any(|t| t.files.iter().any(|file| file.contains("private/"))));
}

#[tokio::test]
async fn an_idle_sync_adds_no_line_even_without_the_cache() {
    let store = MemoryStore::new();
    let mut recorded = Recorded::over(|email| store.user(email)).await;
    recorded.whole_life().await;
    let lines = |recorded: &Recorded| recorded.pair.alice.manager.audit_entries().unwrap().len();
    let before = lines(&recorded);
    recorded.sync().await;
    assert_eq!(lines(&recorded), before);
    std::fs::remove_dir_all(recorded.pair.alice.path(".syft/cache")).unwrap();
    let again = Arc::new(recorded.alice.clone());
    recorded.pair.alice.restart(again);
    recorded.sync().await;
    assert_eq!(lines(&recorded), before);
}
