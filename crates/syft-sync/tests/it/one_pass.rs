//! What a pass costs: each thing is read, listed, fetched and sent once, and
//! what did not change not at all.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::common::gate::{Gate, Trouble};
use crate::common::*;
use syft_core::{Email, Timestamp};
use syft_sync::SyncReport;
use syft_transport::{MemoryStore, Metered, Operation, Usage};

const PUBLIC: &str = "alice@hospital.org/public";
const RULES: &str = "alice@hospital.org/public/syft.pub.yaml";

/// So long after what stands on the real disk that no file is racily clean.
fn later() -> Timestamp {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    Timestamp::new(now + 100.0).unwrap()
}

/// How often files of Alice's datasite were read, and its folders listed.
fn reads(member: &Member) -> BTreeMap<String, u64> {
    of_alice(member.disk.counts().reads)
}

fn lists(member: &Member) -> BTreeMap<String, u64> {
    of_alice(member.disk.counts().lists)
}

fn of_alice(counts: BTreeMap<syft_core::HomePath, u64>) -> BTreeMap<String, u64> {
    let all = counts.into_iter().map(|(path, count)| (path.to_string(), count));
    all.filter(|(path, _)| path.starts_with(alice().as_str())).collect()
}

fn calls(before: &Usage, after: &Usage, operation: Operation) -> u64 {
    after.calls_of(operation) - before.calls_of(operation)
}

/// Alice with files, a peer and a job, all of it sent and settled.
async fn settled(files: usize) -> (Trio, Metered) {
    let mut trio = Trio::connected().await;
    for number in 0..files {
        trio.alice.write(&format!("{PUBLIC}/d{}/f{number}.csv", number % 7), "a row\n");
    }
    trio.submit("echo hello\n", "census").await;
    trio.settle().await;
    let metered = Metered::new(Arc::new(trio.store.user(alice())));
    trio.pair.alice.restart(Arc::new(metered.clone()));
    for member in [&trio.alice, &trio.bob, &trio.carol] {
        member.clock.set(later());
        member.sync().await;
        member.sync().await;
        member.disk.reset_counts();
    }
    (trio, metered)
}

#[tokio::test]
async fn an_idle_sync_walks_once_and_reads_nothing() {
    let (mut trio, metered) = settled(50).await;
    for restarted in [false, true] {
        if restarted {
            trio.pair.alice.restart(Arc::new(metered.clone()));
        }
        trio.alice.disk.reset_counts();
        let before = metered.snapshot();
        let report = trio.alice.sync().await;
        assert_eq!(report.changed, 0);
        assert_eq!(reads(&trio.alice), BTreeMap::new(), "restarted: {restarted}");
        let twice: Vec<_> = lists(&trio.alice).into_iter().filter(|(_, n)| *n != 1).collect();
        assert_eq!(twice, [], "listed more than once");
        assert!(lists(&trio.alice).len() > 8, "all folders are listed");
        assert_eq!(trio.alice.disk.counts().mutations, 0, "{:?}", trio.alice.disk.counts());
        let after = metered.snapshot();
        assert_eq!(calls(&before, &after, Operation::Get), 0, "known hellos are not fetched");
        assert_eq!(calls(&before, &after, Operation::Put), 0);
        assert_eq!(calls(&before, &after, Operation::List), 5, "two a peer, and my log");
    }
}

#[tokio::test]
async fn an_idle_watcher_walks_each_copy_once_and_reads_nothing() {
    let (trio, _) = settled(50).await;
    trio.bob.sync().await;
    assert_eq!(reads(&trio.bob), BTreeMap::new());
    let twice: Vec<_> = lists(&trio.bob).into_iter().filter(|(_, n)| *n != 1).collect();
    assert_eq!(twice, []);
}

#[tokio::test]
async fn status_reads_no_file_of_the_datasite() {
    let (trio, _) = settled(50).await;
    let status = trio.alice.manager.status().await.unwrap();
    assert_eq!(status.queued_out, 0);
    assert_eq!(reads(&trio.alice), BTreeMap::new());
    trio.alice.write(&format!("{PUBLIC}/d1/f1.csv"), "another row\n");
    trio.alice.manager.status().await.unwrap();
    let edited = BTreeMap::from([(format!("{PUBLIC}/d1/f1.csv"), 1)]);
    assert_eq!(reads(&trio.alice), edited);
}

