//! Over Google Drive: the main job, and what its steps ask of Google
//! (`performance.md` 3).

use std::sync::Arc;

use futures::FutureExt as _;
use syft_core::{DatasetName, Email};
use syft_dataset::{Audience, NewDataset};
use syft_drive_emulator::DriveEmulator;
use syft_job::sandbox::{IsolationLevel, LogSink, LogStream, PlainSandbox};
use syft_job::{ApproveOptions, JobId, JobsList, ReleaseFiles, RunOptions};
use syft_sync::SubmitOptions;
use syft_transport::drive::DriveTransport;
use syft_transport::drive::auth::{Credentials, Endpoints, Tokens, http_client};
use syft_transport::{Mirror, Retry, Space, Transport, TransportExt};

use crate::common::{Member, Secrecy, alice, bob, carol, unsent};

const ANSWER: &str = "alice@hospital.org/jobs/bob@university.org/census/outputs/answer.txt";

#[derive(Debug)]
struct Silent;

impl LogSink for Silent {
    fn chunk(&mut self, _: LogStream, _: &[u8]) {}
}

/// Alice owns data, Bob asks, both have a Drive.
struct World {
    drive: DriveEmulator,
    alice: Member,
    bob: Member,
}

fn store(drive: &DriveEmulator, email: &Email) -> Arc<dyn Transport> {
    let user = drive.add_user(email.as_str());
    let endpoints = Endpoints::at(drive.url()).unwrap();
    let client = http_client().unwrap();
    let token = user.token_file_json(false);
    let credentials = Credentials::from_token_file(token.as_bytes()).unwrap();
    let tokens = Tokens::new(credentials, &endpoints, client.clone());
    let store = DriveTransport::new(email.clone(), client, tokens, &endpoints, None).unwrap();
    Arc::new(Mirror::new(Arc::new(Retry::new(Arc::new(store)))))
}

impl World {
    async fn connected(secrecy: Secrecy) -> Self {
        let drive = DriveEmulator::start().unwrap();
        let join = |email: Email, seed| {
            Member::join_as(email.clone(), store(&drive, &email), seed, secrecy)
        };
        let (alice, bob) = (join(alice(), 1).await, join(bob(), 2).await);
        let world = World { drive, alice, bob };
        world.bob.manager.add_peer(&world.alice.email, false).await.unwrap();
        world.alice.manager.approve_peer_request(&world.bob.email, true).await.unwrap();
        world.sync_both().await;
        world
    }

    async fn sync_both(&self) {
        self.alice.sync().await;
        self.bob.sync().await;
    }

    fn create_dataset(&self, name: &str) {
        let files = tempfile::tempdir().unwrap();
        let (mock, private) = (files.path().join("mock.csv"), files.path().join("real.csv"));
        std::fs::write(&mock, "name,age\nmade up,1\n").unwrap();
        std::fs::write(&private, "name,age\nREAL PERSON,42\n").unwrap();
        let mut new = NewDataset::named(DatasetName::parse(name).unwrap());
        (new.mock, new.private, new.users) = (Some(mock), Some(private), Audience::Any);
        self.alice.manager.create_dataset(new, unsent()).now_or_never().unwrap().unwrap();
    }

    /// Alice runs a job and releases all that came out.
    fn answer(&self, id: &JobId) {
        self.alice.manager.approve_job(id, &ApproveOptions::default()).unwrap();
        let options = RunOptions { minimum: IsolationLevel::L0, ..RunOptions::default() };
        self.alice.manager.run_job(id, &options, &PlainSandbox, &mut Silent).unwrap();
        self.alice.manager.release_job(id, None, &ReleaseFiles::All, false).unwrap();
    }

    /// The requests of one sync.
    async fn cost(&self, who: &Member) -> usize {
        self.drive.forget_requests();
        who.sync().await;
        let requests = self.drive.requests();
        // What is in a batch is not sent by itself.
        requests.iter().filter(|request| !request.batched).count()
    }
}

async fn a_job_goes_there_and_its_answer_back(secrecy: Secrecy) {
    let world = World::connected(secrecy).await;
    world.create_dataset("patients");
    world.sync_both().await;
    let names: Vec<_> = world.bob.manager.list_datasets().unwrap();
    assert_eq!(names[0].name.as_str(), "patients");
    let submitted = world.bob.submit("echo 42 > $SYFT_OUTPUTS/answer.txt", "census").await;
    world.bob.sync().await;
    world.alice.sync().await;
    world.answer(&submitted.id);
    world.sync_both().await;
    assert_eq!(world.bob.read(ANSWER).unwrap(), "42\n");
    let leaks = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).contains("REAL PERSON");
    assert!(!world.drive.files().iter().filter_map(|file| file.content.as_ref()).any(leaks));
}

#[tokio::test]
async fn the_main_job_over_drive_in_the_open() {
    a_job_goes_there_and_its_answer_back(Secrecy::Open).await;
}

#[tokio::test]
async fn the_main_job_over_drive_sealed() {
    a_job_goes_there_and_its_answer_back(Secrecy::Sealed).await;
}

