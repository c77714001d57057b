//! Two participants over a Google Drive that is imitated.

use std::sync::Arc;

use futures::FutureExt as _;
use syft_core::{DatasetName, Email};
use syft_dataset::{Audience, NewDataset};
use syft_drive_emulator::DriveEmulator;
use syft_job::sandbox::{IsolationLevel, PlainSandbox};
use syft_job::{ApproveOptions, JobId, ReleaseFiles, RunOptions};
use syft_transport::drive::DriveTransport;
use syft_transport::drive::auth::{Credentials, Endpoints, Tokens, http_client};
use syft_transport::{Cache, MemoryCache, Mirror, Retry, Transport};

use super::{Member, Secrecy, Silent, alice, bob, unsent};

/// Alice owns data, Bob asks, both have a Drive.
pub(crate) struct World {
    pub(crate) drive: DriveEmulator,
    pub(crate) alice: Member,
    pub(crate) bob: Member,
}

/// A machine from which somebody goes to a Drive: what it knows of it outlives a process.
#[derive(Debug, Default)]
pub(crate) struct Way {
    folders: Arc<MemoryCache>,
    listings: Arc<MemoryCache>,
}

impl Way {
    /// The store as a process of this machine opens it.
    pub(crate) fn store(&self, drive: &DriveEmulator, email: &Email) -> Arc<dyn Transport> {
        let store = Arc::new(Retry::new(Arc::new(self.bare_store(drive, email))));
        Arc::new(Mirror::with_cache(store, self.listings.clone()))
    }

    fn bare_store(&self, drive: &DriveEmulator, email: &Email) -> DriveTransport {
        let user = drive.add_user(email.as_str());
        let endpoints = Endpoints::at(drive.url()).unwrap();
        let client = http_client().unwrap();
        let token = user.token_file_json(false);
        let credentials = Credentials::from_token_file(token.as_bytes()).unwrap();
        let tokens = Tokens::new(credentials, &endpoints, client.clone());
        let folders = Some(self.folders.clone() as Arc<dyn Cache>);
        DriveTransport::new(email.clone(), client, tokens, &endpoints, folders).unwrap()
    }
}

/// The store as it is seen from a new machine.
pub(crate) fn store(drive: &DriveEmulator, email: &Email) -> Arc<dyn Transport> {
    Way::default().store(drive, email)
}

/// The same without its layers.
pub(crate) fn bare_store(drive: &DriveEmulator, email: &Email) -> DriveTransport {
    Way::default().bare_store(drive, email)
}

impl World {
    pub(crate) async fn connected(secrecy: Secrecy) -> Self {
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

    pub(crate) async fn sync_both(&self) {
        self.alice.sync().await;
        self.bob.sync().await;
    }

    pub(crate) fn create_dataset(&self, name: &str) {
        create_dataset(&self.alice, name);
    }

    /// A dataset whose mock is a folder.
    pub(crate) fn create_dataset_of(&self, name: &str, mock: &std::path::Path) {
        let mut new = NewDataset::named(DatasetName::parse(name).unwrap());
        (new.mock, new.users) = (Some(mock.to_owned()), Audience::Any);
        self.alice.manager.create_dataset(new, unsent()).now_or_never().unwrap().unwrap();
    }

    /// Alice runs a job and releases all that came out.
    pub(crate) fn answer(&self, id: &JobId) {
        answer(&self.alice, id);
    }

    /// Until the feed is known to tell what the other one puts, and all folders are made and
    /// were looked into.
    pub(crate) async fn believe_the_feed(&self) {
        self.sync_both().await;
        // Its files are in a folder of hers.
        self.create_dataset("to-begin-with");
        self.bob.submit("true", "to begin with").await;
        self.bob.sync().await;
        for round in 0..4 {
            let path = format!("{}/to-begin-with.txt", self.alice.email);
            self.alice.write(&path, &round.to_string());
            self.sync_both().await;
        }
    }

    /// Bob, who might be an owner too, is none.
    pub(crate) fn be_a_scientist(&mut self) {
        let store = store(&self.drive, &self.bob.email);
        self.bob.restart_with(store, |config| config.role = syft_sync::Role::Scientist);
    }

    /// The requests of one sync.
    pub(crate) async fn cost(&self, who: &Member) -> usize {
        cost(&self.drive, who).await
    }

    /// The requests of a sync that does not ask what others did.
    pub(crate) async fn cost_to_deliver(&self, who: &Member) -> usize {
        self.drive.forget_requests();
        who.clock.step(1.0);
        who.manager.deliver().await.unwrap();
        requests(&self.drive)
    }
}

/// The requests of one sync.
pub(crate) async fn cost(drive: &DriveEmulator, who: &Member) -> usize {
    drive.forget_requests();
    who.sync().await;
    requests(drive)
}

/// What is in a batch is not sent by itself.
fn requests(drive: &DriveEmulator) -> usize {
    drive.requests().iter().filter(|request| !request.batched).count()
}

/// An owner runs a job and releases all that came out.
pub(crate) fn answer(owner: &Member, id: &JobId) {
    owner.manager.approve_job(id, &ApproveOptions::default()).unwrap();
    let options = RunOptions { minimum: IsolationLevel::L0, ..RunOptions::default() };
    owner.manager.run_job(id, &options, &PlainSandbox, &mut Silent).unwrap();
    owner.manager.release_job(id, None, &ReleaseFiles::All, false).unwrap();
}

/// An owner makes a dataset that is for everybody.
pub(crate) fn create_dataset(owner: &Member, name: &str) {
    let files = tempfile::tempdir().unwrap();
    let (mock, private) = (files.path().join("mock.csv"), files.path().join("real.csv"));
    std::fs::write(&mock, "name,age\nmade up,1\n").unwrap();
    std::fs::write(&private, "name,age\nREAL PERSON,42\n").unwrap();
    let mut new = NewDataset::named(DatasetName::parse(name).unwrap());
    (new.mock, new.private, new.users) = (Some(mock), Some(private), Audience::Any);
    owner.manager.create_dataset(new, unsent()).now_or_never().unwrap().unwrap();
}
