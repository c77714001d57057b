//! Which permission files were changed by a command, which the audit log tells of as that,
//! and which by hand.

use serde_json::{Value, json};
use syft_core::{ContentHash, DatasitePath, HomePath, yaml};

use crate::Result;
use crate::engine::{Draft, LocalChange, LocalEdit};
use crate::manager::prepared;
use crate::node::Pass;

/// What of a line says which permission files stand as the command that it tells of left
/// them.
const RULES: &str = "rules";

/// What a change of rights is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change<'a> {
    /// As the permission engine is asked: a folder with `/` at its end.
    pub(crate) path: &'a str,
    /// An address or a wildcard.
    pub(crate) user: &'a str,
}

/// One audit line about a change of rights by a command, with what it wrote.
pub(crate) fn note(
    pass: &Pass<'_>,
    action: &str,
    subject: impl Into<String>,
    Change { path, user }: Change<'_>,
    written: &[HomePath],
) -> Result<()> {
    let rules = rules(pass, written)?;
    pass.note_with(action, subject, [("path", path.into()), ("user", user.into()), rules])
}

/// How these permission files of mine stand now, to be part of an audit line.
pub(crate) fn rules(pass: &Pass<'_>, files: &[HomePath]) -> Result<(&'static str, Value)> {
    let root = format!("{}/", HomePath::datasite(&pass.node.email));
    let mut rules = Vec::new();
    for file in files {
        let Some(path) = file.as_str().strip_prefix(&root) else { continue };
        let bytes = pass.node.disk.read_if_there(file, yaml::MAX_BYTES as u64)?;
        let sha256 = bytes.as_deref().map(ContentHash::of);
        rules.push(json!({ "path": path, "sha256": sha256 }));
    }
    Ok((RULES, rules.into()))
}

/// A permission file that no command of mine left so.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ByHand {
    path: DatasitePath,
    was: Option<ContentHash>,
    is: Option<ContentHash>,
}

/// Those of my changes that are permission files which I changed by hand.
pub(crate) fn by_hand(pass: &Pass<'_>, changes: &[LocalChange]) -> Result<Vec<ByHand>> {
    let mut changed = Vec::new();
    for LocalChange { path, edit } in changes.iter().filter(|it| it.path.is_permission_file()) {
        let is = match edit {
            LocalEdit::Written { content, .. } => Some(content.hash()),
            LocalEdit::Gone => None,
            LocalEdit::Withdrawn => continue,
        };
        let was = pass.ledger.state().files.get(path).map(|version| version.hash);
        changed.push(ByHand { path: path.clone(), was, is });
    }
    if changed.is_empty() {
        return Ok(changed);
    }
    let entries = pass.node.audit.open()?.entries()?;
    let known = |file: &ByHand| {
        let lines = entries.iter().rev().filter_map(|entry| entry.details.get(RULES)?.as_array());
        let mut left = lines.flatten().filter(|rule| rule.get("path") == Some(&json!(file.path)));
        left.next().and_then(|rule| rule.get("sha256")) == Some(&json!(file.is))
    };
    let mut by_hand = Vec::new();
    for file in changed {
        let place = HomePath::in_datasite(&pass.node.email, &file.path);
        let made = prepared(pass, &place)?.map(|made| ContentHash::of(made.as_bytes()));
        let is_as_made = made.is_some() && made == file.is;
        if !is_as_made && !known(&file) {
            by_hand.push(file);
        }
    }
    Ok(by_hand)
}

/// A line for each, beside what else comes of the change.
pub(crate) fn tell(pass: &Pass<'_>, draft: &mut Draft, by_hand: Vec<ByHand>) {
    let scene = pass.node.scene();
    for ByHand { path, was, is } in by_hand {
        let folder = path.as_str().rsplit_once('/').map(|(folder, _)| format!("{folder}/"));
        let details = [
            ("path", json!(folder.unwrap_or_default())),
            ("was", json!(was)),
            (RULES, json!([{ "path": path, "sha256": is }])),
        ];
        let (key, subject) = (format!("by hand:{path}"), path.to_string());
        draft.audit(key, scene.now, scene.me, "permission.changed", subject, details);
    }
}
