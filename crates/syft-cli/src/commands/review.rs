//! The owner's main job: one queue, item by item.

mod asking;
mod decide;
mod reading;
mod release;
mod rules;
mod running;
mod session;
mod view;

use serde::Serialize;
use syft_sync::core::Email;
use syft_sync::job::sandbox::IsolationLevel;
use syft_sync::job::{JobId, JobSummary, Review, Status};
use syft_sync::{RehearsalBudget, SyftboxManager};

use self::rules::Rules;
use self::session::Session;
use super::job::{
    ReviewView, find_mine, limits_of, note_run, outputs_table, preview, write_findings,
};
use crate::args::{LimitArgs, ReviewArgs};
use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;
use crate::output::{Page, Report, Table};
use crate::terminal::Terminal;

/// What waits for me, for those who cannot be asked.
#[derive(Debug, Serialize)]
pub(crate) struct ReviewQueue {
    jobs: Vec<JobSummary>,
    /// All of the one job that was asked for.
    review: Option<ReviewView>,
    /// The same for a person.
    #[serde(skip)]
    text: Option<Review>,
    /// What my rules say of it.
    rules: Option<Rules>,
    /// As they were said, for what is to be typed.
    #[serde(skip)]
    limits: LimitArgs,
    #[serde(skip)]
    me: Email,
}

pub(super) async fn run(context: &Context, args: &ReviewArgs) -> Result<Exit, CliError> {
    let manager = context.open_synced().await?;
    let ids = match &args.job {
        Some(query) => vec![find_mine(&manager, query, "review")?.id().clone()],
        None => queue(&manager)?,
    };
    if Terminal::is_there() && !context.screen().is_json() && !ids.is_empty() {
        return Session::new(context, &manager, args)?.go_through(&ids).await;
    }
    let shown = match (&args.job, ids.first()) {
        (Some(_), Some(id)) => {
            let job = manager.job_store().received(id)?;
            if !args.no_rehearsal && job.status() == Status::Inbox {
                preview(context, &manager, id, &mut RehearsalBudget::default())?;
            }
            let limits = limits_of(&manager, &job, &args.limits)?;
            let review = manager.job_store().review(id, &limits, IsolationLevel::MINIMUM)?;
            manager.job_store().note_shown(id, &review.digest)?;
            note_run(&manager, &job)?;
            job.check_run()?;
            Some((ReviewView::new(&review), review, Rules::of(&manager, &job)?))
        }
        _ => None,
    };
    let mut jobs = Vec::new();
    for id in &ids {
        jobs.push(manager.job_store().received(id)?.summary()?);
    }
    let (limits, me) = (args.limits.clone(), manager.email().clone());
    let (review, text, rules) = match shown {
        Some((view, review, rules)) => (Some(view), Some(review), rules),
        None => (None, None, None),
    };
    Ok(context.screen().show(&ReviewQueue { jobs, review, text, rules, limits, me }))
}

/// The jobs that wait for me, oldest first.
fn queue(manager: &SyftboxManager) -> Result<Vec<JobId>, CliError> {
    let me = manager.email();
    let jobs = manager.job_store().jobs()?;
    let waits = jobs.iter().filter(|job| {
        job.owner() == me && job.waiting_for().is_some_and(|waiting| waiting.who == *me)
    });
    Ok(waits.map(|job| job.id().clone()).collect())
}

impl Report for ReviewQueue {
    const VERB: &'static str = "review";

    fn write(&self, page: &mut Page) {
        if self.jobs.is_empty() {
            page.line("No job waits for you.");
            return;
        }
        if let (Some(text), [job]) = (&self.text, self.jobs.as_slice()) {
            page.shown(|columns| text.lines(columns));
            self.rules.iter().for_each(|rules| page.sentence("", &rules.to_string()));
            if !job.outputs.is_empty() {
                outputs_table(page, &job.outputs);
                write_findings(page, job);
            }
            page.gap();
            page.line(format!("It is {}. You may type:", job.status));
            commands(job, &self.limits).iter().for_each(|command| page.command(command));
            return;
        }
        let mut table = Table::new(["ID", "NAME", "FROM", "STATE"]);
        for job in &self.jobs {
            table.row([
                job.id.to_string(),
                job.name.to_string(),
                job.submitter.to_string(),
                job.status.to_string(),
            ]);
        }
        page.table(table);
        for waiting in self.jobs.iter().filter_map(|job| job.waiting_for.as_ref()) {
            if waiting.who == self.me {
                page.command(&waiting.command);
            }
        }
    }
}

/// What may be done about a job, one command each.
fn commands(job: &JobSummary, limits: &LimitArgs) -> Vec<String> {
    use syft_sync::job::Status;
    let id = &job.id;
    match job.status {
        Status::Inbox => vec![
            format!("syft job rehearse {id}{limits}"),
            format!("syft job diff {id}"),
            format!("syft job approve {id}{limits}"),
            format!("syft job reject {id} --reason TEXT"),
        ],
        Status::Approved => vec![format!("syft job run {id}")],
        Status::Interrupted => vec![format!("syft job rerun {id}")],
        Status::Done | Status::Failed => vec![
            format!("syft job outputs {id}"),
            format!("syft job logs {id}"),
            format!("syft job release {id} --outputs"),
        ],
        Status::Rejected | Status::Cancelled | Status::Running => {
            vec![format!("syft job show {id}")]
        }
    }
}
