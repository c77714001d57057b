//! A bucket of S3 over a bad network, on a real server: a tenth of all calls fail, or their
//! answers are lost after the deed. Each job runs once, and each answer arrives once.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use syft_core::testing::{ManualClock, SeededEntropy};
use syft_core::{Email, Timestamp};
use syft_test_stores::{S3, required_or_noted};
use syft_transport::{
    Capabilities, Chaos, FaultRates, OpendalTransport, Operation, Retry, Sleeper, StoreLogin,
    StoreUrl, Transport,
};

use crate::common::crowd::Crowd;
use crate::common::{Secrecy, scratch};

const FAILING: FaultRates = FaultRates { before: 0.05, after: 0.05 };

const ALL: [Operation; 8] = [
    Operation::Open,
    Operation::Put,
    Operation::Get,
    Operation::List,
    Operation::ListMany,
    Operation::Delete,
    Operation::Retire,
    Operation::Discover,
];

/// Waits no time.
#[derive(Debug)]
struct AtOnce;

#[async_trait]
impl Sleeper for AtOnce {
    async fn sleep(&self, _: Duration) {
        tokio::task::yield_now().await;
    }
}

/// `found`: what is relied on, as trying it has shown.
async fn thirty_jobs(server: &S3, found: Capabilities) {
    server.create_bucket("hospital");
    let url = format!("s3://hospital/syft?endpoint={}", server.endpoint());
    let url = StoreUrl::parse(&url).unwrap();
    let login = StoreLogin::none()
        .with_user(server.access_key())
        .with_password(server.secret_key().to_owned());
    let bare = move |of: &Email| {
        let store = OpendalTransport::new(&url, of.clone(), &login, found).unwrap();
        Arc::new(store) as Arc<dyn Transport>
    };
    let used = |store, seed| {
        let chaos = Chaos::new(store).seeded(seed, ALL.map(|operation| (operation, FAILING)));
        let retry = Retry::new(Arc::new(chaos)).with_sleeper(Arc::new(AtOnce));
        Arc::new(retry.with_entropy(Arc::new(SeededEntropy::new(seed)))) as Arc<_>
    };
    let clock = Arc::new(ManualClock::at(Timestamp::new(1_790_000_000.0).unwrap()));
    let crowd = Crowd::gathered(Secrecy::Sealed, clock, bare, used).await;
    let counters = scratch();
    crowd.connect().await;
    crowd.submit(counters.path()).await;
    crowd.settle().await;
    crowd.each_job_ran_once();
    crowd.each_answer_arrived_once();
    crowd.channels_hold_each_event_once().await;
    crowd.nobody_complains();
}

#[tokio::test]
async fn thirty_jobs_over_s3_that_holds_conditions() {
    let Some(server) = required_or_noted(S3::moto()) else { return };
    let mut found = Capabilities::none();
    found.exclusive_create = true;
    thirty_jobs(&server, found).await;
}

#[tokio::test]
async fn thirty_jobs_over_s3_that_ignores_conditions() {
    let Some(server) = required_or_noted(S3::rclone()) else { return };
    thirty_jobs(&server, Capabilities::none()).await;
}
