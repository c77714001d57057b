//! The suite that every store of the project passes.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use syft_sync::core::Email;
use syft_transport::Result;
use syft_transport::conformance::{self, Cast, Setup};

struct Mail(tempfile::TempDir);

#[async_trait::async_trait]
impl Setup for Mail {
    async fn cast(&self) -> Result<Cast> {
        let folder = tempfile::tempdir_in(&self.0).unwrap().keep();
        let people = ["alice@example.org", "bob@example.org", "eve@example.org"];
        Ok(Cast::new(people.map(|who| {
            let who = Email::parse(who).unwrap();
            Arc::new(syft_mail::MailFolder::create(&folder, who).unwrap()) as _
        })))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_folder_keeps_every_promise() {
    let report = conformance::run(&Mail(tempfile::tempdir().unwrap())).await;
    report.into_result().unwrap_or_else(|report| panic!("{report}"));
}
