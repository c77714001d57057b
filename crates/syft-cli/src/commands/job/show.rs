use serde::Serialize;
use syft_sync::SyftboxManager;
use syft_sync::core::Email;
use syft_sync::job::sandbox::{IsolationLevel, Limits};
use syft_sync::job::{Attempt, Error, Job, JobSummary, Review, RunFinished, RunStarted};

use super::limits::{Reached, limits_of};
use super::review_view::ReviewView;
use super::{find, view};
use crate::args::{JobArgs, LimitArgs};
use crate::context::Context;
use crate::errors::CliError;
use crate::output::{Page, Report};

/// A job: for its owner all of what would run.
#[derive(Debug, Serialize)]
pub(crate) struct JobShown {
    #[serde(flatten)]
    job: JobSummary,
    attempts: Vec<Attempt>,
    review: Option<ReviewView>,
    /// What was approved that it may use, where it was.
    limits: Option<Limits>,
    /// By its latest run.
    #[serde(flatten)]
    reached: Reached,
    /// How the limits differ from the usual ones, as options.
    #[serde(skip)]
    other_limits: String,
    /// Why there is nothing to review.
    problem: Option<String>,
    /// The same for a person.
    #[serde(skip)]
    text: Option<Review>,
    #[serde(skip)]
    me: Email,
}

pub(super) async fn run(context: &Context, args: &JobArgs) -> Result<JobShown, CliError> {
    let manager = context.open_synced().await?;
    let job = find(&manager, &args.job)?;
    job.check_run()?;
    let mut shown = JobShown {
        job: job.summary()?,
        attempts: if job.damage().is_none() { job.attempts()? } else { Vec::new() },
        review: None,
        limits: None,
        reached: Reached::default(),
        other_limits: String::new(),
        problem: None,
        text: None,
        me: manager.email().clone(),
    };
    if job.owner() == manager.email() {
        match review(&manager, &job) {
            Ok(review) => {
                manager.job_store().note_shown(job.id(), &review.digest)?;
                shown.review = Some(ReviewView::new(&review));
                shown.text = Some(review);
            }
            Err(error @ Error::Malformed { .. }) => shown.problem = Some(error.to_string()),
            Err(error) => return Err(error.into()),
        }
        note_run(&manager, &job)?;
        shown.limits = manager.job_store().approval(job.id())?.map(|approval| approval.limits);
        if let Some(limits) = &shown.limits {
            let other = LimitArgs::between(&manager.limits(), limits).to_string();
            shown.other_limits = other.trim_start().to_owned();
        }
        if let Some((started, finished)) = ended(&job) {
            let hits = finished.limits_hit.clone();
            shown.reached = Reached::new(&manager.limits(), &started.limits, hits);
        }
        shown.problem = job.damage().map(str::to_owned).or(shown.problem);
    } else if let Some(problem) = job.problem() {
        let why = format!("{} cannot take it as it is: {problem}", job.owner());
        shown.problem = Some(why);
    }
    Ok(shown)
}

/// The latest run of a job of mine, if it has ended.
fn ended(job: &Job) -> Option<(&RunStarted, &RunFinished)> {
    let run = job.run()?;
    Some((&run.started, run.finished.as_ref()?))
}

/// Remembers that the latest run of a job of mine was looked at.
pub(in crate::commands) fn note_run(manager: &SyftboxManager, job: &Job) -> Result<(), Error> {
    match job.run() {
        Some(run) if run.finished.is_some() => {
            manager.job_store().note_shown_run(job.id(), &run.started.run)
        }
        _ => Ok(()),
    }
}

fn review(manager: &SyftboxManager, job: &Job) -> Result<Review, Error> {
    let limits = limits_of(manager, job, &LimitArgs::default())?;
    manager.job_store().review(job.id(), &limits, IsolationLevel::MINIMUM)
}

impl Report for JobShown {
    const VERB: &'static str = "job-show";

    fn write(&self, page: &mut Page) {
        if let Some(text) = &self.text {
            page.shown(|columns| text.lines(columns));
            page.gap();
        }
        if let Some(problem) = &self.problem {
            page.warning(syft_sync::core::safe_text(problem));
        }
        view::attempts(page, &self.attempts);
        if !self.other_limits.is_empty() {
            page.line(format!("It is approved with {}.", self.other_limits));
        }
        self.reached.write(page);
        view::write(page, &self.me, &self.job);
        self.reached.hint(page, &self.job.id);
    }
}
