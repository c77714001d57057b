//! Peers that are reached over several stores, and that move from one to another.

use crate::common::stores::{HOME, OTHER, Stores};
use crate::common::{Member, Silent, alice, bob, in_space, inbox, outbox, unsent};
use syft_core::DatasetName;
use syft_dataset::{Audience, NewDataset};
use syft_job::sandbox::{IsolationLevel, PlainSandbox};
use syft_job::{ApproveOptions, JobId, ReleaseFiles, RunOptions};
use syft_sync::{DeleteOptions, Error, PeerState, SyncReport, Verdict};
use syft_transport::MemoryStore;

struct World {
    stores: Stores,
    alice: Member,
    bob: Member,
}

impl World {
    async fn strangers() -> World {
        let mut stores = Stores::new();
        let (alice, bob) = (stores.join(alice(), 1).await, stores.join(bob(), 2).await);
        World { stores, alice, bob }
    }

    /// Both name these stores for each other.
    async fn connected(via: &[&str]) -> World {
        let world = World::strangers().await;
        let via: Vec<String> = via.iter().map(|url| (*url).to_owned()).collect();
        world.bob.manager.add_peer_via(&alice(), false, &via).await.unwrap();
        world.alice.manager.add_peer_via(&bob(), false, &via).await.unwrap();
        world.settle().await;
        world
    }

    async fn settle(&self) -> Vec<SyncReport> {
        let mut reports = Vec::new();
        for _ in 0..3 {
            reports.push(self.alice.sync().await);
            reports.push(self.bob.sync().await);
        }
        reports.iter().for_each(no_alarm);
        reports
    }

    fn publish(&self, text: &str) {
        self.alice.write(&format!("{}/public/note.txt", alice()), text);
    }

    fn note_of_bob(&self) -> Option<String> {
        self.bob.read(&format!("{}/public/note.txt", alice()))
    }

    async fn create_dataset(&self) {
        let files = tempfile::tempdir().unwrap();
        std::fs::write(files.path().join("mock.csv"), "name\nmade up\n").unwrap();
        let mut new = NewDataset::named(DatasetName::parse("census").unwrap());
        new.mock = Some(files.path().join("mock.csv"));
        new.users = Audience::Any;
        self.alice.manager.create_dataset(new, unsent()).await.unwrap();
    }

    fn mock_of_bob(&self) -> Option<String> {
        self.bob.read(&format!("{}/public/datasets/census/mock.csv", alice()))
    }

    fn run(&self, id: &JobId) {
        self.alice.manager.approve_job(id, &ApproveOptions::default()).unwrap();
        let options = RunOptions { minimum: IsolationLevel::L0, ..RunOptions::default() };
        self.alice.manager.run_job(id, &options, &PlainSandbox, &mut Silent).unwrap();
        self.alice.manager.release_job(id, None, &ReleaseFiles::All, false).unwrap();
    }

    fn answer_of(&self, job: &str) -> Option<String> {
        self.bob.read(&format!("{}/jobs/{}/{job}/outputs/answer.txt", alice(), bob()))
    }
}

fn no_alarm(report: &SyncReport) {
    assert_eq!(report.alarms, Vec::<String>::new());
    for peer in &report.peers {
        assert!(!peer.alarm, "{peer:?}");
        assert_eq!(peer.quarantined, 0, "{peer:?}");
    }
}

/// The store is emptied, and the home stays.
const STORE_ONLY: DeleteOptions =
    DeleteOptions { broadcast_delete_events: false, remote: true, local: false, dry_run: false };

const SCRIPT: &str = "echo 42 > $SYFT_OUTPUTS/answer.txt";

#[tokio::test]
async fn two_who_name_a_store_for_each_other_meet_there() {
    let world = World::connected(&[OTHER]).await;
    world.publish("hello");
    world.create_dataset().await;
    let job = world.bob.submit(SCRIPT, "census").await;
    world.settle().await;
    world.run(&job.id);
    world.settle().await;
    assert_eq!(world.answer_of("census").unwrap(), "42\n");
    assert_eq!(world.note_of_bob().unwrap(), "hello");
    assert_eq!(world.mock_of_bob().unwrap(), "name\nmade up\n");
    for space in [inbox(alice(), bob()), outbox(alice(), bob())] {
        assert!(in_space(&world.stores.home, &space).is_empty(), "{space}");
    }
    let peers = world.alice.manager.load_peers().await.unwrap();
    let peer = peers.get(&bob()).unwrap();
    assert_eq!((peer.via.as_slice(), peer.moving), ([OTHER.to_owned()].as_slice(), false));
}

