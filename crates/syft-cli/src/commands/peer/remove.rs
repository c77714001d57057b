use serde::Serialize;
use syft_sync::core::DatasetName;

use super::not_asked;
use super::view::PeerView;
use crate::args::PeerRemoveArgs;
use crate::context::{Context, Delivery};
use crate::errors::CliError;
use crate::output::{Page, Report, count};

/// A peer that is one no more.
#[derive(Debug, Serialize)]
pub(crate) struct PeerRemoved {
    #[serde(flatten)]
    peer: PeerView,
    /// How many files it was sent, and is told to forget.
    files: usize,
    /// The datasets whose mocks it could fetch.
    datasets: Vec<DatasetName>,
    delivery: Delivery,
}

pub(crate) async fn run(context: &Context, args: PeerRemoveArgs) -> Result<PeerRemoved, CliError> {
    let manager = context.open()?;
    let removal = manager.remove_peer(&args.email).await.map_err(not_asked)?;
    let delivery = match context.deliver(&manager).await {
        Delivery::Waiting if removal.withdrawn => Delivery::Sent,
        delivery => delivery,
    };
    let peer = PeerView::new(manager.email(), removal.peer);
    Ok(PeerRemoved { peer, files: removal.files, datasets: removal.datasets, delivery })
}

impl Report for PeerRemoved {
    const VERB: &'static str = "peer-remove";

    fn write(&self, page: &mut Page) {
        let email = &self.peer.email;
        page.title(format!("{email} is no peer of yours any more."));
        page.line("Nothing that they send is taken, and nothing is shared with them.");
        if self.files > 0 {
            let files = count(self.files, "file", "files");
            page.line(format!("They are told to forget {files} that they were sent."));
        }
        if !self.datasets.is_empty() {
            let names: Vec<&str> = self.datasets.iter().map(DatasetName::as_str).collect();
            page.line(format!("Their copies of these mocks go: {}.", names.join(", ")));
        }
        if self.files > 0 || !self.datasets.is_empty() {
            page.warning("What they copied elsewhere cannot be recalled.".to_owned());
        }
        page.hint("To begin anew:", &format!("syft peer add {email}"));
    }
}
