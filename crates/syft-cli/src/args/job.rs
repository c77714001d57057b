use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use syft_sync::core::{DatasetName, DatasitePath, Email, JobName};
use syft_sync::job::sandbox::IsolationLevel;
use syft_sync::job::{JobKind, Status};

use super::values::{level, seconds, status};
use super::{DatasetRef, LimitArgs};

/// The commands about jobs. J is a job's id, the beginning of one,
/// SUBMITTER/NAME, or a name that only one job has.
#[derive(Debug, Subcommand)]
pub(crate) enum JobCommand {
    /// Send a script or a folder to a data owner
    Submit(SubmitArgs),
    /// List the jobs sent to me and those that I sent
    List(JobListArgs),
    /// Show a job: all that would run, or what became of it
    Show(JobArgs),
    /// Show what changed since it, or one before it, was last approved
    Diff(JobArgs),
    /// Approve exactly these bytes
    Approve(ApproveArgs),
    /// Reject a job
    Reject(DecideArgs),
    /// Withdraw a job that I sent
    Cancel(JobArgs),
    /// Run approved jobs, boxed
    Run(JobRunArgs),
    /// Try a job on the mock, boxed as a run: one that was sent, or a script that was not
    Rehearse(RehearseArgs),
    /// Run a job again that has run; what came of it before is kept
    Rerun(JobRerunArgs),
    /// Show what a job printed
    Logs(LogsArgs),
    /// List what a job produced, or copy it
    Outputs(OutputsArgs),
    /// Let the submitter have outputs or logs of a finished job
    Release(ReleaseArgs),
    /// Give a finished job back to its submitter, with a comment
    Return(ReturnArgs),
}

/// The arguments of `job submit`.
#[derive(Debug, Args)]
pub(crate) struct SubmitArgs {
    /// A script, or a folder that holds one
    pub(crate) path: PathBuf,
    /// The owner of the data
    #[arg(long, value_name = "EMAIL")]
    pub(crate) to: Email,
    /// What to call the job
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<JobName>,
    /// What it is for, for the one who reviews it
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    #[command(flatten)]
    pub(crate) kind: KindArgs,
    /// A package that it needs; may be given several times
    #[arg(long = "dep", value_name = "PACKAGE")]
    pub(crate) dependencies: Vec<String>,
    /// The Python file of a folder to start
    #[arg(long, value_name = "FILE")]
    pub(crate) entrypoint: Option<String>,
    /// A dataset that it reads; may be given several times
    #[arg(long = "dataset", value_name = "OWNER/NAME")]
    pub(crate) datasets: Vec<DatasetRef>,
    /// Send it also to a peer that speaks another version
    #[arg(long)]
    pub(crate) force: bool,
}

/// Bash or Python.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct KindArgs {
    /// It is Python, whatever its name is
    #[arg(long, conflicts_with = "bash")]
    python: bool,
    /// It is bash, whatever its name is
    #[arg(long)]
    bash: bool,
}

impl KindArgs {
    /// What was said; `None` leaves it to the name.
    pub(crate) fn kind(self) -> Option<JobKind> {
        match (self.python, self.bash) {
            (true, _) => Some(JobKind::Python),
            (_, true) => Some(JobKind::Bash),
            _ => None,
        }
    }
}

/// The arguments of `job list`.
#[derive(Debug, Default, Args)]
pub(crate) struct JobListArgs {
    /// Only jobs in this state; pending is inbox
    #[arg(long, value_name = "STATE", value_parser = status)]
    pub(crate) status: Option<Status>,
    /// Only jobs of this submitter
    #[arg(long, value_name = "EMAIL")]
    pub(crate) from: Option<Email>,
    /// Only jobs for this owner
    #[arg(long, value_name = "EMAIL")]
    pub(crate) to: Option<Email>,
}

/// The argument of a command about one job.
#[derive(Debug, Args)]
pub(crate) struct JobArgs {
    /// The job
    #[arg(value_name = "J")]
    pub(crate) job: String,
}

/// The arguments of `job approve`.
#[derive(Debug, Args)]
pub(crate) struct ApproveArgs {
    #[command(flatten)]
    pub(crate) decide: DecideArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    /// Let it read this dataset of mine as well, if it does not ask for it itself
    #[arg(long, value_name = "NAME")]
    pub(crate) dataset: Vec<DatasetName>,
}