#[tokio::test]
async fn a_sync_in_which_nothing_happened_is_one_request() {
    let world = World::connected(Secrecy::Open).await;
    world.create_dataset("patients");
    // From then on the feed is known to tell what the other one puts.
    world.bob.submit("true", "census").await;
    world.bob.sync().await;
    for _ in 0..2 {
        world.sync_both().await;
    }
    assert_eq!(world.cost(&world.alice).await, 1);
    assert_eq!(world.cost(&world.bob).await, 1);
    let carol = Member::join_as(carol(), store(&world.drive, &carol()), 3, Secrecy::Open).await;
    carol.manager.add_peer(&world.alice.email, false).await.unwrap();
    world.alice.manager.approve_peer_request(&carol.email, true).await.unwrap();
    for _ in 0..2 {
        world.alice.sync().await;
        carol.sync().await;
    }
    assert_eq!(world.cost(&world.alice).await, 1);
    assert_eq!(world.cost(&carol).await, 1);
}

#[tokio::test]
async fn a_step_of_a_job_costs_few_requests() {
    let world = World::connected(Secrecy::Open).await;
    let mut costs = Vec::new();
    // The folders are made for the first one.
    for name in ["first", "second"] {
        let submitted = world.bob.submit("true", name).await;
        let sent = world.cost(&world.bob).await;
        let taken = world.cost(&world.alice).await;
        world.answer(&submitted.id);
        let answered = world.cost(&world.alice).await;
        let seen = world.cost(&world.bob).await;
        costs = vec![sent, taken, answered, seen];
    }
    // Beside what a peer gets: my own record, and the rolling state of an owner.
    assert_eq!(costs, [4, 9, 7, 3]);
}

#[tokio::test]
async fn a_peer_request_is_told_by_mail_once() {
    let world = World::connected(Secrecy::Open).await;
    world.create_dataset("patients");
    world.sync_both().await;
    let mails = world.drive.mails();
    let to: Vec<&str> = mails.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(to, [world.alice.email.as_str()]);
}

/// What of somebody's Drive another one can open: names, with the role.
fn open_to(drive: &DriveEmulator, owner: &Email, reader: &Email) -> Vec<String> {
    let files = drive.files().into_iter().filter(|file| file.owner == owner.as_str());
    let shared = files.filter_map(|file| {
        let role = file.permissions.get(reader.as_str())?;
        Some(format!("{} {role}", file.name))
    });
    let mut shared: Vec<String> = shared.collect();
    shared.sort();
    shared
}

async fn a_removed_peer_sees_nothing_of_me_until_it_is_taken_in_again(secrecy: Secrecy) {
    let world = World::connected(secrecy).await;
    let (alice, bob) = (&world.alice, &world.bob);
    world.create_dataset("patients");
    world.sync_both().await;
    let before = open_to(&world.drive, &alice.email, &bob.email);
    assert!(before.len() >= 4, "{before:?}");
    // A job of mine that Bob has not seen when he is removed.
    let options = SubmitOptions { name: Some("unseen".parse().unwrap()), ..Default::default() };
    let unseen = alice.manager.submit_bash_job(&bob.email, "true\n", options).await.unwrap();
    let removal = alice.manager.remove_peer(&bob.email).await.unwrap();
    assert!(removal.withdrawn);
    assert_eq!(open_to(&world.drive, &alice.email, &bob.email), Vec::<String>::new());
    // As somebody who remembers nothing, too.
    let fresh = store(&world.drive, &bob.email);
    let listed = |space: Space| {
        let fresh = fresh.clone();
        async move { fresh.list_all(&space).await.unwrap().len() }
    };
    let inbox = Space::Inbox { owner: bob.email.clone(), sender: alice.email.clone() };
    assert_eq!(listed(inbox).await, 0);
    assert_eq!(listed(Space::Profile { owner: alice.email.clone() }).await, 0);

    // He goes on: what he sends waits where he put it.
    let report = bob.sync().await;
    assert_eq!((report.store, report.alarms), (None, vec![]));
    let sent = bob.submit("true", "meanwhile").await;
    bob.sync().await;
    let has = |jobs: JobsList, id: &JobId| jobs.get(id.as_str()).is_ok();
    assert!(!has(alice.manager.jobs().await.unwrap(), &sent.id));

    alice.manager.add_peer(&bob.email, false).await.unwrap();
    let again = open_to(&world.drive, &alice.email, &bob.email);
    assert_eq!(again, before);
    for _ in 0..2 {
        world.sync_both().await;
    }
    assert!(has(alice.manager.jobs().await.unwrap(), &sent.id));
    assert!(has(bob.manager.jobs().await.unwrap(), &unseen.id));
    let names = bob.manager.list_datasets().unwrap();
    assert_eq!(names[0].name.as_str(), "patients");
}

#[tokio::test]
async fn a_removed_peer_is_shut_out_in_the_open() {
    a_removed_peer_sees_nothing_of_me_until_it_is_taken_in_again(Secrecy::Open).await;
}

#[tokio::test]
async fn a_removed_peer_is_shut_out_sealed() {
    a_removed_peer_sees_nothing_of_me_until_it_is_taken_in_again(Secrecy::Sealed).await;
}
