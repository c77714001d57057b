//! Google Drive, on an emulator of it.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use syft_core::Email;
use syft_drive_emulator::DriveEmulator;
use syft_transport::conformance::{self, Cast, Outcome, Setup};
use syft_transport::drive::DriveTransport;
use syft_transport::drive::auth::{Credentials, Endpoints, Tokens, http_client};
use syft_transport::{Mirror, Result, Transport};

/// The store of an account.
fn store_of(drive: &DriveEmulator, email: &str) -> DriveTransport {
    let user = drive.add_user(email);
    let endpoints = Endpoints::at(drive.url()).unwrap();
    let client = http_client().unwrap();
    let credentials = Credentials::from_token_file(user.token_file_json(false).as_bytes()).unwrap();
    let tokens = Tokens::new(credentials, &endpoints, client.clone());
    DriveTransport::new(Email::parse(email).unwrap(), client, tokens, &endpoints, None).unwrap()
}

#[derive(Default)]
struct OnEmulator {
    mirrored: bool,
    running: Mutex<Vec<DriveEmulator>>,
}

#[async_trait]
impl Setup for OnEmulator {
    async fn cast(&self) -> Result<Cast> {
        let drive = DriveEmulator::start().unwrap();
        let cast = ["alice@example.org", "bob@example.org", "eve@example.org"].map(|email| {
            let store = Arc::new(store_of(&drive, email)) as Arc<dyn Transport>;
            if self.mirrored { Arc::new(Mirror::new(store)) } else { store }
        });
        self.running.lock().unwrap().push(drive);
        Ok(Cast::new(cast))
    }
}

/// What a store that names its readers and creates without looking does not claim.
const DRIVE_LACKS: [&str; 2] =
    ["a_collection_for_any_reaches_everyone", "one_of_many_creators_wins"];

async fn not_claimed(mirrored: bool) -> Vec<&'static str> {
    let report = conformance::run(&OnEmulator { mirrored, ..OnEmulator::default() }).await;
    let report = report.into_result().unwrap_or_else(|report| panic!("{report}"));
    let open = report.outcomes.iter().filter(|(_, o)| matches!(o, Outcome::NotClaimed(_)));
    open.map(|(name, _)| *name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn drive_keeps_every_promise_it_can_make() {
    assert_eq!(not_claimed(false).await, DRIVE_LACKS);
}

#[tokio::test(flavor = "multi_thread")]
async fn drive_keeps_them_behind_a_mirror() {
    assert_eq!(not_claimed(true).await, DRIVE_LACKS);
}