#[tokio::test]
async fn one_edit_among_many_is_read_once_and_sent_once_to_each_reader() {
    let (trio, metered) = settled(500).await;
    let edited = format!("{PUBLIC}/d3/f3.csv");
    trio.alice.write(&edited, "an edited row\n");
    let before = metered.snapshot();
    let report = trio.alice.sync().await;
    assert_eq!(report.changed, 1);
    assert_eq!(reads(&trio.alice), BTreeMap::from([(edited.clone(), 1)]));
    let after = metered.snapshot();
    assert_eq!(calls(&before, &after, Operation::Put), 3, "log, Bob, Carol");
    for reader in [&trio.bob, &trio.carol] {
        reader.sync().await;
        assert_eq!(reader.read(&edited).unwrap(), "an edited row\n");
    }
}

#[tokio::test]
async fn a_message_is_applied_with_one_walk() {
    let (trio, _) = settled(20).await;
    trio.submit("echo second\n", "second").await;
    trio.bob.sync().await;
    trio.alice.disk.reset_counts();
    trio.alice.sync().await;
    let walked: Vec<_> = lists(&trio.alice)
        .into_iter()
        .filter(|(folder, n)| folder.starts_with(PUBLIC) && *n != 1)
        .collect();
    assert_eq!(walked, [], "what a message does not touch is not walked again");
    assert_eq!(trio.alice.manager.job_store().jobs().unwrap().len(), 2);
}

#[tokio::test]
async fn a_racily_clean_file_is_hashed_again() {
    let pair = Pair::connected().await;
    let file = format!("{PUBLIC}/fresh.csv");
    pair.alice.write(&file, "one\n");
    // The clock stands just after the edit: another one might not show.
    pair.alice.clock.set(Timestamp::new(later().seconds() - 100.0).unwrap());
    pair.alice.sync().await;
    pair.alice.clock.set(later());
    for read in [1, 0] {
        pair.alice.disk.reset_counts();
        pair.alice.sync().await;
        assert_eq!(reads(&pair.alice).get(&file).copied().unwrap_or(0), read);
    }
}

#[tokio::test]
async fn a_permission_file_is_read_again_only_when_it_changed() {
    let (trio, _) = settled(10).await;
    // What no checkpoint holds is read for the rolling state.
    trio.alice.manager.create_checkpoint().await.unwrap();
    trio.alice.disk.reset_counts();
    trio.alice.write(&format!("{PUBLIC}/d1/f1.csv"), "a changed row\n");
    trio.alice.sync().await;
    assert_eq!(reads(&trio.alice).get(RULES), None);
    trio.alice.disk.reset_counts();
    let rules = "rules:\n- pattern: '**'\n  access:\n    read: ['carol@institute.net']\n";
    trio.alice.write(RULES, rules);
    trio.alice.clock.set(later());
    trio.alice.sync().await;
    assert_eq!(reads(&trio.alice).get(RULES), Some(&1), "read once");
    trio.bob.sync().await;
    assert_eq!(trio.bob.read(&format!("{PUBLIC}/d1/f1.csv")), None, "it counts at once");
    assert!(!trio.alice.manager.owner_syncer().check_read_permissions(&bob(), "public/x").unwrap());
}

/// A story in steps; what a step needs is there after the one before.
async fn step(pair: &Pair, number: usize) {
    let file = |name: &str| format!("{PUBLIC}/{name}.csv");
    match number {
        0 => pair.alice.write(&file("one"), "1\n"),
        1 => drop(pair.submit("echo a > outputs/a.txt\n", "first").await),
        2 => pair.alice.write(RULES, "rules:\n- pattern: 'o*'\n  access:\n    read: ['*']\n"),
        3 => pair.alice.write(&file("two"), "2\n"),
        4 => {
            let id = pair.alice.manager.job_store().job("first").unwrap().id().clone();
            pair.approve(&id);
        }
        5 => drop(pair.submit("echo b\n", "second").await),
        6 => pair.alice.write(&file("one"), "one\n"),
        7 => {
            let id = pair.alice.manager.job_store().job("second").unwrap().id().clone();
            pair.alice.manager.reject_job(&id, Some("no")).unwrap();
        }
        _ => pair.alice.write(RULES, "rules:\n- pattern: '**'\n  access:\n    read: ['*']\n"),
    }
}

