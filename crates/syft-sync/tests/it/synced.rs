//! Two people over a folder that some program keeps alike on their machines: whatever it does
//! on the way, each job is done once, nobody is blamed, and all arrives.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use crate::common::synced::{Pump, Vendor};
use crate::common::{Member, Secrecy, alice, bob, scratch};
use proptest::prelude::*;
use syft_core::{DatasetName, Email};
use syft_dataset::{Audience, NewDataset};
use syft_job::sandbox::{IsolationLevel, LogStream, PlainSandbox};
use syft_job::{ApproveOptions, ReleaseFiles, RunOptions, Status};
use syft_sync::{CreateOptions, PeerState, SyncReport};
use syft_transport::FolderTransport;
use tokio::runtime::Builder;

/// Rounds in which the program does as it likes, and in which it is done.
const ROUNDS: (usize, usize) = (16, 40);
/// Between two syncs of somebody, in seconds.
const BETWEEN: f64 = 40.0;
const JOBS: [&str; 2] = ["count", "mean"];
const MOCK: &str = "alice@hospital.org/public/datasets/census";

struct World {
    pump: Pump,
    alice: Member,
    bob: Member,
    has_dataset: bool,
    submitted: usize,
    runs: usize,
}

impl World {
    async fn new(vendor: Vendor, secrecy: Secrecy, seed: u64) -> World {
        let mut pump = Pump::new(vendor, (seed % 2) as usize, seed);
        let folder = |side: usize, who| {
            Arc::new(FolderTransport::create(pump.sides[side].path(), who).unwrap())
        };
        let (mine, theirs) = (folder(0, alice()), folder(1, bob()));
        let alice = Member::join_as(alice(), mine, seed, secrecy).await;
        let bob = Member::join_as(bob(), theirs, !seed, secrecy).await;
        bob.clock.step(pump.draw(4 * 24 * 60 * 60) as f64 - 2.0 * 24.0 * 60.0 * 60.0);
        bob.manager.add_peer(&self::alice(), false).await.unwrap();
        World { pump, alice, bob, has_dataset: false, submitted: 0, runs: 0 }
    }

    async fn round(&mut self) -> Result<(), TestCaseError> {
        self.pump.step();
        if self.pump.draw(4) > 0 {
            self.alice_works().await?;
        }
        self.pump.step();
        if self.pump.draw(4) > 0 {
            self.bob_works().await?;
        }
        Ok(())
    }

    async fn alice_works(&mut self) -> Result<(), TestCaseError> {
        check(&self.alice, &syncs(&self.alice).await)?;
        self.meets_bob().await;
        let manager = &self.alice.manager;
        let jobs = manager.job_store().jobs().unwrap();
        for job in jobs.iter().filter(|job| job.status() == Status::Inbox) {
            manager.approve_job(job.id(), &ApproveOptions::default()).unwrap();
            let options = RunOptions { minimum: IsolationLevel::L0, ..RunOptions::default() };
            let mut quiet = |_: LogStream, _: &[u8]| {};
            manager.run_job(job.id(), &options, &PlainSandbox, &mut quiet).unwrap();
            manager.release_job(job.id(), None, &ReleaseFiles::All, false).unwrap();
            self.runs += 1;
        }
        Ok(())
    }

    async fn bob_works(&mut self) -> Result<(), TestCaseError> {
        check(&self.bob, &syncs(&self.bob).await)?;
        if let Some(name) = JOBS.get(self.submitted)
            && state(&self.bob, &alice()).await == Some(PeerState::Accepted)
        {
            self.bob.submit(&format!("echo {name} > $SYFT_OUTPUTS/answer.txt"), name).await;
            self.submitted += 1;
        }
        Ok(())
    }

    async fn meets_bob(&mut self) {
        if self.has_dataset {
            return;
        }
        match state(&self.alice, &bob()).await {
            Some(PeerState::RequestedByPeer) => {
                self.alice.manager.approve_peer_request(&bob(), true).await.unwrap();
            }
            Some(PeerState::Accepted) => {
                create_dataset(&self.alice).await;
                self.has_dataset = true;
            }
            _ => {}
        }
    }

    /// Whether Bob has all that is for him.
    fn is_done(&self) -> bool {
        let answer = |name| format!("alice@hospital.org/jobs/{}/{name}/outputs/answer.txt", bob());
        JOBS.iter().all(|name| self.bob.read(&answer(name)) == Some(format!("{name}\n")))
            && self.bob.tree(MOCK) == self.shared()
    }

    /// The files of the mock as Alice has them, but for what says who may read.
    fn shared(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = self.alice.tree(MOCK);
        files.retain(|name, _| name != "syft.pub.yaml");
        files
    }
}

async fn state(member: &Member, peer: &Email) -> Option<PeerState> {
    let peers = member.manager.load_peers().await.unwrap();
    peers.get(peer).map(|peer| peer.state)
}

async fn syncs(member: &Member) -> SyncReport {
    member.clock.step(BETWEEN);
    member.sync().await
}

fn check(member: &Member, report: &SyncReport) -> Result<(), TestCaseError> {
    prop_assert!(report.alarms.is_empty(), "{report:?}");
    for peer in &report.peers {
        prop_assert!(!peer.alarm && !peer.key_alarm && peer.quarantined == 0, "{report:?}");
    }
    prop_assert!(member.manager.quarantine().list().unwrap().is_empty());
    Ok(())
}

async fn create_dataset(owner: &Member) {
    let files = scratch();
    let mock = files.path().join("mock");
    fs::create_dir(&mock).unwrap();
    fs::write(mock.join("gr\u{f6}\u{df}e.csv"), "a\n1\n".repeat(2_000)).unwrap();
    fs::write(mock.join("rows.csv"), "a\n2\n").unwrap();
    let mut new = NewDataset::named(DatasetName::parse("census").unwrap());
    (new.mock, new.users) = (Some(mock), Audience::Any);
    let options = CreateOptions { sync: false, ..CreateOptions::default() };
    owner.manager.create_dataset(new, options).await.unwrap();
}

fn secrecy() -> impl Strategy<Value = Secrecy> {
    prop_oneof![3 => Just(Secrecy::Sealed), 1 => Just(Secrecy::Open)]
}

async fn story(vendor: Vendor, secrecy: Secrecy, seed: u64) -> Result<(), TestCaseError> {
    let mut world = World::new(vendor, secrecy, seed).await;
    for _ in 0..ROUNDS.0 {
        world.round().await?;
    }
    world.pump.is_calm = true;
    for _ in 0..ROUNDS.1 {
        if world.is_done() && world.pump.is_idle() {
            break;
        }
        world.round().await?;
    }
    prop_assert!(world.is_done(), "{:?} {:?}", world.bob.tree(MOCK).keys(), world.shared().keys());
    prop_assert_eq!(world.runs, JOBS.len());
    let jobs = world.alice.manager.job_store().jobs().unwrap();
    prop_assert_eq!(jobs.iter().count(), JOBS.len());
    prop_assert_eq!(world.alice.audit("message.accepted").len(), JOBS.len());
    let last = syncs(&world.bob).await;
    prop_assert!(last.peers.iter().all(|peer| peer.late.is_none()), "{last:?}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn all_arrives_once_through_a_folder_that_a_program_synchronises(
        vendor in prop::sample::select(&Vendor::ALL), secrecy in secrecy(), seed in any::<u64>(),
    ) {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(story(vendor, secrecy, seed))?;
    }
}