/// The arguments of `job reject`, and some of `job approve`.
#[derive(Debug, Args)]
pub(crate) struct DecideArgs {
    /// The job
    #[arg(value_name = "J")]
    pub(crate) job: String,
    /// Why; the submitter sees it
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}

/// The arguments of `job run`.
#[derive(Debug, Args)]
pub(crate) struct JobRunArgs {
    /// The jobs; without any, all that are approved
    #[arg(value_name = "J")]
    pub(crate) jobs: Vec<String>,
    #[command(flatten)]
    pub(crate) how: NewRunArgs,
}

/// The arguments of `job rerun`.
#[derive(Debug, Args)]
pub(crate) struct JobRerunArgs {
    /// The job
    #[arg(value_name = "J")]
    pub(crate) job: String,
    #[command(flatten)]
    pub(crate) how: NewRunArgs,
}

/// How jobs are run.
#[derive(Debug, Args)]
pub(crate) struct NewRunArgs {
    /// Stop a job after so many seconds, at most 30 days
    #[arg(long, value_name = "S", value_parser = seconds)]
    pub(crate) timeout: Option<Duration>,
    /// Do not show what the job prints
    #[arg(long)]
    pub(crate) no_stream: bool,
    /// Run also jobs of peers who speak another version
    #[arg(long)]
    pub(crate) force: bool,
    /// Release right after the run the outputs in which nothing is found, and hold the others
    #[arg(long)]
    pub(crate) share_outputs: bool,
    /// Release the logs right after the run
    #[arg(long)]
    pub(crate) share_logs: bool,
    /// For this run alone, use a box of this level: L0 is no box at all
    #[arg(long, value_name = "L1|L0", value_parser = level)]
    pub(crate) allow_isolation: Option<IsolationLevel>,
}

/// The arguments of `job rehearse`.
#[derive(Debug, Args)]
pub(crate) struct RehearseArgs {
    /// The job; with --on, a script or a folder that holds one
    #[arg(value_name = "J|PATH")]
    pub(crate) what: PathBuf,
    /// The dataset on whose mock to try what is not sent yet
    #[arg(long, value_name = "OWNER/NAME")]
    pub(crate) on: Option<DatasetRef>,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// The arguments of `job return`.
#[derive(Debug, Args)]
pub(crate) struct ReturnArgs {
    /// The job
    #[arg(value_name = "J")]
    pub(crate) job: String,
    /// What its submitter is to know
    #[arg(long, value_name = "TEXT")]
    pub(crate) comment: String,
}

/// The arguments of `job logs`.
#[derive(Debug, Args)]
pub(crate) struct LogsArgs {
    /// The job
    #[arg(value_name = "J")]
    pub(crate) job: String,
    /// Show its errors instead
    #[arg(long)]
    pub(crate) err: bool,
    /// Show it as it grows, until the job has ended
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Of an earlier run, by its id or number [default: the latest]
    #[arg(long, value_name = "ID", conflicts_with = "follow")]
    pub(crate) run: Option<String>,
}

/// The arguments of `job outputs`.
#[derive(Debug, Args)]
pub(crate) struct OutputsArgs {
    /// The job
    #[arg(value_name = "J")]
    pub(crate) job: String,
    /// Copy them into this folder
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Of an earlier run, by its id or number [default: the latest]
    #[arg(long, value_name = "ID")]
    pub(crate) run: Option<String>,
}

/// The arguments of `job release`.
#[derive(Debug, Args)]
pub(crate) struct ReleaseArgs {
    /// The job
    #[arg(value_name = "J")]
    pub(crate) job: String,
    /// All outputs
    #[arg(long)]
    pub(crate) outputs: bool,
    /// One output, by its path; may be given several times
    #[arg(long = "file", value_name = "PATH", conflicts_with = "outputs")]
    pub(crate) files: Vec<DatasitePath>,
    /// What it printed
    #[arg(long)]
    pub(crate) logs: bool,
    /// To whom: nobody but its submitter
    #[arg(long, value_name = "EMAIL")]
    pub(crate) to: Option<Email>,
}
