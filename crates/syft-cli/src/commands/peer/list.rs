use serde::Serialize;
use syft_sync::core::safe_text;
use syft_sync::{Peer, PeerState};

use super::super::sync::late_in_words;
use super::view::PeerView;
use crate::context::Context;
use crate::errors::CliError;
use crate::output::{Page, Report, Table};

/// The peers, approved first.
#[derive(Debug, Serialize)]
pub(crate) struct PeerList {
    peers: Vec<PeerView>,
}

pub(crate) async fn run(context: &Context) -> Result<PeerList, CliError> {
    let manager = context.open()?;
    let peers = manager.peers().await?;
    context.tell_if_away();
    let view = |peer: &Peer| PeerView::new(manager.email(), peer.clone());
    Ok(PeerList { peers: peers.iter().chain(peers.refused()).map(view).collect() })
}

impl Report for PeerList {
    const VERB: &'static str = "peer-list";

    fn write(&self, page: &mut Page) {
        if self.peers.is_empty() {
            page.line("No peers yet.");
            page.hint("Ask somebody:", "syft peer add EMAIL");
            return;
        }
        let mut table = Table::new(["PEER", "STATE", "IDENTITY", "SEALED", "VERSION", "LAST SEEN"]);
        for peer in &self.peers {
            table.row([
                peer.email.to_string(),
                peer.state_in_words().to_owned(),
                peer.identity_in_words().to_owned(),
                peer.sealed_in_words().to_owned(),
                peer.version.clone().unwrap_or_else(|| "-".to_owned()),
                peer.seen.map_or_else(|| "-".to_owned(), |seen| page.ago(seen)),
            ]);
        }
        page.table(table);
        for peer in &self.peers {
            if !peer.via.is_empty() {
                page.line(format!("{} is reached over {}", peer.email, peer.over()));
            }
            if let (true, Some(waiting)) = (peer.moving, &peer.waiting_for) {
                page.line(format!("To come along there, {} types:", peer.email));
                page.others_command(&waiting.command);
            }
            peer.write_held_up(page);
            if let Some(late) = &peer.late {
                page.line(late_in_words(page, &peer.email, late));
            }
            if let Some(problem) = &peer.problem {
                page.warning(format!("{}: {}", peer.email, safe_text(problem)));
            }
            if let (PeerState::RequestedByPeer, Some(waiting)) = (peer.state, &peer.waiting_for) {
                page.hint(&format!("To accept {}:", peer.email), &waiting.command);
            }
        }
    }
}
