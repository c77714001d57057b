use std::fmt;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use syft_core::{AuditLog, ContentHash, NewEntry};

/// Where what happens to jobs is recorded: `job.received`, `job.approved`,
/// `job.rejected`, `job.cancelled`, `job.frozen`, `job.run.started`,
/// `job.run.refused`, `job.run.finished`, `job.run.interrupted`, `job.rehearsed`,
/// `job.released`, `job.returned`. The subject of an entry is the job's id. Beside them
/// `policy.added`, `policy.removed` and `policy.changed`, about a rule or the file.
///
/// An entry is told before its effect is written, and has a key: after a crash
/// in between it is told again, and a log keeps it once.
pub trait AuditSink: fmt::Debug + Send + Sync {
    /// Keeps an entry durably, unless its key was recorded before.
    ///
    /// # Errors
    /// Those of the log; the effect then does not happen.
    fn record(&self, entry: NewEntry) -> syft_core::Result<()>;

    /// The line that an entry with this key became; `None` if there is none.
    ///
    /// # Errors
    /// Those of the log.
    fn line_of(&self, key: &str) -> syft_core::Result<Option<AuditLine>>;
}

/// One line of an audit log. Whoever has its hash can tell whether that log still says
/// the same up to there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditLine {
    /// Its number, from 1.
    pub seq: u64,
    /// Of the line, which names the hash of the line before.
    pub hash: ContentHash,
}

impl AuditLine {
    /// The line of the entry with this key.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn find(log: &AuditLog, key: &str) -> syft_core::Result<Option<AuditLine>> {
        let mut entries = log.entries()?.into_iter();
        let Some(entry) = entries.find(|entry| entry.key.as_deref() == Some(key)) else {
            return Ok(None);
        };
        // What a line hashes to stands in the one after it.
        let hash = match entries.next() {
            Some(next) => next.prev,
            None => log.verify()?.head,
        };
        Ok(Some(AuditLine { seq: entry.seq, hash }))
    }
}

impl AuditSink for Mutex<AuditLog> {
    fn record(&self, entry: NewEntry) -> syft_core::Result<()> {
        self.lock().unwrap_or_else(PoisonError::into_inner).append(entry)
    }

    fn line_of(&self, key: &str) -> syft_core::Result<Option<AuditLine>> {
        AuditLine::find(&self.lock().unwrap_or_else(PoisonError::into_inner), key)
    }
}