#[tokio::test]
async fn what_of_a_dataset_is_copied_to_the_store_of_a_peer_is_in_the_audit_log() {
    let world = World::connected(&[OTHER]).await;
    world.create_dataset().await;
    world.settle().await;
    assert!(world.mock_of_bob().is_some());
    let mut there = world.stores.other.objects();
    there.retain(|object| object.to_string().contains("/collections/"));
    assert!(there.len() > 1, "{there:?}");
    let sent = world.alice.audit("object.sent");
    let table = world.alice.manager.traffic().unwrap();
    for object in there {
        let key = object.to_string();
        // A line of its own, but for who is let in: that goes to the other store alone.
        let lines: Vec<_> = sent.iter().filter(|entry| entry.subject == key).collect();
        let copied = lines.iter().filter(|entry| entry.details.contains_key("store")).count();
        assert_eq!(copied, usize::from(!key.contains("/grant_")), "{lines:#?}");
        let bytes: Vec<_> = table.iter().filter(|one| one.object == key).collect();
        assert!(bytes.iter().all(|one| one.bytes == object.size && one.complete), "{bytes:?}");
        assert_eq!(bytes.len(), lines.len());
    }
}

#[tokio::test]
async fn what_one_store_does_not_take_goes_over_the_next() {
    let world = World::connected(&[OTHER, HOME]).await;
    world.publish("first");
    world.settle().await;
    world.stores.set_away(OTHER, true);
    world.publish("second");
    let reports = world.settle().await;
    assert!(reports.iter().all(|report| report.store.is_some()));
    assert_eq!(world.note_of_bob().unwrap(), "second");
    world.stores.set_away(OTHER, false);
    world.publish("third");
    let reports = world.settle().await;
    assert_eq!(reports.last().unwrap().store, None);
    assert_eq!(world.note_of_bob().unwrap(), "third");
}

#[tokio::test]
async fn a_dead_store_is_no_rollback() {
    let world = World::connected(&[OTHER, HOME]).await;
    world.publish("first");
    world.settle().await;
    world.stores.set_away_for(&alice(), OTHER, true);
    world.publish("second");
    world.settle().await;
    assert_eq!(world.note_of_bob().unwrap(), "second");
    // The one in which the newest message lies, while Alice is heard in the other one.
    world.stores.set_away_for(&bob(), HOME, true);
    let report = world.bob.sync().await;
    no_alarm(&report);
    assert!(report.store.is_some());
}

#[tokio::test]
async fn a_dataset_in_a_store_that_is_away_is_not_taken_for_withdrawn() {
    let world = World::connected(&[OTHER]).await;
    world.create_dataset().await;
    world.settle().await;
    assert!(world.mock_of_bob().is_some());
    world.stores.set_away(OTHER, true);
    world.settle().await;
    assert!(world.mock_of_bob().is_some());
}

#[tokio::test]
async fn a_rollback_of_one_of_several_stores_is_told() {
    let world = World::connected(&[OTHER, HOME]).await;
    world.publish("first");
    world.settle().await;
    for object in in_space(&world.stores.other, &outbox(alice(), bob())) {
        world.stores.other.lose(&object.id);
    }
    let report = world.bob.sync().await;
    assert!(report.peers.iter().any(|peer| peer.alarm), "{report:?}");
}

#[tokio::test]
async fn a_store_that_cannot_be_opened_holds_up_its_peer_alone() {
    let mut world = World::connected(&[HOME]).await;
    let carol = crate::common::carol();
    let carols = world.stores.join(carol.clone(), 3).await;
    carols.manager.add_peer_via(&alice(), false, &[OTHER.to_owned()]).await.unwrap();
    world.alice.manager.add_peer_via(&carol, false, &[OTHER.to_owned()]).await.unwrap();
    // A machine that knows no other store.
    let home = world.stores.way(&alice(), HOME);
    world.alice.restart(home);
    world.publish("hello");
    let reports = world.settle().await;
    assert!(reports[0].store.as_ref().unwrap().contains(OTHER), "{:?}", reports[0]);
    assert_eq!(world.note_of_bob().unwrap(), "hello");
    world.stores.restart(&mut world.alice);
    world.alice.sync().await;
    carols.sync().await;
    assert_eq!(carols.read(&format!("{}/public/note.txt", alice())).unwrap(), "hello");
}

