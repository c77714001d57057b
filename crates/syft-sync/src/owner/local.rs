use std::collections::BTreeSet;

use syft_core::{Content, DatasitePath, Email, HomePath, Metadata};
use syft_perm::Permissions;

use super::look::{Look, Seen};
use super::{DatasiteOwnerSyncer, is_shared};
use crate::batch::Batch;
use crate::engine::{LocalChange, LocalEdit, on_local_changes};
use crate::node::{Node, Pass};
use crate::report::SyncReport;
use crate::room::Room;
use crate::{Notice, Result, Work, rights};

/// Content in one message, in bytes; a larger file gets a message of its own.
pub(super) const MESSAGE_BYTES: u64 = 32 << 20;
/// A larger file does not travel, in bytes.
const FILE_LIMIT: u64 = 512 << 20;
/// Nor does one that takes more in a message, in bytes: a reader takes 1 GiB.
const WIRE_LIMIT: u64 = 1000 << 20;

impl DatasiteOwnerSyncer<'_> {
    /// What I changed myself since the last pass becomes events. Of the whole
    /// datasite, or, later in a pass, of the files that the pass itself changed.
    pub(super) async fn take_local(
        &self,
        pass: &mut Pass<'_>,
        look: &mut Look<'_>,
        only: Option<&BTreeSet<DatasitePath>>,
        permissions: &Permissions,
        readers: &BTreeSet<Email>,
        report: &mut SyncReport,
    ) -> Result<()> {
        let private = !self.node.is_guarded();
        let shared = |path: &DatasitePath| !private || is_shared(permissions, readers, path);
        let log = Room::of(self.node.info_of_mine());
        let mut batch = Batch::new(log.within(MESSAGE_BYTES));
        let files = here(look, only);
        let mut reading = Reading { node: self.node, total: files.len() as u64, has_read: false };
        for (done, (path, metadata)) in (0..).zip(files) {
            let Some(Seen { hash, content }) = self.see(look, &path, &metadata, report)? else {
                continue;
            };
            if content.is_some() {
                reading.tell(done);
            }
            let known = pass.ledger.state().files.get(&path).copied();
            let changed = known.is_none_or(|known| known.hash != hash);
            let logged = shared(&path);
            // A file that somebody may read from now on is logged late; one that nobody
            // may read any more is taken out of the log.
            let due = changed || known.is_some_and(|known| known.logged != logged);
            if let Some(content) = content.as_ref().filter(|_| due || only.is_some()) {
                look.contents.keep(&path, &metadata, hash, content);
            }
            if !due {
                continue;
            }
            if !changed && !logged {
                let change = LocalChange { path, edit: LocalEdit::Withdrawn };
                if let Some(full) = batch.add(change, 0) {
                    self.commit(pass, full, report).await?;
                }
                continue;
            }
            let content = content.map_or_else(|| self.read(&path), |content| Ok(Some(content)))?;
            let Some(content) = content else { continue };
            let size = content.wire_len();
            if size > WIRE_LIMIT {
                report.notes.push(format!("{path}: too large for a message, it is not sent"));
                continue;
            }
            if logged && let Some(size) = log.beyond(&path, &content) {
                report.notes.push(log.lack(format_args!("{path} is not sent: it"), size));
                continue;
            }
            report.changed += usize::from(changed);
            let change = LocalChange { path, edit: LocalEdit::Written { content, logged } };
            if let Some(full) = batch.add(change, size) {
                self.commit(pass, full, report).await?;
            }
        }
        drop(reading);
        self.commit(pass, batch.take(), report).await?;
        let gone = self.gone(pass, look, only, report);
        report.changed += gone.len();
        self.commit(pass, gone, report).await?;
        look.save()
    }

    /// How many files of mine are not as the event log has them.
    pub(crate) fn unsent(&self, pass: &Pass<'_>) -> Result<usize> {
        let mut look = Look::new(self.node)?;
        let mut unsent = 0;
        for (path, metadata) in here(&look, None) {
            let known = pass.ledger.state().files.get(&path).map(|version| version.hash);
            let seen = self.see(&mut look, &path, &metadata, &mut SyncReport::default())?;
            unsent += usize::from(seen.is_some_and(|seen| Some(seen.hash) != known));
        }
        Ok(unsent)
    }

    /// What stands in a file; `None`, and a note, for one that cannot travel.
    fn see(
        &self,
        look: &mut Look<'_>,
        path: &DatasitePath,
        metadata: &Metadata,
        report: &mut SyncReport,
    ) -> Result<Option<Seen>> {
        if metadata.size > FILE_LIMIT {
            report.notes.push(format!("{path}: larger than 512 MiB, it is not sent"));
            return Ok(None);
        }
        match look.see(path, metadata) {
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

    /// Files that I deleted: known, seen on disk by an earlier pass or removed by
    /// this one, and no longer there. Absence alone says nothing.
    fn gone(
        &self,
        pass: &Pass<'_>,
        look: &Look<'_>,
        only: Option<&BTreeSet<DatasitePath>>,
        report: &mut SyncReport,
    ) -> Vec<LocalChange> {
        let mut gone = Vec::new();
        for path in pass.ledger.state().files.keys() {
            if look.walk.files.contains_key(path) || only.is_some_and(|only| !only.contains(path)) {
                continue;
            }
            let seen =
                look.removed.contains(path) || !look.walk.incomplete && look.index.knew(path);
            if !seen {
                report.notes.push(format!("{path}: missing here, not deleted at the peers"));
                continue;
            }
            gone.push(LocalChange { path: path.clone(), edit: LocalEdit::Gone });
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
        let record = pass.record_change()?;
        let by_hand = rights::by_hand(pass, &changes)?;
        let scene = self.node.scene();
        let mut draft = on_local_changes(pass.ledger.state(), &scene, changes, record)?;
        rights::tell(pass, &mut draft, by_hand);
        match pass.carry_out(draft).await {
            Err(crate::Error::Transport(error)) => {
                report.store.get_or_insert_with(|| error.to_string());
                Ok(())
            }
            other => other,
        }
    }
}

/// Tells how far reading is; nothing where nothing had to be read.
struct Reading<'n> {
    node: &'n Node,
    total: u64,
    has_read: bool,
}

impl Reading<'_> {
    fn tell(&mut self, done: u64) {
        self.has_read = true;
        let (work, total) = (Work::Reading, self.total);
        self.node.notices.notice(&Notice::Progress { work, done, total });
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        if self.has_read {
            self.tell(self.total);
        }
    }
}

/// The files that are there, of all or of these.
fn here(look: &Look<'_>, only: Option<&BTreeSet<DatasitePath>>) -> Vec<(DatasitePath, Metadata)> {
    let files = &look.walk.files;
    let entry = |(path, metadata): (&DatasitePath, &Metadata)| (path.clone(), *metadata);
    match only {
        None => files.iter().map(entry).collect(),
        Some(only) => only.iter().filter_map(|path| files.get_key_value(path)).map(entry).collect(),
    }
}
