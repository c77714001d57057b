use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::values::duration;
use super::{DatasetRef, LimitArgs};

/// The arguments of `run`.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// A script, or a folder that holds one
    pub(crate) path: PathBuf,
    /// The dataset to run it on
    #[arg(long, value_name = "OWNER/NAME")]
    pub(crate) on: DatasetRef,
    /// Send it and come back at once
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// How long to wait, as 90s, 30m, 8h or 2d
    #[arg(long, value_name = "D", value_parser = duration)]
    pub(crate) deadline: Option<Duration>,
    /// Send it as a job of its own, although it was sent before
    #[arg(long)]
    pub(crate) again: bool,
    /// Send it without trying it on the mock data first
    #[arg(long)]
    pub(crate) no_rehearsal: bool,
    /// Where to put what is released [default: a folder named after the job]
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
}

/// The arguments of `review`.
#[derive(Debug, Args)]
pub(crate) struct ReviewArgs {
    /// Only this job
    #[arg(value_name = "J")]
    pub(crate) job: Option<String>,
    /// Do not try what is new on the mock data first
    #[arg(long)]
    pub(crate) no_rehearsal: bool,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// The arguments of `demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Play in this folder, new or empty, and keep it
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
}