#[tokio::test]
async fn who_asks_over_a_store_that_is_known_is_answered_there() {
    let mut world = World::connected(&[OTHER]).await;
    let carol = crate::common::carol();
    let carols = world.stores.join(carol.clone(), 3).await;
    carols.manager.add_peer_via(&alice(), false, &[OTHER.to_owned()]).await.unwrap();
    let asks = world.alice.manager.load_peers().await.unwrap();
    assert_eq!(asks.get(&carol).unwrap().state, PeerState::RequestedByPeer);
    let peer = world.alice.manager.approve_peer_request(&carol, true).await.unwrap();
    assert_eq!(peer.via, [OTHER]);
    carols.sync().await;
    let peers = carols.manager.load_peers().await.unwrap();
    assert_eq!(peers.get(&alice()).unwrap().state, PeerState::Accepted);
    assert!(in_space(&world.stores.home, &inbox(carol, alice())).is_empty());
}

#[tokio::test]
async fn who_moves_keeps_what_was_exchanged_and_what_waits() {
    let world = World::connected(&[HOME]).await;
    world.publish("first");
    world.create_dataset().await;
    let done = world.bob.submit(SCRIPT, "done").await;
    world.settle().await;
    world.run(&done.id);
    world.settle().await;
    let waits = world.bob.submit(SCRIPT, "waits").await;
    world.bob.sync().await;
    let peer = world.alice.manager.move_peer(bob(), OTHER).await.unwrap();
    assert!(peer.moving);
    // Until the other one has come along all goes on where it was.
    world.publish("second");
    world.settle().await;
    assert_eq!(world.note_of_bob().unwrap(), "second");
    let peer = world.bob.manager.move_peer(alice(), &format!("{OTHER}/")).await.unwrap();
    assert_eq!(peer.via, [OTHER]);
    world.publish("third");
    world.run(&waits.id);
    world.settle().await;
    for (name, member, other) in [("alice", &world.alice, bob()), ("bob", &world.bob, alice())] {
        let peers = member.manager.load_peers().await.unwrap();
        assert!(!peers.get(&other).unwrap().moving, "{name}");
    }
    assert_eq!(world.note_of_bob().unwrap(), "third");
    assert_eq!(world.answer_of("waits").unwrap(), "42\n");
    assert_eq!(world.answer_of("done").unwrap(), "42\n");
    assert!(world.mock_of_bob().is_some());
    let channels = [
        inbox(alice(), bob()),
        inbox(bob(), alice()),
        outbox(alice(), bob()),
        outbox(bob(), alice()),
    ];
    for space in channels {
        assert!(in_space(&world.stores.home, &space).is_empty(), "{space}");
    }
    world.stores.set_away(HOME, true);
    let later = world.bob.submit(SCRIPT, "later").await;
    world.bob.sync().await;
    assert!(!in_space(&world.stores.other, &inbox(alice(), bob())).is_empty());
    world.stores.set_away(HOME, false);
    world.settle().await;
    world.run(&later.id);
    world.settle().await;
    assert_eq!(world.answer_of("later").unwrap(), "42\n");
}

