//! Datasets in a store of their own: the mocks go over it alone, and jobs over the other.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::common::stores::{Foreign, HOME, OTHER, Opener, Stores};
use crate::common::{Member, Secrecy, Silent, alice, bob, in_space, inbox, unsent};
use syft_core::DatasetName;
use syft_dataset::{Audience, NewDataset};
use syft_job::sandbox::{IsolationLevel, PlainSandbox};
use syft_job::{ApproveOptions, JobId, ReleaseFiles, RunOptions};
use syft_sync::{
    CreateOptions, DeleteOptions, Encrypt, Error, GOOGLE_DRIVE, NO_STORE, NodeConfig, Result,
    StoreOpener, SyftboxManager, SyncOptions, SyncReport, Verdict,
};
use syft_transport::{MemoryStore, Space, Transport};

struct World {
    stores: Stores,
    alice: Member,
    bob: Member,
}

impl World {
    /// Two who are connected over the one store.
    async fn connected() -> World {
        let mut stores = Stores::new();
        let (alice, bob) = (stores.join(alice(), 1).await, stores.join(bob(), 2).await);
        let world = World { stores, alice, bob };
        world.bob.manager.add_peer(&world.alice.email, false).await.unwrap();
        world.alice.manager.add_peer(&world.bob.email, false).await.unwrap();
        world.settle().await;
        world
    }

    /// The same, with the datasets of Alice in the other one, as Bob knows.
    async fn apart() -> World {
        let mut world = World::connected().await;
        world.login(Some(OTHER)).await.unwrap();
        world.bob_looks_there().await;
        world.settle().await;
        world
    }

    /// Alice logs in again.
    async fn login(&mut self, data: Option<&str>) -> Result<()> {
        let mut config = self.alice.config(self.stores.way(&alice(), HOME));
        config.stores = self.stores.opener(&alice());
        config.data = data.map(str::to_owned);
        self.alice.clock.step(1.0);
        self.alice.manager = SyftboxManager::login(config).await?;
        Ok(())
    }

