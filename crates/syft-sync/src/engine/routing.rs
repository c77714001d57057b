use std::collections::BTreeSet;

use serde_json::json;
use syft_core::{Change, Content, ContentHash, DatasitePath, Email, FileChangeEvent, Layout};
use syft_perm::{Level, Permissions};
use syft_transport::Space;

use super::{Draft, Scene};
use crate::Result;
use crate::ledger::{Fact, State};

/// A difference between what a reader may see and what the reader was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) path: DatasitePath,
    /// What the file holds; `None` if the reader is to forget it.
    pub(crate) hash: Option<ContentHash>,
}

/// A due file with its content.
#[derive(Debug, Clone)]
pub(crate) struct RoutedFile {
    pub(crate) path: DatasitePath,
    pub(crate) content: Option<Content>,
}

/// What a reader is to be sent now. New and changed files, files that became
/// readable, files that are gone, and files that may no longer be read are all
/// the same question: what the reader may see, less what was sent. A late
/// joiner is thereby served like everybody else.
pub(crate) fn due(
    state: &State,
    layout: &dyn Layout,
    permissions: &Permissions,
    reader: &Email,
) -> Vec<Due> {
    let sent = state.sent.get(reader);
    let has = |path: &DatasitePath| sent.and_then(|sent| sent.get(path)).copied();
    let mut readable = BTreeSet::new();
    let mut due = Vec::new();
    for (path, version) in &state.files {
        let may =
            layout.travels(path) && permissions.allows(reader.as_str(), path.as_str(), Level::Read);
        if may {
            readable.insert(path);
            if has(path) != Some(version.hash) {
                due.push(Due { path: path.clone(), hash: Some(version.hash) });
            }
        }
    }
    let forgotten = sent.into_iter().flatten().filter(|(path, _)| !readable.contains(path));
    due.extend(forgotten.map(|(path, _)| Due { path: path.clone(), hash: None }));
    due
}

/// Due files become one message in the reader's outbox.
pub(crate) fn on_route(
    state: &State,
    scene: &Scene<'_>,
    reader: &Email,
    files: Vec<RoutedFile>,
) -> Result<Draft> {
    let mut draft = Draft::default();
    let timestamp = state.next_time(scene.now);
    draft.fact(Fact::Time { at: timestamp });
    let mut events = Vec::new();
    let mut sent = Vec::new();
    for RoutedFile { path, content } in files {
        let hash = content.as_ref().map(Content::hash);
        let version = state.files.get(&path).filter(|version| Some(version.hash) == hash);
        let old_hash = state.sent.get(reader).and_then(|sent| sent.get(&path)).copied();
        draft.fact(Fact::Sent { reader: reader.clone(), path: path.clone(), hash });
        sent.push(json!({ "path": path, "sha256": hash }));
        events.push(FileChangeEvent {
            id: match version {
                Some(version) => version.event,
                None => scene.entropy.uuid()?,
            },
            path,
            datasite: scene.me.clone(),
            change: content.map_or(Change::Delete, Change::Write),
            old_hash,
            submitted: version.map_or(timestamp, |version| version.submitted),
            timestamp,
        });
    }
    let outbox = Space::Outbox { owner: scene.me.clone(), recipient: reader.clone() };
    let object = draft.emit_events(state, scene, outbox, timestamp, events)?;
    draft.audit(
        format!("sent:{reader}:{}", timestamp.seconds()),
        scene.now,
        scene.me,
        "files.sent",
        reader.to_string(),
        [("files", json!(sent)), ("objects", json!([object]))],
    );
    Ok(draft)
}
