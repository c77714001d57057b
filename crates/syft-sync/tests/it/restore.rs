//! A fresh machine becomes the old one, whatever instant it is stopped at; from a
//! damaged backup nothing is made.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::common::backup::{Pieces, box_of, edit, solo};
use crate::common::{Member, Pair, Silent, alice, bob, carol, events_in, in_space, log_of, outbox};
use syft_core::testing::FaultyDisk;
use syft_core::{DatasetName, Timestamp};
use syft_dataset::Audience;
use syft_job::sandbox::{IsolationLevel, PlainSandbox};
use syft_job::{RunOptions, Status};
use syft_sync::{
    Error, FirstKeys, Notice, NoticeSink, PeerState, ProcessOptions, Restored, SyftboxManager,
    SyncOptions, SyncReport, Work,
};
use syft_transport::{Chaos, FolderTransport, MemoryStore, Space, Transport};

/// Another machine of Alice's, with a later clock; her old one is gone.
async fn fresh(store: &MemoryStore) -> Member {
    let node = Member::join(alice(), Arc::new(store.user(alice())), 77).await;
    node.clock.set(Timestamp::new(1_790_100_000.0).unwrap());
    node
}

fn restored(node: &Member) -> Restored {
    node.manager.restored().cloned().expect("something was restored")
}

/// Every tier and everything that a home remembers: an approved job, one that
/// waits, one that has run, a shared dataset, a peer that asks.
async fn rich() -> Pair {
    let pair = Pair::connected().await;
    pair.create_dataset("patients", Audience::Any);
    for (number, name) in ["ran", "approved", "waits"].into_iter().enumerate() {
        let script = format!("echo {number} > $SYFT_OUTPUTS/answer.txt");
        let submitted = pair.submit(&script, name).await;
        pair.bob.sync().await;
        pair.alice.sync().await;
        if name != "waits" {
            pair.approve(&submitted.id);
        }
        if name == "ran" {
            let options = RunOptions { minimum: IsolationLevel::L0, ..RunOptions::default() };
            let manager = &pair.alice.manager;
            manager.run_job(&submitted.id, &options, &PlainSandbox, &mut Silent).unwrap();
            let all = syft_job::ReleaseFiles::All;
            manager.release_job(&submitted.id, None, &all, true).unwrap();
        }
    }
    edit(&pair.alice, "public/full.bin", Some(&[0, 255, 13, 10]));
    edit(&pair.alice, "public/gone.txt", Some(b"gone"));
    pair.alice.sync().await;
    pair.alice.manager.create_checkpoint().await.unwrap();
    edit(&pair.alice, "public/gone.txt", None);
    edit(&pair.alice, "public/incremental", Some(b""));
    let options = SyncOptions { checkpoint_threshold: 1, ..SyncOptions::default() };
    pair.alice.clock.step(1.0);
    pair.alice.manager.sync(&options).await.unwrap();
    // So much that a rolling state is put.
    for last in (0..8).rev() {
        let text = if last == 0 { "crlf\r\n".to_owned() } else { format!("{last} more") };
        edit(&pair.alice, "public/rolling.txt", Some(text.as_bytes()));
        pair.alice.sync().await;
    }
    let carol = Member::join(carol(), Arc::new(pair.store.user(carol())), 3).await;
    carol.manager.add_peer(&alice(), false).await.unwrap();
    pair.alice.sync().await;
    pair.bob.sync().await;
    pair
}

/// A home without what is never backed up: private files, and the node's own.
fn all_files(node: &Member) -> BTreeMap<String, Vec<u8>> {
    let mut files = node.tree(alice().as_str());
    files.retain(|path, _| !path.starts_with("private/"));
    files
}

fn jobs(node: &Member) -> BTreeMap<String, Status> {
    let jobs = node.manager.job_store().jobs().unwrap();
    let mine = jobs.iter().filter(|job| *job.owner() == alice());
    mine.map(|job| (job.id().to_string(), job.status())).collect()
}

fn is_idle(report: &SyncReport) -> bool {
    let moved = |peer: &syft_sync::PeerReport| peer.received + peer.sent + peer.quarantined > 0;
    report.changed + report.datasets + report.queued_out == 0
        && report.store.is_none()
        && !report.peers.iter().any(moved)
}

