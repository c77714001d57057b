use serde::Serialize;

use super::compare::{Compared, compare};
use super::not_asked;
use super::view::PeerView;
use crate::args::PeerVerifyArgs;
use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;
use crate::output::{Page, Report};

/// A peer whose key was compared.
#[derive(Debug, Serialize)]
pub(crate) struct PeerVerified {
    #[serde(flatten)]
    peer: PeerView,
}

pub(crate) async fn run(context: &Context, args: PeerVerifyArgs) -> Result<PeerVerified, CliError> {
    let manager = context.open()?;
    let email = &args.email;
    let words = match args.words {
        Some(words) => words,
        None => {
            let shown = manager.words_of(email).await.map_err(not_asked)?;
            match compare(context, email, &shown)? {
                Compared::Same => shown,
                Compared::Differ => {
                    let message = format!("{email} is not verified: nothing was changed");
                    return Err(CliError::new(Exit::Integrity, "other_words", message));
                }
                Compared::NotAsked => {
                    let message =
                        format!("the key of {email} shows \"{shown}\": ask them what theirs are");
                    return Err(CliError::new(Exit::Refused, "unverified", message)
                        .then(format!("syft peer verify {email} --words \"WORDS\"")));
                }
            }
        }
    };
    let peer = manager.verify_peer(email, &words).await.map_err(not_asked)?;
    Ok(PeerVerified { peer: PeerView::new(manager.email(), peer) })
}

impl Report for PeerVerified {
    const VERB: &'static str = "peer-verify";

    fn write(&self, page: &mut Page) {
        page.title(format!("{} is verified: you know this key to be theirs.", self.peer.email));
    }
}
