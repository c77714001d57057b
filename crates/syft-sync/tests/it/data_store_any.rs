//! Whatever store datasets are given, and whenever their owner is stopped or a store is away:
//! in the end they lie there alone, whoever may have them does, and nobody is alarmed.

use std::collections::BTreeSet;

use crate::common::stores::{HOME, OTHER, Stores};
use crate::common::{Member, alice, bob, unsent};
use proptest::prelude::*;
use syft_core::DatasetName;
use syft_dataset::{Audience, NewDataset};
use syft_sync::{
    CreateOptions, NO_STORE, NodeConfig, Result, SyftboxManager, SyncOptions, SyncReport,
};
use syft_transport::{CollectionKind, MemoryStore, Space};

#[derive(Debug, Clone)]
enum Step {
    /// Alice makes another dataset; with a backup of its private part.
    Create(bool),
    /// She stops sharing the newest one.
    Unshare,
    /// Bob sends another job.
    Submit,
    Sync(bool),
    /// She keeps them in the other store, or no longer.
    Login(bool),
    /// Her process dies after so many writes, in a sync or in a login.
    Kill(Option<bool>, u8),
    Away(bool, bool),
    /// So many of a hundred calls to a store are lost, and as many answers.
    Flaky(bool, u8),
}

fn step() -> impl Strategy<Value = Step> {
    let any = any::<bool>;
    prop_oneof![
        2 => any().prop_map(Step::Create),
        1 => Just(Step::Unshare),
        1 => Just(Step::Submit),
        6 => any().prop_map(Step::Sync),
        3 => any().prop_map(Step::Login),
        4 => (proptest::option::of(any()), 0..60_u8).prop_map(|(to, at)| Step::Kill(to, at)),
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
    made: Vec<DatasetName>,
    shared: BTreeSet<DatasetName>,
    kept: usize,
    submitted: BTreeSet<String>,
}

impl World {
    async fn connected() -> World {
        let mut stores = Stores::new();
        let (alice, bob) = (stores.join(alice(), 1).await, stores.join(bob(), 2).await);
        bob.manager.add_peer(&alice.email, false).await.unwrap();
        alice.manager.add_peer(&bob.email, false).await.unwrap();
        let (made, shared, submitted) = <_>::default();
        let world = World { stores, alice, bob, made, shared, kept: 0, submitted };
        world.settle(2).await;
        let via = [HOME, OTHER].map(str::to_owned);
        world.bob.manager.add_peer_via(&world.alice.email, false, &via).await.unwrap();
        world
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Create(upload_private) if self.made.len() < 3 => {
                self.create(CreateOptions { upload_private, ..unsent() }).await;
            }
            Step::Submit if self.submitted.len() < 2 => {
                let name = format!("job-{}", self.submitted.len());
                self.bob.submit("echo 42 > $SYFT_OUTPUTS/answer.txt", &name).await;
                self.submitted.insert(name);
            }
            Step::Create(_) | Step::Submit => {}
            Step::Unshare => {
                if let Some(name) = self.made.last().filter(|name| self.shared.contains(*name)) {
                    let from = Audience::users(BTreeSet::from([bob()]));
                    self.alice.manager.unshare_dataset(name, &from, false).await.unwrap();
                    self.shared.remove(name);
                }
            }
            Step::Sync(is_bob) => {
                no_alarm(&if is_bob { &self.bob } else { &self.alice }.sync().await);
            }
            Step::Login(other) => self.login(other).await.unwrap(),
            Step::Kill(login, at) => self.kill(login, at).await,
            Step::Away(store, away) => self.stores.set_away(url(store), away),
            Step::Flaky(store, share) => {
                let share = f64::from(share) / 100.0;
                self.stores.fail(url(store), share, share);
            }
        }
    }

    async fn create(&mut self, options: CreateOptions) {
        let files = tempfile::tempdir().unwrap();
        std::fs::write(files.path().join("mock.csv"), "name\nmade up\n").unwrap();
        std::fs::write(files.path().join("real.csv"), "name\nAda\n").unwrap();
        let name = DatasetName::parse(&format!("census-{}", self.made.len())).unwrap();
        let mut new = NewDataset::named(name.clone());
        new.mock = Some(files.path().join("mock.csv"));
        new.private = Some(files.path().join("real.csv"));
        new.users = Audience::users(BTreeSet::from([bob()]));
        self.alice.manager.create_dataset(new, options).await.unwrap();
        self.made.push(name.clone());
        self.shared.insert(name);
        self.kept += usize::from(options.upload_private);
    }

    async fn login(&mut self, other: bool) -> Result<()> {
        let mut config = self.alice.config(self.stores.way(&alice(), HOME));
        config.stores = self.stores.opener(&alice());
        config.data = Some(if other { OTHER } else { NO_STORE }.to_owned());
        self.alice.clock.step(1.0);
        self.alice.manager = SyftboxManager::login(config).await?;
        Ok(())
    }

    async fn kill(&mut self, login: Option<bool>, at: u8) {
        self.alice.clock.step(1.0);
        self.alice.disk.reset_counts();
        self.alice.disk.crash_after(u64::from(at));
        // What it says in its last moment is nobody's concern.
        match login {
            Some(other) => drop(self.login(other).await),
            None => drop(self.alice.manager.sync(&SyncOptions::default()).await),
        }
        self.alice.disk.repair();
        self.stores.restart(&mut self.alice);
    }

    async fn settle(&self, rounds: usize) {
        for _ in 0..rounds {
            no_alarm(&self.bob.sync().await);
            no_alarm(&self.alice.sync().await);
        }
        no_alarm(&self.bob.sync().await);
    }

    async fn check(&self, other: bool) {
        let (here, there) = match other {
            true => (&self.stores.other, &self.stores.home),
            false => (&self.stores.home, &self.stores.other),
        };
        assert_eq!(collections(there, None), 0);
        assert_eq!(collections(here, Some(CollectionKind::Mock)), self.shared.len());
        assert_eq!(collections(here, Some(CollectionKind::Private)), self.kept);
        for name in &self.made {
            let mock = format!("{}/public/datasets/{name}/mock.csv", alice());
            assert_eq!(self.bob.read(&mock).is_some(), self.shared.contains(name), "{name}");
        }
        let jobs = self.alice.manager.job_store().jobs().unwrap();
        assert_eq!(jobs.len(), self.submitted.len());
        let config = NodeConfig::load(&*self.alice.disk).unwrap().unwrap();
        assert_eq!(config.data_left, Vec::<String>::new());
        for member in [&self.alice, &self.bob] {
            assert_eq!(member.manager.verify_audit().unwrap().problem, None);
            assert_eq!(member.manager.status().await.unwrap().queued_out, 0);
        }
    }
}