#[tokio::test]
async fn a_fresh_machine_is_the_old_one_file_by_file() {
    let pair = rich().await;
    let before = pair.objects();
    let node = fresh(&pair.store).await;
    let told = restored(&node);
    assert_eq!((told.waits.as_deref(), told.peers, told.jobs, told.datasets), (None, 1, 3, 1));
    assert_eq!(told.files, box_of(&pair.alice).len());
    assert_eq!(all_files(&node), all_files(&pair.alice));
    assert_eq!(jobs(&node), jobs(&pair.alice));
    assert_eq!(node.tree(".syft/snapshots"), pair.alice.tree(".syft/snapshots"));
    assert_eq!(node.tree(".syft/decisions"), pair.alice.tree(".syft/decisions"));
    let peers = node.manager.load_peers().await.unwrap();
    let states: Vec<_> = peers.iter().map(|peer| (peer.email.clone(), peer.state)).collect();
    assert_eq!(states, [(bob(), PeerState::Accepted), (carol(), PeerState::RequestedByPeer)]);
    // It has nothing to say that the old one had not said.
    let report = node.sync().await;
    assert!(is_idle(&report), "{report:?}");
    assert_eq!(pair.objects(), before, "and changes nothing in the store");
    assert_eq!(all_files(&node), all_files(&pair.alice));
}

/// What the status says of a download is what a fresh machine downloads.
#[tokio::test]
async fn the_status_says_what_a_fresh_machine_will_fetch() {
    let pair = rich().await;
    let files = crate::common::scratch();
    for part in ["mock.csv", "real.csv"] {
        std::fs::write(files.path().join(part), format!("name,age\n{part},1\n")).unwrap();
    }
    let mut new = syft_dataset::NewDataset::named(DatasetName::parse("kept").unwrap());
    new.mock = Some(files.path().join("mock.csv"));
    new.private = Some(files.path().join("real.csv"));
    new.users = Audience::Any;
    let options = syft_sync::CreateOptions { upload_private: true, sync: false };
    pair.alice.manager.create_dataset(new, options).await.unwrap();
    pair.alice.sync().await;
    let said = pair.alice.manager.checkpoint_status().await.unwrap().download;
    let metered = syft_transport::Metered::new(Arc::new(pair.store.user(alice())));
    let node = Member::join(alice(), Arc::new(metered.clone()), 77).await;
    let (told, used) = (restored(&node), metered.snapshot());
    assert_eq!((told.datasets, told.private, told.waits), (2, 1, None));
    let gets = used.calls_of(syft_transport::Operation::Get);
    assert_eq!((gets, used.bytes_down), (said.objects as u64, said.bytes));
}

#[tokio::test]
async fn a_fresh_machine_goes_on_with_its_peers() {
    let pair = rich().await;
    let node = fresh(&pair.store).await;
    // What was approved runs, and what has run does not run again.
    let options = ProcessOptions { minimum: IsolationLevel::L0, ..Default::default() };
    let manager = &node.manager;
    let runs = manager.process_approved_jobs(&options, &PlainSandbox, &mut Silent).await.unwrap();
    assert_eq!(runs.len(), 1);
    assert!(jobs(&node).values().all(|status| *status != Status::Approved));
    node.sync().await;
    edit(&node, "public/new.txt", Some(b"new"));
    edit(&node, "public/rolling.txt", None);
    pair.submit("echo again", "another").await;
    for _ in 0..3 {
        pair.bob.sync().await;
        node.sync().await;
    }
    assert_eq!(jobs(&node).len(), 4);
    let (fold, stands) = (Pieces::of(&pair.store).fold(), box_of(&node));
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&fold), names(&stands));
    assert!(fold == stands);
    // The chain of the outbox goes on, and nothing was sent a second time.
    let sent = events_in(&pair.store, &outbox(alice(), bob()));
    let places = sent.iter().map(|message| message.position.unwrap().seq);
    assert!(places.eq(1..=sent.len() as u64));
    let versions =
        || sent.iter().flat_map(|message| &message.events).map(|e| (e.path.clone(), e.new_hash()));
    let once: std::collections::BTreeSet<_> = versions().collect();
    assert_eq!(once.len(), versions().count());
    for node in [&node, &pair.bob] {
        assert_eq!(node.audit("channel.gap"), []);
        assert_eq!(node.audit("channel.forked"), []);
        assert!(node.manager.quarantine().list().unwrap().is_empty());
    }
    let mut copy = pair.bob.tree(&format!("{}/public", alice()));
    let mut own = node.tree(&format!("{}/public", alice()));
    for tree in [&mut copy, &mut own] {
        tree.retain(|path, _| !path.ends_with("syft.pub.yaml"));
    }
    assert_eq!(copy, own);
}

