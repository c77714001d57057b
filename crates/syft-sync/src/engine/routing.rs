use std::collections::BTreeSet;
use std::iter::Peekable;

use serde_json::json;
use syft_core::{Change, Content, ContentHash, DatasitePath, Email, FileChangeEvent, Layout};
use syft_perm::Permissions;
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

/// What each reader is to be sent now. New and changed files, files that became
/// readable, files that are gone, and files that may no longer be read are all
/// the same question: what the reader may see, less what was sent. A late
/// joiner is thereby served like everybody else.
pub(crate) fn due<'r>(
    state: &State,
    layout: &dyn Layout,
    permissions: &Permissions,
    readers: &'r BTreeSet<Email>,
) -> Vec<(&'r Email, Vec<Due>)> {
    let mut accounts: Vec<_> = readers.iter().map(|reader| Account::new(state, reader)).collect();
    for (path, version) in &state.files {
        let candidates = if layout.travels(path) { accounts.as_slice() } else { &[] };
        let candidates = candidates.iter().map(|account| account.reader.as_str());
        let mut may_read = permissions.readers(path.as_str(), candidates).into_iter().peekable();
        for account in &mut accounts {
            let may = may_read.next_if_eq(&account.reader.as_str()).is_some();
            account.balance(path, version.hash, may);
        }
    }
    accounts.into_iter().map(|account| (account.reader, account.close())).collect()
}

/// What one reader was sent, gone through in the order of the paths, and what is
/// due by that.
struct Account<'s, 'r> {
    reader: &'r Email,
    sent: Peekable<Box<dyn Iterator<Item = (&'s DatasitePath, &'s ContentHash)> + 's>>,
    due: Vec<Due>,
}

impl<'s, 'r> Account<'s, 'r> {
    fn new(state: &'s State, reader: &'r Email) -> Self {
        let sent: Box<dyn Iterator<Item = _>> =
            Box::new(state.sent.get(reader).into_iter().flatten());
        Account { reader, sent: sent.peekable(), due: Vec::new() }
    }

    /// The next file that is here.
    fn balance(&mut self, path: &DatasitePath, hash: ContentHash, may: bool) {
        while let Some((gone, _)) = self.sent.next_if(|(sent, _)| *sent < path) {
            self.forget(gone);
        }
        let sent = self.sent.next_if(|(sent, _)| *sent == path).map(|(_, hash)| *hash);
        if may && sent != Some(hash) {
            self.due.push(Due { path: path.clone(), hash: Some(hash) });
        } else if !may && sent.is_some() {
            self.forget(path);
        }
    }

    fn forget(&mut self, path: &DatasitePath) {
        self.due.push(Due { path: path.clone(), hash: None });
    }

    fn close(mut self) -> Vec<Due> {
        while let Some((gone, _)) = self.sent.next() {
            self.forget(gone);
        }
        self.due
    }
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
