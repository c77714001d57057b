//! Over Google Drive: the main job, and how many requests each step of it costs
//! (`performance.md` 3).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod common;

use std::sync::Arc;

use common::{Member, Secrecy, alice, bob, email, unsent};
use syft_core::{DatasetName, Email};
use syft_dataset::{Audience, NewDataset};
use syft_drive_emulator::DriveEmulator;
use syft_job::sandbox::{IsolationLevel, PlainSandbox};
use syft_job::{ApproveOptions, ReleaseFiles, RunOptions, Status};
use syft_transport::drive::DriveTransport;
use syft_transport::drive::auth::{Credentials, Endpoints, Tokens, http_client};
use syft_transport::{Mirror, Retry, Transport};

#[derive(Debug)]
struct Silent;

impl syft_job::sandbox::LogSink for Silent {
    fn chunk(&mut self, _: syft_job::sandbox::LogStream, _: &[u8]) {}
}

/// A Drive, and what was asked of it.
struct World {
    drive: DriveEmulator,
}

impl World {
    fn new() -> Self {
        World { drive: DriveEmulator::start().unwrap() }
    }

    fn store(&self, email: &Email) -> Arc<dyn Transport> {
        let user = self.drive.add_user(email.as_str());
        let endpoints = Endpoints::at(self.drive.url()).unwrap();
        let client = http_client().unwrap();
        let token = user.token_file_json(false);
        let credentials = Credentials::from_token_file(token.as_bytes()).unwrap();
        let tokens = Tokens::new(credentials, &endpoints, client.clone());
        let store = DriveTransport::new(email.clone(), client, tokens, &endpoints, None).unwrap();
        Arc::new(Mirror::new(Arc::new(Retry::new(Arc::new(store)))))
    }

    async fn join(&self, email: Email, seed: u64, secrecy: Secrecy) -> Member {
        Member::join_as(email.clone(), self.store(&email), seed, secrecy).await
    }

    /// The requests since the last count.
    fn cost(&self, what: &str) -> usize {
        let all = self.drive.requests();
        self.drive.forget_requests();
        println!("== {what}: {}", all.len());
        for line in &all {
            println!("   {line:?}");
        }
        all.len()
    }
}

fn dataset(owner: &Member) {
    let files = tempfile::tempdir().unwrap();
    let (mock, private) = (files.path().join("mock.csv"), files.path().join("real.csv"));
    std::fs::write(&mock, "name,age\nmade up,1\n").unwrap();
    std::fs::write(&private, "name,age\nREAL PERSON,42\n").unwrap();
    let mut new = NewDataset::named(DatasetName::parse("patients").unwrap());
    (new.mock, new.private, new.users) = (Some(mock), Some(private), Audience::Any);
    use futures::FutureExt as _;
    owner.manager.create_dataset(new, unsent()).now_or_never().unwrap().unwrap();
}

#[tokio::test]
async fn the_main_job_over_drive() {
    let world = World::new();
    let owner = world.join(alice(), 1, Secrecy::Open).await;
    let scientist = world.join(bob(), 2, Secrecy::Open).await;
    world.cost("login");
    scientist.manager.add_peer(&alice(), false).await.unwrap();
    world.cost("add peer");
    owner.manager.approve_peer_request(&bob(), true).await.unwrap();
    world.cost("approve");
    owner.sync().await;
    world.cost("owner sync");
    scientist.sync().await;
    world.cost("scientist sync");
    owner.sync().await;
    world.cost("owner idle");
    owner.sync().await;
    assert_eq!(world.cost("owner idle"), 1);
    scientist.sync().await;
    world.cost("scientist idle");
    scientist.sync().await;
    assert_eq!(world.cost("scientist idle"), 1);
    dataset(&owner);
    owner.sync().await;
    world.cost("publish 1 file");
    owner.sync().await;
    world.cost("owner idle after publish");
    scientist.sync().await;
    world.cost("scientist pulls dataset");
    let submitted = scientist.submit("echo 42 > $SYFT_OUTPUTS/answer.txt", "census").await;
    world.cost("submit (no sync)");
    scientist.sync().await;
    world.cost("scientist sync with the job");
    owner.sync().await;
    world.cost("owner takes the job");
    let job = owner.manager.job_store().job("census").unwrap();
    assert_eq!(job.status(), Status::Inbox);
    owner.manager.approve_job(&submitted.id, &ApproveOptions::default()).unwrap();
    let options = RunOptions { minimum: IsolationLevel::L0, ..RunOptions::default() };
    owner.manager.run_job(&submitted.id, &options, &PlainSandbox, &mut Silent).unwrap();
    owner.manager.release_job(&submitted.id, None, &ReleaseFiles::All, false).unwrap();
    owner.sync().await;
    world.cost("owner sends the result");
    scientist.sync().await;
    world.cost("scientist takes the result");
    let answer = "alice@hospital.org/jobs/bob@university.org/census/outputs/answer.txt";
    assert_eq!(scientist.read(answer).unwrap(), "42\n");
    let _ = email;
}