#[tokio::test]
async fn a_home_with_a_history_is_never_restored() {
    let (store, mut node) = solo().await;
    edit(&node, "public/a.txt", Some(b"a"));
    node.sync().await;
    edit(&node, "public/a.txt", Some(b"mine"));
    node.manager = SyftboxManager::login(node.config(Arc::new(store.user(alice())))).await.unwrap();
    assert_eq!(node.manager.restored(), None);
    assert_eq!(node.read("alice@hospital.org/public/a.txt").as_deref(), Some("mine"));
    // Nor is one that holds files of its own, without a history.
    let other = crate::common::scratch();
    let own = other.path().join("alice@hospital.org/public/own.txt");
    std::fs::create_dir_all(own.parent().unwrap()).unwrap();
    std::fs::write(&own, "own").unwrap();
    let mut config = node.config(Arc::new(store.user(alice())));
    (config.home, config.disk) = (other.path().to_owned(), None);
    let manager = SyftboxManager::login(config).await.unwrap();
    let waits = manager.restored().unwrap().waits.clone().unwrap();
    assert!(waits.contains("public/own.txt stands here already"), "{waits}");
    let before = Pieces::of(&store);
    manager.sync(&SyncOptions::default()).await.unwrap();
    assert_eq!(Pieces::of(&store), before, "two histories are never mixed");
    std::fs::remove_file(&own).unwrap();
    manager.sync(&SyncOptions::default()).await.unwrap();
    let file = other.path().join("alice@hospital.org/public/a.txt");
    assert_eq!(std::fs::read_to_string(file).unwrap(), "a");
}

#[tokio::test]
async fn a_store_that_is_away_at_login_is_asked_by_the_next_sync() {
    let (store, node) = solo().await;
    edit(&node, "syft.pub.yaml", Some(b"rules: []\n# mine\n"));
    edit(&node, "public/a.txt", Some(b"a"));
    node.sync().await;
    let away = Chaos::new(Arc::new(store.user(alice()))).stop_after(0);
    let mut other = Member::join(alice(), Arc::new(away), 78).await;
    assert!(restored(&other).waits.is_some());
    let report = other.sync().await;
    assert!(report.store.is_some());
    other.restart(Arc::new(store.user(alice())));
    let before = Pieces::of(&store);
    other.sync().await;
    assert_eq!(all_files(&other), all_files(&node));
    assert_eq!(Pieces::of(&store), before);
}

