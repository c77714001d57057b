//! One owner and three who ask, over whatever store: each job runs once, and each answer
//! arrives once.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use futures::future::join_all;
use syft_core::codec::{Limits, decode_events};
use syft_core::testing::ManualClock;
use syft_core::{Email, FileChangeEventsMessage};
use syft_job::{JobId, Status};
use syft_sync::SyncReport;
use syft_transport::{Space, Transport, TransportExt};

use super::drive::answer;
use super::{Member, Secrecy, alice, email, log_of, opened, outbox};

const JOBS: usize = 10;
/// Syncs of everybody after which all must have arrived.
const PATIENCE: usize = 60;
/// Seconds from one sync of everybody to the next.
const PACE: f64 = 20.0;

/// Opens the store of somebody.
type Bare = dyn Fn(&Email) -> Arc<dyn Transport>;

/// Alice owns data, several ask.
pub(crate) struct Crowd {
    /// By which listings settle.
    clock: Arc<ManualClock>,
    /// The store of somebody, without what goes wrong with it.
    bare: Box<Bare>,
    pub(crate) alice: Member,
    scientists: Vec<Member>,
}

impl Crowd {
    /// Four people, each over a store of their own making: the bare one, and as it is used,
    /// by a number that is another one for each.
    pub(crate) async fn gathered(
        secrecy: Secrecy,
        clock: Arc<ManualClock>,
        bare: impl Fn(&Email) -> Arc<dyn Transport> + 'static,
        used: impl Fn(Arc<dyn Transport>, u64) -> Arc<dyn Transport>,
    ) -> Self {
        let join = |of: Email, seed| {
            let store = used(bare(&of), seed);
            Member::join_as(of, store, seed, secrecy)
        };
        let alice = join(alice(), 1).await;
        let names = ["bob@university.org", "carol@institute.net", "dave@clinic.org"];
        let scientists = names.into_iter().zip(2..).map(|(name, seed)| join(email(name), seed));
        let scientists = join_all(scientists).await;
        Crowd { clock, bare: Box::new(bare), alice, scientists }
    }

    /// All sync at the same time.
    pub(crate) async fn sync(&self) -> Vec<SyncReport> {
        self.clock.step(PACE);
        let all = [&self.alice].into_iter().chain(&self.scientists);
        join_all(all.map(|member| member.sync())).await
    }

    /// Everybody asks Alice, and she accepts each request when she sees it.
    pub(crate) async fn connect(&self) {
        for scientist in &self.scientists {
            scientist.manager.add_peer(&self.alice.email, false).await.unwrap();
        }
        let mut strangers: Vec<&Member> = self.scientists.iter().collect();
        for _ in 0..PATIENCE {
            let mut left = Vec::new();
            for scientist in strangers {
                let manager = &self.alice.manager;
                if manager.approve_peer_request(&scientist.email, true).await.is_err() {
                    left.push(scientist);
                }
            }
            if left.is_empty() {
                return;
            }
            strangers = left;
            self.sync().await;
        }
        panic!("{} requests were not seen", strangers.len());
    }

    /// Everybody sends jobs. Each notes in a file of its own that it ran, and answers with
    /// all that is in there.
    pub(crate) async fn submit(&self, counters: &Path) {
        let counters = counters.display();
        for n in 0..JOBS {
            for scientist in &self.scientists {
                let me = &scientist.email;
                let counter = format!("{counters}/{me}-{n}");
                let script = format!(
                    "echo {me} {n} >> '{counter}'\ncat '{counter}' > $SYFT_OUTPUTS/answer.txt"
                );
                scientist.submit(&script, &format!("job-{n}")).await;
            }
            // Some go together.
            if n % 3 == 0 {
                self.sync().await;
            }
        }
    }

    /// Alice does what there is to do.
    fn work(&self) {
        let jobs = self.alice.manager.job_store().jobs().unwrap();
        let new = jobs.iter().filter(|job| job.status() == Status::Inbox);
        let new: Vec<JobId> = new.map(|job| job.id().clone()).collect();
        new.iter().for_each(|id| answer(&self.alice, id));
    }

    fn answer_to(&self, scientist: &Member, n: usize) -> Option<String> {
        let (owner, me) = (&self.alice.email, &scientist.email);
        scientist.read(&format!("{owner}/jobs/{me}/job-{n}/outputs/answer.txt"))
    }

    fn has_all(&self) -> bool {
        let has_all = |of| (0..JOBS).all(|n| self.answer_to(of, n).is_some());
        self.scientists.iter().all(has_all)
    }

