use std::path::Path;

use serde::Serialize;
use syft_sync::core::{Email, safe_text};
use syft_sync::job::sandbox::{IsolationLevel, Limits, Sandbox, Stop};
use syft_sync::job::{self, JobId, JobRun, JobSummary, SkippedOutput, Status};
use syft_sync::{Error, HeldBack, ProcessOptions, SyftboxManager};

use super::limits::Reached;
use super::view::without_box;
use super::{Stream, find_mine, findings, view};
use crate::args::{JobRunArgs, NewRunArgs};
use crate::context::{Context, Delivery};
use crate::errors::CliError;
use crate::exit::Exit;
use crate::interrupts::on_interrupt;
use crate::output::{Page, Report};
use crate::warden;

/// The jobs that were run.
#[derive(Debug, Serialize)]
pub(crate) struct JobsRun {
    jobs: Vec<RanJob>,
    delivery: Delivery,
    #[serde(skip)]
    me: Email,
    /// Of the first job that could not be run.
    #[serde(skip)]
    refused: Option<Exit>,
}

/// A job that was run.
#[derive(Debug, Serialize)]
struct RanJob {
    #[serde(flatten)]
    job: JobSummary,
    seconds: Option<f64>,
    #[serde(skip)]
    landlock_abi: Option<u32>,
    #[serde(flatten)]
    reached: Reached,
    skipped: Vec<SkippedOutput>,
    /// What was released and does not reach the submitter all the same.
    held_back: Vec<HeldBack>,
    error: Option<String>,
}

/// How jobs are run.
#[derive(Debug, Clone)]
pub(super) struct NewRun {
    pub(super) options: ProcessOptions,
    /// Of the box, if it is not to be the strongest.
    level: Option<IsolationLevel>,
}

impl From<&NewRunArgs> for NewRun {
    fn from(args: &NewRunArgs) -> Self {
        let options = ProcessOptions {
            stream_output: !args.no_stream,
            timeout: args.timeout,
            minimum: args.allow_isolation.unwrap_or(IsolationLevel::MINIMUM),
            force_execution: args.force,
            again: false,
            share_outputs_with_submitter: args.share_outputs,
            share_logs_with_submitter: args.share_logs,
        };
        NewRun { options, level: args.allow_isolation }
    }
}

pub(super) async fn run(context: &Context, args: &JobRunArgs) -> Result<JobsRun, CliError> {
    if args.how.allow_isolation == Some(IsolationLevel::L0) && args.jobs.len() != 1 {
        let problem = "--allow-isolation L0 is for one job: name it";
        return Err(CliError::usage(problem).then("syft job list --status approved"));
    }
    let manager = context.open_synced().await?;
    let chosen = chosen(&manager, &args.jobs)?;
    run_all(context, &manager, chosen, &NewRun::from(&args.how)).await
}

/// Runs jobs one after the other until Ctrl-C; the one that goes on then is
/// interrupted.
pub(super) async fn run_all(
    context: &Context,
    manager: &SyftboxManager,
    chosen: Vec<JobId>,
    how: &NewRun,
) -> Result<JobsRun, CliError> {
    let stop = stop_on_interrupt(context)?;
    let mut sandbox = sandbox(&context.state_folder(), how.level)?;
    sandbox.set_stop(stop.clone());
    if sandbox.level() == IsolationLevel::L0 {
        context.note(&without_box());
    }
    let only = chosen.len() == 1;
    let mut report = JobsRun {
        jobs: Vec::new(),
        delivery: Delivery::Waiting,
        me: manager.email().clone(),
        refused: None,
    };
    let screen = context.screen();
    let shown = how.options.stream_output && !screen.is_json() && !screen.is_quiet();
    let options = ProcessOptions { stream_output: shown, ..how.options.clone() };
    let mut stream = Stream::new(Some(screen.clone()));
    for (id, run) in manager.process_jobs(&chosen, &options, &*sandbox, &mut stream).await? {
        match run {
            Ok(run) => {
                let job = manager.job_store().received(&id)?.summary()?;
                let held_back = manager.held_back(&id)?;
                report.jobs.push(RanJob::new(job, run, held_back, &manager.limits()));
            }
            Err(error) => {
                let error = no_box(error, &id, options.again, sandbox.level());
                if only {
                    return Err(error);
                }
                report.refused = report.refused.or(Some(error.exit()));
                context.screen().error(&error);
            }
        }
    }
    report.delivery = context.deliver(manager).await;
    Ok(report)
}

/// By which a run may be ended.
pub(in crate::commands) fn new_stop() -> Result<Stop, CliError> {
    Stop::new().map_err(|error| CliError::bug(format!("could not make a pipe: {error}")))
}

/// Lets the first Ctrl-C end the run that goes on.
fn stop_on_interrupt(context: &Context) -> Result<Stop, CliError> {
    let stop = new_stop()?;
    let (asked, screen) = (stop.clone(), context.screen().clone());
    on_interrupt(move || {
        asked.stop();
        screen.note("stopping the job; Ctrl-C again ends at once");
    });
    Ok(stop)
}

/// The strongest box that can be made here, or the one of a level that was asked
/// for: L0 is none. `scratch` is a folder of this user's own.
pub(in crate::commands) fn sandbox(
    scratch: &Path,
    level: Option<IsolationLevel>,
) -> Result<Box<dyn Sandbox>, CliError> {
    Ok(match level {
        None => warden::best_sandbox(scratch)?.sandbox,
        Some(IsolationLevel::L0) => Box::new(warden::sandbox()?.without_box()),
        Some(_) => Box::new(warden::sandbox()?),
    })
}