/// From a damaged backup nothing is made, and nothing is sent to anybody.
#[tokio::test]
async fn from_a_damaged_backup_nothing_is_made() {
    let spaces = [
        Space::Checkpoints { owner: alice() },
        Space::State { owner: alice() },
        Space::Log { owner: alice() },
    ];
    for space in spaces {
        for lost in [false, true] {
            let pair = rich().await;
            // The last object of the log is one that no tier has.
            let off = SyncOptions { auto_checkpoint: false, ..SyncOptions::default() };
            edit(&pair.alice, "public/last.txt", Some(b"last"));
            pair.alice.manager.sync(&off).await.unwrap();
            for rolling in in_space(&pair.store, &Space::Rolling { owner: alice() }) {
                pair.store.lose(&rolling.id);
            }
            let mut objects = in_space(&pair.store, &space);
            if matches!(space, Space::State { .. }) {
                // Beside the newest one may lie the one before.
                objects.sort_by_key(|object| object.created);
                let older = objects.len() - 1;
                objects.drain(..older).for_each(|object| assert!(pair.store.lose(&object.id)));
            }
            objects.sort_by(|a, b| a.name.cmp(&b.name));
            // Of the log, one in the middle: its end cannot be seen to be missing.
            let place = objects.len().saturating_sub(2);
            let good = pair.store.bytes(&objects[place].id).unwrap();
            if lost {
                if matches!(space, Space::State { .. }) {
                    continue;
                }
                pair.store.lose(&objects[place].id);
            } else {
                pair.store.tamper(&objects[place].id, vec![b'x'; good.len()]);
            }
            let before = pair.objects();
            let node = fresh(&pair.store).await;
            let waits = restored(&node).waits.expect("it waits");
            assert!(waits.contains("damaged"), "{space} {lost}: {waits}");
            let report = node.sync().await;
            assert!(report.notes.iter().any(|note| note.contains("damaged")), "{report:?}");
            assert_eq!(pair.objects(), before, "{space} {lost}");
            if !lost {
                pair.store.tamper(&objects[place].id, good);
                node.sync().await;
                assert_eq!(all_files(&node), all_files(&pair.alice));
            }
        }
    }
}

#[tokio::test]
async fn without_the_rolling_state_the_log_says_the_same() {
    for lost in [false, true] {
        let pair = rich().await;
        let rolling = in_space(&pair.store, &Space::Rolling { owner: alice() }).remove(0);
        if lost {
            pair.store.lose(&rolling.id);
        } else {
            pair.store.tamper(&rolling.id, vec![b'x'; rolling.size as usize]);
        }
        let node = fresh(&pair.store).await;
        assert_eq!(all_files(&node), all_files(&pair.alice));
        assert_eq!(restored(&node).notes.iter().any(|n| n.contains("in its place")), !lost);
    }
}

#[tokio::test]
async fn what_somebody_else_put_there_is_not_looked_at() {
    let pair = rich().await;
    let checkpoints = Space::Checkpoints { owner: alice() };
    let state = Space::State { owner: alice() };
    pair.store.plant(&checkpoints, "checkpoint_1999999999.5.tar.gz", "evil", Some(bob()));
    pair.store.plant(&state, "state_ffffffffffff.json", "{}", Some(bob()));
    let node = fresh(&pair.store).await;
    assert_eq!(all_files(&node), all_files(&pair.alice));
    assert!(restored(&node).notes.iter().any(|note| note.contains("somebody else")));
}

/// In a folder anybody could have written who may be a peer and what may run.
#[tokio::test]
async fn f16_peers_in_a_store_without_access_control_are_not_believed() {
    let folder = crate::common::scratch();
    let open = |email| -> Arc<dyn Transport> {
        Arc::new(FolderTransport::create(folder.path(), email).unwrap())
    };
    let node = Member::join(alice(), open(alice()), 1).await;
    let peer = Member::join(bob(), open(bob()), 2).await;
    peer.manager.add_peer(&alice(), false).await.unwrap();
    node.manager.approve_peer_request(&bob(), true).await.unwrap();
    edit(&node, "public/a.txt", Some(b"a"));
    edit(&node, "mine.txt", Some(b"nobody else reads this"));
    node.sync().await;
    let state = serde_json::json!({
        "schema": "syft/state/1", "email": alice(),
        "peers": { "eve@evil.org": { "state": "accepted", "since": 1.0 } },
    });
    let at = folder.path().join("syft-1/state").join(alice().as_str());
    std::fs::create_dir_all(&at).unwrap();
    std::fs::write(at.join("state_000000000000.json"), state.to_string()).unwrap();
    let fresh = Member::join(alice(), open(alice()), 9).await;
    let told = restored(&fresh);
    assert_eq!((told.peers, told.waits.as_deref()), (0, None));
    assert!(told.notes.iter().any(|note| note.contains("approve your peers again")), "{told:?}");
    assert!(fresh.read("alice@hospital.org/public/a.txt").is_some());
    assert!(fresh.read("alice@hospital.org/mine.txt").is_none(), "it is in no store");
    assert!(!fresh.path(".syft/decisions/peers.yaml").exists());
    // Once approved again, the reader is sent nothing twice.
    fresh.manager.approve_peer_request(&bob(), true).await.unwrap();
    fresh.clock.set(Timestamp::new(1_790_100_000.0).unwrap());
    fresh.sync().await;
    let report = peer.sync().await;
    assert_eq!(peer.audit("channel.forked").len(), 0, "{report:?}");
    assert_eq!(peer.read("alice@hospital.org/public/a.txt").as_deref(), Some("a"));
}

