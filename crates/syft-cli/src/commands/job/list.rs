use serde::Serialize;
use syft_sync::core::Email;
use syft_sync::job::JobSummary;

use crate::args::JobListArgs;
use crate::context::Context;
use crate::errors::CliError;
use crate::output::{Page, Report, Table};

/// The jobs, oldest first.
#[derive(Debug, Serialize)]
pub(crate) struct JobList {
    jobs: Vec<JobSummary>,
    #[serde(skip)]
    me: Email,
}

pub(super) async fn run(context: &Context, args: &JobListArgs) -> Result<JobList, CliError> {
    let manager = context.open_synced().await?;
    let mut jobs = Vec::new();
    for job in &manager.job_store().jobs()? {
        let wanted = args.status.is_none_or(|status| job.status() == status)
            && args.from.as_ref().is_none_or(|from| job.submitted_by() == from)
            && args.to.as_ref().is_none_or(|to| job.owner() == to);
        if wanted {
            jobs.push(job.summary()?);
        }
    }
    Ok(JobList { jobs, me: manager.email().clone() })
}

impl Report for JobList {
    const VERB: &'static str = "job-list";

    fn write(&self, page: &mut Page) {
        if self.jobs.is_empty() {
            page.line("No jobs.");
            return;
        }
        let mut table = Table::new(["ID", "NAME", "FROM", "TO", "STATE", "WAITS FOR"]);
        let person = |email: &Email| {
            if *email == self.me { "me".to_owned() } else { email.to_string() }
        };
        for job in &self.jobs {
            let next = job.waiting_for.as_ref();
            table.row([
                job.id.to_string(),
                job.name.to_string(),
                person(&job.submitter),
                person(&job.owner),
                job.status.to_string(),
                next.map_or_else(|| "-".to_owned(), |next| person(&next.who)),
            ]);
        }
        page.table(table);
        let mine = |job: &&JobSummary| job.waiting_for.as_ref().is_some_and(|w| w.who == self.me);
        if let Some(next) = self.jobs.iter().find(mine).and_then(|job| job.waiting_for.as_ref()) {
            page.hint("Next:", &next.command);
        }
    }
}
