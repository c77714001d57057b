//! Whatever two people do over two stores of which either may be away, and whenever one of
//! them moves or is stopped: each job arrives and runs once, and nobody is alarmed.

use std::collections::BTreeSet;

use crate::common::stores::{HOME, OTHER, Stores};
use crate::common::{Member, Silent, alice, bob, in_space, inbox, outbox};
use proptest::prelude::*;
use syft_core::Email;
use syft_job::sandbox::{IsolationLevel, PlainSandbox};
use syft_job::{ApproveOptions, ReleaseFiles, RunOptions, Status};
use syft_sync::{SyncOptions, SyncReport};

#[derive(Debug, Clone)]
enum Step {
    /// Bob sends another job.
    Submit,
    /// Alice runs what she has, and releases what came out.
    Run,
    /// Alice writes a file that Bob may read.
    Write(u8),
    Sync(bool),
    Move(bool),
    /// The process dies after so many writes, in a sync or in a move.
    Kill(bool, bool, u8),
    Away(bool, bool),
    /// So many of a hundred calls to a store are lost, and as many answers.
    Flaky(bool, u8),
}

fn step() -> impl Strategy<Value = Step> {
    let any = any::<bool>;
    prop_oneof![
        2 => Just(Step::Submit),
        2 => Just(Step::Run),
        1 => (0..9_u8).prop_map(Step::Write),
        8 => any().prop_map(Step::Sync),
        1 => any().prop_map(Step::Move),
        3 => (any(), any(), 0..40_u8).prop_map(|(who, moves, at)| Step::Kill(who, moves, at)),
        3 => (any(), any()).prop_map(|(store, away)| Step::Away(store, away)),
        1 => (any(), 0..20_u8).prop_map(|(store, share)| Step::Flaky(store, share)),
    ]
}

fn url(other: bool) -> &'static str {
    if other { OTHER } else { HOME }
}

struct World {
    stores: Stores,
    alice: Member,
    bob: Member,
    submitted: BTreeSet<String>,
    text: u8,
    moved: bool,
}

impl World {
    async fn connected(via: &[&str]) -> World {
        let mut stores = Stores::new();
        let (alice, bob) = (stores.join(alice(), 1).await, stores.join(bob(), 2).await);
        let via: Vec<String> = via.iter().map(|url| (*url).to_owned()).collect();
        bob.manager.add_peer_via(&alice.email, false, &via).await.unwrap();
        alice.manager.add_peer_via(&bob.email, false, &via).await.unwrap();
        let submitted = BTreeSet::new();
        let world = World { stores, alice, bob, submitted, text: 0, moved: false };
        world.settle(2).await;
        world
    }