#[derive(Debug, Default)]
struct Heard(Mutex<Vec<(u64, u64)>>);

impl NoticeSink for Heard {
    fn notice(&self, notice: &Notice) {
        if let Notice::Progress { work: Work::Restoring, done, total } = notice {
            self.0.lock().unwrap().push((*done, *total));
        }
    }
}

#[tokio::test]
async fn a_restore_tells_how_far_it_is() {
    let pair = rich().await;
    let heard = Arc::new(Heard::default());
    let other = crate::common::scratch();
    let mut config = pair.alice.config(Arc::new(pair.store.user(alice())));
    (config.home, config.disk) = (other.path().to_owned(), None);
    config.notices = heard.clone();
    SyftboxManager::login(config).await.unwrap();
    let heard = heard.0.lock().unwrap().clone();
    assert!(heard.len() > 3 && heard.windows(2).all(|two| two[0].0 <= two[1].0), "{heard:?}");
    assert!(heard[..heard.len() - 1].iter().all(|(done, total)| done < total), "{heard:?}");
    let (done, total) = heard[heard.len() - 1];
    assert_eq!(done, total);
}

/// Where a machine stops.
#[derive(Debug, Clone, Copy)]
enum Stop {
    Never,
    Disk(u64),
    Store(u64),
    Answer(u64),
}

async fn stopped<T>(
    store: &MemoryStore,
    disk: &FaultyDisk,
    stop: Stop,
    act: impl AsyncFn(Arc<dyn Transport>) -> Result<T, Error>,
) -> (u64, u64) {
    let chaos = Chaos::new(Arc::new(store.user(alice())));
    let chaos = match stop {
        Stop::Store(after) => chaos.stop_after(after),
        Stop::Answer(of) => chaos.stop_in(of),
        Stop::Never | Stop::Disk(_) => chaos,
    };
    disk.reset_counts();
    if let Stop::Disk(after) = stop {
        disk.crash_after(after);
    }
    drop(act(Arc::new(chaos.clone())).await);
    disk.repair();
    (disk.counts().mutations, chaos.effects())
}

fn stops((disk, store): (u64, u64)) -> impl Iterator<Item = Stop> {
    let disk = (0..disk).map(Stop::Disk);
    disk.chain((0..store).map(Stop::Store)).chain((1..=store).map(Stop::Answer))
}

/// One sync that makes a checkpoint of its own kind, and retires what it holds.
async fn before_a_checkpoint() -> (MemoryStore, Member) {
    let (store, node) = solo().await;
    let every = SyncOptions { checkpoint_threshold: 2, ..SyncOptions::default() };
    for round in 0..2 {
        edit(&node, &format!("public/{round}/a"), Some(b"a"));
        edit(&node, &format!("public/{round}/b"), Some(&[round, 200]));
        node.clock.step(1.0);
        node.manager.sync(&every).await.unwrap();
    }
    edit(&node, "public/0/a", None);
    edit(&node, "public/1/a", Some(b""));
    (store, node)
}

