use serde::Serialize;

use super::find_mine;
use super::run::{JobsRun, NewRun, run_all};
use crate::args::JobRerunArgs;
use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;
use crate::output::{Page, Report};

/// A job that was run again.
#[derive(Debug, Serialize)]
pub(crate) struct JobRerun(JobsRun);

pub(super) async fn run(context: &Context, args: &JobRerunArgs) -> Result<JobRerun, CliError> {
    let manager = context.open_synced().await?;
    let id = find_mine(&manager, &args.job, "rerun")?.id().clone();
    let mut how = NewRun::from(&args.how);
    how.options.again = true;
    Ok(JobRerun(run_all(context, &manager, vec![id], &how).await?))
}

impl Report for JobRerun {
    const VERB: &'static str = "job-rerun";

    fn write(&self, page: &mut Page) {
        self.0.write(page);
    }

    fn exit(&self) -> Exit {
        self.0.exit()
    }
}