    fn member(&mut self, is_bob: bool) -> (&Stores, &mut Member, Email) {
        match is_bob {
            true => (&self.stores, &mut self.bob, alice()),
            false => (&self.stores, &mut self.alice, bob()),
        }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Submit if self.submitted.len() < 4 => {
                let name = format!("job-{}", self.submitted.len());
                self.bob.submit("echo 42 > $SYFT_OUTPUTS/answer.txt", &name).await;
                self.submitted.insert(name);
            }
            Step::Submit => {}
            Step::Run => self.run(),
            Step::Write(text) => {
                self.text = text;
                self.alice.write(&format!("{}/public/note.txt", alice()), &text.to_string());
            }
            Step::Sync(who) => no_alarm(&self.member(who).1.sync().await),
            Step::Move(who) => {
                self.moved = true;
                let (_, member, other) = self.member(who);
                member.clock.step(1.0);
                member.manager.move_peer(&other, OTHER).await.unwrap();
            }
            Step::Kill(who, moves, at) => self.kill(who, moves, at).await,
            Step::Away(store, away) => self.stores.set_away(url(store), away),
            Step::Flaky(store, share) => {
                let share = f64::from(share) / 100.0;
                self.stores.fail(url(store), share, share);
            }
        }
    }

    async fn kill(&mut self, who: bool, moves: bool, at: u8) {
        self.moved |= moves;
        let (stores, member, other) = self.member(who);
        member.clock.step(1.0);
        member.disk.reset_counts();
        member.disk.crash_after(u64::from(at));
        // What it says in its last moment is nobody's concern.
        if moves {
            drop(member.manager.move_peer(&other, OTHER).await);
        } else {
            drop(member.manager.sync(&SyncOptions::default()).await);
        }
        member.disk.repair();
        stores.restart(member);
    }

    fn run(&self) {
        let manager = &self.alice.manager;
        for job in &manager.job_store().jobs().unwrap() {
            if job.status() == Status::Inbox {
                manager.approve_job(job.id(), &ApproveOptions::default()).unwrap();
                let options = RunOptions { minimum: IsolationLevel::L0, ..RunOptions::default() };
                manager.run_job(job.id(), &options, &PlainSandbox, &mut Silent).unwrap();
                manager.release_job(job.id(), None, &ReleaseFiles::All, false).unwrap();
            }
        }
    }

    async fn settle(&self, rounds: usize) {
        for _ in 0..rounds {
            no_alarm(&self.bob.sync().await);
            no_alarm(&self.alice.sync().await);
        }
        no_alarm(&self.bob.sync().await);
    }

    /// All stores work again, and who began to move has company.
    async fn quiet(&mut self) {
        self.stores.set_away(HOME, false);
        self.stores.set_away(OTHER, false);
        if self.moved {
            self.alice.manager.move_peer(bob(), OTHER).await.unwrap();
            self.bob.manager.move_peer(alice(), OTHER).await.unwrap();
        }
        self.settle(4).await;
        self.run();
        self.settle(2).await;
    }

    async fn check(&self) {
        let jobs = self.alice.manager.job_store().jobs().unwrap();
        let names: Vec<String> = jobs.iter().map(|job| job.name().to_string()).collect();
        assert_eq!(names.len(), self.submitted.len(), "{names:?}");
        assert_eq!(names.into_iter().collect::<BTreeSet<_>>(), self.submitted);
        for name in &self.submitted {
            let path = format!("{}/jobs/{}/{name}/outputs/answer.txt", alice(), bob());
            assert_eq!(self.bob.read(&path).as_deref(), Some("42\n"), "{name}");
        }
        if self.text > 0 {
            let note = self.bob.read(&format!("{}/public/note.txt", alice()));
            assert_eq!(note, Some(self.text.to_string()));
        }
        for member in [&self.alice, &self.bob] {
            assert_eq!(member.manager.verify_audit().unwrap().problem, None);
            assert_eq!(member.manager.status().await.unwrap().queued_out, 0);
            let peers = member.manager.load_peers().await.unwrap();
            assert!(peers.iter().all(|peer| !peer.moving), "{}", member.email);
        }
        if self.moved {
            let (alice, bob) = (alice(), bob());
            let channels = [
                outbox(alice.clone(), bob.clone()),
                outbox(bob.clone(), alice.clone()),
                inbox(alice.clone(), bob.clone()),
                inbox(bob, alice),
            ];
            for space in channels {
                assert!(in_space(&self.stores.home, &space).is_empty(), "{space}");
            }
        }
    }
}

fn no_alarm(report: &SyncReport) {
    assert_eq!(report.alarms, Vec::<String>::new());
    for peer in &report.peers {
        assert!(!peer.alarm, "{peer:?}");
        assert_eq!(peer.quarantined, 0, "{peer:?}");
    }
}

async fn run(first: u8, steps: Vec<Step>) {
    let via: &[&str] = match first {
        0 => &[HOME],
        1 => &[OTHER, HOME],
        _ => &[HOME, OTHER],
    };
    let mut world = World::connected(via).await;
    for step in steps {
        world.take(step).await;
    }
    world.quiet().await;
    world.check().await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn each_job_arrives_once_whatever_is_away_and_whoever_moves(
        first in 0..3_u8,
        steps in proptest::collection::vec(step(), 5..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(run(first, steps));
    }
}
