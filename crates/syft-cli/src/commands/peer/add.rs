use serde::Serialize;
use syft_sync::PeerState;

use super::view::PeerView;
use crate::args::PeerAddArgs;
use crate::context::{Context, Delivery};
use crate::errors::CliError;
use crate::output::{Page, Report};

/// A request that was made, or a peer that was accepted by it.
#[derive(Debug, Serialize)]
pub(crate) struct PeerAdded {
    #[serde(flatten)]
    peer: PeerView,
    delivery: Delivery,
}

pub(crate) async fn run(context: &Context, args: PeerAddArgs) -> Result<PeerAdded, CliError> {
    let manager = context.open()?;
    let peer = manager.add_peer(&args.email, args.force).await?;
    let delivery = context.deliver(&manager).await;
    Ok(PeerAdded { peer: PeerView::new(manager.email(), peer), delivery })
}

impl Report for PeerAdded {
    const VERB: &'static str = "peer-add";

    fn write(&self, page: &mut Page) {
        let email = &self.peer.email;
        if self.peer.state == PeerState::Accepted {
            page.title(format!("You and {email} are connected."));
            page.hint("See what they share:", "syft dataset list");
            return;
        }
        page.title(format!("You asked {email} to become a peer."));
        if let Some(waiting) = &self.peer.waiting_for {
            page.line(format!("To accept, {email} types:"));
            page.others_command(&waiting.command);
        }
    }
}
