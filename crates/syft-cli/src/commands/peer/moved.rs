use serde::Serialize;
use syft_sync::Error;

use super::view::PeerView;
use super::{not_a_url, not_asked};
use crate::args::PeerMoveArgs;
use crate::context::{Context, Delivery};
use crate::errors::CliError;
use crate::output::{Page, Report};

/// A peer that is reached over another store.
#[derive(Debug, Serialize)]
pub(crate) struct PeerMoved {
    #[serde(flatten)]
    peer: PeerView,
    delivery: Delivery,
}

pub(crate) async fn run(context: &Context, args: PeerMoveArgs) -> Result<PeerMoved, CliError> {
    let manager = context.open()?;
    let moved = manager.move_peer(&args.email, &args.via).await;
    let peer = moved.map_err(|error| match error {
        error @ Error::Config(_) => not_a_url(error, &args.via, "move", &args.email),
        error => not_asked(error),
    })?;
    let peer = match args.give_up_older && peer.moving {
        true => manager.give_up_older_store(&args.email).await?,
        false => peer,
    };
    let delivery = context.deliver(&manager).await;
    let delivery = if peer.moving { Delivery::Waiting } else { delivery };
    Ok(PeerMoved { peer: PeerView::new(manager.email(), peer), delivery })
}

impl Report for PeerMoved {
    const VERB: &'static str = "peer-move";

    fn write(&self, page: &mut Page) {
        let (email, over) = (&self.peer.email, self.peer.over());
        if !self.peer.moving {
            page.title(format!("You and {email} are connected over {over}."));
            return;
        }
        page.title(format!("You are moving {email} to {over}."));
        self.peer.write_held_up(page);
        let Some(waiting) = &self.peer.waiting_for else {
            page.line("They have come along; the next syncs bring what is left.");
            return;
        };
        page.line("Until they have come along, all goes on where it was.");
        page.line(format!("To come along, {email} types:"));
        page.others_command(&waiting.command);
    }
}
