//! Jobs: those sent to me, and those that I sent.

mod cancel;
mod copy;
mod decide;
mod diff;
mod findings;
mod follow;
mod give_back;
mod limits;
mod list;
mod logs;
mod outputs;
mod receipt;
mod rehearse;
mod release;
mod rerun;
mod review_view;
mod run;
mod show;
mod stream;
mod submit;
mod view;

use syft_sync::SyftboxManager;
use syft_sync::job::{Error, Job};

use super::show as print;
use crate::args::JobCommand;
use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;

pub(super) use copy::{CopiedOutput, fetch};
pub(super) use decide::resolve_packages;
pub(super) use findings::{write as write_findings, write_some as write_some_findings};
pub(super) use limits::limits_of;
pub(super) use outputs::{earlier_outputs, hint_earlier};
pub(super) use receipt::FetchedReceipt;
pub(super) use rehearse::{before_sending, last_lines, preview, rehearse_job};
pub(super) use review_view::ReviewView;
pub(super) use run::{new_stop, no_box, sandbox};
pub(super) use show::note_run;
pub(super) use stream::{Stream, safe_lines};
pub(super) use view::{comment, failure, outputs_table, waiting};

pub(super) async fn run(context: &Context, command: JobCommand) -> Result<Exit, CliError> {
    match command {
        JobCommand::Submit(args) => print(context, submit::run(context, args).await),
        JobCommand::List(args) => print(context, list::run(context, &args).await),
        JobCommand::Show(args) => print(context, show::run(context, &args).await),
        JobCommand::Diff(args) => print(context, diff::run(context, &args).await),
        JobCommand::Approve(args) => print(context, decide::approve(context, args).await),
        JobCommand::Reject(args) => print(context, decide::reject(context, args).await),
        JobCommand::Cancel(args) => print(context, cancel::run(context, &args).await),
        JobCommand::Run(args) => print(context, run::run(context, &args).await),
        JobCommand::Rehearse(args) => print(context, rehearse::run(context, &args).await),
        JobCommand::Rerun(args) => print(context, rerun::run(context, &args).await),
        JobCommand::Logs(args) => print(context, logs::run(context, &args).await),
        JobCommand::Outputs(args) => print(context, outputs::run(context, &args).await),
        JobCommand::Release(args) => print(context, release::run(context, args).await),
        JobCommand::Return(args) => print(context, give_back::run(context, &args).await),
    }
}

/// The one job that is meant.
fn find(manager: &SyftboxManager, query: &str) -> Result<Job, CliError> {
    Ok(manager.job_store().job(query)?)
}

/// The one job that is meant, if it was sent to me.
pub(super) fn find_mine(
    manager: &SyftboxManager,
    query: &str,
    action: &'static str,
) -> Result<Job, CliError> {
    let job = find(manager, query)?;
    if job.owner() == manager.email() {
        return Ok(job);
    }
    Err(Error::NotOwner { owner: job.owner().clone(), action }.into())
}
