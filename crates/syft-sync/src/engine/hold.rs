//! Messages that came before one that they stand on (`threats.md` I4).

use serde_json::json;
use syft_core::{ChannelPosition, Email, Timestamp};
use syft_transport::Object;

use super::{Draft, Scene};
use crate::ledger::{Arrived, Fact, State};

/// How long a message waits for an earlier one, in seconds.
const PATIENCE: f64 = 600.0;

/// Leaves a conflicting message in its inbox for a while, if one that was sent
/// before it did not arrive; whether it is left there.
pub(super) fn hold(
    draft: &mut Draft,
    state: &State,
    scene: &Scene<'_>,
    from: &Email,
    object: &Object,
    position: Option<ChannelPosition>,
) -> bool {
    let channel = object.space.to_string();
    let arrived = state.arrived.get(&channel);
    // Who sends no number cannot be told from one who sent an earlier message.
    let lacks_one = position.is_some_and(|position| match arrived {
        Some(arrived) => arrived.lacks_one_before(position.seq),
        None => position.seq > 1,
    });
    let name = object.name.to_string();
    let since = arrived.and_then(|arrived| arrived.held.get(&name));
    if !lacks_one || since.is_some_and(|since| is_over(*since, scene.now)) {
        return false;
    }
    if let Some(since) = since {
        if arrived.is_some_and(|arrived| arrived.stirred) {
            draft.fact(Fact::Held { channel, name, at: *since });
        }
    } else {
        draft.audit(
            format!("held:{channel}/{name}"),
            scene.now,
            from,
            "message.held",
            format!("{channel}/{name}"),
            [("number", json!(position.map(|position| position.seq)))],
        );
        draft.fact(Fact::Held { channel, name, at: scene.now });
    }
    true
}

/// A message that was held is decided on.
pub(super) fn release(draft: &mut Draft, state: &State, object: &Object) {
    let (channel, name) = (object.space.to_string(), object.name.to_string());
    if state.arrived.get(&channel).is_some_and(|arrived| arrived.held.contains_key(&name)) {
        draft.fact(Fact::Released { channel, name });
    }
}

/// Whether a decision on a message was that it stays where it is.
pub(crate) fn is_held(draft: &Draft) -> bool {
    let plan = &draft.plan;
    let waits = |fact: &Fact| matches!(fact, Fact::Held { .. });
    plan.is_empty() || plan.facts.iter().any(waits)
}

/// Whether a message has nothing to hope for but that another one arrives.
pub(crate) fn waits_on(arrived: &Arrived, object: &Object, now: Timestamp) -> bool {
    let since = arrived.held.get(object.name.as_str());
    !arrived.stirred && since.is_some_and(|since| !is_over(*since, now))
}

fn is_over(since: Timestamp, now: Timestamp) -> bool {
    // A clock that went back must not hold a message for ever.
    !(0.0..PATIENCE).contains(&(now.seconds() - since.seconds()))
}
