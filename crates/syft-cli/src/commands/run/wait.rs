use std::time::Duration;

use syft_sync::core::{Email, JobName};
use syft_sync::job::{Job, Status};
use syft_sync::{SyftboxManager, SyncOptions};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, sleep, sleep_until};

use super::tell;
use crate::context::Context;
use crate::errors::CliError;

/// Between the first two looks.
const SHORTEST_PAUSE: Duration = Duration::from_secs(2);
/// Between two looks, once it takes long.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// What was waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waited {
    /// Nothing was.
    NotAtAll,
    /// It did not come in time.
    InVain,
    /// For the job to be this, with nothing of it still held back.
    For(Status),
}

/// Syncs until there is something to fetch, or nothing to come.
pub(super) async fn wait(
    context: &Context,
    manager: &SyftboxManager,
    (owner, name): (&Email, &JobName),
    deadline: Option<Duration>,
) -> Result<Waited, CliError> {
    let deadline = deadline.and_then(|deadline| Instant::now().checked_add(deadline));
    let mut teller = Teller::default();
    let mut pause = SHORTEST_PAUSE;
    // Heard from here on, also while it syncs.
    let mut interrupts = signal(SignalKind::interrupt()).ok();
    loop {
        let report = manager.sync(&SyncOptions::default()).await?;
        let job = manager.job_store().sent_to(owner, name)?;
        if let Some(status) = ended(&job) {
            return Ok(Waited::For(status));
        }
        let is_new = teller.tell(context, &job, report.store.as_deref());
        pause = if is_new { SHORTEST_PAUSE } else { (pause * 5 / 4).min(LONGEST_PAUSE) };
        let enough = async {
            match deadline {
                Some(deadline) => sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = enough => return Ok(Waited::InVain),
            () = interrupted(&mut interrupts) => return Ok(Waited::InVain),
            () = sleep(pause) => {}
        }
    }
}

/// Ends with the first Ctrl-C; where that cannot be heard, the system's own way
/// ends the program.
async fn interrupted(interrupts: &mut Option<Signal>) {
    match interrupts {
        Some(interrupts) => {
            interrupts.recv().await;
        }
        None => std::future::pending().await,
    }
}

/// The state in which nothing more is to be waited for.
fn ended(job: &Job) -> Option<Status> {
    match job.status() {
        status @ (Status::Rejected | Status::Cancelled | Status::Failed) => Some(status),
        Status::Done if job.waiting_for().is_none() => Some(Status::Done),
        _ => None,
    }
}

/// Says who is waited for, and again when that changes.
#[derive(Debug, Default)]
struct Teller {
    told: Option<String>,
    problem: Option<String>,
}

impl Teller {
    fn tell(&mut self, context: &Context, job: &Job, problem: Option<&str>) -> bool {
        if problem != self.problem.as_deref() {
            self.problem = problem.map(str::to_owned);
            if let Some(problem) = problem {
                context.note(&format!("{problem}; trying again"));
            }
        }
        let said = match job.waiting_for() {
            Some(next) => format!(
                "It is {}. Waiting for {} since {}, who types:\n    {}",
                job.status(),
                next.who,
                next.since.to_rfc3339(),
                next.command
            ),
            None if job.status() == Status::Running => {
                format!("It is running at {}.", job.owner())
            }
            None => return false,
        };
        if self.told.as_ref() == Some(&said) {
            return false;
        }
        tell(context, &said);
        if self.told.is_none() {
            let id = job.id();
            tell(context, &format!("Ctrl-C is harmless: go on with  syft job outputs {id}"));
        }
        self.told = Some(said);
        true
    }
}
