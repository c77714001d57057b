use serde::Serialize;

use super::not_asked;
use super::view::PeerView;
use crate::args::PeerRejectArgs;
use crate::context::Context;
use crate::errors::CliError;
use crate::output::{Page, Report};

/// A request that was refused.
#[derive(Debug, Serialize)]
pub(crate) struct PeerRejected {
    #[serde(flatten)]
    peer: PeerView,
}

pub(crate) async fn run(context: &Context, args: PeerRejectArgs) -> Result<PeerRejected, CliError> {
    let manager = context.open()?;
    let peer = manager.reject_peer_request(&args.email).await.map_err(not_asked)?;
    Ok(PeerRejected { peer: PeerView::new(manager.email(), peer) })
}

impl Report for PeerRejected {
    const VERB: &'static str = "peer-reject";

    fn write(&self, page: &mut Page) {
        let email = &self.peer.email;
        page.title(format!("You refused the request of {email}; they are not told."));
        page.hint("To take it back:", &format!("syft peer approve {email}"));
    }
}
