use std::collections::BTreeMap;

use syft_core::{
    Change, CheckpointFile, ContentHash, DatasitePath, FileChangeEvent, LayoutKind, Timestamp,
};

use super::damaged;
use crate::Result;
use crate::ledger::FileVersion;
use crate::node::Pass;

/// A datasite while its history is put together. Contents go to the journal's
/// blobs at once, so that they are in memory one piece at a time.
#[derive(Debug)]
pub(super) struct Files {
    /// All files, with those that are gone.
    seen: BTreeMap<DatasitePath, Seen>,
    /// The time of the newest event that was taken in.
    pub(super) until: Timestamp,
}

#[derive(Debug)]
struct Seen {
    at: Timestamp,
    file: Option<FileVersion>,
}

impl Default for Files {
    fn default() -> Self {
        Files { seen: BTreeMap::new(), until: Timestamp::EPOCH }
    }
}

impl Files {
    /// A file of a full checkpoint, which tells no events.
    pub(super) fn take_file(
        &mut self,
        pass: &Pass<'_>,
        file: CheckpointFile,
        at: Timestamp,
    ) -> Result<()> {
        let CheckpointFile { path, content } = file;
        let hash = keep(pass, &path, content.as_bytes())?;
        let event = pass.node.entropy.uuid()?;
        let file = FileVersion { hash, event, submitted: at, timestamp: at, logged: true };
        self.seen.insert(path, Seen { at, file: Some(file) });
        Ok(())
    }

    /// An event, unless a newer one of its path was taken.
    pub(super) fn take_event(&mut self, pass: &Pass<'_>, event: FileChangeEvent) -> Result<()> {
        if event.datasite != pass.node.email {
            return Err(damaged(&event.path, format!("the event is of {}", event.datasite)));
        }
        let at = event.timestamp;
        self.until = self.until.max(at);
        if self.seen.get(&event.path).is_some_and(|seen| seen.at > at) {
            return Ok(());
        }
        let file = match &event.change {
            Change::Delete => None,
            Change::Write(content) => Some(FileVersion {
                hash: keep(pass, &event.path, content.as_bytes())?,
                event: event.id,
                submitted: event.submitted,
                timestamp: at,
                logged: true,
            }),
        };
        self.seen.insert(event.path, Seen { at, file });
        Ok(())
    }

    /// The files that are there.
    pub(super) fn there(&self) -> impl Iterator<Item = (&DatasitePath, FileVersion)> {
        self.seen.iter().filter_map(|(path, seen)| Some((path, seen.file?)))
    }

    /// The layout whose place for jobs is in use; `None` if none is, or more than one.
    pub(super) fn layout(&self) -> Option<LayoutKind> {
        let is_used = |kind: &LayoutKind| {
            let jobs = kind.layout().jobs();
            self.there().any(|(path, _)| path.is_within(&jobs))
        };
        let mut used = LayoutKind::ALL.into_iter().filter(is_used);
        let first = used.next();
        first.filter(|_| used.next().is_none())
    }

    /// What a file holds, if it is there.
    pub(super) fn hash(&self, path: &DatasitePath) -> Option<ContentHash> {
        Some(self.seen.get(path)?.file?.hash)
    }
}

fn keep(pass: &Pass<'_>, path: &DatasitePath, bytes: &[u8]) -> Result<ContentHash> {
    if !pass.node.layouts.own().travels(path) {
        return Err(damaged(path, "a file of this place never travels"));
    }
    Ok(pass.ledger.blobs().put(bytes)?)
}
