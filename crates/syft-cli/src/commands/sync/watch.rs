use std::ops::ControlFlow;

use syft_sync::{Result, SyftboxManager, SyncOptions, SyncReport, WatchOptions};

use super::Synced;
use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;

/// Syncs until Ctrl-C. The first pass is told, and every later one in which
/// something happened.
pub(super) async fn run(
    context: &Context,
    manager: &SyftboxManager,
    options: &SyncOptions,
) -> Result<Exit, CliError> {
    let screen = context.screen();
    let mut told: Option<SyncReport> = None;
    let mut failed = None;
    let watching = manager.watch(options, WatchOptions::default(), |report| match report {
        Ok(report) => {
            if told.as_ref().is_none_or(|before| is_news(before, &report)) {
                screen.show(&Synced::new(context, manager, report.clone()));
            }
            told = Some(report);
            ControlFlow::Continue(())
        }
        Err(error) if can_wait(&error) => {
            context.note(CliError::from(error).message());
            ControlFlow::Continue(())
        }
        Err(error) => {
            failed = Some(error);
            ControlFlow::Break(())
        }
    });
    tokio::select! {
        ended = watching => ended?,
        _ = tokio::signal::ctrl_c() => {}
    }
    failed.map_or(Ok(Exit::Done), |error| Err(error.into()))
}

/// Whether another process holds the home, or the disk is full: the next pass
/// may meet better times.
fn can_wait(error: &syft_sync::Error) -> bool {
    match error {
        syft_sync::Error::Core(error) => {
            matches!(error, syft_sync::core::Error::Locked { .. }) || error.is_disk_full()
        }
        _ => false,
    }
}

/// Whether something came or went, or the store came or went.
fn is_news(before: &SyncReport, now: &SyncReport) -> bool {
    let moved = now.changed > 0
        || now.datasets > 0
        || now.peers.iter().any(super::was_active)
        || now.queued_out != before.queued_out;
    let problems =
        |report: &SyncReport| report.peers.iter().filter(|peer| peer.problem.is_some()).count();
    moved
        || now.store != before.store
        || now.notes != before.notes
        || problems(now) != problems(before)
}
