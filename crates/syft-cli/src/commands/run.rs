//! The scientist's main job: check, send, wait and say for whom, fetch.

mod wait;

use std::path::PathBuf;

use serde::Serialize;
use syft_sync::core::{DatasetName, Email, JobName, safe_text};
use syft_sync::job::{JobId, JobSummary, Plan, Rehearsed, Script, Status, Submission};
use syft_sync::{Error, Sent, SyftboxManager, SyncOptions};

use self::wait::{ended, wait};
use super::job::{
    CopiedOutput, FetchedReceipt, before_sending, comment, earlier_outputs, failure, fetch,
    hint_earlier, safe_lines, waiting,
};
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
    copied: Vec<CopiedOutput>,
    /// What the owner signed about the run.
    receipt: Option<FetchedReceipt>,
    /// The latest earlier run of which outputs were released, if the last one has none.
    earlier: Option<String>,
    /// What a failed job said, if that was released; never part of the JSON.
    #[serde(skip)]
    log: Option<String>,
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
    let script = context.path(&args.path);
    let submission = Submission {
        name: name_of(&script),
        datasets: vec![args.on.name.clone()],
        ..Submission::new(owner, Script::Path(script))
    };
    let (owner, name) = match manager.plan_job(&submission, args.again)? {
        Plan::Resume(job) => (job.owner().clone(), job.name().clone()),
        // What is new is checked, tried on the mock, and then sent.
        Plan::Revise(planned) | Plan::Submit(planned) => {
            know_dataset(&manager, &planned.owner, &args.on.name).await?;
            let rehearsed = match args.no_rehearsal {
                true => None,
                false => rehearse(context, &manager, &planned, &args)?,
            };
            let submission = Submission { rehearsed, ..submission };
            submit(context, &manager, &submission, args.again).await.map_err(|error| {
                let is_other = error.code() == "not_rehearsed";
                if is_other { error.then(command(&args)) } else { error }
            })?
        }
    };
    let waited = if args.no_wait || context.is_offline() {
        let find = || manager.job_store().sent_to(&owner, &name);
        // Of one that has ended nothing waits to be sent.
        if ended(&find()?).is_none() || !context.is_offline() {
            send(context, &manager).await?;
        }
        ended(&find()?)
    } else {
        wait(context, &manager, (&owner, &name), args.deadline).await?
    };
    let job = manager.job_store().sent_to(&owner, &name)?;
    let outcome = match waited {
        None if args.no_wait || context.is_offline() => Outcome::Sent,
        None => Outcome::StillWaiting,
        Some(Status::Failed) => Outcome::Failed,
        Some(Status::Rejected) => Outcome::Rejected,
        Some(Status::Cancelled) => Outcome::Cancelled,
        Some(_) => Outcome::Fetched,
    };
    let (receipt, outputs) = match outcome {
        // A failed job may have been let have what it produced up to then.
        Outcome::Fetched | Outcome::Failed => {
            let folder =
                args.output.unwrap_or_else(|| PathBuf::from(format!("{}-outputs", job.name())));
            fetch(context.screen(), &manager, &job, &context.path(&folder))?
        }
        _ => (None, Vec::new()),
    };
    let log = job.stderr()?.filter(|_| outcome == Outcome::Failed && job.logs_released());
    let is_empty = outcome == Outcome::Fetched && outputs.is_empty();
    let earlier = if is_empty { earlier_outputs(&job)? } else { None };
    Ok(RunEnded {
        earlier,
        job: job.summary()?,
        outcome,
        copied: outputs,
        receipt,
        log: log.map(|log| log.text()),
        me: manager.email().clone(),
    })
}

/// Sends the job, unless a process beside this one just has.
async fn submit(
    context: &Context,
    manager: &SyftboxManager,
    submission: &Submission,
    again: bool,
) -> Result<(Email, JobName), CliError> {
    let owner = submission.owner.clone();
    let (what, submitted) = match manager.submit_once(submission, again).await? {
        Sent::Before(job) => return Ok((owner, job.name().clone())),
        Sent::Revised(submitted) => ("is now as it is here", submitted),
        Sent::New(submitted) => ("is new", submitted),
    };
    tell(context, &format!("Job {} ({}) for {owner} {what}.", submitted.id, submitted.name));
    if !submitted.left_out.is_empty() {
        context.note(&format!("not sent: {}", submitted.left_out.join(", ")));
    }
    Ok((owner, submitted.name))
}

