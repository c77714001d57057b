use serde::Serialize;
use syft_sync::{CheckpointStatus, Download};

use crate::context::Context;
use crate::errors::CliError;
use crate::output::{Page, Report, count, iso};

/// Where the backup stands.
#[derive(Debug, Serialize)]
pub(crate) struct Standing {
    /// Events since the last checkpoint.
    events: u64,
    /// Incremental checkpoints since the full one.
    incrementals: usize,
    full_at: Option<String>,
    last_at: Option<String>,
    /// What a fresh machine would fetch.
    download: Download,
    #[serde(skip)]
    status: CheckpointStatus,
}

pub(crate) async fn run(context: &Context) -> Result<Standing, CliError> {
    let status = context.open()?.checkpoint_status().await?;
    Ok(Standing {
        events: status.events,
        incrementals: status.incrementals,
        full_at: status.full.map(iso),
        last_at: status.last.map(iso),
        download: status.download,
        status,
    })
}

impl Report for Standing {
    const VERB: &'static str = "checkpoint-status";

    fn write(&self, page: &mut Page) {
        let CheckpointStatus { events, incrementals, full, last, download } = &self.status;
        let Download { objects, bytes } = download;
        page.title("The backup of your datasite");
        let when = |time: &Option<_>, page: &Page| match time {
            Some(time) => page.ago(*time),
            None => "never".to_owned(),
        };
        let (last, full) = (when(last, page), when(full, page));
        page.fields([
            ("last checkpoint", last),
            ("last full one", full),
            ("since then", count(*incrementals, "incremental one", "incremental ones")),
            ("not in one", format!("{events} event{}", if *events == 1 { "" } else { "s" })),
            ("to fetch", format!("{}, {bytes} bytes", count(*objects, "object", "objects"))),
        ]);
        page.hint("Make it short for a fresh machine:", "syft checkpoint create");
    }
}
