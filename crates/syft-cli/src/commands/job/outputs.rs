use serde::Serialize;
use syft_sync::core::Email;
use syft_sync::job::{Attempt, Job, JobId, JobSummary, Status};

use super::{CopiedOutput, FetchedReceipt, fetch, find, findings, note_run, view};
use crate::args::OutputsArgs;
use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;
use crate::output::{Page, Report, count};

/// What a job produced, as far as this side may see it.
#[derive(Debug, Serialize)]
pub(crate) struct JobOutputs {
    #[serde(flatten)]
    job: JobSummary,
    /// The run that the outputs are of.
    run: Option<String>,
    copied: Vec<CopiedOutput>,
    /// That of what was copied, where a submitter copied it.
    receipt: Option<FetchedReceipt>,
    /// The latest other run of which outputs were released, if this one has none.
    earlier: Option<String>,
    /// Whether nothing came after that run: only of such a one can more be released.
    #[serde(skip)]
    is_latest: bool,
    #[serde(skip)]
    wanted_copy: bool,
    #[serde(skip)]
    me: Email,
}

pub(super) async fn run(context: &Context, args: &OutputsArgs) -> Result<JobOutputs, CliError> {
    let manager = context.open_synced().await?;
    let latest = find(&manager, &args.job)?;
    let job = match &args.run {
        Some(run) => latest.attempt(run)?,
        None => {
            note_run(&manager, &latest)?;
            latest.clone()
        }
    };
    job.check_run()?;
    job.check_outputs()?;
    let (receipt, copied) = match &args.output {
        Some(folder) => fetch(context.screen(), &manager, &job, &context.path(folder))?,
        None => (None, Vec::new()),
    };
    let earlier = if job.outputs()?.is_empty() { earlier_outputs(&job)? } else { None };
    Ok(JobOutputs {
        earlier,
        run: job.run_id().map(str::to_owned),
        is_latest: job.run_id() == latest.run_id(),
        job: job.summary()?,
        copied,
        receipt,
        wanted_copy: args.output.is_some(),
        me: manager.email().clone(),
    })
}

/// The latest other run of a job of which outputs were released.
pub(in crate::commands) fn earlier_outputs(job: &Job) -> Result<Option<String>, CliError> {
    let mut attempts = job.attempts()?.into_iter().rev();
    let has = |attempt: &Attempt| attempt.released > 0 && job.run_id() != Some(&attempt.run);
    Ok(attempts.find(has).map(|attempt| attempt.run))
}

/// Where the outputs of an earlier run are.
pub(in crate::commands) fn hint_earlier(page: &mut Page, id: &JobId, run: &str) {
    let command = format!("syft job outputs {id} --run {run}");
    page.hint("Files of an earlier run were released:", &command);
}

impl JobOutputs {
    fn is_mine(&self) -> bool {
        self.job.owner == self.me
    }

    /// What there is to say where nothing is to be seen.
    fn nothing(&self) -> String {
        let (status, owner) = (self.job.status, &self.job.owner);
        match status {
            Status::Done | Status::Failed if self.is_mine() => "It produced no file.".to_owned(),
            Status::Done | Status::Failed if self.job.waiting_for.is_some() => {
                format!("It is {status}, and {owner} has released nothing of it yet.")
            }
            Status::Done | Status::Failed => format!("It is {status}, and no file was released."),
            _ => format!("It is {status}: there are no outputs."),
        }
    }
}

impl JobOutputs {
    /// Whether it ran before this node took the box of the Python peer over.
    fn is_of_pysyft(&self) -> bool {
        self.job.isolation.is_none()
            && self.job.status.is_final()
            && self.job.pysyft_state.is_some_and(|state| state.status() == self.job.status)
    }
}

impl Report for JobOutputs {
    const VERB: &'static str = "job-outputs";

    fn write(&self, page: &mut Page) {
        if self.job.outputs.is_empty() {
            page.line(self.nothing());
        }
        view::outputs_table(page, &self.job.outputs);
        if self.is_mine() && !self.job.outputs.is_empty() {
            findings::write(page, &self.job);
            if self.is_latest {
                findings::held(page, &self.job);
            }
        }
        for output in self.job.outputs.iter().filter(|output| !output.released) {
            if !self.is_mine() {
                let path = &output.path;
                page.warning(format!("  {path} is not in the receipt: nobody vouches for it"));
            }
        }
        let copies = self.copied.iter().map(|copy| &copy.to);
        let receipt = self.receipt.iter().filter_map(|receipt| receipt.path.as_ref());
        copies.chain(receipt).for_each(|to| page.line(format!("  {}", to.display())));
        if let Some(run) = &self.earlier {
            hint_earlier(page, &self.job.id, run);
        }
        let held = self.job.outputs.iter().filter(|output| !output.released).count();
        if self.is_mine() && self.is_of_pysyft() {
            page.gap();
            page.line("It ran in PySyft: the permission files say who may have them.");
        } else if self.is_mine() && self.is_latest && held > 0 {
            let what = count(held, "output is", "outputs are");
            let command = format!("syft job release {} --outputs", self.job.id);
            page.hint(&format!("{what} not released. To release all:"), &command);
        } else if let Some(next) = &self.job.waiting_for {
            view::waiting(page, &self.me, next);
        } else if !self.is_mine() && !self.job.logs_released {
            page.gap();
            page.line("Its logs were not released.");
        }
    }

    fn exit(&self) -> Exit {
        let waits = self.job.outputs.is_empty() && self.job.waiting_for.is_some();
        if self.wanted_copy && waits { Exit::StillWaiting } else { Exit::Done }
    }
}