/// Tries on the mock what is about to be sent; a job that fails there is not.
fn rehearse(
    context: &Context,
    manager: &SyftboxManager,
    submission: &Submission,
    args: &RunArgs,
) -> Result<Option<Rehearsed>, CliError> {
    let anyway = format!("{} --no-rehearsal", command(args));
    let rehearsal = before_sending(context, manager, submission, anyway)?;
    if let Some(rehearsal) = &rehearsal {
        tell(context, &format!("Rehearsed on the mock: {rehearsal}"));
        for hit in &rehearsal.limits_hit {
            tell(context, &safe_text(&format!("  limit reached: {hit}")));
        }
        for skipped in &rehearsal.skipped {
            let line = format!("  not collected: {}: {}", skipped.path, skipped.reason);
            tell(context, &safe_text(&line));
        }
    }
    Ok(rehearsal.as_ref().map(Rehearsed::from))
}

/// What was typed, but for how long to wait and where to put what comes.
fn command(args: &RunArgs) -> String {
    let path = quoted(&args.path.display().to_string());
    let again = if args.again { " --again" } else { "" };
    format!("syft run {path} --on {}{again}", args.on)
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

/// The file's or folder's name as far as a job can be called so: the same for the same
/// file, by which the command finds its job again.
pub(super) fn name_of(script: &std::path::Path) -> Option<JobName> {
    let stem = script.file_stem()?.to_string_lossy();
    if let Ok(name) = JobName::parse(&stem) {
        return Some(name);
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '.' | '_' | '@' | '+');
    let fitting: String = stem.chars().map(|c| if fits(c) { c } else { '-' }).collect();
    let short: String = fitting.chars().take(60).collect();
    let name = short.trim_matches(|c: char| matches!(c, ' ' | '.' | '-'));
    JobName::parse(if name.is_empty() { "job" } else { name }).ok()
}

async fn send(context: &Context, manager: &SyftboxManager) -> Result<(), CliError> {
    if let Some(problem) = manager.sync(&SyncOptions::default()).await?.store {
        context.note(&format!("{problem}; the next sync sends it"));
    }
    Ok(())
}

fn show(id: &JobId) -> String {
    format!("syft job show {id}")
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
            Outcome::Sent if self.job.status == Status::Inbox => {
                page.line(format!("Job {id} is on its way to {owner}."));
            }
            Outcome::Fetched if self.copied.is_empty() => {
                page.line(format!("Job {id} is done; {owner} released no file."));
            }
            Outcome::Fetched => page.line(format!("Job {id} is done. {owner} released:")),
            Outcome::Failed => page.line(format!("Job {id} failed.")),
            Outcome::Rejected => page.line(format!("{owner} rejected job {id}.")),
            Outcome::Cancelled => page.line(format!("Job {id} was withdrawn.")),
            Outcome::Sent | Outcome::StillWaiting => {
                page.line(format!("Job {id} is {}.", self.job.status))
            }
        }
        for output in &self.copied {
            page.line(format!("  {}", output.to.display()));
        }
        if let Some(run) = &self.earlier {
            hint_earlier(page, id, run);
        }
        let receipt = self.receipt.as_ref().and_then(|receipt| receipt.path.as_ref());
        let reason = self.job.reason.clone().filter(|_| self.outcome != Outcome::Sent);
        page.fields([
            ("reason", reason.unwrap_or_default()),
            ("exit code", self.job.exit_code.map(|code| code.to_string()).unwrap_or_default()),
            ("error", failure(&self.job)),
            ("box", self.job.isolation.map(|level| level.to_string()).unwrap_or_default()),
            ("receipt", receipt.map(|path| path.display().to_string()).unwrap_or_default()),
        ]);
        comment(page, &self.job);
        if let Some(log) = &self.log {
            page.gap();
            page.line("Its errors:");
            safe_lines(log).for_each(|line| page.line(format!("  │ {line}")));
        }
        if let Some(next) = &self.job.waiting_for {
            waiting(page, &self.me, next);
        }
        match self.outcome {
            Outcome::Sent | Outcome::StillWaiting => {
                page.hint("The same command goes on from here. To look at it:", &show(id));
            }
            Outcome::Failed | Outcome::Rejected | Outcome::Cancelled => {
                page.hint("A changed script is a new job, and so is this one with --again. To look at it:", &show(id));
            }
            Outcome::Fetched => {}
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::name_of;

    #[test]
    fn every_file_has_a_name_that_is_the_same_again() {
        let names = [
            ("count.py", "count"),
            ("my job.v2.py", "my job.v2"),
            ("r\u{e9}sum\u{e9}.py", "r-sum"),
            ("a(b).py", "a-b"),
            ("(.py", "job"),
            ("\u{65e5}\u{672c}.py", "job"),
        ];
        for (file, name) in names {
            let found = name_of(Path::new(file)).map(|name| name.to_string());
            assert_eq!(found.as_deref(), Some(name), "{file}");
        }
        assert!(name_of(Path::new(&"x y".repeat(90))).is_some());
    }
}