    pub(crate) async fn settle(&self) {
        for _ in 0..PATIENCE {
            let reports = self.sync().await;
            self.work();
            if self.has_all() && reports.iter().all(is_idle) {
                return;
            }
        }
        let missing = self.scientists.iter().map(|scientist| {
            let missing = (0..JOBS).filter(|n| self.answer_to(scientist, *n).is_none());
            (scientist.email.to_string(), missing.collect::<Vec<_>>())
        });
        let missing: Vec<_> = missing.collect();
        panic!("it does not settle: {missing:?} are missing, {:#?}", self.sync().await);
    }

    /// The events messages in a space of Alice's, in the order of their places.
    async fn events(&self, space: &Space) -> Vec<FileChangeEventsMessage> {
        let store = (self.bare)(space.writer());
        let mut messages = Vec::new();
        for object in store.list_all(space).await.unwrap() {
            if object.name.as_str().starts_with("syfteventsmessagev3_") {
                let bytes = store.get_bytes(&object, Limits::EVENTS.packed_bytes).await.unwrap();
                messages.push(decode_events(&opened(space, bytes), &Limits::EVENTS).unwrap());
            }
        }
        messages.sort_by_key(|message| message.position.unwrap().seq);
        messages
    }

    pub(crate) async fn channels_hold_each_event_once(&self) {
        let outboxes = self.scientists.iter().map(|of| outbox(alice(), of.email.clone()));
        for space in [log_of(alice())].into_iter().chain(outboxes) {
            let messages = self.events(&space).await;
            let events = || messages.iter().flat_map(|message| &message.events);
            assert!(events().count() > 0, "{space}");
            let ids: BTreeSet<_> = events().map(|event| event.id).collect();
            assert_eq!(ids.len(), events().count(), "an event is twice in {space}");
            let versions: BTreeSet<_> =
                events().map(|event| (event.path.clone(), event.change.new_hash())).collect();
            assert_eq!(versions.len(), events().count(), "a version is twice in {space}");
            let places: Vec<u64> =
                messages.iter().map(|message| message.position.unwrap().seq).collect();
            assert!(places.windows(2).all(|two| two[0] + 1 == two[1]), "{space}: {places:?}");
            // A checkpoint takes the place of the beginning of a log.
            assert!(matches!(space, Space::Log { .. }) || places[0] == 1, "{space}: {places:?}");
        }
    }

    pub(crate) fn each_job_ran_once(&self) {
        let all = JOBS * self.scientists.len();
        let jobs = self.alice.manager.job_store().jobs().unwrap();
        assert_eq!(jobs.iter().count(), all);
        assert!(jobs.iter().all(|job| job.status() == Status::Done));
        for action in ["job.received", "job.approved", "job.run.started", "job.run.finished"] {
            assert_eq!(self.alice.audit(action).len(), all, "{action}");
        }
    }

    pub(crate) fn each_answer_arrived_once(&self) {
        for scientist in &self.scientists {
            let me = &scientist.email;
            for n in 0..JOBS {
                assert_eq!(self.answer_to(scientist, n), Some(format!("{me} {n}\n")));
            }
            let copy = scientist.tree(&format!("{}/jobs", self.alice.email));
            let answers = copy.keys().filter(|path| path.ends_with("answer.txt"));
            assert_eq!(answers.count(), JOBS, "{me} has other answers");
            let jobs = scientist.manager.job_store().jobs().unwrap();
            let done = jobs.iter().filter(|job| job.status() == Status::Done);
            assert_eq!((done.count(), jobs.iter().count()), (JOBS, JOBS), "jobs of {me}");
        }
    }

    pub(crate) fn nobody_complains(&self) {
        for member in [&self.alice].into_iter().chain(&self.scientists) {
            assert_eq!(member.manager.verify_audit().unwrap().problem, None);
            assert!(member.manager.quarantine().list().unwrap().is_empty());
            for action in ["message.quarantined", "proposal.refused", "object.forged"] {
                let lines = member.audit(action);
                assert!(lines.is_empty(), "{}: {lines:#?}", member.email);
            }
        }
    }
}

fn is_idle(report: &SyncReport) -> bool {
    let moved = |peer: &syft_sync::PeerReport| peer.received + peer.sent > 0;
    report.changed + report.datasets + report.queued_out == 0
        && report.store.is_none()
        && !report.peers.iter().any(moved)
}
