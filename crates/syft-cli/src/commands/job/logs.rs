use serde::Serialize;
use syft_sync::core::{Email, safe_text};
use syft_sync::job::sandbox::LogStream;
use syft_sync::job::{JobSummary, Status};

use super::{find, follow, safe_lines, view};
use crate::args::LogsArgs;
use crate::context::Context;
use crate::errors::CliError;
use crate::output::{Page, Report};

/// What a job printed. A program is told where it lies: the text itself never
/// goes to stdout as JSON.
#[derive(Debug, Serialize)]
pub(crate) struct JobLogs {
    #[serde(flatten)]
    job: JobSummary,
    stream: &'static str,
    /// The run that it is of.
    run: Option<String>,
    /// Whether there is such a log that I may see.
    available: bool,
    size: Option<usize>,
    path: Option<String>,
    /// `None` if it has been shown.
    #[serde(skip)]
    text: Option<String>,
    #[serde(skip)]
    me: Email,
}

pub(super) async fn run(context: &Context, args: &LogsArgs) -> Result<JobLogs, CliError> {
    let manager = context.open_synced().await?;
    let job = find(&manager, &args.job)?;
    let (name, stream) =
        if args.err { ("stderr", LogStream::Stderr) } else { ("stdout", LogStream::Stdout) };
    let is_mine = job.owner() == manager.email();
    let mut followed = false;
    let job = match &args.run {
        Some(run) => job.attempt(run)?,
        None if args.follow && is_mine && job.run().is_some() => {
            follow::mine(context, &job, stream).await?;
            followed = true;
            manager.job_store().received(job.id())?
        }
        None if args.follow && !is_mine => follow::theirs(context, &manager, job).await?,
        None => job,
    };
    let log = if args.err { job.stderr()? } else { job.stdout()? };
    let path = job.log_path(stream)?;
    Ok(JobLogs {
        job: job.summary()?,
        stream: name,
        run: job.run_id().map(str::to_owned),
        available: log.is_some(),
        size: log.as_ref().map(|log| log.bytes.len()),
        path: log.as_ref().map(|_| path.display().to_string()),
        text: log.filter(|_| !followed).map(|log| log.text()),
        me: manager.email().clone(),
    })
}

impl Report for JobLogs {
    const VERB: &'static str = "job-logs";

    fn write(&self, page: &mut Page) {
        if self.available {
            self.text.iter().flat_map(|text| safe_lines(text)).for_each(|line| page.line(line));
            return;
        }
        let what = match (self.job.status, self.job.owner == self.me) {
            (Status::Running, false) => "It is running.",
            (Status::Interrupted, true) => "It was interrupted: there is no log.",
            (_, true) => "It has not run: there is no log.",
            (_, false) => "Its logs were not released.",
        };
        page.line(what);
        if let Some(failure) = &self.job.failure {
            let what =
                if self.job.failure_kept { "Why it failed" } else { "What is told without them" };
            page.line(format!("{what}: {}.", safe_text(&failure.to_string())));
        }
        if let Some(next) = &self.job.waiting_for {
            view::waiting(page, &self.me, next);
        }
    }
}
