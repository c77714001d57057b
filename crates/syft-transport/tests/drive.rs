//! Google Drive, on an emulator of it.
#![cfg(feature = "drive")]

use std::sync::Arc;

use async_trait::async_trait;
use syft_core::Email;
use syft_drive_emulator::DriveEmulator;
use syft_transport::conformance::{self, Cast, Setup};
use syft_transport::drive::DriveTransport;
use syft_transport::drive::auth::{Credentials, Endpoints, Tokens, http_client};
use syft_transport::{Result, Transport};

/// The store of an account.
fn store_of(drive: &DriveEmulator, email: &str) -> DriveTransport {
    let user = drive.add_user(email);
    let endpoints = Endpoints::at(drive.url()).unwrap();
    let client = http_client().unwrap();
    let credentials = Credentials::from_token_file(user.token_file_json(false).as_bytes()).unwrap();
    let tokens = Tokens::new(credentials, &endpoints, client.clone());
    DriveTransport::new(Email::parse(email).unwrap(), client, tokens, &endpoints, None).unwrap()
}

struct OnEmulator(tokio::sync::Mutex<Vec<DriveEmulator>>);

#[async_trait]
impl Setup for OnEmulator {
    async fn cast(&self) -> Result<Cast> {
        let drive = DriveEmulator::start().unwrap();
        let cast = ["alice@example.org", "bob@example.org", "eve@example.org"]
            .map(|email| Arc::new(store_of(&drive, email)) as Arc<dyn Transport>);
        self.0.lock().await.push(drive);
        Ok(Cast::new(cast))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drive_keeps_the_promises_of_a_transport() {
    let setup = OnEmulator(tokio::sync::Mutex::default());
    let report = conformance::run(&setup).await;
    println!("{report}");
    report.into_result().unwrap();
}
