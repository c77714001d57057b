use std::collections::BTreeMap;
use std::fmt;

use serde_json::json;
use syft_core::{
    Change, ChannelPosition, ContentHash, DatasitePath, Email, FileChangeEvent, HomePath, JobName,
    Layout, ProposalName, ProposedFileChange, ProposedFileChangesMessage, Reject, RejectCode,
    Timestamp,
};
use syft_perm::Permissions;
use syft_transport::{Object, Space};
use uuid::Uuid;

use super::chain::{fits, link};
use super::hold::{hold, release};
use super::judge::judge;
use super::{Draft, Scene};
use crate::Result;
use crate::ledger::{Arrived, Fact, FileVersion, Link, LocalEffect, State};
use crate::refusal::{Refusal, RefusedPath};

/// How the audit log calls a message that was dealt with before.
const REPEATED: &str = "message.repeated";

/// What an owner judges proposals by.
#[derive(Clone, Copy)]
pub(crate) struct OwnerRules<'a> {
    pub(crate) layout: &'a dyn Layout,
    pub(crate) permissions: &'a Permissions,
    /// Whether a run of this job has started, so that its bytes stay.
    pub(crate) frozen: &'a dyn Fn(&Email, &JobName) -> bool,
    /// Whether the sender understands refusals: accepted native peers do.
    pub(crate) answers: bool,
}

impl fmt::Debug for OwnerRules<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnerRules").field("answers", &self.answers).finish_non_exhaustive()
    }
}

/// One message of a peer's inbox: accepted in whole or part, a repetition, or
/// put away with its reason. Never neither.
pub(crate) fn on_proposal(
    state: &State,
    scene: &Scene<'_>,
    rules: &OwnerRules<'_>,
    from: &Email,
    object: &Object,
    bytes: &[u8],
    decoded: Result<ProposedFileChangesMessage, Reject>,
) -> Result<Draft> {
    let mut draft = Draft::default();
    let channel = object.space.to_string();
    if decoded.is_err() && is_dealt_with(state, object) {
        // A program that synchronises folders put it back.
        repeated(&mut draft, scene, from, object);
        return Ok(draft);
    }
    let checked = decoded.and_then(|message| {
        message.check_channel(from, scene.me)?;
        check_name(&message.name, object)?;
        Ok(message)
    });
    let message = match checked {
        Ok(message) => message,
        Err(reject) => {
            let id = unknown_id(state, object);
            draft.quarantine(scene, from, object, Some(bytes), id, &reject);
            if let Some(id) = id.filter(|_| rules.answers) {
                refuse_unread(&mut draft, scene, from, id, &reject)?;
            }
            draft.retire(object);
            return Ok(draft);
        }
    };
    if has_arrived(state, object, &message.id) {
        repeated(&mut draft, scene, from, object);
        return Ok(draft);
    }
    let link = link(scene, message.position, bytes);
    if !fits(&mut draft, state, scene, from, object, message.position, link) {
        return Ok(draft);
    }
    let judged = judge(state, rules, from, &message);
    if let Some(reject) = judged.whole {
        if reject.code == RejectCode::Conflict
            && hold(&mut draft, state, scene, from, object, message.position)
        {
            return Ok(draft);
        }
        release(&mut draft, state, object);
        draft.quarantine(scene, from, object, Some(bytes), Some(message.id), &reject);
        draft.fact(Fact::Arrived { channel, name: None, message: Some(message.id), link });
        if reject.code == RejectCode::Conflict {
            send_again(&mut draft, state, from, &judged.refused);
        }
        let refusal = Refusal::new(message.id, &reject, true, judged.refused, scene.now);
        let refusal = refusal.having(link.map(|link| link.head));
        refuse(&mut draft, scene, rules, from, &refusal)?;
        draft.retire(object);
        return Ok(draft);
    }
    release(&mut draft, state, object);
    accept(&mut draft, state, scene, from, object, link, &message, &judged.allowed)?;
    if !judged.refused.is_empty() {
        let reject = Reject::new(RejectCode::PermissionDenied, "some paths were not accepted");
        let refusal = Refusal::new(message.id, &reject, false, judged.refused, scene.now);
        refuse(&mut draft, scene, rules, from, &refusal)?;
    }
    draft.retire(object);
    Ok(draft)
}

/// The name in a body is the name of its object: one message has one name
/// (`threats.md` I9).
pub(super) fn check_name(name: &impl fmt::Display, object: &Object) -> Result<(), Reject> {
    if name.to_string() == object.name.as_str() {
        return Ok(());
    }
    let detail = format!("{} says that it is called {name}", object.name);
    Err(Reject::new(RejectCode::BadName, detail))
}

/// The id of a message that cannot be read, as its name has it, unless a message
/// of that id was dealt with before.
pub(crate) fn unknown_id(state: &State, object: &Object) -> Option<Uuid> {
    id_in_name(object).filter(|id| !has_arrived(state, object, id))
}

/// Whether a message of the id that the name has was dealt with before.
fn is_dealt_with(state: &State, object: &Object) -> bool {
    id_in_name(object).is_some_and(|id| has_arrived(state, object, &id))
}

fn id_in_name(object: &Object) -> Option<Uuid> {
    let name = ProposalName::parse(object.name.as_str()).ok()?;
    Uuid::parse_str(name.uid()).ok()
}

fn has_arrived(state: &State, object: &Object, id: &Uuid) -> bool {
    let arrived = state.arrived.get(&object.space.to_string());
    arrived.is_some_and(|arrived| arrived.ids.contains(id))
}

