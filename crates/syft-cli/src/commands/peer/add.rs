use serde::Serialize;
use syft_sync::{Error, PeerState};

use super::not_a_url;
use super::view::PeerView;
use crate::args::PeerAddArgs;
use crate::context::{Context, Delivery};
use crate::errors::CliError;
use crate::output::{Page, Report, quoted};

/// A request that was made, or a peer that was accepted by it.
#[derive(Debug, Serialize)]
pub(crate) struct PeerAdded {
    #[serde(flatten)]
    peer: PeerView,
    delivery: Delivery,
}

pub(crate) async fn run(context: &Context, args: PeerAddArgs) -> Result<PeerAdded, CliError> {
    let manager = context.open()?;
    let PeerAddArgs { email, force, via } = &args;
    let peer = match via.first() {
        None => manager.add_peer(email, *force).await?,
        Some(first) => {
            let added = manager.add_peer_via(email, *force, via).await;
            added.map_err(|error| match error {
                error @ Error::Config(_) => not_a_url(error, first, "add", email),
                error @ Error::PeerState { .. } if email != manager.email() => {
                    let via = quoted(first);
                    CliError::from(error).then(format!("syft peer move {email} --via {via}"))
                }
                error => error.into(),
            })?
        }
    };
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
