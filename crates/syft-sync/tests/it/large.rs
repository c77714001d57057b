//! What is larger than a store takes: refused before anything of it is sent, and where that is
//! too late given up, so that everything else goes on.

use std::sync::Arc;

use crate::common::stores::{OTHER, Stores};
use crate::common::{Member, Secrecy, Silent, alice, bob, in_space, outbox, unsent};
use syft_core::DatasetName;
use syft_dataset::{Audience, NewDataset};
use syft_job::sandbox::{IsolationLevel, PlainSandbox};
use syft_job::{ApproveOptions, JobId, ReleaseFiles, RunOptions, Script, Submission};
use syft_sync::{Error, OfflineTransport, SyncOptions, Verdict};
use syft_transport::{MemoryStore, Space};

/// What the store takes: with its seal a file may have a MiB less.
const LARGEST: u64 = 3 << 20;

/// Bytes that nothing makes smaller.
fn noise(size: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut bytes: Vec<u8> = std::iter::repeat_with(next).take(size / 8).flatten().collect();
    bytes.resize(size, 0);
    bytes
}

fn write(member: &Member, below: &str, bytes: &[u8]) {
    let path = member.path(&format!("{}/{below}", member.email));
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

/// Alice and Bob, reached over a store that takes so much; her home takes everything.
struct World {
    alice: Member,
    bob: Member,
}

impl World {
    async fn connected() -> World {
        let mut stores = Stores::new().other_takes(LARGEST);
        let (alice_node, bob_node) = (stores.join(alice(), 1).await, stores.join(bob(), 2).await);
        let world = World { alice: alice_node, bob: bob_node };
        let via = [OTHER.to_owned()];
        world.bob.manager.add_peer_via(&alice(), false, &via).await.unwrap();
        world.alice.manager.add_peer_via(&bob(), false, &via).await.unwrap();
        world.settle().await;
        world
    }

    async fn settle(&self) {
        for _ in 0..3 {
            self.alice.sync().await;
            self.bob.sync().await;
        }
    }

    fn copy_of_bob(&self, below: &str) -> Option<Vec<u8>> {
        std::fs::read(self.bob.path(&format!("{}/{below}", alice()))).ok()
    }
}

fn refused(result: Result<(), Error>) -> String {
    let Err(Error::Refused(reason)) = result else { panic!("{result:?}") };
    reason
}

#[tokio::test]
async fn a_dataset_is_not_shared_over_a_store_that_cannot_take_it() {
    let world = World::connected().await;
    let files = tempfile::tempdir().unwrap();
    std::fs::write(files.path().join("scan.bin"), noise(5 << 19, 1)).unwrap();
    let name = DatasetName::parse("scans").unwrap();
    let mut new = NewDataset::named(name.clone());
    new.mock = Some(files.path().join("scan.bin"));
    // My own store takes it.
    world.alice.manager.create_dataset(new.clone(), unsent()).await.unwrap();
    let manager = &world.alice.manager;
    let to_bob = Audience::users([bob()].into());
    let shared = manager.share_dataset(&name, to_bob.clone(), false).await;
    let reason = refused(shared.map(drop));
    assert!(reason.starts_with("scan.bin of scans has 2.5 MiB"), "{reason}");
    assert!(reason.contains("takes files of up to 2 MiB: split it"), "{reason}");
    assert_eq!(manager.dataset(&alice(), &name).unwrap().audience, Some(Audience::Nobody));
    new.name = DatasetName::parse("others").unwrap();
    new.users = to_bob;
    let made = manager.create_dataset(new.clone(), unsent()).await;
    assert!(refused(made.map(drop)).contains("scan.bin has 2.5 MiB"));
    assert!(manager.dataset(&alice(), &new.name).is_err());
}

#[tokio::test]
async fn a_job_and_its_outputs_are_refused_before_they_are_written() {
    let world = World::connected().await;
    let files = tempfile::tempdir().unwrap();
    std::fs::write(files.path().join("run.sh"), "true").unwrap();
    std::fs::write(files.path().join("model.bin"), noise(5 << 19, 2)).unwrap();
    let submission = Submission::new(alice(), Script::Path(files.path().to_owned()));
    let submitted = world.bob.manager.submit_job(&submission, true).await;
    let reason = refused(submitted.map(drop));
    assert!(
        reason.contains("code/model.bin has 2.5 MiB") && reason.contains("split it"),
        "{reason}"
    );
    assert_eq!(world.bob.manager.job_store().jobs().unwrap().len(), 0);
    // Text of that size is smaller as it is sent.
    std::fs::write(files.path().join("model.bin"), vec![b'0'; 5 << 19]).unwrap();
    world.bob.manager.submit_job(&submission, false).await.unwrap();

    let script = "head -c 3000000 /dev/urandom > $SYFT_OUTPUTS/large; echo 1 > $SYFT_OUTPUTS/small";
    let job = world.bob.submit(script, "large").await;
    world.settle().await;
    run(&world.alice, &job.id);
    let release = |files| world.alice.manager.release_job(&job.id, None, &files, false);
    let reason = refused(release(ReleaseFiles::All).map(drop));
    assert!(reason.starts_with("large has 2.8 MiB"), "{reason}");
    let there = world.alice.manager.job_store().received(&job.id).unwrap();
    assert!(there.outputs().unwrap().iter().all(|output| !output.released));
    let small = there.outputs().unwrap().into_iter().find(|one| one.path.as_str() == "small");
    release(ReleaseFiles::Paths(vec![small.unwrap().path])).unwrap();
    world.settle().await;
    let small = format!("jobs/{}/large/outputs/small", bob());
    assert_eq!(world.copy_of_bob(&small).unwrap(), b"1\n");
}

fn run(owner: &Member, id: &JobId) {
    owner.manager.approve_job(id, &ApproveOptions::default()).unwrap();
    let options = RunOptions { minimum: IsolationLevel::L0, ..RunOptions::default() };
    owner.manager.run_job(id, &options, &PlainSandbox, &mut Silent).unwrap();
}

#[tokio::test]
async fn a_file_that_is_too_large_for_one_is_told_and_holds_up_nothing() {
    let world = World::connected().await;
    write(&world.alice, "public/large.bin", &noise(3 << 20, 3));
    write(&world.alice, "public/small.txt", b"small");
    let report = world.alice.sync().await;
    let told = report.notes.iter().find(|note| note.contains("public/large.bin"));
    assert!(told.unwrap().contains("is not sent to bob@university.org"), "{report:?}");
    assert_eq!(report.store, None);
    world.settle().await;
    assert_eq!(world.copy_of_bob("public/small.txt").unwrap(), b"small");
    assert_eq!(world.copy_of_bob("public/large.bin"), None);

    let status = world.alice.manager.status().await.unwrap();
    let waits = status.waiting.iter().find(|waiting| waiting.what.contains("public/large.bin"));
    assert_eq!(waits.unwrap().waiting_for.command, "syft doctor");
    let health = world.alice.manager.check_up(true, false).await.unwrap();
    let sizes = health.checks.iter().find(|check| check.name == "sizes").unwrap();
    assert_eq!(sizes.verdict, Verdict::Odd);
    assert!(
        sizes.detail.contains("public/large.bin for bob@university.org has 3 MiB"),
        "{sizes:?}"
    );

    // What is no longer so is told no longer.
    write(&world.alice, "public/large.bin", b"not any more");
    world.settle().await;
    assert_eq!(world.copy_of_bob("public/large.bin").unwrap(), b"not any more");
    let health = world.alice.manager.check_up(true, false).await.unwrap();
    let sizes = health.checks.iter().find(|check| check.name == "sizes").unwrap();
    assert_eq!(sizes.verdict, Verdict::Good);
}

/// Alone over a store that takes so much.
async fn solo_on(store: &MemoryStore, seed: u64) -> Member {
    let way = Arc::new(store.user(alice()).with_largest(LARGEST));
    Member::join_as(alice(), way, seed, Secrecy::Sealed).await
}

#[tokio::test]
async fn the_backup_is_in_pieces_that_the_store_takes() {
    let store = MemoryStore::new();
    let owner = solo_on(&store, 1).await;
    let options =
        SyncOptions { checkpoint_threshold: 2, compacting_threshold: 2, ..SyncOptions::default() };
    for number in 0..6 {
        write(&owner, &format!("public/{number}.bin"), &noise(1 << 20, number));
        owner.clock.step(1.0);
        let report = owner.manager.sync(&options).await.unwrap();
        assert_eq!((&report.store, report.notes.len()), (&None, 0), "{report:?}");
    }
    let status = owner.manager.checkpoint_status().await.unwrap();
    assert!(status.incrementals > 1, "{status:?}");
    let machine = solo_on(&store, 9).await;
    let restored = machine.manager.restored().unwrap();
    assert_eq!((&restored.notes, &restored.waits), (&Vec::new(), &None));
    for number in 0..6 {
        let path = machine.path(&format!("{}/public/{number}.bin", alice()));
        assert_eq!(std::fs::read(path).unwrap(), noise(1 << 20, number));
    }
}

#[tokio::test]
async fn what_was_decided_before_the_store_took_less_is_given_up_and_sent_in_parts() {
    let store = MemoryStore::new();
    let mut owner = Member::join(alice(), Arc::new(store.user(alice())), 1).await;
    let reader = Member::join(bob(), Arc::new(store.user(bob())), 2).await;
    reader.manager.add_peer(&alice(), false).await.unwrap();
    owner.manager.approve_peer_request(&bob(), true).await.unwrap();
    owner.sync().await;
    reader.sync().await;

    owner.restart(Arc::new(OfflineTransport::new("memory", alice(), "it is night")));
    for number in 0..4 {
        write(&owner, &format!("public/{number}.bin"), &noise(1 << 20, number));
    }
    write(&owner, "public/large.bin", &noise(3 << 20, 7));
    let report = owner.sync().await;
    assert!(report.store.is_some() && report.queued_out > 0, "{report:?}");
    owner.restart(Arc::new(store.user(alice()).with_largest(LARGEST)));
    for _ in 0..2 {
        let report = owner.sync().await;
        assert_eq!((&report.store, report.queued_out), (&None, 0), "{report:?}");
        assert!(report.alarms.is_empty(), "{report:?}");
        let seen = reader.sync().await;
        assert!(seen.peers.iter().all(|peer| peer.late.is_none() && !peer.alarm), "{seen:?}");
    }
    for number in 0..4 {
        let path = reader.path(&format!("{}/public/{number}.bin", alice()));
        assert_eq!(std::fs::read(path).unwrap(), noise(1 << 20, number));
    }
    assert!(!owner.audit("object.too_large").is_empty());
    let tried = owner.audit("object.too_large").len();
    let report = owner.sync().await;
    assert!(report.notes.iter().any(|note| note.contains("public/large.bin")), "{report:?}");
    assert_eq!(owner.audit("object.too_large").len(), tried);
    let sent: Vec<Space> = vec![outbox(alice(), bob()), Space::Log { owner: alice() }];
    for object in sent.iter().flat_map(|space| in_space(&store, space)) {
        assert!(object.size <= LARGEST, "{object:?}");
    }
}
