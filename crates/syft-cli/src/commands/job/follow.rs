use std::time::Duration;

use syft_sync::job::sandbox::{LogSink, LogStream};
use syft_sync::job::{Job, Status};
use syft_sync::{SyftboxManager, SyncOptions};

use super::Stream;
use crate::context::Context;
use crate::errors::CliError;

/// Between two looks at a log on this disk.
const LOCAL_PAUSE: Duration = Duration::from_millis(100);
/// Between two looks at the store.
const STORE_PAUSE: Duration = Duration::from_secs(2);

/// Shows the log of a job of mine as it grows, until the run has ended.
pub(super) async fn mine(context: &Context, job: &Job, stream: LogStream) -> Result<(), CliError> {
    let mut follower = job.follow(stream)?;
    let screen = (!context.screen().is_json()).then(|| context.screen().clone());
    let mut shown = Stream::plain(screen);
    loop {
        let piece = follower.next_piece()?;
        shown.chunk(stream, &piece.bytes);
        if piece.ended {
            shown.end();
            return Ok(());
        }
        tokio::time::sleep(LOCAL_PAUSE).await;
    }
}

/// Waits until a job that I sent does not run any more: there is no log to see
/// before that.
pub(super) async fn theirs(
    context: &Context,
    manager: &SyftboxManager,
    job: Job,
) -> Result<Job, CliError> {
    let mut job = job;
    while job.status() == Status::Running && !context.is_offline() {
        tokio::time::sleep(STORE_PAUSE).await;
        manager.sync(&SyncOptions::default()).await?;
        job = manager.job_store().sent_to(job.owner(), job.name())?;
    }
    Ok(job)
}
