use serde_json::json;
use syft_core::{Change, Content, DatasitePath, FileChangeEvent};
use syft_transport::Space;

use super::{Draft, Scene};
use crate::Result;
use crate::ledger::{Fact, FileVersion, State};

/// What the walk found changed in my own datasite.
#[derive(Debug, Clone)]
pub(crate) struct LocalChange {
    pub(crate) path: DatasitePath,
    /// The new content; `None` if the file is gone.
    pub(crate) content: Option<Content>,
    /// Whether the content may lie in the store: not if nobody else may read it
    /// and the store cannot keep others from reading. A deletion has none.
    pub(crate) logged: bool,
}

/// My own edits become events, one message for all of them.
pub(crate) fn on_local_changes(
    state: &State,
    scene: &Scene<'_>,
    changes: Vec<LocalChange>,
) -> Result<Draft> {
    let mut draft = Draft::default();
    let timestamp = state.next_time(scene.now);
    draft.fact(Fact::Time { at: timestamp });
    let mut events = Vec::new();
    let mut files = Vec::new();
    let paths: Vec<String> = changes.iter().map(|change| change.path.to_string()).collect();
    for LocalChange { path, content, logged } in changes {
        let id = scene.entropy.uuid()?;
        let known = state.files.get(&path);
        let old_hash = known.map(|version| version.hash);
        let change = match content {
            Some(content) => {
                let hash = content.hash();
                let submitted = timestamp;
                let version = FileVersion { hash, event: id, submitted, timestamp, logged };
                draft.fact(Fact::FileIs { path: path.clone(), version });
                Change::Write(content)
            }
            None => {
                draft.fact(Fact::FileGone { path: path.clone() });
                Change::Delete
            }
        };
        // A file that nobody else may read any more leaves the log with its next edit:
        // its older content there would come back on another machine.
        let logged_change = match known {
            _ if logged => Some(change),
            Some(version) if version.logged => Some(Change::Delete),
            _ => None,
        };
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
        objects.push(draft.emit_events(state, scene, log, timestamp, events)?);
    }
    let details = [("paths", json!(paths)), ("files", json!(files)), ("objects", json!(objects))];
    draft.audit(key, scene.now, scene.me, "files.changed", subject, details);
    Ok(draft)
}