    async fn bob_looks_there(&self) {
        let via = [HOME, OTHER].map(str::to_owned);
        self.bob.manager.add_peer_via(&alice(), false, &via).await.unwrap();
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

    async fn create_dataset(&self, name: &str, options: CreateOptions) {
        let files = tempfile::tempdir().unwrap();
        std::fs::write(files.path().join("mock.csv"), "name\nmade up\n").unwrap();
        std::fs::write(files.path().join("real.csv"), "name\nAda\n").unwrap();
        let mut new = NewDataset::named(DatasetName::parse(name).unwrap());
        new.mock = Some(files.path().join("mock.csv"));
        new.private = Some(files.path().join("real.csv"));
        new.users = Audience::Any;
        self.alice.manager.create_dataset(new, options).await.unwrap();
    }

    fn mock_of_bob(&self, name: &str) -> Option<String> {
        self.bob.read(&format!("{}/public/datasets/{name}/mock.csv", alice()))
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

    fn left(&self) -> Vec<String> {
        NodeConfig::load(&*self.alice.disk).unwrap().unwrap().data_left
    }
}

const SCRIPT: &str = "echo 42 > $SYFT_OUTPUTS/answer.txt";

fn no_alarm(report: &SyncReport) {
    assert_eq!(report.alarms, Vec::<String>::new());
    for peer in &report.peers {
        assert!(!peer.alarm, "{peer:?}");
        assert_eq!(peer.quarantined, 0, "{peer:?}");
    }
}

/// How many objects of datasets, and of all else, lie in a store.
fn lying(store: &MemoryStore) -> (usize, usize) {
    let all = store.objects();
    let is_data = |space: &Space| matches!(space, Space::Collection { .. });
    let data = all.iter().filter(|object| is_data(&object.space)).count();
    (data, all.len() - data)
}

fn backed_up() -> CreateOptions {
    CreateOptions { upload_private: true, ..unsent() }
}

#[tokio::test]
async fn mocks_lie_there_alone_and_jobs_go_over_the_other_one() {
    let world = World::apart().await;
    world.create_dataset("census", backed_up()).await;
    let job = world.bob.submit(SCRIPT, "census").await;
    world.settle().await;
    world.run(&job.id);
    world.settle().await;
    assert_eq!(world.mock_of_bob("census").unwrap(), "name\nmade up\n");
    assert_eq!(world.answer_of("census").unwrap(), "42\n");
    let (in_home, in_other) = (lying(&world.stores.home), lying(&world.stores.other));
    assert_eq!((in_home.0, in_other.1), (0, 0));
    assert!(in_home.1 > 0 && in_other.0 > 0);
    assert_eq!(world.alice.manager.data_store(), Some(OTHER));
    // What left is told once.
    let sent = world.alice.audit("object.sent").into_iter().map(|entry| entry.subject);
    let mut sent: Vec<String> = sent.filter(|key| key.contains("/collections/")).collect();
    let all = sent.len();
    sent.sort();
    sent.dedup();
    assert_eq!((sent.len(), all), (in_other.0, in_other.0), "{sent:?}");
}

#[tokio::test]
async fn a_reader_is_told_what_to_type_until_it_looks_there() {
    let mut world = World::connected().await;
    let commands = |world: &World, audience: Audience| {
        let commands = world.alice.manager.commands_for_readers(&audience).unwrap();
        commands.into_iter().collect::<Vec<_>>()
    };
    let for_bob = || Audience::users([bob()].into());
    assert!(commands(&world, for_bob()).is_empty());
    world.login(Some(OTHER)).await.unwrap();
    let typed = format!("syft peer add {} --via {HOME} --via {OTHER}", alice());
    assert_eq!(commands(&world, for_bob()), std::slice::from_ref(&typed));
    assert_eq!(commands(&world, Audience::Any), [typed]);
    // Nothing that is said makes anybody look there.
    world.create_dataset("census", unsent()).await;
    world.settle().await;
    assert_eq!(world.mock_of_bob("census"), None);
    world.bob_looks_there().await;
    world.settle().await;
    assert!(world.mock_of_bob("census").is_some());
    // Whom I reach there as well looks there.
    let via = [HOME, OTHER].map(str::to_owned);
    world.alice.manager.add_peer_via(&bob(), false, &via).await.unwrap();
    assert!(commands(&world, for_bob()).is_empty());
}

#[tokio::test]
async fn one_that_is_away_stops_datasets_alone_and_alarms_nobody() {
    let world = World::apart().await;
    world.create_dataset("before", unsent()).await;
    world.settle().await;
    world.stores.set_away(OTHER, true);
    world.create_dataset("after", unsent()).await;
    let job = world.bob.submit(SCRIPT, "census").await;
    let reports = world.settle().await;
    assert!(reports.iter().all(|report| report.store.is_some()));
    world.run(&job.id);
    world.settle().await;
    assert_eq!(world.answer_of("census").unwrap(), "42\n");
    assert!(world.mock_of_bob("before").is_some());
    assert_eq!(world.mock_of_bob("after"), None);
    world.stores.set_away(OTHER, false);
    let reports = world.settle().await;
    assert_eq!(reports.last().unwrap().store, None);
    assert!(world.mock_of_bob("after").is_some());
}

#[tokio::test]
async fn what_a_reader_leaves_there_since_the_other_is_away_arrives_over_that() {
    let world = World::apart().await;
    world.stores.set_away_for(&bob(), HOME, true);
    let job = world.bob.submit(SCRIPT, "census").await;
    world.bob.sync().await;
    assert!(!in_space(&world.stores.other, &inbox(alice(), bob())).is_empty());
    world.alice.sync().await;
    world.stores.set_away_for(&bob(), HOME, false);
    world.settle().await;
    world.run(&job.id);
    world.settle().await;
    assert_eq!(world.answer_of("census").unwrap(), "42\n");
    assert!(in_space(&world.stores.other, &inbox(alice(), bob())).is_empty());
}

#[tokio::test]
async fn another_one_takes_what_was_published_and_gives_it_back() {
    let mut world = World::connected().await;
    world.create_dataset("census", backed_up()).await;
    world.settle().await;
    let at_home = lying(&world.stores.home).0;
    assert!(at_home > 0);
    world.login(Some(OTHER)).await.unwrap();
    assert_eq!(world.left(), [HOME]);
    world.bob_looks_there().await;
    world.settle().await;
    assert_eq!(lying(&world.stores.home).0, 0);
    assert_eq!(lying(&world.stores.other).0, at_home);
    assert!(world.mock_of_bob("census").is_some() && world.left().is_empty());
    // What is not said stays.
    world.login(None).await.unwrap();
    assert_eq!(world.alice.manager.data_store(), Some(OTHER));
    world.login(Some(NO_STORE)).await.unwrap();
    assert_eq!((world.alice.manager.data_store(), world.left()), (None, vec![OTHER.to_owned()]));
    world.settle().await;
    assert_eq!(lying(&world.stores.other), (0, 0));
    assert_eq!(lying(&world.stores.home).0, at_home);
    assert!(world.mock_of_bob("census").is_some() && world.left().is_empty());
}

#[tokio::test]
async fn nothing_is_taken_away_before_all_of_it_lies_there() {
    let mut world = World::connected().await;
    world.create_dataset("census", backed_up()).await;
    world.settle().await;
    let before = lying(&world.stores.home).0;
    world.login(Some(OTHER)).await.unwrap();
    world.stores.set_away(OTHER, true);
    world.settle().await;
    assert_eq!(lying(&world.stores.home).0, before);
    assert!(world.mock_of_bob("census").is_some());
    world.stores.set_away(OTHER, false);
    // The home of Alice does not answer: what lies there waits, and is told.
    world.stores.set_away_for(&alice(), HOME, true);
    world.alice.sync().await;
    assert_eq!(lying(&world.stores.home).0, before);
    world.stores.set_away_for(&alice(), HOME, false);
    world.bob_looks_there().await;
    world.settle().await;
    assert_eq!(lying(&world.stores.home).0, 0);
    assert!(world.mock_of_bob("census").is_some() && world.left().is_empty());
}

#[tokio::test]
async fn an_old_one_that_is_away_holds_up_nothing_and_is_cleared_later() {
    let mut world = World::apart().await;
    world.create_dataset("census", unsent()).await;
    world.settle().await;
    world.login(Some(NO_STORE)).await.unwrap();
    world.stores.set_away_for(&alice(), OTHER, true);
    let reports = world.settle().await;
    let told = |report: &SyncReport| report.notes.iter().any(|note| note.contains(OTHER));
    assert!(told(&reports[0]), "{:?}", reports[0].notes);
    assert_eq!(reports[0].store, None);
    assert!(lying(&world.stores.home).0 > 0);
    world.stores.set_away_for(&alice(), OTHER, false);
    world.settle().await;
    assert_eq!(lying(&world.stores.other).0, 0);
}

#[tokio::test]
async fn what_was_withdrawn_meanwhile_is_gone_from_one_to_which_they_come_back() {
    let mut world = World::connected().await;
    world.bob_looks_there().await;
    world.create_dataset("census", backed_up()).await;
    world.create_dataset("other", backed_up()).await;
    world.settle().await;
    world.stores.set_away_for(&alice(), HOME, true);
    world.login(Some(OTHER)).await.unwrap();
    let name = DatasetName::parse("census").unwrap();
    world.alice.manager.unshare_dataset(&name, &Audience::Any, false).await.unwrap();
    world.alice.sync().await;
    world.stores.set_away_for(&alice(), HOME, false);
    world.login(Some(NO_STORE)).await.unwrap();
    assert_eq!(world.left(), [HOME, OTHER]);
    world.settle().await;
    assert_eq!(lying(&world.stores.other), (0, 0));
    assert_eq!(world.mock_of_bob("census"), None);
    assert!(world.mock_of_bob("other").is_some() && world.left().is_empty());
    // Both private parts, and one mock.
    let spaces = world.stores.home.objects().into_iter().map(|object| object.space);
    let spaces = spaces.filter(|space| matches!(space, Space::Collection { .. }));
    assert_eq!(spaces.collect::<BTreeSet<_>>().len(), 3);
}

#[tokio::test]
async fn a_reset_finds_them_where_they_are_and_where_they_were() {
    let mut world = World::connected().await;
    world.create_dataset("before", backed_up()).await;
    world.settle().await;
    world.login(Some(OTHER)).await.unwrap();
    world.stores.set_away_for(&alice(), HOME, true);
    world.create_dataset("after", backed_up()).await;
    world.alice.sync().await;
    world.stores.set_away_for(&alice(), HOME, false);
    assert!(lying(&world.stores.home).0 > 0);
    let options = DeleteOptions { local: false, ..DeleteOptions::default() };
    world.alice.manager.delete_syftbox(&options).await.unwrap();
    assert_eq!((lying(&world.stores.home).0, lying(&world.stores.other).0), (0, 0));
}

const STORE_ONLY: DeleteOptions =
    DeleteOptions { local: false, remote: true, broadcast_delete_events: true, dry_run: false };

/// What a reset leaves where a store is away, and what a check-up says of that before.
async fn is_told_of_one_that_is_away(world: &World) {
    let manager = &world.alice.manager;
    let health = manager.check_up(true, false).await.unwrap();
    let others = health.checks.iter().find(|check| check.name == "other stores").unwrap();
    assert_eq!(others.verdict, Verdict::Away);
    let report = manager.delete_syftbox(&STORE_ONLY).await.unwrap();
    let told = report.left.iter().find(|left| left.reason.contains("was not looked at"));
    assert!(told.is_some(), "{report:?}");
    assert_eq!(lying(&world.stores.home).0, 0);
    assert!(lying(&world.stores.other).0 > 0);
}

#[tokio::test]
async fn a_reset_goes_on_without_the_store_that_is_away_and_says_so() {
    let world = World::apart().await;
    world.create_dataset("census", backed_up()).await;
    world.settle().await;
    world.stores.set_away_for(&alice(), OTHER, true);
    is_told_of_one_that_is_away(&world).await;
    world.stores.set_away_for(&alice(), OTHER, false);
    world.alice.manager.delete_syftbox(&STORE_ONLY).await.unwrap();
    assert_eq!(lying(&world.stores.other).0, 0);
}

#[tokio::test]
async fn a_reset_goes_on_without_one_that_was_left_and_is_away_and_says_so() {
    let mut world = World::apart().await;
    world.create_dataset("census", backed_up()).await;
    world.settle().await;
    world.stores.set_away_for(&alice(), OTHER, true);
    world.login(Some(NO_STORE)).await.unwrap();
    world.alice.sync().await;
    assert!(lying(&world.stores.home).0 > 0);
    is_told_of_one_that_is_away(&world).await;
    world.stores.set_away_for(&alice(), OTHER, false);
    world.alice.manager.delete_syftbox(&STORE_ONLY).await.unwrap();
    assert_eq!(lying(&world.stores.other).0, 0);
}

#[tokio::test]
async fn a_fresh_machine_that_is_told_of_it_finds_private_parts_there() {
    let world = World::apart().await;
    world.create_dataset("census", backed_up()).await;
    world.settle().await;
    let machine = world.alice.another_home(7);
    let mut config = machine.config(world.stores.way(&alice(), HOME));
    config.keys = syft_sync::FirstKeys::Of(crate::common::keys_of(&alice()));
    config.encrypt = Some(Encrypt::Auto);
    config.stores = world.stores.opener(&alice());
    config.data = Some(OTHER.to_owned());
    let manager = SyftboxManager::login(config).await.unwrap();
    let real = machine.home.path().join(format!("{}/private/datasets/census/real.csv", alice()));
    assert_eq!(std::fs::read_to_string(real).unwrap(), "name\nAda\n");
    machine.clock.step(10.0);
    let report = manager.sync(&SyncOptions::default()).await.unwrap();
    no_alarm(&report);
    assert_eq!(NodeConfig::load(&*machine.disk).unwrap().unwrap().data_left, Vec::<String>::new());
    world.bob.sync().await;
    assert!(world.mock_of_bob("census").is_some());
}

#[tokio::test]
async fn one_that_cannot_be_opened_changes_nothing() {
    let mut world = World::apart().await;
    let refused = world.login(Some("memory:nowhere")).await;
    assert!(matches!(refused, Err(Error::Config(_))), "{refused:?}");
    let refused = world.login(Some(GOOGLE_DRIVE)).await;
    assert!(matches!(refused, Err(Error::Config(_))), "{refused:?}");
    world.login(None).await.unwrap();
    assert_eq!(world.alice.manager.data_store(), Some(OTHER));
    // The one of the home is none of their own.
    world.login(Some(HOME)).await.unwrap();
    assert_eq!(world.alice.manager.data_store(), None);
}

/// Where nothing may go in the open.
fn foreign(stores: &Stores) -> Arc<dyn StoreOpener> {
    let store: Arc<dyn Transport> = Arc::new(Foreign::new(stores.way(&alice(), OTHER)));
    Arc::new(Opener([(OTHER, store)].into()))
}

#[tokio::test]
async fn nothing_goes_in_the_open_to_one_that_others_can_read() {
    let mut stores = Stores::new();
    let mut alice = stores.join(alice(), 1).await;
    let home = Arc::new(stores.home.user(bob()));
    let bob = Member::join_as(bob(), home, 2, Secrecy::Open).await;
    bob.manager.add_peer(&alice.email, false).await.unwrap();
    alice.manager.add_peer(&bob.email, false).await.unwrap();
    let mut config = alice.config(stores.way(&alice.email, HOME));
    config.stores = foreign(&stores);
    config.data = Some(OTHER.to_owned());
    alice.manager = SyftboxManager::login(config).await.unwrap();
    let world = World { stores, alice, bob };
    world.create_dataset("census", unsent()).await;
    let report = world.alice.sync().await;
    assert_eq!(lying(&world.stores.other), (0, 0));
    assert_eq!(lying(&world.stores.home).0, 0);
    let told = report.notes.iter().any(|note| note.contains("bob") && note.contains("seal"));
    assert!(told, "{:?}", report.notes);
}

#[tokio::test]
async fn who_seals_nothing_gets_no_store_that_others_can_read() {
    let mut world = World::connected().await;
    let mut config = world.alice.config(world.stores.way(&alice(), HOME));
    config.stores = foreign(&world.stores);
    config.data = Some(OTHER.to_owned());
    config.encrypt = Some(Encrypt::Off);
    let refused = SyftboxManager::login(config).await;
    assert!(matches!(refused, Err(Error::MustSeal { .. })), "{refused:?}");
    world.login(None).await.unwrap();
    assert_eq!(world.alice.manager.data_store(), None);
    assert_eq!(world.alice.manager.encrypt(), Encrypt::Auto);
}
