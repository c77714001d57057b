//! Google Drive on a bad network: calls fail, answers are lost after the store has done
//! what was asked, bodies are cut, all of it is slow and lists lag. Each job runs once, and
//! each answer arrives once.
//!
//! A timer that tokio has paused jumps ahead whenever a test waits for a socket, so that
//! each call would run out of time. So the time of the network goes faster here instead:
//! what takes two seconds takes [`SPEED`] times less, and so does each wait of [`Retry`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use syft_core::testing::{ManualClock, SeededEntropy};
use syft_core::{Email, Timestamp};
use syft_drive_emulator::{DriveEmulator, Fault, FaultPlan, Lag, Rule};
use syft_transport::{Mirror, Retry, Sleeper, Transport};

use crate::common::crowd::Crowd;
use crate::common::drive::bare_store;
use crate::common::{Secrecy, scratch};

/// How many times faster the time of the network goes.
const SPEED: u32 = 200;
/// The longest that a call takes, by that time.
const SLOWEST: Duration = Duration::from_secs(2);
/// The share of all calls that fail.
const FAILING: f64 = 0.1;

/// What fails, each as often as the others.
fn failures() -> [Fault; 9] {
    let second = Some(Duration::from_secs(1));
    [
        Fault::TooManyRequests(None),
        Fault::TooManyRequests(second),
        Fault::UserRateLimit(None),
        Fault::Internal,
        Fault::Unavailable(second),
        Fault::RequestLost,
        Fault::AnswerLost,
        Fault::AnswerLost,
        Fault::BodyCut,
    ]
}

fn bad_network(seed: u64) -> FaultPlan {
    let kinds = failures();
    // Of those that the kinds before have left: together they are the share.
    let share = 1.0 - (1.0 - FAILING).powf(1.0 / kinds.len() as f64);
    let slow = Rule::new(Fault::Latency(Duration::ZERO, SLOWEST / SPEED));
    let failing = kinds.map(|fault| Rule::new(fault).share(share));
    let rules = [slow].into_iter().chain(failing).collect();
    FaultPlan {
        seed,
        rules,
        lags: vec![(None, Lag::Steps(4))],
        page_limit: Some(7),
        empty_pages: FAILING,
        ..FaultPlan::default()
    }
}

/// Waits by the time of the network.
#[derive(Debug)]
struct Hurried;

#[async_trait]
impl Sleeper for Hurried {
    async fn sleep(&self, wait: Duration) {
        tokio::time::sleep(wait / SPEED).await;
    }
}

/// What is under a name twice in a folder.
fn twins(drive: &DriveEmulator) -> Vec<(String, usize)> {
    let mut places: BTreeMap<(Option<String>, String), usize> = BTreeMap::new();
    for file in drive.files().into_iter().filter(|file| !file.trashed) {
        *places.entry((file.parent, file.name)).or_default() += 1;
    }
    let twins = places.into_iter().filter(|(_, count)| *count > 1);
    twins.map(|((_, name), count)| (name, count)).collect()
}

async fn thirty_jobs_over_a_bad_network(secrecy: Secrecy, seed: u64) {
    let drive = Arc::new(DriveEmulator::start().unwrap());
    let clock = Arc::new(ManualClock::at(Timestamp::new(1_790_000_000.0).unwrap()));
    let (at, mirrored_by) = (drive.clone(), clock.clone());
    let bare = move |of: &Email| Arc::new(bare_store(&at, of)) as Arc<dyn Transport>;
    let used = |store, seed| {
        let store = Retry::new(store)
            .with_sleeper(Arc::new(Hurried))
            .with_entropy(Arc::new(SeededEntropy::new(seed)));
        Arc::new(Mirror::new(Arc::new(store)).with_clock(mirrored_by.clone())) as Arc<_>
    };
    let crowd = Crowd::gathered(secrecy, clock, bare, used).await;
    let counters = scratch();
    drive.set_faults(bad_network(seed));
    crowd.connect().await;
    crowd.submit(counters.path()).await;
    crowd.settle().await;
    let requests = drive.requests();
    let failed = requests.iter().filter(|line| line.status.is_none_or(|status| status >= 400));
    assert!(failed.count() * 20 > requests.len(), "too little failed");
    drive.set_faults(FaultPlan::default());
    let last = crowd.sync().await;
    assert_eq!(twins(&drive), []);
    crowd.each_job_ran_once();
    crowd.each_answer_arrived_once();
    crowd.channels_hold_each_event_once().await;
    crowd.nobody_complains();
    for report in last.iter().chain(&crowd.sync().await) {
        assert!(report.notes.is_empty() && report.alarms.is_empty(), "{report:#?}");
    }
}

#[tokio::test]
async fn thirty_jobs_over_a_bad_network_in_the_open() {
    thirty_jobs_over_a_bad_network(Secrecy::Open, 1).await;
}

#[tokio::test]
async fn thirty_jobs_over_a_bad_network_sealed() {
    thirty_jobs_over_a_bad_network(Secrecy::Sealed, 2).await;
}