/// The answer to a message whose paths are not known: it names none, and stands
/// for the whole message.
pub(crate) fn refuse_unread(
    draft: &mut Draft,
    scene: &Scene<'_>,
    from: &Email,
    id: Uuid,
    reject: &Reject,
) -> Result<()> {
    let refusal = Refusal::new(id, reject, true, Vec::new(), scene.now);
    let outbox = Space::Outbox { owner: scene.me.clone(), recipient: from.clone() };
    draft.put(outbox, refusal.object_name()?, refusal.to_bytes()?);
    Ok(())
}

/// After a conflict the sender moves the files that are to blame out of the way,
/// so what stands here in their place is due once more.
fn send_again(draft: &mut Draft, state: &State, reader: &Email, blamed: &[RefusedPath]) {
    let sent = state.sent.get(reader);
    for RefusedPath { path, .. } in blamed {
        let here = state.files.get(path).map(|version| version.hash);
        if here.is_some() && here == sent.and_then(|sent| sent.get(path)).copied() {
            draft.fact(Fact::Sent { reader: reader.clone(), path: path.clone(), hash: None });
        }
    }
}

/// A message that was dealt with before: nothing but one audit line.
fn repeated(draft: &mut Draft, scene: &Scene<'_>, from: &Email, object: &Object) {
    let subject = format!("{}/{}", object.space, object.name);
    draft.audit(format!("repeated:{subject}"), scene.now, from, REPEATED, subject, []);
    draft.retire(object);
}

/// Whether a decision on a message was that it was dealt with before.
pub(crate) fn is_repeated(draft: &Draft) -> bool {
    let is_it = |effect: &LocalEffect| matches!(effect, LocalEffect::Audit { action, .. } if action == REPEATED);
    draft.plan.local.iter().any(is_it)
}

#[expect(clippy::too_many_arguments, reason = "the parts of one decision, used here alone")]
fn accept(
    draft: &mut Draft,
    state: &State,
    scene: &Scene<'_>,
    from: &Email,
    object: &Object,
    link: Option<Link>,
    message: &ProposedFileChangesMessage,
    allowed: &[&ProposedFileChange],
) -> Result<()> {
    let timestamp = state.next_time(scene.now);
    let channel = object.space.to_string();
    draft.fact(Fact::Time { at: timestamp });
    draft.fact(Fact::Arrived {
        channel: channel.clone(),
        name: None,
        message: Some(message.id),
        link,
    });
    note_gap(draft, state, scene, from, &channel, message.position);
    let mut events = Vec::new();
    let mut here: BTreeMap<&DatasitePath, Option<ContentHash>> = BTreeMap::new();
    for change in allowed {
        let known = || state.files.get(&change.path).map(|version| version.hash);
        let replaces = here.get(&change.path).copied().unwrap_or_else(known);
        here.insert(&change.path, change.change.new_hash());
        apply(draft, scene, change, replaces, timestamp);
        events.push(FileChangeEvent {
            id: change.id,
            path: change.path.clone(),
            datasite: scene.me.clone(),
            change: change.change.clone(),
            old_hash: change.old_hash,
            submitted: change.submitted,
            timestamp,
        });
    }
    let paths: Vec<&str> = allowed.iter().map(|change| change.path.as_str()).collect();
    let objects = [object.to_string()];
    if !events.is_empty() {
        let log = Space::Log { owner: scene.me.clone() };
        draft.append_events(scene, log, timestamp, events)?;
    }
    draft.audit(
        format!("accepted:{}", message.id),
        scene.now,
        from,
        "message.accepted",
        message.id.to_string(),
        [("paths", json!(paths)), ("objects", json!(objects))],
    );
    Ok(())
}

fn apply(
    draft: &mut Draft,
    scene: &Scene<'_>,
    change: &ProposedFileChange,
    replaces: Option<ContentHash>,
    timestamp: Timestamp,
) {
    let path = HomePath::in_datasite(scene.me, &change.path);
    match &change.change {
        Change::Write(content) => {
            let hash = content.hash();
            let submitted = change.submitted;
            let version =
                FileVersion { hash, event: change.id, submitted, timestamp, logged: true };
            draft.fact(Fact::FileIs { path: change.path.clone(), version });
            draft.write(path, content.as_bytes(), replaces);
        }
        Change::Delete => {
            draft.fact(Fact::FileGone { path: change.path.clone() });
            draft.local(LocalEffect::Remove { path, replaces });
        }
    }
}

/// A store that lost or held back a message shows by the numbers.
pub(super) fn note_gap(
    draft: &mut Draft,
    state: &State,
    scene: &Scene<'_>,
    from: &Email,
    channel: &str,
    position: Option<ChannelPosition>,
) {
    let Some(position) = position else { return };
    let expected = state.arrived.get(channel).map_or(1, Arrived::expected);
    if position.seq == expected {
        return;
    }
    draft.audit(
        format!("gap:{channel}:{}", position.seq),
        scene.now,
        from,
        "channel.gap",
        channel,
        [("expected", json!(expected)), ("arrived", json!(position.seq))],
    );
}

fn refuse(
    draft: &mut Draft,
    scene: &Scene<'_>,
    rules: &OwnerRules<'_>,
    from: &Email,
    refusal: &Refusal,
) -> Result<()> {
    for refused in &refusal.paths {
        draft.audit(
            format!("refused:{}:{}", refusal.message, refused.path),
            scene.now,
            from,
            "change.refused",
            refused.path.to_string(),
            [("code", refused.code.as_str().into())],
        );
    }
    if !rules.answers {
        return Ok(());
    }
    let outbox = Space::Outbox { owner: scene.me.clone(), recipient: from.clone() };
    draft.put(outbox, refusal.object_name()?, refusal.to_bytes()?);
    Ok(())
}
