use std::time::Duration;

use syft_sync::core::{Email, JobName};
use syft_sync::job::{Job, Status};
use syft_sync::{SyftboxManager, SyncOptions};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, sleep_until};

use super::tell;
use crate::context::Context;
use crate::errors::CliError;
use crate::interrupts::on_interrupt;

/// Between the first two looks.
const SHORTEST_PAUSE: Duration = Duration::from_secs(2);
/// Between two looks, once it takes long.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// Syncs until there is something to fetch, or nothing to come: in which state the
/// job then is. `None` if time is up before, or at Ctrl-C.
pub(super) async fn wait(
    context: &Context,
    manager: &SyftboxManager,
    (owner, name): (&Email, &JobName),
    deadline: Option<Duration>,
) -> Result<Option<Status>, CliError> {
    let deadline = deadline.and_then(|deadline| Instant::now().checked_add(deadline));
    let mut teller = Teller::default();
    let mut pause = SHORTEST_PAUSE;
    // Heard from here on, also while it syncs.
    let (interrupt, mut interrupted) = oneshot::channel();
    on_interrupt(move || {
        // Where nobody waits any more it has ended already.
        let _ = interrupt.send(());
    });
    loop {
        let report = manager.sync(&SyncOptions::default()).await?;
        let job = manager.job_store().sent_to(owner, name)?;
        if let Some(status) = ended(&job) {
            return Ok(Some(status));
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
            () = enough => return Ok(None),
            Ok(()) = &mut interrupted => return Ok(None),
            () = sleep(pause) => {}
        }
    }
}

/// The state in which nothing more is to be waited for.
pub(super) fn ended(job: &Job) -> Option<Status> {
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
            tell(context, "Ctrl-C is harmless: the same command goes on waiting.");
        }
        self.told = Some(said);
        true
    }
}