/// How many datasets lie in a store.
fn collections(store: &MemoryStore, of: Option<CollectionKind>) -> usize {
    let all = store.objects().into_iter().filter_map(|object| match object.space {
        Space::Collection { kind, .. } if of.is_none_or(|of| of == kind) => {
            Some(object.space.to_string())
        }
        _ => None,
    });
    all.collect::<BTreeSet<_>>().len()
}

fn no_alarm(report: &SyncReport) {
    assert_eq!(report.alarms, Vec::<String>::new());
    for peer in &report.peers {
        assert!(!peer.alarm, "{peer:?}");
        assert_eq!(peer.quarantined, 0, "{peer:?}");
    }
}

async fn run(steps: Vec<Step>, last: bool) {
    let mut world = World::connected().await;
    for step in steps {
        world.take(step).await;
    }
    world.stores.set_away(HOME, false);
    world.stores.set_away(OTHER, false);
    world.login(last).await.unwrap();
    world.settle(3).await;
    world.check(last).await;
}

#[tokio::test]
async fn who_was_let_in_by_a_pass_that_was_cut_short_is_shut_out_as_well() {
    let cut_short = Step::Kill(None, 17);
    let steps = [Step::Create(false), Step::Login(true), cut_short, Step::Unshare];
    run([&steps[..], &[Step::Create(false)]].concat(), false).await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn datasets_end_up_where_they_are_to_be_and_nowhere_else(
        steps in proptest::collection::vec(step(), 5..40),
        last in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(run(steps, last));
    }
}
