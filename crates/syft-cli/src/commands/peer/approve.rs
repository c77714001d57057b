use serde::Serialize;
use syft_sync::{Identity, Peer, PeerState};

use super::compare::{Compared, compare};
use super::not_asked;
use super::view::PeerView;
use crate::args::PeerApproveArgs;
use crate::context::{Context, Delivery};
use crate::errors::CliError;
use crate::exit::Exit;
use crate::output::{Page, Report};

/// A peer that was accepted.
#[derive(Debug, Serialize)]
pub(crate) struct PeerApproved {
    #[serde(flatten)]
    peer: PeerView,
    delivery: Delivery,
    /// Whether I seal what goes to those who do.
    #[serde(skip)]
    seals: bool,
}

pub(crate) async fn run(
    context: &Context,
    args: PeerApproveArgs,
) -> Result<PeerApproved, CliError> {
    let manager = context.open()?;
    let words = match &args.words {
        None if !args.trust_first => {
            let known = manager.load_peers().await?;
            let asks = known.get(&args.email);
            asks.map_or(Ok(None), |asks| compared_words(context, asks))?
        }
        words => words.clone(),
    };
    let approved = match &words {
        Some(words) => manager.approve_verified_peer(&args.email, words).await,
        None => manager.approve_peer_request(&args.email, true).await,
    };
    let peer = approved.map_err(not_asked)?;
    if peer.fingerprint.is_none() && args.trust_first {
        context.note(&format!(
            "{} has no key that could be verified: the identity is {}",
            peer.email,
            PeerView::new(manager.email(), peer.clone()).identity_in_words(),
        ));
    }
    let delivery = context.deliver(&manager).await;
    let seals = manager.encrypt().seals();
    Ok(PeerApproved { peer: PeerView::new(manager.email(), peer), delivery, seals })
}

/// The words by which whoever asks is verified; `None` if nobody has to compare them:
/// there is no key, or the store proves who asks.
fn compared_words(context: &Context, asks: &Peer) -> Result<Option<String>, CliError> {
    let email = &asks.email;
    let Some(shown) = asks.words.as_ref().filter(|_| !asks.alarm) else { return Ok(None) };
    let must = asks.identity == Identity::Unverified && asks.state != PeerState::Accepted;
    if !must {
        return Ok(None);
    }
    match compare(context, email, shown)? {
        Compared::Same => Ok(Some(shown.clone())),
        Compared::Differ => {
            let message = format!("{email} was not approved: nothing was changed");
            Err(CliError::new(Exit::Integrity, "other_words", message))
        }
        Compared::NotAsked => {
            let message = format!(
                "anybody who can write the store could have asked as {email}: ask them for the \
                 words of their key, or trust the first one with --trust-first"
            );
            Err(CliError::new(Exit::Refused, "unverified", message)
                .then(format!("syft peer approve {email} --words \"WORDS\"")))
        }
    }
}

impl Report for PeerApproved {
    const VERB: &'static str = "peer-approve";

    fn write(&self, page: &mut Page) {
        let email = &self.peer.email;
        page.title(format!("You and {email} are connected."));
        if let (Identity::Unverified, Some(words)) = (self.peer.identity, &self.peer.words) {
            page.fields([("words", words.clone())]);
            page.hint(
                "Nobody has compared this key with them yet. Ask them for its words, and then:",
                &crate::errors::verify(email),
            );
        }
        if !self.peer.sealed && self.seals {
            page.warning(format!(
                "Nothing is sealed with {email}, who shows that they do not seal: whoever can open \
                 the store can read what you exchange."
            ));
        }
        page.hint(
            "They can send you jobs now. Share a dataset with them:",
            &format!("syft dataset share NAME {email}"),
        );
    }
}