/// Without a box nothing has run: says what it would mean to do with the one that was
/// found, or without any. `again` is whether it was to be run again.
pub(in crate::commands) fn no_box(
    error: Error,
    id: &JobId,
    again: bool,
    found: IsolationLevel,
) -> CliError {
    let Error::Job(job::Error::Isolation { needed, .. }) = &error else { return error.into() };
    let is_stronger = needed.parse::<IsolationLevel>().is_ok_and(|it| it > IsolationLevel::L1);
    let (level, means) = match is_stronger && found >= IsolationLevel::L1 {
        true => {
            (IsolationLevel::L1, format!("in a box of level L1, {}", IsolationLevel::L1.in_words()))
        }
        false => (IsolationLevel::L0, without_box()),
    };
    let verb = if again { "rerun" } else { "run" };
    CliError::new(Exit::Refused, "isolation", format!("{error}. The job has not run; {means}"))
        .then(format!("syft job {verb} {id} --allow-isolation {level}"))
}

fn chosen(manager: &SyftboxManager, queries: &[String]) -> Result<Vec<JobId>, CliError> {
    if !queries.is_empty() {
        let find = |query: &String| Ok(find_mine(manager, query, "run")?.id().clone());
        return queries.iter().map(find).collect();
    }
    Ok(manager.approved_jobs()?)
}

impl RanJob {
    fn new(job: JobSummary, run: JobRun, held_back: Vec<HeldBack>, usual: &Limits) -> Self {
        let finished = run.finished;
        let seconds = finished.as_ref().map(|finished| finished.seconds);
        let landlock_abi = finished.as_ref().and_then(|finished| finished.landlock_abi);
        let (limits_hit, skipped, error) = finished
            .map(|finished| (finished.limits_hit, finished.skipped, finished.error))
            .unwrap_or_default();
        let reached = Reached::new(usual, &run.started.limits, limits_hit);
        RanJob { job, seconds, landlock_abi, reached, skipped, held_back, error }
    }

    fn write(&self, page: &mut Page, me: &Email) {
        let job = &self.job;
        page.gap();
        page.title(format!("Job {}  {}: {}", job.id, job.name, job.status));
        let abi = self.landlock_abi;
        let level = job.isolation.map(|level| format!("{level}: {}", level.in_words_with(abi)));
        page.fields([
            ("box", level.unwrap_or_default()),
            ("exit code", job.exit_code.map(|code| code.to_string()).unwrap_or_default()),
            ("took", self.seconds.map(|seconds| format!("{seconds:.1} s")).unwrap_or_default()),
        ]);
        self.reached.write(page);
        for skipped in &self.skipped {
            page.warning(format!("  not collected: {}: {}", skipped.path, skipped.reason));
        }
        if let Some(error) = &self.error {
            page.warning(format!("  {}", safe_text(error)));
        }
        view::outputs_table(page, &job.outputs);
        if !job.outputs.is_empty() {
            findings::write(page, job);
        }
        findings::held(page, job);
        view::held_back(page, job, &self.held_back);
        if !job.outputs.is_empty() {
            let command = format!("syft job outputs {} -o DIR", job.id);
            page.hint("Look at what came out before you release it:", &command);
        }
        self.reached.hint(page, &job.id);
        if let Some(next) = &job.waiting_for {
            view::waiting(page, me, next);
        }
    }
}

impl Report for JobsRun {
    const VERB: &'static str = "job-run";

    fn write(&self, page: &mut Page) {
        if self.jobs.is_empty() && self.refused.is_none() {
            page.line("No job is approved and waits to be run.");
            page.hint("What waits for a decision:", "syft review");
        }
        for job in &self.jobs {
            job.write(page, &self.me);
        }
    }

    fn exit(&self) -> Exit {
        let failed = self.jobs.iter().any(|ran| ran.job.status == Status::Failed);
        let stopped = self.jobs.iter().any(|ran| ran.job.status == Status::Interrupted);
        match self.refused {
            _ if stopped => Exit::Interrupted,
            Some(exit) => exit,
            None if failed => Exit::JobFailed,
            None => Exit::Done,
        }
    }
}

#[cfg(test)]
mod tests {
    use syft_sync::core::ContentHash;

    use super::*;

    #[test]
    fn where_no_box_can_be_made_the_command_that_allows_it_once_is_told() {
        let id = JobId::of(&ContentHash::of(b"a job"));
        let refused = |needed: &str, again, found| {
            let reason = "this kernel has no Landlock".to_owned();
            let error = job::Error::Isolation { needed: needed.to_owned(), reason };
            no_box(error.into(), &id, again, found)
        };
        let told = refused("L1", false, IsolationLevel::L1);
        assert_eq!(told.exit(), Exit::Refused);
        assert!(told.message().contains("this kernel has no Landlock. The job has not run;"));
        assert!(told.message().contains("can read your home folder and use the network"));
        assert_eq!(told.next(), Some(&*format!("syft job run {id} --allow-isolation L0")));
        let told = refused("L2", true, IsolationLevel::L1);
        assert!(!told.message().contains("can read your home folder"), "{}", told.message());
        assert!(told.message().contains("in a box of level L1, this job can"));
        assert_eq!(told.next(), Some(&*format!("syft job rerun {id} --allow-isolation L1")));
        let told = refused("L2", false, IsolationLevel::L0);
        assert_eq!(told.next(), Some(&*format!("syft job run {id} --allow-isolation L0")));
    }
}
