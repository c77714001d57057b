//! The table of what entered and left is what went over the wire.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::common::{Member, Pair, Silent, alice, bob, scratch};
use syft_core::{ContentHash, DatasetName, Email};
use syft_dataset::Audience;
use syft_job::sandbox::{IsolationLevel, PlainSandbox};
use syft_job::{ReleaseFiles, RunOptions};
use syft_sync::{Direction, Transfer};
use syft_transport::{
    Chaos, Fault, FolderTransport, MemoryStore, Operation, Recorder, Transport, Wire,
};

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

/// A direction, an object, its size and its hash.
type Line = (Direction, String, u64, ContentHash);

fn told(transfers: &[Transfer]) -> Vec<Line> {
    let line = |it: &Transfer| (it.direction, it.object.clone(), it.bytes, it.sha256);
    let mut told: Vec<_> = transfers.iter().map(line).collect();
    told.sort();
    told
}

/// All that left, each time that it left, and what came, once.
fn went(recorder: &Recorder) -> Vec<Line> {
    let seen = recorder.seen().into_iter();
    let mut went: Vec<Line> = seen
        .filter_map(|wire| match wire {
            Wire::Put { object, bytes, sha256 } => Some((Direction::Out, object, bytes, sha256)),
            Wire::Got { object, bytes, sha256 } => Some((Direction::In, object, bytes, sha256)),
            Wire::Deleted { .. } => None,
        })
        .collect();
    went.sort();
    went.dedup_by(|a, b| a == b && a.0 == Direction::In);
    went
}

fn check(recorded: &Recorded) {
    let members = [(&recorded.pair.alice, &recorded.alice), (&recorded.pair.bob, &recorded.bob)];
    for (member, recorder) in members {
        let transfers = member.manager.traffic().unwrap();
        let (told, went) = (told(&transfers), went(recorder));
        assert_eq!(told, went, "{}", member.email);
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

/// What of a member's went to a peer, each with its reason and what the line says that it
/// rests on.
fn reasons(member: &Member, peer: &Email) -> Vec<(String, String, Option<String>)> {
    let entries = member.manager.audit_entries().unwrap();
    let line = |seq: u64| {
        let entry = entries.iter().find(|entry| entry.seq == seq).unwrap();
        entry.action.clone()
    };
    let transfers = member.manager.traffic().unwrap().into_iter();
    let sent = transfers.filter(|it| it.direction == Direction::Out && it.concerns(peer));
    sent.map(|it| (it.kind, it.reason, it.because.map(line))).collect()
}

#[tokio::test]
async fn each_line_that_left_says_why_and_names_the_decision() {
    let store = MemoryStore::new();
    let recorded = Recorded::over(|email| store.user(email)).await;
    recorded.whole_life().await;
    let expected = |lines: &[(&str, &str, &str)]| -> Vec<_> {
        let own = |(kind, reason, action): &(&str, &str, &str)| {
            (kind.to_string(), reason.to_string(), Some(action.to_string()))
        };
        lines.iter().map(own).collect()
    };
    let to_bob = [
        ("hello", "approved peer bob@university.org", "peer.approved"),
        ("events", "changed 4 files", "files.changed"),
        ("dataset", "made dataset census", "dataset.created"),
        ("dataset", "made dataset census", "dataset.created"),
        ("events", "accepted a change of bob@university.org", "message.accepted"),
        ("events", "released results of job bob@university.org/sum", "job.released"),
        ("refusal", "refused the change of jobs/bob@university.org/sum/run.sh", "change.refused"),
    ];
    assert_eq!(reasons(&recorded.pair.alice, &bob()), expected(&to_bob));
    let to_alice = [
        ("hello", "asked to be a peer of alice@hospital.org", "peer.added"),
        ("proposal", "submitted job alice@hospital.org/sum", "job.submitted"),
        ("proposal", "submitted job alice@hospital.org/sum", "job.submitted"),
    ];
    assert_eq!(reasons(&recorded.pair.bob, &alice()), expected(&to_alice));
    let mine = recorded.pair.alice.manager.traffic().unwrap().into_iter();
    let backups: Vec<_> = mine
        .filter(|it| it.direction == Direction::Out && !it.concerns(&bob()))
        .map(|it| (it.reason, it.because))
        .collect();
    assert!(backups.len() > 3, "{backups:?}");
    assert!(backups.iter().all(|it| *it == ("my own backup, for me alone".to_owned(), None)));
}

#[tokio::test]
async fn who_approves_a_job_sends_why_it_may_run() {
    let (pair, submitted) = Pair::with_job("echo 1").await;
    pair.approve(&submitted.id);
    pair.alice.sync().await;
    let told = reasons(&pair.alice, &bob());
    let (_, reason, action) = told.last().unwrap();
    assert_eq!(action.as_deref(), Some("job.approved"), "{told:?}");
    assert!(reason.starts_with("approved job bob@university.org/"), "{reason}");
}

#[tokio::test]
async fn what_a_store_did_not_take_left_all_the_same() {
    let store = MemoryStore::new();
    let mut recorded = Recorded::over(|email| store.user(email)).await;
    recorded.whole_life().await;
    let owner = &mut recorded.pair.alice;
    owner.write("alice@hospital.org/public/note.txt", "for all, again\n");
    let faults = [Some(Fault::Before), Some(Fault::After), None];
    let chaos = Chaos::new(Arc::new(recorded.alice.clone())).script(Operation::Put, faults);
    // Above the faults: what was handed over counts, whatever comes of it.
    let recorder = Recorder::new(chaos);
    owner.restart(Arc::new(recorder.clone()));
    let before = owner.manager.traffic().unwrap().len();
    for _ in 0..4 {
        owner.sync().await;
    }
    let transfers = owner.manager.traffic().unwrap().split_off(before);
    assert_eq!(told(&transfers), went(&recorder));
    let sent: Vec<_> = transfers.iter().filter(|it| it.direction == Direction::Out).collect();
    let (taken, lost): (Vec<_>, Vec<_>) = sent.into_iter().partition(|it| it.complete);
    assert_eq!(lost.len(), 2, "{lost:#?}");
    for lost in lost {
        let again = taken.iter().find(|it| it.object == lost.object && it.seq > lost.seq);
        assert_eq!(again.map(|it| it.sha256), Some(lost.sha256), "{lost:?}");
    }
}

#[tokio::test]
async fn whom_the_store_lets_read_is_in_the_log() {
    let (pair, _) = Pair::with_job("echo 1").await;
    pair.create_dataset("census", Audience::Any);
    pair.alice.sync().await;
    let owner = &pair.alice.manager;
    let census = DatasetName::parse("census").unwrap();
    owner.unshare_dataset(&census, &Audience::Any, false).await.unwrap();
    pair.alice.sync().await;
    let lines: Vec<_> = owner
        .audit_entries()
        .unwrap()
        .into_iter()
        .filter(|entry| entry.action.starts_with("store."))
        .collect();
    let [granted, revoked] = &lines[..] else { panic!("{lines:#?}") };
    assert_eq!(
        (granted.action.as_str(), revoked.action.as_str()),
        ("store.granted", "store.revoked")
    );
    for line in [granted, revoked] {
        assert!(line.subject.contains("/mock/census/"), "{line:?}");
        assert_eq!(line.details["peer"], bob().as_str());
    }
}