#[tokio::test]
async fn a_reset_and_a_check_up_look_into_the_stores_of_peers() {
    let mut world = World::connected(&[OTHER]).await;
    world.publish("hello");
    world.create_dataset().await;
    world.settle().await;
    world.stores.set_away(OTHER, true);
    // A new process, that has not looked for anybody yet.
    world.stores.restart(&mut world.alice);
    let manager = &world.alice.manager;
    let health = manager.check_up(true, false).await.unwrap();
    let others = health.checks.iter().find(|check| check.name == "other stores").unwrap();
    assert_eq!(others.verdict, Verdict::Away);
    let report = manager.delete_syftbox(&STORE_ONLY).await.unwrap();
    let told = report.left.iter().find(|left| left.reason.contains("was not looked at"));
    assert!(told.is_some(), "{report:?}");
    assert!(report.broadcast.is_empty(), "{report:?}");
    let of_alice = |store: &MemoryStore| {
        store.objects().into_iter().filter(|one| one.owner == Some(alice())).count()
    };
    assert_eq!(of_alice(&world.stores.home), 0);
    assert!(of_alice(&world.stores.other) > 0);
    world.stores.set_away(OTHER, false);
    world.stores.restart(&mut world.alice);
    let report = world.alice.manager.delete_syftbox(&STORE_ONLY).await.unwrap();
    assert!(report.left.iter().all(|left| !left.reason.contains("looked at")), "{report:?}");
    assert_eq!(of_alice(&world.stores.other), 0, "{:?}", world.stores.other.objects());
    let health = world.alice.manager.check_up(true, false).await.unwrap();
    let others = health.checks.iter().find(|check| check.name == "other stores").unwrap();
    assert_eq!(others.verdict, Verdict::Good);
}

#[tokio::test]
async fn a_store_that_died_is_told_and_given_up() {
    let world = World::connected(&[OTHER]).await;
    world.publish("before");
    world.settle().await;
    // What nobody will ever get.
    world.publish("lost");
    world.alice.sync().await;
    let job = world.bob.submit(SCRIPT, "census").await;
    world.bob.sync().await;
    world.stores.set_away(OTHER, true);
    world.alice.manager.move_peer(bob(), HOME).await.unwrap();
    world.bob.manager.move_peer(alice(), HOME).await.unwrap();
    for _ in 0..2 {
        world.alice.sync().await;
        world.bob.sync().await;
    }
    for (member, other) in [(&world.alice, bob()), (&world.bob, alice())] {
        let peers = member.manager.load_peers().await.unwrap();
        let peer = peers.get(&other).unwrap();
        assert!(peer.moving && peer.held_up.is_some(), "{peer:?}");
        let command = peer.goes_on_by().unwrap();
        assert!(command.starts_with(&format!("syft peer move {other} --via ")), "{command}");
        assert!(command.ends_with(" --give-up-older"), "{command}");
        let health = member.manager.check_up(true, false).await.unwrap();
        let moves = health.checks.iter().find(|check| check.name == "moves").unwrap();
        assert!(moves.verdict == Verdict::Away && moves.detail.contains(&command), "{moves:?}");
        let peer = member.manager.give_up_older_store(&other).await.unwrap();
        assert!(!peer.moving && peer.held_up.is_none(), "{peer:?}");
        assert_eq!(member.audit("peer.store_given_up").len(), 1);
    }
    let reports = world.settle().await;
    assert!(reports.iter().all(|report| report.store.is_none()), "{reports:?}");
    assert!(reports.iter().all(|report| report.queued_out == 0), "{reports:?}");
    assert_eq!(world.note_of_bob().unwrap(), "lost");
    world.run(&job.id);
    let reports = world.settle().await;
    assert_eq!(world.answer_of("census").unwrap(), "42\n");
    let late = |report: &SyncReport| report.peers.iter().any(|peer| peer.late.is_some());
    assert!(!reports.last().is_some_and(late), "{reports:?}");
    // There is nothing to give up any more.
    let peer = world.alice.manager.give_up_older_store(bob()).await.unwrap();
    assert!(!peer.moving);
    assert_eq!(world.alice.audit("peer.store_given_up").len(), 1);
}

#[tokio::test]
async fn a_peer_who_is_connected_is_moved_and_not_added_elsewhere() {
    let world = World::connected(&[HOME]).await;
    let added = world.alice.manager.add_peer_via(&bob(), false, &[OTHER.to_owned()]).await;
    assert!(matches!(added, Err(Error::PeerState { .. })), "{added:?}");
    let unknown = world.alice.manager.move_peer(crate::common::carol(), OTHER).await;
    assert!(matches!(unknown, Err(Error::UnknownPeer(_))), "{unknown:?}");
    let nowhere = world.alice.manager.move_peer(bob(), "memory:nowhere").await;
    assert!(matches!(nowhere, Err(Error::Config(_))), "{nowhere:?}");
    assert_eq!(world.alice.manager.load_peers().await.unwrap().get(&bob()).unwrap().via, [HOME]);
}
