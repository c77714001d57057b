//! Whether what a peer sends fits what it sent before, and what was sent to it
//! (`threats.md` F14).

use serde_json::json;
use syft_core::{ChannelPosition, ContentHash, Email};
use syft_transport::{Object, Space};

use super::{Draft, Scene};
use crate::ledger::{Contradiction, Fact, Head, Link, State, TrustFact};

/// The channel by which the reader of this one answers.
pub(super) fn counterpart(space: &Space) -> Option<Space> {
    match space.clone() {
        Space::Inbox { owner, sender } => Some(Space::Outbox { owner, recipient: sender }),
        Space::Outbox { owner, recipient } => Some(Space::Inbox { owner, sender: recipient }),
        _ => None,
    }
}

/// The place of a message that has one.
pub(super) fn link(
    scene: &Scene<'_>,
    position: Option<ChannelPosition>,
    bytes: &[u8],
) -> Option<Link> {
    let ChannelPosition { seq, prev, .. } = position?;
    let head = Head { seq, hash: ContentHash::of(bytes) };
    Some(Link { head, prev, at: scene.now })
}

/// Looks whether a message fits; if it does not, it stays where it is until the owner of
/// this home has decided. Whether it fits.
pub(super) fn fits(
    draft: &mut Draft,
    state: &State,
    scene: &Scene<'_>,
    from: &Email,
    object: &Object,
    position: Option<ChannelPosition>,
    link: Option<Link>,
) -> bool {
    let (Some(position), Some(link)) = (position, link) else { return true };
    let channel = object.space.to_string();
    let arrived = state.arrived.get(&channel);
    if let Some(what) = arrived.and_then(|arrived| arrived.contradiction(link.head, link.prev)) {
        let reason = format!(
            "{} of {from} does not fit what arrived before ({what}): the store shows an altered \
             past, or {from} goes on from an older copy of their home; ask them, and if that is \
             so, syft doctor --repair goes on with what they send now",
            object.name
        );
        contradicted(draft, scene, from, channel, reason, None);
        return false;
    }
    let Some(theirs) = position.seen.map(Head::from) else { return true };
    let Some(mine) = counterpart(&object.space).map(|space| space.to_string()) else { return true };
    match state.has_emitted(&mine, theirs) {
        Some(false) if state.may_adopt(&mine) => {
            draft.fact(TrustFact::Adopted { channel: mine, head: theirs });
            true
        }
        Some(false) => {
            let number = theirs.seq;
            let reason = format!(
                "{from} has a message number {number} of yours that this home did not send: this \
                 home or the store was put back to an earlier state, or you send from another \
                 home, too; once you know why, syft doctor --repair goes on after that message"
            );
            contradicted(draft, scene, from, mine, reason, Some(theirs));
            false
        }
        Some(true) | None => true,
    }
}

fn contradicted(
    draft: &mut Draft,
    scene: &Scene<'_>,
    from: &Email,
    channel: String,
    reason: String,
    theirs: Option<Head>,
) {
    draft.audit(
        format!("contradicted:{channel}"),
        scene.now,
        from,
        "channel.contradicted",
        channel.clone(),
        [("reason", json!(reason))],
    );
    let contradiction = Contradiction { peer: from.clone(), reason, theirs };
    draft.fact(TrustFact::Contradicted { channel, contradiction });
}

/// What a draft says does not fit.
pub(crate) fn contradiction_in(draft: &Draft) -> Option<&Contradiction> {
    draft.plan.facts.iter().find_map(|fact| match fact {
        Fact::Trust(TrustFact::Contradicted { contradiction, .. }) => Some(contradiction),
        _ => None,
    })
}
