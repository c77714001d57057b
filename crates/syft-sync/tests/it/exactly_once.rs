//! One operation is stopped after each of its effects, on the disk and in the
//! store. After a new start and ordinary syncs it is as if nothing had happened:
//! every event, every object and every run is there once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::common::{
    Member, Pair, Silent, alice, bob, events_in, fold, in_space, inbox, log_of, outbox,
};
use syft_core::DatasetName;
use syft_dataset::Audience;
use syft_job::sandbox::{IsolationLevel, PlainSandbox};
use syft_job::{JobId, ReleaseFiles, RunOptions, Status};
use syft_sync::{CreateOptions, PeerState, ProcessOptions, SyncOptions, SyncReport};
use syft_transport::{Chaos, Space};

/// Where a node stops.
#[derive(Debug, Clone, Copy)]
enum Stop {
    Never,
    /// The machine goes down after so many writes.
    Disk(u64),
    /// The store answers no more after so many effects.
    Store(u64),
    /// This effect happens, and its answer is lost.
    Answer(u64),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Who {
    Alice,
    Bob,
}

impl Who {
    fn of(self, pair: &mut Pair) -> &mut Member {
        match self {
            Who::Alice => &mut pair.alice,
            Who::Bob => &mut pair.bob,
        }
    }
}

/// How many effects a whole operation has.
struct Effects {
    disk: u64,
    store: u64,
}

/// Does `act` with a node that stops, and starts the node again.
async fn stopped(
    pair: &mut Pair,
    who: Who,
    stop: Stop,
    act: &impl AsyncFn(&Pair) -> Result<(), syft_sync::Error>,
) -> Effects {
    let store = pair.store.clone();
    let node = who.of(pair);
    let chaos = Chaos::new(Arc::new(store.user(node.email.clone())));
    let chaos = match stop {
        Stop::Store(after) => chaos.stop_after(after),
        Stop::Answer(of) => chaos.stop_in(of),
        Stop::Never | Stop::Disk(_) => chaos,
    };
    node.restart(Arc::new(chaos.clone()));
    node.clock.step(1.0);
    node.disk.reset_counts();
    if let Stop::Disk(after) = stop {
        node.disk.crash_after(after);
    }
    // What it says in its last moment is nobody's concern.
    let said = act(pair).await;
    assert!(!matches!(stop, Stop::Never) || said.is_ok(), "{said:?}");
    let node = who.of(pair);
    node.disk.repair();
    let effects = Effects { disk: node.disk.counts().mutations, store: chaos.effects() };
    node.restart(Arc::new(store.user(node.email.clone())));
    effects
}

/// Stops `act` after each effect in turn; `again` is what the person does after
/// seeing that it was not done.
async fn at_each_effect(
    who: Who,
    prepare: impl AsyncFn() -> Pair,
    act: impl AsyncFn(&Pair) -> Result<(), syft_sync::Error>,
    again: impl AsyncFn(&Pair),
) {
    let mut clean = prepare().await;
    let effects = stopped(&mut clean, who, Stop::Never, &act).await;
    quiet(&clean).await;
    let expected = Outcome::of(&clean);
    assert!(effects.disk > 3 && effects.store > 0, "it counts");
    let disk = (0..effects.disk).map(Stop::Disk);
    let store = (0..effects.store).map(Stop::Store);
    let answers = (1..=effects.store).map(Stop::Answer);
    for stop in disk.chain(store).chain(answers) {
        let mut pair = prepare().await;
        stopped(&mut pair, who, stop, &act).await;
        again(&pair).await;
        quiet(&pair).await;
        let outcome = Outcome::of(&pair);
        assert_eq!(outcome.paths, expected.paths, "logged paths, {stop:?}");
        assert_eq!(outcome.sent, expected.sent, "sent paths, {stop:?}");
        assert_eq!(outcome.lines, expected.lines, "audit lines, {stop:?}");
        assert_eq!(outcome.collections, expected.collections, "collections, {stop:?}");
    }
}

/// Both sync until a sync has nothing to do.
async fn quiet(pair: &Pair) {
    for _ in 0..6 {
        let reports = [pair.bob.sync().await, pair.alice.sync().await, pair.bob.sync().await];
        if reports.iter().all(idle) {
            return;
        }
    }
    panic!("there is always something left to do");
}

fn idle(report: &SyncReport) -> bool {
    let moved = |peer: &syft_sync::PeerReport| {
        peer.received + peer.sent + peer.quarantined > 0 || peer.problem.is_some()
    };
    report.changed + report.datasets + report.queued_out == 0
        && report.store.is_none()
        && !report.peers.iter().any(moved)
}

/// What there is once all is quiet; that it is consistent is checked on the way.
#[derive(Debug, PartialEq)]
struct Outcome {
    paths: BTreeSet<String>,
    sent: BTreeSet<String>,
    lines: BTreeMap<String, usize>,
    collections: usize,
}

impl Outcome {
    fn of(pair: &Pair) -> Outcome {
        let log = events_in(&pair.store, &log_of(alice()));
        let sent = events_in(&pair.store, &outbox(alice(), bob()));
        for messages in [&log, &sent] {
            let events = || messages.iter().flat_map(|message| &message.events);
            let ids: BTreeSet<_> = events().map(|event| event.id).collect();
            assert_eq!(ids.len(), events().count(), "an event is there twice");
            let versions: BTreeSet<_> =
                events().map(|event| (event.path.clone(), event.change.new_hash())).collect();
            assert_eq!(versions.len(), events().count(), "a version is there twice");
            let places = messages.iter().map(|message| message.position.unwrap().seq);
            assert!(places.eq(1..=messages.len() as u64), "the places of a channel have gaps");
        }
        let travels =
            |path: &str| !path.starts_with("private/") && !path.starts_with("public/datasets/");
        let mut datasite = pair.alice.tree(alice().as_str());
        datasite.retain(|path, _| travels(path));
        assert_eq!(text(fold(&log)), text(datasite.clone()), "the log is the datasite");
        datasite.retain(|path, _| readable(path));
        let datasite = text(datasite);
        assert_eq!(text(fold(&sent)), datasite, "the outbox is what the reader may see");
        let mut copy = pair.bob.tree(alice().as_str());
        copy.retain(|path, _| travels(path));
        assert_eq!(text(copy), datasite, "the copy is what the reader may see");
        let left = in_space(&pair.store, &inbox(alice(), bob()));
        assert_eq!(left.len(), 1, "the hello alone is left in the inbox");
        for node in [&pair.alice, &pair.bob] {
            assert_eq!(node.manager.verify_audit().unwrap().problem, None);
            assert!(node.manager.quarantine().list().unwrap().is_empty());
        }
        let objects = pair.store.objects();
        let is_collection =
            |object: &&syft_transport::Object| matches!(object.space, Space::Collection { .. });
        Outcome {
            paths: fold(&log).into_keys().collect(),
            sent: fold(&sent).into_keys().collect(),
            lines: lines(pair),
            collections: objects.iter().filter(is_collection).count(),
        }
    }
}

/// What Bob may read of Alice's datasite; permission files are for those who
/// administer them.
fn readable(path: &str) -> bool {
    let bobs = format!("jobs/{}/", bob());
    (path.starts_with("public/") || path.starts_with(&bobs)) && !path.ends_with("syft.pub.yaml")
}

fn text(files: BTreeMap<String, Vec<u8>>) -> BTreeMap<String, String> {
    files.into_iter().map(|(path, bytes)| (path, String::from_utf8(bytes).unwrap())).collect()
}

/// How often each decision and each message is in the audit logs.
fn lines(pair: &Pair) -> BTreeMap<String, usize> {
    let mut lines = BTreeMap::new();
    for (who, node) in [("alice", &pair.alice), ("bob", &pair.bob)] {
        for action in
            ["message.accepted", "files.proposed", "message.repeated", "dataset.published"]
        {
            lines.insert(format!("{who} {action}"), node.audit(action).len());
        }
    }
    lines
}

async fn sync(node: &Member) -> Result<(), syft_sync::Error> {
    node.manager.sync(&SyncOptions::default()).await.map(|_| ())
}

#[tokio::test]
async fn a_proposal_is_taken_once() {
    let prepare = async || {
        let pair = Pair::sealed().await;
        pair.submit("echo 1", "census").await;
        pair.bob.sync().await;
        pair
    };
    let act = async |pair: &Pair| sync(&pair.alice).await;
    at_each_effect(Who::Alice, prepare, act, async |_| ()).await;
}

/// They become one object of the log, and leave the inbox together.
#[tokio::test]
async fn proposals_that_came_together_are_taken_once() {
    let prepare = async || {
        let pair = Pair::connected().await;
        for name in ["first", "second", "third"] {
            pair.submit("echo 1", name).await;
            pair.bob.sync().await;
        }
        pair
    };
    let act = async |pair: &Pair| sync(&pair.alice).await;
    at_each_effect(Who::Alice, prepare, act, async |_| ()).await;
}

#[tokio::test]
async fn a_submission_is_sent_once() {
    let submission = || {
        let script = syft_job::Script::Text("echo 1".to_owned());
        let mut submission = syft_job::Submission::new(alice(), script);
        submission.name = Some("census".parse().unwrap());
        submission
    };
    let act = async |pair: &Pair| {
        pair.bob.manager.submit_job(&submission(), false).await?;
        sync(&pair.bob).await
    };
    let again = async |pair: &Pair| {
        if pair.bob.manager.job_store().job("census").is_err() {
            pair.bob.manager.submit_job(&submission(), false).await.unwrap();
        }
    };
    at_each_effect(Who::Bob, Pair::connected, act, again).await;
}

/// Bob's job has run at Alice's, and nothing of it is released.
async fn finished() -> Pair {
    let (pair, submitted) = Pair::with_job("echo 42 > $SYFT_OUTPUTS/answer.txt").await;
    pair.approve(&submitted.id);
    run(&pair, &submitted.id).unwrap();
    pair.alice.sync().await;
    pair.bob.sync().await;
    pair
}

fn run(pair: &Pair, id: &JobId) -> Result<(), syft_sync::Error> {
    let options = RunOptions { minimum: IsolationLevel::L0, ..RunOptions::default() };
    pair.alice.manager.run_job(id, &options, &PlainSandbox, &mut Silent).map(|_| ())
}

#[tokio::test]
async fn a_release_is_sent_once() {
    let release = |pair: &Pair| {
        let job = pair.alice.manager.job_store().job("census").unwrap();
        pair.alice.manager.release_job(job.id(), None, &ReleaseFiles::All, false).map(|_| ())
    };
    let act = async |pair: &Pair| {
        release(pair)?;
        sync(&pair.alice).await
    };
    let again = async |pair: &Pair| {
        let job = pair.alice.manager.job_store().job("census").unwrap();
        if !job.outputs().unwrap().iter().all(|output| output.released) {
            release(pair).unwrap();
        }
    };
    at_each_effect(Who::Alice, finished, act, again).await;
}

#[tokio::test]
async fn a_dataset_is_published_once() {
    let act = async |pair: &Pair| {
        pair.try_create_dataset("patients", Audience::Any)?;
        sync(&pair.alice).await
    };
    let again = async |pair: &Pair| {
        let name = DatasetName::parse("patients").unwrap();
        if pair.alice.manager.dataset(&alice(), &name).is_err() {
            pair.try_create_dataset("patients", Audience::Any).unwrap();
        }
    };
    at_each_effect(Who::Alice, Pair::connected, act, again).await;
}

/// Where an operation can stop, with the effects that it has in `prepare`'s world.
async fn stops(
    prepare: &impl AsyncFn() -> Pair,
    act: &impl AsyncFn(&Pair) -> Result<(), syft_sync::Error>,
) -> Vec<Stop> {
    let Effects { disk, store } = stopped(&mut prepare().await, Who::Alice, Stop::Never, act).await;
    assert!(disk > 3 && store > 0, "it counts");
    let stops = (0..disk).map(Stop::Disk).chain((0..store).map(Stop::Store));
    stops.chain((1..=store).map(Stop::Answer)).collect()
}

#[tokio::test]
async fn a_removed_peer_forgets_wherever_the_removal_stops() {
    let prepare = async || {
        let pair = Pair::sealed().await;
        pair.create_dataset("patients", Audience::Any);
        pair.alice.write("alice@hospital.org/public/a.txt", "news");
        quiet(&pair).await;
        pair
    };
    let act = async |pair: &Pair| pair.alice.manager.remove_peer(&bob()).await.map(|_| ());
    for stop in stops(&prepare, &act).await {
        let mut pair = prepare().await;
        stopped(&mut pair, Who::Alice, stop, &act).await;
        // What the person sees next: it is done, or it is done again.
        let peers = pair.alice.manager.load_peers().await.unwrap();
        if peers.get(&bob()).unwrap().state != PeerState::Removed {
            act(&pair).await.unwrap();
        }
        quiet(&pair).await;
        assert_eq!(pair.bob.read("alice@hospital.org/public/a.txt"), None, "{stop:?}");
        assert!(pair.bob.manager.list_datasets().unwrap().is_empty(), "{stop:?}");
        let there = in_space(&pair.store, &outbox(alice(), bob()));
        assert_eq!(there.len(), 1, "what tells him to forget, {stop:?}");
        let collections =
            |object: &syft_transport::Object| matches!(object.space, Space::Collection { .. });
        assert!(!pair.store.objects().iter().any(collections), "{stop:?}");
        assert_eq!(pair.alice.manager.verify_audit().unwrap().problem, None);
    }
}

#[tokio::test]
async fn a_private_part_is_kept_once() {
    let name = || DatasetName::parse("patients").unwrap();
    let act = async |pair: &Pair| {
        let files = crate::common::scratch();
        let file = |name: &str, text: &str| {
            std::fs::write(files.path().join(name), text).unwrap();
            Some(files.path().join(name))
        };
        let mut new = syft_dataset::NewDataset::named(name());
        new.mock = file("mock.csv", "name\nmade up\n");
        new.private = file("real.csv", "name\nREAL PERSON\n");
        let options = CreateOptions { upload_private: true, sync: false };
        pair.alice.manager.create_dataset(new, options).await?;
        sync(&pair.alice).await
    };
    for stop in stops(&Pair::sealed, &act).await {
        let mut pair = Pair::sealed().await;
        stopped(&mut pair, Who::Alice, stop, &act).await;
        if pair.alice.manager.dataset(&alice(), &name()).is_err() {
            act(&pair).await.unwrap();
        }
        quiet(&pair).await;
        let collections =
            |object: &&syft_transport::Object| matches!(object.space, Space::Collection { .. });
        let there = pair.store.objects().iter().filter(collections).count();
        // The mock, what describes it, who may have it; the real data and their tie; what
        // they are called, and their key.
        assert_eq!(there, 7, "{stop:?}");
    }
}

#[tokio::test]
async fn a_crash_during_a_run_never_runs_it_a_second_time() {
    let mut seen = BTreeSet::new();
    for writes in 0.. {
        let witness = crate::common::scratch();
        let ran = witness.path().join("ran");
        let script = format!("echo ran >> {}", ran.display());
        let (mut pair, submitted) = Pair::with_job(&script).await;
        pair.approve(&submitted.id);
        let act = async |pair: &Pair| run(pair, &submitted.id);
        let effects = stopped(&mut pair, Who::Alice, Stop::Disk(writes), &act).await;
        let times = || std::fs::read_to_string(&ran).unwrap_or_default().lines().count();
        let first = times();
        for _ in 0..2 {
            pair.alice.sync().await;
        }
        let status = pair.alice.manager.job_store().job("census").unwrap().status();
        seen.insert(status.as_str());
        let started = !pair.alice.manager.job_store().runs(&submitted.id).unwrap().is_empty();
        assert!(first == 0 || started, "it ran without a record, after {writes}");
        assert_eq!(status == Status::Approved, !started, "after {writes}");
        let options = ProcessOptions { minimum: IsolationLevel::L0, ..Default::default() };
        let manager = &pair.alice.manager;
        let runs = manager.process_approved_jobs(&options, &PlainSandbox, &mut Silent).await;
        assert_eq!(runs.unwrap().is_empty(), started, "after {writes}");
        assert_eq!(times(), if started { first } else { 1 }, "after {writes}");
        quiet(&pair).await;
        assert_eq!(pair.alice.manager.verify_audit().unwrap().problem, None);
        if effects.disk < writes {
            break;
        }
    }
    assert_eq!(seen, BTreeSet::from(["approved", "interrupted", "done"]));
}
