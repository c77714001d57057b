use serde::Serialize;

use super::not_asked;
use super::view::PeerView;
use crate::args::PeerApproveArgs;
use crate::context::{Context, Delivery};
use crate::errors::CliError;
use crate::output::{Page, Report};

/// A peer that was accepted.
#[derive(Debug, Serialize)]
pub(crate) struct PeerApproved {
    #[serde(flatten)]
    peer: PeerView,
    delivery: Delivery,
}

pub(crate) async fn run(
    context: &Context,
    args: PeerApproveArgs,
) -> Result<PeerApproved, CliError> {
    let manager = context.open()?;
    let peer = manager.approve_peer_request(&args.email, true).await.map_err(not_asked)?;
    if peer.fingerprint.is_none() && (args.words.is_some() || args.trust_first) {
        context.note(&format!(
            "{} has no key that could be verified: the identity is {}",
            peer.email,
            PeerView::new(manager.email(), peer.clone()).identity_in_words(),
        ));
    }
    let delivery = context.deliver(&manager).await;
    Ok(PeerApproved { peer: PeerView::new(manager.email(), peer), delivery })
}

impl Report for PeerApproved {
    const VERB: &'static str = "peer-approve";

    fn write(&self, page: &mut Page) {
        page.title(format!("You and {} are connected.", self.peer.email));
        page.hint(
            "They can send you jobs now. Share a dataset with them:",
            &format!("syft dataset share NAME {}", self.peer.email),
        );
    }
}
