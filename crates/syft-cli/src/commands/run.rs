//! The scientist's main job: check, send, wait and say for whom, fetch.

mod wait;

use std::path::PathBuf;

use serde::Serialize;
use syft_sync::core::{DatasetName, Email, JobName};
use syft_sync::job::{JobSummary, Script, Status, Submission};
use syft_sync::{Error, SyftboxManager, SyncOptions};

use self::wait::{Waited, wait};
use super::job::{CopiedOutput, before_sending, copy_outputs, waiting};
use crate::args::{DatasetRef, RunArgs};
use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;
use crate::output::{Page, Report, quoted};

/// What became of a job that was sent and waited for.
#[derive(Debug, Serialize)]
pub(crate) struct RunEnded {
    #[serde(flatten)]
    job: JobSummary,
    outcome: Outcome,
    outputs: Vec<CopiedOutput>,
    #[serde(skip)]
    me: Email,
}

/// How the waiting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// It is on its way; nobody was asked to wait.
    Sent,
    /// What was released has been fetched.
    Fetched,
    /// It ended and failed.
    Failed,
    /// The owner said no.
    Rejected,
    /// It was withdrawn.
    Cancelled,
    /// The time to wait is up, or the waiting was interrupted.
    StillWaiting,
}

pub(super) async fn run(context: &Context, args: RunArgs) -> Result<RunEnded, CliError> {
    let manager = context.open()?;
    let owner = owner_of(&args.on)?;
    know_dataset(&manager, &owner, &args.on.name).await?;
    let script = context.path(&args.path);
    let name = match name_of(&script) {
        Some(name) => Some(manager.job_store().free_name(&owner, &name)?),
        None => None,
    };
    let submission = Submission {
        name,
        datasets: vec![args.on.name.clone()],
        ..Submission::new(owner, Script::Path(script))
    };
    if !args.no_rehearsal {
        rehearse(context, &manager, &submission, &args)?;
    }
    let submitted = manager.submit_job(&submission, false).await?;
    let id = &submitted.id;
    tell(context, &format!("Job {id} ({}) for {}", submitted.name, submission.owner));
    if !submitted.left_out.is_empty() {
        context.note(&format!("not sent: {}", submitted.left_out.join(", ")));
    }
    let waited = if args.no_wait || context.is_offline() {
        send(context, &manager).await?;
        Waited::NotAtAll
    } else {
        wait(context, &manager, (&submission.owner, &submitted.name), args.deadline).await?
    };
    let job = manager.job_store().sent_to(&submission.owner, &submitted.name)?;
    let outcome = match waited {
        Waited::NotAtAll => Outcome::Sent,
        Waited::InVain => Outcome::StillWaiting,
        Waited::For(Status::Failed) => Outcome::Failed,
        Waited::For(Status::Rejected) => Outcome::Rejected,
        Waited::For(Status::Cancelled) => Outcome::Cancelled,
        Waited::For(_) => Outcome::Fetched,
    };
    let outputs = match outcome {
        Outcome::Fetched => {
            let folder =
                args.output.unwrap_or_else(|| PathBuf::from(format!("{}-outputs", job.name())));
            copy_outputs(&job, &context.path(&folder))?
        }
        _ => Vec::new(),
    };
    Ok(RunEnded { job: job.summary()?, outcome, outputs, me: manager.email().clone() })
}

/// Tries on the mock what is about to be sent; a job that fails there is not.
fn rehearse(
    context: &Context,
    manager: &SyftboxManager,
    submission: &Submission,
    args: &RunArgs,
) -> Result<(), CliError> {
    let path = quoted(&args.path.display().to_string());
    let anyway = format!("syft run {path} --on {} --no-rehearsal", args.on);
    if let Some(rehearsal) = before_sending(context, manager, submission, anyway)? {
        tell(context, &format!("Rehearsed on the mock: {rehearsal}"));
    }
    Ok(())
}

/// Whose dataset is meant; somebody else's is never guessed.
pub(super) fn owner_of(on: &DatasetRef) -> Result<Email, CliError> {
    on.owner.clone().ok_or_else(|| {
        CliError::usage(format!("say whose dataset it is: --on OWNER/{}", on.name))
            .then("syft dataset list")
    })
}

/// A job on a dataset that is not shared with me would never be approved.
pub(super) async fn know_dataset(
    manager: &SyftboxManager,
    owner: &Email,
    name: &DatasetName,
) -> Result<(), CliError> {
    if manager.dataset(owner, name).is_ok() {
        return Ok(());
    }
    manager.sync(&SyncOptions::default()).await?;
    if manager.load_peers().await?.get(owner).is_none() {
        return Err(Error::UnknownPeer(owner.clone()).into());
    }
    manager.dataset(owner, name)?;
    Ok(())
}

/// The file's or folder's name, if a job can be called so.
pub(super) fn name_of(script: &std::path::Path) -> Option<JobName> {
    script.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| JobName::parse(stem).ok())
}

async fn send(context: &Context, manager: &SyftboxManager) -> Result<(), CliError> {
    if let Some(problem) = manager.sync(&SyncOptions::default()).await?.store {
        context.note(&format!("{problem}; the next sync sends it"));
    }
    Ok(())
}

/// Tells how it goes on, beside the result.
fn tell(context: &Context, message: &str) {
    let screen = context.screen();
    if screen.is_json() {
        screen.note(message);
    } else if !screen.is_quiet() {
        screen.err(&format!("{message}\n"));
    }
}

impl Report for RunEnded {
    const VERB: &'static str = "run";

    fn write(&self, page: &mut Page) {
        let JobSummary { id, owner, .. } = &self.job;
        match self.outcome {
            Outcome::Sent => page.line(format!("Job {id} is on its way to {owner}.")),
            Outcome::Fetched if self.outputs.is_empty() => {
                page.line(format!("Job {id} is done; {owner} released no file."));
            }
            Outcome::Fetched => page.line(format!("Job {id} is done. {owner} released:")),
            Outcome::Failed => page.line(format!("Job {id} failed.")),
            Outcome::Rejected => page.line(format!("{owner} rejected job {id}.")),
            Outcome::Cancelled => page.line(format!("Job {id} was withdrawn.")),
            Outcome::StillWaiting => page.line(format!("Job {id} is {}.", self.job.status)),
        }
        for output in &self.outputs {
            page.line(format!("  {}", output.to.display()));
        }
        let reason = self.job.reason.clone().filter(|_| self.outcome != Outcome::Sent);
        page.fields([
            ("reason", reason.unwrap_or_default()),
            ("exit code", self.job.exit_code.map(|code| code.to_string()).unwrap_or_default()),
            ("box", self.job.isolation.map(|level| level.to_string()).unwrap_or_default()),
        ]);
        if let Some(next) = &self.job.waiting_for {
            waiting(page, &self.me, next);
        }
        if matches!(self.outcome, Outcome::Sent | Outcome::StillWaiting) {
            page.hint("To see how it goes on:", &format!("syft job outputs {id}"));
        }
    }

    fn exit(&self) -> Exit {
        match self.outcome {
            Outcome::Sent | Outcome::Fetched => Exit::Done,
            Outcome::Failed => Exit::JobFailed,
            Outcome::Rejected | Outcome::Cancelled => Exit::Refused,
            Outcome::StillWaiting => Exit::StillWaiting,
        }
    }
}
