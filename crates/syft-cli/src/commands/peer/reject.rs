use serde::Serialize;
use syft_sync::Error;

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
    let peer = manager.reject_peer_request(&args.email).await.map_err(refused)?;
    Ok(PeerRejected { peer: PeerView::new(manager.email(), peer) })
}

/// With one who is connected it is ended in another way.
fn refused(error: Error) -> CliError {
    match error {
        Error::PeerState { ref peer, .. } => {
            let next = format!("syft peer remove {peer}");
            CliError::from(error).then(next)
        }
        error => not_asked(error),
    }
}

impl Report for PeerRejected {
    const VERB: &'static str = "peer-reject";

    fn write(&self, page: &mut Page) {
        let email = &self.peer.email;
        page.title(format!("You refused the request of {email}; they are not told."));
        page.hint("To take it back:", &format!("syft peer approve {email}"));
    }
}
