//! Trying a job on the mock: one that was sent, or what might be.

use std::path::{Path, PathBuf};

use serde::Serialize;
use syft_sync::core::{ContentHash, Email, JobName, safe_text};
use syft_sync::job::sandbox::{IsolationLevel, LimitHit, Sandbox};
use syft_sync::job::{
    Job, JobId, JobKind, MockRead, OutputFile, Rehearsal, RehearsalOptions, Script, SkippedOutput,
    Submission,
};
use syft_sync::{Preview, RehearsalBudget, SyftboxManager};

use super::limits::Reached;
use super::{Stream, find, safe_lines, sandbox};
use crate::args::{DatasetRef, LimitArgs, RehearseArgs};
use crate::commands::dataset::bytes;
use crate::commands::run::{know_dataset, name_of, owner_of};
use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;
use crate::output::{Page, Report, Table, quoted};

/// Most lines of a log that are shown.
const SHOWN_LINES: usize = 20;

/// A job that was tried on the mock.
#[derive(Debug, Serialize)]
pub(crate) struct Rehearsed {
    /// Of a job that was sent.
    id: Option<JobId>,
    name: JobName,
    submitter: Email,
    owner: Email,
    digest: ContentHash,
    ok: bool,
    exit_code: Option<i32>,
    isolation: IsolationLevel,
    seconds: f64,
    read: Vec<MockRead>,
    outputs: Vec<OutputFile>,
    outputs_count: usize,
    limits_hit: Vec<LimitHit>,
    skipped: Vec<SkippedOutput>,
    error: Option<String>,
    /// Where all of it is remembered, the ends of both logs too.
    record: PathBuf,
    #[serde(skip)]
    rehearsal: Rehearsal,
    #[serde(skip)]
    next: Vec<(&'static str, String)>,
}

pub(super) async fn run(context: &Context, args: &RehearseArgs) -> Result<Rehearsed, CliError> {
    match &args.on {
        Some(on) => of_path(context, args, on).await,
        None => of_job(context, args).await,
    }
}

async fn of_job(context: &Context, args: &RehearseArgs) -> Result<Rehearsed, CliError> {
    let manager = context.open_synced().await?;
    let query = args.what.to_string_lossy();
    let job = find(&manager, &query).map_err(|error| {
        if error.exit() != Exit::NotFound || !context.path(&args.what).exists() {
            return error;
        }
        let path = quoted(&query);
        CliError::usage(format!("there is no job {query:?}; say on which mock to try the file"))
            .then(format!("syft job rehearse {path} --on OWNER/NAME"))
    })?;
    let rehearsal = rehearse_job(context, &manager, job.id(), &args.limits)?;
    let mut next = vec![next_of_job(&manager, &job, rehearsal.is_success())];
    let command = format!("syft job rehearse {}", job.id());
    next.extend(with_more(&manager, &args.limits, &rehearsal, &command));
    Ok(Rehearsed::new(context, Some(job.id().clone()), rehearsal, next))
}

/// Tries a job on the mock, quietly.
pub(in crate::commands) fn rehearse_job(
    context: &Context,
    manager: &SyftboxManager,
    id: &JobId,
    limits: &LimitArgs,
) -> Result<Rehearsal, CliError> {
    let (options, sandbox) = (options(manager, limits), strongest(context)?);
    let rehearsal = manager.rehearse_job(id, &options, &*sandbox, &mut Stream::new(None));
    Ok(rehearsal?)
}

/// Tries a job before it is reviewed, if it is new; what cannot be tried is told.
pub(in crate::commands) fn preview(
    context: &Context,
    manager: &SyftboxManager,
    id: &JobId,
    budget: &mut RehearsalBudget,
) -> Result<(), CliError> {
    // A box is found by trying, which takes a while.
    if !manager.is_new(id)? {
        return Ok(());
    }
    context.note(&format!("trying job {id} on the mock"));
    if let Preview::Skipped(why) = manager.preview_job(id, budget, &*strongest(context)?)? {
        context.note(&format!("job {id} was not tried on the mock: {why}"));
    }
    Ok(())
}

/// Where a limit was reached, how to try it with more.
fn with_more(
    manager: &SyftboxManager,
    limits: &LimitArgs,
    rehearsal: &Rehearsal,
    command: &str,
) -> Option<(&'static str, String)> {
    let usual = manager.limits();
    let had = limits.over(usual.clone());
    let reached = Reached::new(&usual, &had, rehearsal.limits_hit.clone());
    Some(("To let it have twice as much:", reached.command(command)?))
}

fn next_of_job(manager: &SyftboxManager, job: &Job, ok: bool) -> (&'static str, String) {
    let id = job.id();
    match (job.owner() == manager.email(), ok) {
        (true, true) => ("To look at all of it and decide:", format!("syft review {id}")),
        (true, false) => {
            let reason = "it fails on the mock";
            ("To decline it:", format!("syft job reject {id} --reason \"{reason}\""))
        }
        (false, true) => ("Where it stands:", format!("syft job show {id}")),
        (false, false) => ("To withdraw it:", format!("syft job cancel {id}")),
    }
}

async fn of_path(
    context: &Context,
    args: &RehearseArgs,
    on: &DatasetRef,
) -> Result<Rehearsed, CliError> {
    let manager = context.open()?;
    let owner = owner_of(on)?;
    know_dataset(&manager, &owner, &on.name).await?;
    let script = context.path(&args.what);
    let name = match name_of(&script) {
        Some(name) => Some(manager.job_store().free_name(&owner, &name)?),
        None => None,
    };
    let submission = Submission {
        name,
        datasets: vec![on.name.clone()],
        ..Submission::new(owner, Script::Path(script))
    };
    let rehearsal = rehearse(context, &manager, &submission, &args.limits)?;
    let path = quoted(&args.what.display().to_string());
    let mut next = if rehearsal.is_success() {
        let (owner, name) = (&submission.owner, quoted(rehearsal.name.as_str()));
        let submit = format!("syft job submit {path} --to {owner} --name {name} --dataset {on}");
        vec![("To send it as it is:", submit)]
    } else {
        vec![("When it is mended:", format!("syft job rehearse {path} --on {on}"))]
    };
    let command = format!("syft job rehearse {path} --on {on}");
    next.extend(with_more(&manager, &args.limits, &rehearsal, &command));
    if rehearsal.kind == JobKind::Python && args.what.is_file() {
        let modules = manager.job_store().python_modules()?;
        let (home, modules) = (shell_path(context.home()), shell_path(&modules));
        let python = format!("SYFTBOX_FOLDER={home} PYTHONPATH={modules} python3 {path}");
        next.push(("To run it on the mock yourself, with your own Python:", python));
    }
    Ok(Rehearsed::new(context, None, rehearsal, next))
}

fn shell_path(path: &Path) -> String {
    quoted(&path.display().to_string())
}

fn rehearse(
    context: &Context,
    manager: &SyftboxManager,
    submission: &Submission,
    limits: &LimitArgs,
) -> Result<Rehearsal, CliError> {
    let (options, sandbox) = (options(manager, limits), strongest(context)?);
    let mut silent = Stream::new(None);
    Ok(manager.rehearse_submission(submission, &options, &*sandbox, &mut silent)?)
}

fn options(manager: &SyftboxManager, limits: &LimitArgs) -> RehearsalOptions {
    // Whoever types it wants it tried, and not to be told what is missing.
    let (limits, fetch_packages) = (limits.over(manager.limits()), true);
    RehearsalOptions { limits, minimum: IsolationLevel::MINIMUM, fetch_packages }
}

/// The box of a run.
fn strongest(context: &Context) -> Result<Box<dyn Sandbox>, CliError> {
    sandbox(&context.state_folder(), None)
}

/// What says nothing about the job itself.
const CANNOT_TRY: [&str; 6] =
    ["isolation", "no_mock", "runner_busy", "no_packages", "packages", "bad_package"];

/// Tries on the mock what is about to be sent. A job that fails there is not sent;
/// where it cannot be tried, that is told and no reason to hold it back.
pub(in crate::commands) fn before_sending(
    context: &Context,
    manager: &SyftboxManager,
    submission: &Submission,
    send_anyway: String,
) -> Result<Option<Rehearsal>, CliError> {
    let rehearsal = match rehearse(context, manager, submission, &LimitArgs::default()) {
        Err(error) if CANNOT_TRY.contains(&error.code()) => {
            context.note(&format!("not tried on the mock: {}", error.message()));
            return Ok(None);
        }
        rehearsal => rehearsal?,
    };
    if rehearsal.is_success() {
        return Ok(Some(rehearsal));
    }
    let mut message = format!("it fails on the mock ({rehearsal}), so it was not sent");
    for line in last_lines(&rehearsal.stderr) {
        message.push_str(&format!("\n│ {line}"));
    }
    Err(CliError::new(Exit::JobFailed, "rehearsal_failed", message).then(send_anyway))
}

/// The last lines of a log, each safe to show.
pub(in crate::commands) fn last_lines(log: &str) -> Vec<String> {
    let lines: Vec<String> = safe_lines(log).collect();
    let from = lines.len().saturating_sub(SHOWN_LINES);
    let kept = lines.into_iter().skip(from);
    kept.skip_while(String::is_empty).collect()
}

impl Rehearsed {
    fn new(
        context: &Context,
        id: Option<JobId>,
        rehearsal: Rehearsal,
        next: Vec<(&'static str, String)>,
    ) -> Self {
        let record = format!("{}.json", rehearsal.digest);
        let it = rehearsal.clone();
        Rehearsed {
            id,
            ok: it.is_success(),
            exit_code: it.exit_code(),
            name: it.name,
            submitter: it.submitter,
            owner: it.owner,
            digest: it.digest,
            isolation: it.level,
            seconds: it.seconds,
            read: it.read,
            outputs: it.outputs,
            outputs_count: it.outputs_count,
            limits_hit: it.limits_hit,
            skipped: it.skipped,
            error: it.error,
            record: context.state_folder().join("rehearsals").join(record),
            rehearsal,
            next,
        }
    }

    fn outputs(&self, page: &mut Page) {
        let mut table = Table::new(["OUTPUT ON THE MOCK", "SIZE", "SHA-256"]);
        for output in &self.outputs {
            table.row([output.path.to_string(), bytes(output.size), output.sha256.short()]);
        }
        if !table.is_empty() {
            page.gap();
        }
        page.table(table);
        let rest = self.outputs_count.saturating_sub(self.outputs.len());
        if rest > 0 {
            page.line(format!("and {rest} more"));
        }
    }

    fn log(page: &mut Page, title: &str, log: &str) {
        let lines = last_lines(log);
        if !lines.is_empty() {
            page.gap();
            page.line(title);
            lines.iter().for_each(|line| page.line(format!("  │ {line}")));
        }
    }
}

impl Report for Rehearsed {
    const VERB: &'static str = "job-rehearse";

    fn write(&self, page: &mut Page) {
        let it = &self.rehearsal;
        page.title(format!("{} on the mock of {}: {it}", self.name, self.owner));
        for mock in &self.read {
            let path = safe_text(&mock.path.display().to_string());
            page.line(format!("  ${} is {path}", mock.variable));
        }
        if self.read.is_empty() {
            page.line("  It names no dataset, so that it could read none.");
        }
        for hit in &self.limits_hit {
            page.warning(format!("  limit reached: {}", safe_text(&hit.to_string())));
        }
        for skipped in &self.skipped {
            page.warning(format!("  not collected: {}: {}", skipped.path, skipped.reason));
        }
        if let Some(error) = &self.error {
            page.warning(format!("  {}", safe_text(error)));
        }
        self.outputs(page);
        Self::log(page, "It printed:", &it.stdout);
        if !self.ok {
            Self::log(page, "It failed with:", &it.stderr);
        }
        for (what, command) in &self.next {
            page.hint(what, command);
        }
    }

    fn exit(&self) -> Exit {
        if self.ok { Exit::Done } else { Exit::JobFailed }
    }
}