/// The story, with the caches deleted before some of the syncs.
async fn story(deletions: u32) -> [BTreeMap<String, Vec<u8>>; 2] {
    let pair = Pair::connected().await;
    let mut sync = 0;
    for number in 0..9 {
        step(&pair, number).await;
        for member in [&pair.bob, &pair.alice, &pair.bob] {
            if deletions >> (sync % 32) & 1 == 1 {
                let _ = std::fs::remove_dir_all(member.path(".syft/cache"));
            }
            sync += 1;
            member.sync().await;
        }
    }
    for member in [&pair.alice, &pair.bob] {
        let report = member.sync().await;
        assert_eq!((report.changed, report.queued_out), (0, 0), "{report:?}");
    }
    [&pair.alice, &pair.bob].map(|member| member.tree(alice().as_str()))
}

#[tokio::test]
async fn deleting_the_cache_at_any_moment_changes_nothing() {
    let expected = story(0).await;
    assert!(expected[1].contains_key("jobs/bob@university.org/second/rejected"));
    for deletions in [u32::MAX, 0x1248_1248, 0xdead_beef] {
        let [alices, bobs] = story(deletions).await;
        assert!(alices == expected[0] && bobs == expected[1], "deleted at {deletions:b}");
    }
}

/// Peers of Alice with one proposal each, and Alice behind a gate.
async fn crowd(
    peers: usize,
    trouble: Option<(Email, Trouble)>,
) -> (MemoryStore, Member, Vec<Member>, Arc<Gate>) {
    let store = MemoryStore::new();
    let mut owner = Member::join(alice(), Arc::new(store.user(alice())), 1).await;
    let mut members = Vec::new();
    for number in 0..peers {
        let who = email(&format!("peer{number:02}@university.org"));
        let seed = 100 + number as u64;
        let peer = Member::join(who.clone(), Arc::new(store.user(who.clone())), seed).await;
        peer.manager.add_peer(&alice(), false).await.unwrap();
        owner.manager.approve_peer_request(&who, true).await.unwrap();
        peer.submit("echo hello\n", "census").await;
        peer.sync().await;
        members.push(peer);
    }
    owner.write(&format!("{PUBLIC}/one.csv"), "1\n");
    let gate = Arc::new(Gate::new(Arc::new(store.user(alice())), trouble));
    owner.restart(gate.clone());
    (store, owner, members, gate)
}

#[tokio::test]
async fn all_peers_are_served_at_once_with_a_bound() {
    let (_store, owner, members, gate) = crowd(12, None).await;
    let report = owner.sync().await;
    assert!(report.peers.iter().all(|peer| peer.problem.is_none()), "{report:?}");
    assert_eq!(owner.manager.job_store().jobs().unwrap().len(), members.len());
    let most = gate.most_at_once();
    assert!((4..=8).contains(&most), "{most} calls at once");
}

/// What a pass did for all but the peer with the trouble.
async fn others_are_served(trouble: Trouble) {
    let bad = email("peer01@university.org");
    let (_store, owner, members, _) = crowd(4, Some((bad.clone(), trouble))).await;
    let report: SyncReport = owner.sync().await;
    let problem = report.peers.iter().find(|peer| peer.email == bad).unwrap().problem.clone();
    assert!(problem.is_some(), "{report:?}");
    assert_eq!(owner.manager.job_store().jobs().unwrap().len(), members.len() - 1);
    for member in members.iter().filter(|member| member.email != bad) {
        member.sync().await;
        assert_eq!(member.read(&format!("{PUBLIC}/one.csv")).unwrap(), "1\n");
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_whose_calls_hang_stops_nobody_else() {
    others_are_served(Trouble::Hangs).await;
}

#[tokio::test]
async fn a_peer_whose_calls_fail_stops_nobody_else() {
    others_are_served(Trouble::Fails).await;
}
