use std::collections::BTreeSet;

use syft_core::{Content, ContentHash, DatasitePath, Email, HomePath, Metadata};
use syft_perm::Permissions;

use super::{DatasiteOwnerSyncer, is_shared};
use crate::Result;
use crate::batch::Batch;
use crate::engine::{LocalChange, on_local_changes};
use crate::index::Index;
use crate::node::Pass;
use crate::report::SyncReport;
use crate::scan::Walk;

/// Content in one message, in bytes; a larger file gets a message of its own.
pub(super) const MESSAGE_BYTES: u64 = 32 << 20;
/// A larger file does not travel, in bytes.
const FILE_LIMIT: u64 = 512 << 20;
/// Nor does one that takes more in a message, in bytes: a reader takes 1 GiB.
const WIRE_LIMIT: u64 = 1000 << 20;

impl DatasiteOwnerSyncer<'_> {
    /// What I changed myself since the last pass becomes events.
    pub(super) async fn take_local(
        &self,
        pass: &mut Pass<'_>,
        walk: &Walk,
        permissions: &Permissions,
        readers: &BTreeSet<Email>,
        report: &mut SyncReport,
    ) -> Result<()> {
        let node = self.node;
        report.notes.extend(walk.strange.iter().cloned());
        let mut index = Index::load(&node.disk, &node.email);
        let private = !node.transport.info().capabilities.access_control;
        let shared = |path: &DatasitePath| !private || is_shared(permissions, readers, path);
        let mut batch = Batch::new(MESSAGE_BYTES);
        for (path, metadata) in &walk.files {
            let hash = self.hash(&mut index, path, metadata, report)?;
            let known = pass.ledger.state().files.get(path).copied();
            let logged = shared(path);
            // A file that somebody may read from now on is logged late.
            let due = known.is_none_or(|known| Some(known.hash) != hash || logged && !known.logged);
            let Some(content) = hash.filter(|_| due).map(|_| self.read(path)).transpose()? else {
                continue;
            };
            let Some(content) = content else { continue };
            let size = content.wire_len();
            if size > WIRE_LIMIT {
                report.notes.push(format!("{path}: too large for a message, it is not sent"));
                continue;
            }
            report.changed += usize::from(known.map(|known| known.hash) != hash);
            let change = LocalChange { path: path.clone(), content: Some(content), logged };
            if let Some(full) = batch.add(change, size) {
                self.commit(pass, full, report).await?;
            }
        }
        self.commit(pass, batch.take(), report).await?;
        let gone = self.gone(pass, walk, &index, report);
        report.changed += gone.len();
        self.commit(pass, gone, report).await?;
        index.save(&node.disk, &node.email, |path| {
            DatasitePath::parse(path).is_ok_and(|path| walk.files.contains_key(&path))
        })
    }

    /// How many files of mine are not as the event log has them.
    pub(crate) fn unsent(&self, pass: &Pass<'_>) -> Result<usize> {
        let mut index = Index::load(&self.node.disk, &self.node.email);
        let mut unsent = 0;
        for (path, metadata) in &self.walk()?.files {
            let known = pass.ledger.state().files.get(path).map(|version| version.hash);
            let hash = self.hash(&mut index, path, metadata, &mut SyncReport::default())?;
            unsent += usize::from(hash.is_some() && hash != known);
        }
        Ok(unsent)
    }

    /// The hash of a file; `None`, and a note, for one that cannot travel.
    fn hash(
        &self,
        index: &mut Index,
        path: &DatasitePath,
        metadata: &Metadata,
        report: &mut SyncReport,
    ) -> Result<Option<ContentHash>> {
        if metadata.size > FILE_LIMIT {
            report.notes.push(format!("{path}: larger than 512 MiB, it is not sent"));
            return Ok(None);
        }
        let now = self.node.clock.now();
        match index.hash(&*self.node.disk, &self.node.email, path, metadata, now) {
            Err(error) if !error.ends_the_pass() => {
                report.notes.push(error.to_string());
                Ok(None)
            }
            other => other,
        }
    }

    /// The content of a file of mine; `None` if it is not there to be read.
    pub(super) fn read(&self, path: &DatasitePath) -> Result<Option<Content>> {
        let file = HomePath::in_datasite(&self.node.email, path);
        let read = self.node.disk.read_if_there(&file, FILE_LIMIT).map_err(crate::Error::from);
        match read {
            Ok(bytes) => Ok(bytes.map(Content::from_bytes)),
            Err(error) if !error.ends_the_pass() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Files that I deleted: known, seen on disk by an earlier pass, and no
    /// longer there. Absence alone says nothing.
    fn gone(
        &self,
        pass: &Pass<'_>,
        walk: &Walk,
        index: &Index,
        report: &mut SyncReport,
    ) -> Vec<LocalChange> {
        let mut gone = Vec::new();
        for (path, version) in &pass.ledger.state().files {
            if walk.files.contains_key(path) {
                continue;
            }
            if walk.incomplete || !index.knew(path) {
                report.notes.push(format!("{path}: missing here, not deleted at the peers"));
                continue;
            }
            let (path, logged) = (path.clone(), version.logged);
            gone.push(LocalChange { path, content: None, logged });
        }
        gone
    }

    async fn commit(
        &self,
        pass: &mut Pass<'_>,
        changes: Vec<LocalChange>,
        report: &mut SyncReport,
    ) -> Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let draft = on_local_changes(pass.ledger.state(), &self.node.scene(), changes)?;
        match pass.carry_out(draft).await {
            Err(crate::Error::Transport(error)) => {
                report.store.get_or_insert_with(|| error.to_string());
                Ok(())
            }
            other => other,
        }
    }
}
