use serde_json::json;
use syft_core::{
    Change, DatasitePath, Email, FileChangeEvent, FileChangeEventsMessage, HomePath, Layout,
    Reject, RejectCode,
};
use syft_transport::Object;

use super::chain::{counterpart, fits, link};
use super::proposal::{check_name, note_gap};
use super::{Draft, Scene};
use crate::Result;
use crate::ledger::{CopyVersion, Fact, LocalEffect, Refused, State, TrustFact};
use crate::refusal::Refusal;

/// One events message of an owner's outbox: applied to the copy of that owner's
/// datasite and nowhere else (`threats.md` S7), or put away with its reason.
pub(crate) fn on_events(
    state: &State,
    scene: &Scene<'_>,
    layout: &dyn Layout,
    owner: &Email,
    object: &Object,
    bytes: &[u8],
    decoded: Result<FileChangeEventsMessage, Reject>,
) -> Draft {
    let mut draft = Draft::default();
    let channel = object.space.to_string();
    let checked = decoded.and_then(|message| {
        message.check_channel(owner)?;
        check_name(&message.name, object)?;
        let reserved = [layout.mocks(), layout.job_inbox(scene.me)];
        // A file in place of a folder that this node needs would hide what is in it.
        let in_the_way = |path: &DatasitePath| reserved.iter().any(|folder| folder.is_within(path));
        let bad =
            |event: &&FileChangeEvent| !layout.travels(&event.path) || in_the_way(&event.path);
        match message.events.iter().find(bad) {
            Some(event) => Err(Reject::new(
                RejectCode::BadPath,
                format!("{} never travels as an event", event.path),
            )),
            None => Ok(message),
        }
    });
    let message = match checked {
        Ok(message) => message,
        Err(reject) => {
            draft.quarantine(scene, owner, object, Some(bytes), None, &reject);
            return draft;
        }
    };
    let id = message.name.id;
    let again = state.arrived.get(&channel).is_some_and(|arrived| arrived.ids.contains(&id));
    let link = link(scene, message.position, bytes).filter(|_| !again);
    if !fits(&mut draft, state, scene, owner, object, message.position, link) {
        return draft;
    }
    if !again {
        note_gap(&mut draft, state, scene, owner, &channel, message.position);
        for event in &message.events {
            apply(&mut draft, state, owner, event);
        }
        let files = message.events.iter();
        let files: Vec<_> = files
            .map(|event| json!({ "path": event.path, "sha256": event.change.new_hash() }))
            .collect();
        draft.audit(
            format!("received:{id}"),
            scene.now,
            owner,
            "files.received",
            owner.to_string(),
            [("files", json!(files)), ("objects", json!([object.to_string()]))],
        );
    }
    let name = Some(object.name.to_string());
    draft.fact(Fact::Arrived { channel, name, message: Some(id), link });
    draft
}

fn apply(draft: &mut Draft, state: &State, owner: &Email, event: &FileChangeEvent) {
    let known = state.copies.get(owner).and_then(|copies| copies.get(&event.path));
    if known.is_some_and(|known| known.timestamp >= event.timestamp) {
        return;
    }
    let timestamp = event.timestamp;
    let path = HomePath::in_datasite(owner, &event.path);
    let replaces = known.and_then(|known| known.hash);
    let hash = event.change.new_hash();
    // A change of mine to just this version is on its way: its bytes stay here. A
    // change to any other version is lost to the owner, and is kept beside.
    let outstanding = state.proposed.get(owner).and_then(|mine| mine.get(&event.path));
    if hash.is_none() || outstanding.is_none_or(|mine| mine.old != hash) {
        match &event.change {
            Change::Write(content) => draft.write(path, content.as_bytes(), replaces),
            Change::Delete => draft.local(LocalEffect::Remove { path, replaces }),
        }
    }
    draft.fact(Fact::CopyIs {
        owner: owner.clone(),
        path: event.path.clone(),
        version: CopyVersion { hash, timestamp },
    });
}

/// An owner's word that something was not taken. After a conflict my file is
/// kept as `name.conflict-…`, so that the owner's version can take its place.
pub(crate) fn on_refusal(
    state: &State,
    scene: &Scene<'_>,
    owner: &Email,
    object: &Object,
    bytes: &[u8],
    decoded: Result<Refusal, Reject>,
) -> Draft {
    let mut draft = Draft::default();
    let refusal = match decoded {
        Ok(refusal) => refusal,
        Err(reject) => {
            draft.quarantine(scene, owner, object, Some(bytes), None, &reject);
            return draft;
        }
    };
    draft.fact(Fact::Arrived {
        channel: object.space.to_string(),
        name: Some(object.name.to_string()),
        message: None,
        link: None,
    });
    if let Some(seen) = refusal.seen
        && let Some(channel) = counterpart(&object.space).map(|space| space.to_string())
        && state.may_adopt(&channel)
    {
        draft.fact(TrustFact::Adopted { channel, head: seen });
    }
    let mine = state.proposed.get(owner).into_iter().flatten();
    for (path, proposed) in mine.filter(|(_, proposed)| proposed.message == refusal.message) {
        // A refusal that names no path is of the whole message.
        let code = match refusal.paths.iter().find(|refused| refused.path == *path) {
            Some(refused) => refused.code,
            None if refusal.paths.is_empty() => refusal.code,
            None if refusal.whole => {
                draft.fact(Fact::Unproposed { owner: owner.clone(), path: path.clone() });
                continue;
            }
            None => continue,
        };
        draft.fact(Fact::Refused {
            owner: owner.clone(),
            path: path.clone(),
            refused: Refused {
                hash: proposed.hash,
                reason: format!("{code}: {}", refusal.detail),
                at: scene.now,
            },
        });
        if code == RejectCode::Conflict {
            let path = HomePath::in_datasite(owner, path);
            draft.local(LocalEffect::KeepAside { path, holds: proposed.hash });
        }
    }
    draft.audit(
        format!("refusal:{}", refusal.message),
        scene.now,
        owner,
        "proposal.refused",
        refusal.message.to_string(),
        [("code", refusal.code.as_str().into()), ("detail", json!(refusal.detail))],
    );
    draft
}