#[tokio::test]
async fn f13_a_crash_while_a_checkpoint_is_made_changes_nothing() {
    for compacting in [10, 2] {
        let options = SyncOptions {
            checkpoint_threshold: 2,
            compacting_threshold: compacting,
            ..SyncOptions::default()
        };
        let run = async |stop| {
            let (store, mut node) = before_a_checkpoint().await;
            let config = node.config(Arc::new(store.user(alice())));
            let act = async |transport: Arc<dyn Transport>| {
                let mut config = config.clone();
                config.transport = transport;
                SyftboxManager::open(config)?.sync(&options).await
            };
            let effects = stopped(&store, &node.disk, stop, act).await;
            node.restart(Arc::new(store.user(alice())));
            for _ in 0..3 {
                node.clock.step(1.0);
                node.manager.sync(&options).await.unwrap();
            }
            let pieces = Pieces::of(&store);
            assert_eq!(pieces.fold(), box_of(&node), "{stop:?}");
            assert_eq!(pieces.log.len(), 1, "all that is held elsewhere is retired, {stop:?}");
            assert!(pieces.rolling.is_empty(), "{stop:?}");
            let kinds = (pieces.fulls.len(), pieces.incrementals.len());
            assert_eq!(kinds, if compacting == 2 { (1, 0) } else { (0, 3) }, "{stop:?}");
            assert_eq!(node.manager.verify_audit().unwrap().problem, None);
            effects
        };
        let effects = run(Stop::Never).await;
        assert!(effects.0 > 3 && effects.1 > 3);
        for stop in stops(effects) {
            run(stop).await;
        }
    }
}

#[tokio::test]
async fn a_crash_while_restoring_is_healed_by_the_next_login_or_sync() {
    let pair = rich().await;
    // An older checkpoint whose deletion was cut short is taken away on the way.
    let checkpoints = Space::Checkpoints { owner: alice() };
    let old = syft_core::Checkpoint {
        timestamp: Timestamp::new(1_000.0).unwrap(),
        email: alice(),
        last_event: None,
        files: Vec::new(),
    };
    let bytes = syft_core::codec::encode(&old).unwrap();
    let expected = all_files(&pair.alice);
    let objects = pair.objects();
    let run = async |stop| {
        let name = old.name().to_string();
        pair.store.plant(&checkpoints, &name, bytes.clone(), Some(alice()));
        let node = pair.alice.another_home(5);
        let act = async |transport| SyftboxManager::login(node.config(transport)).await;
        let effects = stopped(&pair.store, &node.disk, stop, act).await;
        let config = node.config(Arc::new(pair.store.user(alice())));
        node.clock.set(Timestamp::new(1_790_100_000.0).unwrap());
        let manager = SyftboxManager::login(config).await.unwrap();
        let report = manager.sync(&SyncOptions::default()).await.unwrap();
        assert!(is_idle(&report), "{stop:?} {report:?}");
        assert_eq!(all_files_in(node.home.path()), expected, "{stop:?}");
        assert_eq!(pair.objects(), objects, "{stop:?}");
        assert_eq!(manager.load_peers().await.unwrap().len(), 2);
        effects
    };
    let effects = run(Stop::Never).await;
    assert!(effects.0 > 10);
    // Each write of a file is the same step: every fourth instant shows them all.
    for stop in stops(effects).filter(|stop| !matches!(stop, Stop::Disk(n) if n % 4 != 0)) {
        run(stop).await;
    }
}

fn all_files_in(home: &std::path::Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = crate::common::tree_in(&home.join(alice().as_str()));
    files.retain(|path, _| !path.starts_with("private/"));
    files
}

#[tokio::test]
async fn the_cache_can_be_deleted_at_any_moment() {
    let pair = rich().await;
    let before = (all_files(&pair.alice), pair.objects());
    let cache = pair.alice.path(".syft/cache");
    std::fs::remove_dir_all(&cache).unwrap();
    assert!(is_idle(&pair.alice.sync().await));
    assert_eq!((all_files(&pair.alice), pair.objects()), before);
    edit(&pair.alice, "public/b.txt", Some(b"b"));
    std::fs::remove_dir_all(&cache).unwrap();
    pair.alice.sync().await;
    std::fs::remove_dir_all(&cache).unwrap();
    pair.alice.manager.create_checkpoint().await.unwrap();
    std::fs::remove_dir_all(&cache).unwrap();
    let node = fresh(&pair.store).await;
    std::fs::remove_dir_all(node.path(".syft/cache")).unwrap_or_default();
    node.sync().await;
    assert_eq!(all_files(&node), all_files(&pair.alice));
    let name = DatasetName::parse("patients").unwrap();
    assert!(node.manager.dataset(&alice(), &name).is_ok());
    assert!(!in_space(&pair.store, &log_of(alice())).is_empty());
}

