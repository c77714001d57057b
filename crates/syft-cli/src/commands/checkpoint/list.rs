use serde::Serialize;
use syft_sync::core::Timestamp;
use syft_sync::{CheckpointInfo, CheckpointKind};

use crate::context::Context;
use crate::errors::CliError;
use crate::output::{Page, Report, Table, iso};

/// The pieces, in the order in which a fresh machine takes them.
#[derive(Debug, Serialize)]
pub(crate) struct CheckpointList {
    checkpoints: Vec<PieceView>,
}

/// One piece, as programs read it.
#[derive(Debug, Serialize)]
struct PieceView {
    created_at: String,
    kind: CheckpointKind,
    name: String,
    sequence: Option<u64>,
    size: u64,
    #[serde(skip)]
    when: Timestamp,
}

impl From<CheckpointInfo> for PieceView {
    fn from(piece: CheckpointInfo) -> Self {
        let CheckpointInfo { name, kind, sequence, created_at, size } = piece;
        PieceView { created_at: iso(created_at), kind, name, sequence, size, when: created_at }
    }
}

pub(crate) async fn run(context: &Context) -> Result<CheckpointList, CliError> {
    let checkpoints = context.open()?.checkpoints().await?;
    Ok(CheckpointList { checkpoints: checkpoints.into_iter().map(PieceView::from).collect() })
}

impl Report for CheckpointList {
    const VERB: &'static str = "checkpoint-list";

    fn write(&self, page: &mut Page) {
        if self.checkpoints.is_empty() {
            page.line("There is no checkpoint.");
            page.hint("Make one:", "syft checkpoint create");
            return;
        }
        let mut table = Table::new(["KIND", "NUMBER", "WHEN", "BYTES", "NAME"]);
        for piece in &self.checkpoints {
            let kind = match piece.kind {
                CheckpointKind::Full => "full",
                CheckpointKind::Incremental => "incremental",
                CheckpointKind::Rolling => "rolling",
            };
            table.row([
                kind.to_owned(),
                piece.sequence.map(|number| number.to_string()).unwrap_or_default(),
                page.ago(piece.when),
                piece.size.to_string(),
                piece.name.clone(),
            ]);
        }
        page.table(table);
    }
}
