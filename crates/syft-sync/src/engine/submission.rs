use serde_json::json;
use syft_core::{
    Change, Content, DatasitePath, Email, ProposalName, ProposedFileChange,
    ProposedFileChangesMessage,
};
use syft_transport::Space;

use super::{Draft, Scene};
use crate::Result;
use crate::ledger::{Fact, Proposed, State};

/// A file of mine in the copy of another datasite that its owner does not have.
#[derive(Debug, Clone)]
pub(crate) struct NewFile {
    pub(crate) path: DatasitePath,
    pub(crate) content: Content,
}

/// New files become one proposal in the owner's inbox.
pub(crate) fn on_submission(
    state: &State,
    scene: &Scene<'_>,
    owner: &Email,
    files: Vec<NewFile>,
) -> Result<Draft> {
    let mut draft = Draft::default();
    let at = state.next_time(scene.now);
    draft.fact(Fact::Time { at });
    let id = scene.entropy.uuid()?;
    let known = state.copies.get(owner);
    let outstanding = state.proposed.get(owner);
    let mut changes = Vec::new();
    let mut proposals = Vec::new();
    for NewFile { path, content } in files {
        let base = known.and_then(|known| known.get(&path)).and_then(|version| version.hash);
        // A change may stand on one that is still on its way.
        let earlier = outstanding.and_then(|mine| mine.get(&path));
        let earlier = earlier.filter(|earlier| earlier.stands_on(base));
        let old = earlier.map_or(base, |earlier| Some(earlier.hash));
        proposals.push(json!({ "path": path, "sha256": content.hash() }));
        draft.fact(Fact::Proposed {
            owner: owner.clone(),
            path: path.clone(),
            proposed: Proposed { hash: content.hash(), base, old, message: id, at },
        });
        changes.push(ProposedFileChange {
            id: scene.entropy.uuid()?,
            old_hash: old,
            path,
            datasite: owner.clone(),
            change: Change::Write(content),
            submitted: at,
        });
    }
    let message = ProposedFileChangesMessage {
        id,
        sender: scene.me.clone(),
        name: ProposalName::new(at, id),
        changes,
        position: None,
    };
    let inbox = Space::Inbox { owner: owner.clone(), sender: scene.me.clone() };
    let object = draft.emit_proposal(state, inbox, message)?;
    draft.audit(
        format!("proposed:{id}"),
        scene.now,
        scene.me,
        "files.proposed",
        owner.to_string(),
        [("files", json!(proposals)), ("objects", json!([object]))],
    );
    Ok(draft)
}