/// A submitter may send many revisions, and of long lists of files.
#[tokio::test]
async fn the_backup_lists_the_files_of_what_may_run_or_was_decided_about_alone() {
    let (pair, submitted) = Pair::with_job("echo 0").await;
    let script = pair.bob.path("alice@hospital.org/jobs/bob@university.org/census/run.sh");
    pair.approve(&submitted.id);
    for number in 1..5 {
        std::fs::write(&script, format!("echo {number}")).unwrap();
        pair.bob.sync().await;
        pair.alice.sync().await;
    }
    let decided = pair.alice.manager.job_store().decisions(&submitted.id).unwrap()[0].revision;
    let records = pair.alice.manager.job_store().records().unwrap();
    let record = &records[&format!(".syft/jobs/{}.json", submitted.id)];
    let record: serde_json::Value = serde_json::from_str(record).unwrap();
    let revisions = record["revisions"].as_array().unwrap();
    assert!(revisions.len() > 3);
    for (place, revision) in revisions.iter().enumerate() {
        let is_listed = !revision["files"].as_array().unwrap().is_empty();
        let is_current = place + 1 == revisions.len();
        let is_decided = revision["digest"] == decided.to_string();
        assert_eq!(is_listed, is_current || is_decided, "{revision}");
    }
    let node = fresh(&pair.store).await;
    assert_eq!(jobs(&node), jobs(&pair.alice));
    let snapshots = node.tree(".syft/snapshots");
    assert!(!snapshots.is_empty());
    let own = pair.alice.tree(".syft/snapshots");
    assert!(snapshots.iter().all(|(path, bytes)| own.get(path) == Some(bytes)));
}

/// What no machine could read back takes the place of nothing.
#[tokio::test]
async fn a_record_that_is_too_large_does_not_replace_one_that_can_be_read() {
    let pair = Pair::connected().await;
    let before = in_space(&pair.store, &Space::State { owner: alice() });
    let large = "x".repeat(60 << 20);
    for number in 0..5 {
        pair.alice.write(&format!(".syft/runs/large{number}/release.json"), &large);
    }
    pair.submit("echo 1", "census").await;
    pair.bob.sync().await;
    let report = pair.alice.sync().await;
    assert!(report.notes.iter().any(|note| note.contains("no machine would read back")));
    assert_eq!(in_space(&pair.store, &Space::State { owner: alice() }), before);
    let node = fresh(&pair.store).await;
    assert_eq!((restored(&node).waits, restored(&node).peers), (None, 1));
}

/// What was dealt with on the old machine is not waited for on the new one.
#[tokio::test]
async fn a_conflict_on_a_fresh_machine_is_told_at_once() {
    let pair = rich().await;
    let node = fresh(&pair.store).await;
    let script = "alice@hospital.org/jobs/bob@university.org/waits/run.sh";
    node.write(script, "echo alice\n");
    pair.bob.write(script, "echo bob\n");
    pair.bob.sync().await;
    node.sync().await;
    let items = node.manager.quarantine().list().unwrap();
    assert_eq!(items.iter().map(|item| item.code.as_str()).collect::<Vec<_>>(), ["conflict"]);
    assert!(node.audit("message.held").is_empty());
}

#[tokio::test]
async fn who_restores_without_the_keys_is_told_that_peers_will_not_know_the_new_ones() {
    let pair = rich().await;
    let known = pair.alice.manager.keys().unwrap().bundle().words(&alice());
    for has_keys in [true, false] {
        let machine = pair.alice.another_home(77);
        machine.clock.set(Timestamp::new(1_790_100_000.0).unwrap());
        let mut config = machine.config(Arc::new(pair.store.user(alice())));
        if !has_keys {
            config.keys = FirstKeys::New;
        }
        let manager = SyftboxManager::login(config).await.unwrap();
        let restored = manager.restored().unwrap();
        assert!(restored.files > 0 && restored.waits.is_none(), "{restored:?}");
        let is_told = restored.notes.iter().any(|note| note.contains(&known));
        assert_eq!(is_told, !has_keys, "{:?}", restored.notes);
    }
}
