use serde_json::json;
use syft_core::{Change, Content, DatasitePath, EventsName, FileChangeEvent, RecordChange};
use syft_transport::Space;

use super::{Draft, Scene};
use crate::Result;
use crate::ledger::{Fact, FileVersion, State};

/// What the walk found changed in my own datasite.
#[derive(Debug, Clone)]
pub(crate) struct LocalChange {
    pub(crate) path: DatasitePath,
    pub(crate) edit: LocalEdit,
}

#[derive(Debug, Clone)]
pub(crate) enum LocalEdit {
    Written {
        content: Content,
        /// Whether it may lie in the store: not if nobody else may read it, it is
        /// not sealed, and the store cannot keep others from reading.
        logged: bool,
    },
    /// It holds what it held, and that may not lie in the store any more.
    Withdrawn,
    Gone,
}

/// My own edits become events, one message for all of them, with what changed in the record.
pub(crate) fn on_local_changes(
    state: &State,
    scene: &Scene<'_>,
    changes: Vec<LocalChange>,
    record: Option<RecordChange>,
) -> Result<Draft> {
    let mut draft = Draft::default();
    let timestamp = state.next_time(scene.now);
    draft.fact(Fact::Time { at: timestamp });
    let mut events = Vec::new();
    let mut files = Vec::new();
    let paths: Vec<String> = changes.iter().map(|change| change.path.to_string()).collect();
    for LocalChange { path, edit } in changes {
        let id = scene.entropy.uuid()?;
        let known = state.files.get(&path).copied();
        let old_hash = known.map(|version| version.hash);
        // Older content that stayed in the log would come back on another machine.
        let leaves_log = known.is_some_and(|version| version.logged).then_some(Change::Delete);
        let (version, logged_change) = match edit {
            LocalEdit::Written { content, logged } => {
                let (hash, submitted) = (content.hash(), timestamp);
                let version = FileVersion { hash, event: id, submitted, timestamp, logged };
                let change = if logged { Some(Change::Write(content)) } else { leaves_log };
                (Some(version), change)
            }
            LocalEdit::Withdrawn => {
                (known.map(|version| FileVersion { logged: false, ..version }), leaves_log)
            }
            LocalEdit::Gone => (None, leaves_log),
        };
        draft.fact(match version {
            Some(version) => Fact::FileIs { path: path.clone(), version },
            None => Fact::FileGone { path: path.clone() },
        });
        if let Some(change) = logged_change {
            files.push(json!({ "path": path, "sha256": change.new_hash() }));
            let datasite = scene.me.clone();
            let submitted = timestamp;
            events.push(FileChangeEvent {
                id,
                path,
                datasite,
                change,
                old_hash,
                submitted,
                timestamp,
            });
        }
    }
    let key = format!("local:{}", timestamp.seconds());
    let plural = if paths.len() == 1 { "" } else { "s" };
    let subject = format!("{} file{plural}", paths.len());
    let mut objects = Vec::new();
    if !events.is_empty() {
        let log = Space::Log { owner: scene.me.clone() };
        let name = EventsName { timestamp, id: scene.entropy.uuid()? };
        objects.push(draft.emit_named(state, log, name, events, record)?);
    }
    let details = [("paths", json!(paths)), ("files", json!(files)), ("objects", json!(objects))];
    draft.audit(key, scene.now, scene.me, "files.changed", subject, details);
    Ok(draft)
}
