use serde::Serialize;
use syft_sync::core::Email;
use syft_sync::job::{JobSummary, Status};

use super::{find, safe_lines, view};
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
    /// Whether there is such a log that I may see.
    available: bool,
    size: Option<usize>,
    path: Option<String>,
    #[serde(skip)]
    text: String,
    #[serde(skip)]
    me: Email,
}

pub(super) async fn run(context: &Context, args: &LogsArgs) -> Result<JobLogs, CliError> {
    let manager = context.open_synced().await?;
    let job = find(&manager, &args.job)?;
    let (stream, log) =
        if args.err { ("stderr", job.stderr()?) } else { ("stdout", job.stdout()?) };
    let path = match job.run() {
        Some(run) => context.state_folder().join("runs").join(&run.started.run),
        None => job.location(),
    };
    let path = path.join(format!("{stream}.txt"));
    Ok(JobLogs {
        job: job.summary()?,
        stream,
        available: log.is_some(),
        size: log.as_ref().map(|log| log.bytes.len()),
        path: log.as_ref().map(|_| path.display().to_string()),
        text: log.map(|log| log.text()).unwrap_or_default(),
        me: manager.email().clone(),
    })
}

impl Report for JobLogs {
    const VERB: &'static str = "job-logs";

    fn write(&self, page: &mut Page) {
        if self.available {
            safe_lines(&self.text).for_each(|line| page.line(line));
            return;
        }
        let what = match (self.job.status, self.job.owner == self.me) {
            (Status::Running, true) => "It is running: its log is there when it has ended.",
            (Status::Running, false) => "It is running.",
            (Status::Interrupted, true) => "It was interrupted: there is no log.",
            (_, true) => "It has not run: there is no log.",
            (_, false) => "Its logs were not released.",
        };
        page.line(what);
        if let Some(next) = &self.job.waiting_for {
            view::waiting(page, &self.me, next);
        }
    }
}
