//! Messages that the store does not take for their size, however often it is tried.

use serde_json::json;
use syft_core::codec::{Limits, decode_events, decode_proposal};
use syft_core::{ChannelPosition, FileChangeEventsMessage, ProposedFileChangesMessage};
use syft_transport::{ObjectName, Space};

use super::{Draft, Scene};
use crate::ledger::{Fact, FileVersion, State};

/// A message of mine is given up that is larger than the `largest` that the store takes, in
/// bytes. What it was to carry is due again: in smaller messages it may go, and of a file that
/// is too large by itself each sync says so.
pub(crate) fn on_too_large(
    state: &State,
    scene: &Scene<'_>,
    (space, name): (&Space, &ObjectName),
    bytes: &[u8],
    largest: u64,
) -> Draft {
    let mut draft = Draft::default();
    let key = format!("{space}/{name}");
    let details = [("size", json!(bytes.len())), ("largest", json!(largest))];
    draft.audit(format!("too_large:{key}"), scene.now, scene.me, "object.too_large", key, details);
    match space {
        Space::Outbox { .. } | Space::Log { .. } => {
            if let Ok(message) = decode_events(bytes, &Limits::EVENTS) {
                unemit(&mut draft, space, message.position);
                unsend(&mut draft, state, space, name, &message);
            }
        }
        Space::Inbox { .. } => {
            if let Ok(message) = decode_proposal(bytes, &Limits::PROPOSAL) {
                unemit(&mut draft, space, message.position);
                unpropose(&mut draft, state, space, &message);
            }
        }
        _ => {}
    }
    draft
}

fn unemit(draft: &mut Draft, space: &Space, position: Option<ChannelPosition>) {
    if let Some(position) = position {
        draft.fact(Fact::Unemitted { channel: space.to_string(), seq: position.seq });
    }
}

/// What changed since stays as it is.
fn unsend(
    draft: &mut Draft,
    state: &State,
    space: &Space,
    name: &ObjectName,
    message: &FileChangeEventsMessage,
) {
    if let Space::Outbox { recipient, .. } = space {
        let sent = state.sent.get(recipient);
        for event in &message.events {
            if sent.and_then(|sent| sent.get(&event.path)).copied() == event.change.new_hash() {
                let (reader, path) = (recipient.clone(), event.path.clone());
                draft.fact(Fact::Sent { reader, path, hash: event.old_hash });
            }
        }
        return;
    }
    for event in &message.events {
        let version = state.files.get(&event.path).filter(|version| version.event == event.id);
        if let Some(version) = version.copied() {
            let version = FileVersion { logged: false, ..version };
            draft.fact(Fact::FileIs { path: event.path.clone(), version });
        }
    }
    let events = message.events.iter().map(|event| event.id).collect();
    draft.fact(Fact::Unlogged { name: name.to_string(), events });
}

fn unpropose(
    draft: &mut Draft,
    state: &State,
    space: &Space,
    message: &ProposedFileChangesMessage,
) {
    let owner = space.owner();
    let Some(proposed) = state.proposed.get(owner) else { return };
    let of_it = proposed.iter().filter(|(_, proposed)| proposed.message == message.id);
    for (path, _) in of_it {
        draft.fact(Fact::Unproposed { owner: owner.clone(), path: path.clone() });
    }
}
